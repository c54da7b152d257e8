import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import type { Credentials } from "../../../src/base/credentials.ts";
import { HandshakeFault } from "../../../src/dtls/alert.ts";
import { TrustFault } from "../../../src/dtls/handshake/fault.ts";
import { broken, refused, silence } from "../../../src/dtls/handshake/words.ts";
import { Bench, pskCredentials, rawPair, rpkCredentials } from "../support/bench.ts";

const pair = rawPair();
const WAYS: readonly (readonly [Credentials, string])[] = [
  [pskCredentials(), 'our identity "dev1"'],
  [rpkCredentials(pair, pair), "our public key"],
  [
    { mode: "x509", privateKey: pair.privateKey, chain: [], judge: () => ({ status: "wait", reason: "" }) },
    "our certificate",
  ],
];

describe("a refusal in words", () => {
  it.each([
    "handshake_failure",
    "unknown_psk_identity",
    "decrypt_error",
    "bad_record_mac",
    "access_denied",
    "bad_certificate",
    "unsupported_certificate",
    "certificate_revoked",
    "certificate_expired",
    "certificate_unknown",
    "unknown_ca",
  ])("%s names whom it is about, whichever way we prove it", (alert) => {
    for (const [credentials, ours] of WAYS) {
      const failure = refused({ name: "server 101", credentials }, alert);
      expect(failure).toMatchObject({ kind: "alert", alert });
      expect(failure.reason).toMatch(new RegExp(`^server 101 refused \\(${alert}\\): `));
      expect(failure.reason).toContain(ours);
    }
  });

  it.each([
    ["insufficient_security", "other cipher suites"],
    ["protocol_version", "DTLS 1.2"],
    ["unrecognized_name", "server name"],
  ])("%s says what to look at", (alert, words) => {
    expect(refused({ name: "s", credentials: pskCredentials() }, alert).reason).toContain(words);
  });

  it("one that has no name is told as it is", () => {
    const { reason } = refused({ name: "s", credentials: pskCredentials() }, "alert 97");
    expect(reason).toBe("s refused (alert 97)");
  });
});

describe("silence in words", () => {
  it.each(WAYS)("after our Finished, it is about who we are (%#)", (credentials, ours) => {
    const failure = silence({ name: "s", credentials }, { state: "change", answered: true, resuming: false });
    expect(failure.kind).toBe("silence-after-finished");
    expect(failure.reason).toContain(`wrong key, or it does not know ${ours}?`);
  });
});

describe("what breaks off in words", () => {
  const parties = { name: "s", credentials: pskCredentials() };

  it.each<[unknown, string, string, string]>([
    [new HandshakeFault("illegal_parameter", "it lies"), "protocol", "illegal_parameter", "s: it lies"],
    [new TrustFault("unknown_ca", "a stranger"), "untrusted", "unknown_ca", "s: a stranger"],
    [new TrustFault("certificate_unknown", "no time", "clock"), "clock", "certificate_unknown", "s: no time"],
    [new DecodeError("2 bytes wanted"), "protocol", "decode_error", "s: cannot be read: 2 bytes wanted"],
    [new TypeError("ours"), "protocol", "internal_error", "s: ours"],
  ])("%s", (error, kind, alert, reason) => {
    expect(broken(parties, error)).toEqual({ alert, failure: { kind, alert, reason } });
  });

  it("a fault of our own ends the association, and no other", () => {
    const bench = new Bench({
      client: {
        suites: [0xd003],
        keyWork: {
          ephemeral: () => {
            throw new Error("no entropy");
          },
          sign: () => new Uint8Array(0),
        },
      },
    });
    bench.shake().settle();
    expect(bench.failures).toEqual([
      { kind: "protocol", alert: "internal_error", reason: "the test server: no entropy" },
    ]);
    expect(bench.peer?.alerts).toEqual(["2 80"]);
  });

  it("facts are there once it is open, and before that nothing", () => {
    const bench = new Bench();
    expect(bench.association.facts).toBeUndefined();
    expect(bench.shake().association.facts).toEqual(bench.facts);
  });
});
