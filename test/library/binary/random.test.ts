/** Fields of every type over random bytes: a value is in its range and of its type, or there is none. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import type { Device } from "../../../src/library/index.ts";
import type { Scalar } from "../../../src/sdk/adapter.ts";
import { binaryDevice } from "../../support/binary-device.ts";
import { frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const INTEGERS = [
  ...["u8", "i8", "u16be", "u16le", "i16be", "i16le", "u24be", "u24le", "i24be", "i24le"],
  ...["u32be", "u32le", "i32be", "i32le", "u48be", "u48le", "u64be", "u64le", "i64be", "i64le"],
];
const NUMBERS = [
  ...INTEGERS,
  ...["f16be", "f16le", "f32be", "f32le", "f64be", "f64le", "sm8", "sm16be", "sm16le", "medfloat16", "medfloat32"],
  ...["bcd, length: 1", "bcd, length: 3", "bcd, length: 7", "bcd.le, length: 4"],
];
const TEXTS = ["ascii, length: 4", "utf8, length: 6", "hex, length: 3", "hex.le, length: 3", "mac", "mac.le"];
const RANGE = [-1_000, 5_000] as const;

const meanings = [
  "",
  ", scale: 0.1",
  ", scale: -0.0025, offset: 40.5",
  ", scale: 1e-7, offset: 0.1",
  ", table: [[0, -50], [100, 0], [1e9, 4000]]",
  ", unit: Cel, given: Far",
  ", invalid: [0, 255, 65535]",
];

function places(random: SeededRandom, type: string): string[] {
  const at = random.below(6);
  const bits = `bits: { shift: ${random.below(4)}, width: ${1 + random.below(4)}, signed: ${random.below(2) === 1} }`;
  return [
    `at: ${at}, type: ${type}`,
    `at: -8, type: ${type}`,
    `tag: ${1 + random.below(3)}, type: ${type}`,
    `flag: ${random.below(8)}, type: ${type}`,
    ...(/length/.test(type) ? [] : [`at: ${at}, type: ${type}, repeat: 3`]),
    ...(INTEGERS.includes(type) ? [`at: ${at}, type: ${type}, ${bits}`] : []),
  ];
}

const FRAMES = ["", ", tlv: { at: 2, tag: u8, length: u8 }", ", flags: { at: 0, type: u8, start: 1 }"];

/** The frame that the place of a field needs. */
const frameFor = (place: string) =>
  `bytes: payload${place.startsWith("tag") ? FRAMES[1] : place.startsWith("flag") ? FRAMES[2] : FRAMES[0]}`;

/** Small numbers are common in what devices say, and what they say is often nothing at all. */
function payload(random: SeededRandom): Uint8Array {
  const bytes = random.bytes(random.below(24));
  const habit = random.below(4);
  return habit === 0
    ? bytes.map((byte) => byte & 3)
    : habit === 1
      ? bytes.map((byte) => (byte < 200 ? 0xff : byte))
      : bytes;
}

describe("a field over random bytes", () => {
  it.each(NUMBERS)("is a number in its range, or nothing: %s", (type) => {
    const random = new SeededRandom(type.length * 31 + type.charCodeAt(0));
    for (const place of places(random, type)) {
      const spec = `${place}${random.pick(meanings)}, range: [${RANGE.join(", ")}]`;
      const device = binaryDevice(frameFor(place), [`f: { ${spec} }`]);
      for (let i = 0; i < 300; i++)
        for (const value of valuesOf(device, payload(random))) {
          if (value === undefined) continue;
          if (typeof value !== "number" || !(value >= RANGE[0] && value <= RANGE[1]))
            expect.fail(`${spec}: ${String(value)}`);
        }
    }
  });

  it.each(NUMBERS)("is never NaN or infinite, whatever is made of it: %s", (type) => {
    const random = new SeededRandom(type.length * 37 + type.charCodeAt(1));
    for (const meaning of meanings) {
      const fields = [
        `f: { at: 0, type: ${type}${meaning} }`,
        'inverse: { expr: "1 / f" }',
        'root: { expr: "sqrt(f) + ln(f) + exp(f) + mod(f, f - f)" }',
      ];
      const device = binaryDevice("bytes: payload", fields);
      for (let i = 0; i < 200; i++)
        for (const value of valuesOf(device, payload(random)))
          if (value !== undefined && !Number.isFinite(value)) expect.fail(`${fields.join()}: ${String(value)}`);
    }
  });

  it.each(TEXTS)("is a text that can be shown: %s", (type) => {
    const random = new SeededRandom(type.length);
    for (const place of places(random, type).slice(0, 4)) {
      const device = binaryDevice(frameFor(place), [`f: { ${place} }`]);
      for (let i = 0; i < 300; i++)
        for (const value of valuesOf(device, payload(random)))
          if (value !== undefined && (typeof value !== "string" || /\p{Cc}/u.test(value)))
            expect.fail(`${place}: ${String(value)}`);
    }
  });

  it("has as many bits as its slices, and the sign that was asked for", () => {
    const random = new SeededRandom(99);
    for (let round = 0; round < 40; round++) {
      const slices = Array.from({ length: 1 + random.below(6) }, () => {
        const shift = random.below(8);
        return { at: random.below(12) - 4, shift, width: 1 + random.below(8 - shift) };
      });
      const signed = random.below(2) === 1;
      const total = slices.reduce((sum, { width }) => sum + width, 0);
      const device = binaryDevice("bytes: payload", [`f: { slices: ${JSON.stringify(slices)}, signed: ${signed} }`]);
      const [low, high] = signed ? [-(2 ** (total - 1)), 2 ** (total - 1) - 1] : [0, 2 ** total - 1];
      for (let i = 0; i < 100; i++)
        for (const value of valuesOf(device, payload(random)))
          if (!Number.isInteger(value) || Number(value) < low || Number(value) > high)
            expect.fail(`${total}: ${String(value)}`);
    }
  });
});

/** Nothing for what is refused: by DecodeError only. */
function valuesOf(device: Device, bytes: Uint8Array): (Scalar | undefined)[] {
  try {
    const reading = device.decode(frameOf({ kind: "bytes", bytes }));
    return [...(reading?.fields.values() ?? [])].map((quantity) => quantity?.value);
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}
