/** All paths of a definition in one walk: what they find together is what each of them finds alone. */

import { describe, expect, it } from "vitest";
import { Finds } from "../../../src/library/framing/document/finds.ts";
import type { Found, Raw } from "../../../src/library/framing/framing.ts";
import { componentOf, isRecord, type JsonPath, walk } from "../../../src/library/framing/path.ts";

const read = (value: unknown): Raw => (typeof value === "number" ? value : null);

interface Starred {
  readonly above: JsonPath;
  readonly begins: string;
  readonly below: JsonPath;
}

/** As the language describes it, one path at a time. */
function alone(document: unknown, { above, begins, below }: Starred): readonly Found[] {
  const place = walk(document, above);
  const items: unknown[] = Array.isArray(place) ? place.slice(0, 32) : [];
  const things = isRecord(place)
    ? Object.entries(place)
    : items.map((item, i) => [`${above.at(-1) ?? "item"}_${i + 1}`, item] as const);
  const found = things.flatMap(([key, thing]): Found[] => {
    const value = walk(thing, below);
    if (value === undefined || key.length > 64 || !key.startsWith(begins)) return [];
    const component = componentOf(key);
    if (!Array.isArray(value)) return [[component, "", read(value)]];
    return value.map((each, n) => [component, `_${n + 1}`, read(each)]);
  });
  return found.slice(0, 32);
}

const KEYS = ["a", "ab", "b", "0", "1", "item_1", "a_1", "x:1", "constructor", "__proto__", "length", "k".repeat(65)];

/** The same with every run. */
function dice(seed: number) {
  let state = seed;
  const roll = (sides: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
  return { roll, of: <T>(all: readonly T[]): T => all[roll(all.length)] ?? all[0]! };
}

type Dice = ReturnType<typeof dice>;

function text({ roll, of }: Dice, depth: number): string {
  const kind = depth === 0 ? 5 : roll(6);
  if (kind === 5) return of(["1", "2.5", '"word"', "null", "true"]);
  const inner = Array.from({ length: roll(4) + (kind === 4 && roll(9) === 0 ? 40 : 0) }, () =>
    text({ roll, of }, depth - 1),
  );
  return kind === 4
    ? `[${inner.join(",")}]`
    : `{${inner.map((each) => `${JSON.stringify(of(KEYS))}:${each}`).join(",")}}`;
}

const path = ({ roll, of }: Dice, most: number): JsonPath => Array.from({ length: roll(most + 1) }, () => of(KEYS));

describe("paths that are found together", () => {
  it("find what each of them finds alone, in random documents", () => {
    let hits = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = dice(seed);
      const finds = new Finds();
      const ones = Array.from({ length: 10 }, () => path(random, 3)).map((each) => ({
        path: each,
        slot: finds.one(each),
      }));
      const manys = Array.from({ length: 10 }, () => {
        const star = { above: path(random, 2), begins: random.of(["", "", "a", "x", "item"]), below: path(random, 2) };
        return { star, slot: finds.many({ ...star, read }) };
      });
      for (let n = 0; n < 10; n++) {
        const document: unknown = JSON.parse(text(random, 5));
        finds.read(document);
        for (const { path, slot } of ones) expect(finds.value(slot)).toEqual(walk(document, path));
        for (const { star, slot } of manys) {
          expect(finds.found(slot)).toEqual(alone(document, star));
          hits += finds.found(slot).length;
        }
      }
    }
    expect(hits).toBeGreaterThan(1000);
  });

  it("forget one document with the next", () => {
    const finds = new Finds();
    const one = finds.one(["a"]);
    const many = finds.many({ above: [], begins: "", below: ["t"], read });
    finds.read({ a: { t: 1 } });
    expect([finds.value(one), finds.found(many)]).toEqual([{ t: 1 }, [["a", "", 1]]]);
    finds.read({ b: 1 });
    expect([finds.value(one), finds.found(many)]).toEqual([undefined, []]);
    finds.read(null);
    expect([finds.value(one), finds.found(many)]).toEqual([undefined, []]);
  });

  it("share a slot where they are the same, unless each reads it in its own way", () => {
    const finds = new Finds();
    expect(finds.one(["a", "b"])).toBe(finds.one(["a", "b"]));
    const as = (raw: Raw) => finds.many({ above: [], begins: "", below: [], read: () => raw });
    const [first, second] = [as(1), as(2)];
    finds.read({ k: "v" });
    expect([finds.found(first), finds.found(second)]).toEqual([[["k", "", 1]], [["k", "", 2]]]);
  });

  it("go on finding however many keys were never heard before", () => {
    const finds = new Finds();
    const many = finds.many({ above: [], begins: "s", below: ["t"], read });
    for (let i = 0; i < 1000; i++) finds.read({ [`s${i}`]: { t: i }, [`other${i}`]: { t: i } });
    expect(finds.found(many)).toEqual([["s999", "", 999]]);
  });
});
