import { describe, expect, it } from "vitest";
import { ObjectTree, sameValue } from "../../src/lwm2m/tree.ts";
import { comparePaths } from "../../src/lwm2m/values.ts";
import { path, type Path, ROOT } from "../../src/model/path.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { models } from "../support/station.ts";

const AT = { ms: 1_000, trusted: true };
const LATER = { ms: 2_000, trusted: true };
const VALUE = path(3303, 0, 5700);
const UNIT = path(3303, 0, 5701);

function listened(tree: ObjectTree): { changes: Path[][]; differences: Path[][] } {
  const changes: Path[][] = [];
  const differences: Path[][] = [];
  tree.onChange((paths) => changes.push([...paths]));
  tree.onDifference((paths) => differences.push([...paths]));
  return { changes, differences };
}

describe("the object tree", () => {
  it("keeps a value with the time it was measured", () => {
    const tree = new ObjectTree();
    tree.set(VALUE, 22.5, AT);
    expect(tree.get(VALUE)).toEqual({ value: 22.5, at: AT });
    expect(tree.get(UNIT)).toBeUndefined();
  });

  it("shows Instances in ascending order, by number and not by letter", () => {
    const tree = new ObjectTree();
    for (const instance of [path(3303, 10), path(3303, 2), path(3, 0), path(3303, 0)]) tree.addInstance(instance);
    expect(tree.instances()).toEqual(["/3/0", "/3303/0", "/3303/2", "/3303/10"]);
  });

  it("refuses as an Instance what is none", () => {
    expect(() => new ObjectTree().addInstance(path(3303))).toThrow(RangeError);
    expect(() => new ObjectTree().addInstance(VALUE)).toThrow(RangeError);
  });

  it("walks entries below a path in ascending order, whatever the order they came in", () => {
    const random = new SeededRandom(5);
    const tree = new ObjectTree();
    const paths = Array.from({ length: 200 }, () => path(random.below(4), random.below(12), random.below(30)));
    for (const each of paths) tree.set(each, 1, AT);
    const walked = tree.entries(ROOT).map(([at]) => at);
    expect(walked).toEqual([...new Set(paths)].sort(comparePaths));
    expect(tree.entries(path(1)).every(([at]) => at.startsWith("/1/"))).toBe(true);
    tree.set(path(0, 0, 0), 2, AT);
    tree.set(path(5, 0, 0), 2, AT);
    expect(tree.entries(ROOT)[0]?.[0]).toBe("/0/0/0");
    expect(tree.entries(ROOT).at(-1)?.[0]).toBe("/5/0/0");
  });

  it("does not take /3303/1 for a part of /3303/11", () => {
    const tree = new ObjectTree();
    tree.set(path(3303, 11, 5700), 1, AT);
    expect(tree.entries(path(3303, 1))).toEqual([]);
  });

  it("tells listeners of a newer value even if it is the same, but not as a difference", () => {
    const tree = new ObjectTree();
    tree.set(VALUE, 22, AT);
    const { changes, differences } = listened(tree);
    tree.set(VALUE, 22, LATER);
    expect(changes).toEqual([[VALUE]]);
    expect(differences).toEqual([]);
    tree.set(VALUE, 23, LATER);
    expect(differences).toEqual([[VALUE]]);
    expect(tree.get(VALUE)?.at).toBe(LATER);
  });

  it("tells one reading once, when all of it is stored", () => {
    const tree = new ObjectTree();
    tree.set(UNIT, "Cel", AT);
    const seen: unknown[] = [];
    tree.onDifference((paths) => seen.push([...paths], tree.get(VALUE)?.value));
    const { changes } = listened(tree);
    tree.setAll([
      { path: UNIT, value: "Cel", at: LATER },
      { path: VALUE, value: 21, at: LATER },
    ]);
    expect(changes).toEqual([[UNIT, VALUE]]);
    expect(seen).toEqual([[VALUE], 21]);
  });

  it("says nothing of a reading without content", () => {
    const tree = new ObjectTree();
    const { changes, differences } = listened(tree);
    tree.setAll([]);
    expect([changes, differences]).toEqual([[], []]);
  });

  it("tells of what is deleted, and not of what was never there", () => {
    const tree = new ObjectTree();
    tree.set(VALUE, 1, AT);
    tree.set(UNIT, "Cel", AT);
    const { changes, differences } = listened(tree);
    tree.delete(path(3303, 0));
    tree.delete(path(3303, 0));
    expect(changes).toEqual([[VALUE, UNIT]]);
    expect(differences).toEqual([[VALUE, UNIT]]);
    expect(tree.entries(ROOT)).toEqual([]);
  });

  it("stops telling whoever asked for silence", () => {
    const tree = new ObjectTree();
    let calls = 0;
    const stops = [tree.onChange(() => calls++), tree.onDifference(() => calls++), tree.onInstances(() => calls++)];
    stops.push(tree.onStored(() => calls++));
    for (const stop of stops) stop();
    tree.addInstance(path(3303, 0));
    tree.set(VALUE, 1, AT);
    tree.store(VALUE, 2, AT);
    expect(calls).toBe(0);
  });

  it("takes values and handlers away with their Instance, and tells of it", () => {
    const tree = new ObjectTree();
    let told = 0;
    tree.addInstance(path(3306, 0));
    tree.addInstance(path(3306, 1));
    tree.onInstances(() => told++);
    tree.set(path(3306, 0, 5850), true, AT);
    tree.onWrite(path(3306, 0, 5850), async () => ({ status: "done" }));
    tree.onExecute(path(3306, 0, 5605), async () => ({ status: "done" }));
    tree.onExecute(path(3306, 1, 5605), async () => ({ status: "done" }));
    const { differences } = listened(tree);
    tree.removeInstance(path(3306, 0));
    tree.removeInstance(path(3306, 0));
    expect(tree.hasInstance(path(3306, 0))).toBe(false);
    expect(tree.get(path(3306, 0, 5850))).toBeUndefined();
    expect(tree.writeHandler(path(3306, 0, 5850))).toBeUndefined();
    expect(tree.executables()).toEqual(["/3306/1/5605"]);
    expect(differences).toEqual([["/3306/0", "/3306/0/5850"]]);
    expect(told).toBe(1);
  });

  it("does not tell twice of an Instance that is already there", () => {
    const tree = new ObjectTree();
    let told = 0;
    tree.onInstances(() => told++);
    tree.addInstance(path(3, 0));
    tree.addInstance(path(3, 0));
    expect(told).toBe(1);
  });

  it("tells whoever saves of what the server stored, and of what it took away", () => {
    const tree = new ObjectTree();
    const stored: unknown[] = [];
    tree.onStored((at, value) => stored.push([at, value]));
    tree.store(path(3303, 0, 5750), "Freezer", AT);
    tree.store(path(3303, 0, 5750), undefined, AT);
    expect(stored).toEqual([
      ["/3303/0/5750", "Freezer"],
      ["/3303/0/5750", undefined],
    ]);
    expect(tree.get(path(3303, 0, 5750))).toBeUndefined();
  });

  it("finds handlers by their path, writable ones in order", () => {
    const tree = new ObjectTree();
    const handler = async () => ({ status: "done" as const });
    tree.onWrite(path(3306, 0, 5851), handler);
    tree.onWrite(path(3306, 0, 5850), handler);
    tree.onExecute(path(3, 0, 4), handler);
    expect(tree.writables()).toEqual(["/3306/0/5850", "/3306/0/5851"]);
    expect(tree.writeHandler(path(3306, 0, 5850))).toBe(handler);
    expect(tree.executeHandler(path(3, 0, 4))).toBe(handler);
    expect(tree.executeHandler(path(3, 0, 5))).toBeUndefined();
    expect(new ObjectTree().executables()).toEqual([]);
  });
});

