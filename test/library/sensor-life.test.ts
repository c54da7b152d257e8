/** One sensor's mapping through a long life: extremes, resets, silence, what appears and what comes back. */

import { describe, expect, it } from "vitest";
import type { Device, Mapping } from "../../src/library/index.ts";
import { parsePath, type Path } from "../../src/model/path.ts";
import type { ResourceUpdate } from "../../src/model/value.ts";
import type { Scalar } from "../../src/sdk/adapter.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { AT, deviceOf, frameOf, message, ofFields } from "../support/definitions.ts";

const at = (text: string): Path => parsePath(text)!;
const shown = (updates: readonly ResourceUpdate[]) =>
  Object.fromEntries(updates.map(({ path, value }) => [path, value]));

/** A sensor of named values, and the state of its Resources as a server would see it. */
function sensor(device: Device, mapping: Mapping = device.createMapping()) {
  const state = new Map<string, unknown>();
  const apply = (updates: readonly ResourceUpdate[]) => {
    for (const { path, value } of updates) state.set(path, value);
    return shown(updates);
  };
  return {
    mapping,
    state,
    hear(fields: Readonly<Record<string, Scalar>>) {
      const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", ...fields } }));
      return apply(reading ? mapping.updates(reading) : []);
    },
    silence: (liveness: "stale" | "gone") => apply(mapping.silence(liveness, AT)),
    reset(instance: string) {
      const planned = mapping.command({ path: at(`${instance}/5605`), source: "s", at: AT });
      return planned?.kind === "local" ? apply(planned.updates) : undefined;
    },
  };
}

const CLIMATE = deviceOf(
  ofFields("t: { unit: Cel, range: [-40, 85] }\nh: { unit: '%RH' }", "3303/0: { value: t }\n3304/0: { value: h }"),
);

describe("minimum and maximum", () => {
  it("are those of all values since the last reset, whatever comes", () => {
    const random = new SeededRandom(5);
    const { hear, reset, state } = sensor(CLIMATE);
    let seen: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const t = (random.below(12_500) - 4_000) / 100;
      hear({ t });
      seen.push(t);
      if (random.below(100) === 0) {
        reset("/3303/0");
        seen = [t];
      }
      expect(state.get("/3303/0/5601")).toBe(Math.min(...seen));
      expect(state.get("/3303/0/5602")).toBe(Math.max(...seen));
      expect(state.get("/3303/0/5700")).toBe(t);
    }
  });

  it("do not count what was out of range, or was no number", () => {
    const { hear, state } = sensor(CLIMATE);
    for (const t of [20, 99, -41, "x", true, 21]) hear({ t });
    expect([state.get("/3303/0/5601"), state.get("/3303/0/5602")]).toEqual([20, 21]);
  });

  it("of one Instance are not reset with another's", () => {
    const { hear, reset, state } = sensor(CLIMATE);
    hear({ t: 20, h: 40 });
    hear({ t: 30, h: 50 });
    expect(reset("/3303/0")).toEqual({ "/3303/0/5601": 30, "/3303/0/5602": 30 });
    expect([state.get("/3304/0/5601"), state.get("/3304/0/5602")]).toEqual([40, 50]);
  });

  it("go on from the last value that was one when they are reset in silence", () => {
    const { hear, reset, silence } = sensor(CLIMATE);
    hear({ t: 20 });
    hear({ t: 99 });
    silence("gone");
    expect(reset("/3303/0")).toEqual({ "/3303/0/5601": 20, "/3303/0/5602": 20 });
  });

  it("know zero and minus zero, and the smallest step", () => {
    const { hear, state } = sensor(CLIMATE);
    for (const t of [0, -0.01, 0.01]) hear({ t });
    expect([state.get("/3303/0/5601"), state.get("/3303/0/5602")]).toEqual([-0.01, 0.01]);
  });
});

