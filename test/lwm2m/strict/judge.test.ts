/** A judge is worth what it finds: each kind of mistake is made here once, and has its words. */

import { describe, expect, it } from "vitest";
import { encodeMessage, type Message } from "../../../src/coap/index.ts";
import { readBody, type TypeAt } from "../../support/strict/bodies.ts";
import { readStrictly } from "../../support/strict/message.ts";
import { type Rig, strictRig } from "../../support/strict/rig.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const ascii = (text: string) => new TextEncoder().encode(text);

const TYPES: Readonly<Record<string, ReturnType<TypeAt>>> = {
  "/3303/0/5700": { type: "float", multiple: false },
  "/3303/0/5701": { type: "string", multiple: false },
  "/3/0/9": { type: "integer", multiple: false },
  "/3/0/13": { type: "time", multiple: false },
  "/3311/0/5850": { type: "boolean", multiple: false },
  "/3/0/7/0": { type: "integer", multiple: true },
};
const typeAt: TypeAt = (path) => TYPES[path];
const body = (format: number, payload: Uint8Array, base: string) => () =>
  readBody(format, payload, { base, typeAt, orderly: true });

describe("a datagram", () => {
  it.each([
    ["40 01 00", "a header of four bytes"],
    ["80 01 0001", "version 1"],
    ["49 45 0001 000000000000000000", "no more than 8 bytes"],
    ["40 00 0001", "no ping"],
    ["60 00 0001 ff", "nothing behind the header"],
    ["60 45 0001 ff", "a payload behind its marker"],
    ["60 45 0001 c100", "without leading zeros"],
    ["60 45 0001 c128 0128", "option 12 once"],
    ["60 45 0001 f0", "no reserved nibble"],
    ["60 45 0001 d4ff", "all there"],
    ["60 45 0001 d10001", "option 13, which"],
    ["40 02 0001 b1ff", "not UTF-8"],
  ])("%s is a fault", (hex, words) => {
    expect(() => readStrictly(bytes(hex))).toThrow(words);
  });

  it("that is as it should be is none", () => {
    expect(readStrictly(bytes("61 45 0001 aa c128 ff 3c")).options).toHaveLength(1);
  });
});

describe("a body", () => {
  it.each([
    ["E34: a float without a point", 0, ascii("22"), "/3303/0/5700"],
    ["E34: an integer with one", 0, ascii("22.0"), "/3/0/9"],
    ["E35: a boolean in words", 0, ascii("true"), "/3311/0/5850"],
    ["E36: a time that is a date", 0, ascii("2026-01-01"), "/3/0/13"],
    ["E30: a float as a CBOR integer", 60, bytes("16"), "/3303/0/5700"],
    ["E32: an integer as a CBOR float", 60, bytes("f94d80"), "/3/0/9"],
    ["E36: a time without its tag", 60, bytes("1a65000000"), "/3/0/13"],
    ["CBOR that is not shortest", 60, bytes("1816"), "/3/0/9"],
    ["two items", 60, bytes("1616"), "/3/0/9"],
    ["E37: text as raw bytes", 42, ascii("Cel"), "/3303/0/5701"],
    ["E33: a float of one byte", 11_542, bytes("e1 1644 16"), "/3303/0/5700"],
    ["an integer of two bytes for one", 11_542, bytes("c2 09 0064"), "/3/0/9"],
    ["a length that is too long", 11_542, bytes("c8 09 01 64"), "/3/0/9"],
    ["a wrong kind of entry", 11_542, bytes("41 09 64"), "/3/0/9"],
    [
      "E31: a float as an integer in SenML CBOR",
      112,
      bytes("81 a2 21 6c2f333330332f302f35373030 02 16"),
      "/3303/0/5700",
    ],
    ["E38: a single map", 112, bytes("a2 21 6c2f333330332f302f35373030 02 f94d80"), "/3303/0/5700"],
    ["E38: keys that are words", 112, bytes("81 a2 62626e 6c2f333330332f302f35373030 02 f94d80"), "/3303/0/5700"],
    ["E38: a name without a slash", 110, ascii('[{"n":"3303/0/5700","v":22.5}]'), "/3303/0/5700"],
    ["E38: a number as text", 110, ascii('[{"n":"/3303/0/5700","v":"22.5"}]'), "/3303/0/5700"],
    ["E35: a boolean as a number", 110, ascii('[{"n":"/3311/0/5850","v":1}]'), "/3311/0/5850"],
    ["the same twice", 110, ascii('[{"n":"/3/0/9","v":1},{"n":"/3/0/9","v":2}]'), "/3/0/9"],
    [
      "times that go back",
      110,
      ascii('[{"n":"/3/0/9","t":1700000001,"v":1},{"n":"/3/0/9","t":1700000000,"v":2}]'),
      "/3/0/9",
    ],
    ["what was not asked for", 110, ascii('[{"n":"/3/0/9","v":1}]'), "/3303/0/5700"],
    ["a multiple Resource without Instance", 110, ascii('[{"n":"/3/0/7","v":1}]'), "/3/0/7/0"],
    ["keys of LwM2M CBOR that are words", 11_544, bytes("a1 6133 a1 00 a1 09 01"), "/3/0/9"],
    ["links where values belong", 40, ascii("</3>"), "/3"],
  ])("%s is a fault", (_, format, payload, base) => {
    expect(body(format, payload, base)).toThrow();
  });

  it.each([
    [0, ascii("22.0"), "/3303/0/5700", 22],
    [60, bytes("f94d80"), "/3303/0/5700", 22],
    [60, bytes("c1 1a65000000"), "/3/0/13", 0x6500_0000],
    [11_542, bytes("e4 1644 41b00000"), "/3303/0/5700", 22],
    [11_542, bytes("86 07 41 00 64 41 01 65").subarray(0, 5), "/3/0/7/0", undefined],
    [110, ascii('[{"bn":"/3303/0/","bt":1700000000,"n":"5700","v":22.0}]'), "/3303/0/5700", 22],
    [112, bytes("81 a2 21 6c2f333330332f302f35373030 02 f94d80"), "/3303/0/5700", 22],
    [11_543, ascii('{"bn":"/3303/0/5700","e":[{"v":22.0}]}'), "/3303/0/5700", 22],
    [11_544, bytes("a1 83 190ce7 00 191644 f94d80"), "/3303/0/5700", 22],
  ])("of format %i that is as it should be is none", (format, payload, base, value) => {
    if (value === undefined) expect(body(format, payload, base)).toThrow();
    else expect(body(format, payload, base)()[0]?.value).toBe(value);
  });
});