describe("a tree that servers may change", () => {
  it("gives the handler closest to a path, or itself where it keeps what is written", () => {
    const tree = new ObjectTree();
    const handler = () => undefined;
    tree.allowWrite(path(3306));
    tree.onWrite(path(3306, 0), handler);
    tree.allowWrite(path(3306, 0, 5750));
    expect(tree.writer(path(3306, 1, 5850))).toBe("tree");
    expect(tree.writer(path(3306, 0, 5850))).toBe(handler);
    expect(tree.writer(path(3306, 0, 5750))).toBe("tree");
    expect(tree.writer(path(3306, 0, 5850, 1))).toBe(handler);
    expect(tree.writer(path(3307, 0, 5850))).toBeUndefined();
    expect(new ObjectTree().writer(path(3306, 0, 5850))).toBeUndefined();
    // Only Resources are shown before they have a value.
    expect(tree.writables()).toEqual(["/3306/0/5750"]);
  });

  it("replaces all Instances of a multiple Resource as one change", () => {
    const tree = new ObjectTree();
    tree.setInstances(path(3, 0, 7), [1, 2, 3], AT);
    const { differences } = listened(tree);
    tree.setInstances(
      path(3, 0, 7),
      new Map([
        [1, 2],
        [5, 9],
      ]),
      LATER,
    );
    expect(tree.entries(path(3, 0, 7)).map(([at, { value }]) => [at, value])).toEqual([
      ["/3/0/7/1", 2],
      ["/3/0/7/5", 9],
    ]);
    expect(differences).toEqual([["/3/0/7/0", "/3/0/7/2", "/3/0/7/5"]]);
    expect(() => tree.setInstances(path(3, 0), [1], AT)).toThrow(RangeError);
    expect(() => tree.setInstances(path(3, 0, 7, 0), [1], AT)).toThrow(RangeError);
  });

  it("knows an empty list from none", () => {
    const tree = new ObjectTree();
    const list = path(3, 0, 7);
    expect(tree.isVacant(list)).toBe(false);
    tree.setInstances(list, [1], AT);
    tree.setInstances(list, [], AT);
    expect(tree.isVacant(list)).toBe(true);
    tree.set(path(3, 0, 7, 4), 1, AT);
    expect(tree.isVacant(list)).toBe(false);
    tree.storeAll([], [path(3, 0, 7, 4)]);
    expect(tree.isVacant(list)).toBe(true);
    tree.delete(list);
    expect(tree.isVacant(list)).toBe(false);
    tree.setInstances(list, [], AT);
    tree.addInstance(path(3, 0));
    tree.removeInstance(path(3, 0));
    expect([...tree.vacancies()]).toEqual([]);
  });

  it("takes one Resource Instance away, and leaves the others", () => {
    const tree = new ObjectTree();
    tree.setInstances(path(3, 0, 7), [1, 2], AT);
    tree.delete(path(3, 0, 7, 0));
    expect(tree.entries(path(3, 0, 7)).map(([at]) => at)).toEqual(["/3/0/7/1"]);
  });

  it("stores all that a request changes as one change, and tells whoever saves", () => {
    const tree = new ObjectTree();
    tree.set(VALUE, 1, AT);
    tree.set(UNIT, "Cel", AT);
    const { changes, differences } = listened(tree);
    const stored: unknown[] = [];
    tree.onStored((at, value) => stored.push([at, value, tree.get(VALUE)?.value]));
    tree.storeAll([{ path: VALUE, value: 2, at: LATER }], [UNIT]);
    expect(changes).toEqual([[UNIT, VALUE]]);
    expect(differences).toEqual([[UNIT, VALUE]]);
    expect(stored).toEqual([
      [UNIT, undefined, 2],
      [VALUE, 2, 2],
    ]);
  });

  it("forgets all that was said of an Instance with it", () => {
    const tree = new ObjectTree();
    tree.addInstance(path(5, 0));
    tree.allowWrite(path(5, 0, 1));
    tree.onWrite(path(5, 0), () => undefined);
    tree.onRead(path(5, 0, 3), () => 0);
    tree.onUpload(path(5, 0, 0), () => ({ status: "timeout" }));
    tree.removeInstance(path(5, 0));
    expect(tree.writer(path(5, 0, 1))).toBeUndefined();
    expect(tree.uploadHandler(path(5, 0, 0))).toBeUndefined();
    expect(tree.readers?.size).toBe(0);
    expect(tree.writables()).toEqual([]);
  });

  it("knows which Instances may come and go", () => {
    const tree = new ObjectTree();
    expect(tree.creation(3303)).toBeUndefined();
    expect(tree.deletion(3303)).toBeUndefined();
    tree.onCreate(3303);
    tree.onDelete(3303);
    expect(tree.creation(3303)).toEqual({ handler: undefined, options: {} });
    expect(tree.deletion(3303)).toEqual({ handler: undefined });
  });
});

