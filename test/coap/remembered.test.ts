import { describe, expect, it } from "vitest";
import { ExpiringMap } from "../../src/coap/expiring.ts";
import { fingerprintOf, fromMemory, Remembered, toMemory } from "../../src/coap/remembered.ts";
import { encodeMessage, parseMessage } from "../../src/coap/codec.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const memory = (messageId: number, until = 1_000) => ({ messageId, fingerprint: 5, until, answer: undefined });
import { NOTHING } from "./peers.ts";

describe("what is remembered", () => {
  it("is found by id and fingerprint until its time is over", () => {
    const remembered = new Remembered(4);
    remembered.add(memory(1));
    expect(remembered.find(1, 5, 999)).toBeDefined();
    expect(remembered.find(1, 6, 999)).toBeUndefined();
    expect(remembered.find(2, 5, 999)).toBeUndefined();
    expect(remembered.find(1, 5, 1_000)).toBeUndefined();
  });

  it("is the last few: the oldest is forgotten first", () => {
    const remembered = new Remembered(3);
    for (const id of [1, 2, 3, 4]) remembered.add(memory(id));
    expect([1, 2, 3, 4].map((id) => remembered.find(id, 5, 0) !== undefined)).toEqual([false, true, true, true]);
  });

  it("is found under its newest meaning when an id comes round", () => {
    const remembered = new Remembered(3);
    remembered.add(memory(1, 10));
    remembered.add(memory(1, 1_000));
    expect(remembered.find(1, 5, 500)?.until).toBe(1_000);
  });

  it("may be nothing at all", () => {
    const remembered = new Remembered(0);
    remembered.add(memory(1));
    expect(remembered.find(1, 5, 0)).toBeUndefined();
  });

  it("keeps every byte of an answer", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(new Uint8Array(fromMemory(toMemory(bytes)))).toEqual(bytes);
    expect(new Uint8Array(fromMemory(toMemory(bytes.subarray(100, 104))))).toEqual(bytes.slice(100, 104));
  });

  it("is told apart by code and token, nearly always", () => {
    const printOf = (code: number, token: Uint8Array) =>
      fingerprintOf(
        parseMessage(encodeMessage({ type: "CON", code, messageId: 7, token, options: [], payload: NOTHING })),
      );
    const random = new SeededRandom(1);
    const prints = new Set(Array.from({ length: 2_000 }, () => printOf(1, random.bytes(8))));
    expect(prints.size).toBeGreaterThan(1_995);
    const token = random.bytes(4);
    expect(printOf(1, token)).toBe(printOf(1, token.slice()));
    expect(printOf(1, token)).not.toBe(printOf(2, token));
  });
});

describe("a map whose entries expire", () => {
  it("forgets each when its time is over, counted from when it was last set", () => {
    const clock = new FakeClock();
    const map = new ExpiringMap<number>(clock, 10, 1_000);
    map.set("a", 1);
    clock.tick(600);
    map.set("b", 2);
    map.set("a", 3);
    clock.tick(600);
    expect([map.get("a"), map.get("b"), map.size]).toEqual([3, 2, 2]);
    clock.tick(400);
    expect(map.size).toBe(0);
    map.set("c", 4);
    clock.tick(1_004);
    expect(map.size).toBe(0);
  });

  it("gives up the least recently set when full", () => {
    const map = new ExpiringMap<number>(new FakeClock(), 2, 1_000);
    for (const key of ["a", "b"]) map.set(key, 1);
    map.set("a", 2);
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([2, undefined, 3]);
  });

  it("holds no timer once it is cleared", () => {
    const clock = new FakeClock();
    const map = new ExpiringMap<number>(clock, 2, 1_000);
    map.set("a", 1);
    map.delete("b");
    map.clear();
    map.set("b", 2);
    clock.tick(500);
    expect(map.get("a")).toBeUndefined();
    expect(map.get("b")).toBe(2);
    clock.tick(504);
    expect(map.size).toBe(0);
  });
});
