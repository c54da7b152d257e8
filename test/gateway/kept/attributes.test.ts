/** Attributes of servers through a restart: in JSON and back, bounded, and nothing that no server could have written. */

import { describe, expect, it } from "vitest";
import { keptFromJson, keptToJson, ofAccounts, withAttributes } from "../../../src/gateway/kept/attributes.ts";
import { memoryFromJson, memoryToJson } from "../../../src/gateway/memory.ts";
import { attributesFromJson, type SavedAttributes } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const URI = "coap://a";
const ATTRIBUTES: SavedAttributes = [
  [path(3303, 0, 5700), { pmin: 10, pmax: 60, gt: 30.5, lt: -5 }],
  [path(3303), { epmin: 5, con: 1 }],
];
const kept = withAttributes(undefined, 1, { uri: URI, attributes: ATTRIBUTES });

describe("what is kept of attributes", () => {
  it("is the same after a restart", () => {
    expect(keptFromJson(JSON.parse(JSON.stringify(keptToJson(kept))))).toEqual(kept);
    expect(memoryFromJson(memoryToJson({ attributes: kept }))).toEqual({ attributes: kept });
  });

  it("is nothing, not even a name, with an endpoint to which nobody has attached any", () => {
    expect(memoryToJson({})).toEqual({});
    expect(memoryFromJson({})).toEqual({});
    expect(withAttributes(kept, 1, { uri: URI, attributes: [] })).toBeUndefined();
  });

  it("is each server's own", () => {
    const both = withAttributes(kept, 2, { uri: "coap://b", attributes: [[path(3), { pmin: 1 }]] });
    expect(both?.get(1)).toEqual({ uri: URI, attributes: ATTRIBUTES });
    expect(both?.get(2)?.attributes).toEqual([["/3", { pmin: 1 }]]);
    expect(withAttributes(both, 1, { uri: URI, attributes: [] })?.has(2)).toBe(true);
  });

  it("is void for another server of the same number, and for one that is gone", () => {
    const account = { uri: URI, lifetime: 300, shortServerId: 1 };
    expect(ofAccounts(kept, [account])).toEqual(kept);
    expect(ofAccounts(kept, [{ ...account, uri: "coap://other" }])).toBeUndefined();
    expect(ofAccounts(kept, [{ ...account, shortServerId: 2 }])).toBeUndefined();
    expect(ofAccounts(undefined, [account])).toBeUndefined();
  });

  it("has bounds: a hundred paths of a server, sixteen servers", () => {
    const many: SavedAttributes = Array.from({ length: 500 }, (_, n) => [path(3303, n), { pmin: 1 }]);
    let all = withAttributes(undefined, 1, { uri: URI, attributes: many });
    expect(all?.get(1)?.attributes).toHaveLength(100);
    for (let id = 2; id < 40; id++) all = withAttributes(all, id, { uri: URI, attributes: ATTRIBUTES });
    expect(all?.size).toBe(16);
    const json = Object.fromEntries(
      Array.from({ length: 40 }, (_, id) => [id + 1, { uri: URI, paths: { "/3": { pmin: 1 } } }]),
    );
    expect(keptFromJson(json)?.size).toBe(16);
  });
});

describe("attributes read from a file", () => {
  it.each<[string, unknown]>([
    ["no section", 7],
    ["a list", [1, 2]],
    ["a path that is none", { "3303": { pmin: 1 } }],
    ["the root", { "/": { pmin: 1 } }],
    ["a name that nobody knows", { "/3303": { pmn: 1 } }],
    ["a text for a number", { "/3303": { pmin: "1" } }],
    ["a fraction of seconds", { "/3303": { pmin: 1.5 } }],
    ["less than nothing", { "/3303": { pmin: -1 } }],
    ["thresholds of an Object", { "/3303": { gt: 1 } }],
    ["a switch that is 2", { "/3303": { con: 2 } }],
    ["periods that contradict each other", { "/3303": { epmin: 60, epmax: 10 } }],
    ["nothing attached", { "/3303": {} }],
    ["no number at all", { "/3303/0/5700": { gt: null } }],
  ])("leaves out %s", (_, json) => {
    expect(attributesFromJson(json)).toEqual([]);
  });

  it("keeps what is good beside what is not", () => {
    expect(
      attributesFromJson({ "/3303/0/5700": { gt: -2.5, pmin: 3, junk: {} }, nonsense: 1, "/3": { pmax: 9 } }),
    ).toEqual([
      ["/3303/0/5700", { pmin: 3, gt: -2.5 }],
      ["/3", { pmax: 9 }],
    ]);
  });

  it.each<[string, unknown]>([
    ["without a server", { 1: { paths: { "/3": { pmin: 1 } } } }],
    ["of number 0", { 0: { uri: URI, paths: { "/3": { pmin: 1 } } } }],
    ["of a number in words", { one: { uri: URI, paths: { "/3": { pmin: 1 } } } }],
    ["without paths", { 1: { uri: URI } }],
  ])("are nobody's %s", (_, json) => {
    expect(keptFromJson(json)).toBeUndefined();
  });

  it("never throw, whatever stands there", () => {
    const random = new SeededRandom(11);
    const junk = (depth: number): unknown => {
      const pick = random.below(depth > 3 ? 5 : 8);
      if (pick === 0) return random.below(100) - 50;
      if (pick === 1) return "/3303/0/5700".slice(0, random.below(13));
      if (pick === 2) return null;
      if (pick === 3) return 1e300 * (random.below(3) - 1);
      if (pick === 4) return random.below(2) === 0;
      if (pick === 5) return [junk(depth + 1)];
      const keys = ["/3303", "/3303/0/5700", "pmin", "gt", "uri", "paths", "1", "__proto__"];
      return Object.fromEntries(Array.from({ length: 3 }, () => [keys[random.below(keys.length)], junk(depth + 1)]));
    };
    for (let round = 0; round < 5_000; round++)
      for (const [at, attributes] of keptFromJson(junk(0))?.get(1)?.attributes ?? []) {
        expect(at).toMatch(/^\/\d/);
        expect(Object.values(attributes).every(Number.isFinite)).toBe(true);
      }
  });
});
