/** Certificates that are nearly right: a judge never throws, and trusts nothing but what was signed. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import type { Stamp } from "../../../src/base/clock.ts";
import { certificatesOf } from "../../../src/dtls/keys.ts";
import { type Certificate, decodeCertificate } from "../../../src/dtls/x509/certificate.ts";
import { judgeOf } from "../../../src/dtls/x509/judge.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

/** Server, authority between and root, made once with test/support/certificates.ts: every run mutates the same bytes. */
const CHAIN = certificatesOf(readFileSync(new URL("chain.pem", import.meta.url)));
const NAMES = ["lwm2m.example", "127.0.0.1"];
const NOON: Stamp = { ms: Date.UTC(2026, 5, 1, 12), trusted: true };

const [server, between, root] = CHAIN.map(decodeCertificate);

/** One byte of what counts, changed: a single bit, so that the structure mostly holds. */
function flip(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const at = random.below(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
}

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return decodeCertificate(der);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
}

describe("a mutated certificate", () => {
  const usages = [
    judgeOf({ name: "lwm2m.example", authorities: [root!.der] }),
    judgeOf({
      name: "lwm2m.example",
      authorities: [root!.der],
      expectation: { expected: between!.der, usage: 0, matchingType: 0 },
    }),
    judgeOf({ name: "127.0.0.1", authorities: [], expectation: { expected: root!.der, usage: 2, matchingType: 0 } }),
  ];
  const pinned = judgeOf({
    name: "",
    authorities: [],
    expectation: { expected: server!.der, usage: 3, matchingType: 0 },
  });

  test("was trusted before it was one", () => {
    for (const judge of [...usages, pinned]) expect(judge(CHAIN, NOON).status).toBe("trusted");
  });

  test(
    `of the server or between, ${FUZZ_INPUTS} times: judged without an exception, and trusted only if all that was signed is as it was`,
    () => {
      const random = new SeededRandom(509);
      let judged = 0;
      let trusted = 0;
      for (let i = 0; i < FUZZ_INPUTS; i++) {
        const change = random.below(10) > 0 ? mutate : flip;
        const which = random.below(2);
        const chain = CHAIN.slice(0, 2).map((der, at) => (at === which ? change(der, random) : der));
        const judgement = random.pick(usages)(chain, NOON);
        judged++;
        if (judgement.status !== "trusted") continue;
        trusted++;
        // What changed then was the signature, whose r and s have two spellings, or nothing.
        const original = [server, between][which];
        expect(readable(chain[which]!)?.toBeSigned).toEqual(original?.toBeSigned);
      }
      expect(judged).toBe(FUZZ_INPUTS);
      expect(trusted).toBeLessThan(FUZZ_INPUTS / 50);
    },
    FUZZ_TIMEOUT_MS,
  );

  test("is not the one that is pinned, whatever was changed", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 5_000; i++) {
      const der = flip(server!.der, random);
      expect(pinned([der], NOON).status).toBe("refused");
    }
  });

  test("is read or refused with a DecodeError, and what is read says who it is", () => {
    const random = new SeededRandom(90);
    let read = 0;
    for (let i = 0; i < 20_000; i++) {
      const certificate = readable(flip(random.pick(CHAIN), random));
      if (certificate === undefined) continue;
      read++;
      expect(certificate.validUntil).not.toBeNaN();
      expect(certificate.toBeSigned.length).toBeGreaterThan(0);
    }
    expect(read).toBeGreaterThan(5_000);
  });

  test("in the trust store is left out or trusted as it stands, and nobody throws", () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 2_000; i++) {
      const authorities = [mutate(root!.der, random), flip(root!.der, random)];
      const judge = judgeOf({ name: random.pick(NAMES), authorities });
      expect(["trusted", "refused"]).toContain(judge(CHAIN.slice(0, 2), NOON).status);
    }
  });
});

test("random bytes are no certificate", () => {
  const random = new SeededRandom(1);
  for (let i = 0; i < 5_000; i++) expect(readable(random.bytes(random.below(200)))).toBeUndefined();
});
