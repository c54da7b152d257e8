import { describe, expect, it } from "vitest";
import { Neighbours, type GatewayMode } from "../../src/gateway/end-devices.ts";
import type { Memory } from "../../src/gateway/memory.ts";
import { ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { models } from "../support/station.ts";

function sensor(i: number) {
  const tree = new ObjectTree();
  tree.addInstance(path(3, 0));
  const memory: Memory = {};
  return { endpoint: `sensor-${i}`, tree, entry: { memory } };
}

function house(mode: GatewayMode, count: number) {
  const tree = new ObjectTree();
  const neighbours = new Neighbours(tree, models, { clock: new FakeClock(), mode });
  const sensors = Array.from({ length: count }, (_, i) => sensor(i));
  for (const each of sensors) neighbours.join(each);
  neighbours.settle();
  return { tree, neighbours, sensors };
}

describe("the list of sensors in Object 25", () => {
  it("is no longer than 64 where each is an endpoint of its own: the Register of the gateway stays one datagram", () => {
    expect(house("endpoints", 100).tree.instances()).toHaveLength(64);
    expect(house("endpoints", 10).tree.instances()).toHaveLength(10);
  });

  it.each(["both", "object25"] as const)("is whole where sensors are asked by it (%s)", (mode) => {
    expect(house(mode, 1_000).tree.instances()).toHaveLength(1_000);
  });

  it("takes up who found no room when somebody leaves", async () => {
    const { tree, neighbours, sensors } = house("endpoints", 65);
    expect(tree.hasInstance(path(25, 65))).toBe(false);
    neighbours.leave(sensors[0]!, Promise.resolve());
    neighbours.settle();
    neighbours.changed(sensors[1]!);
    neighbours.settle();
    expect(tree.hasInstance(path(25, 1))).toBe(false);
    expect(tree.hasInstance(path(25, 65))).toBe(true);
    expect(tree.instances()).toHaveLength(64);
  });

  it("keeps the number that a sensor had, and gives no two the same", () => {
    const { neighbours, sensors } = house("both", 3);
    const again: Memory = { device: 2 };
    expect(neighbours.join({ ...sensor(9), entry: { memory: again } })).toBe(true);
    expect(again.device).toBe(4);
    expect(sensors.map(({ entry }) => entry.memory.device)).toEqual([1, 2, 3]);
  });

  it("finds the tree of a prefix, and none for others", () => {
    const { neighbours, sensors } = house("both", 2);
    expect(neighbours.treeAt("d02")).toBe(sensors[1]!.tree);
    expect(neighbours.treeAt("d03")).toBeUndefined();
    expect(neighbours.treeAt("3303")).toBeUndefined();
  });
});
