/** One client as a server sees it, from its ClientHello with the right cookie on. */

import { createECDH, createPublicKey, createSecretKey, type ECDH, sign, verify, X509Certificate } from "node:crypto";
import { sameBytes } from "../../../../src/base/bytes.ts";
import { alertBody, type AlertName } from "../../../../src/dtls/alert.ts";
import { ContentType, ExtensionId, HandshakeType, type Suite, suiteOf } from "../../../../src/dtls/constants.ts";
import { datagramsOf, type FlightPart } from "../../../../src/dtls/flight.ts";
import { Transcript } from "../../../../src/dtls/handshake/transcript.ts";
import {
  extendedMasterSecret,
  type KeyBlock,
  keyBlock,
  masterSecret,
  pskPreMaster,
  verifyData,
} from "../../../../src/dtls/kdf.ts";
import { Line } from "../../../../src/dtls/line.ts";
import { encodeCertificateList, encodeRawPublicKey } from "../../../../src/dtls/messages.ts";
import { Protection } from "../../../../src/dtls/protect.ts";
import { type HandshakeMessage, Reassembly, readFragments, wholeMessage } from "../../../../src/dtls/reassembly.ts";
import type { WireRecord } from "../../../../src/dtls/record.ts";
import { DtlsCounters } from "../../../../src/dtls/types.ts";
import {
  parametersOf,
  readCertificateVerify,
  readClientKeyExchange,
  type ReadHello,
  writeCertificateRequest,
  writeHint,
  writeServerHello,
  writeSigned,
} from "./codec.ts";
import type { KeptSession, Spoken, TestServerOptions } from "./options.ts";

const RAW_PUBLIC_KEY = 2;
const FIRST_WAIT_MS = 1_000;
const MAX_TRIES = 5;
const NOTHING = new Uint8Array(0);

export interface PeerContext {
  readonly options: TestServerOptions;
  readonly sessions: Map<string, KeptSession>;
  readonly transmit: (datagram: Uint8Array) => void;
  readonly received: (payload: Uint8Array) => void;
}

export class ServerPeer {
  readonly counters = new DtlsCounters();
  /** What we put into records is the client's; this is what it puts into its own. */
  readonly issuedCid: Uint8Array | undefined;
  state: "handshaking" | "open" | "closed" = "handshaking";
  identity: string | undefined;
  /** What the client showed: its certificates, or its raw public key. */
  clientCertificates: readonly Uint8Array[] = [];
  alerts: string[] = [];
  deadline: number | undefined;
  readonly hello: ReadHello;
  resumed = false;
  readonly #context: PeerContext;
  readonly #suite: Suite;
  readonly #line = new Line(this.counters);
  readonly #reassembly = new Reassembly();
  readonly #transcript = new Transcript();
  readonly #serverRandom: Uint8Array;
  readonly #sessionId: Uint8Array;
  readonly #ems: boolean;
  readonly #kept: KeptSession | undefined;
  #ecdh: ECDH | undefined;
  #sequence: number;
  #flight: FlightPart[] = [];
  #tries = 0;
  #waitMs = FIRST_WAIT_MS;
  #master: Uint8Array | undefined;
  #keys: KeyBlock | undefined;
  #clientVerified = false;
  #held: WireRecord[] = [];

  constructor(message: HandshakeMessage, hello: ReadHello, context: PeerContext) {
    this.#context = context;
    this.hello = hello;
    const { options, sessions } = context;
    const kept = options.resumes === false ? undefined : sessions.get(Buffer.from(hello.sessionId).toString("hex"));
    this.#suite = kept ? suiteOf(kept.suite)! : chooseSuite(hello, options);
    this.#serverRandom = options.random.bytes(32);
    this.#sessionId = kept ? hello.sessionId : options.resumes === false ? NOTHING : options.random.bytes(32);
    this.#ems = options.extendedMasterSecret !== false && hello.extensions.has(ExtensionId.ExtendedMasterSecret);
    this.issuedCid = hello.extensions.has(ExtensionId.ConnectionId) ? options.issueCid?.() : undefined;
    this.#sequence = message.sequence;
    this.#reassembly.restart(message.sequence + 1);
    this.#transcript.add(message);
    this.resumed = kept !== undefined;
    this.#kept = kept;
  }

