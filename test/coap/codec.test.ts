import { generate, parse } from "coap-packet";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { decodeMessage, encodedLength, encodeEmpty, encodeMessage, peekHeader } from "../../src/coap/codec.ts";
import { Code, codeText, isRequest, isResponse, type Message, type Option } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { asText, NOTHING, text } from "./peers.ts";

const message = (parts: Partial<Message>): Message => ({
  type: "CON",
  code: Code.GET,
  messageId: 0x7d34,
  token: NOTHING,
  options: [],
  payload: NOTHING,
  ...parts,
});

/** The messages that RFC 7252 Appendix A draws bit by bit, and RFC 7641 and RFC 7959 options on them. */
const VECTORS: readonly (readonly [name: string, message: Message, hex: string])[] = [
  [
    "the request of RFC 7252 figure 16",
    message({ options: [stringOption(OptionNumber.UriPath, "temperature")] }),
    "40 01 7d34 bb 74656d7065726174757265",
  ],
  [
    "the response of RFC 7252 figure 16",
    message({ type: "ACK", code: Code.Content, payload: text("22.3 C") }),
    "60 45 7d34 ff 32322e332043",
  ],
  [
    "the request of RFC 7252 figure 17, with a token",
    message({
      messageId: 0x7d35,
      token: Uint8Array.of(0x20),
      options: [stringOption(OptionNumber.UriPath, "temperature")],
    }),
    "41 01 7d35 20 bb 74656d7065726174757265",
  ],
  [
    "the response of RFC 7252 figure 17",
    message({
      type: "ACK",
      code: Code.Content,
      messageId: 0x7d35,
      token: Uint8Array.of(0x20),
      payload: text("22.3 C"),
    }),
    "61 45 7d35 20 ff 32322e332043",
  ],
  [
    "the empty acknowledgement of RFC 7252 figure 20",
    message({ type: "ACK", code: 0, messageId: 0x7d38 }),
    "60 00 7d38",
  ],
  [
    "the separate response of RFC 7252 figure 20",
    message({ code: Code.Content, messageId: 0xad7b, token: Uint8Array.of(0x53), payload: text("22.3 C") }),
    "41 45 ad7b 53 ff 32322e332043",
  ],
  [
    "the non-confirmable response of RFC 7252 figure 23",
    message({
      type: "NON",
      code: Code.Content,
      messageId: 0xad7e,
      token: Uint8Array.of(0x75),
      payload: text("22.3 C"),
    }),
    "51 45 ad7e 75 ff 32322e332043",
  ],
  [
    "a notification with observe 12 and block 0/1/64",
    message({
      code: Code.Content,
      messageId: 1,
      token: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      options: [uintOption(OptionNumber.Observe, 12), uintOption(OptionNumber.Block2, 0x0a)],
      payload: Uint8Array.of(0xff),
    }),
    "48 45 0001 0102030405060708 61 0c d1 04 0a ff ff",
  ],
];

