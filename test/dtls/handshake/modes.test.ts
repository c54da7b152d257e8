import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Judgement, X509Credentials } from "../../../src/base/credentials.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { fingerprint } from "../../../src/dtls/x509/matching.ts";
import { certificate, family, spkiOf } from "../../support/certificates.ts";
import { Bench, type BenchOptions, pskCredentials, rawPair, rpkCredentials } from "../support/bench.ts";

const ours = rawPair();
const theirs = rawPair();
const raw: BenchOptions = { credentials: rpkCredentials(ours, theirs), server: { rawKey: theirs } };
const people = family();

function certified(judge: X509Credentials["judge"] = trusting, server = people.server): BenchOptions {
  const { privateKey, chain } = people.client;
  return { credentials: { mode: "x509", privateKey, chain, judge }, server: { certificate: server } };
}

const trusting: X509Credentials["judge"] = ([leaf]) => ({
  status: "trusted",
  publicKey: new X509Certificate(leaf!).publicKey,
});

/** Opens, and talks both ways. */
function talks(options: BenchOptions): Bench {
  const bench = new Bench(options).shake();
  expect(bench.failures).toEqual([]);
  bench.say("up").answer("down");
  expect(bench.server.payloads).toEqual(["up"]);
  expect(bench.payloads).toEqual(["down"]);
  return bench;
}

