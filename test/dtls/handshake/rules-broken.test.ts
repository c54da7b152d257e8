/** A server that breaks the rules: each way ends in its alert, told to the server, and none in an open association. */

import { createECDH } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HandshakeType } from "../../../src/dtls/constants.ts";
import { readRecords } from "../../../src/dtls/record.ts";
import { Bench, type BenchOptions, rawPair, rpkCredentials } from "../support/bench.ts";
import {
  parametersOf,
  writeCertificateRequest,
  writeHint,
  writeSigned,
  type WrittenHello,
} from "../support/server/codec.ts";
import type { Spoken } from "../support/server/server.ts";

type Mode = "psk" | "ecdhe-psk" | "rpk";
type Alter = (messages: readonly Spoken[]) => readonly Spoken[];

const ours = rawPair();
const theirs = rawPair();
const MODES: Readonly<Record<Mode, BenchOptions>> = {
  psk: {},
  "ecdhe-psk": { client: { suites: [0xd003] } },
  rpk: { credentials: rpkCredentials(ours, theirs), server: { rawKey: theirs } },
};
const { Certificate, CertificateRequest, ServerHello, ServerHelloDone, ServerKeyExchange, HelloRequest } =
  HandshakeType;
const NOTHING = new Uint8Array(0);

function shaken(mode: Mode, server: BenchOptions["server"]): Bench {
  const options = MODES[mode];
  return new Bench({ ...options, server: { ...options.server, ...server } }).shake().settle();
}

/** Ends with that alert, and never opens. */
function breaksOff(bench: Bench, alert: string): void {
  expect(bench.opened).toEqual([]);
  expect(bench.failures).toHaveLength(1);
  expect(bench.failure).toMatchObject({ alert });
  expect(bench.association.state).toBe("closed");
  expect(bench.association.session()).toBeUndefined();
  expect(bench.association.seal(NOTHING)).toBeUndefined();
}

/** And tells the server so. */
function refuses(bench: Bench, alert: string, number: number): void {
  breaksOff(bench, alert);
  expect(bench.peer?.alerts).toEqual([`2 ${number}`]);
}

const without =
  (type: number): Alter =>
  (messages) =>
    messages.filter((message) => message.type !== type);
const twice =
  (type: number): Alter =>
  (messages) =>
    messages.flatMap((message) => (message.type === type ? [message, message] : [message]));
const replaced =
  (type: number, body: Uint8Array): Alter =>
  (messages) =>
    messages.map((message) => (message.type === type ? { type, body } : message));
const before =
  (type: number, extra: Spoken): Alter =>
  (messages) =>
    messages.flatMap((message) => (message.type === type ? [extra, message] : [message]));
const swapped =
  (index: number): Alter =>
  (messages) => {
    const changed = [...messages];
    [changed[index], changed[index + 1]] = [changed[index + 1]!, changed[index]!];
    return changed;
  };

