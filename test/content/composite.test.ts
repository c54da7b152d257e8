/** Bodies of Write-Composite, Read-Composite and Observe-Composite, in every format that carries one. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { decodePatch, decodePaths, Format } from "../../src/content/index.ts";
import { modelOf, node, zooInstance } from "../support/codec-models.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const hexOf = (text: string): string => Buffer.from(text).toString("hex");
const textIn = (text: string): Uint8Array => new TextEncoder().encode(text);

const JSONS: readonly number[] = [Format.SenmlJson, Format.SenmlEtchJson];
const CBORS: readonly number[] = [Format.SenmlCbor, Format.SenmlEtchCbor];
const PACKS = [...JSONS, ...CBORS];
const ALL = [...PACKS, Format.LwM2mCbor];
/** Formats that carry values, but no patch and no paths. */
const NONE_OF_THESE = [Format.Text, Format.LinkFormat, Format.Opaque, Format.Cbor, Format.Tlv, Format.Json, 50, -1];

const patchText = (format: number, text: string) => decodePatch(format, textIn(text), modelOf);
const patchHex = (format: number, hex: string) => decodePatch(format, fromHex(hex), modelOf);
const pathsText = (format: number, text: string) => decodePaths(format, textIn(text));
const pathsHex = (format: number, hex: string) => decodePaths(format, fromHex(hex));

/** A Record of SenML CBOR that has a name alone. */
const named = (name: string): string =>
  `a1 00 ${name.length < 24 ? (0x60 + name.length).toString(16) : `78${name.length.toString(16)}`} ${hexOf(name)}`;

describe("a patch", () => {
  it.each(JSONS)("of SenML JSON sets values of several Objects, in format %s", (format) => {
    const text = '[{"bn":"/3311/0/","n":"5850","vb":true},{"n":"5851","v":50},{"bn":"/1/0/","n":"1","v":3600}]';
    expect(patchText(format, text)).toEqual({
      set: [node("/3311/0/5850", true), node("/3311/0/5851", 50), node("/1/0/1", 3600)],
      removed: [],
    });
  });

  it.each(CBORS)("of SenML CBOR sets values of several Objects, in format %s", (format) => {
    const hex = `82 a2 00 66 ${hexOf("/1/0/1")} 02 190e10 a2 00 6c ${hexOf("/3311/0/5850")} 04 f5`;
    expect(patchHex(format, hex)).toEqual({ set: [node("/1/0/1", 3600), node("/3311/0/5850", true)], removed: [] });
  });

  it("of LwM2M CBOR sets values of several Objects", () => {
    expect(patchHex(Format.LwM2mCbor, "a2 83 01 00 01 190e10 82 190cef 00 a1 1916da f5")).toEqual({
      set: [node("/1/0/1", 3600), node("/3311/0/5850", true)],
      removed: [],
    });
  });

  it("may be empty", () => {
    for (const format of JSONS) expect(patchText(format, "[]")).toEqual({ set: [], removed: [] });
    for (const format of CBORS) expect(patchHex(format, "80")).toEqual({ set: [], removed: [] });
    expect(patchHex(Format.LwM2mCbor, "a0")).toEqual({ set: [], removed: [] });
  });

  // RFC 8790 §3.2: null removes.
  it("removes Resource Instances where SenML-ETCH has null, whatever the label", () => {
    const removed = [zooInstance("integer", 2), zooInstance("string", 3)];
    const text = `[{"n":"${removed[0]}","v":null},{"n":"${removed[1]}","vs":null},{"n":"/3/0/9","v":5}]`;
    expect(patchText(Format.SenmlEtchJson, text)).toEqual({ set: [node("/3/0/9", 5)], removed });
    const [a, b] = removed.map((path) => `00 6d ${hexOf(path)}`);
    const hex = `83 a2 ${a} 02 f6 a2 ${b} 03 f6 a2 00 66 ${hexOf("/3/0/9")} 02 05`;
    expect(patchHex(Format.SenmlEtchCbor, hex)).toEqual({ set: [node("/3/0/9", 5)], removed });
  });

  it("removes Resource Instances where LwM2M CBOR has null", () => {
    const hex = "a1 190fa0 a1 00 a1 1865 a2 02 f6 03 05";
    expect(patchHex(Format.LwM2mCbor, hex)).toEqual({
      set: [node("/4000/0/101/3", 5)],
      removed: [zooInstance("integer", 2)],
    });
  });

  it("removes nothing in plain SenML, which has no null", () => {
    expect(() => patchText(Format.SenmlJson, '[{"n":"/4000/0/101/2","v":null}]')).toThrow("v is null in record 1");
    expect(() => patchHex(Format.SenmlCbor, `81 a2 00 6d ${hexOf("/4000/0/101/2")} 02 f6`)).toThrow("v is null");
  });

  it("removes nothing but Resource Instances", () => {
    for (const path of ["/", "/4000", "/4000/0", "/4000/0/1", "/4000/0/101"])
      expect(() => patchText(Format.SenmlEtchJson, `[{"n":"${path}","v":null}]`), path).toThrow(
        `${path}: only a Resource Instance can be removed`,
      );
    expect(() => patchHex(Format.LwM2mCbor, "a1 82 03 00 f6")).toThrow("/3/0: only a Resource Instance can be removed");
    expect(() => patchText(Format.SenmlEtchJson, '[{"n":"/3/0/9/0","v":null}]')).toThrow(
      "/3/0/9/0: it has no instances",
    );
    expect(() => patchText(Format.SenmlEtchJson, '[{"n":"/3/0/9999/0","v":null}]')).toThrow("unknown resource");
  });

  it("takes a removal for that Record alone", () => {
    const text = '[{"n":"/4000/0/101/2","v":null},{"n":"/4000/0/101/3","v":7}]';
    expect(patchText(Format.SenmlEtchJson, text)?.set).toEqual([node("/4000/0/101/3", 7)]);
  });

  it("is refused as a whole if a path comes twice, set or removed", () => {
    const twice = /^\/4000\/0\/101\/2: more than once$/;
    const record = (value: string): string => `{"n":"/4000/0/101/2","v":${value}}`;
    for (const [a, b] of [
      ["1", "2"],
      ["1", "null"],
      ["null", "null"],
      ["null", "1"],
    ] as const)
      expect(() => patchText(Format.SenmlEtchJson, `[${record(a)},${record(b)}]`)).toThrow(twice);
    expect(() => patchHex(Format.LwM2mCbor, "a2 84 190fa0 00 1865 02 01 83 190fa0 00 1865 a1 02 f6")).toThrow(twice);
  });

  it.each(PACKS)("is as strict about values as a Write, in format %s", (format) => {
    const refuses = (text: string, hex: string, message: RegExp): void => {
      expect(() => (JSONS.includes(format) ? patchText(format, text) : patchHex(format, hex))).toThrow(message);
    };
    refuses('[{"n":"/3/0/9","vs":"5"}]', `81 a2 00 66 ${hexOf("/3/0/9")} 03 61 35`, /^\/3\/0\/9: not a valid integer/);
    refuses('[{"n":"/3/0/9"}]', `81 ${named("/3/0/9")}`, /^\/3\/0\/9: not a valid integer/);
    refuses('[{"n":"/3/0/7777","v":1}]', `81 a2 00 69 ${hexOf("/3/0/7777")} 02 01`, /^\/3\/0\/7777: unknown/);
    refuses('[{"n":"3/0/9","v":1}]', `81 a2 00 65 ${hexOf("3/0/9")} 02 01`, /name "3\/0\/9" is no path in record 1/);
    refuses('{"n":"/3/0/9","v":1}', "a0", /SenML|CBOR/);
  });

  it.each(NONE_OF_THESE)("is not carried by format %s", (format) => {
    expect(decodePatch(format, textIn("[]"), modelOf)).toBeUndefined();
  });
});

