/** What a frame may look like before anyone looks into it. */

import { describe, expect, it } from "vitest";
import { complaint } from "../../src/host/bounds.ts";
import type { Frame, Payload } from "../../src/sdk/adapter.ts";

const AT = { ms: 1_780_000_000_000, trusted: true };
const frame = (payload: Payload, rest: Partial<Frame> = {}): Frame => ({ source: "a", at: AT, payload, ...rest });
const text = (of: string): Payload => ({ kind: "text", text: of });
const bytes = (length: number) => new Uint8Array(length);
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const advert = (rest: Partial<Extract<Payload, { kind: "advert" }>> = {}): Payload => ({
  kind: "advert",
  manufacturer: [],
  services: new Map(),
  serviceUuids: [],
  ...rest,
});

describe("a frame", () => {
  it.each<[string, Frame]>([
    ["a text", frame(text("23.5"))],
    ["an empty text", frame(text(""))],
    ["as many bytes as are taken", frame({ kind: "bytes", bytes: bytes(65_536) })],
    ["a message", frame({ kind: "message", topic: "t", body: bytes(65_536) })],
    ["an advert with nothing in it", frame(advert())],
    ["an advert as full as one can be", frame(advert({ name: "n".repeat(256), manufacturer: [[1, bytes(1_650)]] }))],
    ["registers", frame({ kind: "registers", values: new Map([["4:0x0000", bytes(4)]]) })],
    ["fields", frame({ kind: "fields", fields: { a: 1, b: "x", c: true } })],
    ["the longest source", frame(text(""), { source: "s".repeat(256) })],
    ["a signal strength", frame(text(""), { rssi: -127 })],
    ["a time before 1970", frame(text(""), { at: { ms: -1, trusted: false } })],
  ])("is taken with %s", (_what, given) => {
    expect(complaint(given)).toBeUndefined();
  });

  it.each<[string, Frame, RegExp]>([
    ["no source", frame(text(""), { source: "" }), /source of 0/],
    ["an endless source", frame(text(""), { source: "s".repeat(257) }), /source of 257/],
    ["no time", frame(text(""), { at: { ms: Number.NaN, trusted: true } }), /no time/],
    ["a time without end", frame(text(""), { at: { ms: Infinity, trusted: true } }), /no time/],
    ["a signal that is no number", frame(text(""), { rssi: Number.NaN }), /signal/],
    ["too many bytes", frame({ kind: "bytes", bytes: bytes(65_537) }), /65537 bytes/],
    ["too long a text", frame(text("x".repeat(65_537))), /65537/],
    ["too long a topic", frame({ kind: "message", topic: "t".repeat(65_537), body: bytes(0) }), /65537/],
    ["too long a name", frame(advert({ name: "n".repeat(257) })), /name of 257/],
    [
      "too much manufacturer data",
      frame(advert({ manufacturer: many(2, (i) => [i, bytes(40_000)] as const) })),
      /80000/,
    ],
    [
      "too much data in all",
      frame(advert({ manufacturer: [[1, bytes(40_000)]], services: new Map([["u", bytes(40_000)]]) })),
      /80000/,
    ],
    ["too many sections", frame(advert({ manufacturer: many(257, (i) => [i, bytes(0)] as const) })), /257 parts/],
    ["too many services", frame(advert({ serviceUuids: many(257, String) })), /257 parts/],
    [
      "registers too long",
      frame({ kind: "registers", values: new Map(many(20, (i) => [`${i}`, bytes(4_000)] as const)) }),
      /80000 bytes/,
    ],
    [
      "too many registers",
      frame({ kind: "registers", values: new Map(many(257, (i) => [`${i}`, bytes(2)] as const)) }),
      /257 parts/,
    ],
    ["too many fields", frame({ kind: "fields", fields: Object.fromEntries(many(257, (i) => [i, i])) }), /257 parts/],
    ["too long a field", frame({ kind: "fields", fields: { a: "x".repeat(65_537) } }), /65537/],
  ])("is refused with %s", (_what, given, words) => {
    expect(complaint(given)).toMatch(words);
  });

  it("of a kind from a later release is refused, not passed on", () => {
    const payload = text("");
    Object.assign(payload, { kind: "hologram" });
    expect(complaint(frame(payload))).toBe("a payload of unknown kind");
  });
});
