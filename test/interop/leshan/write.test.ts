/** Leshan writes and executes: what the sensor is told is what was meant, in every format that Leshan knows. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResourceValue } from "../../../src/model/value.ts";
import type { LeshanClient, ValueType, Writing } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);

/** Two values of each type, so that one of them is always another than before. */
const TYPES: readonly (readonly [
  resource: number,
  type: ValueType,
  texts: readonly [string, string],
  values: readonly [ResourceValue, ResourceValue],
])[] = [
  [110, "STRING", ['"quoted", <&> ü', ""], ['"quoted", <&> ü', ""]],
  [120, "INTEGER", ["-2147483649", "255"], [-2_147_483_649, 255]],
  [125, "UNSIGNED_INTEGER", ["18446744073709551615", "0"], [2n ** 64n - 1n, 0]],
  [130, "FLOAT", ["-0.1", "25.0"], [-0.1, 25]],
  [140, "BOOLEAN", ["false", "true"], [false, true]],
  [150, "OPAQUE", ["deadbeef", "00"], [Buffer.from("deadbeef", "hex"), Buffer.from("00", "hex")]],
  [160, "TIME", ["1600000000", "4102444800"], [1_600_000_000, 4_102_444_800]],
  [
    170,
    "OBJLNK",
    ["6:0", "65535:65535"],
    [
      { object: 6, instance: 0 },
      { object: 65_535, instance: 65_535 },
    ],
  ],
  [180, "CORELINK", ["</6/0>,</3>;ver=1.1", "</3303>"], ["</6/0>,</3>;ver=1.1", "</3303>"]],
];
const STRUCTURED = ["TLV", "JSON", "SENML_JSON", "SENML_CBOR"] as const;
const ALL = ["TEXT", "CBOR", ...STRUCTURED] as const;
/** Leshan writes an unsigned number from 2^63 on as a negative one in TLV, in the single byte that -1 needs. */
const misspelled = (format: string, value: ResourceValue) => typeof value === "bigint" && format === "TLV";

