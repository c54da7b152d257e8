/** Payloads that mean no good, or that nobody thought of: none becomes a wrong value, a fault or a heap of memory. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { AT, deviceOf, frameOf, message, values } from "../support/definitions.ts";

/** A device whose frames are of one kind, with the given fields and objects. */
function device(frame: string, fields: readonly string[], more = "objects: { 3/0: { 0: { const: Acme } } }") {
  return deviceOf(`schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: ${frame}
alive: { expect: 10s, stale: 90s, gone: 15m }
fields:
${fields.map((field) => `  ${field}`).join("\n")}
${more}
tests: [{ name: none, hex: "00" }]
`);
}

const json = device("{ json: true }", ["t: { json: $.t, unit: Cel }", "s: { json: $.s }"]);
const heard = (body: string) => values(json, message("t", body));

describe("a JSON document", () => {
  it.each([
    ["a number beyond all numbers", '{"t":1e400}', null],
    ["a number below all numbers", '{"t":-1e400}', null],
    ["a number beyond all numbers, as text", '{"t":"1e400"}', null],
    ["an exponent without end", '{"t":"1e99999999"}', null],
    ["the smallest number", '{"t":5e-324}', 5e-324],
    ["minus zero", '{"t":-0}', -0],
    ["an infinity in words", '{"t":"Infinity"}', null],
    ["no number in words", '{"t":"NaN"}', null],
    ["hexadecimal digits", '{"t":"0x10"}', null],
    ["a number with a comma", '{"t":"21,5"}', null],
    ["a number with a unit", '{"t":"21.5 C"}', null],
    ["a sign alone", '{"t":"-"}', null],
    ["a point alone", '{"t":"."}', null],
    ["a list", '{"t":[21]}', null],
    ["an object", '{"t":{"t":21}}', null],
    ["a number written with blanks", '{"t":" 21 "}', 21],
    ["a number with a plus", '{"t":"+21.0"}', 21],
    ["a number that begins with its point", '{"t":".5"}', 0.5],
    ["a key that stands twice: the last, as everywhere", '{"t":1,"t":2}', 2],
  ])("with %s", (_what, body, expected) => {
    expect(heard(body)).toEqual({ t: expected });
  });

  it.each(["{", "", "nul", "{'t':1}", '{"t":01}', '{"t":1,}', '{"t":NaN}', "\u0000", '{"t":1}{"t":2}', "// {}"])(
    "that is none is refused: %s",
    (body) => {
      expect(() => heard(body)).toThrow(new DecodeError("no JSON"));
    },
  );

  it.each(['{"__proto__":{"t":5}}', '{"constructor":{"t":5}}', '{"t2":5}', "[]", "[{}]", "5", '"t"', "null", "true"])(
    "that says nothing of ours has nothing for us: %s",
    (body) => {
      expect(heard(body)).toBeUndefined();
    },
  );

  it("never changes what all objects have in common", () => {
    heard('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"t":1}');
    expect("polluted" in {}).toBe(false);
  });

  it("is read by names that objects are born with, if a device says them itself", () => {
    const odd = device("{ json: true }", ["a: { json: $.constructor }", "b: { json: $.toString.x }"]);
    expect(values(odd, message("t", '{"constructor":1,"toString":{"x":2}}'))).toEqual({ a: 1, b: 2 });
    expect(values(odd, message("t", "{}"))).toBeUndefined();
  });

  it("may be nested as deeply as fits into it", () => {
    const deep = 30_000;
    for (const body of [
      `${"[".repeat(deep)}${"]".repeat(deep)}`,
      `{"t":${"[".repeat(deep)}${"]".repeat(deep)}}`,
      "[".repeat(deep),
      `${'{"t":'.repeat(10_000)}1${"}".repeat(10_000)}`,
    ])
      try {
        expect([undefined, null]).toContain(heard(body)?.["t"]);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
  });

  it("that is too long is not even looked at", () => {
    expect(() => heard(`{"t":1,"x":"${"x".repeat(65_536)}"}`)).toThrow("JSON of");
  });

  it("that cannot be read leaves no trace for the next", () => {
    expect(heard('{"t":1}')).toEqual({ t: 1 });
    expect(() => heard('{"t":')).toThrow(DecodeError);
    expect(heard('{"t":2}')).toEqual({ t: 2 });
  });
});

describe("the components of a document", () => {
  const many = device(
    "{ json: true }",
    ['t: { json: "$.*.T", unit: Cel }'],
    "objects: { 3303/*: { value: t, when: present } }",
  );
  const decoded = (body: unknown) => values(many, message("t", body));
  const instances = (body: unknown) => {
    const reading = many.decode(frameOf(message("t", body)));
    const updates = reading ? many.createMapping().updates(reading) : [];
    return updates.filter(({ path }) => path.endsWith("/5700")).map(({ path, value }) => [path, value]);
  };

  it("have names that are short enough to be remembered", () => {
    const long = "x".repeat(65);
    expect(decoded({ [long]: { T: 1 }, ["y".repeat(64)]: { T: 2 } })).toEqual({ [`${"y".repeat(64)}/t`]: 2 });
  });

  it("may have any letter in their names", () => {
    expect(instances({ "a/b": { T: 1 }, "": { T: 2 }, t_2: { T: 3 }, "ü \n": { T: 4 } })).toEqual([
      ["/3303/0/5700", 1],
      ["/3303/1/5700", 2],
      ["/3303/2/5700", 3],
      ["/3303/3/5700", 4],
    ]);
    expect(instances(JSON.parse('{"__proto__":{"T":5}}'))).toEqual([["/3303/0/5700", 5]]);
  });

  it("are as many as may be, and lists among them count", () => {
    expect(Object.keys(decoded({ a: { T: Array.from({ length: 100 }, (_, i) => i) } }) ?? {})).toHaveLength(32);
  });
});

describe("a line of columns", () => {
  const csv = device("{ csv: { columns: [id, t, s] } }", [
    "id: {}",
    'state: { column: s, map: { LOW: 1, HIGH: 2 }, unit: "%" }',
    't: { unit: Cel, invalid: ["n/a", "--", -999] }',
  ]);
  const line = (text: string) => values(csv, { kind: "text", text });

  it.each([
    ["a,21.5,LOW", { id: "a", t: 21.5, state: 1 }],
    ["a,21.5,HIGH\n", { id: "a", t: 21.5, state: 2 }],
    ["a,21.5,HIGH\r\n\r\n", { id: "a", t: 21.5, state: 2 }],
    ["a,21.5,MIDDLE", { id: "a", t: 21.5, state: null }],
    ["a,n/a,LOW", { id: "a", t: null, state: 1 }],
    ["a, -- ,LOW", { id: "a", t: null, state: 1 }],
    ["a,-999,LOW", { id: "a", t: null, state: 1 }],
    ["a,-999.0,LOW", { id: "a", t: null, state: 1 }],
    [",,", { id: null, t: null, state: null }],
    [" , , ", { id: null, t: null, state: null }],
    ["a,1e2,LOW", { id: "a", t: 100, state: 1 }],
    ["a,1e999,LOW", { id: "a", t: null, state: 1 }],
    ['"a",1,LOW', { id: '"a"', t: 1, state: 1 }],
  ])("%j is read", (text, expected) => {
    expect(line(text)).toEqual(expected);
  });

  it.each([
    ["", "1 columns, 3 wanted"],
    ["a", "1 columns, 3 wanted"],
    ["a,1", "2 columns, 3 wanted"],
    ["a,1,LOW,", "4 columns, 3 wanted"],
    ['"a,b",1,LOW', "4 columns, 3 wanted"],
    ["a,1\n2,LOW", 't: "1\n2" is no number'],
    ["a,21.5C,LOW", 't: "21.5C" is no number'],
    ["a,1.2.3,LOW", 't: "1.2.3" is no number'],
    ["a,N/A,LOW", 't: "N/A" is no number'],
    [`a,${"9".repeat(60)}x,LOW`, `t: "${"9".repeat(40)}" is no number`],
  ])("%j is refused", (text, reason) => {
    expect(() => line(text)).toThrow(new DecodeError(reason));
  });
});

describe("the time that a device tells", () => {
  const timed = device(
    "{ json: true }",
    ["at: { json: $.at }", "t: { json: $.t, unit: Cel }"],
    "time: { from: at, within: 1m }\nobjects: { 3303/0: { value: t } }",
  );
  const stamp = (at: unknown, trusted: boolean) =>
    timed.decode({ ...frameOf(message("t", { at, t: 1 })), at: { ms: AT.ms, trusted } })?.at;

  it.each([
    [0],
    [-1],
    [1e300],
    [1e15],
    [Number.MAX_SAFE_INTEGER],
    ["+275760-09-13T00:00:00Z"],
    ["1969-12-31T23:59:59Z"],
    [3_600],
    ["1970-01-01T00:00:05Z"],
    ["2019-12-31T23:59:59Z"],
    [4_102_444_800],
    ["soon"],
    [""],
    [null],
    [true],
    [{}],
  ])("is not believed even without a clock of our own: %j", (at) => {
    expect(stamp(at, false)).toEqual({ ms: AT.ms, trusted: false });
    expect(stamp(at, true)).toEqual({ ms: AT.ms, trusted: true });
  });

  it("is believed in seconds and in words, to the edge of what a message may take", () => {
    const seconds = Math.floor(AT.ms / 1000);
    expect(stamp(seconds - 30, true)).toEqual({ ms: (seconds - 30) * 1000, trusted: true });
    expect(stamp("2026-06-01T11:59:30Z", true)).toEqual({ ms: Date.UTC(2026, 5, 1, 11, 59, 30), trusted: true });
    expect(stamp(seconds - 61, true)).toEqual(AT);
    expect(stamp(seconds + 62, true)).toEqual(AT);
    expect(stamp(new Date(AT.ms - 60_000).toISOString(), true)).toEqual({ ms: AT.ms - 60_000, trusted: true });
    expect(stamp(new Date(AT.ms + 60_000).toISOString(), true)).toEqual({ ms: AT.ms + 60_000, trusted: true });
    expect(stamp("2020-01-01T00:00:00Z", false)).toEqual({ ms: Date.UTC(2020, 0), trusted: true });
    expect(stamp(seconds - 86_400, false)).toEqual({ ms: (seconds - 86_400) * 1000, trusted: true });
  });
});

describe("a Resource of type Time", () => {
  const clock = deviceOf(`schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: { json: true }
alive: { expect: 10s, stale: 90s, gone: 15m }
fields: { at: { json: $.at } }
objects: { 3/0: { 0: { const: Acme }, 13: at } }
tests: [{ name: none, hex: "00" }]
`);
  const shown = (at: unknown) => {
    const reading = clock.decode(frameOf(message("t", { at })));
    return reading && clock.createMapping().updates(reading)[0]?.value;
  };

  it.each([
    [1_780_315_200, 1_780_315_200],
    [1_780_315_200.9, 1_780_315_200],
    ["2026-06-01T12:00:00Z", 1_780_315_200],
    ["2026-06-01T14:00:00+02:00", 1_780_315_200],
    [1e300, undefined],
    [true, undefined],
    ["yesterday", undefined],
    [null, undefined],
  ])("of %j is %s", (at, expected) => {
    expect(shown(at)).toBe(expected);
  });
});
