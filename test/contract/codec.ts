/** What every content format must do: vectors, round trips of every type, refusals, and no surprise on any bytes. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import type { Codec, Node } from "../../src/content/node.ts";
import { MAX_ID } from "../../src/model/path.ts";
import type { ResourceType, ResourceValue } from "../../src/model/value.ts";
import { at, modelOf, node, TYPES, zooInstance, zooPath } from "../support/codec-models.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** Bytes, as hex or as text, and what they say when written to `base`. */
export interface Vector {
  readonly name: string;
  readonly base: string;
  readonly hex?: string;
  readonly text?: string;
  readonly nodes: readonly Node[];
  /** True if another form than this is the one we write. */
  readonly readOnly?: boolean;
}

export interface Refusal {
  readonly name: string;
  readonly base: string;
  readonly hex?: string;
  readonly text?: string;
}

export interface CodecContract {
  readonly codec: Codec;
  /** Types that it can carry; all of them if absent. */
  readonly types?: readonly ResourceType[];
  readonly vectors: readonly Vector[];
  readonly refusals: readonly Refusal[];
}

/** Values at the edges of each type. */
export const EDGES: Readonly<Record<ResourceType, readonly ResourceValue[]>> = {
  string: [
    "",
    "a",
    "22.0",
    "true",
    "Grüße, 水 𐅑",
    'quote " backslash \\ newline \n',
    "x".repeat(300),
    "y".repeat(70_000),
  ],
  corelnk: ["", "</3303/0>", '</3/0>;ver=1.2,</1/0>;rt="oma.lwm2m"'],
  integer: [
    ...[0, 1, -1, 22, 23, 24, -24, -25, 127, 128, -128, -129, 255, 256, -256, -257, 32_767, 32_768, -32_768, -32_769],
    ...[65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
    ...[Number.MIN_SAFE_INTEGER, 2n ** 53n, 9_007_199_254_740_993n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  ],
  unsigned: [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2n ** 63n, 2n ** 64n - 1n],
  time: [0, 1, -1, 1_367_491_215, 2 ** 31, 4_102_444_800, -62_135_596_800],
  float: [
    ...[0, 1, 22, -22, 0.5, 22.5, 22.37, -0.1, 1.1, 65_504, 65_505, 100_000, 2 ** 24 + 1, 2 ** 53, 1e21, 1e300, 1e-7],
    ...[5.960464477539063e-8, 6.103515625e-5, 6.0975551605224609e-5, 2 ** -25, 1.401298464324817e-45, 5e-324],
    ...[3.4028234663852886e38, Number.MAX_VALUE, -Number.MAX_VALUE, Number.EPSILON, 101_325, 1013.25, -40, 1e15],
  ],
  boolean: [true, false],
  opaque: [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0xff, 0xfe, 0xfd), new Uint8Array(300).fill(0xa5)],
  objlnk: [
    { object: 3, instance: 0 },
    { object: 0, instance: 0 },
    { object: 65_535, instance: 65_535 },
  ],
};

/** What is no value of each type, though JavaScript would take it. */
const MISFITS: Readonly<Record<ResourceType, readonly ResourceValue[]>> = {
  string: [22, true, Uint8Array.of(0x41)],
  corelnk: [1],
  integer: [22.5, NaN, Infinity, "22", true, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n],
  unsigned: [-1, -1n, 0.5, 2n ** 64n],
  time: [1.5, "2026-01-01T00:00:00Z", NaN],
  float: [NaN, Infinity, -Infinity, 22n, "22.0", false],
  boolean: [0, 1, "true"],
  opaque: ["AAEC", 1],
  objlnk: ["3:0", { object: 65_536, instance: 0 }, { object: 1, instance: -1 }, { object: 1.5, instance: 0 }],
};

const bytesOf = ({ hex, text }: { readonly hex?: string; readonly text?: string }): Uint8Array =>
  hex === undefined ? new TextEncoder().encode(text) : fromHex(hex);

/** Two fifths of what each decoder gets are vectors, mutated. */
const HOW_MANY_RANDOM = Math.round(FUZZ_INPUTS * 0.6);
const HOW_MANY_MUTATED = Math.round(FUZZ_INPUTS * 0.4);
/** Bounded time: what half a second is enough for, on a machine that does other things too. */
const SLOWEST_MS = 500;

export function codecContract(name: string, contract: CodecContract): void {
  describe(`${name}, as every codec`, () => {
    vectorTests(contract);
    roundTripTests(contract);
    refusalTests(contract);
    robustnessTests(contract);
    hostilityTests(contract);
  });
}

function vectorTests({ codec, vectors }: CodecContract): void {
  for (const vector of vectors) {
    const base = at(vector.base);
    it(`reads ${vector.name}`, () => {
      expect(codec.decode(bytesOf(vector), base, modelOf)).toEqual(vector.nodes);
    });
    if (vector.readOnly) continue;
    it(`writes ${vector.name}`, () => {
      expect(toHex(codec.encode(vector.nodes, base))).toBe(toHex(bytesOf(vector)));
    });
  }
}

function roundTripTests({ codec, types = TYPES }: CodecContract): void {
  for (const type of types) {
    it(`returns every ${type} as it was`, () => {
      for (const value of EDGES[type]) {
        const single: Node = { path: zooPath(type), type, value };
        expect(codec.decode(codec.encode([single], single.path), single.path, modelOf)).toEqual([single]);
        const one: Node = { path: zooInstance(type, 7), type, value };
        expect(codec.decode(codec.encode([one], one.path), one.path, modelOf)).toEqual([one]);
      }
    });

    it(`refuses to write what is no ${type}`, () => {
      for (const value of MISFITS[type]) {
        const path = zooPath(type);
        expect(() => codec.encode([{ path, type, value }], path), typeof value).toThrow(RangeError);
      }
    });
  }

  it("hands out bytes that the next encoding does not touch", () => {
    const type = types[0]!;
    const path = zooPath(type);
    const first = codec.encode([{ path, type, value: EDGES[type][2]! }], path);
    const before = toHex(first);
    codec.encode([{ path, type, value: EDGES[type][1]! }], path);
    expect(toHex(first)).toBe(before);
  });

  it("reads values that do not change when the datagram's memory is used again", () => {
    const path = zooPath("opaque");
    const node: Node = { path, type: "opaque", value: Uint8Array.of(1, 2, 3) };
    const bytes = Uint8Array.from(codec.encode([node], path));
    const [read] = codec.decode(bytes, path, modelOf);
    bytes.fill(0xee);
    expect(read).toEqual(node);
  });
}

function refusalTests({ codec, refusals, vectors }: CodecContract): void {
  for (const refusal of refusals) {
    it(`refuses ${refusal.name}`, () => {
      expect(() => codec.decode(bytesOf(refusal), at(refusal.base), modelOf)).toThrow(DecodeError);
    });
  }

  it("names the path of a Resource that no model knows", () => {
    const vector = vectors[0]!;
    expect(() => codec.decode(bytesOf(vector), at(vector.base), () => undefined)).toThrow(/^\/\d+\/\d+\/\d+.*unknown/);
  });

  it("refuses to write nodes from outside the base", () => {
    const path = zooPath("opaque");
    const outside: Node = { path, type: "opaque", value: Uint8Array.of(1) };
    for (const base of ["/3", "/4000/1", "/4000/0/55", "/400"])
      expect(() => codec.encode([outside], at(base)), base).toThrow(RangeError);
  });

  it("refuses what one value cannot be", () => {
    if (codec.structured) return;
    const [one, two] = [node("/3303/0/5700", 1), node("/3303/0/5601", 2)];
    expect(() => codec.encode([one, two], at("/3303/0"))).toThrow(RangeError);
    expect(() => codec.encode([one], at("/3303/0"))).toThrow(RangeError);
    expect(() => codec.encode([], at("/3303/0/5700"))).toThrow(RangeError);
    expect(() => codec.encode([node("/3/0/11/0", 0)], at("/3/0/11"))).toThrow(RangeError);
    for (const base of ["/", "/3303", "/3303/0", "/3/0/11", "/3/0/9/0"])
      expect(() => codec.decode(bytesOf({ text: "1" }), at(base), modelOf), base).toThrow(DecodeError);
  });
}

function robustnessTests({ codec, vectors }: CodecContract): void {
  const bases = ["/", "/3", "/3/0", "/4000/0", ...TYPES.map((type) => zooPath(type)), zooInstance("integer", 0)].map(
    at,
  );

  /** Decodes, and lets nothing pass but nodes of the model's types below the base, or DecodeError. */
  function survive(bytes: Uint8Array, base: (typeof bases)[number]): void {
    let nodes: Node[];
    try {
      nodes = codec.decode(bytes, base, modelOf);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw new Error(`${toHex(bytes)} at ${base}: ${String(error)}`);
      return;
    }
    for (const { path, type } of nodes)
      if (modelOf(path)?.type !== type || !path.startsWith(base === "/" ? "" : base))
        throw new Error(`${toHex(bytes)} at ${base} became ${path}`);
  }

  it(`never throws anything but DecodeError, on ${HOW_MANY_RANDOM} random payloads`, {
    timeout: FUZZ_TIMEOUT_MS,
  }, () => {
    const random = new SeededRandom(codec.format);
    for (let i = 0; i < HOW_MANY_RANDOM; i++) survive(random.bytes(random.below(48)), random.pick(bases));
  });

  it(`nor on ${HOW_MANY_MUTATED} vectors with bytes changed, dropped or repeated`, { timeout: FUZZ_TIMEOUT_MS }, () => {
    const random = new SeededRandom(codec.format + 1);
    const samples = vectors.map((vector) => ({ bytes: bytesOf(vector), base: at(vector.base) }));
    for (let i = 0; i < HOW_MANY_MUTATED; i++) {
      const { bytes, base } = random.pick(samples);
      survive(mutate(bytes, random), random.below(4) === 0 ? random.pick(bases) : base);
    }
  });

  it("takes no longer than the bytes are many, on a megabyte of anything", { timeout: FUZZ_TIMEOUT_MS }, () => {
    for (const fill of [
      0x00, 0x08, 0x1f, 0x22, 0x28, 0x5b, 0x5c, 0x5f, 0x7b, 0x7f, 0x80, 0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0xff,
    ])
      for (const base of ["/", "/4000/0", zooPath("string"), zooPath("opaque")])
        survive(new Uint8Array(1_000_000).fill(fill), at(base));
  });
}

/** Payloads that cost their sender little, and a careless reader everything. */
function hostilityTests({ codec }: CodecContract): void {
  if (!codec.structured) return;

  it("carries all the 65,535 Instances that a Resource can have", { timeout: 60_000 }, () => {
    const base = at("/4000/0/101");
    const nodes = Array.from(
      { length: MAX_ID + 1 },
      (_, id): Node => ({ path: zooInstance("integer", id), type: "integer", value: id }),
    );
    const bytes = codec.encode(nodes, base);
    expect(codec.decode(bytes, base, modelOf)).toEqual(nodes);
  });

  it("is at the end of nesting after as many levels as a path has", () => {
    for (const level of ["[", "{", '[{"x":', '{"e":[', '{"x":'])
      refusesQuickly(codec, new TextEncoder().encode(level.repeat(200_000 / level.length)));
    for (const level of ["81", "9f", "a100", "bf00", "a18100", "d8", "c4", "a10181", "08000b", "0800", "c80083"])
      refusesQuickly(codec, fromHex(level.repeat(100_000)));
  });

  it("sets aside no memory for what is only announced", () => {
    for (const head of ["9a", "9b", "ba", "bb", "7a", "7b", "5a", "5b", "db"])
      for (const length of ["7fffffff", "ffffffff", "00000000ffffffff", "001fffffffffffff", "ffffffffffffffff"])
        for (const before of ["", "81", "a1", "81a102", "81a100", "a1830300", "a103a1"])
          refusesQuickly(codec, fromHex(before + head + length));
    for (const hex of ["c809ffffff", "d809ffff", "0800ff", "9809ffffff", "880600ffffff"])
      refusesQuickly(codec, fromHex(hex));
  });
}

function refusesQuickly(codec: Codec, bytes: Uint8Array): void {
  const began = process.cpuUsage();
  const memory = process.memoryUsage().arrayBuffers;
  for (const base of ["/", "/3", "/4000/0"])
    try {
      expect(codec.decode(bytes, at(base), modelOf)).toEqual([]);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      expect(error.message.length).toBeLessThan(200);
    }
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(SLOWEST_MS);
  expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(10_000_000);
}