describe("a tree with models", () => {
  it("refuses values of the wrong type where they are set, and stores nothing of the reading", () => {
    const tree = new ObjectTree(models);
    tree.set(VALUE, 22, AT);
    expect(() => tree.set(VALUE, "warm", AT)).toThrow(new RangeError("/3303/0/5700: string is no float"));
    expect(() => tree.set(VALUE, NaN, AT)).toThrow(RangeError);
    expect(() =>
      tree.setAll([
        { path: VALUE, value: 23, at: AT },
        { path: UNIT, value: 5, at: AT },
      ]),
    ).toThrow(/5701: number is no string/);
    expect(() => tree.setInstances(path(3, 0, 7), [1, 1.5], AT)).toThrow(/3\/0\/7\/1/);
    expect(tree.entries(ROOT).map(([, { value }]) => value)).toEqual([22]);
    // What nobody has described can be anything.
    tree.set(path(65_000, 0, 1), "anything", AT);
  });
});

describe("equality of values", () => {
  it("compares bytes and links by content", () => {
    expect(sameValue(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(sameValue(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameValue({ object: 3, instance: 0 }, { object: 3, instance: 0 })).toBe(true);
    expect(sameValue({ object: 3, instance: 0 }, { object: 3, instance: 1 })).toBe(false);
    expect(sameValue({ object: 3, instance: 0 }, Uint8Array.of(3, 0))).toBe(false);
    expect(sameValue(Uint8Array.of(3, 0), { object: 3, instance: 0 })).toBe(false);
  });

  it("does not take 1 for true, or for the text 1", () => {
    expect(sameValue(1, true)).toBe(false);
    expect(sameValue(1, "1")).toBe(false);
    expect(sameValue(5n, 5n)).toBe(true);
  });

  it("takes what is no number twice for the same, or it would be told for ever", () => {
    expect(sameValue(NaN, NaN)).toBe(true);
  });
});
