/** `isthmus decode`: published vectors in, the readings they mean out; anything else in, an error out. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Decoded, decodeLine, decodeLines } from "../../src/cli/decode.ts";
import { loadDevices } from "../../src/library/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const { library } = loadDevices();
const decode = (input: unknown) => decodeLine(library, typeof input === "string" ? input : JSON.stringify(input));

const expected = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]));
type Expected = z.infer<typeof expected>;

function vectors<T>(name: string, shape: z.ZodType<T>): T {
  return shape.parse(JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")));
}

/** Units at the end of a published field name, and what one of them is in the unit of our readings. */
const SUFFIXES: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  _us_per_cm: ["S/m", 1e-4],
  _celsius: ["Cel", 1],
  _percent: ["", 1],
  _ampere: ["A", 1],
  _pascal: ["Pa", 1],
  _ug_m3: ["ug/m3", 1],
  _m3_h: ["m3/h", 1],
  _m_s2: ["m/s2", 1],
  _volt: ["V", 1],
  _watt: ["W", 1],
  _kwh: ["kWh", 1],
  _lux: ["lx", 1],
  _ppm: ["ppm", 1],
  _m_s: ["m/s", 1],
  _dps: ["deg/s", 1],
  _deg: ["", 1],
  _rpm: ["1/min", 1],
  _dbm: ["dBm", 1],
  _var: ["var", 1],
  _va: ["VA", 1],
  _kg: ["kg", 1],
  _m3: ["m3", 1],
  _mm: ["mm", 1],
  _m: ["m", 1],
  _l: ["l", 1],
  _s: ["s", 1],
  _g: ["m/s2", 9.80665],
};
/** These end in letters that look like units. */
const PLAIN = new Set(["date_yy_mm_dd", "speed_km_h"]);

function ours(published: string): { name: string; unit: string; factor: number } {
  const [, core = "", number = ""] = /^(.*?)((?:_\d+)?)$/.exec(published) ?? [];
  const suffix = PLAIN.has(published) ? undefined : Object.keys(SUFFIXES).find((each) => core.endsWith(each));
  if (suffix === undefined) return { name: published, unit: "", factor: 1 };
  const [unit, factor] = SUFFIXES[suffix]!;
  return { name: core.slice(0, -suffix.length) + number, unit, factor };
}

/** Compares as the vectors ask: half a unit of the last decimal shown. */
function compare({ readings, error }: Decoded, wanted: Expected): void {
  expect(error).toBeUndefined();
  for (const [published, value] of Object.entries(wanted)) {
    const { name, unit, factor } = ours(published);
    expect(readings, published).toHaveProperty([name]);
    const reading = readings[name];
    if (typeof value !== "number") {
      const shown = Array.isArray(value) ? value.join(",") : value;
      expect(reading?.value ?? null, published).toBe(shown);
      continue;
    }
    const decimals = String(value).split(".")[1]?.length ?? 0;
    expect(Math.abs(Number(reading?.value) - value * factor), published).toBeLessThanOrEqual(
      0.5 * 10 ** -decimals * factor,
    );
    if (unit !== "") expect(reading?.unit, published).toBe(unit);
  }
}

describe("published vectors of Ruuvi", () => {
  const { vectors: rows } = vectors(
    "ruuvi",
    z.object({ vectors: z.array(z.object({ name: z.string(), payload_hex: z.string(), expected })) }),
  );
  it.each(rows)("$name", ({ payload_hex, expected: wanted }) => {
    compare(
      decode({ kind: "advert", address: "CB:B8:33:4C:88:4F", manufacturer_data: { "0499": payload_hex } }),
      wanted,
    );
  });
});

