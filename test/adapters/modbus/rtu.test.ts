/** Modbus RTU on the wire: published frames, and that nothing else passes for an answer. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exceptionWords, type Question } from "../../../src/adapters/modbus/pdu.ts";
import { hear, questionBytes } from "../../../src/adapters/modbus/rtu.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { crc16, MODBUS } from "../../../src/base/crc16.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

interface RtuFrame {
  readonly name: string;
  readonly request_hex: string;
  readonly response_hex: string;
  readonly exception_code?: number;
}
const { rtu_frames: frames } = JSON.parse(
  readFileSync(new URL("../../vectors/modbus.json", import.meta.url), "utf8"),
) as { readonly rtu_frames: readonly RtuFrame[] };

/** The question that these bytes ask. */
function asked(hex: string): Question {
  const [unit = 0, fc = 0, high = 0, low = 0, more = 0, less = 0] = fromHex(hex);
  return { unit, fc, address: high * 256 + low, count: more * 256 + less };
}

/** With its checksum. */
function framed(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  const sum = crc16(MODBUS, bytes);
  return Uint8Array.from([...bytes, sum & 0xff, sum >> 8]);
}

describe.each(frames.map((frame) => [frame.name, frame] as const))("published: %s", (_name, frame) => {
  const question = asked(frame.request_hex);
  const answer = fromHex(frame.response_hex);

  it("is asked with these bytes", () => {
    expect(toHex(questionBytes(question))).toBe(frame.request_hex);
  });

  it("is answered with these, and not before all of them are there", () => {
    for (let length = 0; length < answer.length; length++)
      expect(hear(question, answer.subarray(0, length))).toBeUndefined();
    const { exception_code: code } = frame;
    expect(hear(question, answer)).toEqual(
      code === undefined ? { kind: "answer", data: answer.slice(3, -2) } : { kind: "exception", code },
    );
  });

  it("is not answered with any bit of it changed", () => {
    for (let bit = 0; bit < answer.length * 8; bit++) {
      const broken = Uint8Array.from(answer);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      expect(hear(question, broken)?.kind ?? "foreign", `bit ${bit}`).toBe("foreign");
    }
  });
});

describe("an answer", () => {
  const read: Question = { unit: 5, fc: 3, address: 10, count: 2 };

  it.each([
    ["of another unit", "06030400010002"],
    ["of another function", "05040400010002"],
    ["of another length", "0503020001"],
    ["with bytes behind it", "0503040001000200"],
  ])("%s is none", (_what, hex) => {
    expect(hear(read, framed(hex))?.kind).toBe("foreign");
  });

  it("of 254 comes under the number that the sensor really has", () => {
    expect(hear({ unit: 254, fc: 4, address: 3, count: 1 }, framed("0104020352"))?.kind).toBe("answer");
  });

  it("of coils has a bit for each", () => {
    expect(hear({ unit: 5, fc: 1, address: 0, count: 9 }, framed("0501020102"))).toEqual({
      kind: "answer",
      data: Uint8Array.of(1, 2),
    });
  });

  it("of meaningless bytes is none, unless it has the form and the sum", () => {
    const random = new SeededRandom(4);
    for (let i = 0; i < 5_000; i++) {
      const bytes = random.bytes(1 + random.below(12));
      if (i % 2 === 0) bytes.set([5, 3, 4].slice(0, bytes.length));
      expect(hear(read, bytes)?.kind ?? "foreign").toBe("foreign");
    }
  });
});

describe("a write", () => {
  it.each([
    [{ unit: 1, fc: 5, address: 3, count: 1, data: Uint8Array.of(0xff, 0) }, "01050003ff00"],
    [{ unit: 1, fc: 6, address: 0x103, count: 1, data: Uint8Array.of(0, 0xd7) }, "0106010300d7"],
    [{ unit: 1, fc: 15, address: 9, count: 1, data: Uint8Array.of(1) }, "010f000900010101"],
    [{ unit: 1, fc: 16, address: 2, count: 2, data: fromHex("43663333") }, "01100002000204" + "43663333"],
  ] as const)("%j is %s", (question, hex) => {
    expect(toHex(questionBytes(question))).toBe(toHex(framed(hex)));
  });

  it("is done when its echo says where and what", () => {
    const write: Question = { unit: 1, fc: 6, address: 2, count: 1, data: Uint8Array.of(0, 7) };
    expect(hear(write, framed("010600020007"))).toEqual({ kind: "answer", data: new Uint8Array(0) });
    expect(hear(write, framed("010600030007"))?.kind).toBe("foreign");
    expect(hear(write, framed("010600020008"))?.kind).toBe("foreign");
    expect(hear(write, framed("018603"))).toEqual({ kind: "exception", code: 3 });
  });
});

describe("an exception", () => {
  it("is told in words", () => {
    expect(exceptionWords(2)).toBe("exception 2 (illegal data address): it has no such register");
    expect(exceptionWords(99)).toBe("exception 99");
  });
});