/** A rig that is registered and observes the temperature, and a way to put words into the client's mouth. */
async function liar(): Promise<Rig & { say: (message: Partial<Message>) => string }> {
  const rig = strictRig("1.1", 7);
  rig.client.start();
  await rig.clock.advance(100);
  rig.server.ask({ code: 1, path: "/3303/0/5700", observe: 0, token: "aabb" });
  await rig.clock.advance(100);
  expect(rig.judge.faults).toEqual([]);
  const say = (message: Partial<Message>): string => {
    const whole: Message = {
      type: "NON",
      code: 0x45,
      messageId: 1,
      token: bytes("aabb"),
      options: [],
      payload: ascii("22.0"),
      ...message,
    };
    rig.judge.heard(encodeMessage(whole));
    return rig.judge.faults.at(-1)?.split("\n")[0] ?? "";
  };
  return { ...rig, say };
}

const observe = (number: number) => ({ number: 6, value: Uint8Array.of(number) });
const TEXT = { number: 12, value: new Uint8Array(0) };

describe("a message of a client", () => {
  it("that is a notification as it should be is no fault", async () => {
    const { say } = await liar();
    expect(say({ options: [observe(9), TEXT] })).toBe("");
  });

  it.each<readonly [string, Partial<Message>, string]>([
    ["E44: without Observe", { options: [TEXT] }, "the Observe option"],
    ["E68: with the number of before", { options: [observe(1), TEXT] }, "an Observe number after 1"],
    ["E27: without a format", { options: [observe(9)] }, "the content format of the first answer"],
    [
      "E71: with another value than there is",
      { options: [observe(9), TEXT], payload: ascii("23.0") },
      "/3303/0/5700 to be 22",
    ],
    ["with a code of its own", { code: 0x44, options: [] }, "2.05, or an error"],
    ["with a token that nobody gave", { token: bytes("cc"), options: [observe(9), TEXT] }, "a token of the server"],
    [
      "with an acknowledgement of nothing",
      { type: "ACK", code: 0, token: bytes(""), payload: bytes("") },
      "an id that the server has used",
    ],
    ["E1: with a request that need not be confirmed", { code: 2, options: [{ number: 11, value: ascii("rd") }] }, "E1"],
    [
      "E25: with an Update elsewhere",
      { type: "CON", code: 2, payload: bytes(""), options: [{ number: 11, value: ascii("r") }] },
      "E25",
    ],
  ])("%s is a fault", async (_, message, words) => {
    const { say } = await liar();
    expect(say(message)).toContain(words);
  });

  it("after the observation was cancelled is a fault", async () => {
    const { say, server, clock } = await liar();
    server.ask({ code: 1, path: "/3303/0/5700", observe: 1, token: "aabb" });
    await clock.advance(100);
    expect(say({ options: [observe(9), TEXT] })).toContain("an observation that goes on");
  });

  it("with an id that was used already is a fault, unless it is the same message again after 2 s", async () => {
    const { say, clock } = await liar();
    expect(say({ type: "CON", options: [observe(9), TEXT] })).toBe("");
    await clock.advance(1_000);
    expect(say({ type: "CON", options: [observe(9), TEXT] })).toContain("a first wait of 2 to 3 s");
    expect(say({ type: "CON", options: [observe(10), TEXT] })).toContain("the same bytes again");
  });

  it("that must wait for the one before it is a fault (RFC 7252 §4.7)", async () => {
    const { say, server, clock } = await liar();
    server.ask({ code: 1, path: "/3/0/9", observe: 0, token: "aabc" });
    await clock.advance(100);
    expect(say({ type: "CON", options: [observe(9), TEXT] })).toBe("");
    const other = { token: bytes("aabc"), messageId: 2, options: [observe(10), TEXT], payload: ascii("87") };
    expect(say({ type: "CON", ...other })).toContain("one confirmable message at a time");
  });
});
