/** Binary frames with a beginning, an end and a sum, held against what makers publish. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { CHECKS } from "../../../src/library/definition/frame.ts";
import { type CheckKind, checks } from "../../../src/library/framing/binary/checks.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { binaryDevice, bytesOf, readAll } from "../../support/binary-device.ts";
import { values } from "../../support/definitions.ts";

describe("sums", () => {
  const digits = new TextEncoder().encode("123456789");
  const of = (kind: CheckKind, bytes: Uint8Array) => checks[kind].compute(bytes, 0, bytes.length);

  it.each([
    // The check values of the catalogue of CRC algorithms: those of the nine digits.
    ["crc16.modbus", 0x4b37],
    ["crc16.arc", 0xbb3d],
    ["crc16.x25", 0x906e],
    ["crc16.ccitt", 0x29b1],
    ["crc8.sensirion", 0xf7],
    ["sum8", 0xdd],
    ["sum8.inverted", 0x22],
    ["sum8.negated", 0x23],
    ["sum16be", 0x01dd],
    ["sum16le", 0x01dd],
    ["xor8", 0x31],
  ] as const)("%s of the digits is %d", (kind, expected) => {
    expect(of(kind, digits)).toBe(expected);
  });

  it("of Sensirion is that of its datasheets: BE EF has 92", () => {
    expect(of("crc8.sensirion", fromHex("BEEF"))).toBe(0x92);
  });

  it("of Modbus is that of a published request: 01 03 00 00 00 0A has C5 CD", () => {
    expect(of("crc16.modbus", fromHex("01030000000A"))).toBe(0xcdc5);
  });

  it("count only what is between two places", () => {
    for (const kind of CHECKS)
      expect(checks[kind].compute(fromHex("FF 31 32 FF"), 1, 3)).toBe(of(kind, fromHex("3132")));
  });
});

interface Sensor {
  readonly frame: string;
  readonly fields: readonly string[];
  readonly hex: string;
  readonly reads: Readonly<Record<string, number>>;
}

/** Frames of these sensors, from their datasheets and from what avaldebe/PyPMS has captured. */
const SENSORS: Readonly<Record<string, Sensor>> = {
  SDS011: {
    frame: "packet: { start: AA C0, end: AB, check: { kind: sum8, from: 2, to: 8, at: 8 } }",
    fields: ["pm2_5: { at: 2, type: u16le, scale: 0.1 }", "pm10: { at: 4, type: u16le, scale: 0.1 }"],
    hex: "AA C0 D4 04 3A 0A A1 60 1D AB",
    reads: { pm2_5: 123.6, pm10: 261.8 },
  },
  "MH-Z19": {
    frame: "packet: { start: FF 86, check: { kind: sum8.negated, from: 1, to: 8, at: 8 } }",
    fields: ["co2: { at: 2, type: u16be }"],
    hex: "FF 86 02 60 47 00 00 00 D1",
    reads: { co2: 608 },
  },
  PMS5003: {
    frame: "packet: { start: 42 4D, check: { kind: sum16be, from: 0, to: -2, at: -2 } }",
    fields: ["pm1: { at: 10, type: u16be }", "pm2_5: { at: 12, type: u16be }", "pm10: { at: 14, type: u16be }"],
    hex: "424D001C 0000 0008 0008 0000 0008 0008 00D2 0046 002D 001E 0000 0000 9700 02C5",
    reads: { pm1: 0, pm2_5: 8, pm10: 8 },
  },
  SPS30: {
    frame: "packet: { start: 7E, end: 7E, stuffing: shdlc, check: { kind: sum8.inverted, from: 1, to: -2, at: -2 } }",
    fields: ["command: { at: 2, type: u8 }", "pm1: { at: 5, type: f32be }", "pm2_5: { at: 9, type: f32be }"],
    hex: "7E 00 03 00 28 40A78320 411777BB 414A5F83 41548DDD 41D2833E 427D33FC 85422617 224229A4 D9422A29 BC3F55B7 E7 9E 7E",
    reads: { command: 3, pm1: 5.234756, pm2_5: 9.466731 },
  },
  "an M-Bus short answer": {
    frame: "packet: { start: '10', end: '16', check: { kind: sum8, from: 1, to: 3, at: 3 } }",
    fields: ["control: { at: 1, type: u8 }"],
    hex: "10 7B FD 78 16",
    reads: { control: 0x7b },
  },
};

