/** JSON documents: paths, lists, keys that are none, and what hostile ones may not do. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { Finds } from "../../../src/library/framing/document/finds.ts";
import { JsonReader } from "../../../src/library/framing/json.ts";
import { parseJsonPath, walk } from "../../../src/library/framing/path.ts";
import { deviceOf, frameOf, message, problemsOf, values } from "../../support/definitions.ts";

const definition = (frame: string, ...fields: readonly string[]) => `schema: device/v1
id: acme.x
vendor: Acme
model: X
match: { mqtt: { topic: ["acme/+node", "acme/+node/#"] } }
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields.map((field) => `  ${field}`).join("\n")}
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, topic: acme/x, json: {} }]
`;
const device = (frame: string, ...fields: readonly string[]) => deviceOf(definition(frame, ...fields));
const read = (field: string, body: unknown) => values(device("{ json: true }", field), message("acme/x", body));

/** What the prepared path finds, by itself. */
function prepared(path: readonly string[], document: unknown): unknown {
  const finds = new Finds();
  const slot = finds.one(path);
  return finds.read(document).value(slot);
}

describe("a time in a document", () => {
  const at = (written: unknown) => read("at: { json: $.at, type: iso8601 }", { at: written })?.["at"];

  it("is what has its zone", () => {
    expect(at("2026-03-01T12:00:00+01:00")).toBe("2026-03-01T12:00:00+01:00");
  });

  it.each(["2026-03-01T12:00:00", "noon", 5, "", true, {}])("is not available where it says %s", (written) => {
    expect(at(written)).toBeNull();
  });
});

describe("a path", () => {
  it.each([
    ["$", []],
    ["$.a", ["a"]],
    ["a.b", ["a", "b"]],
    ["$.a[0].b", ["a", "0", "b"]],
    ["$[2]", ["2"]],
    ["$.*.b", ["*", "b"]],
    ["$.a[*].b", ["a", "*", "b"]],
    ["$.params.switch:0.apower", ["params", "switch:0", "apower"]],
    ["$.*['PM2.5']", ["*", "PM2.5"]],
    ["$.AHT1X-0x38.Temperature", ["AHT1X-0x38", "Temperature"]],
  ])("%s has the steps %j", (text, steps) => {
    expect(parseJsonPath(text)).toEqual(steps);
  });

  it.each(["", "$..a", "$.a.", "$.a[", "$.a[x]", "$.a[]", "$a", "$['']", `$${".a".repeat(17)}`])(
    "is not %j",
    (text) => {
      expect(parseJsonPath(text)).toBeUndefined();
    },
  );

  const document: unknown = JSON.parse('{"a":{"b":[1,{"c":2},[3]]},"0":"key","__proto__":{"x":1}}');

  it.each([
    ["$.a.b[0]", 1],
    ["$.a.b[1].c", 2],
    ["$.a.b[2][0]", 3],
    ["$.a.b[3]", undefined],
    ["$[0]", "key"],
    ["$.a.b.length", undefined],
    ["$.a.b.map", undefined],
    ["$.constructor", undefined],
    ["$.a.constructor.name", undefined],
    ["$.toString", undefined],
    ["$.__proto__.x", 1],
    ["$.a.__proto__", undefined],
    ["$.a.b[0].toFixed", undefined],
    ["$.missing.deep.er", undefined],
  ])("%s leads to %j, walked and prepared alike", (text, expected) => {
    const path = parseJsonPath(text) ?? [];
    expect(walk(document, path)).toEqual(expected);
    expect(prepared(path, document)).toEqual(expected);
  });

  it("finds the same prepared and walked, for random documents and paths", () => {
    const keys = ["a", "b", "0", "1", "constructor", "__proto__", "length"];
    const texts = ['{"a":[{"b":1},[2]],"b":{"a":{"0":3}}}', '[[{"a":1}],{"b":[0]}]', '"text"', "7", "null"];
    for (const text of texts)
      for (const first of keys)
        for (const second of keys)
          for (const third of keys) {
            const parsed: unknown = JSON.parse(text);
            const path = [first, second, third];
            for (let n = 0; n <= 3; n++)
              expect(prepared(path.slice(0, n), parsed)).toEqual(walk(parsed, path.slice(0, n)));
          }
  });
});

