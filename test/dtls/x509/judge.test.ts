/** What a judge says to the installer, and how it finds its way. */

import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Stamp } from "../../../src/base/clock.ts";
import type { Judgement } from "../../../src/base/credentials.ts";
import { type Expectation, judgeOf } from "../../../src/dtls/x509/judge.ts";
import { anchorsOf } from "../../../src/dtls/x509/trust-store.ts";
import { authority, certificate, EKU, family, type Issued } from "../../support/certificates.ts";

const { root, intermediate, server } = family();
const NAME = "lwm2m.example";
const NOON: Stamp = { ms: Date.UTC(2026, 5, 1, 12), trusted: true };

interface Asked {
  readonly name?: string;
  readonly authorities?: readonly Uint8Array[];
  readonly expectation?: Expectation;
  readonly now?: Stamp;
}

function ask(chain: readonly Uint8Array[], { now = NOON, ...trust }: Asked = {}): Judgement {
  return judgeOf({ name: NAME, authorities: [root.der], ...trust })(chain, now);
}

function reason(judgement: Judgement): string {
  return judgement.status === "trusted" ? "trusted" : judgement.reason;
}

const by = (usage: 0 | 1 | 2 | 3, { der }: Issued): Expectation => ({ expected: der, usage, matchingType: 0 });
const under = (issuer: Issued, more = {}): Issued => certificate({ subject: "server", issuer, names: [NAME], ...more });

describe("a refusal says which certificate, what is wrong and what to do:", () => {
  const expired = under(root, { validUntil: Date.UTC(2026, 4, 31) });
  const early = under(root, { validFrom: Date.UTC(2026, 5, 2) });
  const unknown = authority({ subject: "Nobody" });
  const closed = authority({ subject: "Closed", pathLength: 0 });
  const inside = authority({ subject: "Inside", issuer: closed });
  const oid = "1.2.3.4";
  const forged = under(root, { signWith: unknown.privateKey });
  const self = certificate({ subject: "self", names: [NAME] });
  const flagless = authority({ subject: "Flagless", issuer: root, ca: false });

  const said: readonly (readonly [string, string, readonly Uint8Array[], Asked?])[] = [
    ["the day of its end", 'certificate "server" expired on 2026-05-31', expired.chain],
    ["the day of its beginning", 'certificate "server" is not valid before 2026-06-02', early.chain],
    [
      "its names",
      'certificate "server" is not for other.example: it is for lwm2m.example',
      server.chain,
      { name: "other.example" },
    ],
    [
      "its common name",
      'certificate "server" is not for lwm2m.example: it is for "server"',
      under(root, { names: [] }).chain,
    ],
    [
      "that it names nobody",
      'certificate "server" is not for lwm2m.example: it names no host',
      under(root, { names: ["10.0.0.1"] }).chain,
    ],
    [
      "whose issuer is missing",
      'the issuer of certificate "server", "Nobody", is not among those that we trust',
      under(unknown).chain,
    ],
    [
      "whose issuer is missing, higher up",
      'the issuer of certificate "Test Intermediate", "Test Root", is not among those that we trust',
      server.chain,
      { authorities: [] },
    ],
    [
      "that it vouches for itself",
      'certificate "self" signed itself, and is not among those that we trust',
      self.chain,
    ],
    [
      "that it is forged",
      `certificate "server" bears a signature that is not its issuer's, or of a key too weak`,
      forged.chain,
    ],
    [
      "that it is signed too weakly",
      'certificate "server" is signed in a way too weak to be believed',
      under(root, { hash: "sha1" }).chain,
    ],
    [
      "who is no authority",
      'certificate "Flagless" is not one of an authority (Basic Constraints)',
      under(flagless).chain,
    ],
    [
      "whose path is too long",
      'certificate "Closed" may have 0 authorities below it, and has 1 (path length)',
      under(inside).chain,
      { authorities: [closed.der] },
    ],
    [
      "that it is for clients",
      'certificate "server" is not for servers (Extended Key Usage)',
      under(root, { extendedKeyUsage: [EKU.clientAuth] }).chain,
    ],
    [
      "that its key may not sign",
      'certificate "server" is not for signing (Key Usage)',
      under(root, { keyUsage: ["keyAgreement"] }).chain,
    ],
    [
      "what is not understood",
      'certificate "server" has the critical extension 1.2.3.4, which is not understood',
      under(root, { extensions: [{ oid, critical: true, value: new Uint8Array() }] }).chain,
    ],
    [
      "that its curve is another",
      'certificate "server" holds no key on the curve P-256, and no other is supported',
      under(root, { curve: "secp521r1" }).chain,
    ],
    [
      "that it is not the pinned one",
      'certificate "server" is not the one in Server Public Key (/0/x/4)',
      server.chain,
      { expectation: by(3, self) },
    ],
    [
      "that an authority was pinned in place of the server",
      'certificate "server" is not the one in Server Public Key (/0/x/4); its issuer\'s is there: for that, Certificate Usage (/0/x/15) is 2',
      server.chain,
      { expectation: by(3, intermediate) },
    ],
    [
      "that a server was given in place of an authority",
      'certificate "server" is itself in Server Public Key (/0/x/4): for that, Certificate Usage (/0/x/15) is 3',
      server.chain,
      { expectation: by(2, server) },
    ],
    [
      "that another authority was wanted",
      'certificate "server" is not issued under the authority in Server Public Key (/0/x/4)',
      server.chain,
      { expectation: by(0, unknown) },
    ],
    ["that nothing was shown", "the server shows no certificate", []],
    [
      "where reading stopped",
      "the server's certificate cannot be read: DER: no certificate at byte 0",
      [Uint8Array.of(1)],
    ],
    [
      "that the clock is missing",
      'certificate "server" cannot be judged before the clock is set: its dates would not be checked',
      server.chain,
      { now: { ms: 0, trusted: false } },
    ],
  ];

  for (const [what, words, chain, asked] of said)
    test(what, () => {
      expect(reason(ask(chain, asked))).toBe(words);
    });

  test("a stranger's name cannot break a line of the log", () => {
    const evil = certificate({ subject: 'x"\n<3>root login', issuer: root, names: ["e\r\nvil.example"] });
    expect(reason(ask(evil.chain))).toBe(
      `certificate "x'?<3>root login" is not for lwm2m.example: it is for e??vil.example`,
    );
  });
});

