import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { ContentType, MAX_PLAINTEXT } from "../../src/dtls/constants.ts";
import { MAX_SEQUENCE, plainRecord, readRecords, writeHeader } from "../../src/dtls/record.ts";

/** How many records are read, and how many ends were made of it. */
function counts(datagram: Uint8Array, ownCidLength = 0): { records: number; malformed: number } {
  const tally = { malformed: 0 };
  return { records: readRecords(datagram, ownCidLength, tally).length, malformed: tally.malformed };
}

const REFUSED = { records: 0, malformed: 1 };

describe("a record", () => {
  it("is read field by field, as views of the datagram", () => {
    const datagram = fromHex("16 fefd 0000 000000000007 0003 aabbcc");
    const [record] = readRecords(datagram, 0);
    expect(record).toMatchObject({ type: 22, epoch: 0, sequence: 7, cid: undefined });
    expect(toHex(record!.header)).toBe("16fefd00000000000000070003");
    expect(toHex(record!.body)).toBe("aabbcc");
    expect(record!.body.buffer).toBe(datagram.buffer);
    expect(record!.header.buffer).toBe(datagram.buffer);
  });

  it("is found within a larger buffer", () => {
    const all = fromHex("ffff 17 fefd 0001 000000000001 0002 0102 ff");
    const [record] = readRecords(all.subarray(2, all.length - 1), 0);
    expect(record).toMatchObject({ type: 23, epoch: 1, sequence: 1 });
    expect(toHex(record!.body)).toBe("0102");
  });

  it("has all 48 bits of its sequence number", () => {
    const [record] = readRecords(fromHex("17 fefd 0001 ffffffffffff 0001 00"), 0);
    expect(record!.sequence).toBe(MAX_SEQUENCE);
    const [other] = readRecords(fromHex("17 fefd 0001 8000 0001 0203 0001 00"), 0);
    expect(other!.sequence).toBe(0x8000_0001_0203);
  });

  it("is followed by the next in the same datagram", () => {
    const datagram = fromHex("14 fefd 0000 000000000003 0001 01  16 fefd 0001 000000000000 0002 aabb");
    const records = readRecords(datagram, 0);
    expect(records.map(({ type, epoch, sequence }) => [type, epoch, sequence])).toEqual([
      [20, 0, 3],
      [22, 1, 0],
    ]);
    expect(records.map(({ body }) => toHex(body))).toEqual(["01", "aabb"]);
  });

  it("may be of DTLS 1.0 while nothing is agreed (RFC 6347 §4.2.1), and not after", () => {
    expect(counts(fromHex("16 feff 0000 000000000000 0001 00"))).toEqual({ records: 1, malformed: 0 });
    expect(counts(fromHex("16 feff 0001 000000000000 0001 00"))).toEqual(REFUSED);
  });

  it("may be of an epoch that is not ours to open", () => {
    const [record] = readRecords(fromHex("17 fefd ffff 000000000000 0001 00"), 0);
    expect(record!.epoch).toBe(0xffff);
  });
});

describe("a record with a Connection ID", () => {
  const datagram = fromHex("19 fefd 0001 000000000005 deadbeef 0003 aabbcc");

  it("has it between sequence number and length", () => {
    const [record] = readRecords(datagram, 4);
    expect(record).toMatchObject({ type: 25, epoch: 1, sequence: 5 });
    expect(toHex(record!.cid!)).toBe("deadbeef");
    expect(toHex(record!.header)).toBe("19fefd0001000000000005deadbeef0003");
    expect(toHex(record!.body)).toBe("aabbcc");
  });

  it("is as long as what we issued says, up to 255 bytes", () => {
    const cid = "ab".repeat(255);
    const [record] = readRecords(fromHex(`19 fefd 0001 000000000000 ${cid} 0001 ff`), 255);
    expect(toHex(record!.cid!)).toBe(cid);
    expect(toHex(record!.body)).toBe("ff");
  });

  it("stands beside classic ones, which are not ours to judge here", () => {
    const both = Buffer.concat([fromHex("14 fefd 0000 000000000003 0001 01"), datagram]);
    expect(readRecords(both, 4).map(({ type, cid }) => [type, cid?.length])).toEqual([
      [20, undefined],
      [25, 4],
    ]);
  });

  it("is malformed where we issued none, or an empty one (RFC 9146 §3)", () => {
    expect(counts(datagram, 0)).toEqual(REFUSED);
    expect(counts(fromHex("19 fefd 0001 000000000005 0003 aabbcc"), 0)).toEqual(REFUSED);
  });

  it("is malformed in the clear (RFC 9146 §3)", () => {
    expect(counts(fromHex("19 fefd 0000 000000000005 deadbeef 0003 aabbcc"), 4)).toEqual(REFUSED);
  });

  it.each([13, 14, 16])("is malformed when it ends after %d bytes", (length) => {
    expect(counts(datagram.subarray(0, length), 4)).toEqual(REFUSED);
  });
});

