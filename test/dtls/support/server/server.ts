/**
 * A DTLS 1.2 server for tests alone, where no other one can be had: Connection IDs both ways, raw public keys, sessions,
 * and rules broken on purpose. In virtual time; carried by `RoughNetwork`, whose far end it is.
 *
 *     const server = new TestServer({ random, psk: keyOf("dev1", KEY), issueCid: () => Uint8Array.of(1, 2, 3) }, owner);
 *     server.receive("client-1", datagram, now);
 *     server.peer("client-1")?.open;
 *     server.forget();                  // restarted: associations gone, sessions too unless `keepSessions`
 */

import { createHmac } from "node:crypto";
import { sameBytes } from "../../../../src/base/bytes.ts";
import { alertBody } from "../../../../src/dtls/alert.ts";
import { ContentType, HandshakeType } from "../../../../src/dtls/constants.ts";
import { encodeFragment, readFragments, wholeMessage } from "../../../../src/dtls/reassembly.ts";
import { plainRecord, readRecords, type WireRecord } from "../../../../src/dtls/record.ts";
import type { FarEnd } from "../../../support/rough-network.ts";
import { readClientHello, writeVerifyRequest } from "./codec.ts";
import type { KeptSession, TestServerOptions, TestServerOwner } from "./options.ts";
import { ServerPeer } from "./peer.ts";

export type { Spoken, TestServerOptions } from "./options.ts";

export class TestServer implements FarEnd {
  options: TestServerOptions;
  readonly sessions = new Map<string, KeptSession>();
  /** Of the cookies; changed, a client with an old one is asked again. */
  cookieSecret = "secret";
  /** Handshakes begun; payloads that came, in words. */
  handshakes = 0;
  readonly payloads: string[] = [];
  readonly #owner: TestServerOwner;
  readonly #peers = new Map<string, ServerPeer>();

  constructor(options: TestServerOptions, owner: TestServerOwner) {
    this.options = options;
    this.#owner = owner;
  }

  peer(name: string): ServerPeer | undefined {
    return this.#peers.get(name);
  }

  get deadline(): number | undefined {
    const times = [...this.#peers.values()].flatMap(({ deadline }) => (deadline === undefined ? [] : [deadline]));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  onTimeout(now: number): void {
    for (const peer of this.#peers.values()) peer.onTimeout(now);
  }

  forget(keepSessions = true): void {
    this.#peers.clear();
    if (!keepSessions) this.sessions.clear();
  }

  receive(name: string, datagram: Uint8Array, now: number): void {
    for (const record of readRecords(datagram, this.#cidLength())) {
      const peer = record.cid ? this.#byCid(record.cid, name) : this.#peers.get(name);
      if (record.epoch === 0 && record.type === ContentType.Handshake && record.body[0] === HandshakeType.ClientHello)
        this.#clientHello(name, record, now);
      else peer?.take(record, now);
    }
  }

  send(name: string, payload: Uint8Array): void {
    this.#peers.get(name)?.send(payload);
  }

  #cidLength(): number {
    return this.options.issueCid?.().length ?? 0;
  }

  /** RFC 9146 §6: who writes with a known Connection ID is answered at the address it writes from. */
  #byCid(cid: Uint8Array, name: string): ServerPeer | undefined {
    for (const [known, peer] of this.#peers)
      if (peer.issuedCid && sameBytes(peer.issuedCid, cid)) {
        this.#peers.delete(known);
        this.#peers.set(name, peer);
        return peer;
      }
    return undefined;
  }

  #clientHello(name: string, record: WireRecord, now: number): void {
    const fragment = readFragments(record.body)[0]!;
    if (fragment.data.length !== fragment.length) return;
    const hello = readClientHello(fragment.data.slice());
    if (this.options.refuses !== undefined) {
      this.#owner.transmit(
        name,
        plainRecord(ContentType.Alert, record.sequence, alertBody("fatal", this.options.refuses)),
      );
      return;
    }
    const cookie = createHmac("sha256", this.cookieSecret).update(name).update(hello.random).digest();
    if (this.options.cookies !== false && !sameBytes(cookie, hello.cookie)) {
      // RFC 6347 §4.2.1: nothing is remembered; the record has the number of the one it answers.
      const message = wholeMessage(HandshakeType.HelloVerifyRequest, 0, writeVerifyRequest(cookie));
      const body = encodeFragment(message, 0, message.body.length);
      this.#owner.transmit(name, plainRecord(ContentType.Handshake, record.sequence, body));
      return;
    }
    const known = this.#peers.get(name);
    if (known && sameBytes(known.hello.random, hello.random)) {
      if (!known.open) known.repeat();
      return;
    }
    this.handshakes++;
    const message = wholeMessage(fragment.type, fragment.sequence, fragment.data.slice());
    const nameNow = () => this.#nameOf(hello.random) ?? name;
    const peer = new ServerPeer(message, hello, {
      options: this.options,
      sessions: this.sessions,
      transmit: (datagram) => {
        this.#owner.transmit(nameNow(), datagram);
      },
      received: (payload) => {
        this.payloads.push(Buffer.from(payload).toString());
        this.#owner.received?.(nameNow(), payload);
      },
    });
    // Known before it speaks: it may be answered at once.
    this.#peers.set(name, peer);
    peer.begin(now);
  }

  #nameOf(random: Uint8Array): string | undefined {
    for (const [name, { hello }] of this.#peers) if (sameBytes(hello.random, random)) return name;
    return undefined;
  }
}
