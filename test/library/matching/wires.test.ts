/** What a definition may ask of a line, a telegram, a packet or a message. */

import { describe, expect, it } from "vitest";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { message } from "../../support/definitions.ts";
import { rules } from "./rules.ts";

const line = (text: string): Payload => ({ kind: "text", text });
const packet = (...bytes: number[]): Payload => ({ kind: "bytes", bytes: Uint8Array.from(bytes) });

describe("a line", () => {
  it("is found by its beginning, or tried where its expression has none", () => {
    const match = rules(
      "{ serial: { line: '^T[0-9],' } }",
      "{ serial: { line: '^/[A-Z]{3}5[^!]*!' } }",
      "{ serial: { line: '[0-9]+ kg$' } }",
    );
    expect(
      ["T1,2", "/ABC5\r\n1-0:1.8.1\r\n!", "S 12 kg\r\n", "T,", "/ABC6!", ""].map((text) => match(line(text))),
    ).toEqual([0, 1, 2, undefined, undefined, undefined]);
  });

  it("counts the more the more of it is spelled out", () => {
    const match = rules("{ serial: { line: '^T' } }", "{ serial: { line: '^T1,' } }", "{ serial: { line: '^T1' } }");
    expect(["T1,5", "T12", "T2"].map((text) => match(line(text)))).toEqual([1, 2, 0]);
  });

  it("that is endless is nobody's", () => {
    expect(rules("{ serial: { line: '^T' } }")(line(`T${"1".repeat(10_000)}`))).toBeUndefined();
  });
});

describe("a packet", () => {
  it("is known by its first bytes, its length and its conditions", () => {
    const match = rules(
      "{ serial: { prefix: 'AA C0', length: 4 } }",
      "{ serial: { prefix: '?A', bytes: [{ at: -1, is: 0xAB }] } }",
      "{ serial: { length: { min: 30 } } }",
    );
    expect(match(packet(0xaa, 0xc0, 1, 2))).toBe(0);
    expect(match(packet(0xaa, 0xc0, 1, 2, 3))).toBeUndefined();
    expect(match(packet(0xaa, 0xc1, 0xab))).toBe(1);
    expect(match(packet(...Array<number>(40).fill(0)))).toBe(2);
    expect(match(packet())).toBeUndefined();
  });

  it("is no line, and a line is no packet", () => {
    const match = rules("{ serial: { prefix: '54' } }", "{ serial: { line: '^T' } }");
    expect(match(packet(0x54))).toBe(0);
    expect(match(line("T"))).toBe(1);
    expect(rules("{ serial: { prefix: '54' } }")(line("T"))).toBeUndefined();
    expect(rules("{ serial: { line: '^T' } }")(packet(0x54))).toBeUndefined();
  });
});

describe("a message", () => {
  it("finds its definitions level by level, with + and # among them", () => {
    const match = rules(
      "{ mqtt: { topic: 'a/+x/c' } }",
      "{ mqtt: { topic: 'a/b/#' } }",
      "{ mqtt: { topic: '+/b/c/d' } }",
      "{ mqtt: { topic: ['q', 'r/+'] } }",
      "{ mqtt: { topic: '#' } }",
    );
    const of = (topic: string) => match(message(topic, "x"));
    expect(["a/z/c", "a/b/c", "a/b", "a/b/x/y", "z/b/c/d", "q", "r/1", "r", "zzz", ""].map(of)).toEqual([
      0, 0, 1, 1, 2, 3, 3, 4, 4, 4,
    ]);
    expect(of(`a/b${"/x".repeat(500)}`)).toBe(1);
  });

  it("counts the more the more of its topic is spelled out", () => {
    const match = rules("{ mqtt: { topic: '+/+/c' } }", "{ mqtt: { topic: 'a/+/c' } }", "{ mqtt: { topic: 'a/b/c' } }");
    expect(["z/z/c", "a/z/c", "a/b/c"].map((topic) => match(message(topic, "")))).toEqual([0, 1, 2]);
  });

  it("must hold what it is asked for, as it is asked for", () => {
    const match = rules(
      "{ mqtt: { topic: t, json: { is: { $.model: [A, B], 'v': 2 } } } }",
      "{ mqtt: { topic: t, json: { has: [model, v] } } }",
      "{ mqtt: { topic: t, json: { is: { on: true } } } }",
    );
    const of = (body: unknown) => match(message("t", body));
    expect(of({ model: "A", v: 2 })).toBe(0);
    expect(of({ model: "B", v: 2 })).toBe(0);
    expect(of({ model: "C", v: 2 })).toBe(1);
    expect(of({ model: "A", v: "2" })).toBe(1);
    expect(of({ on: true })).toBe(2);
    expect(of({ on: "true" })).toBeUndefined();
    expect(of(' \n{"on": true}')).toBe(2);
    for (const body of ["", "   ", "on", "[]", "{", "3", { ON: true }]) expect(of(body)).toBeUndefined();
  });
});