describe("a list of paths", () => {
  it.each(JSONS)("is names without values, in format %s", (format) => {
    expect(pathsText(format, '[{"n":"/3/0/1"},{"n":"/3303"}]')).toEqual(["/3/0/1", "/3303"]);
    expect(pathsText(format, '[{"bn":"/3/0/","n":"7/0"},{"n":"9"},{"bn":"/1","n":"/0/1"}]')).toEqual([
      "/3/0/7/0",
      "/3/0/9",
      "/1/0/1",
    ]);
    expect(pathsText(format, '[{"bn":"/","n":"3/0/0"}]')).toEqual(["/3/0/0"]);
  });

  it.each(CBORS)("is names without values, in format %s", (format) => {
    expect(pathsHex(format, `81 ${named("/3/0/1")}`)).toEqual(["/3/0/1"]);
    expect(pathsHex(format, `9f ${named("/3/0/1")} bf 00 65 ${hexOf("/3303")} ff ff`)).toEqual(["/3/0/1", "/3303"]);
    expect(pathsHex(format, `82 a2 21 65 ${hexOf("/3/0/")} 00 61 39 a1 00 62 ${hexOf("10")}`)).toEqual([
      "/3/0/9",
      "/3/0/10",
    ]);
  });

  it("is null under every path in LwM2M CBOR", () => {
    expect(pathsHex(Format.LwM2mCbor, "a2 83 03 00 01 f6 190ce7 f6")).toEqual(["/3/0/1", "/3303"]);
    expect(pathsHex(Format.LwM2mCbor, "bf 03 bf 00 bf 01 f6 07 bf 00 f6 ff ff ff ff")).toEqual(["/3/0/1", "/3/0/7/0"]);
    expect(() => pathsHex(Format.LwM2mCbor, "a1 83 03 00 09 05")).toThrow("a value for /3/0/9 where null belongs");
  });

  it("names the root by its slash", () => {
    for (const format of JSONS) {
      expect(pathsText(format, '[{"n":"/"}]')).toEqual(["/"]);
      expect(pathsText(format, '[{"bn":"/"}]')).toEqual(["/"]);
    }
    for (const format of CBORS) expect(pathsHex(format, "81 a1 21 61 2f")).toEqual(["/"]);
  });

  it("has each path once, in the order in which they were first named", () => {
    for (const format of JSONS)
      expect(pathsText(format, '[{"n":"/3303"},{"n":"/3"},{"bn":"/33","n":"03"}]')).toEqual(["/3303", "/3"]);
    expect(pathsHex(Format.LwM2mCbor, "a2 82 03 00 f6 03 a1 00 f6")).toEqual(["/3/0"]);
  });

  it("has 64 paths at most", () => {
    const text = (count: number): string =>
      JSON.stringify(Array.from({ length: count }, (_, id) => ({ n: `/3/0/${id}` })));
    for (const format of JSONS) {
      expect(pathsText(format, text(64))).toHaveLength(64);
      expect(() => pathsText(format, text(65))).toThrow("/3/0/64: more than 64 paths");
    }
    const hex = (count: number): string =>
      `a1 82 03 00 bf ${Array.from({ length: count }, (_, id) => `19${(id + 256).toString(16).padStart(4, "0")} f6`).join(" ")} ff`;
    expect(pathsHex(Format.LwM2mCbor, hex(64))).toHaveLength(64);
    expect(() => pathsHex(Format.LwM2mCbor, hex(65))).toThrow("more than 64 paths");
  });

  it.each(["", "3", "3/0", "/3/", "//", "/x", "/3/0/9/0/0", "/65535", "/03"])("has no name %j", (name) => {
    for (const format of JSONS)
      expect(() => pathsText(format, `[{"n":"/3"},{"n":"${name}"}]`)).toThrow(`name "${name}" is no path in record 2`);
    for (const format of CBORS) expect(() => pathsHex(format, `81 ${named(name)}`)).toThrow("is no path in record 1");
  });

  it("carries neither values nor times", () => {
    for (const format of JSONS) {
      for (const extra of ['"v":1', '"vs":""', '"vb":false', '"bv":2'])
        expect(() => pathsText(format, `[{"n":"/3/0/9",${extra}}]`), extra).toThrow("/3/0/9: a value");
      expect(() => pathsText(format, '[{"n":"/3/0/9","v":null}]')).toThrow("v is null in record 1");
      for (const extra of ['"t":-5', '"bt":1320067464'])
        expect(() => pathsText(format, `[{"n":"/3/0/9",${extra}}]`), extra).toThrow("/3/0/9: a time");
    }
  });

  it("is malformed where the body is", () => {
    for (const format of JSONS)
      for (const text of ["", "{}", "[1]", '["/3"]', '[{"n":3}]', '[{"n":"/3"}', '[{"n":"/3","x_":1}]', "[[]]"])
        expect(() => pathsText(format, text), text).toThrow(DecodeError);
    for (const format of CBORS)
      for (const hex of [
        "",
        "a0",
        "81",
        "81 01",
        "81 a1 00 01",
        "80 80",
        `81 62 ${hexOf("/3")}`,
        `81 ${named("/3")} 00`,
      ])
        expect(() => pathsHex(format, hex), hex).toThrow(DecodeError);
    for (const hex of ["", "80", "f6", "a1", "a1 03", "a1 80 f6", "a0 a0", "a1 62 2f33 f6"])
      expect(() => pathsHex(Format.LwM2mCbor, hex), hex).toThrow(DecodeError);
  });

  it.each(NONE_OF_THESE)("is not carried by format %s", (format) => {
    expect(decodePaths(format, textIn("[]"))).toBeUndefined();
  });
});

