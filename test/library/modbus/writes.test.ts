/** Writes to coils and registers: what is written is what would be read, or nothing. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import { parsePath } from "../../../src/model/path.ts";
import { AT, deviceOf, load, shown, values } from "../../support/definitions.ts";

const definition = (modbus: string, field: string, resource: string) => `schema: device/v1
id: acme.writes
vendor: Acme
model: W-1
identity: { endpoint: "acme-{source}" }
frame: { registers: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
  state: { ${field} }
objects:
  3/0: { 0: { const: Acme } }
  ${resource}
commands:
  set: { modbus: { ${modbus} } }
tests: [{ name: none, registers: {} }]
`;

const NUMBER = "3308/0: { 5900: { read: state, write: set } }";
const SWITCH = "3306/0: { 5850: { read: state, write: set } }";

/** What is written, as `key=hex`. */
function written(
  value: ResourceValue,
  modbus: string,
  field = "fc: 3, address: 0, type: u16",
  resource = NUMBER,
): string {
  const device = deviceOf(definition(modbus, field, resource));
  const [path = ""] = device.writable;
  const planned = device.createMapping().command({ path: parsePath(path)!, source: "bus/1", at: AT, value });
  if (planned?.kind !== "device" || planned.command.payload.kind !== "registers") throw new Error("nothing is written");
  return [...planned.command.payload.values].map(([key, bytes]) => `${key}=${toHex(bytes)}`).join();
}

interface Typed {
  readonly registers_hex: string;
  readonly type: string;
  readonly word_order?: string;
  readonly expected: number;
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/modbus.json", import.meta.url), "utf8")) as {
  readonly typed_registers: readonly Typed[];
};

describe("published registers", () => {
  it.each(vectors.typed_registers.map((each) => [each.registers_hex, each.type, each] as const))(
    "%s of %s are what writing their value gives",
    (hex, type, { word_order, expected }) => {
      const ours = type.replace("uint", "u").replace("int", "i").replace("float", "f");
      const order = word_order === "little" ? "cdab" : "abcd";
      const modbus = `fc: 16, address: 0x0020, type: ${ours}, order: ${order}`;
      expect(written(expected, modbus, `fc: 3, address: 0x0020, type: ${ours}`)).toBe(`16:0x0020=${hex}`);
    },
  );
});

describe("a write", () => {
  it("switches a coil with the two values that the standard has", () => {
    const coil = (value: boolean) => written(value, "fc: 5, address: 0x0003", "fc: 1, address: 3, type: bool", SWITCH);
    expect(coil(true)).toBe("5:0x0003=ff00");
    expect(coil(false)).toBe("5:0x0003=0000");
  });

  it("switches one of several coils by a bit", () => {
    const coils = (value: boolean) => written(value, "fc: 15, address: 9", "fc: 1, address: 9, type: bool", SWITCH);
    expect(coils(true)).toBe("15:0x0009=01");
    expect(coils(false)).toBe("15:0x0009=00");
  });

  it("scales the other way round", () => {
    const field = "fc: 3, address: 0x0010, type: i16, scale: 0.1, unit: Cel, range: [-40, 85]";
    expect(written(21.5, "fc: 6, address: 0x0010, type: i16", field)).toBe("6:0x0010=00d7");
    expect(written(-5.3, "fc: 6, address: 0x0010, type: i16", field)).toBe("6:0x0010=ffcb");
    // As a server sends it in single precision.
    expect(written(Math.fround(20.3), "fc: 6, address: 0x0010, type: i16", field)).toBe("6:0x0010=00cb");
  });

  it("of what stands between two values of the device is refused", () => {
    const field = "fc: 3, address: 0, type: u16, scale: 0.5, unit: Cel";
    expect(() => written(20.7, "fc: 6, address: 0", field)).toThrow("between two values");
  });

  it.each([
    ["u16", 65_536],
    ["u16", -1],
    ["i16", 32_768],
    ["i16", -32_769],
    ["u32", 2 ** 32],
    ["i32", -(2 ** 31) - 1],
    ["u64", 2 ** 60],
    ["f32", 1e39],
  ])("of a value that %s does not hold is refused: %d", (type, value) => {
    const fc = type.endsWith("16") ? 6 : 16;
    expect(() => written(value, `fc: ${fc}, address: 0, type: ${type}`, "fc: 3, address: 0, type: f64")).toThrow(
      RangeError,
    );
  });

  it("may write a constant, a word from a map, or a computed value", () => {
    expect(written(1, "fc: 6, address: 7, value: 513")).toBe("6:0x0007=0201");
    expect(written(3, 'fc: 6, address: 7, value: "{raw * 256 + 1}"')).toBe("6:0x0007=0301");
    const onOff = 'fc: 3, address: 0, type: u16, map: { "1": true, "2": false }';
    expect(written(false, "fc: 6, address: 7", onOff, SWITCH)).toBe("6:0x0007=0002");
  });

  it.each(["abcd", "cdab", "badc", "dcba"])("is read back as it was written, in the order %s", (order) => {
    for (const [type, value] of [
      ["u32", 123_456],
      ["i32", -7],
      ["f32", 230.2],
      ["u64", 2 ** 40 + 1],
      ["i64", -9],
      ["f64", 22.9],
    ] as const) {
      const field = `fc: 3, address: 0, type: ${type}, order: ${order}`;
      const device = deviceOf(definition(`fc: 16, address: 0, type: ${type}, order: ${order}`, field, NUMBER));
      const planned = device.createMapping().command({ path: parsePath("/3308/0/5900")!, source: "1", at: AT, value });
      if (planned?.kind !== "device" || planned.command.payload.kind !== "registers")
        throw new Error("nothing is written");
      const [bytes] = planned.command.payload.values.values();
      expect(values(device, { kind: "registers", values: new Map([["3:0x0000", bytes!]]) })).toEqual({ state: value });
    }
  });
});

describe("bytes", () => {
  it("are sent as they stand", () => {
    const text = definition(
      "fc: 6, address: 0",
      "fc: 3, address: 0, type: u16",
      "3308/0: { 5900: { const: 1 }, 5701: { const: Cel } }\n  3303/0: { 5700: state, 5605: { execute: set } }",
    );
    const device = deviceOf(text.replace("modbus: { fc: 6, address: 0 }", "bytes: FF 01 87"));
    const planned = device.createMapping().command({ path: parsePath("/3303/0/5605")!, source: "1", at: AT });
    expect(planned?.kind === "device" && planned.command.payload).toEqual({
      kind: "bytes",
      bytes: Uint8Array.of(0xff, 1, 0x87),
    });
  });
});

describe("a command with a mistake", () => {
  it.each([
    ["fc: 6, address: 0, type: f32", "f32 does not fit into one register"],
    ["fc: 5, address: 0, type: u16", "a coil takes bool"],
    ["fc: 6, address: 0, type: bool", "a register takes numbers"],
    ["fc: 16, address: 0, type: ascii", "ascii cannot be written to registers"],
    ['fc: 6, address: 0, value: "{nothing}"', "nothing"],
  ])("is told so: %s", (modbus, words) => {
    expect(
      load(definition(modbus, "fc: 3, address: 0, type: u16", NUMBER))
        .problems.map(shown)
        .join(),
    ).toContain(words);
  });
});
