/** Adverts in pieces, in every order and with every loss: what comes out is what was sent, or nothing. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex, toHex } from "../../src/base/bytes.ts";
import { decodeAdvertData } from "../../src/io/advert.ts";
import { ReportDecoder } from "../../src/io/hci-events.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ad, type ExtendedOptions, extendedEvent, joined, legacyEvent } from "../support/virtual-controller.ts";

const ONE = "CB:B8:33:4C:88:4F";
const TWO = "A4:C1:38:00:00:01";
const MORE = 1;
const CUT = 2;

const piece = (address: string, data: Uint8Array, status = 0, set = 0): ExtendedOptions => ({
  address,
  data,
  status,
  set,
});
const heard = (decoder: ReportDecoder, options: ExtendedOptions, now = 0) =>
  decoder.decode(extendedEvent(options), now).map(({ data }) => toHex(data));

describe("an advert too long to be one", () => {
  const long = new Uint8Array(229).fill(1);

  it("leaves nothing behind: its end does not pass for an advert of its own", () => {
    const decoder = new ReportDecoder();
    for (let i = 0; i < 8; i++) expect(heard(decoder, piece(ONE, long, MORE))).toEqual([]);
    expect(heard(decoder, piece(ONE, fromHex("03ff9904")))).toEqual([]);
    expect(decoder.truncated).toBe(1);
    expect(heard(decoder, piece(ONE, fromHex("020106")))).toEqual(["020106"]);
  });

  it("is counted once, however much more of it comes", () => {
    const decoder = new ReportDecoder();
    for (let i = 0; i < 50; i++) heard(decoder, piece(ONE, long, MORE));
    heard(decoder, piece(ONE, long, CUT));
    expect(decoder.truncated).toBe(1);
  });

  it("of the greatest length allowed is taken whole (Vol 4, Part E, §7.8.54)", () => {
    const decoder = new ReportDecoder();
    for (let i = 0; i < 7; i++) heard(decoder, piece(ONE, long, MORE));
    expect(heard(decoder, piece(ONE, new Uint8Array(1_650 - 7 * 229)))[0]).toHaveLength(2 * 1_650);
  });

  it("does not disturb the adverts of others meanwhile", () => {
    const decoder = new ReportDecoder();
    for (let i = 0; i < 20; i++) {
      heard(decoder, piece(ONE, long, MORE));
      expect(heard(decoder, piece(TWO, fromHex("020106")))).toEqual(["020106"]);
    }
  });
});

describe("pieces of many advertisers", () => {
  it("are joined each with its own, however they are mixed", () => {
    const random = new SeededRandom(13);
    const decoder = new ReportDecoder();
    const queues = Array.from({ length: 12 }, (_, i) => {
      const address = `C0:00:00:00:00:${i.toString(16).padStart(2, "0").toUpperCase()}`;
      const parts = Array.from({ length: 1 + random.below(5) }, () => random.bytes(1 + random.below(200)));
      return { address, whole: toHex(joined(...parts)), parts };
    });
    const left = queues.map(({ address, parts, whole }) => ({ address, whole, parts: [...parts] }));
    const results = new Map<string, string>();
    while (left.some(({ parts }) => parts.length > 0)) {
      const next = random.pick(left.filter(({ parts }) => parts.length > 0));
      const part = next.parts.shift()!;
      const [whole] = heard(decoder, piece(next.address, part, next.parts.length > 0 ? MORE : 0));
      if (whole !== undefined) results.set(next.address, whole);
    }
    expect(Object.fromEntries(results)).toEqual(
      Object.fromEntries(queues.map(({ address, whole }) => [address, whole])),
    );
    expect(decoder.truncated).toBe(0);
  });

  it("of an advert and of its scan response are kept apart", () => {
    const decoder = new ReportDecoder();
    heard(decoder, piece(ONE, fromHex("01"), MORE));
    heard(decoder, { ...piece(ONE, fromHex("02"), MORE), scanResponse: true });
    expect(heard(decoder, piece(ONE, fromHex("11")))).toEqual(["0111"]);
    expect(heard(decoder, { ...piece(ONE, fromHex("22")), scanResponse: true })).toEqual(["0222"]);
  });

  it("of a public and a random address with the same digits are kept apart", () => {
    const decoder = new ReportDecoder();
    heard(decoder, { ...piece(ONE, fromHex("01"), MORE), addressType: 0 });
    expect(heard(decoder, { ...piece(ONE, fromHex("ff")), addressType: 1 })).toEqual(["ff"]);
    expect(heard(decoder, { ...piece(ONE, fromHex("02")), addressType: 2 })).toEqual(["0102"]);
  });

  it("may come several in one event, with whole ones between them", () => {
    const decoder = new ReportDecoder();
    const packet = extendedEvent(
      piece(ONE, fromHex("01"), MORE),
      piece(TWO, fromHex("aa")),
      piece(ONE, fromHex("02")),
      piece(ONE, fromHex("03")),
    );
    expect(decoder.decode(packet, 0).map(({ address, data }) => [address, toHex(data)])).toEqual([
      [TWO, "aa"],
      [ONE, "0102"],
      [ONE, "03"],
    ]);
  });

  it("are not held on to by the driver's memory: it may be written over", () => {
    const decoder = new ReportDecoder();
    const first = extendedEvent(piece(ONE, fromHex("0102"), MORE));
    decoder.decode(first, 0);
    first.fill(0xee);
    expect(heard(decoder, piece(ONE, fromHex("03")))).toEqual(["010203"]);
  });

  it("that waited for a second are an older advert's, to the millisecond", () => {
    for (const [late, whole] of [
      [1_000, "01ff"],
      [1_001, "ff"],
    ] as const) {
      const decoder = new ReportDecoder();
      heard(decoder, piece(ONE, fromHex("01"), MORE), 5_000);
      expect(heard(decoder, piece(ONE, fromHex("ff")), 5_000 + late)).toEqual([whole]);
    }
  });
});

describe("events cut short at every byte", () => {
  const legacy = legacyEvent({ address: ONE, data: fromHex("020106 03039afc") }, { address: TWO, data: fromHex("") });
  const extended = extendedEvent(piece(ONE, fromHex("020106")), piece(TWO, fromHex("03039afc")));

  it.each([
    ["legacy", legacy],
    ["extended", extended],
  ])("are refused whole: %s", (_kind, packet) => {
    for (let length = 0; length < packet.length; length++) {
      const cut = Buffer.from(packet.subarray(0, length));
      expect(() => new ReportDecoder().decode(cut, 0), `${length} bytes`).toThrow(DecodeError);
      // With a length that claims all is well, too: the reports themselves tell.
      if (length < 5) continue;
      cut[2] = length - 3;
      expect(() => new ReportDecoder().decode(cut, 0), `${length} bytes, well announced`).toThrow(DecodeError);
    }
    expect(new ReportDecoder().decode(packet, 0)).toHaveLength(2);
  });
});

describe("each kind of AD structure", () => {
  it.each([
    ["flags", 0x01, "06"],
    ["TX power", 0x0a, "04"],
    ["a solicitation", 0x14, "0d18"],
    ["an appearance", 0x19, "0003"],
    ["an advertising interval", 0x1a, "4001"],
    ["a URI", 0x24, "162f2f"],
    ["an encrypted advert", 0x31, "00".repeat(13)],
    ["a mesh beacon", 0x2b, "00"],
    ["a type that nobody has defined", 0x77, "ff"],
    ["a structure of a type alone", 0x01, ""],
  ])("that says nothing to us is passed over: %s", (_what, type, hex) => {
    const data = decodeAdvertData(joined(ad(type, hex), ad(0xff, "990405")));
    expect(data).toMatchObject({ manufacturer: [[0x0499, fromHex("05")]], serviceUuids: [] });
    expect(data.services.size).toBe(0);
  });

  it.each([0x02, 0x03, 0x04, 0x05, 0x06, 0x07])("lists services, none of them too: type %i", (type) => {
    const size = [2, 2, 4, 4, 16, 16][type - 2]!;
    expect(decodeAdvertData(ad(type, "")).serviceUuids).toEqual([]);
    expect(decodeAdvertData(ad(type, "0a".repeat(size * 2))).serviceUuids).toHaveLength(2);
    expect(() => decodeAdvertData(ad(type, "0a".repeat(size + 1)))).toThrow(DecodeError);
  });

  it("of service data, the last one of a service counts", () => {
    const { services } = decodeAdvertData(joined(ad(0x16, "d2fc01"), ad(0x16, "d2fc02")));
    expect([...services.values()].map((data) => toHex(data))).toEqual(["02"]);
  });

  it("of 255 bytes is read, and one more byte is not there", () => {
    const { manufacturer } = decodeAdvertData(ad(0xff, "99".repeat(254)));
    expect(manufacturer[0]![1]).toHaveLength(252);
    expect(() => decodeAdvertData(ad(0xff, "99".repeat(254)).subarray(0, 255))).toThrow(DecodeError);
  });
});
