/** `isthmus device new` from Modbus polls: which registers belong together, in which order, and that the draft tests green. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { draftFrom } from "../../src/cli/device/draft/new.ts";
import { blocksOf, said, valueAt } from "../../src/cli/device/draft/registers.ts";
import { orderOf, piecesOf } from "../../src/cli/device/draft/words.ts";
import { deviceTest } from "../../src/cli/device/test.ts";
import type { Frame } from "../../src/library/index.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-registers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Words = readonly number[];
const f32 = (value: number): [number, number] => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return [view.getUint16(0), view.getUint16(2)];
};
const u32 = (value: number): [number, number] => [(value >>> 16) & 0xffff, value & 0xffff];
const swapped = ([high, low]: [number, number]): [number, number] => [low, high];
const hex = (words: Words) => words.map((word) => (word & 0xffff).toString(16).padStart(4, "0")).join("");
const ascii = (text: string) =>
  Array.from({ length: text.length / 2 }, (_, i) => text.charCodeAt(2 * i) * 256 + text.charCodeAt(2 * i + 1));

/** Polls as `device record` writes them, five seconds apart. */
const recorded = (polls: readonly Readonly<Record<string, Words>>[], device?: string) =>
  polls.map((blocks, i) => {
    const values = Object.fromEntries(Object.entries(blocks).map(([key, words]) => [key, hex(words)]));
    return JSON.stringify({
      at: 1_767_225_600_000 + i * 5_000,
      source: "bus/1",
      payload: { kind: "registers", values, device },
    });
  });
const frames = (polls: readonly Readonly<Record<string, string>>[]): Frame[] =>
  polls.map((blocks) => ({
    source: "1",
    at: { ms: 0, trusted: false },
    payload: {
      kind: "registers",
      values: new Map(Object.entries(blocks).map(([key, text]) => [key, new Uint8Array(Buffer.from(text, "hex"))])),
    },
  }));
const wanted = (now: Readonly<Record<string, number>> = {}) => ({
  id: "acme.meter",
  vendor: "Acme",
  model: "Meter",
  now: new Map(Object.entries(now)),
});

/** The draft, once it has been tested as it is. */
async function green(lines: readonly string[], now: Readonly<Record<string, number>> = {}): Promise<string> {
  const { text = "" } = draftFrom(lines, wanted(now)) ?? {};
  const file = join(folder, "draft.yaml");
  writeFileSync(file, text);
  const said: string[] = [];
  const code = await deviceTest([file], (line) => said.push(line));
  expect(`${code} ${said.at(-1) ?? ""}`).toMatch(/^0 1 definition, \d+ frames?, all as expected; every field proven$/);
  return text;
}

const VOLTS = [230.1, 230.4, 229.7, 230.9, 231.3];
const WATTS = [812.4, 1204.9, 35.2, 2210.6, 640.3];
const KWH = [1234.5, 1234.6, 1234.7, 1234.9, 1235.2];
const floats = (order: (pair: [number, number]) => [number, number]) =>
  VOLTS.map((volts, i) => ({
    "4:0x0000": [volts, 50, WATTS[i]!, KWH[i]!].flatMap((value) => order(f32(value))),
  }));

describe("floats of two registers", () => {
  it.each([
    ["abcd", (pair: [number, number]) => pair],
    ["cdab", swapped],
    ["badc", ([high, low]: [number, number]): [number, number] => [swap(high), swap(low)]],
    ["dcba", ([high, low]: [number, number]): [number, number] => [swap(low), swap(high)]],
  ] as const)("in the order %s are found, and the order with them", async (order, arrange) => {
    const text = await green(recorded(floats(arrange)));
    const at = (address: string) => new RegExp(`input_${address}: .* type: f32 \\} # (.*)`).exec(text)?.[1];
    expect(at("0000")).toBe("229.7 to 231.3: voltage?");
    expect(at("0002")).toBe("always 50: frequency?");
    expect(at("0004")).toBe("35.2 to 2210.6; what is it?");
    expect(at("0006")).toBe("1234.5 to 1235.2; only rises so far: what is it?");
    expect(text).toContain(
      order === "abcd" ? "frame:    { registers: { poll: 5s } }" : `{ registers: { order: ${order}, poll: 5s } }`,
    );
  });

  it("get the names of what was read off the device, and with them units and Objects", async () => {
    const text = await green(recorded(floats(swapped)), { voltage: 231.3, energy: 1235.2, power: 640 });
    expect(text).toContain("  voltage: { fc: 4, address: 0x0000, type: f32, unit: V, range: [0, 1000] }");
    expect(text).toContain("  power: { fc: 4, address: 0x0004, type: f32, unit: W, range: [-1000000, 1000000] }");
    expect(text).toContain(
      "  energy: { fc: 4, address: 0x0006, type: f32, unit: kWh, range: [0, 1000000000], monotonic: true }",
    );
    expect(text).toContain("  3331/0: { value: energy");
    expect(text).not.toContain("input_0000");
  });

  it("are told from whole numbers that stand beside each other", () => {
    const blocks = blocksOf(frames([{ "3:0x0000": "43660C02" }, { "3:0x0000": "43680C02" }]));
    expect(piecesOf(blocks[0]!, "abcd").map(({ type }) => type)).toEqual(["f32"]);
    const small = blocksOf(frames([{ "3:0x0000": "43660012" }, { "3:0x0000": "43680013" }]));
    expect(piecesOf(small[0]!, "abcd").map(({ type }) => type)).toEqual(["u16", "u16"]);
  });
});