describe("the CoAP message codec", () => {
  it.each(VECTORS)("writes and reads %s", (_, parts, hex) => {
    expect(toHex(encodeMessage(parts))).toBe(hex.replaceAll(" ", ""));
    expect(decodeMessage(fromHex(hex))).toEqual(parts);
    expect(encodedLength(parts)).toBe(fromHex(hex).length);
  });

  it("writes steps and lengths at the edges of their extensions (§3.1)", () => {
    for (const [number, lead] of [
      [12, "c0"],
      [13, "d000"],
      [268, "d0ff"],
      [269, "e00000"],
      [65_535, "e0fef2"],
    ] as const)
      expect(toHex(encodeMessage(message({ options: [{ number, value: NOTHING }] })))).toBe(`40017d34${lead}`);
    for (const [length, lead] of [
      [12, "1c"],
      [13, "1d00"],
      [268, "1dff"],
      [269, "1e0000"],
      [70, "1d39"],
    ] as const) {
      const written = encodeMessage(message({ options: [{ number: 1, value: new Uint8Array(length) }] }));
      expect(toHex(written)).toBe(`40017d34${lead}${"00".repeat(length)}`);
      expect(decodeMessage(written).options[0]!.value).toHaveLength(length);
    }
  });

  it("sorts options by number and keeps the order of equal numbers", () => {
    const options = [
      stringOption(OptionNumber.UriQuery, "b"),
      stringOption(OptionNumber.UriPath, "3"),
      stringOption(OptionNumber.UriQuery, "a"),
      stringOption(OptionNumber.UriPath, "0"),
    ];
    const read = decodeMessage(encodeMessage(message({ options })));
    expect(read.options.map(({ number, value }) => `${number}:${asText(value)}`)).toEqual([
      "11:3",
      "11:0",
      "15:b",
      "15:a",
    ]);
    expect(asText(options[0]!.value)).toBe("b");
  });

  it("reads a datagram that is a part of a larger buffer", () => {
    const large = new Uint8Array(100).fill(0xee);
    const bytes = encodeMessage(VECTORS[7]![1]);
    large.set(bytes, 40);
    expect(decodeMessage(large.subarray(40, 40 + bytes.length))).toEqual(VECTORS[7]![1]);
  });

  it("reads back what it wrote, whatever the sizes", () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 400; round++) {
      const written = randomMessage(random);
      const read = decodeMessage(encodeMessage(written));
      expect(read).toEqual({ ...written, options: written.options.toSorted((a, b) => a.number - b.number) });
    }
  });

  it("agrees with a foreign encoder byte for byte", () => {
    const random = new SeededRandom(4);
    for (let round = 0; round < 500; round++) {
      const ours = randomMessage(random);
      if (ours.options.some(({ value }) => value.length === 0)) continue;
      const foreign = generate(
        {
          code: codeText(ours.code),
          messageId: ours.messageId,
          token: Buffer.from(ours.token),
          confirmable: ours.type === "CON",
          ack: ours.type === "ACK",
          reset: ours.type === "RST",
          options: ours.options.map(({ number, value }) => ({ name: String(number), value: Buffer.from(value) })),
          payload: Buffer.from(ours.payload),
        },
        100_000,
      );
      expect(toHex(encodeMessage(ours))).toBe(toHex(foreign));
    }
  });

  it("is understood by a foreign decoder", () => {
    const ours = VECTORS[7]![1];
    const foreign = parse(Buffer.from(encodeMessage(ours)));
    expect(foreign.code).toBe("2.05");
    expect(foreign.messageId).toBe(1);
    expect(toHex(foreign.token)).toBe("0102030405060708");
    expect(foreign.options).toHaveLength(2);
    expect(toHex(foreign.payload)).toBe("ff");
  });

  it.each([
    ["nothing at all", ""],
    ["a header cut short (§3)", "400100"],
    ["version 0 (§3)", "00010000"],
    ["version 2 (§3)", "80010000"],
    ["a token of 9 bytes (§3)", "49010000 010203040506070809"],
    ["a token of 15 bytes (§3)", "4f010000 0102030405060708090a0b0c0d0e0f"],
    ["a token cut short", "44010000 0102"],
    ["a payload marker without a payload (§3)", "40010000 ff"],
    ["a payload marker without a payload after an option", "40010000 b161 ff"],
    ["an empty message with a token (§4.1)", "4100000001"],
    ["an empty message with a token length (§4.1)", "41000000"],
    ["an empty message with content (§4.1)", "40000000 ff61"],
    ["the reserved step 15 (§3.1)", "40010000 f061"],
    ["the reserved length 15 (§3.1)", "40010000 1f61"],
    ["an option longer than the datagram", "40010000 b561"],
    ["an extended step cut short", "40010000 d0"],
    ["a doubly extended step cut short", "40010000 e000"],
    ["an extended length cut short", "40010000 0d"],
    ["a doubly extended length cut short", "40010000 0e00"],
    ["an option number beyond 65535", "40010000 e0ffff"],
    ["option numbers that add up beyond 65535", "40010000 e0fef2 10"],
  ])("refuses %s", (_, hex) => {
    expect(() => decodeMessage(fromHex(hex))).toThrow(DecodeError);
  });

  it("says where reading stopped", () => {
    expect(() => decodeMessage(fromHex("40010000 b561"))).toThrow("option of 5 bytes, 1 left at byte 5");
  });

  it("refuses to write what cannot be said", () => {
    expect(() => encodeMessage(message({ token: new Uint8Array(9) }))).toThrow(RangeError);
    expect(() => encodeMessage(message({ options: [{ number: 65_536, value: NOTHING }] }))).toThrow(RangeError);
    expect(() => encodeMessage(message({ options: [{ number: 1, value: new Uint8Array(65_805) }] }))).toThrow(
      RangeError,
    );
  });

  it("never throws anything but DecodeError, on random and on mutated datagrams", () => {
    const random = new SeededRandom(5);
    let read = 0;
    for (let round = 0; round < 60_000; round++) {
      const datagram = round % 2 === 0 ? random.bytes(random.below(40)) : mutated(random);
      try {
        const { token, options, payload } = decodeMessage(datagram);
        const length = [token, payload, ...options.map(({ value }) => value)].reduce(
          (sum, part) => sum + part.length,
          4,
        );
        if (length > datagram.length) throw new Error(`${length} bytes out of ${datagram.length}`);
        read += 1;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
    expect(read).toBeGreaterThan(1_000);
  });
});