describe.skipIf(skipped !== undefined)("Leshan writes", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("written");
  });
  afterAll(() => rig.end());

  describe.each(ALL)("%s:", (format) => {
    it.each(TYPES)("Resource %i, a %s", async (resource, type, texts, values) => {
      const path = `/3442/0/${resource}`;
      for (const [i, text] of texts.entries()) {
        if (misspelled(format, values[i]!)) continue;
        expect(await client.replace(path, format, [path, type, text])).toMatchObject({ code: "2.04" });
        expect(plain(sensor.get(path))).toEqual(plain(values[i]));
      }
    });

    it("a Resource Instance of each type", async () => {
      for (const [resource, type, texts, values] of TYPES) {
        const path = `/3442/0/1${resource}/7`;
        if (misspelled(format, values[0])) continue;
        expect(await client.replace(path, format, [path, type, texts[0]])).toMatchObject({ code: "2.04" });
        expect(plain(sensor.get(path))).toEqual(plain(values[0]));
      }
    });
  });

  describe.each(STRUCTURED)("%s:", (format) => {
    it("several Resources of an Instance at once, and leaves the others alone", async () => {
      const writings: Writing[] = TYPES.map(([resource, type, texts]) => [`/3442/0/${resource}`, type, texts[1]]);
      sensor.set("/3442/0/1120/0", 77);
      expect(await client.update("/3442/0", format, ...writings)).toMatchObject({ code: "2.04" });
      for (const [resource, , , values] of TYPES)
        expect(plain(sensor.get(`/3442/0/${resource}`))).toEqual(plain(values[1]));
      expect(sensor.get("/3442/0/1120/0")).toBe(77);
    });

    it("Instances of a multiple Resource", async () => {
      const writings: Writing[] = [
        ["/3442/0/1120/0", "INTEGER", 5],
        ["/3442/0/1120/7", "INTEGER", -6],
      ];
      expect(await client.update("/3442/0", format, ...writings)).toMatchObject({ code: "2.04" });
      expect([sensor.get("/3442/0/1120/0"), sensor.get("/3442/0/1120/7")]).toEqual([5, -6]);
    });

    it("nothing at all of an Instance if one Resource of it must not be written (E63)", async () => {
      sensor.set("/3311/0/5851", 40);
      const answer = await client.update(
        "/3311/0",
        format,
        ["/3311/0/5851", "INTEGER", 70],
        ["/3311/0/5852", "INTEGER", 1],
        ["/3311/0/5805", "FLOAT", 1],
      );
      expect(answer.code).toMatch(/^4\.0[45]$/);
      expect(sensor.get("/3311/0/5851")).toBe(40);
    });
  });

  it("opaque bytes as they are", async () => {
    const path = "/3442/0/150";
    expect((await client.replace(path, "OPAQUE", [path, "OPAQUE", "c0ffee"])).code).toBe("2.04");
    expect(plain(sensor.get(path))).toBe("c0ffee");
  });

  it("a lamp, whose handler does it", async () => {
    expect((await client.replace("/3311/0/5850", "TEXT", ["/3311/0/5850", "BOOLEAN", true])).code).toBe("2.04");
    expect(sensor.get("/3311/0/5850")).toBe(true);
    expect((await client.read("/3311/0/5850")).values).toEqual({ "/3311/0/5850": true });
  });

  it("its own lifetime, and hears an Update with it at once (§6.2.2)", async () => {
    expect((await client.replace("/1/0/1", "TLV", ["/1/0/1", "INTEGER", 400])).code).toBe("2.04");
    expect(await client.heard("updated")).toMatchObject({ lifetime: 400, withLifetime: true, withLinks: false });
  });

  it("a text in blocks (RFC 7959)", async () => {
    const long = Array.from({ length: 200 }, (_, i) => `${i} Grüße`).join("; ");
    const path = "/3442/0/110";
    for (const format of ALL) {
      sensor.set(path, "");
      expect((await client.replace(path, format, [path, "STRING", long])).code).toBe("2.04");
      expect(sensor.get(path)).toBe(long);
    }
  });

  it.each([
    ["/3303/0/5700", "FLOAT", 1, "4.05"],
    ["/3/0/0", "STRING", "Nobody", "4.05"],
    ["/3303/9/5700", "FLOAT", 1, "4.04"],
    ["/3304/0/5700", "FLOAT", 1, "4.04"],
    ["/0/0/0", "STRING", "coap://elsewhere", "4.01"],
    ["/1/0/0", "INTEGER", 5, "4.05"],
  ] as const)("%s as a %s (%s) and is refused with %s", async (path, type, text, code) => {
    const before = sensor.get(path);
    expect((await client.replace(path, "TEXT", [path, type, text])).code).toBe(code);
    expect(sensor.get(path)).toEqual(before);
  });

  it("a percentage of 101 and reads why not", async () => {
    const answer = await client.replace("/3311/0/5851", "TLV", ["/3311/0/5851", "INTEGER", 101]);
    expect(answer.code).toBe("4.00");
    expect(answer.error).toContain("5851");
  });
});

describe.skipIf(skipped !== undefined)("Leshan executes", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("executed");
  });
  afterAll(() => rig.end());

  it.each([undefined, "0", "0='on',1,2='a,b'", "3='http://example/x?y=1'"])("with arguments %s", async (args) => {
    expect((await client.execute("/3442/0/3", args)).code).toBe("2.04");
    expect(sensor.executed.at(-1)).toEqual(["/3442/0/3", args ?? ""]);
  });

  it("what cannot be executed, and is told so", async () => {
    expect((await client.execute("/3303/0/5700")).code).toBe("4.05");
    expect((await client.execute("/3303/0/9999")).code).toBe("4.04");
    expect((await client.execute("/3303/9/5605")).code).toBe("4.04");
    expect(sensor.executed).toHaveLength(4);
  });

  it("Registration Update Trigger, and hears an Update", async () => {
    expect((await client.execute("/1/0/8")).code).toBe("2.04");
    await client.heard("updated");
  });

  it("Disable: the client goes, and comes back after the time it was told", async () => {
    expect((await client.replace("/1/0/5", "TLV", ["/1/0/5", "INTEGER", 2])).code).toBe("2.04");
    expect((await client.execute("/1/0/4")).code).toBe("2.04");
    expect(await client.heard("unregistered")).toMatchObject({ expired: false });
    await client.heard("registered");
    await sensor.reached("registered");
  });
});

/** Equal where the meaning is: bytes as hexadecimal digits, whatever class carries them. */
const plain = (value: ResourceValue | undefined): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
