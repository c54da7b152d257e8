/** What a definition may ask of an advert, each by itself and all together. */

import { describe, expect, it } from "vitest";
import { advertBytes } from "../../../src/library/matching/advert.ts";
import { changed, deviceOf, frameOf, problemsOf, values } from "../../support/definitions.ts";
import { advertOf, rules } from "./rules.ts";

const of = (company: number, ...bytes: number[]) => advertOf({ manufacturer: [[company, bytes]] });

describe("the company of an advert", () => {
  it("may be one of several", () => {
    const match = rules("{ ble: { manufacturer: [0x0001, 0x0969] } }");
    expect([0x0001, 0x0969, 0x0002].map((company) => match(of(company, 1)))).toEqual([0, 0, undefined]);
  });

  it("may be known by some of its bits", () => {
    const match = rules("{ ble: { manufacturer: { mask: 0xff00, is: 0x1200 } } }");
    expect([0x1200, 0x12ff, 0x1300].map((company) => match(of(company, 1)))).toEqual([0, 0, undefined]);
  });

  it("may be any, where its bytes tell enough", () => {
    const match = rules("{ ble: { manufacturer: any, prefix: 'A1', length: 3 } }");
    expect(match(of(0x7777, 0xa1, 0, 0))).toBe(0);
    expect(match(of(0x7777, 0xa2, 0, 0))).toBeUndefined();
    expect(match(of(0x7777, 0xa1, 0))).toBeUndefined();
    expect(match(advertOf({}))).toBeUndefined();
  });

  it("counts the more the more exactly it is named", () => {
    const match = rules(
      "{ ble: { manufacturer: any, name: '^T' } }",
      "{ ble: { manufacturer: { mask: 0xff00, is: 0x1200 }, name: '^T' } }",
      "{ ble: { manufacturer: [0x1234, 0x1235], name: '^T' } }",
      "{ ble: { manufacturer: 0x1234, name: '^T' } }",
    );
    const named = (company: number) => match(advertOf({ name: "T1", manufacturer: [[company, [1]]] }));
    expect([0x1234, 0x1235, 0x1236, 0x9999].map(named)).toEqual([3, 2, 1, 0]);
  });

  it("counts less where it is Apple's: its beacon may stand beside the section of any maker", () => {
    const match = rules("{ ble: { manufacturer: 0x004C, prefix: '0215' } }", "{ ble: { manufacturer: 0xEC88 } }");
    const beacon = [0x004c, [0x02, 0x15]] as const;
    expect(match(advertOf({ manufacturer: [beacon] }))).toBe(0);
    expect(match(advertOf({ manufacturer: [[0xec88, [0, 1]], beacon] }))).toBe(1);
  });

  it("any alone is nothing to go by", () => {
    expect(problemsOf(changed(["0x1234, length: 4", "any"]))).toEqual([
      "6:13 matches everything: name a manufacturer, service_data, services or a name",
    ]);
  });
});

describe("the bytes of a section", () => {
  it("have one length, one of several, or one between two", () => {
    const match = rules(
      "{ ble: { manufacturer: 1, length: 2 } }",
      "{ ble: { manufacturer: 2, length: [2, 4] } }",
      "{ ble: { manufacturer: 3, length: { min: 2, max: 4 } } }",
      "{ ble: { manufacturer: 4, length: { min: 2 } } }",
      "{ ble: { manufacturer: 5, length: { max: 2 } } }",
    );
    const fits = (company: number) =>
      [1, 2, 3, 4, 5].filter((n) => match(of(company, ...Array<number>(n).fill(0))) !== undefined);
    expect([1, 2, 3, 4, 5].map(fits)).toEqual([[2], [2, 4], [2, 3, 4], [2, 3, 4, 5], [1, 2]]);
  });

  it("begin with digits, of which some may be any", () => {
    const match = rules("{ ble: { manufacturer: 1, prefix: '0? A1 ?? 33' } }");
    expect(match(of(1, 0x07, 0xa1, 0xff, 0x33, 9))).toBe(0);
    for (const bytes of [
      [0x17, 0xa1, 0, 0x33],
      [0x07, 0xa2, 0, 0x33],
      [0x07, 0xa1, 0, 0x34],
      [0x07, 0xa1, 0],
    ])
      expect(match(of(1, ...bytes))).toBeUndefined();
  });

  it("are what they must be, and not what they must not be, at their places", () => {
    const match = rules(
      "{ ble: { manufacturer: 1, bytes: [{ at: 1, mask: 0xF0, is: 0x40 }, { at: -1, not: [0xFF, 0xFE] }, { at: 0, is: [1, 2] }] } }",
    );
    expect(match(of(1, 1, 0x4f, 0))).toBe(0);
    expect(match(of(1, 2, 0x40))).toBe(0);
    for (const bytes of [[3, 0x4f, 0], [1, 0x5f, 0], [1, 0x4f, 0xff], [1, 0x4f, 0xfe], [1], []])
      expect(match(of(1, ...bytes))).toBeUndefined();
  });

  it("count each: whoever asks for more gets it", () => {
    const match = rules(
      "{ ble: { manufacturer: 1 } }",
      "{ ble: { manufacturer: 1, length: { min: 1 } } }",
      "{ ble: { manufacturer: 1, length: 2 } }",
      "{ ble: { manufacturer: 1, length: 2, prefix: '1?' } }",
      "{ ble: { manufacturer: 1, length: 2, prefix: '11' } }",
      "{ ble: { manufacturer: 1, length: 2, prefix: '11', bytes: [{ at: 1, is: 5 }] } }",
    );
    expect([[], [0], [0, 0], [0x12, 0], [0x11, 0], [0x11, 5]].map((bytes) => match(of(1, ...bytes)))).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
  });

  it("with conditions that say nothing, or cannot be, are complained of", () => {
    const rule = (bytes: string) => problemsOf(changed(["0x1234, length: 4", `0x1234, bytes: [${bytes}]`]));
    expect(rule("{ at: 0 }")).toEqual(['6:50 "is" or "not" is missing: what must the byte be?']);
    expect(rule("{ at: 0, mask: 0xF0, is: 0x41 }")).toEqual(["6:71 65 has bits that the mask 240 takes away"]);
    expect(problemsOf(changed(["manufacturer: 0x1234, length: 4", "name: '^T', length: 4"]))[0]).toBe(
      "6:13 length, prefix and bytes of what? manufacturer or service_data is missing",
    );
  });
});

