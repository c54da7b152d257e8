/** Homie 3, 4 and 5: attributes and descriptions teach, properties tell. */

import { describe, expect, it } from "vitest";
import { homie } from "../../../src/library/conventions/homie.ts";
import { Memory } from "../../../src/library/conventions/memory.ts";
import { frameOf, message } from "../../support/definitions.ts";

function house() {
  const convention = homie();
  const parts = (topic: string, body: unknown, retained = false) => {
    const payload = message(topic, body);
    return convention.parts(
      frameOf(payload.kind === "message" && retained ? { ...payload, retained } : payload, topic),
    );
  };
  const hear = (topic: string, body: unknown, retained = false) =>
    parts(topic, body, retained).map((part) => ({
      source: part.source,
      ...Object.fromEntries(
        [...(convention.decode(part) ?? [])].map(([name, quantity]) => [name, quantity?.value ?? null]),
      ),
    }));
  return { convention, hear };
}

/** What a property of that kind makes of a text. */
function one(property: string, datatype: string, unit: string | undefined, text: string) {
  const { hear } = house();
  hear(`homie/k/n/${property}/$datatype`, datatype);
  if (unit !== undefined) hear(`homie/k/n/${property}/$unit`, unit);
  const [told] = hear(`homie/k/n/${property}`, text);
  if (told === undefined) return undefined;
  const { source, ...values } = told;
  expect(source).toBe("homie/k");
  return values;
}

describe("a property", () => {
  it.each([
    ["temperature", "float", "°C", "21.4", { temperature: 21.4 }],
    ["temperature-f", "float", "°F", "70.7", { temperature: 21.5 }],
    ["temperature", "float", undefined, "-7", { temperature: -7 }],
    ["temp", "integer", "K", "273", { temperature: -0.15 }],
    ["humidity", "float", "%", "55", { humidity: 55 }],
    ["battery", "integer", "%", "87", { battery: 87 }],
    ["pressure", "float", "hPa", "1013.25", { pressure: 101_325 }],
    ["outside", "float", "°C", "3", { "n_outside/temperature": 3 }],
    ["load", "float", "kW", "1.5", { "n_load/power": 1500 }],
    ["temperature", "float", "hPa", "3", { "n_temperature/pressure": 300 }],
    ["presses", "integer", "#", "3", { "n_presses/number": 3 }],
    ["luck", "integer", "cloverleaves", "3", { "n_luck/number": 3 }],
    ["motion", "boolean", undefined, "true", { motion: true }],
    ["lamp", "boolean", undefined, "false", { "n_lamp/state": false }],
    ["lamp", "boolean", undefined, "perhaps", { "n_lamp/state": null }],
    ["temperature", "float", "°C", "warm", { temperature: null }],
    ["temperature", "float", "°C", "", { temperature: null }],
  ])("%s (%s, %s) says %j: %j", (property, datatype, unit, text, expected) => {
    expect(one(property, datatype, unit, text)).toEqual(expected);
  });

  it.each(["string", "enum", "color", "datetime", "json"])("of type %s is no quantity", (datatype) => {
    expect(one("x", datatype, undefined, "5")).toBeUndefined();
  });

  it("of which nothing is known says nothing", () => {
    expect(house().hear("homie/k/n/temperature", "21")).toEqual([]);
  });

  it("has the name of its node where there are several", () => {
    const { hear } = house();
    hear("homie/k/$nodes", "east,west");
    for (const node of ["east", "west"]) hear(`homie/k/${node}/temperature/$datatype`, "float");
    expect(hear("homie/k/west/temperature", "5")).toEqual([{ source: "homie/k", "west/temperature": 5 }]);
    hear("homie/k/west/battery/$datatype", "float");
    expect(hear("homie/k/west/battery", "5")).toEqual([{ source: "homie/k", battery: 5 }]);
  });

  it("that a broker kept waits until it is known how many nodes there are", () => {
    const { hear } = house();
    hear("homie/k/east/temperature/$datatype", "float", true);
    expect(hear("homie/k/east/temperature", "5", true)).toEqual([]);
    hear("homie/k/$nodes", "east", true);
    expect(hear("homie/k/east/temperature", "5", true)).toEqual([{ source: "homie/k", temperature: 5 }]);
  });

  it("is nothing that is set, asked for, or of another base", () => {
    const { hear } = house();
    hear("homie/k/n/temperature/$datatype", "float");
    for (const topic of [
      "homie/k/n/temperature/set",
      "homie/k/n/$name",
      "homie/k/n",
      "homie/k",
      "homie",
      "house/k/n/temperature",
    ])
      expect(hear(topic, "21")).toEqual([]);
    expect(hear("homie/k/n/temperature", "2".repeat(300))).toEqual([]);
    expect(hear("homie/k k/n/temperature", "21")).toEqual([]);
  });
});

