/** Keys of Victron devices that are nearly right: how seldom a record looks right by chance, and what a session makes of it. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { openCtr } from "../../../src/library/codecs/seal.ts";
import { bitsAt, steadyPart } from "../../../src/library/codecs/victron/plausible.ts";
import { type BitField, messagesToBelieve, RECORDS } from "../../../src/library/codecs/victron/records.ts";
import { type Device, loadDevices, SealedError, type Session } from "../../../src/library/index.ts";
import { advert, frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const MONITOR = library.get("victron.battery-monitor")!;
const SOLAR = library.get("victron.solar")!;
const RS = library.get("victron.inverter-rs")!;
const KEY = fromHex("00112233445566778899AABBCCDDEEFF");
/** One digit of the last byte is another. */
const TYPO = fromHex("00112233445566778899AABBCCDDEEFE");

/** 12.53 V, half full, nothing on the auxiliary input. */
const HALF_FULL = "FFFFE50400000000030000F40140DF";
const LOW = "FFFFE50401000000030000F40140DF";
const ABSURD = "FFFFE5040000000003000000008000";
const SUNNY = "04006C050E000300130000FE";
const INVERTING = "0900331480FF00001402D202";

function seal(record: number, plain: string, counter: number, key = KEY): Uint8Array {
  const block = new Uint8Array(16);
  block.set([counter & 0xff, counter >> 8]);
  const sealed = createCipheriv("aes-128-ctr", key, block).update(fromHex(plain));
  return Uint8Array.of(0x10, 0, 0x89, 0xa3, record, counter & 0xff, counter >> 8, key[0]!, ...sealed);
}

/** `read`, `nothing` (heard before, or not believed yet), or why not. */
function outcome(of: Device, bytes: Uint8Array, session: Session | undefined): string {
  try {
    return of.decode(frameOf(advert(0x02e1, bytes)), session) ? "read" : "nothing";
  } catch (error) {
    if (error instanceof SealedError) return error.state;
    if (error instanceof DecodeError) return "damaged";
    throw error;
  }
}

const hears = (session: Session | undefined, counters: readonly number[], plain = HALF_FULL, key = KEY) =>
  counters.map((counter) => outcome(MONITOR, seal(2, plain, counter, key), session));

const bitsOf = (fields: readonly BitField[]) => fields.reduce((sum, { width }) => sum + width, 0);

/** Of so many wrong keys, each of them like the right one in its first byte. */
const TRIALS = 1_000_000;
/** How many of them open a record to something that could be one: the least that is claimed, times 10^-6. */
const LIKELY: Readonly<Record<number, number>> = {
  ...{ 0x01: 1_200, 0x02: 600, 0x03: 1_100, 0x04: 1, 0x05: 10_000, 0x06: 1_100, 0x08: 6_000 },
  ...{ 0x09: 1, 0x0a: 5_500, 0x0b: 4_200, 0x0c: 500, 0x0d: 30, 0x0f: 1 },
};

/** How likely two random values that a field allows are the same. */
function collision({ name, width, signed, always, can }: BitField): number {
  // Records with an input that is not connected are the more likely ones.
  if (name === "_aux_mode") return 0.45;
  if (width > 20) return can ? 1 / 0x1_0000 : 2 ** -width;
  let allowed = always ? 0 : 1;
  const [least, most] = signed ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
  for (let raw = least; raw <= most; raw++) if (can?.(raw) ?? true) allowed += 1;
  return 1 / allowed;
}

