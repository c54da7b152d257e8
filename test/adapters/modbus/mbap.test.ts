/** Modbus TCP on the wire: the header, answers in pieces, and streams that speak something else. */

import { describe, expect, it } from "vitest";
import { mbapBytes, MbapReader } from "../../../src/adapters/modbus/mbap.ts";
import { exceptionWords, hearPdu, type Question, verdictOf } from "../../../src/adapters/modbus/pdu.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const READ: Question = { unit: 0x11, fc: 3, address: 0x006b, count: 3 };
const WRITE: Question = { unit: 0x11, fc: 6, address: 1, count: 1, data: Uint8Array.of(0, 3) };

describe("a question", () => {
  it.each([
    // The examples of the application protocol §6.3, §6.6, §6.12, behind the header of the messaging guide §3.1.3.
    [READ, "15010000000611 03006b0003"],
    [WRITE, "15010000000611 0600010003"],
    [{ unit: 0xff, fc: 16, address: 1, count: 2, data: fromHex("000a0102") }, "1501000000 0bff 1000010002 04000a0102"],
  ] as const)("%j is framed as published", (question, hex) => {
    expect(toHex(mbapBytes(0x1501, question))).toBe(hex.replaceAll(" ", ""));
  });
});

describe("answers", () => {
  const answer = fromHex("150100000009110306022b00000064");

  it("are the same however the bytes arrive", () => {
    for (let at = 0; at <= answer.length; at++) {
      const reader = new MbapReader();
      const found = [...reader.push(answer.subarray(0, at)), ...reader.push(answer.subarray(at))];
      expect(found).toEqual([{ transaction: 0x1501, unit: 0x11, pdu: fromHex("0306022b00000064") }]);
      expect(hearPdu(READ, found[0]!.pdu)).toEqual({ kind: "answer", data: fromHex("022b00000064") });
    }
  });

  it("may come several at once", () => {
    expect(new MbapReader().push(Uint8Array.of(...answer, ...answer, 0x15))).toHaveLength(2);
  });

  it.each([
    ["another protocol", "1501 0001 0003 11 8302"],
    ["a length that leaves no room for an answer", "1501 0000 0002 11 83"],
    ["a length beyond the longest", "1501 0000 00ff 11 03"],
    ["a web server", toHex(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"))],
  ])("of %s end the reading, with a word", (_name, hex) => {
    const reader = new MbapReader();
    expect(reader.push(fromHex(hex.replaceAll(" ", "")))).toEqual([]);
    expect(reader.broken).toContain("does not speak Modbus TCP");
    expect(reader.push(answer)).toEqual([]);
  });

  it("of random bytes are bounded, and keep nothing of what cannot be an answer", () => {
    const random = new SeededRandom(21);
    for (let round = 0; round < 3_000; round++) {
      const reader = new MbapReader();
      for (let i = 0; i < 8; i++)
        for (const { pdu } of reader.push(random.bytes(random.below(64)))) expect(pdu.length).toBeLessThan(254);
    }
  });
});

describe("what an answer says", () => {
  it.each([
    ["another function", READ, "0406022b00000064"],
    ["fewer bytes than were asked for", READ, "0304022b0000"],
    ["a count that is not that of its bytes", READ, "0306022b0000"],
    ["nothing", READ, ""],
    ["an exception that is cut", READ, "83"],
    ["an exception that goes on", READ, "830200"],
    ["the echo of another write", WRITE, "0600010004"],
    ["an echo that is cut", WRITE, "06000100"],
  ])("of %s is not used", (_name, question, hex) => {
    expect(hearPdu(question, fromHex(hex)).kind).toBe("foreign");
  });

  it("is an exception with its name", () => {
    expect(hearPdu(READ, fromHex("8302"))).toEqual({ kind: "exception", code: 2 });
    expect(exceptionWords(11)).toBe(
      "exception 11 (gateway target device failed to respond): the device behind it does not answer",
    );
    expect([1, 2, 3, 4, 5, 6, 10, 11, 200].map(verdictOf)).toEqual([
      ...["refused", "refused", "refused", "refused", "later", "later", "silent", "silent", "refused"],
    ]);
  });

  it("is done, for a write", () => {
    expect(hearPdu(WRITE, fromHex("0600010003"))).toMatchObject({ kind: "answer" });
  });
});
