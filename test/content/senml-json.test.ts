import { describe, expect, it } from "vitest";
import { senmlJson } from "../../src/content/senml-json.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";

/** LwM2M Core 1.1 §7.4.4: the Device Object Instance. */
const DEVICE =
  '[{"bn":"/3/0/","n":"0","vs":"Open Mobile Alliance"},{"n":"1","vs":"Lightweight M2M Client"},' +
  '{"n":"2","vs":"345000123"},{"n":"3","vs":"1.0"},{"n":"6/0","v":1},{"n":"6/1","v":5},{"n":"7/0","v":3800},' +
  '{"n":"7/1","v":5000},{"n":"8/0","v":125},{"n":"8/1","v":900},{"n":"9","v":100},{"n":"10","v":15},' +
  '{"n":"11/0","v":0},{"n":"13","v":1367491215},{"n":"14","vs":"+02:00"},{"n":"16","vs":"U"}]';

const T = 1_320_067_464;

codecContract("SenML JSON", {
  codec: senmlJson,
  vectors: [
    { name: "the Device example of the specification", base: "/3/0", text: DEVICE, nodes: deviceExample },
    {
      name: "one Resource",
      base: "/3303/0/5700",
      text: '[{"bn":"/3303/0/5700","v":22.0}]',
      nodes: [node("/3303/0/5700", 22)],
    },
    {
      name: "a value of the root",
      base: "/",
      text: '[{"n":"/3303/0/5700","v":22.5},{"n":"/3/0/9","v":80}]',
      nodes: [node("/3303/0/5700", 22.5), node("/3/0/9", 80)],
    },
    { name: "an empty pack", base: "/3303/0", text: "[]", nodes: [] },
    {
      name: "a boolean",
      base: "/3306/0/5850",
      text: '[{"bn":"/3306/0/5850","vb":false}]',
      nodes: [node("/3306/0/5850", false)],
    },
    {
      name: "octets in the URL alphabet, without padding",
      base: "/4000/0/5",
      text: '[{"bn":"/4000/0/5","vd":"-_8AAQ"}]',
      nodes: [node("/4000/0/5", Uint8Array.of(0xfb, 0xff, 0, 1))],
    },
    {
      name: "an Object Link",
      base: "/4000/0/7",
      text: '[{"bn":"/4000/0/7","vlo":"66:3"}]',
      nodes: [node("/4000/0/7", { object: 66, instance: 3 })],
    },
    {
      name: "an integer that no double holds",
      base: "/4000/0/1",
      text: '[{"bn":"/4000/0/1","v":9007199254740993}]',
      nodes: [node("/4000/0/1", 9_007_199_254_740_993n)],
    },
    {
      name: "one time for all",
      base: "/3303/0",
      text: `[{"bn":"/3303/0/","bt":${T},"n":"5700","v":22.0},{"n":"5601","v":1.5}]`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5601", 1.5, T)],
    },
    {
      name: "a history",
      base: "/3303/0/5700",
      text: `[{"bn":"/3303/0/5700","bt":${T},"v":22.0},{"t":-5,"v":21.5},{"t":0.5,"v":23.25}]`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5700", 21.5, T - 5), node("/3303/0/5700", 23.25, T + 0.5)],
    },
    {
      name: "times of some values only",
      base: "/3303/0",
      text: `[{"bn":"/3303/0/","n":"5700","t":${T},"v":22.0},{"n":"5601","v":1.5}]`,
      nodes: [node("/3303/0/5700", 22, T), node("/3303/0/5601", 1.5)],
    },
    // What others write.
    {
      name: "a whole number as a float",
      base: "/3303/0/5700",
      text: '[{"n":"/3303/0/5700","v":22}]',
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
    {
      name: "a point in an integer that is whole",
      base: "/3/0/9",
      text: '[{"n":"/3/0/9","v":22.0}]',
      nodes: [node("/3/0/9", 22)],
      readOnly: true,
    },
    {
      name: "an Object Link as the string that it also is",
      base: "/4000/0/7",
      text: '[{"n":"/4000/0/7","vs":"6:0"}]',
      nodes: [node("/4000/0/7", { object: 6, instance: 0 })],
      readOnly: true,
    },
    {
      name: "blanks and another order",
      base: "/3303/0",
      text: ' [ { "v" : 2.5e1 , "n" : "0/5700" , "bn" : "/3303/" } ] ',
      nodes: [node("/3303/0/5700", 25)],
      readOnly: true,
    },
    {
      name: "a base name that changes",
      base: "/3303",
      text: '[{"bn":"/3303/0/","n":"5700","v":1},{"bn":"/3303/1/","n":"5700","v":2}]',
      nodes: [node("/3303/0/5700", 1), node("/3303/1/5700", 2)],
      readOnly: true,
    },
    {
      name: "a base value",
      base: "/3303/0/5700",
      text: '[{"bn":"/3303/0/5700","bv":20,"v":2.5},{"v":-1.5}]',
      nodes: [node("/3303/0/5700", 22.5), node("/3303/0/5700", 18.5)],
      readOnly: true,
    },
    {
      name: "a base value alone",
      base: "/3303/0/5700",
      text: '[{"bn":"/3303/0/5700","bv":20.5}]',
      nodes: [node("/3303/0/5700", 20.5)],
      readOnly: true,
    },
    {
      name: "a base value of 64 bits",
      base: "/4000/0/1",
      text: '[{"bn":"/4000/0/1","bv":9007199254740992,"v":1}]',
      nodes: [node("/4000/0/1", 9_007_199_254_740_993n)],
      readOnly: true,
    },
    {
      name: "times relative to now",
      base: "/3303/0/5700",
      text: '[{"bn":"/3303/0/5700","t":-5,"v":1.5},{"v":2}]',
      nodes: [node("/3303/0/5700", 1.5, -5), node("/3303/0/5700", 2)],
      readOnly: true,
    },
    {
      name: "units, versions and labels it need not know",
      base: "/3303/0/5700",
      text: '[{"bver":10,"bu":"Cel","bn":"/3303/0/5700","u":"Cel","v":22,"ut":5,"s":3,"x":{"y":[1]}}]',
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
    {
      name: "octets with padding",
      base: "/4000/0/5",
      text: '[{"n":"/4000/0/5","vd":"AAE="}]',
      nodes: [node("/4000/0/5", Uint8Array.of(0, 1))],
      readOnly: true,
    },
    {
      name: "escapes in a string",
      base: "/3/0/0",
      text: '[{"n":"/3/0/0","vs":"\\u00fc \\"9007199254740993\\""}]',
      nodes: [node("/3/0/0", 'ü "9007199254740993"')],
      readOnly: true,
    },
    {
      name: "long digits in a string beside a long number",
      base: "/4000/0",
      text: '[{"bn":"/4000/0/","n":"0","vs":"1234567890123456789"},{"n":"1","v":-9223372036854775808}]',
      nodes: [node("/4000/0/0", "1234567890123456789"), node("/4000/0/1", -(2n ** 63n))],
      readOnly: true,
    },
  ],
  refusals: [
    { name: "nothing", base: "/3/0", text: "" },
    { name: "half a pack", base: "/3/0", text: '[{"bn":"/3/0/","n":"9","v":1' },
    { name: "an object instead of a pack", base: "/3/0", text: '{"n":"/3/0/9","v":1}' },
    { name: "a pack of numbers", base: "/3/0", text: "[1,2]" },
    { name: "a pack of packs", base: "/3/0", text: '[[{"n":"/3/0/9","v":1}]]' },
    { name: "text that is not UTF-8", base: "/3/0", hex: "5b 22 ff 22 5d" },
    { name: "a name without a leading slash", base: "/3/0", text: '[{"n":"3/0/9","v":1}]' },
    { name: "a name outside of the base", base: "/3/0", text: '[{"n":"/3303/0/5700","v":1}]' },
    { name: "a name that begins like the base", base: "/3/0", text: '[{"n":"/3/01/9","v":1}]' },
    { name: "a neighbour that begins like the base", base: "/3/1", text: '[{"n":"/3/11/9","v":1}]' },
    { name: "no name", base: "/3/0", text: '[{"v":1}]' },
    { name: "the name of an Object Instance", base: "/3/0", text: '[{"n":"/3/0","v":1}]' },
    { name: "the name of a multiple Resource", base: "/3/0", text: '[{"n":"/3/0/6","v":1}]' },
    { name: "an Instance of a single Resource", base: "/3/0", text: '[{"n":"/3/0/9/0","v":1}]' },
    { name: "an unknown Resource", base: "/3/0", text: '[{"n":"/3/0/9999","v":1}]' },
    { name: "no value", base: "/3/0", text: '[{"n":"/3/0/9"}]' },
    { name: "null", base: "/3/0", text: '[{"n":"/3/0/9","v":null}]' },
    { name: "two values", base: "/3/0", text: '[{"n":"/3/0/9","v":1,"vs":"1"}]' },
    { name: "a number as a string", base: "/3/0", text: '[{"n":"/3/0/9","v":"1"}]' },
    { name: "a string for a number", base: "/3/0", text: '[{"n":"/3/0/9","vs":"1"}]' },
    { name: "a number for a string", base: "/3/0", text: '[{"n":"/3/0/0","v":1}]' },
    { name: "a number for a boolean", base: "/3306/0", text: '[{"n":"/3306/0/5850","v":1}]' },
    { name: "a boolean spelled out", base: "/3306/0", text: '[{"n":"/3306/0/5850","vb":"true"}]' },
    { name: "an integer with a fraction", base: "/3/0", text: '[{"n":"/3/0/9","v":22.5}]' },
    { name: "an integer beyond 64 bits", base: "/4000/0", text: '[{"n":"/4000/0/1","v":9223372036854775808}]' },
    { name: "an integer that has lost its digits", base: "/4000/0", text: '[{"n":"/4000/0/1","v":1e17}]' },
    { name: "a negative unsigned integer", base: "/4000/0", text: '[{"n":"/4000/0/2","v":-1}]' },
    { name: "a float beyond all floats", base: "/3303/0", text: '[{"n":"/3303/0/5700","v":1e999}]' },
    { name: "octets that are not base64", base: "/4000/0", text: '[{"n":"/4000/0/5","vd":"a*b"}]' },
    { name: "octets cut short", base: "/4000/0", text: '[{"n":"/4000/0/5","vd":"AAECA"}]' },
    { name: "an Object Link that is none", base: "/4000/0", text: '[{"n":"/4000/0/7","vlo":"3"}]' },
    { name: "a later version", base: "/3/0", text: '[{"bver":11,"n":"/3/0/9","v":1}]' },
    { name: "a label that must be understood", base: "/3/0", text: '[{"n":"/3/0/9","v":1,"x_":1}]' },
    { name: "a time that is no number", base: "/3/0", text: '[{"n":"/3/0/9","v":1,"t":"now"}]' },
    { name: "a time beyond all numbers", base: "/3/0", text: '[{"n":"/3/0/9","v":1,"t":1e999}]' },
  ],
});

describe("SenML JSON", () => {
  const written = (...nodes: Parameters<typeof node>[]): string =>
    Buffer.from(
      senmlJson.encode(
        nodes.map((each) => node(...each)),
        at("/"),
      ),
    ).toString();

  it("writes JSON that any parser reads, with a point in every float", () => {
    const text = written(["/3303/0/5700", 1e-7], ["/3303/0/5601", 22], ["/3/0/0", 'a "b" \\ \n \u0001']);
    expect(text).toContain('"v":0.0000001}');
    expect(text).toContain('"v":22.0}');
    expect(JSON.parse(text)).toMatchObject([{ v: 1e-7 }, { v: 22 }, { vs: 'a "b" \\ \n \u0001' }]);
  });

  it("names the path of a value that is of the wrong type", () => {
    const bytes = new TextEncoder().encode('[{"n":"/3/0/9","vs":"full"}]');
    expect(() => senmlJson.decode(bytes, at("/3/0"), modelOf)).toThrow("/3/0/9: not a valid integer as SenML");
  });

  it("does not fall for keys that objects have by themselves", () => {
    const bytes = new TextEncoder().encode('[{"__proto__":{"v":1},"n":"/3/0/9"}]');
    expect(() => senmlJson.decode(bytes, at("/3/0"), modelOf)).toThrow(/not a valid|understood/);
  });

  it("survives a hundred thousand open brackets", () => {
    expect(() => senmlJson.decode(new TextEncoder().encode("[".repeat(100_000)), at("/"), modelOf)).toThrow("not JSON");
  });
});