describe("messages that are missing, doubled, or out of order (RFC 5246 §7.3)", () => {
  it.each<[string, Mode, Alter]>([
    ["no ServerHello", "psk", without(ServerHello)],
    ["no Certificate", "rpk", without(Certificate)],
    ["no ServerKeyExchange with a certificate", "rpk", without(ServerKeyExchange)],
    ["no ServerKeyExchange with ECDHE_PSK", "ecdhe-psk", without(ServerKeyExchange)],
    ["two ServerHellos", "psk", twice(ServerHello)],
    ["two Certificates", "rpk", twice(Certificate)],
    ["two ServerKeyExchanges", "rpk", twice(ServerKeyExchange)],
    ["two ServerKeyExchanges with ECDHE_PSK", "ecdhe-psk", twice(ServerKeyExchange)],
    ["two CertificateRequests", "rpk", twice(CertificateRequest)],
    ["a key exchange before the certificate", "rpk", swapped(1)],
    ["a request before the key exchange", "rpk", swapped(2)],
    [
      "a Certificate with a pre-shared key",
      "psk",
      before(ServerHelloDone, { type: Certificate, body: Uint8Array.of(0, 0, 0) }),
    ],
    [
      "a CertificateRequest with a pre-shared key (RFC 4279 §2)",
      "psk",
      before(ServerHelloDone, { type: CertificateRequest, body: writeCertificateRequest() }),
    ],
    [
      "a Finished in the clear",
      "psk",
      before(ServerHelloDone, { type: HandshakeType.Finished, body: new Uint8Array(12) }),
    ],
    ["a ClientKeyExchange", "psk", before(ServerHelloDone, { type: HandshakeType.ClientKeyExchange, body: NOTHING })],
    ["a CertificateStatus that nobody asked for", "rpk", before(ServerKeyExchange, { type: 22, body: NOTHING })],
    ["a message that has no name", "psk", before(ServerHelloDone, { type: 77, body: NOTHING })],
  ])("%s (%s): unexpected_message", (_, mode, alterFlight) => {
    refuses(shaken(mode, { alterFlight }), "unexpected_message", 10);
  });

  it.each<[string, Mode, Alter]>([
    ["two ServerHelloDones", "psk", twice(ServerHelloDone)],
    ["a request after the end", "rpk", swapped(3)],
    ["a Finished in the clear", "psk", (all) => [...all, { type: HandshakeType.Finished, body: new Uint8Array(12) }]],
    [
      "a ticket that nobody asked for",
      "psk",
      (all) => [...all, { type: HandshakeType.NewSessionTicket, body: NOTHING }],
    ],
  ])("%s (%s), when the server had said all: unexpected_message, in secret already", (_, mode, alterFlight) => {
    const bench = shaken(mode, { alterFlight });
    breaksOff(bench, "unexpected_message");
    expect(readRecords(bench.sent.at(-1)!, 0)).toMatchObject([{ type: 21, epoch: 1 }]);
  });

  it("a server that goes straight to its secrets has not shown that it knows any", () => {
    const bench = shaken("rpk", { alterFlight: (messages) => messages.slice(0, 1) });
    expect(bench.opened).toEqual([]);
    expect(bench.failure?.kind).toBe("silence");
  });

  it.each<[string, Mode, number]>([
    ["ServerHello", "psk", ServerHello],
    ["Certificate", "rpk", Certificate],
    ["ServerKeyExchange", "rpk", ServerKeyExchange],
    ["ServerKeyExchange of ECDHE_PSK", "ecdhe-psk", ServerKeyExchange],
    ["CertificateRequest", "rpk", CertificateRequest],
  ])("a %s that cannot be read: decode_error (RFC 5246 §7.2.2)", (_, mode, type) => {
    refuses(shaken(mode, { alterFlight: replaced(type, Uint8Array.of(1)) }), "decode_error", 50);
  });

  it("a ServerHelloDone that says something: decode_error", () => {
    refuses(shaken("psk", { alterFlight: replaced(ServerHelloDone, Uint8Array.of(0)) }), "decode_error", 50);
  });
});

