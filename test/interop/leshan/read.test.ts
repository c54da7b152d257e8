/** Leshan reads and discovers: what arrives is what the sensor holds, in every format that Leshan knows. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wholeNumber } from "../../../src/model/value.ts";
import type { Answer, Format, LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);

/** By Resource of the test Object; Leshan shows an Object Link as a path. */
const TYPES: readonly (readonly [type: string, resource: number, value: unknown])[] = [
  ["string", 110, "täglich"],
  ["integer", 120, 1_024],
  ["unsigned integer", 125, 2 ** 40],
  ["float", 130, 22],
  ["boolean", 140, true],
  ["opaque", 150, { hex: "00ff10" }],
  ["time", 160, { time: 1_700_000_000 }],
  ["object link", 170, "/3303/1"],
  ["core link", 180, "</3303/0>"],
];
const NUMBERS: Readonly<Record<Format, number>> = {
  TEXT: 0,
  OPAQUE: 42,
  CBOR: 60,
  SENML_JSON: 110,
  SENML_CBOR: 112,
  TLV: 11_542,
  JSON: 11_543,
};
const STRUCTURED = ["TLV", "JSON", "SENML_JSON", "SENML_CBOR"] as const;
const ALL = ["TEXT", "CBOR", ...STRUCTURED] as const;

describe.skipIf(skipped !== undefined)("Leshan reads", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("reading");
  });
  afterAll(() => rig.end());

  const content = (answer: Answer, format: Format) => {
    expect(answer).toMatchObject({ code: "2.05", format: NUMBERS[format] });
    return answer.values;
  };

  describe.each(ALL)("%s:", (format) => {
    it.each(TYPES)("a %s", async (_, resource, value) => {
      const path = `/3442/0/${resource}`;
      expect(content(await client.read(path, format), format)).toEqual({ [path]: value });
    });

    it("a Resource Instance of each type", async () => {
      for (const [, resource, value] of TYPES) {
        const path = `/3442/0/1${resource}/7`;
        expect(content(await client.read(path, format), format)).toEqual({ [path]: value });
      }
    });
  });

  describe.each(STRUCTURED)("%s:", (format) => {
    it("a multiple Resource of each type", async () => {
      for (const [, resource, value] of TYPES) {
        const path = `/3442/0/1${resource}`;
        const expected = { [`${path}/0`]: value, [`${path}/7`]: value };
        expect(content(await client.read(path, format), format)).toEqual(expected);
      }
    });

    it("an Object Instance with every type in it", async () => {
      const expected = Object.fromEntries(
        TYPES.flatMap(([, resource, value]) => [
          [`/3442/0/${resource}`, value],
          [`/3442/0/1${resource}/0`, value],
          [`/3442/0/1${resource}/7`, value],
        ]),
      );
      expect(content(await client.read("/3442/0", format), format)).toEqual(expected);
      expect(content(await client.read("/3442", format), format)).toEqual(expected);
    });

    it("an Object with all its Instances", async () => {
      expect(content(await client.read("/3303", format), format)).toEqual({
        "/3303/0/5700": 22,
        "/3303/0/5701": "Cel",
        "/3303/1/5700": -0.5,
        "/3303/1/5701": "Cel",
      });
    });

    it("the Objects that every client has", async () => {
      expect(content(await client.read("/1/0", format), format)).toMatchObject({ "/1/0/0": 123, "/1/0/1": 300 });
      expect(content(await client.read("/3", format), format)).toMatchObject({ "/3/0/0": "Isthmus", "/3/0/9": 87 });
      expect(content(await client.read("/6/0", format), format)).toMatchObject({
        "/6/0/0": 48.117,
        "/6/0/1": 11.516,
        "/6/0/5": { time: 1_700_000_000 },
      });
    });
  });

  it("opaque bytes as they are", async () => {
    expect(content(await client.read("/3442/0/150", "OPAQUE"), "OPAQUE")).toEqual({
      "/3442/0/150": { hex: "00ff10" },
    });
  });

  it("what fits best if it does not say: text, opaque, TLV", async () => {
    expect(await client.read("/3303/0/5700")).toMatchObject({ format: 0, values: { "/3303/0/5700": 22 } });
    expect(await client.read("/3442/0/150")).toMatchObject({ format: 42 });
    expect(await client.read("/3303/0")).toMatchObject({ format: 11_542 });
  });

  it.each(["9223372036854775807", "-9223372036854775808", "-129", "255", "65536"])("the integer %s", async (text) => {
    await exact(120, text);
  });

  it.each(["18446744073709551615", "9223372036854775808", "4294967295", "200"])("the unsigned %s", async (text) => {
    await exact(125, text);
  });

  async function exact(resource: number, text: string): Promise<void> {
    const path = `/3442/0/${resource}`;
    const before = sensor.get(path)!;
    sensor.set(path, wholeNumber(BigInt(text)));
    for (const format of ALL) {
      const values = content(await client.read(path, format), format);
      expect([format, JSON.stringify(values?.[path]).replaceAll('"', "")]).toEqual([format, text]);
    }
    sensor.set(path, before);
  }

  it.each([0.1, -273.15, 1e-9, 6.02e23, -0])("the number %s without losing a bit", async (number) => {
    sensor.set("/3442/0/130", number);
    for (const format of ALL) {
      const values = content(await client.read("/3442/0/130", format), format);
      expect([format, values?.["/3442/0/130"]]).toEqual([format, number === 0 ? expect.closeTo(0) : number]);
    }
    sensor.set("/3442/0/130", 22);
  });

  it("a text that no datagram carries, in blocks (RFC 7959)", async () => {
    const long = Array.from({ length: 300 }, (_, i) => `${i} Grüße`).join("; ");
    sensor.set("/3442/0/110", long);
    for (const format of ALL)
      expect(content(await client.read("/3442/0/110", format), format)).toEqual({ "/3442/0/110": long });
    sensor.set("/3442/0/110", "täglich");
  });

  it("4.06 for a format that cannot carry what it asks for", async () => {
    for (const [path, format] of [
      ["/3303/0", "TEXT"],
      ["/3303", "CBOR"],
      ["/3303/0/5700", "OPAQUE"],
      ["/3442/0/1130", "TEXT"],
    ] as const)
      expect((await client.read(path, format)).code).toBe("4.06");
  });

  it("4.04 where nothing is, 4.05 what can only be executed, 4.01 for credentials (LwM2M Core 1.2 §6.3.1)", async () => {
    expect((await client.read("/3303/9")).code).toBe("4.04");
    expect((await client.read("/3304")).code).toBe("4.04");
    expect((await client.read("/3303/0/5605")).code).toBe("4.05");
    for (const path of ["/0", "/0/0", "/0/0/0"]) expect((await client.read(path)).code).toBe("4.01");
  });

  it("a value that takes its time, and gets it in an answer of its own (RFC 7252 §5.2.2)", async () => {
    const path = sensor.path("/3303/1/5700");
    sensor.tree.onRead(path, () => new Promise((resolve) => setTimeout(() => resolve(17.5), 2_500)));
    expect(await client.read("/3303/1/5700")).toMatchObject({ code: "2.05", type: "CON", values: { [path]: 17.5 } });
    sensor.tree.onRead(path, () => Promise.reject(new Error("the sensor is out of range")));
    expect(await client.read("/3303/1/5700")).toMatchObject({ code: "5.04" });
    sensor.tree.onRead(path, () => -0.5);
    expect((await client.read("/3303/1/5700")).values).toEqual({ [path]: -0.5 });
  });

  it("many at once, each with its own answer", async () => {
    const paths = Array.from({ length: 20 }, (_, i) => TYPES[i % TYPES.length]!).map(([, resource]) => resource);
    const answers = await Promise.all(paths.map((resource) => client.read(`/3442/0/${resource}`, "SENML_CBOR")));
    answers.forEach((answer, i) => expect(Object.keys(answer.values ?? {})).toEqual([`/3442/0/${paths[i]}`]));
  });
});

