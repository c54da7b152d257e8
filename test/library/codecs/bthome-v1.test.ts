/** Numbers of BTHome v1, which say their width and form themselves (bthome.io/v1). */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../../src/base/bytes.ts";
import { decodeBthomeV1 } from "../../../src/library/codecs/bthome-v1.ts";

/** A power in hundredths of a watt, of so many bytes in a form. */
const power = (form: number, value: string) => {
  const bytes = fromHex(value);
  const head = (form << 5) | (bytes.length + 1);
  return decodeBthomeV1(Uint8Array.of(head, 0x0b, ...bytes)).get("power")?.value;
};
const float = (width: 4 | 8, value: number) => {
  const view = new DataView(new ArrayBuffer(width));
  if (width === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return toHex(new Uint8Array(view.buffer));
};

describe("a number of BTHome v1", () => {
  it.each([
    [0, "ff", 2.55],
    [0, "0080", 327.68],
    [0, "ffffffffffff", 2_814_749_767_106.55],
    [1, "ff", -0.01],
    [1, "0080", -327.68],
    [1, "ff7f", 327.67],
    [1, "000080", -83_886.08],
    [1, "000000000080", -1_407_374_883_553.28],
  ])("in form %d with the bytes %s is %d", (form, bytes, expected) => {
    expect(power(form, bytes)).toBe(expected);
  });

  it.each([
    ["0038", 0.005],
    ["003c", 0.01],
    ["00c0", -0.02],
    ["ff7b", 655.04],
    ["0004", 6.103_515_625e-7],
    ["0100", 5.960_464_477_54e-10],
    ["ff03", 6.097_555_160_52e-7],
    ["0000", 0],
  ])("in half precision with the bytes %s is %d (IEEE 754 §3.6)", (bytes, expected) => {
    expect(power(2, bytes)).toBe(expected);
  });

  it("in single and double precision is that, and is left out where it is none", () => {
    expect(power(2, float(4, 12.5))).toBe(0.125);
    expect(power(2, float(8, -12.5))).toBe(-0.125);
    for (const none of ["007c", "00fc", "007e", float(4, NaN), float(8, Infinity)])
      expect(power(2, none)).toBeUndefined();
  });

  it("of a width that no sensor has is left out", () => {
    for (const [form, bytes] of [
      [0, ""],
      [0, "00".repeat(7)],
      [1, "00".repeat(7)],
      [2, "000000"],
      [5, "00"],
    ] as const)
      expect(power(form, bytes)).toBeUndefined();
  });

  it("that ends early is refused, as is one without an id", () => {
    expect(() => decodeBthomeV1(fromHex("030b00"))).toThrow(DecodeError);
    expect(() => decodeBthomeV1(fromHex("00"))).toThrow(DecodeError);
  });
});