const swap = (word: number) => ((word & 0xff) << 8) | (word >> 8);

/** Mixed types: tenths of volts, a temperature that was once not there, hundredths of amperes, a counter that carries, a name. */
const mixed = [0, 1, 2, 3, 4].map((i) => ({
  "3:0x0000": [2301 + i * 3, [215, 0x7fff, 213, -4, -12][i]!, 0, 0, 7],
  "3:0x0010": [...u32(65_530 + i * 5), ...u32(-120 + i * 60), 0xffff, 0xffff],
  "3:0x0100": ascii("ACME-M42"),
}));

describe("registers of mixed types", () => {
  it("are numbers with a sign where they go below zero, and counters where they carry and never fall", async () => {
    const text = await green(recorded(mixed));
    expect(text).toContain("holding_0000: { fc: 3, address: 0x0000, type: u16 } # 2301 to 2313: voltage x 0.1?");
    expect(text).toContain(
      "holding_0001: { fc: 3, address: 0x0001, type: i16, invalid: 32767 } # -12 to 215; what is it?",
    );
    expect(text).toContain(
      "holding_0010: { fc: 3, address: 0x0010, type: u32, monotonic: true } # 65530 to 65550; only rises",
    );
    expect(text).toContain("holding_0012: { fc: 3, address: 0x0012, type: i32 } # -120 to 120");
    expect(text).toContain("text_0100: { fc: 3, address: 0x0100, type: ascii, length: 8 }");
    expect(text).toContain("text_0100: ACME-M42");
    expect(text).toContain("holding_0001: null");
  });

  it("that stand still are said to, and are no fields", async () => {
    const text = await green(recorded(mixed));
    expect(text).toMatch(/#\s+0x0002 to 0x0004 constant {2}0000 0000 0007\n/);
    expect(text).toMatch(/#\s+0x0010 to 0x0011 moving {4}0000FFFA \.\.\. 0001000E {2}u32\n/);
    expect(text).not.toMatch(/holding_0014|holding_0004/);
  });

  it("get names by their values, scaled", async () => {
    const text = await green(recorded(mixed), { voltage: 231.3, temperature: -1.2 });
    expect(text).toContain("voltage: { fc: 3, address: 0x0000, type: u16, scale: 0.1, unit: V");
    expect(text).toContain("temperature: { fc: 3, address: 0x0001, type: i16, invalid: 32767, scale: 0.1, unit: Cel");
  });

  it("get no unit where the number cannot have the one that the name suggests", async () => {
    const text = await green(recorded(mixed), { pressure: 2.313 });
    expect(text).toContain("pressure: { fc: 3, address: 0x0000, type: i16, scale: 0.001 }");
  });

  it("in pairs whose high register is always zero are pairs, in their order", async () => {
    const pairs = (order: (pair: [number, number]) => [number, number]) =>
      [0, 1, 2, 3].map((i) => ({
        "4:0x0000": [2300 + (i % 2), 125 - i, 2875 + ((i * 7) % 5)].flatMap((value) => order(u32(value))),
      }));
    expect(await green(recorded(pairs((pair) => pair)))).toContain("input_0002: { fc: 4, address: 0x0002, type: u32 }");
    const low = await green(recorded(pairs(swapped)));
    expect(low).toContain("order: cdab");
    expect(low).toContain("input_0002: { fc: 4, address: 0x0002, type: u32 }");
  });
});

describe("polls", () => {
  it("that bring their blocks in turns are all tested, and a block that was refused is said to be", async () => {
    const turns = [
      ...[1, 2, 3, 4, 5, 6].map((i) => ({ "4:0x0000": [i * 7] })),
      { "4:0x0040": [900], "4:0x0050+4": [] },
      { "4:0x0040": [901], "4:0x0050+4": [] },
    ];
    const text = await green(recorded(turns, "acme.cousin"));
    expect(text).toContain("# 4:0x0050+4: the device refused to tell");
    for (const name of ["input_0000", "input_0040"]) expect(text).toContain(`${name}: { fc: 4`);
  });

  it("of blocks that overlap give a register once", async () => {
    const text = await green(recorded([1, 2, 3].map((i) => ({ "4:0x0000": [5, i * 9], "4:0x0001": [i * 9] }))));
    expect(text.match(/input_0001: \{ fc/g)).toHaveLength(1);
  });

  it("of coils and inputs give the bits that move", async () => {
    const lines = ["01", "03", "01"].map((bits) =>
      JSON.stringify({ kind: "registers", source: "bus/2", values: { "1:0x0010": bits } }),
    );
    const text = await green(lines);
    expect(text).toContain("coil_0011: { fc: 1, address: 0x0011, type: bool } # moves; what is it?");
    expect(text).toContain("3200/0: { value: coil_0011");
    expect(text).not.toContain("coil_0010:");
  });

  it("in which nothing moves make a draft all the same", async () => {
    expect(await green(recorded([{ "4:0x0000": [5] }, { "4:0x0000": [5] }]))).toContain(
      "nothing moves in these frames",
    );
  });

  it("of any bytes make a draft that is a definition", async () => {
    const random = new SeededRandom(11);
    for (let round = 0; round < 12; round++) {
      const count = 1 + (random.bytes(1)[0]! % 12);
      const polls = [0, 1, 2, 3].map(() => ({
        "3:0x0000": Array.from({ length: count }, () => random.bytes(1)[0]! * 257),
      }));
      await green(recorded(polls));
    }
  });
});

describe("one place in all polls", () => {
  const samples = (...texts: string[]) => texts.map((text) => new Uint8Array(Buffer.from(text, "hex")));
  const place = { at: 0, type: "u16", order: "abcd" } as const;

  it("takes a mark of absence for one only if no value is near it", () => {
    expect(said(samples("00d7", "ffff", "00d9"), place).invalid).toBe(0xffff);
    expect(said(samples("00d7", "8000"), place).invalid).toBe(0x8000);
    expect(said(samples("fffe", "ffff"), place).invalid).toBeUndefined();
    expect(said(samples("ffff", "ffff"), place).invalid).toBeUndefined();
    expect(said(samples("00000007", "7fffffff"), { ...place, type: "u32" }).invalid).toBe(0x7fffffff);
  });

  it("rises only if it does so again and again", () => {
    expect(said(samples("0001", "0002", "0003", "0004"), place).rising).toBe(true);
    expect(said(samples("0001", "0002", "0003"), place).rising).toBe(false);
    expect(said(samples("0001", "0002", "0004", "0003", "0005"), place).rising).toBe(false);
  });

  it("is read in each order", () => {
    const [bytes] = samples("0001000200030004");
    for (const [order, value] of [
      ["abcd", 0x10002],
      ["cdab", 0x20001],
      ["badc", 0x1000200],
      ["dcba", 0x2000100],
    ] as const)
      expect(valueAt(bytes!, { at: 0, type: "u32", order })).toBe(value);
    expect(valueAt(bytes!, { at: 0, type: "u64", order: "abcd" })).toBe(Number(0x0001000200030004n));
    expect(valueAt(bytes!, { at: 0, type: "f64", order: "abcd" })).toBeGreaterThan(0);
  });

  it("has the order of Modbus itself where nothing says otherwise", () => {
    expect(orderOf([], ["abcd", "cdab"])).toBe("abcd");
  });
});

describe("isthmus device new", () => {
  it("drafts from polls, and what it writes tests green", async () => {
    const input = recorded(mixed).map((line) => `${line}\n`);
    const first = new FakeSurroundings({ folder, input });
    expect(await first.run("device new --id acme.m42 --now voltage=231.3 -o m42.yaml")).toBe(0);
    expect(first.out).toContain("m42.yaml: drafted from 5 frames");
    const second = new FakeSurroundings({ folder });
    expect(await second.run("device test m42.yaml")).toBe(0);
    expect(second.out).toContain("every field proven");
  });
});