describe("a document", () => {
  it("gives numbers, texts and truths as they are, numbers also from text", () => {
    expect(read('f: { json: "$.a" }', { a: 1.5 })).toEqual({ f: 1.5 });
    expect(read('f: { json: "$.a", unit: Cel }', { a: " -7.25e1 " })).toEqual({ f: -72.5 });
    expect(read('f: { json: "$.a" }', { a: "word" })).toEqual({ f: "word" });
    expect(read('f: { json: "$.a" }', { a: false })).toEqual({ f: false });
  });

  it.each([null, "", "word", true, {}, []])("says not available by %j where a number should be", (a) => {
    expect(read('f: { json: "$.a", unit: Cel }', { a })).toEqual({ f: null });
  });

  it("does not speak of what is not in it", () => {
    expect(read('f: { json: "$.a" }', { b: 1 })).toBeUndefined();
  });

  it("of several places takes the first that is there, even if that says nothing", () => {
    const field = "f: { json: [$.a, $.b.c], unit: Cel }";
    expect(read(field, { b: { c: 2 } })).toEqual({ f: 2 });
    expect(read(field, { a: 1, b: { c: 2 } })).toEqual({ f: 1 });
    expect(read(field, { a: null, b: { c: 2 } })).toEqual({ f: null });
    expect(problemsOf(definition("{ json: true }", 'f: { json: ["$.a", "$.*.b"] }'))).toEqual([
      "10:3 either all of its paths have a * or none",
    ]);
  });

  it("names what a star finds by its key, lists by their numbers", () => {
    expect(read('f: { json: "$.*.t" }', { "switch:0": { t: 1 }, "x/y": { t: 2 } })).toEqual({
      "switch_0/f": 1,
      "x_y/f": 2,
    });
    expect(read('f: { json: "$.list[*].t" }', { list: [{ t: 1 }, {}, { t: 3 }] })).toEqual({
      "list_1/f": 1,
      "list_3/f": 3,
    });
    expect(read('f: { json: "$.*.t" }', { ENERGY: { t: [1, 2] } })).toEqual({ "ENERGY/f_1": 1, "ENERGY/f_2": 2 });
    expect(read('f: { json: ["$.*.t", "$.*.u"] }', { a: { t: 1 }, b: { u: 2 } })).toEqual({ "a/f": 1, "b/f": 2 });
  });

  it("finds only keys that begin as a star's word does", () => {
    const gauge = { "RG-15": { Total: 26.8 }, ENERGY: { Total: 3.2 }, ENERGY2: { Total: 4 } };
    expect(read('f: { json: "$.ENERGY*.Total" }', gauge)).toEqual({ "ENERGY/f": 3.2, "ENERGY2/f": 4 });
    expect(read('f: { json: "$.SUM*.Total" }', gauge)).toBeUndefined();
    expect(problemsOf(definition("{ json: true }", 'f: { json: "$.a*.b*" }'))).toEqual(["10:3 one * is enough"]);
  });

  it("gives no more than 32 of one field, and no names without end", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, { t: i }]));
    expect(Object.keys(read('f: { json: "$.*.t" }', many) ?? {})).toHaveLength(32);
    expect(read('f: { json: "$.*.t" }', { ["k".repeat(65)]: { t: 1 } })).toBeUndefined();
    const list = { list: Array.from({ length: 1000 }, (_, t) => ({ t })) };
    expect(Object.keys(read('f: { json: "$.list[*].t" }', list) ?? {})).toHaveLength(32);
  });

  it("of a key that is there twice means the last, and of a number beyond all nothing", () => {
    expect(read('f: { json: "$.a", unit: Cel }', '{"a":1,"a":2}')).toEqual({ f: 2 });
    expect(read('f: { json: "$.a", unit: Cel }', '{"a":1e400}')).toEqual({ f: null });
    expect(read('f: { json: "$.a" }', '{"a":-1e400}')).toEqual({ f: null });
  });

  it.each([
    ["too long", JSON.stringify({ a: "x".repeat(70_000) })],
    ["cut", '{"a":1'],
    ["no JSON", "21.4 C"],
    ["empty", ""],
  ])("that is %s is refused", (_what, body) => {
    expect(() => read('f: { json: "$.a" }', body)).toThrow(DecodeError);
  });

  it("may be as deep as it is long", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(read('f: { json: "$[0][0]" }', deep)).toEqual({ f: null });
  });

  it("may stand under a key, and there be JSON as text", () => {
    const rooted = device("{ json: true, root: object }", 'f: { json: "$.t" }');
    expect(values(rooted, message("acme/x", { object: { t: 1 } }))).toEqual({ f: 1 });
    expect(values(rooted, message("acme/x", { t: 2 }))).toEqual({ f: 2 });
    expect(values(rooted, message("acme/x", { object: '{"t":3}' }))).toEqual({ f: 3 });
    expect(() => values(rooted, message("acme/x", { object: "{" }))).toThrow("no JSON in the text");
  });

  it("may be what others have under the key that the topic tells", () => {
    const keyed = device("{ json: true, root: params, key_from: status/+ }", 'f: { json: "$.*.apower" }');
    expect(values(keyed, message("acme/x/status/switch:0", { apower: 5 }))).toEqual({ "switch_0/f": 5 });
    expect(values(keyed, message("acme/x/events/rpc", { params: { "switch:1": { apower: 6 } } }))).toEqual({
      "switch_1/f": 6,
    });
    expect(values(keyed, message("acme/x/nostatus/switch:0", { "pm1:0": { apower: 7 } }))).toEqual({ "pm1_0/f": 7 });
  });
});