describe("a ServerHello that answers what was not asked (RFC 5246 §7.4.1.3)", () => {
  const answers = (change: Partial<WrittenHello>) => ({
    alterHello: (hello: WrittenHello) => ({ ...hello, ...change }),
  });
  const also = (id: number, ...body: number[]) => ({
    alterHello: (hello: WrittenHello) => ({
      ...hello,
      extensions: [...hello.extensions, [id, Uint8Array.from(body)] as const],
    }),
  });

  it.each<[string, string, number, NonNullable<BenchOptions["server"]>]>([
    ["DTLS 1.0", "protocol_version", 70, answers({ version: 0xfeff })],
    ["TLS 1.2", "protocol_version", 70, answers({ version: 0x0303 })],
    ["DTLS 1.3", "protocol_version", 70, answers({ version: 0xfefc })],
    ["a suite that was not offered", "illegal_parameter", 47, answers({ suite: 0xc0ae })],
    ["a suite without encryption", "illegal_parameter", 47, answers({ suite: 0x002c })],
    ["the signal of RFC 5746 as a suite", "illegal_parameter", 47, answers({ suite: 0x00ff })],
    ["a compression", "illegal_parameter", 47, answers({ compression: 1 })],
    ["an extension that was not offered", "unsupported_extension", 110, also(35)],
    ["encrypt-then-MAC, not offered", "unsupported_extension", 110, also(22)],
    ["a Connection ID twice", "illegal_parameter", 47, { issueCid: () => Uint8Array.of(1), ...also(54, 1, 1) }],
    ["the start of a renegotiation", "handshake_failure", 40, answers({ extensions: [[0xff01, Uint8Array.of(1, 0)]] })],
  ])("%s: %s", (_, alert, number, server) => {
    refuses(shaken("psk", server), alert, number);
  });

  it("encrypt-then-MAC for a cipher that needs none: illegal_parameter (RFC 7366 §3)", () => {
    const client = { suites: [0xc0a8, 0x00ae], allowCbc: true };
    refuses(new Bench({ client, server: also(22) }).shake().settle(), "illegal_parameter", 47);
  });

  it("CBC without encrypt-then-MAC: handshake_failure", () => {
    const client = { suites: [0x00ae], allowCbc: true };
    refuses(new Bench({ client, server: answers({ extensions: [] }) }).shake().settle(), "handshake_failure", 40);
  });

  it("no raw public key to show (RFC 7250 §4.2): unsupported_certificate", () => {
    refuses(shaken("rpk", answers({ extensions: [] })), "unsupported_certificate", 43);
  });

  it("a word on ours, and none on its own: certificates would follow", () => {
    const alterHello = (hello: WrittenHello) => ({
      ...hello,
      extensions: hello.extensions.filter(([id]) => id !== 20),
    });
    refuses(shaken("rpk", { alterHello }), "unsupported_certificate", 43);
  });

  it("no word on ours, and then a request for it: unsupported_certificate", () => {
    const alterHello = (hello: WrittenHello) => ({
      ...hello,
      extensions: hello.extensions.filter(([id]) => id !== 19),
    });
    refuses(shaken("rpk", { alterHello }), "unsupported_certificate", 43);
  });
});

describe("a key exchange that is not good", () => {
  const point = (bytes: Uint8Array, curve = 23) =>
    replaced(ServerKeyExchange, writeHint("", parametersOf(bytes, curve)));
  const uncompressed = () => createECDH("prime256v1").generateKeys();
  /** The same point in another form: the sign of y is in the first byte. */
  const tagged = (form: number) => {
    const bytes = uncompressed();
    bytes[0] = form + (bytes[64]! & 1);
    return bytes;
  };
  const offCurve = () => {
    const bytes = uncompressed();
    bytes[64]! ^= 1;
    return bytes;
  };

  it.each<[string, () => Alter]>([
    ["another curve", () => point(uncompressed(), 24)],
    ["a point that is not on the curve (RFC 8422 §5.11)", () => point(offCurve())],
    ["a compressed point", () => point(tagged(2).subarray(0, 33))],
    ["a hybrid point", () => point(tagged(6))],
    ["a point too short", () => point(uncompressed().subarray(0, 64))],
    ["the point at infinity", () => point(Uint8Array.of(0))],
    ["no point", () => point(NOTHING)],
    ["zeros", () => point(Uint8Array.of(4, ...new Uint8Array(64)))],
  ])("%s: illegal_parameter", (_, alter) => {
    refuses(shaken("ecdhe-psk", { alterFlight: alter() }), "illegal_parameter", 47);
  });

  it.each<[string, number, string, number]>([
    ["an algorithm that was not offered", 0x0401, "illegal_parameter", 47],
    ["SHA-1, which was not offered", 0x0203, "illegal_parameter", 47],
    ["a signature that is none", 0x0403, "decrypt_error", 51],
  ])("%s", (_, scheme, alert, number) => {
    const body = writeSigned(parametersOf(uncompressed()), Uint8Array.of(0x30, 0), scheme);
    refuses(shaken("rpk", { alterFlight: replaced(ServerKeyExchange, body) }), alert, number);
  });

  it("parameters that were signed for another handshake: decrypt_error (RFC 8422 §5.4)", () => {
    let recorded: Uint8Array | undefined;
    const record: Alter = (messages) => {
      recorded = messages.find(({ type }) => type === ServerKeyExchange)?.body;
      return messages;
    };
    const options = MODES.rpk;
    new Bench({ ...options, server: { ...options.server, alterFlight: record } }).shake();
    const again = new Bench({
      ...options,
      seed: 2,
      server: { ...options.server, alterFlight: (messages) => replaced(ServerKeyExchange, recorded!)(messages) },
    });
    refuses(again.shake().settle(), "decrypt_error", 51);
  });
});