describe("a pre-shared key (RFC 4279)", () => {
  it.each([
    [0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8"],
    [0xc0a4, "TLS_PSK_WITH_AES_128_CCM"],
    [0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"],
    [0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256"],
    [0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"],
    [0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"],
  ])("with suite %i, %s", (id, suite) => {
    expect(talks({ client: { suites: [id] } }).facts).toEqual({
      suite,
      peerCid: false,
      ownCid: false,
      extendedMasterSecret: true,
      resumed: false,
    });
  });

  it.each([0x00ae, 0xc037])("with CBC suite %i if it is allowed, and the server takes encrypt-then-MAC", (id) => {
    talks({ client: { suites: [id], allowCbc: true } });
  });

  it("takes the first suite that the server likes", () => {
    expect(talks({ server: { suites: [0x00a8, 0xc0a8] } }).facts?.suite).toBe("TLS_PSK_WITH_AES_128_GCM_SHA256");
  });

  it("a hint changes nothing (RFC 4279 §5.2)", () => {
    talks({ server: { hint: "which key" } });
    talks({ server: { hint: "" } });
    talks({ server: { hint: "which key" }, client: { suites: [0xd003] } });
  });

  it("a server without cookies is answered at once (RFC 6347 §4.2.1)", () => {
    expect(talks({ server: { cookies: false } }).sent).toHaveLength(2);
  });

  it("a server without the extended master secret is taken, unless it is required (RFC 7627 §5.2)", () => {
    expect(talks({ server: { extendedMasterSecret: false } }).facts?.extendedMasterSecret).toBe(false);
    const strict = new Bench({
      server: { extendedMasterSecret: false },
      client: { requireExtendedMasterSecret: true },
    }).shake();
    expect(strict.failure).toMatchObject({ kind: "protocol", alert: "handshake_failure" });
  });

  it("the identity is bytes, not text: what is no UTF-8 arrives as it is", () => {
    const identity = Buffer.from([0xff, 0x00, 0x80]);
    let asked = "";
    const psk = (bytes: Uint8Array) => {
      asked = toHex(bytes);
      return undefined;
    };
    new Bench({ credentials: { ...pskCredentials(), identity }, server: { psk } }).shake();
    expect(asked).toBe("ff0080");
  });
});

describe("raw public keys (RFC 7250)", () => {
  it("prove both ends", () => {
    const bench = talks(raw);
    expect(bench.facts).toMatchObject({
      suite: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
      peerFingerprint: fingerprint(theirs.publicKey),
    });
    expect(bench.peer?.clientCertificates).toEqual([ours.publicKey]);
  });

  it("a server that does not ask who we are is not told", () => {
    expect(talks({ ...raw, server: { rawKey: theirs, asksClient: false } }).peer?.clientCertificates).toEqual([]);
  });

  it("the server's key may be known by its hash (/0/x/13)", () => {
    const serverKey = Buffer.from(fingerprint(theirs.publicKey), "hex");
    talks({ ...raw, credentials: { ...rpkCredentials(ours, theirs), serverKey, serverKeyMatching: 1 } });
  });

  it("another key than the one we know is a stranger's", () => {
    const bench = new Bench({ ...raw, server: { rawKey: rawPair() } }).shake();
    expect(bench.failure).toMatchObject({ kind: "untrusted", alert: "bad_certificate" });
    expect(bench.failure?.reason).toContain("/0/x/4");
    expect(bench.settle().peer?.alerts).toEqual(["2 42"]);
  });

  it("the right key shown by somebody who cannot sign with it is a stranger's", () => {
    const { privateKey } = rawPair();
    const bench = new Bench({ ...raw, server: { rawKey: { ...theirs, privateKey } } }).shake();
    expect(bench.failure).toMatchObject({ kind: "untrusted", alert: "decrypt_error" });
  });

  it("a key on another curve cannot be used (RFC 7925 §4.4)", () => {
    const other = rawPair("secp384r1");
    const bench = new Bench({ credentials: rpkCredentials(ours, other), server: { rawKey: other } }).shake();
    expect(bench.failure).toMatchObject({ kind: "untrusted", alert: "unsupported_certificate" });
  });

  it("bytes that are no key at all are refused, though they be the ones we expect", () => {
    const none = { privateKey: theirs.privateKey, publicKey: Buffer.from("3003020105", "hex") };
    const bench = new Bench({ credentials: rpkCredentials(ours, none), server: { rawKey: none } }).shake();
    expect(bench.failure).toMatchObject({ kind: "protocol", alert: "decode_error" });
  });
});

describe("certificates", () => {
  it("prove both ends", () => {
    const bench = talks(certified());
    expect(bench.facts?.peerFingerprint).toBe(fingerprint(people.server.chain[0]!));
    expect(bench.peer?.clientCertificates).toEqual(people.client.chain);
  });

  it("the judge sees the whole chain, and the wall clock", () => {
    let seen: unknown;
    talks(
      certified((chain, now) => {
        seen = { chain, now };
        return trusting(chain, now);
      }),
    );
    expect(seen).toEqual({ chain: people.server.chain, now: { ms: Date.UTC(2026, 5, 1, 12), trusted: true } });
  });

  it("the server is asked for by name, if it has one (RFC 6066 §3)", () => {
    const { privateKey, chain } = people.client;
    const credentials = { mode: "x509", privateKey, chain, judge: trusting, serverName: "lwm2m.example" } as const;
    const asked = talks({ ...certified(), credentials }).peer?.hello.extensions.get(0);
    expect(Buffer.from(asked!).toString("latin1")).toContain("lwm2m.example");
    expect(talks(certified()).peer?.hello.extensions.has(0)).toBe(false);
  });

  it.each<[string, Judgement, string, string]>([
    ["bad", { status: "refused", reason: "no", fault: "bad" }, "bad_certificate", "untrusted"],
    ["unsupported", { status: "refused", reason: "no", fault: "unsupported" }, "unsupported_certificate", "untrusted"],
    ["expired", { status: "refused", reason: "no", fault: "expired" }, "certificate_expired", "untrusted"],
    [
      "of an unknown authority",
      { status: "refused", reason: "no", fault: "unknown-authority" },
      "unknown_ca",
      "untrusted",
    ],
    [
      "refused for another reason",
      { status: "refused", reason: "no", fault: "unknown" },
      "certificate_unknown",
      "untrusted",
    ],
    ["not to be judged yet", { status: "wait", reason: "no" }, "certificate_unknown", "clock"],
  ])("one that is %s ends the handshake with the alert for it (RFC 5246 §7.2.2)", (_, judgement, alert, kind) => {
    const bench = new Bench(certified(() => judgement)).shake();
    expect(bench.failure).toEqual({ kind, alert, reason: "the test server: no" });
    expect(bench.association.session()).toBeUndefined();
  });

  it("a server that shows none is refused", () => {
    const bench = new Bench(certified(trusting, { ...people.server, chain: [] })).shake();
    expect(bench.failure).toMatchObject({ kind: "untrusted", alert: "bad_certificate" });
  });

  it("a server that cannot sign for its certificate is a stranger", () => {
    const stranger = { ...people.server, privateKey: rawPair().privateKey };
    expect(new Bench(certified(trusting, stranger)).shake().failure).toMatchObject({
      kind: "untrusted",
      alert: "decrypt_error",
    });
  });

  it("one that has no key on P-256 is unsupported (RFC 7925 §4.4)", () => {
    const other = certificate({ curve: "secp384r1" });
    const bench = new Bench(certified(() => ({ status: "trusted", publicKey: other.publicKey }))).shake();
    expect(bench.failure).toMatchObject({ kind: "untrusted", alert: "unsupported_certificate" });
    expect(spkiOf(other.publicKey).length).toBeGreaterThan(0);
  });

  it.each([
    ["types", { certificateTypes: [1] }],
    ["signatures", { certificateSchemes: [0x0401] }],
  ])("a server that takes other %s gets none, and decides (RFC 5246 §7.4.6)", (_, asks) => {
    const options = certified();
    const bench = new Bench({ ...options, server: { ...options.server, ...asks } }).shake();
    expect(bench.peer?.clientCertificates).toEqual([]);
    expect(bench.failure).toMatchObject({ kind: "alert", alert: "bad_certificate" });
  });

  it("a raw public key has no such way out: the handshake ends in words", () => {
    const bench = new Bench({ ...raw, server: { rawKey: theirs, certificateSchemes: [0x0401] } }).shake();
    expect(bench.failure).toMatchObject({ kind: "protocol", alert: "handshake_failure" });
    expect(bench.failure?.reason).toContain("ECDSA");
  });
});

describe("Connection IDs (RFC 9146)", () => {
  const SERVERS = Uint8Array.of(9, 8, 7, 6, 5, 4);
  const withCid = (ownCidLength: number | false, issued: Uint8Array): BenchOptions => ({
    client: { ownCidLength },
    server: { issueCid: () => issued },
  });
  const typesOf = (datagrams: readonly Uint8Array[]) => datagrams.slice(-1).map((datagram) => datagram[0]);

  it.each([
    ["offered empty: what we send has the server's, what it sends has none", 0, SERVERS, [true, false], [25, 23]],
    ["offered: both ways", 4, SERVERS, [true, true], [25, 25]],
    ["offered, and answered empty: only what the server sends has ours", 4, new Uint8Array(0), [false, true], [23, 25]],
    ["both empty: negotiated, and never seen", 0, new Uint8Array(0), [false, false], [23, 23]],
  ] as const)("%s", (_, length, issued, [peerCid, ownCid], [up, down]) => {
    const bench = talks(withCid(length, issued));
    expect(bench.facts).toMatchObject({ peerCid, ownCid });
    expect(typesOf(bench.answered)).toEqual([down]);
    expect(bench.association.seal(Buffer.from("x"))?.[0]).toBe(up);
  });

  it.each([
    ["not offered: the server issues none", false, SERVERS],
    ["not answered: records stay as they were", 4, undefined],
  ] as const)("%s", (_, length, issued) => {
    const bench = talks(issued ? withCid(length, issued) : { client: { ownCidLength: length } });
    expect(bench.facts).toMatchObject({ peerCid: false, ownCid: false });
    expect(bench.association.seal(Buffer.from("x"))?.[0]).toBe(23);
  });

  it("the association lives on when the client writes from another address (RFC 9146 §6)", () => {
    const bench = talks(withCid(0, SERVERS));
    bench.address = "behind another NAT binding";
    bench.say("still me").answer("still you");
    expect(bench.server.payloads).toEqual(["up", "still me"]);
    expect(bench.payloads).toEqual(["down", "still you"]);
  });

  it("without one, the server does not know who writes from there", () => {
    const bench = talks({ client: { ownCidLength: false } });
    bench.address = "behind another NAT binding";
    expect(bench.say("lost").server.payloads).toEqual(["up"]);
  });

  it("a classic record is not taken where we issued one, nor one for somebody else", () => {
    const bench = talks(withCid(4, SERVERS));
    const [last] = bench.answered.slice(-1);
    const other = last!.slice();
    // Neither was received before, as far as the sequence number tells.
    other[10]! += 1;
    other[11]! ^= 1;
    const before = bench.counters.forged;
    bench.inject(other);
    const classic = Uint8Array.of(23, ...last!.slice(1, 11), ...last!.slice(15));
    classic[10]! += 1;
    bench.inject(classic);
    expect(bench.counters.forged).toBe(before + 2);
    expect(bench.payloads).toEqual(["down"]);
  });
});
