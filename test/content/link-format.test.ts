import { describe, expect, it } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import { type Link, readLinks, writeLinks } from "../../src/content/link-format.ts";
import { SeededRandom } from "../support/seeded-random.ts";

function link(target: string, attributes: Readonly<Record<string, string | true>> = {}): Link {
  return { target, attributes: new Map(Object.entries(attributes)) };
}

/** What we write, byte for byte: the safe intersection of what servers take. */
const WRITTEN: readonly (readonly [name: string, links: readonly Link[], text: string])[] = [
  ["no links", [], ""],
  ["one link", [link("/3/0")], "</3/0>"],
  ["links without blanks between them", [link("/1/0"), link("/3/0"), link("/3303/0")], "</1/0>,</3/0>,</3303/0>"],
  ["a version without quotes", [link("/3303", { ver: "1.1" }), link("/3303/0")], "</3303>;ver=1.1,</3303/0>"],
  ["the root link with its type in quotes", [link("/", { rt: "oma.lwm2m", ct: "112" })], '</>;rt="oma.lwm2m";ct=112'],
  ["several content formats in quotes", [link("/", { ct: "60 110 112" })], '</>;ct="60 110 112"'],
  [
    "attributes of a Discover answer",
    [link("/3303/0/5700", { pmin: "10", pmax: "60", gt: "22.5", st: "0.1" })],
    "</3303/0/5700>;pmin=10;pmax=60;gt=22.5;st=0.1",
  ],
  ["the dimension of a multiple Resource", [link("/3/0/6", { dim: "2" })], "</3/0/6>;dim=2"],
  ["an attribute without value", [link("/", { hb: true })], "</>;hb"],
  ["quotes and backslashes escaped", [link("/a", { title: 'a "b" \\c' })], '</a>;title="a \\"b\\" \\\\c"'],
  ["an empty value in quotes", [link("/a", { x: "" })], '</a>;x=""'],
  ["commas and semicolons in quotes", [link("/a", { x: "1,2;3" })], '</a>;x="1,2;3"'],
  ["letters from elsewhere in quotes", [link("/a", { x: "Grüße" })], '</a>;x="Grüße"'],
];

describe("link-format", () => {
  it.each(WRITTEN)("writes %s", (_, links, text) => {
    expect(writeLinks(links)).toBe(text);
  });

  it.each(WRITTEN)("reads %s", (_, links, text) => {
    expect(readLinks(text)).toEqual(links);
  });

  it.each([
    ["blanks around separators", "</1/0> , </3/0> ;ver=1.1 ; x", [link("/1/0"), link("/3/0", { ver: "1.1", x: true })]],
    ["blanks at both ends", "  </3/0>\t", [link("/3/0")]],
    ["nothing but blanks", "  ", []],
    ["values in quotes that need none", '</3303>;ver="1.1"', [link("/3303", { ver: "1.1" })]],
    ["types without quotes", "</>;rt=oma.lwm2m;ct=112", [link("/", { rt: "oma.lwm2m", ct: "112" })]],
    ["the first of two attributes with one name", "</a>;rel=x;rel=y", [link("/a", { rel: "x" })]],
    ["a comma inside a target", "</a,b>,</c>", [link("/a,b"), link("/c")]],
    [
      // RFC 6690 §5.
      "the example of RFC 6690",
      '</sensors>;ct=40;title="Sensor Index",</sensors/temp>;rt="temperature-c";if="sensor",' +
        '<http://www.example.com/sensors/t123>;anchor="/sensors/temp";rel="describedby"',
      [
        link("/sensors", { ct: "40", title: "Sensor Index" }),
        link("/sensors/temp", { rt: "temperature-c", if: "sensor" }),
        link("http://www.example.com/sensors/t123", { anchor: "/sensors/temp", rel: "describedby" }),
      ],
    ],
  ])("reads %s", (_, text, links) => {
    expect(readLinks(text)).toEqual(links);
  });

  it.each([
    ["a comma at the end", "</3/0>,"],
    ["a comma at the beginning", ",</3/0>"],
    ["two commas", "</1/0>,,</3/0>"],
    ["a target without brackets", "/3/0"],
    ["a target without end", "</3/0"],
    ["a target in a target", "</3<0>"],
    ["a blank in a target", "</3 /0>"],
    ["a line break between links", "</1/0>,\n</3/0>"],
    ["links without a comma", "</1/0></3/0>"],
    ["an attribute without name", "</3/0>;=1"],
    ["a lone semicolon", "</3/0>;"],
    ["an equals sign without value", "</3/0>;ver="],
    ["a quote without end", '</3/0>;title="open'],
    ["a quote that ends in a backslash", '</3/0>;title="open\\"'],
    ["text behind a quote", '</3/0>;title="a"b'],
  ])("refuses %s", (_, text) => {
    expect(() => readLinks(text)).toThrow(DecodeError);
  });

  it("refuses to write what would break the list", () => {
    for (const target of ["/a>,</b", "/a b", "</a", "/a\n"])
      expect(() => writeLinks([link(target)])).toThrow(RangeError);
    for (const name of ["", "a b", "a=b", "a;b", "ä"])
      expect(() => writeLinks([link("/a", { [name]: "1" })])).toThrow(RangeError);
  });

  it("says where it stopped", () => {
    expect(() => readLinks("</1/0>,/3/0")).toThrow('link-format: "<" wanted at 7');
  });

  it("never throws anything but DecodeError, and reads back what it wrote", () => {
    const random = new SeededRandom(40);
    const pieces = ["<", ">", "</3/0>", ",", ";", "=", '"', "\\", " ", "ver", "1.1", "x", "ü", "\n", "</", "rt"];
    for (let i = 0; i < 50_000; i++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join("");
      let links: Link[];
      try {
        links = readLinks(text);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw new Error(`${JSON.stringify(text)}: ${String(error)}`);
        continue;
      }
      if (links.some(({ target }) => /[\s\p{Cc}]/u.test(target))) continue;
      expect(readLinks(writeLinks(links)), text).toEqual(links);
    }
  });

  it("takes a list of ten thousand links, and a megabyte of anything, in linear time", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => link(`/3303/${i}`, { ver: "1.1" }));
    expect(readLinks(writeLinks(many))).toHaveLength(10_000);
    for (const piece of ["<", '"', "\\", ";a", '</a>;b="', "</a>,", " "])
      try {
        readLinks(`</a>;x="${piece.repeat(200_000)}`);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
  });
});
