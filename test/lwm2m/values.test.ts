import { describe, expect, it } from "vitest";
import { comparePaths, Values } from "../../src/lwm2m/values.ts";
import { contains, ids, path, type Path, ROOT } from "../../src/model/path.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const AT = { ms: 1, trusted: true };

/** The plain way to compare, to check the fast one against. */
function plainly(a: Path, b: Path): number {
  const [left, right] = [ids(a), ids(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++)
    if (left[i] !== right[i]) return Math.sign(left[i]! - right[i]!);
  return Math.sign(left.length - right.length);
}

function anyPath(random: SeededRandom): Path {
  const number = () => random.pick([0, 1, 9, 10, 11, 99, 100, 3303, 3304, 5700, 65_534]);
  return path(...Array.from({ length: random.below(5) }, number));
}

describe("the order of paths", () => {
  it("is by number, level by level, a parent before its children", () => {
    const ordered = [ROOT, path(3), path(3, 0), path(3, 0, 9), path(3, 0, 10), path(3, 0, 10, 1), path(3, 1), path(20)];
    expect([...ordered].reverse().sort(comparePaths)).toEqual(ordered);
  });

  it("is the same as that of the numbers, for any two paths", () => {
    const random = new SeededRandom(21);
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [anyPath(random), anyPath(random)];
      expect(Math.sign(comparePaths(a, b)), `${a} ${b}`).toBe(plainly(a, b));
    }
  });
});

describe("values by path", () => {
  it("agree with a Map, with few and with many, through any changes", () => {
    const random = new SeededRandom(22);
    for (const spread of [4, 40]) {
      const values = new Values();
      const plain = new Map<Path, number>();
      for (let i = 0; i < 3_000; i++) {
        const where = path(random.below(3), random.below(spread), random.below(spread));
        if (random.unit() < 0.05) {
          const gone = random.pick([where, path(...ids(where).slice(0, 2))]);
          const expected = [...plain.keys()].filter((at) => contains(gone, at));
          expect(values.remove(gone)).toEqual(expected.sort(comparePaths));
          for (const at of expected) plain.delete(at);
        } else {
          expect(values.put(where, i, AT)).toBe(plain.get(where));
          plain.set(where, i);
        }
        expect(values.get(where)?.value).toBe(plain.get(where));
      }
      const expected = [...plain].sort(([a], [b]) => comparePaths(a, b));
      expect(values.below(ROOT).map(([at, { value }]) => [at, value])).toEqual(expected);
      expect(values.below(path(1)).map(([at]) => at)).toEqual(
        expected.map(([at]) => at).filter((at) => contains(path(1), at)),
      );
    }
  });

  it("does not share what it stores with others that are empty", () => {
    const one = new Values();
    const other = new Values();
    one.put(path(3, 0, 9), 50, AT);
    expect(other.get(path(3, 0, 9))).toBeUndefined();
    expect(other.below(ROOT)).toEqual([]);
    expect(other.remove(ROOT)).toEqual([]);
  });
});
