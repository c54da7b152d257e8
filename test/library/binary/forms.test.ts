/** Devices whose payloads have several forms. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { binaryDefinition, binaryDevice, binaryProblems, readAll } from "../../support/binary-device.ts";
import { problemsOf, values } from "../../support/definitions.ts";

const FORMS = `forms:
  - name: short
    length: 3
    prefix: '01'
    fields: { temperature: { at: 1, type: i16be, scale: 0.01, unit: Cel } }
  - name: long
    length: { min: 4 }
    bytes: [{ at: 0, mask: 0x0F, is: [1, 2] }]
    fields:
      _scale: { at: -1, type: u8 }
      temperature: { expr: "_raw / _scale", unit: Cel }
      _raw: { at: 1, type: i16be }
      humidity: { at: 3, type: u8, unit: "%RH" }`;

const forms = (...changes: readonly (readonly [string, string])[]) =>
  changes.reduce((text, [from, to]) => text.replace(from, to), FORMS);

describe("a payload of several forms", () => {
  const sound = forms([
    '      temperature: { expr: "_raw / _scale", unit: Cel }\n      _raw: { at: 1, type: i16be }',
    '      _raw: { at: 1, type: i16be }\n      temperature: { expr: "_raw / _scale", unit: Cel }',
  ]);
  const device = binaryDevice("bytes: payload", ["kind: { at: 0, type: u8 }"], sound);

  it("adds the fields of the first that fits to those of all", () => {
    expect(readAll(device, "01 08F2")).toEqual({ kind: 1, temperature: 22.9 });
    expect(readAll(device, "12 00E5 28 0A")).toEqual({ kind: 0x12, temperature: 22.9, humidity: 40 });
  });

  it("says nothing to us if none fits", () => {
    expect(readAll(device, "02 08F2")).toBeUndefined();
    expect(readAll(device, "03 00E5 28 0A")).toBeUndefined();
    expect(readAll(device, "")).toBeUndefined();
  });

  it("knows above a field what stands above it, in its own form", () => {
    const problems = binaryProblems("bytes: payload", [], FORMS);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('unknown name "_raw" in "_raw / _scale"');
  });

  it("may have fields that are computed from those of its forms", () => {
    const late = binaryDevice(
      "bytes: payload",
      ['far: { expr: "temperature * 1.8 + 32" }', "kind: { at: 0, type: u8 }", 'sum: { expr: "far + kind" }'],
      sound,
    );
    expect(readAll(late, "01 07D0")).toEqual({ kind: 1, temperature: 20, far: 68, sum: 69 });
  });

  it("has a form for everything else, if its last one asks for nothing", () => {
    const rest =
      "forms:\n  - { name: a, length: 1, fields: { a: { at: 0, type: u8 } } }\n  - { name: b, fields: { b: { at: 1, type: u8 } } }";
    const other = binaryDevice("bytes: payload", [], rest);
    expect(readAll(other, "05")).toEqual({ a: 5 });
    expect(readAll(other, "05 06")).toEqual({ b: 6 });
    expect(() => readAll(other, "")).toThrow(DecodeError);
  });

  it("may be told by another section of the advert", () => {
    const text =
      "forms:\n  - { name: a, in: manufacturer, length: 1, fields: { a: { in: manufacturer, at: 0, type: u8 } } }\n  - { name: b, fields: { b: { at: 0, type: u8 } } }";
    const advert = binaryDevice("bytes: ble.service_data", [], `match: { ble: { service_data: 0xFD3D } }\n${text}`);
    const services = new Map([["0000fd3d-0000-1000-8000-00805f9b34fb", fromHex("07")]]);
    const heard = (manufacturer: [number, Uint8Array][]) =>
      values(advert, { kind: "advert", manufacturer, services, serviceUuids: [] });
    expect(heard([[1, fromHex("09")]])).toEqual({ a: 9 });
    expect(heard([[1, fromHex("0909")]])).toEqual({ b: 7 });
    expect(heard([])).toEqual({ b: 7 });
  });

  it("may have the same field in several forms, of one unit", () => {
    const other = forms(
      ["scale: 0.01, unit: Cel", "scale: 0.01, unit: K"],
      [
        '      temperature: { expr: "_raw / _scale", unit: Cel }\n',
        "      temperature: { at: 1, type: u8, unit: Cel }\n",
      ],
    );
    expect(binaryProblems("bytes: payload", [], other)).toEqual(['"temperature" has another unit, K, in a form above']);
    const twice = ["temperature: { at: 0, type: u8, unit: Cel }"];
    expect(
      binaryProblems("bytes: payload", twice, sound).every((each) => each.includes("a field of all forms already")),
    ).toBe(true);
  });

  it("is binary", () => {
    expect(
      binaryProblems("json: true", ["f: { json: $.a }"], "forms: [{ name: a, fields: { b: { json: $.b } } }]"),
    ).toEqual(["only binary payloads have forms"]);
  });

  it("has its mistakes where they stand", () => {
    const text = binaryDefinition(
      "bytes: payload",
      [],
      "forms:\n  - name: a\n    fields:\n      f: { at: 0, type: f99 }\n",
    );
    expect(problemsOf(text)[0]).toMatch(/^11:19 "f99" is not one of/);
    const other = binaryDefinition("bytes: payload", [], "forms:\n  - name: a\n    fields:\n      f: { type: u8 }\n");
    expect(problemsOf(other)).toEqual(['11:7 "at" is missing: where in the bytes does it stand?']);
  });
});