describe("a header", () => {
  it("is all that is needed to reject what cannot be read", () => {
    expect(peekHeader(fromHex("4f01abcd"))).toEqual({ type: "CON", messageId: 0xabcd });
    expect(peekHeader(fromHex("5f01abcd"))).toEqual({ type: "NON", messageId: 0xabcd });
  });

  it("is none if it is short or of another version", () => {
    expect(peekHeader(fromHex("4001ab"))).toBeUndefined();
    expect(peekHeader(fromHex("c001abcd"))).toBeUndefined();
  });

  it("is all of an empty message", () => {
    expect(toHex(encodeEmpty("ACK", 0x1234))).toBe("60001234");
    expect(toHex(encodeEmpty("RST", 0xffff))).toBe("7000ffff");
  });
});

describe("a code", () => {
  it("reads as the specification writes it", () => {
    expect(codeText(Code.Content)).toBe("2.05");
    expect(codeText(Code.GatewayTimeout)).toBe("5.04");
    expect(codeText(Code.iPATCH)).toBe("0.07");
  });

  it("is a request, a response or neither", () => {
    const kinds = Array.from({ length: 256 }, (_, code) => (isRequest(code) ? "q" : isResponse(code) ? "a" : "-"));
    expect(kinds.join("")).toBe(
      `-${"q".repeat(31)}${"-".repeat(32)}${"a".repeat(32)}${"-".repeat(32)}${"a".repeat(64)}${"-".repeat(64)}`,
    );
  });
});

function randomMessage(random: SeededRandom): Message {
  const options: Option[] = Array.from({ length: random.below(6) }, () => ({
    number: random.pick([1, 4, 6, 11, 12, 60, 258, 300, 2_048, 65_535]),
    value: random.bytes(random.pick([0, 1, 2, 12, 13, 14, 60, 268, 269, 300])),
  }));
  return message({
    type: random.pick(["CON", "NON", "ACK", "RST"]),
    code: random.pick([1, 2, 3, 4, 0x45, 0x84, 0xa0]),
    messageId: random.below(65_536),
    token: random.bytes(random.below(9)),
    options,
    payload: random.bytes(random.pick([0, 1, 5, 100, 1_024])),
  });
}

function mutated(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(encodeMessage(VECTORS[random.below(VECTORS.length)]![1]));
  for (let change = 0; change <= random.below(4); change++) bytes[random.below(bytes.length)] = random.below(256);
  return bytes.subarray(0, bytes.length - random.below(3));
}