describe("a way", () => {
  test("gives the server's key", () => {
    const judgement = ask(server.chain);
    if (judgement.status !== "trusted") throw new Error(judgement.reason);
    expect(judgement.publicKey.equals(new X509Certificate(server.der).publicKey)).toBe(true);
  });

  test("leads over the renewed authority where the old one of the same name and key has expired", () => {
    const old = authority({ subject: "CA", issuer: root, validUntil: Date.UTC(2025, 0, 1) });
    const renewed = authority({ subject: "CA", issuer: root, keys: old });
    const leaf = under(old);
    expect(reason(ask([leaf.der, old.der]))).toContain('certificate "CA" expired');
    expect(ask([leaf.der, old.der, renewed.der]).status).toBe("trusted");
    expect(ask([leaf.der, renewed.der, old.der]).status).toBe("trusted");
  });

  test("leads to whichever root of two has signed, though both have the same name", () => {
    const twin = authority({ subject: "Test Root" });
    expect(ask(server.chain, { authorities: [twin.der, root.der] }).status).toBe("trusted");
    expect(reason(ask(server.chain, { authorities: [twin.der] }))).toContain(
      "bears a signature that is not its issuer's",
    );
  });

  test("is found through a cross-signed authority that is shown", () => {
    const mine = authority({ subject: "Mine" });
    const crossed = authority({ subject: "Test Root", issuer: mine, keys: root });
    expect(ask([server.der, intermediate.der, crossed.der], { authorities: [mine.der] }).status).toBe("trusted");
  });

  test("counts no authority twice that has issued itself anew (RFC 5280 §6.1.4 (l))", () => {
    const top = authority({ subject: "Top", pathLength: 0 });
    const anew = authority({ subject: "Top", issuer: top });
    expect(ask(under(anew).chain, { authorities: [top.der] }).status).toBe("trusted");
  });

  test("may have six authorities between, and ends somewhere", () => {
    const chainOf = (length: number): Issued => {
      let last = root;
      for (let i = 0; i < length; i++) last = authority({ subject: `CA ${i}`, issuer: last, keys: root });
      return under(last);
    };
    expect(ask(chainOf(6).chain).status).toBe("trusted");
    expect(ask(chainOf(8).chain).status).toBe("refused");
  });

  test("is not searched for ever: a maze of authorities of one name has more ways than there is time for", () => {
    const keys = certificate();
    const maze = Array.from({ length: 9 }, (_, serial) => authority({ subject: "Maze", keys, serial }).der);
    const leaf = certificate({ subject: "server", issuer: authority({ subject: "Maze", keys }), names: [NAME] });
    expect(ask([leaf.der, ...maze]).status).toBe("refused");
  });

  test("of certificates beyond the tenth is not looked at", () => {
    const filler = Array.from({ length: 9 }, () => root.der);
    expect(ask([server.der, ...filler, intermediate.der]).status).toBe("refused");
  });

  test("through one that cannot be read does not exist, and does no harm", () => {
    expect(ask([server.der, Uint8Array.of(0x30), intermediate.der]).status).toBe("trusted");
  });
});

describe("time", () => {
  test("counts to the second, both ends included", () => {
    const [from, until] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
    const leaf = under(root, { validFrom: from, validUntil: until });
    const at = (ms: number): string => ask(leaf.chain, { now: { ms, trusted: true } }).status;
    expect([at(from - 1), at(from), at(until), at(until + 1)]).toEqual(["refused", "trusted", "trusted", "refused"]);
  });

  test("that is not known lets nothing through that is wrong anyway", () => {
    const now = { ms: NOON.ms, trusted: false };
    expect(ask(server.chain, { now, name: "other.example" }).status).toBe("refused");
    expect(ask(server.chain, { now, authorities: [] }).status).toBe("refused");
    expect(ask(server.chain, { now }).status).toBe("wait");
  });

  test("is not asked where /0/x/4 holds the server's own certificate (RFC 7671 §5.1)", () => {
    const old = certificate({ subject: "old", validUntil: Date.UTC(2021, 0, 1) });
    const pinned = { name: "any", authorities: [], expectation: by(3, old) };
    expect(judgeOf(pinned)(old.chain, NOON).status).toBe("trusted");
    expect(judgeOf(pinned)(old.chain, { ms: 0, trusted: false }).status).toBe("trusted");
  });
});

describe("the trust store", () => {
  test("is read once for all who share it", () => {
    const store = [root.der];
    expect(anchorsOf(store)).toBe(anchorsOf(store));
    expect(anchorsOf([root.der])).not.toBe(anchorsOf(store));
  });

  test("leaves out what is no certificate", () => {
    expect(anchorsOf([Uint8Array.of(1), root.der])).toHaveLength(1);
  });
});