describe.skipIf(skipped !== undefined)("Leshan discovers", () => {
  let rig: Rig;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [, client] = await rig.registered("discovered");
  });
  afterAll(() => rig.end());

  const links = async (path: string) => {
    const answer = await client.discover(path);
    expect(answer).toMatchObject({ code: "2.05", format: 40 });
    return answer.links;
  };

  it("an Object: its version, its Instances and their Resources", async () => {
    expect(await links("/3303")).toEqual([
      "</3303>;ver=1.1",
      "</3303/0>",
      "</3303/0/5605>",
      "</3303/0/5700>",
      "</3303/0/5701>",
      "</3303/1>",
      "</3303/1/5700>",
      "</3303/1/5701>",
    ]);
  });

  it("an Instance, with what can be executed and what can only be written", async () => {
    expect(await links("/3311/0")).toEqual(["</3311/0>", "</3311/0/5850>", "</3311/0/5851>"]);
    expect(await links("/3/0")).toContain("</3/0/4>");
  });

  it("a Resource, and how many Instances it has", async () => {
    expect(await links("/3303/0/5700")).toEqual(["</3303/0/5700>"]);
    expect(await links("/3442/0/1130")).toContain("</3442/0/1130>;dim=2");
  });

  it("attributes where they were attached, and not after they were taken away (§6.3.2)", async () => {
    expect((await client.attributes("/3303/0", "pmin=5", "pmax=60")).code).toBe("2.04");
    expect((await client.attributes("/3303/0/5700", "gt=25.5", "lt=-3", "st=0.5", "epmin=1", "epmax=9")).code).toBe(
      "2.04",
    );
    expect(await links("/3303/0")).toEqual([
      "</3303/0>;pmin=5;pmax=60",
      "</3303/0/5605>",
      "</3303/0/5700>;gt=25.5;lt=-3;st=0.5;epmin=1;epmax=9",
      "</3303/0/5701>",
    ]);
    expect((await client.attributes("/3303/0", "pmin", "pmax")).code).toBe("2.04");
    expect((await client.attributes("/3303/0/5700", "gt", "lt", "st", "epmin", "epmax")).code).toBe("2.04");
    expect(await links("/3303/0/5700")).toEqual(["</3303/0/5700>"]);
  });

  it("nothing where nothing is, and no credentials", async () => {
    expect((await client.discover("/3304")).code).toBe("4.04");
    expect((await client.discover("/0")).code).toBe("4.01");
  });

  it("refuses an attribute that contradicts those already there, and attaches nothing (§7.3.2)", async () => {
    expect((await client.attributes("/3303/0/5700", "gt=1")).code).toBe("2.04");
    expect((await client.attributes("/3303/0/5700", "lt=0", "st=1")).code).toBe("4.00");
    expect((await client.attributes("/3303/0", "gt=1")).code ?? "refused by Leshan").toMatch(/4.00|refused/);
    expect(await links("/3303/0/5700")).toEqual(["</3303/0/5700>;gt=1"]);
    expect((await client.attributes("/3303/0/5700", "gt")).code).toBe("2.04");
  });
});
