/** Sparkplug B: births give names, data speaks of aliases, deaths take all away; and no bytes do harm. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { readFields, utf8 } from "../../../src/library/conventions/protobuf.ts";
import { sparkplug } from "../../../src/library/conventions/sparkplug.ts";
import { frameOf } from "../../support/definitions.ts";
import * as proto from "../../support/protobuf-writer.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const INT8 = 1;
const INT32 = 3;
const INT64 = 4;
const UINT8 = 5;
const UINT32 = 7;
const UINT64 = 8;
const FLOAT = 9;
const DOUBLE = 10;
const BOOLEAN = 11;
const STRING = 12;

function plant() {
  const convention = sparkplug();
  const hear = (topic: string, body: Uint8Array) =>
    convention.parts(frameOf({ kind: "message", topic: `spBv1.0/plant/${topic}`, body }, topic)).map((part) => ({
      source: part.source,
      ...Object.fromEntries(
        [...(convention.decode(part) ?? [])].map(([name, quantity]) => [name, quantity?.value ?? null]),
      ),
    }));
  return { convention, hear };
}

const temperature = { name: "Temperature", alias: 1, type: FLOAT, value: proto.float(12, 21.5) };
const door = { name: "Door", alias: 2, type: BOOLEAN, value: proto.integer(14, 1) };
const birth = proto.sparkplugPayload(1, temperature, door);

describe("a device", () => {
  it("has names at its birth, and the same names by their aliases after it", () => {
    const { hear } = plant();
    expect(hear("DBIRTH/edge/dev", birth)).toEqual([
      { source: "sparkplug/plant/edge/dev", Temperature: 21.5, Door: true },
    ]);
    const data = proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, -7.25) });
    expect(hear("DDATA/edge/dev", data)).toEqual([{ source: "sparkplug/plant/edge/dev", Temperature: -7.25 }]);
  });

  it("may go by names alone", () => {
    const { hear } = plant();
    hear("DBIRTH/edge/dev", proto.sparkplugPayload(1, { name: "T", type: INT32, value: proto.integer(10, 1) }));
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(2, { name: "T", value: proto.integer(10, 5) }))).toEqual([
      { source: "sparkplug/plant/edge/dev", T: 5 },
    ]);
  });

  it("that was never born says nothing, and that is counted", () => {
    const { convention, hear } = plant();
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, 1) }))).toEqual([]);
    expect(convention.faults.unborn).toBe(1);
  });

  it("has no share in the aliases of others", () => {
    const { hear } = plant();
    hear("DBIRTH/edge/dev", birth);
    expect(hear("DDATA/edge/other", proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, 1) }))).toEqual([]);
    expect(hear("DDATA/edge2/dev", proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, 1) }))).toEqual([]);
  });

  it("loses everything when it dies", () => {
    const { hear } = plant();
    hear("DBIRTH/edge/dev", birth);
    hear("DBIRTH/edge/dev2", proto.sparkplugPayload(2, { ...temperature, alias: 9 }));
    expect(hear("DDEATH/edge/dev", proto.sparkplugPayload(3))).toEqual([
      { source: "sparkplug/plant/edge/dev", Temperature: null, Door: null, _online: false },
    ]);
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(4, { alias: 1, value: proto.float(12, 1) }))).toEqual([]);
    expect(hear("DDATA/edge/dev2", proto.sparkplugPayload(5, { alias: 9, value: proto.float(12, 1) }))).toHaveLength(1);
  });

  it("that is born again means by its aliases what it says then", () => {
    const { hear } = plant();
    hear("DBIRTH/edge/dev", birth);
    hear("DBIRTH/edge/dev", proto.sparkplugPayload(2, { ...door, alias: 1 }));
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(3, { alias: 1, value: proto.integer(14, 0) }))).toEqual([
      { source: "sparkplug/plant/edge/dev", Door: false },
    ]);
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(4, { alias: 2, value: proto.integer(14, 0) }))).toEqual([]);
  });
});

describe("a node", () => {
  const bdSeq = (count: number) => ({ name: "bdSeq", type: INT64, value: proto.integer(11, count) });
  const nodeBirth = (count: number) => proto.sparkplugPayload(0, bdSeq(count), { ...temperature, alias: 7 });

  it("is a sensor of its own, without what it says for its host", () => {
    const { hear } = plant();
    const rebirth = { name: "Node Control/Rebirth", type: BOOLEAN, value: proto.integer(14, 0) };
    expect(hear("NBIRTH/edge", proto.sparkplugPayload(0, bdSeq(3), rebirth, temperature))).toEqual([
      { source: "sparkplug/plant/edge", Temperature: 21.5 },
    ]);
  });

  it("takes its devices with it when it dies", () => {
    const { hear } = plant();
    hear("NBIRTH/edge", nodeBirth(3));
    hear("DBIRTH/edge/dev", birth);
    expect(hear("NDEATH/edge", proto.sparkplugPayload(undefined, bdSeq(3)))).toEqual([
      { source: "sparkplug/plant/edge", Temperature: null, _online: false },
      { source: "sparkplug/plant/edge/dev", Temperature: null, Door: null, _online: false },
    ]);
  });

  it("does not die of a will from before its birth", () => {
    const { hear } = plant();
    hear("NBIRTH/edge", nodeBirth(4));
    expect(hear("NDEATH/edge", proto.sparkplugPayload(undefined, bdSeq(3)))).toEqual([]);
    expect(hear("NDATA/edge", proto.sparkplugPayload(1, { alias: 7, value: proto.float(12, 1) }))).toHaveLength(1);
  });

  it("that is born again has no devices until they are", () => {
    const { hear } = plant();
    hear("DBIRTH/edge/dev", birth);
    hear("NBIRTH/edge", nodeBirth(1));
    expect(hear("DDATA/edge/dev", proto.sparkplugPayload(1, { alias: 1, value: proto.float(12, 1) }))).toEqual([]);
  });

  it("counts its messages to 255 and begins anew; what is missing is noticed", () => {
    const { convention, hear } = plant();
    hear("NBIRTH/edge", nodeBirth(1));
    for (let seq = 1; seq <= 600; seq++) hear("NDATA/edge", proto.sparkplugPayload(seq % 256, temperature));
    expect(convention.faults.gaps).toBe(0);
    hear("NDATA/edge", proto.sparkplugPayload(200));
    expect(convention.faults.gaps).toBe(1);
    hear("NBIRTH/edge", nodeBirth(2));
    expect(convention.faults.gaps).toBe(1);
  });
});

describe("a value", () => {
  const valueOf = (type: number, value: Uint8Array | undefined, more: Partial<proto.WrittenMetric> = {}) => {
    const { hear } = plant();
    const told = hear("DBIRTH/e/d", proto.sparkplugPayload(1, { name: "v", type, ...(value && { value }), ...more }));
    return (told[0] as { v?: unknown } | undefined)?.v;
  };

  it.each([
    ["Int8, as a word", INT8, proto.integer(10, 0xffff_fffb), -5],
    ["Int8, as a byte", INT8, proto.integer(10, 0xfb), -5],
    ["Int32, as an unsigned one", INT32, proto.integer(10, 0xffff_ff85), -123],
    ["Int32, sign extended to 64 bits", INT32, proto.integer(10, -123n), -123],
    ["Int64", INT64, proto.integer(11, -5n), -5],
    ["Int64 that no number holds", INT64, proto.integer(11, -9_007_199_254_740_993n), "-9007199254740993"],
    ["UInt8", UINT8, proto.integer(10, 255), 255],
    ["UInt32", UINT32, proto.integer(10, 0xffff_ffff), 4_294_967_295],
    ["UInt64", UINT64, proto.integer(11, 9_007_199_254_740_991n), 9_007_199_254_740_991],
    ["UInt64 that no number holds", UINT64, proto.integer(11, 18_446_744_073_709_551_615n), "18446744073709551615"],
    ["Float", FLOAT, proto.float(12, 0.1), 0.1],
    ["Float that is no number", FLOAT, proto.float(12, Number.NaN), null],
    ["Double", DOUBLE, proto.double(13, 44.25), 44.25],
    ["infinite Double", DOUBLE, proto.double(13, Infinity), null],
    ["Boolean", BOOLEAN, proto.integer(14, 0), false],
    ["Boolean told as a number", BOOLEAN, proto.integer(10, 1), true],
    ["String", STRING, proto.text(15, "TH-1"), "TH-1"],
    ["String that is a document", STRING, proto.text(15, "x".repeat(300)), null],
    ["integer of a type that is none", 99, proto.integer(10, 1), null],
  ])("%s", (_what, type, value, expected) => {
    expect(valueOf(type, value)).toBe(expected);
  });

  it("is null where the metric says so, and not spoken of where there is none or an old one", () => {
    expect(valueOf(FLOAT, proto.float(12, 1), { isNull: true })).toBeNull();
    expect(valueOf(FLOAT, undefined)).toBeUndefined();
    expect(valueOf(FLOAT, proto.float(12, 1), { historical: true })).toBeUndefined();
    expect(valueOf(16, proto.delimited(17, Uint8Array.of(1, 2)))).toBeUndefined();
  });

  it("of a length that its kind does not have is refused", () => {
    expect(() => valueOf(FLOAT, proto.double(12, 1))).toThrow("float of 8 bytes");
    expect(() => valueOf(DOUBLE, proto.float(13, 1))).toThrow("double of 4 bytes");
    expect(() => valueOf(STRING, proto.delimited(15, Uint8Array.of(0xff)))).toThrow("no UTF-8");
  });
});

describe("a message", () => {
  it.each([
    "STATE/scada",
    "NCMD/edge",
    "DCMD/edge/dev",
    "DBIRTH/edge",
    "NBIRTH/edge/dev",
    "DDATA/e/d/more",
    "DDATA/e/+",
  ])("under %s is of no sensor", (topic) => {
    expect(plant().hear(topic, birth)).toEqual([]);
  });

  it.each([
    ["ends in a value", "12FF", "ends early"],
    ["has a key without end", "FFFFFFFFFFFFFFFFFFFFFF", "ten bytes"],
    ["has a field 0", "0001", "no field has the number 0"],
    ["has a group", "0B", "wire type 3"],
    ["ends in a varint", "0880", "ends early"],
    ["ends in a long varint", "08FFFFFFFFFFFFFFFF", "ends early"],
  ])("that %s is refused", (_what, hex, why) => {
    expect(() => plant().hear("DDATA/edge/dev", fromHex(hex))).toThrow(why);
    expect(() => plant().hear("DDATA/edge/dev", fromHex(hex))).toThrow(DecodeError);
  });

  it("of too many metrics is refused", () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({ name: `m${i}`, type: INT32, value: proto.integer(10, i) }));
    expect(() => plant().hear("DBIRTH/edge/dev", proto.sparkplugPayload(1, ...many))).toThrow("more than");
  });

  it("of random bytes is a reading or refused, and nothing else", () => {
    const { hear } = plant();
    const random = new SeededRandom(7);
    hear("DBIRTH/edge/dev", birth);
    for (let i = 0; i < 3000; i++) {
      const body = Uint8Array.from(birth);
      for (let n = 0; n < 3; n++) body[Math.floor(random.unit() * body.length)] = Math.floor(random.unit() * 256);
      const cut = body.subarray(0, Math.floor(random.unit() * (body.length + 1)));
      try {
        hear(random.unit() < 0.5 ? "DBIRTH/edge/dev" : "DDATA/edge/dev", cut);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe("what is remembered", () => {
  it("is 512 metrics of a node", () => {
    const { convention, hear } = plant();
    const many = Array.from({ length: 600 }, (_, alias) => ({ ...temperature, name: `m${alias}`, alias }));
    hear("DBIRTH/edge/dev", proto.sparkplugPayload(1, ...many));
    const before = convention.faults.unborn;
    hear("DDATA/edge/dev", proto.sparkplugPayload(2, { alias: 511, value: proto.float(12, 1) }));
    expect(convention.faults.unborn).toBe(before);
    hear("DDATA/edge/dev", proto.sparkplugPayload(3, { alias: 512, value: proto.float(12, 1) }));
    expect(convention.faults.unborn).toBe(before + 1);
  });

  it("is 500 nodes, the one heard longest ago forgotten first", () => {
    const { hear } = plant();
    for (let i = 0; i <= 500; i++) hear(`DBIRTH/edge${i}/dev`, birth);
    const data = proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, 1) });
    expect(hear("DDATA/edge500/dev", data)).toHaveLength(1);
    expect(hear("DDATA/edge0/dev", data)).toEqual([]);
  });

  it("is nothing in a fresh copy", () => {
    const { convention, hear } = plant();
    hear("DBIRTH/edge/dev", birth);
    const body = proto.sparkplugPayload(2, { alias: 1, value: proto.float(12, 1) });
    const frame = frameOf({ kind: "message", topic: "spBv1.0/plant/DDATA/edge/dev", body });
    expect(convention.fresh().parts(frame)).toEqual([]);
    expect(convention.parts(frame)).toHaveLength(1);
  });

  it("owns no topics, and leaves frames of other kinds as they are", () => {
    const { convention } = plant();
    const frame = frameOf({ kind: "fields", fields: { format: "sparkplug" } });
    expect(convention.owns("spBv1.0/plant/DDATA/edge/dev")).toBe(false);
    expect(convention.parts(frame)).toEqual([frame]);
    expect(() => convention.decode(frameOf({ kind: "text", text: "" }))).toThrow(DecodeError);
  });
});

describe("the wire", () => {
  it("reads varints of every length", () => {
    for (let bits = 0n; bits < 64n; bits++) {
      const value = (1n << bits) + 5n;
      const [field] = readFields(proto.integer(3, value), 4);
      expect(field).toMatchObject({ number: 3, integer: value });
    }
  });

  it("reads text, and refuses what is none", () => {
    expect(utf8(Buffer.from("Grüße"))).toBe("Grüße");
    expect(() => utf8(Uint8Array.of(0xc0))).toThrow(DecodeError);
  });
});
