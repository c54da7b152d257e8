/** Points at which naive implementations fail at real servers: every format, the same rule. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { type Codec, codecOf, Format, type Node } from "../../src/content/index.ts";
import type { Path } from "../../src/model/path.ts";
import type { ResourceType, ResourceValue } from "../../src/model/value.ts";
import { at, modelOf, node, TYPES, zooInstance, zooPath } from "../support/codec-models.ts";
import { deviceExample } from "../support/device-example.ts";
import { SeededRandom } from "../support/seeded-random.ts";

function codec(format: number): Codec {
  const found = codecOf(format);
  if (!found) throw new Error(`no codec for ${format}`);
  return found;
}

const STRUCTURED = [Format.SenmlJson, Format.SenmlCbor, Format.Tlv, Format.Json, Format.LwM2mCbor];
const ANY_VALUE = [Format.Text, Format.Cbor, ...STRUCTURED];

const encode = (format: number, type: ResourceType, value: ResourceValue): Uint8Array =>
  codec(format).encode([{ path: zooPath(type), type, value }], zooPath(type));

const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function refuses(format: number, base: Path, bytes: Uint8Array): void {
  expect(() => codec(format).decode(bytes, base, modelOf)).toThrow(DecodeError);
}

describe("a FLOAT of 22", () => {
  it("leaves as text with a point", () => {
    expect(asText(encode(Format.Text, "float", 22))).toBe("22.0");
  });

  it("leaves as a CBOR float, not as 0x16", () => {
    expect(toHex(encode(Format.Cbor, "float", 22))).toBe("f94d80");
  });

  it("leaves as a SenML JSON number with a point", () => {
    expect(asText(encode(Format.SenmlJson, "float", 22))).toContain('"v":22.0');
  });

  it("leaves as a SenML CBOR float", () => {
    expect(toHex(encode(Format.SenmlCbor, "float", 22))).toMatch(/02f94d80$/);
  });

  it("leaves as four bytes of TLV, not as one", () => {
    expect(toHex(encode(Format.Tlv, "float", 22))).toBe("c40341b00000");
  });

  it("is not read from one byte of TLV, nor from a CBOR integer", () => {
    refuses(Format.Tlv, zooPath("float"), fromHex("C10316"));
    refuses(Format.Cbor, zooPath("float"), fromHex("16"));
  });
});

describe("an INTEGER of 22", () => {
  it("never looks like a float", () => {
    expect(asText(encode(Format.Text, "integer", 22))).toBe("22");
    expect(toHex(encode(Format.Cbor, "integer", 22))).toBe("16");
    expect(asText(encode(Format.SenmlJson, "integer", 22))).toContain('"v":22}');
    expect(toHex(encode(Format.SenmlCbor, "integer", 22))).toMatch(/0216$/);
    expect(toHex(encode(Format.Tlv, "integer", 22))).toBe("c10116");
  });

  it("is not read from a fraction in any format", () => {
    const base = zooPath("integer");
    refuses(Format.Text, base, Buffer.from("22.5"));
    refuses(Format.Cbor, base, fromHex("f94da0"));
    refuses(Format.SenmlJson, base, Buffer.from('[{"n":"/4000/0/1","v":22.5}]'));
    refuses(Format.SenmlCbor, base, fromHex("81a200692f343030302f302f3102f94da0"));
  });
});

describe("a TIME", () => {
  it("carries tag 1 in CBOR, and is a plain number elsewhere", () => {
    expect(toHex(encode(Format.Cbor, "time", 1_367_491_215))).toBe("c11a5182428f");
    expect(asText(encode(Format.Text, "time", 1_367_491_215))).toBe("1367491215");
    expect(toHex(encode(Format.SenmlCbor, "time", 1_367_491_215))).toMatch(/021a5182428f$/);
    expect(toHex(encode(Format.Tlv, "time", 1_367_491_215))).toBe("c4065182428f");
  });

  it("is not read as a date in words", () => {
    refuses(Format.Text, zooPath("time"), Buffer.from("2013-05-02T10:40:15Z"));
    refuses(Format.SenmlJson, zooPath("time"), Buffer.from('[{"n":"/4000/0/6","vs":"2013-05-02T10:40:15Z"}]'));
  });
});

describe("a BOOLEAN", () => {
  it("is 0 or 1 in text, and never a word", () => {
    expect([true, false].map((value) => asText(encode(Format.Text, "boolean", value)))).toEqual(["1", "0"]);
    for (const word of ["true", "false", "TRUE", "on", "01", ""])
      refuses(Format.Text, zooPath("boolean"), Buffer.from(word));
  });

  it("travels under vb in SenML, and not under v", () => {
    expect(asText(encode(Format.SenmlJson, "boolean", true))).toContain('"vb":true');
    refuses(Format.SenmlJson, zooPath("boolean"), Buffer.from('[{"n":"/4000/0/4","v":1}]'));
  });
});

describe("a value", () => {
  it.each(ANY_VALUE)("of 64 bits loses no digit in format %s", (format) => {
    for (const value of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const path = zooPath("integer");
      const bytes = encode(format, "integer", value);
      expect(codec(format).decode(bytes, path, modelOf)).toEqual([{ path, type: "integer", value }]);
    }
  });

  it.each(ANY_VALUE)("that is NaN or infinite never leaves in format %s", (format) => {
    for (const value of [NaN, Infinity, -Infinity]) expect(() => encode(format, "float", value)).toThrow(RangeError);
  });

  it.each(ANY_VALUE)("is a number again after format %s, not a bigint, where that is exact", (format) => {
    const path = zooPath("integer");
    const [read] = codec(format).decode(encode(format, "integer", 5n), path, modelOf);
    expect(read?.value).toBe(5);
  });

  it.each(STRUCTURED)("names its path when it is refused in format %s", (format) => {
    const bytes = codec(format).encode([node("/3/0/0", "text")], at("/3/0/0"));
    const asInteger = (): ReturnType<typeof modelOf> => ({ ...modelOf(at("/3/0/9"))!, id: 0 });
    // A TLV of four bytes is an integer whatever its sender meant.
    if (format !== Format.Tlv)
      expect(() => codec(format).decode(bytes, at("/3/0/0"), asInteger)).toThrow(/^\/3\/0\/0: /);
    expect(() => codec(format).decode(bytes, at("/3/0/0"), () => undefined)).toThrow("/3/0/0: unknown resource");
  });
});

describe("several values", () => {
  it.each(STRUCTURED)("come back as they were from every level in format %s", (format) => {
    for (const base of ["/3", "/3/0"]) {
      const bytes = codec(format).encode(deviceExample, at(base));
      expect(codec(format).decode(bytes, at(base), modelOf), base).toEqual(deviceExample);
    }
  });

  it.each(STRUCTURED)("are refused in format %s if one lies outside of the base", (format) => {
    const bytes = codec(format).encode(deviceExample, at("/3"));
    refuses(format, at("/3/1"), bytes);
    refuses(format, at("/3/0/9"), bytes);
    if (format !== Format.Tlv) refuses(format, at("/4"), bytes);
    expect(() => codec(format).encode(deviceExample, at("/3/0/6"))).toThrow(RangeError);
  });

  it.each(STRUCTURED)("may be none in format %s", (format) => {
    const bytes = codec(format).encode([], at("/3/0"));
    expect(codec(format).decode(bytes, at("/3/0"), modelOf)).toEqual([]);
  });

  it.each(STRUCTURED)("of every type and in any number come back from format %s", (format) => {
    const random = new SeededRandom(format);
    for (let round = 0; round < 400; round++) {
      const nodes = randomNodes(random);
      const read = codec(format).decode(codec(format).encode(nodes, at("/4000")), at("/4000"), modelOf);
      expect(read).toEqual(nodes);
    }
  });
});

/** E39: a Read has one time for each path, and that is its own business; Notify and Send have as many as they like. */
describe("the same path several times, each with its time", () => {
  const T = 1_700_000_000;
  const history = [0, 0.5, 10, 10.123, 3_600].map((after, i) => node("/3303/0/5700", 20 + i / 4, T + after));
  const beside = [node("/3303/0/5700", 20, T), node("/3303/0/5701", "Cel", T), node("/3303/0/5700", 20.5, T + 60)];
  const TIMED = STRUCTURED.filter((format) => codec(format).timed);
  const UNTIMED = STRUCTURED.filter((format) => !codec(format).timed);

  it.each(TIMED)("comes back exactly from format %s, at every level", (format) => {
    for (const base of ["/3303/0/5700", "/3303/0", "/3303", "/"]) {
      const bytes = codec(format).encode(history, at(base));
      expect(codec(format).decode(bytes, at(base), modelOf), base).toEqual(history);
    }
    const bytes = codec(format).encode(beside, at("/3303/0"));
    expect(codec(format).decode(bytes, at("/3303/0"), modelOf)).toEqual(beside);
  });

  it.each(TIMED)("is written compactly in format %s: one base time, and what has passed since", (format) => {
    const one = codec(format).encode(history.slice(0, 1), at("/3303/0/5700")).length;
    const hour = Array.from({ length: 61 }, (_, i) => node("/3303/0/5700", 21.5, T + i * 60));
    const each = (codec(format).encode(hour, at("/3303/0/5700")).length - one) / 60;
    expect(each).toBeLessThan(format === Format.SenmlCbor ? 9 : 22);
  });

  it("has times without needless digits in JSON", () => {
    const text = asText(codec(Format.Json).encode(history, at("/3303/0/5700")));
    expect(text).toBe(
      `{"bn":"/3303/0/5700","bt":${T},"e":[{"v":20.0},{"t":0.5,"v":20.25},{"t":10,"v":20.5},{"t":10.123,"v":20.75},{"t":3600,"v":21.0}]}`,
    );
    expect(asText(codec(Format.SenmlJson).encode([node("/3/0/9", 1, T + 0.123)], at("/3/0/9")))).toBe(
      `[{"bn":"/3/0/9","bt":${T}.123,"v":1}]`,
    );
  });

  it.each(UNTIMED)("is refused by format %s, which has no times", (format) => {
    expect(() => codec(format).encode(history, at("/3303/0/5700"))).toThrow(RangeError);
    expect(() => codec(format).encode(history, at("/3303/0"))).toThrow(RangeError);
  });
});