describe("the reader of documents", () => {
  const reader = new JsonReader();
  const body = (text: string) => new TextEncoder().encode(text);

  it("reads one body once, and remembers as well that it was none", () => {
    const good = body('{"a":"ä"}');
    expect(reader.parse(good)).toBe(reader.parse(good));
    const bad = body("{");
    expect(() => reader.parse(bad)).toThrow("no JSON");
    expect(() => reader.parse(bad)).toThrow("no JSON");
    expect(reader.parse(good)).toEqual({ a: "ä" });
  });

  it("reads a part of a larger buffer", () => {
    const whole = body('xx{"a":1}yy');
    expect(reader.parse(whole.subarray(2, 9))).toEqual({ a: 1 });
  });

  it("refuses bytes that are no UTF-8", () => {
    expect(() => reader.parse(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(DecodeError);
  });
});

describe("a message for several sensors", () => {
  const bridge = device('{ json: true, each: "$.Zb.*" }', 'key: { json: "$._key" }', 't: { json: "$.T", unit: Cel }');
  const parts = (body: unknown) => bridge.parts(frameOf(message("acme/x", body), "acme/x"));

  it("becomes a message for each of them, under a source of its own", () => {
    const found = parts({ Zb: { "0x1": { T: 1 }, "0x2": { T: 2 }, other: 5 } });
    expect(found.map(({ source }) => source)).toEqual(["acme/x#0x1", "acme/x#0x2"]);
    expect(found.map(({ payload }) => values(bridge, payload))).toEqual([
      { key: "0x1", t: 1 },
      { key: "0x2", t: 2 },
    ]);
    expect(found.map((part) => bridge.match(part))).toEqual([100, 100]);
  });

  it("is nothing if nobody is in it", () => {
    expect(parts({})).toEqual([]);
    expect(parts({ Zb: [] })).toEqual([]);
    expect(parts({ Zb: 7 })).toEqual([]);
  });

  it("counts the items of a list from 1", () => {
    expect(parts({ Zb: [{ T: 1 }, { T: 2 }] }).map(({ source }) => source)).toEqual(["acme/x#1", "acme/x#2"]);
  });

  it("speaks for 64 sensors at most, under names of 64 characters at most, and never for bottomless ones", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, { T: i }]));
    expect(parts({ Zb: many })).toHaveLength(64);
    expect(parts({ Zb: { ["k".repeat(65)]: { T: 1 } } })).toEqual([]);
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`);
    expect(parts({ Zb: { x: deep } })).toEqual([]);
  });

  it("needs a path with one star", () => {
    expect(problemsOf(definition('{ json: true, each: "$.a" }', 'f: { json: "$.b" }'))).toEqual([
      '7:22 "$.a" is no path with one *',
    ]);
  });
});
