/** Handshakes with Connection IDs, raw public keys and sessions, while somebody changes what the server says. */

import { describe, expect, it } from "vitest";
import { mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { Bench, type BenchOptions, rawPair, rpkCredentials } from "../support/bench.ts";

const HANDSHAKES = 400;
const theirs = rawPair();
const ways: readonly (readonly [string, BenchOptions])[] = [
  [
    "a pre-shared key and Connection IDs",
    { client: { ownCidLength: 3 }, server: { issueCid: () => Uint8Array.of(1, 2) } },
  ],
  ["raw public keys", { credentials: rpkCredentials(rawPair(), theirs), server: { rawKey: theirs } }],
  ["a hint and a fresh exchange", { client: { suites: [0xd001] }, server: { hint: "which" } }],
];

/** Changes, doubles, keeps back and mixes up what comes from the server. */
function meddle(bench: Bench, random: SeededRandom): void {
  const kept: Uint8Array[] = [];
  bench.network.toClient = (datagram) => {
    kept.push(datagram);
    const chance = random.unit();
    if (chance < 0.2) return [mutate(datagram, random)];
    if (chance < 0.3) return [mutate(datagram, random), datagram];
    if (chance < 0.4) return [random.pick(kept), datagram];
    if (chance < 0.45) return [];
    return [datagram];
  };
}

/** Open means that the server has proved itself: both then have the same keys, and understand each other. */
function endsInOrder(bench: Bench): boolean {
  expect(bench.opened.length + bench.failures.length).toBeGreaterThan(0);
  expect(bench.failures.length).toBeLessThanOrEqual(1);
  if (bench.opened.length === 0) return false;
  bench.network.toClient = (datagram) => [datagram];
  if (bench.failures.length > 0) return true;
  bench.settle(5_000).say("understood");
  expect(bench.server.payloads).toEqual(["understood"]);
  bench.answer("as well");
  expect(bench.payloads).toEqual(["as well"]);
  return true;
}

describe("a handshake that somebody meddles with", () => {
  it.each(ways)("%s", (_, options) => {
    let open = 0;
    for (let seed = 1; seed <= HANDSHAKES; seed++) {
      const bench = new Bench({ ...options, seed });
      meddle(bench, new SeededRandom(seed));
      if (endsInOrder(bench.shake())) open++;
    }
    // Many ways lead through: what was spoilt is repeated.
    expect(open).toBeGreaterThan(HANDSHAKES / 3);
    expect(open).toBeLessThan(HANDSHAKES);
  });

  it("a session that is resumed", () => {
    const first = new Bench().shake();
    const resume = first.association.session()!;
    let resumed = 0;
    for (let seed = 2; seed <= HANDSHAKES; seed++) {
      const bench = new Bench({ seed, at: first, resume });
      meddle(bench, new SeededRandom(seed));
      if (endsInOrder(bench.shake()) && bench.facts?.resumed === true) resumed++;
    }
    expect(resumed).toBeGreaterThan(HANDSHAKES / 3);
  });
});
