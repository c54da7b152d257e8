/** What the configuration says of one sensor, as its server sees it; and what does not fit, as people are told. */

import { describe, expect, it } from "vitest";
import { fields, Rig, type RigOptions } from "../rig.ts";
import { device, devicesOf, says } from "./stage.ts";

const CLIMATE = device("acme.climate", {
  fields: "temperature: { unit: Cel, range: [-40, 85] }\nhumidity: { unit: '%RH' }",
  objects: "3303/0: { value: temperature }\n3304/0: { value: humidity }",
});
type Own = NonNullable<RigOptions["sensors"]>[number];

async function scene(own: Partial<Own>, named = true) {
  const sensor: Own = { source: "radio/a", ...(named && { definition: CLIMATE.id, endpoint: "acme-a" }), ...own };
  const rig = await Rig.start({ devices: devicesOf(CLIMATE), sensors: [sensor], rules: [{}] });
  const hear = (source: string, temperature: number) =>
    rig.heard(`radio/${source}`, says(CLIMATE.id, { temperature, humidity: 50 }));
  const values = (endpoint: string) =>
    ["5700", "5601", "5602"].map((resource) => rig.value(endpoint, `/3303/0/${resource}`));
  return {
    rig,
    hear,
    values,
    problems: () => rig.gateway.status().problems.map(({ what, next }) => `${what} ${next}`),
  };
}

describe("a correction in the configuration", () => {
  it.each([true, false])("is that of one sensor alone, whether its definition is named or found: %s", async (named) => {
    const { hear, values } = await scene({ corrections: new Map([["temperature", { offset: -0.5 }]]) }, named);
    for (const source of ["a", "b"]) for (const value of [20, 22, 21]) await hear(source, value);
    expect(values("acme-a")).toEqual([20.5, 19.5, 21.5]);
    expect(values("acme-b")).toEqual([21, 20, 22]);
  });

  it("of a field that there is not is named, with what was probably meant, and the sensor works", async () => {
    const { rig, hear, values, problems } = await scene({ corrections: new Map([["temprature", { offset: 1 }]]) });
    await hear("a", 20);
    expect(values("acme-a")[0]).toBe(20);
    expect(problems()).toEqual([
      "F-1 a: acme.climate has no field temprature; did you mean temperature? " +
        "Correct it in the configuration. Its fields are temperature, humidity.",
    ]);
    expect(rig.gateway.sensor("acme-a")?.liveness).toBe("live");
  });

  it("of a field of a sensor that must be heard first is named then", async () => {
    const { hear, problems } = await scene({ report: { humidty: { delta: 1 } } }, false);
    expect(problems()).toEqual([]);
    await hear("a", 20);
    expect(problems()[0]).toContain("has no field humidty; did you mean humidity?");
  });
});

describe("patience in the configuration", () => {
  it("goes before that of the definition", async () => {
    const { rig, hear } = await scene({ alive: { staleMs: 3_600_000 } });
    await hear("a", 20);
    await hear("b", 20);
    const liveness = () => ["acme-a", "acme-b"].map((endpoint) => rig.gateway.sensor(endpoint)?.liveness);
    await rig.clock.advance(1_200_000);
    expect(liveness()).toEqual(["live", "gone"]);
    await rig.clock.advance(2_500_000);
    expect(liveness()).toEqual(["gone", "gone"]);
  });

  it("may be shorter", async () => {
    const { rig, hear } = await scene({ alive: { staleMs: 5_000, goneMs: 10_000 } });
    await hear("a", 20);
    await rig.clock.advance(7_000);
    expect(rig.gateway.sensor("acme-a")?.liveness).toBe("stale");
    await rig.clock.advance(5_000);
    expect(rig.gateway.sensor("acme-a")?.liveness).toBe("gone");
  });
});

describe("report figures in the configuration", () => {
  it("are what a server is told by that says nothing of it", async () => {
    const { rig, hear } = await scene({ report: { temperature: { delta: 0.5 } } });
    await hear("a", 20);
    const server = rig.server("acme-a");
    const token = server.send("GET", { path: "/3303/0/5700", observe: 0, accept: 0 });
    await rig.clock.advance(0);
    for (const value of [20.2, 20.4, 20.6, 20.8, 21.2]) await hear("a", value);
    expect(server.answers(token).map(({ text }) => Number(text))).toEqual([20, 20.6, 21.2]);
  });
});

describe("a sensor of which nothing is said", () => {
  it("shares what its kind has", async () => {
    const { rig, hear } = await scene({});
    await hear("a", 20);
    expect(rig.gateway.status().problems).toEqual([]);
    await rig.heard("radio/zz", fields({ model: "nothing" }));
    expect(rig.gateway.sensor("acme-a")).not.toHaveProperty("key");
  });
});