describe("a path twice", () => {
  it.each([Format.Tlv, Format.LwM2mCbor])(
    "is refused in format %s: neither value is the one that was meant",
    (format) => {
      const twice: Record<number, readonly string[]> = {
        [Format.Tlv]: ["c10901 c10902", "08 00 03 c10901 08 00 03 c10902", "86 06 41 00 01 41 00 02"],
        [Format.LwM2mCbor]: [
          "a2 83030009 01 83030009 02",
          "a1 820300 a2 09 01 09 02",
          "a1 820300 a1 06 a2 00 01 00 02",
        ],
      };
      for (const hex of twice[format]!)
        expect(() => codec(format).decode(fromHex(hex), at("/3/0"), modelOf), hex).toThrow(
          /^\/3\/0\/\S+: more than once/,
        );
    },
  );
});

/** Values of random types in ascending order, single and in Resource Instances, over three Object Instances. */
function randomNodes(random: SeededRandom): Node[] {
  const nodes: Node[] = [];
  for (let instance = 0; instance < 3; instance++) {
    for (const type of TYPES)
      if (random.below(3) === 0) nodes.push({ path: zooPath(type, instance), type, value: randomValue(type, random) });
    for (const type of TYPES)
      for (let i = 0; i < random.below(4); i++)
        nodes.push({ path: zooInstance(type, i * 200, instance), type, value: randomValue(type, random) });
  }
  return nodes;
}

function randomValue(type: ResourceType, random: SeededRandom): ResourceValue {
  switch (type) {
    case "string":
    case "corelnk":
      return random.pick(["", "text", "Grüße", "水".repeat(random.below(200)), "x".repeat(random.below(400))]);
    case "integer":
    case "time":
      return random.below(2)
        ? random.below(1_000) - 500
        : Math.round((random.unit() - 0.5) * 2 ** random.below(53)) + 0;
    case "unsigned":
      return Math.round(random.unit() * 2 ** random.below(53));
    case "float":
      return random.below(2) ? random.below(200) / 4 : (random.unit() - 0.5) * 10 ** (random.below(40) - 20);
    case "boolean":
      return random.below(2) === 1;
    case "opaque":
      return random.bytes(random.below(300));
    case "objlnk":
      return { object: random.below(65_536), instance: random.below(65_536) };
  }
}