describe("a packet", () => {
  it.each(Object.entries(SENSORS))("of %s is read", (_name, { frame, fields, hex, reads }) => {
    expect(readAll(binaryDevice(`bytes: payload, ${frame}`, fields), hex)).toEqual(reads);
  });

  it.each(Object.entries(SENSORS))("of %s with any bit changed is refused", (_name, sensor) => {
    const device = binaryDevice(`bytes: payload, ${sensor.frame}`, sensor.fields);
    const right = fromHex(sensor.hex);
    for (let bit = 0; bit < right.length * 8; bit++) {
      const bytes = Uint8Array.from(right);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => values(device, { kind: "bytes", bytes })).toThrow(DecodeError);
    }
  });

  it.each(Object.entries(SENSORS))("of %s cut short anywhere is refused", (_name, { frame, fields, hex }) => {
    const device = binaryDevice(`bytes: payload, ${frame}`, fields);
    const bytes = fromHex(hex);
    for (let length = 0; length < bytes.length; length++)
      expect(() => values(device, { kind: "bytes", bytes: bytes.subarray(0, length) })).toThrow(DecodeError);
  });

  it("says what is wrong with it", () => {
    const { frame, fields } = SENSORS["SDS011"] ?? { frame: "", fields: [] };
    const device = binaryDevice(`bytes: payload, ${frame}`, fields);
    const refused = (hex: string) => () => readAll(device, hex);
    expect(refused("AB C0 D4 04 3A 0A A1 60 1D AB")).toThrow("the packet does not begin with AA C0");
    expect(refused("AA C0 D4 04 3A 0A A1 60 1D AA")).toThrow("the packet does not end with AB");
    expect(refused("AA C0 D4 04 3A 0A A1 60 1E AB")).toThrow("checksum mismatch: 1D computed");
    expect(refused("AA C0 AB")).toThrow("3 bytes: too short for its checksum");
  });

  it("has something to sum up: a sum over nothing proves nothing", () => {
    const sum = "check: { kind: sum8, from: 1, to: -1, at: -1 }";
    const device = binaryDevice(`bytes: payload, packet: { ${sum} }`, ["f: { at: 0, type: u8 }"]);
    expect(() => readAll(device, "05 00")).toThrow("2 bytes: too short for its checksum");
    expect(readAll(device, "05 07 07")).toEqual({ f: 5 });
  });

  it.each([
    ["crc16.modbus", "31 32 33 34 35 36 37 38 39 37 4B"],
    ["crc16.arc", "31 32 33 34 35 36 37 38 39 3D BB"],
    ["crc16.x25", "31 32 33 34 35 36 37 38 39 6E 90"],
    ["crc16.ccitt", "31 32 33 34 35 36 37 38 39 29 B1"],
    ["sum16le", "31 32 33 34 35 36 37 38 39 DD 01"],
    ["sum16be", "31 32 33 34 35 36 37 38 39 01 DD"],
  ])("has its sum of %s in the order of its standard", (kind, hex) => {
    const frame = `bytes: payload, packet: { check: { kind: ${kind}, from: 0, to: -2, at: -2 } }`;
    const device = binaryDevice(frame, ["f: { at: 0, type: u8 }"]);
    expect(readAll(device, hex)).toEqual({ f: 0x31 });
    expect(() => values(device, { kind: "bytes", bytes: fromHex(hex).reverse() })).toThrow("checksum mismatch");
  });

  it("may begin with digits that do not matter", () => {
    const device = binaryDevice("bytes: payload, packet: { start: A? ?? 01 }", ["f: { at: 1, type: u8 }"]);
    expect(readAll(device, "A7 09 01")).toEqual({ f: 9 });
    expect(() => readAll(device, "B7 09 01")).toThrow(DecodeError);
  });

  it("protects adverts as well", () => {
    const device = binaryDevice(
      "bytes: ble.manufacturer, packet: { check: { kind: xor8, from: 0, to: -1, at: -1 } }",
      ["f: { at: 0, type: u8 }"],
      "match: { ble: { manufacturer: 0x1234 } }",
    );
    expect(readAll(device, "01 02 03")).toEqual({ f: 1 });
    expect(() => readAll(device, "01 02 04")).toThrow("checksum mismatch: 03 computed");
  });
});

describe("stuffing of SHDLC", () => {
  const device = binaryDevice("bytes: payload, packet: { start: 7E, end: 7E, stuffing: shdlc }", [
    "inner: { at: 1, type: hex, length: 4 }",
  ]);

  it("is undone: 7E, 7D, 11 and 13 travel as two bytes", () => {
    expect(readAll(device, "7E 7D5E 7D5D 7D31 7D33 7E")).toEqual({ inner: "7e7d1113" });
    expect(readAll(device, "7E 01 02 03 04 7E")).toEqual({ inner: "01020304" });
  });

  it.each([
    ["7E 01 7E 03 04 7E", "7E within a packet, at byte 2"],
    ["7E 01 7D 04 05 06 7E", "7D before what needs none, at byte 2"],
    ["7E 01 02 03 04 7D", "7D before what needs none, at byte 5"],
  ])("is refused where it is none: %s", (hex, message) => {
    expect(() => values(device, bytesOf(hex))).toThrow(new DecodeError(message));
  });

  it("of any bytes comes back as they were", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 2_000; i++) {
      const bytes = random.bytes(4);
      const stuffed = [...bytes].flatMap((byte) =>
        [0x7e, 0x7d, 0x11, 0x13].includes(byte) ? [0x7d, byte ^ 0x20] : [byte],
      );
      const read = values(device, { kind: "bytes", bytes: Uint8Array.from([0x7e, ...stuffed, 0x7e]) });
      expect(read).toEqual({ inner: Buffer.from(bytes).toString("hex") });
    }
  });
});
