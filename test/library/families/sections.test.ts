/** Sections of one advert: those of one company that belong together, and data of services that fields name. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { decodeLine } from "../../../src/cli/decode.ts";
import { readFrameLine } from "../../../src/cli/frame-line.ts";
import { advertBytes, fullUuid } from "../../../src/library/matching/advert.ts";
import { loadDevices } from "../../../src/library/index.ts";
import type { Frame } from "../../../src/sdk/adapter.ts";
import { deviceOf, problemsOf, values } from "../../support/definitions.ts";

type Sections = readonly (readonly [company: number, hex: string])[];

function advert(manufacturer: Sections, services: Readonly<Record<string, string>> = {}): Frame {
  const data = Object.entries(services).map(([uuid, hex]) => [fullUuid(uuid) ?? uuid, fromHex(hex)] as const);
  return {
    source: "02:00:00:00:00:01",
    at: { ms: 0, trusted: false },
    payload: {
      kind: "advert",
      manufacturer: manufacturer.map(([company, hex]) => [company, fromHex(hex)] as const),
      services: new Map(data),
      serviceUuids: [],
    },
  };
}

const hexOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");

const definition = (match: string, fields: string) => `schema: device/v1
id: acme.sections
vendor: Acme
model: S-1
match:    { ble: { ${match} } }
identity: { from: ble.address, endpoint: "acme-{address}" }
frame:    { bytes: ble.service_data }
alive:    { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: nothing, hex: "00" }]
`;

describe("sections of one company in one advert", () => {
  const two: Sections = [
    [0x0757, "12980a"],
    [0x004c, "0215"],
    [0x0757, "f10d"],
  ];

  it("are one message, in their order, where a definition says so", () => {
    expect(hexOf(advertBytes("manufacturer", { manufacturer: 0x0757, joined: true })(advert(two)))).toBe("12980af10d");
  });

  it("are a newer one and an older one, where it does not", () => {
    expect(hexOf(advertBytes("manufacturer", { manufacturer: 0x0757 })(advert(two)))).toBe("f10d");
  });

  it("are not copied if there is but one, and are nothing if there is none", () => {
    const frame = advert([[0x0757, "f10d"]]);
    const bytes = advertBytes("manufacturer", { manufacturer: 0x0757, joined: true })(frame);
    expect(frame.payload.kind === "advert" && frame.payload.manufacturer[0]?.[1] === bytes).toBe(true);
    expect(advertBytes("manufacturer", { manufacturer: 0x0757, joined: true })(advert([]))).toBeUndefined();
  });

  it("have the company before them once, if it is wanted", () => {
    const raw = advertBytes("manufacturer.raw", { manufacturer: 0x0757, joined: true });
    expect(hexOf(raw(advert(two)))).toBe("570712980af10d");
  });

  it("stand in a list in recorded lines", () => {
    const { frame } = readFrameLine('{"kind":"advert","manufacturer_data":{"0757":["12980a","f10d"],"004c":"0215"}}');
    expect(frame.payload.kind === "advert" && frame.payload.manufacturer.map(([company]) => company)).toEqual([
      0x0757, 0x0757, 0x004c,
    ]);
    for (const [data, complaint] of [
      ['{"0757":["12980a",7]}', '"0757" is no text'],
      ['{"0757":7}', '"0757" is no text'],
      ["7", '"manufacturer_data" is no object'],
    ] as const)
      expect(() => readFrameLine(`{"kind":"advert","manufacturer_data":${data}}`)).toThrow(complaint);
  });

  it("tell temperature and battery of a Blue PUCK at once", () => {
    const { library } = loadDevices();
    const line = { kind: "advert", address: "FF:E9:F1:C2:25:F9", manufacturer_data: { "0757": ["12980a", "f10d"] } };
    const { readings } = decodeLine(library, JSON.stringify(line));
    expect([readings["temperature"]?.value, readings["battery"]?.value]).toEqual([27.12, 13]);
  });
});

describe("fields in the data of a service", () => {
  const FIELDS = `  temperature: { in: 0x2A6E, at: 0, type: i16le, scale: 0.01, unit: Cel }
  humidity:    { in: 0x2A6F, at: 0, type: u16le, scale: 0.01, unit: "%RH" }
  _company:    { in: manufacturer, at: 0, type: u8 }`;
  const text = definition("service_data: [0x2A6E, 0x2A6F]", FIELDS);
  const read = (frame: Frame) => values(deviceOf(text), frame.payload);

  it("are read each in its own, in whatever order they come", () => {
    expect(read(advert([], { "2a6e": "3408", "2a6f": "391b" }))).toEqual({ temperature: 21, humidity: 69.69 });
    expect(read(advert([], { "2a6f": "391b", "2a6e": "c6f8" }))).toEqual({ temperature: -18.5, humidity: 69.69 });
  });

  it("are not spoken of where that service is not there, or too short", () => {
    expect(read(advert([], { "2a6f": "391b" }))).toEqual({ humidity: 69.69 });
    expect(read(advert([], { "2a6e": "34", "2a6f": "391b" }))).toEqual({ humidity: 69.69 });
  });

  it("need a number of 16 bits or a section's name", () => {
    const problems = problemsOf(text.replace("in: 0x2A6E", "in: 0x12A6E"));
    expect(problems.length).toBeGreaterThan(0);
    expect(problemsOf(text.replace("in: 0x2A6E", "in: service"))).not.toEqual([]);
  });
});