  /** Says its first flight. */
  begin(now: number): void {
    if (this.#kept) this.#resume(this.#kept, now);
    else this.#introduce(now);
  }

  get open(): boolean {
    return this.state === "open";
  }

  take(record: WireRecord, now: number): void {
    if (this.state === "closed") return;
    if (record.epoch === 0) this.#takePlain(record, now);
    else if (!this.#line.readable)
      this.#held.push({
        ...record,
        header: record.header.slice(),
        body: record.body.slice(),
        cid: record.cid?.slice(),
      });
    else this.#takeSealed(record);
  }

  onTimeout(now: number): void {
    if (this.deadline === undefined || now < this.deadline) return;
    this.#tries++;
    this.deadline = undefined;
    if (this.#tries <= MAX_TRIES) {
      this.#waitMs *= 2;
      this.#sendFlight(now);
    }
  }

  send(payload: Uint8Array): void {
    if (this.open) this.record(ContentType.ApplicationData, payload);
  }

  /** One record of any type in epoch 1: also one that no server would write. */
  record(type: number, payload: Uint8Array): void {
    this.#context.transmit(this.sealed(type, payload));
  }

  sealed(type: number, payload: Uint8Array): Uint8Array {
    return this.#line.record(type, 1, payload);
  }

  plain(type: number, payload: Uint8Array): Uint8Array {
    return this.#line.record(type, 0, payload);
  }