describe("the service data of an advert", () => {
  it("may be of one of several services", () => {
    const match = rules("{ ble: { service_data: [0xFD3D, 0x0D00], length: 1 } }");
    expect(match(advertOf({ services: { fd3d: [1] } }))).toBe(0);
    expect(match(advertOf({ services: { "0d00": [1] } }))).toBe(0);
    expect(match(advertOf({ services: { "0d00": [1, 2] } }))).toBeUndefined();
    expect(match(advertOf({ services: { fcd2: [1] } }))).toBeUndefined();
  });

  it("is what the conditions speak of only if it is what is read, or the only section named", () => {
    const rule = "{ ble: { manufacturer: 0x1234, service_data: 0xFCD2, length: 4 } }";
    const both = (company: number, service: number) =>
      frameOf(
        advertOf({
          manufacturer: [[0x1234, Array<number>(company).fill(1)]],
          services: { fcd2: Array<number>(service).fill(1) },
        }),
      );
    const text = changed(["{ ble: { manufacturer: 0x1234, length: 4 } }", rule]);
    expect([both(4, 9), both(9, 4)].map((frame) => deviceOf(text).match(frame) > 0)).toEqual([true, false]);
    const served = text.replace("ble.manufacturer }", "ble.service_data }");
    expect([both(4, 9), both(9, 4)].map((frame) => deviceOf(served).match(frame) > 0)).toEqual([false, true]);
  });
});

describe("names and addresses", () => {
  it("are found by their first letters, whatever the rest of the expression is", () => {
    const match = rules(
      "{ ble: { name: '^ATC_[0-9A-F]{6}$' } }",
      "{ ble: { name: '^(?:Alpha|Beta) ' } }",
      "{ ble: { name: '[0-9]{4}$' } }",
      "{ ble: { name: '^A' } }",
    );
    const named = (name: string) => match(advertOf({ name }));
    expect(["ATC_0A1B2C", "Alpha 1", "Beta 1", "Gamma 1234", "Apple", "Gamma", ""].map(named)).toEqual([
      0,
      1,
      1,
      2,
      3,
      undefined,
      undefined,
    ]);
    expect(match(advertOf({ name: `A${"x".repeat(300)}` }))).toBeUndefined();
  });

  it("count the more the more of them is spelled out", () => {
    const match = rules("{ ble: { name: '^GV' } }", "{ ble: { name: '^GVH5075' } }", "{ ble: { name: '^GVH' } }");
    expect(["GVH5075_1", "GVH1", "GV1"].map((name) => match(advertOf({ name })))).toEqual([1, 2, 0]);
  });

  it("an address is known by its beginning", () => {
    const match = rules(
      "{ ble: { address: 'A4:C1:38' } }",
      "{ ble: { address: 'A4:C1:38:01' } }",
      "{ ble: { address: 'B0' } }",
    );
    const from = (source: string) => match(advertOf({}), source);
    expect(from("A4:C1:38:00:00:01")).toBe(0);
    expect(from("a4:c1:38:00:00:01")).toBe(0);
    expect(from("A4:C1:38:01:00:01")).toBe(1);
    expect(from("B0:00:00:00:00:01")).toBe(2);
    expect(from("A4:C1:39:00:00:01")).toBeUndefined();
  });
});

describe("the bytes that a definition reads", () => {
  const ble = { manufacturer: 0x1234, service_data: [0xfd3d, 0x0d00] };
  const payload = advertOf({
    manufacturer: [
      [0x1234, [1, 2]],
      [0x9999, [3]],
    ],
    services: { "0d00": [9] },
  });
  const read = (from: Parameters<typeof advertBytes>[0], spec: typeof ble | undefined) =>
    advertBytes(from, spec)(frameOf(payload));

  it("are those of its company, with or without the company itself, or of its services", () => {
    expect(read("manufacturer", ble)).toEqual(Uint8Array.of(1, 2));
    expect(read("manufacturer.raw", ble)).toEqual(Uint8Array.of(0x34, 0x12, 1, 2));
    expect(read("service_data", ble)).toEqual(Uint8Array.of(9));
  });

  it("are those of whatever is there, where it names no company and no service", () => {
    expect(read("manufacturer", undefined)).toEqual(Uint8Array.of(3));
    expect(read("service_data", undefined)).toEqual(Uint8Array.of(9));
    expect(advertBytes("manufacturer", undefined)(frameOf(advertOf({})))).toBeUndefined();
    expect(advertBytes("service_data", undefined)(frameOf(advertOf({})))).toBeUndefined();
    expect(advertBytes("manufacturer", undefined)(frameOf({ kind: "text", text: "" }))).toBeUndefined();
  });

  it("hold a company that is data", () => {
    const device = deviceOf(
      changed(["0x1234, length: 4", "any, length: 2"], ["ble.manufacturer }\nalive", "ble.manufacturer.raw }\nalive"]),
    );
    expect(values(device, of(0xf208, 0x01, 0x02))).toEqual({ temperature: 22.9, counter: 1 });
  });
});
