import { describe, expect, it } from "vitest";
import { DecodeError, toHex } from "../../src/base/bytes.ts";
import { decodeOption, encodeOption } from "../../src/oscore/option.ts";
import { deriveContext, MAX_SEQUENCE, partialIvOf, sequenceOf } from "../../src/oscore/context.ts";
import { CLIENT, hex } from "./support.ts";

/** The examples of RFC 8613 §6.1 and §6.3, and the edges around them. */
const VALID = [
  ["", {}],
  ["0105", { partialIv: "05" }],
  ["0905", { partialIv: "05", kid: "" }],
  ["090525", { partialIv: "05", kid: "25" }],
  ["0900", { partialIv: "00", kid: "" }],
  ["19050444616c65", { partialIv: "05", kidContext: "44616c65", kid: "" }],
  ["190503446174ff", { partialIv: "05", kidContext: "446174", kid: "ff" }],
  ["0dffffffffff01020304050607", { partialIv: "ffffffffff", kid: "01020304050607" }],
  ["18020102", { kidContext: "0102", kid: "" }],
  ["100161", { kidContext: "61" }],
] as const;

describe("the OSCORE option (RFC 8613 §6.1)", () => {
  it.each(VALID)("reads and writes %s as %j", (text, meaning) => {
    const read = decodeOption(hex(text));
    expect(
      Object.fromEntries(Object.entries<Uint8Array>({ ...read }).map(([key, bytes]) => [key, toHex(bytes)])),
    ).toEqual(meaning);
    expect(toHex(encodeOption(read))).toBe(text);
  });

  it.each([
    ["00", "zeros"],
    ["29", "reserved"],
    ["4900", "reserved"],
    ["8900", "reserved"],
    ["0e010203040506", "6 bytes"],
    ["0f01020304050607", "7 bytes"],
    ["09", "Partial IV cut short"],
    ["0b0102", "Partial IV cut short"],
    ["0a0001", "leading zero"],
    ["1905", "kid context cut short"],
    ["190505010203", "kid context cut short"],
    ["010525", "more than its flags"],
    ["11050161ff", "more than its flags"],
  ])("refuses %s: %s", (text, why) => {
    expect(() => decodeOption(hex(text))).toThrow(DecodeError);
    expect(() => decodeOption(hex(text))).toThrow(why);
  });

  it("keeps nothing of the datagram that it was read from", () => {
    const bytes = hex("090525");
    const { kid } = decodeOption(bytes);
    bytes.fill(0);
    expect(kid && toHex(kid)).toBe("25");
  });
});

describe("numbers of messages", () => {
  it.each([
    [0, "00"],
    [1, "01"],
    [255, "ff"],
    [256, "0100"],
    [0xffff_ffff, "ffffffff"],
    [MAX_SEQUENCE, "ffffffffff"],
  ])("%i travels as %s", (sequence, text) => {
    expect(toHex(partialIvOf(sequence))).toBe(text);
    expect(sequenceOf(hex(text))).toBe(sequence);
  });
});

describe("a context is refused", () => {
  it.each([
    ["ids that are the same", { recipientId: hex("") }, "are the same"],
    ["an id of eight bytes", { senderId: hex("0102030405060708") }, "7 bytes at most with AES-CCM-16-64-128"],
    ["an id of seven bytes with GCM", { senderId: hex("01020304050607"), aead: 1 }, "6 bytes at most with A128GCM"],
    ["an AEAD that is not known", { aead: 24 }, "AEAD algorithm 24 is not one of 1, 2, 3, 10, 11, 30, 31"],
    ["a hash that is not known", { hkdf: -16 }, "HMAC algorithm -16"],
  ])("for %s", (_, change, why) => {
    expect(() => deriveContext({ ...CLIENT, ...change })).toThrow(RangeError);
    expect(() => deriveContext({ ...CLIENT, ...change })).toThrow(why);
  });
});