  /** A handshake message after the last one, in epoch 1. */
  sayMore(type: number, body: Uint8Array): void {
    for (const datagram of datagramsOf([this.#say(type, body, 1)], 1_200, this.#line)) this.#context.transmit(datagram);
  }

  close(): void {
    if (this.open) this.alert("close_notify");
    this.state = "closed";
    this.deadline = undefined;
  }

  alert(name: AlertName): void {
    const level = name === "close_notify" ? "warning" : "fatal";
    this.#context.transmit(this.#line.record(ContentType.Alert, this.#line.writeEpoch, alertBody(level, name)));
  }

  /** Says its last flight once more. */
  repeat(): void {
    this.#transmit(this.#flight);
  }

  #introduce(now: number): void {
    const { options } = this.#context;
    const messages: Spoken[] = [{ type: HandshakeType.ServerHello, body: this.#serverHello() }];
    const chain = this.#ownCertificate();
    if (chain) messages.push({ type: HandshakeType.Certificate, body: chain });
    const exchange = this.#keyExchange();
    if (exchange) messages.push({ type: HandshakeType.ServerKeyExchange, body: exchange });
    if (chain && options.asksClient !== false)
      messages.push({
        type: HandshakeType.CertificateRequest,
        body: writeCertificateRequest(
          [...(options.certificateTypes ?? [64])],
          [...(options.certificateSchemes ?? [0x0403])],
        ),
      });
    messages.push({ type: HandshakeType.ServerHelloDone, body: NOTHING });
    const said = options.alterFlight ? options.alterFlight(messages) : messages;
    this.#flight = said.map(({ type, body }) => this.#say(type, body));
    this.#sendFlight(now);
  }

  #resume(kept: KeptSession, now: number): void {
    const { options } = this.#context;
    this.#master = kept.master;
    const messages = [{ type: HandshakeType.ServerHello, body: this.#serverHello() }];
    const said = options.alterFlight ? options.alterFlight(messages) : messages;
    this.#flight = said.map(({ type, body }) => this.#say(type, body));
    this.#secure();
    this.#flight.push(...this.#finish());
    this.#sendFlight(now);
  }

  #serverHello(): Uint8Array {
    const { options } = this.#context;
    const { extensions } = this.hello;
    const rpk =
      this.#suite.keyExchange === "ecdhe-ecdsa" &&
      options.rawKey !== undefined &&
      extensions.has(ExtensionId.ServerCertificateType);
    const answers: [number, Uint8Array][] = [[ExtensionId.RenegotiationInfo, Uint8Array.of(0)]];
    if (this.#ems) answers.push([ExtensionId.ExtendedMasterSecret, NOTHING]);
    if (this.#suite.cipher === "cbc" && extensions.has(ExtensionId.EncryptThenMac))
      answers.push([ExtensionId.EncryptThenMac, NOTHING]);
    if (rpk) answers.push([ExtensionId.ServerCertificateType, Uint8Array.of(RAW_PUBLIC_KEY)]);
    if (rpk && options.asksClient !== false)
      answers.push([ExtensionId.ClientCertificateType, Uint8Array.of(RAW_PUBLIC_KEY)]);
    if (extensions.has(ExtensionId.ServerName)) answers.push([ExtensionId.ServerName, NOTHING]);
    if (this.issuedCid)
      answers.push([ExtensionId.ConnectionId, Uint8Array.of(this.issuedCid.length, ...this.issuedCid)]);
    const hello = {
      random: this.#serverRandom,
      sessionId: this.#sessionId,
      suite: this.#suite.id,
      extensions: answers,
    };
    return writeServerHello(options.alterHello ? options.alterHello(hello) : hello);
  }

  #ownCertificate(): Uint8Array | undefined {
    const { rawKey, certificate } = this.#context.options;
    if (this.#suite.keyExchange !== "ecdhe-ecdsa") return undefined;
    if (rawKey) return encodeRawPublicKey(rawKey.publicKey);
    return encodeCertificateList(certificate?.chain ?? []);
  }

  #keyExchange(): Uint8Array | undefined {
    const { hint, rawKey, certificate } = this.#context.options;
    if (this.#suite.keyExchange === "psk") return hint === undefined ? undefined : writeHint(hint);
    this.#ecdh = createECDH("prime256v1");
    const parameters = parametersOf(this.#ecdh.generateKeys());
    if (this.#suite.keyExchange === "ecdhe-psk") return writeHint(hint ?? "", parameters);
    const key = (rawKey ?? certificate)!.privateKey;
    return writeSigned(
      parameters,
      sign("sha256", Buffer.concat([this.hello.random, this.#serverRandom, parameters]), key),
    );
  }

  #takePlain({ type, body }: WireRecord, now: number): void {
    switch (type) {
      case ContentType.Handshake: {
        let repeated = false;
        for (const fragment of readFragments(body)) if (this.#reassembly.add(fragment) === "old") repeated = true;
        // The client repeats itself: it has not heard us.
        if (repeated && (this.resumed || !this.open)) this.#sendFlight(now);
        this.#proceed();
        return;
      }
      case ContentType.ChangeCipherSpec: {
        if (this.#keys === undefined) return;
        this.#line.peerChanged();
        const held = this.#held;
        this.#held = [];
        for (const record of held) this.#takeSealed(record);
        return;
      }
      case ContentType.Alert:
        this.alerts.push(`${body[0]} ${body[1]}`);
        this.state = "closed";
        this.deadline = undefined;
    }
  }

  #takeSealed(record: WireRecord): void {
    const opened = this.#line.open(record);
    if (opened === undefined) {
      const { silent } = this.#context.options;
      if (!this.open && silent !== true) this.alert("bad_record_mac");
      return;
    }
    switch (opened.type) {
      case ContentType.ApplicationData:
        this.#context.received(opened.payload);
        return;
      case ContentType.Alert:
        this.alerts.push(`${opened.payload[0]} ${opened.payload[1]}`);
        this.state = "closed";
        this.deadline = undefined;
        return;
      case ContentType.Handshake:
        for (const fragment of readFragments(opened.payload))
          if (this.#reassembly.add(fragment) === "old" && !this.resumed && !this.#context.options.forgetful)
            this.repeat();
        this.#proceed();
    }
  }

  #proceed(): void {
    for (let message = this.#reassembly.take(); message; message = this.#reassembly.take()) this.#takeMessage(message);
  }

  #takeMessage(message: HandshakeMessage): void {
    const { body } = message;
    switch (message.type) {
      case HandshakeType.Certificate:
        this.clientCertificates = readCertificates(body, this.#context.options.rawKey !== undefined);
        break;
      case HandshakeType.ClientKeyExchange:
        this.#transcript.add(message);
        this.#exchange(body);
        return;
      case HandshakeType.CertificateVerify:
        this.#checkClient(body);
        break;
      case HandshakeType.Finished:
        this.#checkFinished(message);
        return;
    }
    this.#transcript.add(message);
  }

  #exchange(body: Uint8Array): void {
    const { keyExchange } = this.#suite;
    const parts = { identity: keyExchange !== "ecdhe-ecdsa", point: keyExchange !== "psk" };
    const { identity, point } = readClientKeyExchange(body, parts);
    const shared = point && this.#ecdh?.computeSecret(point);
    let preMaster: Uint8Array = shared ?? NOTHING;
    if (identity) {
      this.identity = Buffer.from(identity).toString();
      // An unknown identity gets a key that nobody has: the answer does not give away who is known (RFC 4279 §2).
      const key = this.#context.options.psk?.(identity) ?? this.#context.options.random.bytes(16);
      preMaster = pskPreMaster(createSecretKey(key), shared);
    }
    this.#master = this.#ems
      ? extendedMasterSecret(preMaster, this.#transcript.hash())
      : masterSecret(preMaster, this.hello.random, this.#serverRandom);
    this.#secure();
  }

  #checkClient(body: Uint8Array): void {
    const leaf = this.clientCertificates[0];
    if (leaf === undefined) return;
    const key = this.#context.options.rawKey
      ? createPublicKey({ key: Buffer.from(leaf), format: "der", type: "spki" })
      : new X509Certificate(leaf).publicKey;
    this.#clientVerified = verify("sha256", this.#transcript.bytes(), key, readCertificateVerify(body).value);
  }

  #checkFinished(message: HandshakeMessage): void {
    const fits = sameBytes(message.body, verifyData(this.#master!, "client finished", this.#transcript.hash()));
    const asked =
      this.#suite.keyExchange === "ecdhe-ecdsa" && this.#context.options.asksClient !== false && !this.resumed;
    if (!fits || (asked && !this.#clientVerified)) {
      this.alert(fits ? "bad_certificate" : "decrypt_error");
      this.state = "closed";
      return;
    }
    this.#transcript.add(message);
    this.state = "open";
    this.deadline = undefined;
    if (this.resumed) return;
    this.#flight = this.#finish();
    this.#transmit(this.#flight);
    if (this.#sessionId.length > 0 && this.#ems)
      this.#context.sessions.set(Buffer.from(this.#sessionId).toString("hex"), {
        master: this.#master!,
        suite: this.#suite.id,
      });
  }

  #secure(): void {
    this.#keys = keyBlock(this.#master!, this.hello.random, this.#serverRandom, this.#suite);
    const clientCid = this.hello.extensions.get(ExtensionId.ConnectionId);
    const peerCid = this.issuedCid && clientCid?.subarray(1);
    this.#line.secure(new Protection(this.#suite, this.#keys, { peerCid, ownCid: this.issuedCid, side: "server" }));
  }

  #finish(): FlightPart[] {
    const proof = verifyData(this.#master!, "server finished", this.#transcript.hash());
    const { alterFinished } = this.#context.options;
    return [{ part: "change" }, this.#say(HandshakeType.Finished, alterFinished ? alterFinished(proof) : proof, 1)];
  }

  #say(type: number, body: Uint8Array, epoch: 0 | 1 = 0): FlightPart {
    const message = wholeMessage(type, this.#sequence++, body);
    this.#transcript.add(message);
    return { part: "message", epoch, message };
  }

  #sendFlight(now: number): void {
    this.deadline = now + this.#waitMs;
    this.#transmit(this.#flight);
  }

  #transmit(parts: readonly FlightPart[]): void {
    const { options, transmit } = this.#context;
    for (const datagram of datagramsOf(parts, options.maxDatagram ?? 1_232, this.#line)) transmit(datagram);
  }
}

function chooseSuite({ suites }: ReadHello, options: TestServerOptions): Suite {
  const own = options.suites ?? suites;
  const chosen = own.find((id) => {
    const suite = suiteOf(id);
    return (
      suite !== undefined &&
      suites.includes(id) &&
      (suite.keyExchange === "ecdhe-ecdsa") === (options.psk === undefined)
    );
  });
  const suite = chosen === undefined ? undefined : suiteOf(chosen);
  if (suite === undefined) throw new RangeError("no suite in common");
  return suite;
}

function readCertificates(body: Uint8Array, raw: boolean): Uint8Array[] {
  if (raw) return [body.slice(3)];
  const certificates: Uint8Array[] = [];
  for (let at = 3; at < body.length; ) {
    const length = (body[at]! << 16) | (body[at + 1]! << 8) | body[at + 2]!;
    certificates.push(body.slice(at + 3, at + 3 + length));
    at += 3 + length;
  }
  return certificates;
}
