/** Victron's Instant Readout: records bit by bit, keys told by their first byte, repeated counters. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { MODELS } from "../../../src/library/codecs/victron/models.ts";
import { RECORDS, UNITS } from "../../../src/library/codecs/victron/records.ts";
import { type Device, loadDevices, SealedError, type Session } from "../../../src/library/index.ts";
import { advert, frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const device = (id: string): Device => library.get(`victron.${id}`)!;
const MONITOR = device("battery-monitor");
const KEY = fromHex("AFF4D0995B7D1E176C0C33ECB9E70DCD");
const EXAMPLE = "100289A302B040AF925D09A4D89AA0128BDEF48C6298A9";

const frame = (bytes: Uint8Array) => frameOf(advert(0x02e1, bytes));

function read(of: Device, bytes: Uint8Array, session?: Session) {
  const reading = of.decode(frame(bytes), session);
  return reading && Object.fromEntries([...reading.fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
}

/** A session for one frame, that is believed for itself. */
const alone = (of: Device, key = KEY) => of.createSession(key)?.alone?.();

/** A record sealed with a key, under a counter. */
function seal(record: number, plain: string, counter = 1, key = KEY): Uint8Array {
  const block = new Uint8Array(16);
  block.set([counter & 0xff, counter >> 8]);
  const cipher = createCipheriv("aes-128-ctr", key, block);
  return Uint8Array.of(
    0x10,
    0,
    0x89,
    0xa3,
    record,
    counter & 0xff,
    counter >> 8,
    key[0]!,
    ...cipher.update(fromHex(plain)),
  );
}

describe("a battery monitor", () => {
  it("is read bit by bit (keshavdv/victron-ble)", () => {
    const session = alone(MONITOR);
    expect(read(MONITOR, fromHex(EXAMPLE), session)).toEqual({
      ...{ model: "SmartShunt 500A/50mV", time_remaining: null, voltage: 12.53, alarm: 0 },
      ...{ current: 0, consumed: -50, battery: 50 },
    });
    expect(session?.state).toBe("opened");
  });

  it("says what its auxiliary input is: a starter battery, a middle, a temperature", () => {
    const of = (plain: string) => read(MONITOR, seal(2, plain), alone(MONITOR));
    expect(of("FFFFE6040000E504010000000080FE")).toMatchObject({ midpoint_voltage: 12.53 });
    expect(of("FFFFE6040000FEFF000000000080FE")).toMatchObject({ starter_voltage: -0.02 });
    expect(of("FFFFE60400008971020000000080FE")).toMatchObject({ temperature: 17.5 });
    expect(of("FFFFE6040000FEFF020000000080FE")).toMatchObject({ temperature: null });
    expect(of("FFFFE6040000FFFF020000000080FE")).toMatchObject({ temperature: null });
    expect(Object.keys(of("FFFFE6040000FFFF030000000080FE") ?? {})).not.toContain("temperature");
  });

  it("has no current where all of its bits are ones, or all but its sign", () => {
    const current = (bytes: string) =>
      read(MONITOR, seal(2, `FFFFE6040000E504${bytes}000080FE`), alone(MONITOR))?.["current"];
    expect([current("FDFFFF"), current("FDFF7F")]).toEqual([null, null]);
    expect([current("F9FFFF"), current("050000"), current("01F0FF")]).toEqual([-0.002, 0.001, -1.024]);
  });

  it("is told apart from other keys by the first byte, for 10,000 of them", () => {
    const random = new SeededRandom(11);
    expect(() => read(MONITOR, fromHex(EXAMPLE))).toThrow("a key is needed");
    for (let i = 0; i < 10_000; i++) {
      const key = random.bytes(16);
      if (key[0] === KEY[0]) continue;
      const session = MONITOR.createSession(key);
      expect(() => read(MONITOR, fromHex(EXAMPLE), session)).toThrow(SealedError);
      expect(session?.state).toBe("wrong-key");
    }
    expect(() => MONITOR.createSession(new Uint8Array(17))).toThrow(RangeError);
  });

  it("is refused where its record is too short or too long", () => {
    for (let length = 1; length < 23; length++)
      expect(() => read(MONITOR, fromHex(EXAMPLE).subarray(0, length), MONITOR.createSession(KEY))).toThrow(
        DecodeError,
      );
    expect(() => read(MONITOR, fromHex(`${EXAMPLE}0000`), MONITOR.createSession(KEY))).toThrow("a record of 17 bytes");
    expect(() => read(MONITOR, fromHex("10028AA37FB040AF925D09"), MONITOR.createSession(KEY))).toThrow("nobody knows");
  });
});

describe("all records", () => {
  const bits = (record: number) => RECORDS.get(record)!.reduce((sum, { width }) => sum + width, 0);

  it("fit into the one block that an advert has room for", () => {
    for (const record of RECORDS.keys()) expect(bits(record)).toBeLessThanOrEqual(128);
    expect([...RECORDS.keys()].map(bits)).toEqual([89, 118, 82, 80, 127, 96, 104, 120, 127, 112, 102, 88, 112]);
  });

  it("have a definition each, which matches them and no other", () => {
    for (const record of RECORDS.keys()) {
      const bytes = seal(record, "00".repeat(16));
      const found = library.match(frame(bytes));
      expect(found?.id).toMatch(/^victron\./);
      expect(read(found!, bytes, alone(found!))).toMatchObject({ model: "SmartShunt 500A/50mV" });
    }
    expect(MODELS.size).toBeGreaterThan(500);
  });

  const whatIsLikely = (bytes: Uint8Array) => {
    try {
      return MONITOR.decode(frame(bytes), alone(MONITOR))!.fields;
    } catch (error) {
      expect(error).toBeInstanceOf(SealedError);
      return undefined;
    }
  };

  it("give numbers within what their bits can say, whatever they hold", () => {
    const random = new SeededRandom(12);
    let read = 0;
    for (let i = 0; i < 30_000; i++) {
      const [record, fields] = [...RECORDS][random.below(RECORDS.size)]!;
      const bytes = random.bytes(24);
      bytes.set([0x10, 0, 0x89, 0xa3, record, i & 0xff, i >> 8, KEY[0]!]);
      const found = whatIsLikely(bytes);
      if (!found) continue;
      read += 1;
      for (const { name = "", width, scale = 1, offset = 0 } of fields) {
        const value = found.get(name)?.value;
        if (typeof value !== "number") continue;
        expect(Math.abs(value - offset)).toBeLessThanOrEqual(2 ** width * Math.abs(scale) * 1.000_001);
        expect(found.get(name)?.unit).toBe(UNITS[name]);
      }
    }
    // The rest is nothing that a device would say.
    expect(read).toBeGreaterThan(30);
  });
});
