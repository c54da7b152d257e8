import { describe, expect, it } from "vitest";
import { json } from "../../src/content/json.ts";
import { codecContract } from "../contract/codec.ts";
import { at, modelOf, node } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";

/** OMA-TS-LightweightM2M 1.0.2 §6.4.4: the Device Object Instance. */
const DEVICE =
  '{"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"1","sv":"Lightweight M2M Client"},' +
  '{"n":"2","sv":"345000123"},{"n":"3","sv":"1.0"},{"n":"6/0","v":1},{"n":"6/1","v":5},{"n":"7/0","v":3800},' +
  '{"n":"7/1","v":5000},{"n":"8/0","v":125},{"n":"8/1","v":900},{"n":"9","v":100},{"n":"10","v":15},' +
  '{"n":"11/0","v":0},{"n":"13","v":1367491215},{"n":"14","sv":"+02:00"},{"n":"16","sv":"U"}]}';

const T = 25_462_634;

codecContract("JSON of LwM2M 1.0", {
  codec: json,
  vectors: [
    { name: "the Device example of the specification", base: "/3/0", text: DEVICE, nodes: deviceExample },
    {
      name: "one Resource",
      base: "/3303/0/5700",
      text: '{"bn":"/3303/0/5700","e":[{"v":22.0}]}',
      nodes: [node("/3303/0/5700", 22)],
    },
    {
      name: "the Instances of a Resource",
      base: "/3/0/7",
      text: '{"bn":"/3/0/7/","e":[{"n":"0","v":3800},{"n":"1","v":5000}]}',
      nodes: [node("/3/0/7/0", 3800), node("/3/0/7/1", 5000)],
    },
    {
      name: "values of the root, with whole names",
      base: "/",
      text: '{"e":[{"n":"/3303/0/5700","v":22.5},{"n":"/3/0/9","v":80}]}',
      nodes: [node("/3303/0/5700", 22.5), node("/3/0/9", 80)],
    },
    { name: "no entries", base: "/3303/0", text: '{"e":[]}', nodes: [] },
    {
      name: "a boolean",
      base: "/3306/0/5850",
      text: '{"bn":"/3306/0/5850","e":[{"bv":false}]}',
      nodes: [node("/3306/0/5850", false)],
    },
    {
      name: "octets as a string in Base64",
      base: "/4000/0/5",
      text: '{"bn":"/4000/0/5","e":[{"sv":"+/8AAQ=="}]}',
      nodes: [node("/4000/0/5", Uint8Array.of(0xfb, 0xff, 0, 1))],
    },
    {
      name: "an Object Link",
      base: "/4000/0/7",
      text: '{"bn":"/4000/0/7","e":[{"ov":"66:3"}]}',
      nodes: [node("/4000/0/7", { object: 66, instance: 3 })],
    },
    {
      name: "an integer that no double holds",
      base: "/4000/0/1",
      text: '{"bn":"/4000/0/1","e":[{"v":9007199254740993}]}',
      nodes: [node("/4000/0/1", 9_007_199_254_740_993n)],
    },
    {
      name: "a history",
      base: "/3303/0/5700",
      text: `{"bn":"/3303/0/5700","bt":${T},"e":[{"v":22.5},{"t":5,"v":22.0},{"t":30.5,"v":24.25}]}`,
      nodes: [node("/3303/0/5700", 22.5, T), node("/3303/0/5700", 22, T + 5), node("/3303/0/5700", 24.25, T + 30.5)],
    },
    {
      name: "one time for all",
      base: "/3303/0",
      text: `{"bn":"/3303/0/","bt":${T},"e":[{"n":"5700","v":22.5},{"n":"5701","sv":"Cel"}]}`,
      nodes: [node("/3303/0/5700", 22.5, T), node("/3303/0/5701", "Cel", T)],
    },
    {
      name: "times of some values only",
      base: "/3303/0",
      text: `{"bn":"/3303/0/","e":[{"n":"5700","t":${T},"v":22.5},{"n":"5701","sv":"Cel"}]}`,
      nodes: [node("/3303/0/5700", 22.5, T), node("/3303/0/5701", "Cel")],
    },
    // What others write.
    {
      // The history of §6.4.4: the base time may stand last, and times may go back.
      name: "the base time behind the entries",
      base: "/3303/0/5700",
      text: `{"bn":"/3303/0/5700","e":[{"v":22.9,"t":-30},{"v":22.4,"t":-5},{"v":24.1,"t":-50}],"bt":${T}}`,
      nodes: [
        node("/3303/0/5700", 22.9, T - 30),
        node("/3303/0/5700", 22.4, T - 5),
        node("/3303/0/5700", 24.1, T - 50),
      ],
      readOnly: true,
    },
    {
      name: "an Object Link as the string that it also is",
      base: "/4000/0",
      text: '{"e":[{"n":"7","sv":"6:0"}]}',
      nodes: [node("/4000/0/7", { object: 6, instance: 0 })],
      readOnly: true,
    },
    {
      name: "the base name of the root",
      base: "/3/0",
      text: '{"bn":"/","e":[{"n":"3/0/9","v":80}]}',
      nodes: [node("/3/0/9", 80)],
      readOnly: true,
    },
    {
      name: "names relative to what was asked for, where no base name stands",
      base: "/3303/0",
      text: '{"e":[{"n":"5700","v":1.5}]}',
      nodes: [node("/3303/0/5700", 1.5)],
      readOnly: true,
    },
    {
      name: "such names at the root",
      base: "/",
      text: '{"e":[{"n":"3303/0/5700","v":1.5}]}',
      nodes: [node("/3303/0/5700", 1.5)],
      readOnly: true,
    },
    {
      name: "no name at all",
      base: "/3303/0/5700",
      text: '{"e":[{"v":1.5}]}',
      nodes: [node("/3303/0/5700", 1.5)],
      readOnly: true,
    },
    {
      name: "an empty name",
      base: "/3303/0/5700",
      text: '{"bn":"/3303/0/5700","e":[{"n":"","v":1.5}]}',
      nodes: [node("/3303/0/5700", 1.5)],
      readOnly: true,
    },
    {
      name: "a whole number as a float, blanks, and members it need not know",
      base: "/3303/0",
      text: ' { "ver" : 1 , "e" : [ { "x" : [] , "v" : 22 , "n" : "5700" } ] , "bn" : "/3303/0/" } ',
      nodes: [node("/3303/0/5700", 22)],
      readOnly: true,
    },
  ],
  refusals: [
    { name: "nothing", base: "/3/0", text: "" },
    { name: "half a body", base: "/3/0", text: '{"bn":"/3/0/","e":[{"n":"9","v":1' },
    { name: "a list of entries alone", base: "/3/0", text: '[{"n":"9","v":1}]' },
    { name: "null", base: "/3/0", text: "null" },
    { name: "no entries", base: "/3/0", text: '{"bn":"/3/0/"}' },
    { name: "entries that are no list", base: "/3/0", text: '{"e":{"n":"9","v":1}}' },
    { name: "entries that are numbers", base: "/3/0", text: '{"e":[1]}' },
    { name: "entries that are lists", base: "/3/0", text: '{"e":[[]]}' },
    { name: "a base name that is no string", base: "/3/0", text: '{"bn":3,"e":[{"n":"/3/0/9","v":1}]}' },
    { name: "a base name without a leading slash", base: "/3/0", text: '{"bn":"3/0/","e":[{"n":"9","v":1}]}' },
    { name: "a base name without its last slash", base: "/3/0", text: '{"bn":"/3/0","e":[{"n":"9","v":1}]}' },
    { name: "a base time that is no number", base: "/3/0", text: '{"bt":"0","e":[{"n":"9","v":1}]}' },
    { name: "a name that is no string", base: "/3/0", text: '{"e":[{"n":9,"v":1}]}' },
    { name: "a name outside of the base", base: "/3/0", text: '{"e":[{"n":"/3303/0/5700","v":1}]}' },
    { name: "a relative name that goes too deep", base: "/3/0/9", text: '{"e":[{"n":"3/0/9","v":1}]}' },
    { name: "the name of a multiple Resource", base: "/3/0", text: '{"e":[{"n":"6","v":1}]}' },
    { name: "an Instance of a single Resource", base: "/3/0", text: '{"e":[{"n":"9/0","v":1}]}' },
    { name: "an unknown Resource", base: "/3/0", text: '{"e":[{"n":"9999","v":1}]}' },
    { name: "no value", base: "/3/0", text: '{"e":[{"n":"9"}]}' },
    { name: "null for a value", base: "/3/0", text: '{"e":[{"n":"9","v":null}]}' },
    { name: "two values", base: "/3/0", text: '{"e":[{"n":"9","v":1,"sv":"1"}]}' },
    { name: "a number as a string", base: "/3/0", text: '{"e":[{"n":"9","v":"1"}]}' },
    { name: "a string for a number", base: "/3/0", text: '{"e":[{"n":"9","sv":"1"}]}' },
    { name: "a number for a string", base: "/3/0", text: '{"e":[{"n":"0","v":1}]}' },
    { name: "a number for a boolean", base: "/3306/0", text: '{"e":[{"n":"5850","v":1}]}' },
    { name: "a boolean spelled out", base: "/3306/0", text: '{"e":[{"n":"5850","bv":"true"}]}' },
    { name: "an integer with a fraction", base: "/3/0", text: '{"e":[{"n":"9","v":22.5}]}' },
    { name: "an integer beyond 64 bits", base: "/4000/0", text: '{"e":[{"n":"1","v":9223372036854775808}]}' },
    { name: "octets that are not base64", base: "/4000/0", text: '{"e":[{"n":"5","sv":"a*b="}]}' },
    { name: "octets in the alphabet of URLs", base: "/4000/0", text: '{"e":[{"n":"5","sv":"-_8AAQ=="}]}' },
    { name: "octets as a number", base: "/4000/0", text: '{"e":[{"n":"5","v":1}]}' },
    { name: "an Object Link that is none", base: "/4000/0", text: '{"e":[{"n":"7","ov":"3"}]}' },
    { name: "a time that is no number", base: "/3/0", text: '{"e":[{"n":"9","v":1,"t":"now"}]}' },
    { name: "a time beyond all numbers", base: "/3/0", text: '{"e":[{"n":"9","v":1,"t":1e999}]}' },
    { name: "labels of SenML", base: "/3/0", text: '{"bn":"/3/0/","e":[{"n":"0","vs":"text"}]}' },
  ],
});

describe("JSON of LwM2M 1.0", () => {
  it("says in which record and under which label something is wrong", () => {
    const bytes = new TextEncoder().encode('{"bn":"/3/0/","e":[{"n":"9","v":1},{"n":"10","v":true}]}');
    expect(() => json.decode(bytes, at("/3/0"), modelOf)).toThrow("JSON: v is malformed in record 2");
  });

  it("does not fall for keys that objects have by themselves", () => {
    const bytes = new TextEncoder().encode('{"__proto__":{"e":[]},"n":"/3/0/9"}');
    expect(() => json.decode(bytes, at("/3/0"), modelOf)).toThrow("e is malformed");
  });
});
