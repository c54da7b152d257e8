/** Streams are cut into telegrams and packets however their bytes arrive, and found again after anything else. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { framesOf, framesSpec } from "../../../src/adapters/frames/frames.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

interface Vector {
  readonly protocol: string;
  readonly frame_hex?: string;
  readonly telegram?: string;
}
const { vectors } = JSON.parse(readFileSync(new URL("../../vectors/serial.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly Vector[];
};
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const bytesOf = ({ frame_hex, telegram }: Vector) =>
  frame_hex === undefined ? latin1(telegram ?? "") : fromHex(frame_hex);
const published = (protocol: string) => vectors.filter((each) => each.protocol.startsWith(protocol)).map(bytesOf);

const SDS011 = { start: "AAC0", end: "AB", length: 10 };
const PLANTOWER = { start: "424D", length_at: 2, length_type: "u16be", length_plus: 4 };
const SHDLC = { start: "7E", end: "7E" };

const cutter = (spec: unknown) => {
  const frames = framesOf(framesSpec.parse(spec));
  if (!frames) throw new Error("lines are not cut");
  return frames.cutter;
};

/** What is cut from these pieces, as hex. */
const cut = (spec: unknown, ...pieces: readonly Uint8Array[]): string[] => {
  const one = cutter(spec);
  return pieces.flatMap((piece) => one.push(piece)).map((frame) => toHex(frame));
};

const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** As meters send them: by themselves, and when they are asked; the historic way of Teleinfo, and the standard one. */
const D0 = [
  "/ESY5Q3DA1024 V3.03\r\n\r\n1-0:1.8.0*255(00001013.0368091*kWh)\r\n1-0:1.7.255*255(000247.37*W)\r\n!\r\n",
  "/LGZ5\\2ZMD\r\n\x02F.F(00)\r\n1.8.0(001581.123*kWh)\r\n!\r\n\x03!",
  "/EBZ5DD32R10ETA_107\r\n1-0:1.8.0*255(003902.58359727*kWh)\r\n!\r\n",
].map(latin1);
const TELEINFO = [
  "\x02\nADCO 111111111111 #\r\nIINST 008 _\r\nPAPP 01890 3\r\x03",
  "\x02\nADSC\t123456789012\t=\r\nVTIC\t02\tJ\r\nDATE\tE180716103423\t\tB\r\x03",
].map(latin1);

const KINDS: readonly (readonly [name: string, spec: unknown, frames: readonly Uint8Array[]])[] = [
  ["dsmr", "dsmr", published("DSMR")],
  ["sml", "sml", published("SML")],
  ["mbus", "mbus", published("M-Bus")],
  ["vedirect", "vedirect", published("VE.Direct")],
  ["d0", "d0", D0],
  ["teleinfo", "teleinfo", TELEINFO],
  ["packets of a fixed length", SDS011, published("SDS011")],
  ["packets that say their length", PLANTOWER, published("PMS")],
  ["packets between two bytes", SHDLC, published("SPS30")],
];

describe.each(KINDS)("a stream of %s", (_name, spec, frames) => {
  const hex = frames.map((frame) => toHex(frame));

  it("is cut byte by byte as well as all at once", () => {
    const all = joined(...frames, ...frames);
    expect(cut(spec, all)).toEqual([...hex, ...hex]);
    expect(cut(spec, ...Array.from(all, (byte) => Uint8Array.of(byte)))).toEqual([...hex, ...hex]);
  });

  it("is cut in pieces of any size", () => {
    const random = new SeededRandom(5);
    const all = joined(...frames, ...frames, ...frames);
    for (let round = 0; round < 50; round++) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < all.length; ) {
        const size = 1 + random.below(40);
        pieces.push(all.subarray(at, at + size));
        at += size;
      }
      expect(cut(spec, ...pieces)).toEqual([...hex, ...hex, ...hex]);
    }
  });

  it("is found again behind the second half of a telegram", () => {
    for (const frame of frames) {
      const half = frame.subarray(Math.floor(frame.length / 2));
      expect(cut(spec, half, ...frames).slice(-frames.length)).toEqual(hex);
    }
  });

  it("is found again behind the first half of one", () => {
    for (const frame of frames) {
      const half = frame.subarray(0, Math.floor(frame.length / 2));
      const found = cut(spec, half, ...frames, ...frames, ...frames);
      expect(found).toEqual(expect.arrayContaining(hex));
    }
  });

  it("gives bytes of its own", () => {
    const [frame = new Uint8Array()] = frames;
    const heard = Uint8Array.from(frame);
    const [own] = cutter(spec).push(heard);
    heard.fill(0);
    expect(own && toHex(own)).toBe(toHex(frame));
  });

  it("keeps no more than its longest telegram, whatever is heard", () => {
    const one = cutter(spec);
    const start = (frames[0] ?? new Uint8Array()).subarray(0, 5);
    for (let i = 0; i < 200; i++) one.push(joined(start, new Uint8Array(500).fill(0x55)));
    const random = new SeededRandom(9);
    for (let i = 0; i < 200; i++) one.push(random.bytes(300));
    expect(one.dropped).toBeGreaterThan(10_000);
    expect(cut(spec, random.bytes(20), ...frames, ...frames)).toEqual(expect.arrayContaining(hex));
  });
});

