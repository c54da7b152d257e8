/** Sums at the end of recorded frames: found where all agree, and not where one might by chance. */

import { describe, expect, it } from "vitest";
import { lineSumOf, packetSumOf } from "../../src/cli/device/draft/sums.ts";
import { checks } from "../../src/library/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const random = new SeededRandom(5);

function packet(kind: keyof typeof checks): Uint8Array {
  const body = random.bytes(9);
  const sum = checks[kind].compute(body, 0, body.length);
  const { type } = checks[kind];
  const end = type === "u8" ? [sum] : type === "u16be" ? [sum >> 8, sum & 0xff] : [sum & 0xff, sum >> 8];
  return Uint8Array.of(...body, ...end);
}

describe("the sum of packets", () => {
  it.each(["xor8", "sum8", "sum8.inverted", "crc16.modbus", "crc16.ccitt", "sum16be", "crc8.sensirion"] as const)(
    "of kind %s is found",
    (kind) => {
      const width = checks[kind].type === "u8" ? 1 : 2;
      const frames = Array.from({ length: 5 }, () => packet(kind));
      expect(packetSumOf(frames)).toEqual({ kind, from: 0, to: -width, at: -width });
    },
  );

  it("is none where one frame disagrees, where there are too few that differ, and in nothing", () => {
    const frames = Array.from({ length: 5 }, () => packet("xor8"));
    frames[3]?.set([7], 2);
    expect(packetSumOf(frames)).toBeUndefined();
    const [one, two] = [packet("xor8"), packet("xor8")] as const;
    expect(packetSumOf([one, two, one, two])).toBeUndefined();
    expect(packetSumOf([])).toBeUndefined();
    expect(packetSumOf([[], [1], [2]].map((each) => Uint8Array.from(each)))).toBeUndefined();
  });
});

describe("the sum of lines", () => {
  const line = (body: string, from = 0) => {
    const bytes = Buffer.from(body.slice(from));
    return `${body}*${checks.xor8.compute(bytes, 0, bytes.length).toString(16).padStart(2, "0")}`;
  };

  it("is found behind its sign, whether the first letter counts or not", () => {
    expect(lineSumOf(["a1", "b2", "c3"].map((body) => line(body)))).toEqual({ kind: "xor8", after: "*" });
    expect(lineSumOf(["$a1", "$b2", "$c3"].map((body) => line(body, 1)))).toEqual({
      kind: "xor8",
      after: "*",
      from: 1,
    });
  });

  it("is none of lines without one", () => {
    expect(lineSumOf(["1,21", "2,22", "3,23"])).toBeUndefined();
    expect(lineSumOf(["a1", "b2"].map((body) => line(body)))).toBeUndefined();
    expect(lineSumOf([])).toBeUndefined();
  });
});
