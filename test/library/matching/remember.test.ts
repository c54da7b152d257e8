/** Addresses that show only now and then what they are. */

import { describe, expect, it } from "vitest";
import { advertOf, libraryOf, rules } from "./rules.ts";
import { frameOf } from "../../support/definitions.ts";

const NAMED = "{ ble: { manufacturer: 1, length: 2, name: '^TP', remember: true } }";
const A = "AA:00:00:00:00:01";
const B = "AA:00:00:00:00:02";

const told = advertOf({ name: "TP357", manufacturer: [[1, [0, 0]]] });
const silent = advertOf({ manufacturer: [[1, [0, 0]]] });

describe("an address that has matched once", () => {
  it("stays what it was for adverts that do not say so again", () => {
    const match = rules(NAMED);
    expect(match(silent, A)).toBeUndefined();
    expect(match(told, A)).toBe(0);
    expect(match(silent, A)).toBe(0);
    expect(match(silent, B)).toBeUndefined();
  });

  it("must still show its section as it has to be", () => {
    const match = rules(NAMED);
    match(told, A);
    expect(match(advertOf({ manufacturer: [[1, [0, 0, 0]]] }), A)).toBeUndefined();
    expect(match(advertOf({ manufacturer: [[2, [0, 0]]] }), A)).toBeUndefined();
    expect(match(advertOf({}), A)).toBeUndefined();
  });

  it("is not what it was under another name", () => {
    const match = rules(NAMED);
    match(told, A);
    expect(match(advertOf({ name: "XX", manufacturer: [[1, [0, 0]]] }), A)).toBeUndefined();
  });

  it("is something else as soon as that fits better, and is better than what fits less", () => {
    const match = rules(
      NAMED,
      "{ ble: { manufacturer: 1 } }",
      "{ ble: { manufacturer: 1, prefix: '0102030405060708' } }",
    );
    match(told, A);
    expect(match(silent, A)).toBe(0);
    expect(match(silent, B)).toBe(1);
    expect(match(advertOf({ manufacturer: [[1, [1, 2, 3, 4, 5, 6, 7, 8]]] }), A)).toBe(2);
    expect(match(silent, A)).toBe(0);
  });

  it("is what it showed last", () => {
    const match = rules(NAMED, "{ ble: { manufacturer: 1, name: '^XY', remember: true } }");
    match(told, A);
    expect(match(advertOf({ name: "XY", manufacturer: [[1, [0, 0]]] }), A)).toBe(1);
    expect(match(silent, A)).toBe(1);
  });

  it("is remembered where another section told what it is", () => {
    const match = rules("{ ble: { service_data: 0xFCD2, manufacturer: 1, remember: true } }");
    expect(match(advertOf({ manufacturer: [[1, [0]]], services: { fcd2: [1] } }), A)).toBe(0);
    expect(match(silent, A)).toBe(0);
    expect(match(advertOf({ services: { fcd2: [1] } }), A)).toBe(0);
    expect(match(advertOf({ services: { fcd2: [1] } }), B)).toBeUndefined();
    expect(match(advertOf({}), A)).toBeUndefined();
  });

  it("is forgotten where the definition does not ask for it", () => {
    const match = rules(NAMED.replace(", remember: true", ""));
    match(told, A);
    expect(match(silent, A)).toBeUndefined();
  });
});

describe("what is remembered", () => {
  it("is bounded: the oldest are forgotten, those heard again are not", () => {
    const match = rules(NAMED);
    match(told, A);
    for (let i = 0; i < 4_000; i++) match(told, String(i));
    match(told, A);
    for (let i = 4_000; i < 8_000; i++) match(told, String(i));
    expect(match(silent, A)).toBe(0);
    expect(match(silent, "0")).toBeUndefined();
    expect(match(silent, "7999")).toBe(0);
    for (let i = 8_000; i < 9_000; i++) match(told, String(i));
    expect(match(silent, A)).toBeUndefined();
  });

  it("can be forgotten", () => {
    const library = libraryOf(NAMED);
    library.match(frameOf(told, A));
    library.forget();
    expect(library.match(frameOf(silent, A))).toBeUndefined();
  });
});
