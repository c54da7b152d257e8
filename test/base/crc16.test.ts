/** The checksums of serial wires, by the value that everybody computes of "123456789". */

import { describe, expect, it } from "vitest";
import { ARC, crc16, MODBUS, X25 } from "../../src/base/crc16.ts";

const digits = new TextEncoder().encode("123456789");

describe("a checksum of 16 bits", () => {
  it.each([
    ["ARC", ARC, 0xbb3d],
    ["Modbus", MODBUS, 0x4b37],
    ["X-25", X25, 0x906e],
  ] as const)("of %s is what the catalogues say", (_name, kind, expected) => {
    expect(crc16(kind, digits)).toBe(expected);
  });

  it("may be that of a part", () => {
    const framed = new TextEncoder().encode("<<123456789>>");
    expect(crc16(ARC, framed, 2, 11)).toBe(0xbb3d);
  });

  it("of nothing is where it begins", () => {
    expect(crc16(ARC, new Uint8Array(0))).toBe(0);
    expect(crc16(MODBUS, new Uint8Array(0))).toBe(0xffff);
    expect(crc16(X25, new Uint8Array(0))).toBe(0);
  });
});