describe("a device", () => {
  const describeIt = (nodes: object, more: object = {}) => ({ homie: "5.0", version: 1, nodes, ...more });
  const float = { datatype: "float", unit: "°C" };

  it("of version 5 says all of itself at once", () => {
    const { hear } = house();
    hear("homie/5/attic/$description", describeIt({ n: { properties: { temperature: float } } }, { name: "Attic" }));
    expect(hear("homie/5/attic/n/temperature", "-4")).toEqual([
      { source: "homie/attic", temperature: -4, model: "Attic" },
    ]);
    hear("homie/5/attic/$description", describeIt({ n: { properties: { humidity: { datatype: "float" } } } }));
    expect(hear("homie/5/attic/n/temperature", "-4")).toEqual([]);
  });

  it.each(["", "{", "7", '{"nodes":7}', '{"nodes":{"n":{"properties":7}}}', '{"nodes":{"n":{"properties":{"t":7}}}}'])(
    "that describes itself as %j says nothing, and does no harm",
    (description) => {
      const { hear } = house();
      hear("homie/5/attic/$description", description);
      expect(hear("homie/5/attic/n/t", "-4")).toEqual([]);
    },
  );

  it("that is lost has no values any more", () => {
    const { hear } = house();
    hear("homie/k/n/temperature/$datatype", "float");
    expect(hear("homie/k/$state", "lost")).toEqual([{ source: "homie/k", _online: false }]);
    hear("homie/k/n/temperature", "21");
    expect(hear("homie/k/$state", "init")).toEqual([]);
    expect(hear("homie/k/$state", "sleeping")).toEqual([{ source: "homie/k", _online: true }]);
    expect(hear("homie/k/$state", "lost")).toEqual([{ source: "homie/k", temperature: null, _online: false }]);
    expect(hear("homie/k/n/temperature", "22")).toHaveLength(1);
  });
});

describe("a device that speaks for others", () => {
  it("takes its children with it", () => {
    const { hear } = house();
    const nodes = { n: { properties: { temperature: { datatype: "float", unit: "°C" } } } };
    hear("homie/5/bridge/$description", { homie: "5.0", nodes: {}, children: ["lamp"] });
    hear("homie/5/lamp/$description", { homie: "5.0", nodes, root: "bridge", parent: "bridge" });
    hear("homie/5/lamp/n/temperature", "21");
    expect(hear("homie/5/bridge/$state", "lost")).toEqual([
      { source: "homie/bridge", _online: false },
      { source: "homie/lamp", temperature: null, _online: false },
    ]);
    expect(hear("homie/5/lamp/$state", "disconnected")).toHaveLength(1);
  });
});

describe("what is remembered", () => {
  it("is 64 properties of a device", () => {
    const { hear } = house();
    for (let i = 0; i < 70; i++) hear(`homie/k/n/t${i}/$datatype`, "float");
    expect(hear("homie/k/n/t63", "1")).toHaveLength(1);
    expect(hear("homie/k/n/t64", "1")).toEqual([]);
    const properties = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`t${i}`, { datatype: "float" }]));
    hear("homie/5/k/$description", { nodes: { n: { properties } } });
    expect(hear("homie/5/k/n/t63", "1")).toHaveLength(1);
    expect(hear("homie/5/k/n/t64", "1")).toEqual([]);
  });

  it("is 2,000 devices, the one heard longest ago forgotten first", () => {
    const { hear } = house();
    for (let i = 0; i <= 2_000; i++) hear(`homie/k${i}/n/t/$datatype`, "float");
    expect(hear("homie/k2000/n/t", "1")).toHaveLength(1);
    expect(hear("homie/k0/n/t", "1")).toEqual([]);
  });

  it("is nothing in a fresh copy", () => {
    const { convention, hear } = house();
    hear("homie/k/n/temperature/$datatype", "float");
    const frame = frameOf(message("homie/k/n/temperature", "1"));
    expect(convention.fresh().parts(frame)).toEqual([]);
    expect(convention.parts(frame)).toHaveLength(1);
    expect(convention.owns("homie/k/n/temperature")).toBe(false);
  });
});

describe("a memory", () => {
  it("forgets the thing met longest ago, and says so", () => {
    const forgotten: string[] = [];
    const memory = new Memory<number>(2, (_thing, name) => forgotten.push(name));
    memory.meet("a", () => 1);
    memory.meet("b", () => 2);
    memory.meet("a", () => 3);
    memory.meet("c", () => 4);
    expect(forgotten).toEqual(["b"]);
    expect([...memory.values()]).toEqual([1, 4]);
    expect(memory.size).toBe(2);
    memory.delete("a");
    expect(memory.get("a")).toBeUndefined();
  });
});
