/** Messages one behind the other on a stream, cut apart again however the bytes come (RFC 8323 §3.2). */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../../src/base/bytes.ts";
import { decodeMessage, encodeMessage } from "../../../src/coap/codec.ts";
import { Code, type Message } from "../../../src/coap/message.ts";
import { OptionNumber, opaqueOption, stringOption, uintOption } from "../../../src/coap/options.ts";
import { encodeFrame, FrameReader, frameOf } from "../../../src/coap/stream/frame.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const NOTHING = new Uint8Array(0);
const MAX = 20_000;

const message = (parts: Partial<Message>): Message => ({
  type: "CON",
  code: Code.GET,
  messageId: 0x1234,
  token: NOTHING,
  options: [],
  payload: NOTHING,
  ...parts,
});
const framed = (parts: Partial<Message>): Uint8Array => frameOf(encodeMessage(message(parts)));

/** All that comes out of a stream that comes in these pieces. */
function read(...pieces: readonly Uint8Array[]): Message[] {
  const found: Message[] = [];
  const reader = new FrameReader(MAX, (datagram) => found.push(decodeMessage(datagram)));
  for (const piece of pieces) reader.push(piece);
  return found;
}

const bare = ({ code, token, options, payload }: Message) => ({
  code,
  token: toHex(token),
  options: options.map(({ number, value }) => `${number}=${toHex(value)}`),
  payload: toHex(payload),
});

describe("a message on a stream", () => {
  it("of no options and no payload is its length, its code and its token (RFC 8323 §3.2)", () => {
    expect(toHex(framed({ code: 0x43, token: Uint8Array.of(0x7f) }))).toBe("01437f");
  });

  it("has neither type nor message id", () => {
    const bytes = toHex(framed({ type: "CON", messageId: 1 }));
    expect(toHex(framed({ type: "NON", messageId: 2 }))).toBe(bytes);
    expect(toHex(framed({ type: "ACK", messageId: 3 }))).toBe(bytes);
  });

  it.each([
    [0, "00"],
    [12, "c0"],
    [13, "d000"],
    [268, "d0ff"],
    [269, "e00000"],
    [65_804, "e0ffff"],
    [65_805, "f000000000"],
    [70_000, "f000001063"],
  ])("of %i bytes behind its token says so in its first bytes: %s", (length, head) => {
    const frame = encodeFrame(0x45, NOTHING, new Uint8Array(length));
    expect(toHex(frame.subarray(0, head.length / 2))).toBe(head);
    expect(frame[head.length / 2]).toBe(0x45);
    expect(frame).toHaveLength(head.length / 2 + 1 + length);
  });

  it("counts options, marker and payload, but neither code nor token", () => {
    const token = fromHex("0102030405060708");
    const frame = framed({ token, options: [stringOption(OptionNumber.UriPath, "rd")], payload: Uint8Array.of(7) });
    expect(toHex(frame)).toBe("58010102030405060708" + "b27264" + "ff07");
  });

  it("leaves the value of Observe in a notification empty: the order of a stream needs no numbers (RFC 8323 §7.1)", () => {
    const options = [
      opaqueOption(OptionNumber.ETag, fromHex("aabb")),
      uintOption(OptionNumber.Observe, 0x1_0203),
      uintOption(OptionNumber.ContentFormat, 112),
    ];
    const [read1] = read(framed({ code: Code.Content, options, payload: fromHex("cafe") }));
    expect(bare(read1!)).toEqual({
      code: Code.Content,
      token: "",
      options: ["4=aabb", "6=", "12=70"],
      payload: "cafe",
    });
  });

  it("leaves Observe as it is in a request, where it means something", () => {
    const [read1] = read(framed({ code: Code.GET, options: [uintOption(OptionNumber.Observe, 1)] }));
    expect(bare(read1!).options).toEqual(["6=01"]);
  });

  it.each([
    ["no options", []],
    ["an ETag alone", [opaqueOption(OptionNumber.ETag, fromHex("01"))]],
    ["an Observe without a value", [uintOption(OptionNumber.Observe, 0)]],
    ["an option far behind", [uintOption(OptionNumber.Size1, 300)]],
  ])("keeps an answer of %s", (_, options) => {
    const payload = new Uint8Array(400).fill(0x61);
    const [read1] = read(framed({ code: Code.Content, options, payload }));
    expect(bare(read1!)).toEqual(bare(message({ code: Code.Content, options, payload })));
  });
});

