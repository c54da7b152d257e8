/** Fields that only other fields know stay unknown to everybody else, however many there are of them. */

import { describe, expect, it } from "vitest";
import { binaryDevice, readAll } from "../../support/binary-device.ts";

const TLV = "bytes: payload, tlv: { at: 0, tag: u8, length: u8 }";

describe("a hidden field", () => {
  it("is not in the reading, nor is a second one of its tag", () => {
    const device = binaryDevice(TLV, ["_state: { tag: 0x32, at: 0, type: u8 }", 'open: { expr: "_state == 1" }']);
    expect(readAll(device, "320101")).toEqual({ open: true });
    expect(readAll(device, "320101320100320101")).toEqual({ open: true });
  });

  it("is not in the reading where several follow one another", () => {
    const device = binaryDevice("bytes: payload", [
      "_part: { at: 0, type: u8, repeat: 3 }",
      'sum: { expr: "_part_1 + _part_2" }',
    ]);
    expect(readAll(device, "010203")).toEqual({ sum: 3 });
  });

  it("leaves the others of a tag where they are", () => {
    const device = binaryDevice(TLV, [
      "level: { tag: 0x32, at: 0, type: u8 }",
      "_other: { tag: 0x33, at: 0, type: u8 }",
    ]);
    expect(readAll(device, "320105320106330107330108")).toEqual({ level: 5, level_2: 6 });
  });
});