describe("published objects of BTHome", () => {
  const event = z.object({ key: z.string(), type: z.string() });
  const shape = z.object({
    objects: z.array(
      z.object({
        object_id: z.string(),
        example_object_hex: z.string().optional(),
        example_expected: expected.nullish(),
        example_events: z.array(event).optional(),
      }),
    ),
    messages: z.array(
      z.object({
        name: z.string(),
        address: z.string().optional(),
        key: z.string().optional(),
        service_uuid: z.string(),
        service_data_hex: z.string(),
        expected,
      }),
    ),
  });
  const { objects, messages } = vectors("bthome", shape);
  const rows = objects.flatMap(({ example_object_hex: hex, ...row }) => (hex === undefined ? [] : [{ ...row, hex }]));

  it.each(rows)("$object_id", ({ hex, example_expected: wanted, example_events: events = [] }) => {
    const all = { ...wanted, ...Object.fromEntries(events.map(({ key, type }) => [key, type])) };
    expect(Object.keys(all).length).toBeGreaterThan(0);
    compare(decode({ kind: "advert", service_data: { fcd2: `40${hex}` } }), all);
  });

  it("in one plain message, and an encrypted one that needs a key", () => {
    const [plain, encrypted] = messages;
    compare(
      decode({ kind: "advert", service_data: { [plain!.service_uuid]: plain!.service_data_hex } }),
      plain!.expected,
    );
    const refused = decode({
      kind: "advert",
      service_data: { [encrypted!.service_uuid]: encrypted!.service_data_hex },
    });
    expect(refused).toEqual({
      definition: "bthome.v2",
      identity: null,
      readings: {},
      error: "sealed: a key is needed",
    });
    const { service_uuid, service_data_hex, address, key, expected: wanted } = encrypted!;
    const line = { kind: "advert", address, service_data: { [service_uuid]: service_data_hex } };
    compare(decode({ ...line, key }), wanted);
    const identity = "bthome-5448e68f80a5";
    expect(decode({ ...line, key: "00".repeat(16) })).toMatchObject({
      identity,
      error: "sealed: the key does not fit",
    });
    expect(decode({ ...line, key: "00" })).toMatchObject({ identity, error: "key: the key has 16 bytes, not 1" });
  });
});

describe("published sentences of NMEA 0183", () => {
  const { sentences } = vectors(
    "nmea",
    z.object({ sentences: z.array(z.object({ sentence: z.string(), expected: expected.nullable() })) }),
  );
  it.each(sentences)("$sentence", ({ sentence, expected: wanted }) => {
    const decoded = decode({ kind: "text", text: sentence, source: "/dev/ttyACM0" });
    if (wanted) {
      compare(decoded, wanted);
      return;
    }
    expect(decoded).toMatchObject({ definition: "gnss.nmea0183", readings: {} });
    expect(decoded.error).toContain("checksum");
  });
});

describe("a line of output", () => {
  const df5 = "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F";

  it("says what it was, whose, and what it means", () => {
    const decoded = decode({
      kind: "advert",
      address: "CB:B8:33:4C:88:4F",
      manufacturer_data: { "0499": df5 },
      rssi: -60,
    });
    expect(decoded).toMatchObject({
      definition: "ruuvi.tag.df5",
      identity: "ruuvi-cbb8334c884f",
      readings: { temperature: { value: 24.3, unit: "Cel" }, movement_counter: { value: 66 } },
    });
    expect(decoded).not.toHaveProperty("error");
  });

  it("has null for what the device says is not available", () => {
    const hex = "058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF";
    expect(decode({ kind: "advert", manufacturer_data: { "0499": hex } }).readings["temperature"]).toBeNull();
  });

  it("has no definition for what nobody knows", () => {
    const nobody = { definition: null, identity: null, readings: {} };
    expect(decode({ kind: "advert", manufacturer_data: { fffe: "0215" } })).toEqual(nobody);
    expect(decode({ kind: "text", text: "hello" })).toEqual(nobody);
    expect(decode({ kind: "bytes", hex: df5 })).toEqual(nobody);
    expect(decode({ kind: "message", topic: "a", payload: {} })).toEqual(nobody);
  });

  it("that the named definition finds nothing in is an error, not an empty reading", () => {
    expect(decode({ kind: "text", text: "x", definition: "ruuvi.tag.df5" })).toEqual({
      definition: "ruuvi.tag.df5",
      identity: null,
      readings: {},
      error: "ruuvi.tag.df5 finds nothing in this text",
    });
  });

  it("is of the definition that the input names", () => {
    expect(decode({ kind: "bytes", hex: df5, definition: "ruuvi.tag.df5" }).readings["voltage"]).toEqual({
      value: 2.977,
      unit: "V",
    });
    expect(decode({ kind: "text", text: "x", definition: "ruuvi.tag.df9" })).toMatchObject({
      definition: null,
      error: 'no definition "ruuvi.tag.df9"',
    });
    expect(decode({ kind: "advert", manufacturer_data: { "0499": "05" }, definition: "ruuvi.tag.df5" })).toMatchObject({
      definition: "ruuvi.tag.df5",
      error: "1 bytes, 3 wanted",
    });
    expect(decode({ kind: "text", text: "x", definition: "isthmus.sim.relay" }).error).toBe(
      "no named values in a frame of text",
    );
  });

  it("takes messages as text, as bytes and as JSON", () => {
    const topic = "zigbee2mqtt/a";
    for (const payload of ['{"temperature":1.5}', "hex:7b2274656d7065726174757265223a312e357d", { temperature: 1.5 }])
      expect(decode({ kind: "message", topic, payload })).toMatchObject({
        identity: "zb-a",
        readings: { temperature: { value: 1.5 } },
      });
  });

  it("knows a line of text that was taken down in hex", () => {
    const text = "$GPGLL,4717.11364,N,00833.91565,E,092321.00,A,A*60\r\n";
    expect(decode({ kind: "bytes", hex: Buffer.from(text).toString("hex") })).toEqual(decode({ kind: "text", text }));
  });

  it("takes named values", () => {
    expect(
      decode({ kind: "fields", source: "sim-1", fields: { model: "quiet", temperature: 4, junk: null } }),
    ).toMatchObject({
      definition: "isthmus.sim.quiet",
      identity: "sim-1",
    });
  });
});

