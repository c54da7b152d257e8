import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { blockFrom, blockOffset, blockOption, blockSize, exponentFor } from "../../src/coap/blockwise/block.ts";
import { encodeMessage, type Parsed, parseMessage } from "../../src/coap/codec.ts";
import { readRequestHead, readResponseHead } from "../../src/coap/heads.ts";
import { Code, type Option } from "../../src/coap/message.ts";
import {
  isCritical,
  isUnderstood,
  OptionNumber,
  readString,
  readUint,
  stringOption,
  uintOption,
} from "../../src/coap/options.ts";
import { block, NOTHING, text } from "./peers.ts";

const bytes = (number: number, ...value: number[]): Option => ({ number, value: Uint8Array.from(value) });
const withOptions = (...options: Option[]): Parsed =>
  parseMessage(encodeMessage({ type: "CON", code: Code.GET, messageId: 1, token: NOTHING, options, payload: NOTHING }));

describe("an option's value", () => {
  it.each([
    [0, ""],
    [1, "01"],
    [255, "ff"],
    [256, "0100"],
    [65_535, "ffff"],
    [65_536, "010000"],
    [0xff_ffff, "ffffff"],
    [0x100_0000, "01000000"],
    [0xffff_ffff, "ffffffff"],
  ])("writes %i in the shortest form and reads it back (RFC 7252 §3.2)", (number, hex) => {
    const { value } = uintOption(OptionNumber.Size1, number);
    expect(toHex(value)).toBe(hex);
    expect(readUint(value)).toBe(number);
  });

  it("may have leading zeros (RFC 7252 §3.2)", () => {
    expect(readUint(Uint8Array.of(0, 0, 1))).toBe(1);
  });

  it("is UTF-8 or nothing", () => {
    expect(readString(text("température"))).toBe("température");
    expect(readString(text("a very long segment that is longer than most 雪"))).toBe(
      "a very long segment that is longer than most 雪",
    );
    expect(readString(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
    expect(readString(Uint8Array.of(0xff))).toBeUndefined();
    expect(readString(NOTHING)).toBe("");
  });
});

describe("an option", () => {
  it("is critical if its number is odd (RFC 7252 §5.4.6)", () => {
    expect([OptionNumber.UriPath, OptionNumber.Accept, OptionNumber.Block1, 9_999].every(isCritical)).toBe(true);
    expect([OptionNumber.ETag, OptionNumber.Observe, OptionNumber.Size1].some(isCritical)).toBe(false);
  });

  it.each([
    ["Uri-Host", OptionNumber.UriHost, 1, 255],
    ["ETag", OptionNumber.ETag, 1, 8],
    ["If-Match", OptionNumber.IfMatch, 0, 8],
    ["If-None-Match", OptionNumber.IfNoneMatch, 0, 0],
    ["Observe", OptionNumber.Observe, 0, 3],
    ["Uri-Port", OptionNumber.UriPort, 0, 2],
    ["Uri-Path", OptionNumber.UriPath, 0, 255],
    ["Content-Format", OptionNumber.ContentFormat, 0, 2],
    ["Max-Age", OptionNumber.MaxAge, 0, 4],
    ["Accept", OptionNumber.Accept, 0, 2],
    ["Block2", OptionNumber.Block2, 0, 3],
    ["Block1", OptionNumber.Block1, 0, 3],
    ["Proxy-Uri", OptionNumber.ProxyUri, 1, 1_034],
  ])("%s (%i) has %i to %i bytes (RFC 7252 table 4)", (_, number, min, max) => {
    const understood = (length: number) => isUnderstood(number, length, false);
    expect(understood(min)).toBe(true);
    expect(understood(max)).toBe(true);
    expect(understood(max + 1)).toBe(false);
    if (min > 0) expect(understood(min - 1)).toBe(false);
  });

  it("is not understood a second time unless it may be repeated (RFC 7252 §5.4.5)", () => {
    expect(isUnderstood(OptionNumber.UriPath, 1, true)).toBe(true);
    expect(isUnderstood(OptionNumber.ETag, 1, true)).toBe(true);
    expect(isUnderstood(OptionNumber.Accept, 1, true)).toBe(false);
    expect(isUnderstood(OptionNumber.Observe, 0, true)).toBe(false);
  });

  it("is not understood if nobody has told us of it", () => {
    for (const number of [0, 2, 9, 13, 61, 258, 9_999, 65_535]) expect(isUnderstood(number, 0, false)).toBe(false);
  });
});

describe("the head of a request", () => {
  it("shows every option in a field of its own", () => {
    const head = readRequestHead(
      withOptions(
        bytes(OptionNumber.IfMatch, 1, 2),
        stringOption(OptionNumber.UriHost, "gateway"),
        uintOption(OptionNumber.Observe, 0),
        uintOption(OptionNumber.UriPort, 5683),
        stringOption(OptionNumber.UriPath, "3303"),
        stringOption(OptionNumber.UriPath, "0"),
        uintOption(OptionNumber.ContentFormat, 11_542),
        stringOption(OptionNumber.UriQuery, "pmin=10"),
        stringOption(OptionNumber.UriQuery, "pmax=60"),
        uintOption(OptionNumber.Accept, 110),
        block(OptionNumber.Block2, "0/0/64"),
        block(OptionNumber.Block1, "3/1/128"),
        uintOption(OptionNumber.Size1, 900),
      ),
    );
    expect(head).toMatchObject({
      path: ["3303", "0"],
      query: ["pmin=10", "pmax=60"],
      format: 11_542,
      accept: 110,
      observe: 0,
      block2: { number: 0, more: false, exponent: 2 },
      block1: { number: 3, more: true, exponent: 3 },
      size1: 900,
      refusal: undefined,
    });
    expect(head.others).toEqual([bytes(OptionNumber.IfMatch, 1, 2)]);
  });

  it.each([
    ["an unknown critical option", [bytes(9_999, 1)], "option 9999"],
    ["a critical option that is too long", [bytes(OptionNumber.Accept, 1, 2, 3)], "option 17"],
    ["a critical option that is too short", [bytes(OptionNumber.UriHost)], "option 3"],
    ["a path that is not UTF-8", [bytes(OptionNumber.UriPath, 0xff)], "option 11"],
    ["a query that is not UTF-8", [bytes(OptionNumber.UriQuery, 0xc0)], "option 15"],
    ["a repeated Accept", [bytes(OptionNumber.Accept, 1), bytes(OptionNumber.Accept, 2)], "option 17"],
    ["If-None-Match with content", [bytes(OptionNumber.IfNoneMatch, 1)], "option 5"],
  ])("is refused with 4.02 for %s (RFC 7252 §5.4.1)", (_, options, words) => {
    expect(readRequestHead(withOptions(...options)).refusal).toEqual({
      code: Code.BadOption,
      diagnostic: `${words} is not understood`,
    });
  });

  it.each([
    ["an unknown elective option", [bytes(2_048, 1)]],
    ["an elective option that is too long", [bytes(OptionNumber.ContentFormat, 1, 2, 3)]],
    ["an Observe of four bytes", [bytes(OptionNumber.Observe, 0, 0, 0, 0)]],
    ["an ETag of nine bytes", [bytes(OptionNumber.ETag, 1, 2, 3, 4, 5, 6, 7, 8, 9)]],
  ])("is read as if %s were not there (RFC 7252 §5.4.1)", (_, options) => {
    const head = readRequestHead(withOptions(...options));
    expect(head).toMatchObject({ refusal: undefined, format: undefined, observe: undefined, others: [] });
  });

  it("takes the first of an elective option that must not be repeated (RFC 7252 §5.4.5)", () => {
    const twice = withOptions(uintOption(OptionNumber.Observe, 1), uintOption(OptionNumber.Observe, 0));
    expect(readRequestHead(twice)).toMatchObject({ observe: 1, refusal: undefined });
  });

  it("is refused with 5.05 if it wants a proxy (RFC 7252 §5.10.2)", () => {
    for (const number of [OptionNumber.ProxyUri, OptionNumber.ProxyScheme])
      expect(readRequestHead(withOptions(stringOption(number, "coap"))).refusal?.code).toBe(Code.ProxyingNotSupported);
  });

  it("is refused with 4.00 for the reserved block size (RFC 7959 §2.2)", () => {
    for (const number of [OptionNumber.Block1, OptionNumber.Block2])
      expect(readRequestHead(withOptions(uintOption(number, 7))).refusal?.code).toBe(Code.BadRequest);
  });
});

describe("the head of a response", () => {
  it("shows what the response says of its body", () => {
    expect(
      readResponseHead(
        withOptions(
          bytes(OptionNumber.ETag, 1, 2, 3),
          stringOption(OptionNumber.LocationPath, "rd"),
          stringOption(OptionNumber.LocationPath, "wP8n92Cnaa"),
          uintOption(OptionNumber.ContentFormat, 0),
          uintOption(OptionNumber.MaxAge, 30),
          stringOption(OptionNumber.LocationQuery, "v=1"),
          block(OptionNumber.Block2, "1/1/512"),
          uintOption(OptionNumber.Size2, 2_000),
        ),
      ),
    ).toEqual({
      etag: Uint8Array.of(1, 2, 3),
      locationPath: ["rd", "wP8n92Cnaa"],
      locationQuery: ["v=1"],
      format: 0,
      maxAge: 30,
      block1: undefined,
      block2: { number: 1, more: true, exponent: 5 },
      size2: 2_000,
    });
  });

  it("is rejected for a critical option nobody knows, or a reserved block size", () => {
    expect(readResponseHead(withOptions(bytes(9_999)))).toBe("option 9999 of the answer is not understood");
    expect(readResponseHead(withOptions(uintOption(OptionNumber.Block2, 15)))).toContain("reserved block size");
    expect(readResponseHead(withOptions(uintOption(OptionNumber.Block1, 7)))).toContain("reserved block size");
  });

  it("is read as if an elective option nobody knows were not there", () => {
    expect(readResponseHead(withOptions(bytes(OptionNumber.MaxAge, 1, 2, 3, 4, 5), bytes(2_048)))).toMatchObject({
      maxAge: undefined,
    });
  });
});

describe("a block", () => {
  it("says number, more and size in one number (RFC 7959 §2.2)", () => {
    expect(blockFrom(0)).toEqual({ number: 0, more: false, exponent: 0 });
    expect(blockFrom(0x0e)).toEqual({ number: 0, more: true, exponent: 6 });
    expect(blockFrom(0xff_fff6)).toEqual({ number: 0xf_ffff, more: false, exponent: 6 });
    for (const value of [0, 1, 8, 0x1a, 0xfff, 0xff_fff6])
      expect(readUint(blockOption(OptionNumber.Block1, blockFrom(value)).value)).toBe(value);
  });

  it("knows its size and its place", () => {
    expect([0, 1, 2, 3, 4, 5, 6].map(blockSize)).toEqual([16, 32, 64, 128, 256, 512, 1_024]);
    expect(blockOffset({ number: 5, more: true, exponent: 2 })).toBe(320);
  });

  it("is the largest that fits", () => {
    expect([2_000, 1_024, 1_023, 64, 63, 16, 3].map(exponentFor)).toEqual([6, 6, 5, 2, 1, 0, 0]);
  });
});