describe("quality", () => {
  const quality = (value: unknown) => ({ "/3303/0/6042": value });

  it("is told once for each change, in whatever order they come", () => {
    const { hear, silence } = sensor(CLIMATE);
    expect(hear({ t: 20 })).toMatchObject(quality(4));
    expect(hear({ t: 20 })).not.toHaveProperty("/3303/0/6042");
    expect(silence("stale")).toMatchObject(quality(3));
    expect(silence("stale")).toEqual({});
    expect(hear({ t: 99 })).toEqual(quality(1));
    expect(hear({ t: 99 })).toEqual({});
    expect(silence("stale")).toEqual(quality(3));
    expect(silence("gone")).toMatchObject(quality(1));
    expect(hear({ t: 20 })).toMatchObject({ ...quality(4), "/3/0/11/0": 0 });
  });

  it("of what was not heard again stays as silence left it", () => {
    const { hear, silence, state } = sensor(CLIMATE);
    hear({ t: 20, h: 40 });
    silence("stale");
    hear({ t: 21 });
    expect([state.get("/3303/0/6042"), state.get("/3304/0/6042")]).toEqual([4, 3]);
  });

  it("comes with the time at which silence was noticed", () => {
    const { mapping, hear } = sensor(CLIMATE);
    hear({ t: 20 });
    const later = { ms: AT.ms + 90_000, trusted: true };
    for (const update of mapping.silence("gone", later)) expect(update.at).toEqual(later);
  });

  it("never changes a value or its time of measurement", () => {
    const { hear, silence, state } = sensor(CLIMATE);
    hear({ t: 20 });
    const before = [state.get("/3303/0/5700"), state.get("/3303/0/5518")];
    silence("stale");
    silence("gone");
    expect([state.get("/3303/0/5700"), state.get("/3303/0/5518")]).toEqual(before);
  });
});

describe("a clock that was never set", () => {
  it("stamps no Resource, though the values are as good as ever", () => {
    const reading = CLIMATE.decode({
      ...frameOf({ kind: "fields", fields: { model: "f", t: 20 } }),
      at: { ms: 5, trusted: false },
    });
    const updates = shown(CLIMATE.createMapping().updates(reading!));
    expect(updates).toMatchObject({ "/3303/0/5700": 20, "/3303/0/6042": 4 });
    expect(updates).not.toHaveProperty("/3303/0/5518");
  });
});

describe("what appeared before a restart", () => {
  const GROWING = deviceOf(
    ofFields(
      "t: { unit: Cel }\nco2: { unit: ppm }",
      "3303/0: { value: t, type: room, when: present }\n" +
        "3325/0: { value: co2, when: present }\n3428/0: { 17: co2, 5518: { time: true }, when: present }",
    ),
  );

  it("comes back with its constants and what can be executed in it", () => {
    const { mapping, hear } = sensor(GROWING);
    const restored = mapping.restore([[at("/3303/0"), "t"]]);
    expect(restored.instances).toEqual(["/3303/0"]);
    expect(shown(restored.constants.map((each) => ({ ...each, at: AT })))).toEqual({
      "/3303/0/5701": "Cel",
      "/3303/0/5750": "room",
    });
    expect(mapping.handlers(at("/3303/0")).executable).toEqual(["/3303/0/5605"]);
    expect(hear({ t: 20 })).not.toHaveProperty("/3303/0/5701");
    expect(mapping.heardAs(at("/3303/0"))).toBe("t");
  });

  it("says that it is stale or gone before it is heard again", () => {
    const { mapping, silence } = sensor(GROWING);
    mapping.restore([[at("/3303/0"), "t"]]);
    expect(silence("stale")).toEqual({ "/3303/0/6042": 3 });
    expect(silence("gone")).toEqual({ "/3303/0/6042": 1, "/3/0/11/0": 8 });
  });

  it("does not keep others from appearing that the same name makes appear", () => {
    const { mapping, hear } = sensor(GROWING);
    mapping.restore([[at("/3325/0"), "co2"]]);
    expect(hear({ co2: 600 })).toMatchObject({ "/3325/0/5700": 600, "/3428/0/17": 600 });
    expect(mapping.heardAs(at("/3428/0"))).toBe("co2");
  });

  it.each([
    ["an Instance that is always there", "/3/0", "t"],
    ["an Instance nobody described", "/3303/1", "t"],
    ["an Object nobody described", "/9999/0", "t"],
    ["another quantity's Instance", "/3303/0", "co2"],
    ["a name nobody described", "/3303/0", "u"],
    ["no Instance", "/3303", "t"],
    ["a Resource", "/3303/0/5700", "t"],
  ])("is left out if it is %s", (_what, instance, name) => {
    const { mapping, hear } = sensor(GROWING);
    expect(mapping.restore([[at(instance), name]])).toEqual({ instances: [], constants: [] });
    expect(hear({ t: 20 })).toMatchObject({ "/3303/0/5700": 20, "/3303/0/5701": "Cel" });
  });

  it("comes back once, however often it is remembered", () => {
    const { mapping, hear } = sensor(GROWING);
    const twice: [Path, string][] = [
      [at("/3303/0"), "t"],
      [at("/3303/0"), "t"],
    ];
    expect(mapping.restore(twice).instances).toEqual(["/3303/0"]);
    expect(Object.keys(hear({ t: 20 })).filter((path) => path.endsWith("5700"))).toHaveLength(1);
  });
});