describe("a line of input that is wrong", () => {
  it.each([
    ["nothing", "no JSON"],
    ["[1]", "a line is one JSON object"],
    ["null", "a line is one JSON object"],
    ["{}", '"kind" is missing'],
    ['{"kind":"smoke"}', 'unknown kind "smoke": advert, text, bytes, message, registers or fields'],
    ['{"kind":5}', '"kind" is no text'],
    ['{"kind":"text"}', '"text" is missing'],
    ['{"kind":"bytes","hex":"0"}', 'not hex: "0"'],
    ['{"kind":"message","topic":"a"}', '"payload" is missing'],
    ['{"kind":"message","topic":"a","payload":"hex:x"}', 'not hex: "x"'],
    ['{"kind":"advert","manufacturer_data":{"Ruuvi":"00"}}', '"Ruuvi" is no company identifier'],
    ['{"kind":"advert","manufacturer_data":[]}', '"manufacturer_data" is no object'],
    ['{"kind":"advert","service_data":{"fcd2":5}}', '"fcd2" is no text'],
    ['{"kind":"advert","service_uuids":"fcd2"}', '"service_uuids" is no list'],
    ['{"kind":"fields"}', '"fields" is no object'],
  ])("%s", (line, error) => {
    expect(decode(line)).toEqual({ definition: null, identity: null, readings: {}, error });
  });

  it("is answered like any other, in its place", async () => {
    const lines = ["oops", "", '{"kind":"text","text":"T1,21.5,40.1,3021","source":"a"}', "   "];
    async function* input() {
      for (const line of lines) yield line;
    }
    const out: string[] = [];
    for await (const line of decodeLines(library, input())) out.push(line);
    expect(out).toHaveLength(2);
    expect(JSON.parse(out[0]!)).toMatchObject({ error: "no JSON" });
    expect(JSON.parse(out[1]!)).toMatchObject({ definition: "csv.logger", identity: "csv-a-t1" });
  });

  it("never ends in an exception, on 20 000 random ones", () => {
    const random = new SeededRandom(5);
    const keys = [
      "kind",
      "text",
      "hex",
      "topic",
      "payload",
      "manufacturer_data",
      "service_data",
      "values",
      "definition",
      "fields",
      "address",
    ];
    const some = [
      "advert",
      "text",
      "bytes",
      "message",
      "registers",
      "fields",
      "ruuvi.tag.df5",
      "gnss.nmea0183",
      "tasmota.sensor",
      "00",
      null,
      5,
      [],
      {},
      { "0499": "05" },
      { fcd2: "4002" },
    ];
    for (let i = 0; i < 20_000; i++) {
      const input = Object.fromEntries(
        Array.from({ length: random.below(6) }, () => [random.pick(keys), random.pick(some)]),
      );
      expect(typeof decode(random.below(10) === 0 ? input : { kind: random.pick(some), ...input }).readings).toBe(
        "object",
      );
    }
  });
});
