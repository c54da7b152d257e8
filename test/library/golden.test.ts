/** Golden frames: how each kind of them is heard, and what is said of those that come out otherwise. */

import { describe, expect, it } from "vitest";
import { goldenFrame } from "../../src/library/golden-frame.ts";
import { testDefinitions } from "../../src/library/index.ts";
import { changed, deviceOf, load, ofFields } from "../support/definitions.ts";

const FRAME = "  - name: a room\n    hex: 08F2 01 00\n    expect: { temperature: 22.9, counter: 1 }\n";

/** What is said of the golden frames of the thermometer, if these are its frames. */
function said(tests: string, ...changes: readonly (readonly [from: string, to: string])[]): string[] {
  const { library, problems } = load(changed([FRAME, tests], ...changes));
  expect(problems).toEqual([]);
  return [...testDefinitions(library)].flatMap(({ name, differences }) =>
    differences.map((each) => `${name}: ${each}`),
  );
}

const payloadOf = (...changes: readonly (readonly [from: string, to: string])[]) => {
  const { definition } = [...load(changed(...changes)).library.compiled()][0]!;
  return goldenFrame(definition, definition.tests[0]!);
};

describe("a golden frame", () => {
  it("passes if all is as expected", () => {
    expect(said(FRAME)).toEqual([]);
    expect(said("  - { name: a, hex: 8000 01 00, expect: { temperature: null, counter: 1 } }\n")).toEqual([]);
    expect(said("  - { name: a, hex: 8000 01 00, error: bytes }\n")).toEqual(["a: not refused, expected: bytes"]);
  });

  it("says what came out otherwise", () => {
    expect(said("  - { name: a, hex: 08F2 01 00, expect: { temperature: 23, counter: null, other: 1 } }\n")).toEqual([
      "a: temperature: expected 23, got 22.9",
      "a: counter: expected null (not available), got 1",
      "a: other: expected 1, got nothing",
    ]);
    expect(said("  - { name: a, hex: 08F2 01, expect: {} }\n")).toEqual([
      "a: recognised as nothing instead of acme.thermometer",
    ]);
    expect(said('  - { name: a, hex: "08", error: nonsense }\n')[1]).toMatch(/^a: refused: .*, expected: nonsense$/);
    expect(said("  - { name: a, expect: {} }\n")[0]).toContain("no frame: hex, text, advert");
  });

  it("that must not match is held to nothing else", () => {
    const advert = (company: string) =>
      `  - { name: a, advert: { manufacturer: { "${company}": 08F20100 } }, match: false, expect: { counter: 9 } }\n`;
    expect(said(advert("0x1235"))).toEqual([]);
    expect(said(advert("0x1234"))).toEqual(["a: recognised as acme.thermometer, and must not be"]);
  });

  it("is held to what a server sees", () => {
    const updates = (value: string) =>
      said(`  - { name: a, hex: 08F2 01 00, updates: { /3303/0/5700: ${value}, /3/0/0: Acme, /3303/0/5701: Cel } }\n`);
    expect(updates("22.9")).toEqual([]);
    expect(updates("22")).toEqual(["a: /3303/0/5700: expected 22, got 22.9"]);
    expect(said("  - { name: a, hex: 08F2 01 00, updates: { /3304/0/5700: 1 } }\n")).toEqual([
      "a: /3304/0/5700: expected 1, got nothing",
    ]);
  });

  it("with a key for what is not sealed is refused, and so is a state that it does not have", () => {
    expect(said('  - { name: a, hex: 08F2 01 00, key: "00" }\n')).toEqual([
      "a: refused: key: its frames are not sealed",
    ]);
    expect(said("  - { name: a, hex: 08F2 01 00, state: no-key }\n")).toEqual(["a: not refused, expected: no-key"]);
    expect(said('  - { name: a, hex: 08F2 01 00, key: "00", state: no-key }\n')[0]).toContain("expected: no-key");
  });

  it("may need to have heard another before", () => {
    const named = ["length: 4", "length: 4, name: '^AC', remember: true"] as const;
    const later = '  - { name: a, advert: { manufacturer: { "0x1234": 08F20100 } }, expect: { counter: 1 }';
    expect(said(`${later} }\n`, named)).toEqual(["a: recognised as nothing instead of acme.thermometer"]);
    const before = 'before: [{ advert: { name: AC-1, manufacturer: { "0x1234": 08F20100 } } }]';
    const another = later.replace("name: a,", "name: b,");
    expect(said(`${later}, ${before} }\n${another} }\n`, named)).toEqual([
      "b: recognised as nothing instead of acme.thermometer",
    ]);
  });
});

describe("bytes alone", () => {
  it("are put where the definition looks for them, with all else it asks for", () => {
    expect(
      payloadOf(["length: 4", "length: 4, name: '^ATC_[0-9A-F]{6}$', services: [0x181A], address: 'A4:C1'"]),
    ).toMatchObject({
      source: "A4:C1:00:00:00:01",
      payload: { kind: "advert", name: "ATC_000000", manufacturer: [[0x1234, Uint8Array.of(8, 0xf2, 1, 0)]] },
    });
    const served = payloadOf(
      ["manufacturer: 0x1234", "service_data: [0xFCD2, 0xFD3D]"],
      ["ble.manufacturer", "ble.service_data"],
    );
    expect(served?.payload).toMatchObject({
      services: new Map([["0000fcd2-0000-1000-8000-00805f9b34fb", Uint8Array.of(8, 0xf2, 1, 0)]]),
    });
  });

  it("have the company in them where it is data, and any of those that are possible elsewhere", () => {
    const company = (rule: string, from = "ble.manufacturer") =>
      payloadOf(["manufacturer: 0x1234", `manufacturer: ${rule}`], ["ble.manufacturer }\nalive", `${from} }\nalive`])
        ?.payload;
    expect(company("any", "ble.manufacturer.raw")).toMatchObject({ manufacturer: [[0xf208, Uint8Array.of(1, 0)]] });
    expect(company("any")).toMatchObject({ manufacturer: [[0xffff, {}]] });
    expect(company("[7, 8]")).toMatchObject({ manufacturer: [[7, {}]] });
    expect(company("{ mask: 0xFF00, is: 0x1200 }")).toMatchObject({ manufacturer: [[0x1200, {}]] });
  });

  it("are a packet of a wire, or the body of a message", () => {
    expect(
      payloadOf(
        ["{ ble: { manufacturer: 0x1234, length: 4 } }", "{ serial: { length: 4 } }"],
        ["ble.manufacturer", "payload"],
      )?.payload,
    ).toEqual({
      kind: "bytes",
      bytes: Uint8Array.of(8, 0xf2, 1, 0),
    });
    const message = payloadOf(
      ["{ ble: { manufacturer: 0x1234, length: 4 } }", "{ mqtt: { topic: a/+ } }"],
      ["ble.manufacturer", "payload"],
      ["hex: 08F2", "topic: a/b\n    hex: 08F2"],
    );
    expect(message).toMatchObject({ source: "a/b", payload: { kind: "message", body: Uint8Array.of(8, 0xf2, 1, 0) } });
  });

  it("and nothing else are needed of other payloads", () => {
    expect(deviceOf(ofFields("x: {}")).id).toBe("acme.fields");
    const { library } = load(ofFields("x: {}"));
    expect([...testDefinitions(library)].map(({ differences }) => differences)).toEqual([[]]);
  });
});