describe("a reader of frames", () => {
  const some = [
    message({ code: Code.POST, token: fromHex("0102"), options: [stringOption(OptionNumber.UriPath, "rd")] }),
    message({ code: 0xe1 }),
    message({ code: Code.Content, token: fromHex("01"), payload: new Uint8Array(300).fill(1) }),
    message({ code: Code.Content, token: fromHex("0102030405060708"), payload: new Uint8Array(12_000).fill(2) }),
    message({ code: Code.Empty }),
  ];
  const stream = Buffer.concat(some.map((each) => frameOf(encodeMessage(each))));
  const wanted = some.map(bare);

  it("gives every message of one chunk, in order", () => {
    expect(read(stream).map(bare)).toEqual(wanted);
  });

  it.each([1, 2, 3, 5, 7, 64, 301, 4_096])("gives the same from chunks of %i bytes", (size) => {
    const pieces = [];
    for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size));
    expect(read(...pieces).map(bare)).toEqual(wanted);
  });

  it("gives the same wherever the stream is cut once", () => {
    for (let cut = 0; cut <= 700; cut++)
      expect(read(stream.subarray(0, cut), stream.subarray(cut)).map(bare)).toEqual(wanted);
  });

  it("keeps nothing of a chunk: the next may be read into the same memory", () => {
    const found: Uint8Array[] = [];
    const reader = new FrameReader(MAX, (datagram) => found.push(datagram));
    const shared = new Uint8Array(64);
    const send = (bytes: Uint8Array) => {
      shared.set(bytes);
      reader.push(shared.subarray(0, bytes.length));
      shared.fill(0xee);
    };
    const frame = framed({ token: fromHex("0a0b0c"), payload: fromHex("010203") });
    send(frame.subarray(0, 4));
    send(frame.subarray(4));
    send(frame);
    expect(found.map((datagram) => toHex(decodeMessage(datagram).payload))).toEqual(["010203", "010203"]);
  });

  it("hands up datagrams that are non-confirmable and have the id 0, for those above to give them others", () => {
    const [only] = read(framed({ type: "CON", messageId: 99 }));
    expect([only?.type, only?.messageId]).toEqual(["NON", 0]);
  });

  it.each([9, 10, 15])("refuses a token of %i bytes at its first byte (RFC 8323 §3.2)", (length) => {
    expect(() => read(Uint8Array.of(length))).toThrow(DecodeError);
  });

  it("refuses a message longer than allowed as soon as it says so, whatever has come of it", () => {
    const reader = new FrameReader(1_152, () => undefined);
    reader.push(fromHex("e0"));
    reader.push(fromHex("03"));
    expect(() => reader.push(fromHex("73"))).toThrow("1156 bytes; 1152 are allowed");
    expect(() => new FrameReader(1_152, () => undefined).push(fromHex("ffffffffff"))).toThrow(DecodeError);
  });

  it("takes a message that is just as long as allowed", () => {
    let length = 0;
    new FrameReader(1_152, (datagram) => (length = datagram.length)).push(
      encodeFrame(0x45, NOTHING, new Uint8Array(1_148)),
    );
    expect(length).toBe(1_152);
  });

  it("gives nothing more once it is stopped, within a chunk either", () => {
    const found: number[] = [];
    const reader: FrameReader = new FrameReader(MAX, (datagram) => {
      found.push(datagram[1]!);
      reader.stop();
    });
    reader.push(Buffer.concat([framed({ code: 0x45 }), framed({ code: 0x44 })]));
    reader.push(framed({ code: 0x43 }));
    expect(found).toEqual([0x45]);
  });

  it("never throws anything but DecodeError, and keeps no more than one message, on mutated streams", {
    timeout: FUZZ_TIMEOUT_MS,
  }, () => {
    const random = new SeededRandom(8_323);
    const seed = stream.subarray(0, 340);
    for (let i = 0; i < FUZZ_INPUTS; i++) {
      const bytes = i % 3 === 0 ? random.bytes(random.below(40)) : mutate(seed, random);
      const reader = new FrameReader(1_500, (datagram) => {
        if (datagram.length > 1_502) throw new Error(`${datagram.length} bytes handed up`);
      });
      try {
        const cut = random.below(bytes.length + 1);
        reader.push(bytes.subarray(0, cut));
        reader.push(bytes.subarray(cut));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