describe("a telegram of DSMR", () => {
  it("whose end is lost is given up when the next begins", () => {
    const [whole = new Uint8Array()] = published("DSMR");
    expect(cut("dsmr", whole.subarray(0, 300), latin1("\r\n"), whole)).toEqual([toHex(whole)]);
  });
});

describe("a readout of D0", () => {
  it("whose end is lost is given up when the next begins", () => {
    for (const whole of D0) expect(cut("d0", whole.subarray(0, 40), latin1("\r\n"), whole)).toEqual([toHex(whole)]);
  });
});

describe("a frame of Teleinfo", () => {
  it("that the meter breaks off is given up when the next begins", () => {
    const [whole = new Uint8Array()] = TELEINFO;
    expect(cut("teleinfo", whole.subarray(0, 30), Uint8Array.of(4), whole)).toEqual([toHex(whole)]);
  });
});

describe("an SML file", () => {
  it("may hold the bytes of an escape, and end right behind one of them", () => {
    const doubled = fromHex("1b1b1b1b01010101" + "1b1b1b1b1b1b1b1b" + "0000001b" + "1b1b1b1b1a03abcd");
    expect(cut("sml", doubled)).toEqual([toHex(doubled)]);
  });

  it("whose end is lost is given up when the next begins", () => {
    const [whole = new Uint8Array()] = published("SML");
    expect(cut("sml", whole.subarray(0, 100), whole)).toEqual([toHex(whole)]);
  });
});

describe("M-Bus", () => {
  it("passes over single characters and short frames", () => {
    const [whole = new Uint8Array()] = published("M-Bus");
    expect(cut("mbus", fromHex("e5105b015c16"), whole, fromHex("e5"))).toEqual([toHex(whole)]);
  });

  it("does not wait for a frame that cannot be one", () => {
    const [whole = new Uint8Array()] = published("M-Bus");
    expect(cut("mbus", fromHex("6868ff6801"), whole)).toEqual([toHex(whole)]);
    expect(cut("mbus", fromHex("68010168"), whole)).toEqual([toHex(whole)]);
  });
});

describe("VE.Direct", () => {
  const [whole = new Uint8Array()] = published("VE.Direct");
  const history = latin1("\r\nH1\t-1000\r\nH2\t0\r\nChecksum\tx");

  it("begins with a whole block: what is heard before is the end of one", () => {
    expect(cut("vedirect", latin1("\r\nV\t12000\r\nChecksum\tx"), whole)).toEqual([toHex(whole)]);
  });

  it("goes on with blocks that begin otherwise", () => {
    expect(cut("vedirect", whole, history)).toEqual([toHex(whole), toHex(history)]);
  });

  it("passes over messages of the other protocol between blocks", () => {
    expect(cut("vedirect", whole, latin1(":7190001300084\n"), history)).toEqual([toHex(whole), toHex(history)]);
  });
});

describe("packets", () => {
  it("that do not end where they should are none", () => {
    expect(cut(SDS011, fromHex("aac0aac0d4043a0aa1601dab"))).toEqual(["aac0d4043a0aa1601dab"]);
  });

  it("of a length beyond all bounds are none", () => {
    expect(cut(PLANTOWER, fromHex("424dffff"), ...published("PMS"))).toHaveLength(1);
    expect(cut({ start: "55", length_at: 1, length_type: "u16le" }, fromHex("550000" + "550400aa"))).toEqual([
      "550400aa",
    ]);
  });

  it("with one byte between them, or two, are the same", () => {
    const [whole = new Uint8Array()] = published("SPS30");
    expect(cut(SHDLC, whole, whole.subarray(1))).toEqual([toHex(whole)]);
    expect(cut(SHDLC, fromHex("7e"), whole)).toEqual([toHex(whole)]);
  });

  it.each([
    [{ start: "AA" }, "where does a packet end"],
    [{ start: "AA", length: 4, length_at: 1 }, "not both"],
    [{ start: "A", length: 4 }, ""],
    ["csv", "Expected lines, dsmr, sml"],
  ])("described badly are refused: %j", (spec, words) => {
    const result = framesSpec.safeParse(spec);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toContain(words);
  });
});