describe("a Finished that does not fit (RFC 5246 §7.4.9)", () => {
  it.each<[string, (proof: Uint8Array) => Uint8Array, string, number]>([
    ["one bit off", (proof) => proof.map((byte, i) => (i === 11 ? byte ^ 1 : byte)), "decrypt_error", 51],
    ["zeros", () => new Uint8Array(12), "decrypt_error", 51],
    ["too short", (proof) => proof.subarray(0, 11), "decode_error", 50],
    ["empty", () => NOTHING, "decode_error", 50],
    ["too long", (proof) => Uint8Array.of(...proof, 0), "decode_error", 50],
  ])("%s: %s", (_, alterFinished, alert, number) => {
    const bench = shaken("psk", { alterFinished });
    refuses(bench, alert, number);
    if (alert === "decrypt_error") expect(bench.failure?.kind).toBe("untrusted");
  });

  it("a server that has heard something else than we have said does not open", () => {
    const bench = new Bench();
    // Takes a suite out of the list that we offer: what was said in the clear is proved only here.
    bench.network.toServer = (datagram) => {
      const changed = datagram.slice();
      const at = Buffer.from(changed).indexOf(Buffer.from([0, 6, 0xc0, 0xa8, 0, 0xa8]));
      if (at >= 0) changed.set([0xc0, 0xae], at + 2);
      return [changed];
    };
    bench.shake();
    expect(bench.opened).toEqual([]);
    expect(bench.failure?.kind).toMatch(/alert|untrusted|silence-after-finished/);
  });
});

describe("what an open association does not do", () => {
  it("it does not renegotiate: a HelloRequest is ignored (RFC 5246 §7.4.1.1)", () => {
    const bench = new Bench().shake();
    bench.peer?.sayMore(HelloRequest, NOTHING);
    bench.settle().say("still here");
    expect(bench.counters.misplaced).toBe(1);
    expect(bench.server.payloads).toEqual(["still here"]);
  });

  it.each([ServerHello, HandshakeType.ClientHello, Certificate, HandshakeType.Finished, 99])(
    "it does not listen to handshake message %i, though it be authentic",
    (type) => {
      const bench = new Bench().shake();
      bench.peer?.sayMore(type, new Uint8Array(40));
      bench.settle();
      expect(bench.association.state).toBe("open");
      expect(bench.counters.misplaced).toBe(1);
    },
  );

  it.each([20, 24, 0, 255])("an authentic record of type %i ends it: unexpected_message (RFC 5246 §6)", (type) => {
    const bench = new Bench({ server: { issueCid: () => Uint8Array.of(1, 2) }, client: { ownCidLength: 2 } }).shake();
    bench.peer?.record(type, Uint8Array.of(1));
    bench.settle();
    expect(bench.failure).toMatchObject({ kind: "protocol", alert: "unexpected_message" });
    expect(bench.peer?.alerts).toEqual(["2 10"]);
    expect(bench.association.session()).toBeUndefined();
  });

  it("an authentic alert that cannot be read ends it", () => {
    const bench = new Bench().shake();
    bench.peer?.record(21, Uint8Array.of(2));
    expect(bench.settle().failure).toMatchObject({ kind: "protocol", alert: "decode_error" });
  });
});