describe("the parts of a device that were heard before a restart", () => {
  const MANY = deviceOf(`schema: device/v1
id: acme.many
vendor: Acme
model: M
match: { mqtt: { topic: "many/+" } }
identity: { endpoint: "{source}" }
frame: { json: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields: { t: { json: "$.*.T", unit: Cel }, h: { json: "$.*.H", unit: "%RH" } }
objects: { 3303/*: { value: t, when: present }, 3304/*: { value: h, when: present } }
tests: [{ name: none, topic: many/x, json: {} }]
`);
  const hear = (mapping: Mapping, body: unknown) => {
    const updates = shown(mapping.updates(MANY.decode(frameOf(message("many/x", body)))!));
    return Object.fromEntries(Object.entries(updates).filter(([path]) => path.endsWith("/5700")));
  };

  it("have the numbers that they had", () => {
    const mapping = MANY.createMapping();
    mapping.restore([
      [at("/3303/0"), "A/t"],
      [at("/3303/5"), "B/t"],
      [at("/3304/0"), "B/h"],
    ]);
    expect(hear(mapping, { C: { T: 3 } })).toEqual({ "/3303/1/5700": 3 });
    expect(hear(mapping, { B: { T: 2, H: 50 }, A: { T: 1, H: 40 } })).toEqual({
      "/3303/0/5700": 1,
      "/3303/5/5700": 2,
      "/3304/0/5700": 50,
      "/3304/1/5700": 40,
    });
  });

  it("are remembered by the names under which they were heard", () => {
    const mapping = MANY.createMapping();
    hear(mapping, { A: { T: 1 }, B: { T: [2, 3] } });
    const names = ["/3303/0", "/3303/1", "/3303/2", "/3303/3"].map((instance) => mapping.heardAs(at(instance)));
    expect(names).toEqual(["A/t", "B/t_1", "B/t_2", undefined]);
  });

  it("are no more than so many, remembered and new ones together", () => {
    const mapping = MANY.createMapping();
    const remembered = Array.from({ length: 200 }, (_, id): [Path, string] => [at(`/3303/${id}`), `r${id}/t`]);
    expect(mapping.restore(remembered).instances).toHaveLength(64);
    for (let id = 0; id < 100; id++) expect(hear(mapping, { [`n${id}`]: { T: 1 } })).toEqual({});
    expect(hear(mapping, { r7: { T: 7 } })).toEqual({ "/3303/7/5700": 7 });
  });
});