describe("a record opened with a wrong key", () => {
  const each = [...RECORDS].map(([record, fields]) => [record, fields] as const);

  /**
   * One cipher makes what a million keys would: each block of a stream under one random key is as random as the first
   * block under another key. That this is so is tried with real keys below.
   */
  it.each(each)(
    "looks like a device as seldom as is claimed: record %i, 1,000,000 trials",
    (record, fields) => {
      const length = Math.ceil(bitsOf(fields) / 8);
      const stream = createCipheriv("aes-128-ctr", new SeededRandom(record).bytes(16), new Uint8Array(16)).update(
        new Uint8Array(TRIALS * length),
      );
      let likely = 0;
      for (let i = 0; i < TRIALS; i++)
        if (steadyPart(stream.subarray(i * length, (i + 1) * length), fields) !== undefined) likely += 1;
      expect(likely).toBeLessThanOrEqual(LIKELY[record] ?? 0);
      // Alone, a frame may be believed wrongly once in a hundred times, among people who look at it.
      expect(likely / TRIALS).toBeLessThan(0.011);
    },
    60_000,
  );

  it("is as random as that under 50,000 keys with one digit wrong", () => {
    const random = new SeededRandom(3);
    const sealed = seal(2, HALF_FULL, 0x40b0).subarray(8);
    const counter = Uint8Array.of(0xb0, 0x40, ...new Uint8Array(14));
    let likely = 0;
    for (let i = 0; i < 50_000; i++) {
      const key = random.bytes(16);
      key[0] = KEY[0]!;
      if (steadyPart(openCtr(key, counter, sealed), RECORDS.get(2)!) !== undefined) likely += 1;
    }
    expect(likely).toBeLessThanOrEqual(60);
  });

  it.each(each)("is believed less than once in 10^11 times: record %i", (record, fields) => {
    const unused = 2 ** -((8 - (bitsOf(fields) & 7)) & 7);
    const agree = fields.filter(({ steady }) => steady).reduce((product, one) => product * collision(one), unused);
    const messages = messagesToBelieve(record);
    const likely = (LIKELY[record] ?? 1) * 1e-6;
    expect(likely ** messages * agree ** (messages - 1)).toBeLessThan(1e-11);
    // No more messages than that needs.
    if (messages > 2) expect(likely ** (messages - 1) * agree ** (messages - 2)).toBeGreaterThan(1e-11);
  });

  it("never becomes a value, in 50,000 messages under a key with a typo", () => {
    const session = MONITOR.createSession(TYPO);
    const told = new Map<string, number>();
    for (let i = 0; i < 50_000; i++) {
      const said = outcome(MONITOR, seal(2, HALF_FULL, i), session);
      told.set(said, (told.get(said) ?? 0) + 1);
    }
    expect(told.get("read")).toBeUndefined();
    expect(session?.state).toBe("wrong-key");
    expect(told.get("wrong-key")).toBeGreaterThan(49_900);
  });
});

describe("a key that proves nothing", () => {
  it("is believed with the second message that looks like a device and like the first", () => {
    const session = MONITOR.createSession(KEY);
    expect(session?.state).toBeUndefined();
    expect(hears(session, [1])).toEqual(["nothing"]);
    expect(session?.state).toBeUndefined();
    expect(hears(session, [2, 3])).toEqual(["read", "read"]);
    expect(session?.state).toBe("opened");
  });

  it("needs three messages of records that say less of themselves", () => {
    const session = RS.createSession(KEY);
    const heard = [1, 2, 3, 4].map((counter) => outcome(RS, seal(6, INVERTING, counter), session));
    expect(heard).toEqual(["nothing", "nothing", "read", "read"]);
  });

  it("is not believed for one message that is heard over and over, by whichever receivers", () => {
    const session = MONITOR.createSession(KEY);
    expect(hears(session, [7, 7, 7, 7])).toEqual(Array(4).fill("nothing"));
    const rs = RS.createSession(KEY);
    const heard = [1, 2, 1, 2, 1].map((counter) => outcome(RS, seal(6, INVERTING, counter), rs));
    expect(heard).toEqual(Array(5).fill("nothing"));
  });

  it("waits while what should be steady is not, and then lets it change", () => {
    const session = MONITOR.createSession(KEY);
    expect(hears(session, [1])).toEqual(["nothing"]);
    expect(hears(session, [2], LOW)).toEqual(["nothing"]);
    expect(hears(session, [3], LOW)).toEqual(["read"]);
    expect(hears(session, [4])).toEqual(["read"]);
  });

  it("is wrong with the first byte that differs, and with one absurd message, until others agree again", () => {
    const session = MONITOR.createSession(KEY);
    expect(hears(session, [1, 2])).toEqual(["nothing", "read"]);
    expect(hears(session, [3], ABSURD.replace("E504", "FF7E"))).toEqual(["wrong-key"]);
    expect(session?.state).toBe("wrong-key");
    expect(hears(session, [4])).toEqual(["wrong-key"]);
    expect(hears(session, [5, 6])).toEqual(["read", "read"]);
    expect(session?.state).toBe("opened");
    expect(hears(session, [7], HALF_FULL, fromHex("FF112233445566778899AABBCCDDEEFF"))).toEqual(["wrong-key"]);
    expect(hears(session, [8, 9])).toEqual(["wrong-key", "read"]);
  });

  it("with a typo is wrong soon, for 300 typos", () => {
    const random = new SeededRandom(17);
    for (let i = 0; i < 300; i++) {
      const key = Uint8Array.from(KEY);
      const at = 1 + random.below(15);
      key[at] = key[at]! ^ (1 << random.below(8));
      const session = SOLAR.createSession(key);
      const said = Array.from({ length: 6 }, (_, n) => outcome(SOLAR, seal(1, SUNNY, n + 1), session));
      expect(said).not.toContain("read");
      expect(session?.state).toBe("wrong-key");
    }
  });

  it("opens what came late over a slower receiver no second time", () => {
    const session = MONITOR.createSession(KEY);
    hears(session, [100, 101]);
    expect(hears(session, [102, 101, 100, 102, 103, 102])).toEqual([
      ...["read", "nothing", "nothing", "nothing", "read", "nothing"],
    ]);
  });

  it("follows a counter round, and one that begins anew", () => {
    const session = MONITOR.createSession(KEY);
    hears(session, [65_533, 65_534]);
    expect(hears(session, [65_535, 0, 65_535, 1])).toEqual(["read", "read", "nothing", "read"]);
    expect(hears(session, [30_000, 3])).toEqual(["read", "read"]);
  });

  it("believes a frame that stands alone, if it looks like a device", () => {
    const alone = () => MONITOR.createSession(KEY)?.alone?.();
    expect(hears(alone(), [1])).toEqual(["read"]);
    expect(hears(alone(), [1], ABSURD.replace("E504", "FF7E"))).toEqual(["wrong-key"]);
  });
});