describe("what is no body of a composite operation", () => {
  const SAMPLES = [
    '[{"bn":"/3311/0/","n":"5850","vb":true},{"n":"5851","v":50},{"bn":"/4000/0/101/","n":"1","v":null}]',
    '[{"n":"/3/0/1"},{"n":"/3303"},{"bn":"/"}]',
  ].map(textIn);
  const CBOR_SAMPLES = [
    `82 a2 00 66 ${hexOf("/1/0/1")} 02 190e10 a2 00 6d ${hexOf("/4000/0/101/2")} 02 f6`,
    `82 ${named("/3/0/1")} a1 21 61 2f`,
    "a1 190fa0 a1 00 a1 1865 a2 02 f6 03 05",
    "a2 83 03 00 01 f6 190ce7 f6",
  ].map(fromHex);

  it.each(ALL)("ends in DecodeError, whatever it is, in format %s", { timeout: FUZZ_TIMEOUT_MS }, (format) => {
    const random = new SeededRandom(format);
    const samples = JSONS.includes(format) ? SAMPLES : CBOR_SAMPLES;
    for (let i = 0; i < FUZZ_INPUTS / 5; i++) {
      const bytes = i % 2 === 0 ? random.bytes(random.below(32)) : mutate(random.pick(samples), random);
      for (const decode of [() => decodePatch(format, bytes, modelOf), () => decodePaths(format, bytes)])
        try {
          decode();
        } catch (error) {
          if (!(error instanceof DecodeError)) throw new Error(`${toHex(bytes)}: ${String(error)}`);
        }
    }
  });
});