describe("malformed records", () => {
  const sound = fromHex("16 fefd 0000 000000000001 0002 aabb");

  it("end the reading, are counted once, and leave what came before", () => {
    const broken = Buffer.concat([sound, fromHex("16 0303 0000 000000000002 0001 cc"), sound]);
    expect(counts(broken)).toEqual({ records: 1, malformed: 1 });
    const tally = { malformed: 5 };
    readRecords(broken, 0, tally);
    expect(tally.malformed).toBe(6);
    expect(readRecords(broken, 0)).toHaveLength(1);
  });

  it.each(Array.from({ length: 14 }, (_, i) => i + 1))("are those cut after %d bytes", (length) => {
    expect(counts(sound.subarray(0, length))).toEqual(REFUSED);
  });

  it("are none in an empty datagram", () => {
    expect(counts(new Uint8Array())).toEqual({ records: 0, malformed: 0 });
  });

  it.each([
    ["another version", "16 0303 0000 000000000001 0002 aabb"],
    ["DTLS 1.3's number", "16 fefc 0000 000000000001 0002 aabb"],
    ["another protocol's bytes", "44 01 12 34 c8 0f 3a 91 60 21 05 11 22 33"],
    ["a type below the known", "13 fefd 0000 000000000001 0002 aabb"],
    ["a type above the known", "18 fefd 0000 000000000001 0002 aabb"],
    ["a sealed type above the known", "1a fefd 0001 000000000001 0002 aabb"],
    ["a DTLS 1.3 header", "2f fefd 0001 000000000001 0002 aabb"],
    ["an empty handshake fragment in the clear", "16 fefd 0000 000000000001 0000"],
    ["an empty alert in the clear", "15 fefd 0000 000000000001 0000"],
    ["a length beyond the datagram", "16 fefd 0000 000000000001 0003 aabb"],
    ["the greatest length", "16 fefd 0001 000000000001 ffff aabb"],
  ])("have %s", (_, hex) => {
    expect(counts(fromHex(hex))).toEqual(REFUSED);
  });

  it("are longer than any record may be (RFC 5246 §6.2.1, §6.2.3)", () => {
    const of = (epoch: number, length: number) => {
      const datagram = new Uint8Array(13 + length);
      writeHeader(datagram, ContentType.Handshake, { epoch, sequence: 0, cid: undefined, length });
      return counts(datagram);
    };
    expect(of(0, MAX_PLAINTEXT)).toEqual({ records: 1, malformed: 0 });
    expect(of(0, MAX_PLAINTEXT + 1)).toEqual(REFUSED);
    expect(of(1, MAX_PLAINTEXT + 2_048)).toEqual({ records: 1, malformed: 0 });
    expect(of(1, MAX_PLAINTEXT + 2_049)).toEqual(REFUSED);
  });

  it("are all beyond the 64th of one datagram", () => {
    const many = Buffer.concat(Array.from({ length: 4_000 }, () => sound));
    expect(counts(many)).toEqual({ records: 64, malformed: 1 });
    expect(counts(many.subarray(0, 64 * sound.length))).toEqual({ records: 64, malformed: 0 });
  });
});

describe("a record in the clear", () => {
  it("is header and body", () => {
    expect(toHex(plainRecord(ContentType.ChangeCipherSpec, 3, Uint8Array.of(1)))).toBe("14fefd0000000000000003000101");
  });

  it("is read as it was written, with every sequence number", () => {
    for (const sequence of [0, 255, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 12_345, MAX_SEQUENCE]) {
      const [record] = readRecords(plainRecord(ContentType.Handshake, sequence, fromHex("0102")), 0);
      expect(record).toMatchObject({ type: 22, epoch: 0, sequence });
    }
  });

  it("is refused without a number left, or with too much to say", () => {
    expect(() => plainRecord(ContentType.Alert, MAX_SEQUENCE + 1, fromHex("0100"))).toThrow(RangeError);
    expect(() => plainRecord(ContentType.Handshake, 0, new Uint8Array(MAX_PLAINTEXT + 1))).toThrow(RangeError);
  });
});