describe("a record", () => {
  const likely = (record: number, plain: string) => steadyPart(fromHex(plain), RECORDS.get(record)!) !== undefined;

  it("may say that nothing of it is available", () => {
    for (const [record, plain] of [
      ...[[0x01, "FFFFFF7FFF7FFFFFFFFFFF01"] as const, [0x02, "FFFFFF7F0000FFFFFEFF7FFFFFFF3F"] as const],
      ...[[0x05, "000000000000FFFFFFFFFFFFFFFFFF7F"] as const, [0x09, "FFFFFF00000000FF7FFFFF00000000"] as const],
    ])
      expect(likely(record, plain)).toBe(true);
  });

  it("has voltages, alarms and reasons that can be", () => {
    expect(likely(0x02, HALF_FULL)).toBe(true);
    expect(likely(0x02, "FFFF112700000000030000F40140DF")).toBe(false);
    // Too low and too high at once; a 15th alarm.
    expect(likely(0x02, "FFFFE50403000000030000F40140DF")).toBe(false);
    expect(likely(0x02, "FFFFE50400400000030000F40140DF")).toBe(false);
    expect(likely(0x04, "00002305FF7F80000000")).toBe(true);
    expect(likely(0x04, "00002305FF7F80000100")).toBe(false);
    // A state between those that are known, an error in the gap.
    expect(likely(0x01, SUNNY)).toBe(true);
    expect(likely(0x01, SUNNY.replace("0400", "2000"))).toBe(false);
    expect(likely(0x01, SUNNY.replace("0400", "0490"))).toBe(false);
  });

  it("has cells that add up to its battery, as far as they are told", () => {
    // Eight cells of a battery of 26 V (keshavdv/victron-ble); then half a battery.
    expect(likely(0x05, "00000006000047A3D1682C1A8D500ACD")).toBe(true);
    const plain = fromHex("00000006000047A3D1682C1A8D500ACD");
    expect(bitsAt(plain, 104, 12)).toBeGreaterThan(2_000);
    plain.set([0x14, 0x05], 13);
    expect(steadyPart(plain, RECORDS.get(0x05)!)).toBeUndefined();
    // The cell with the frost is below its scale.
    expect(likely(0x05, "0000000000003C1E8FF7FFFFFF001519")).toBe(true);
  });
});
