/** Govee's sealed sensors: published frames (Bluetooth-Devices/govee-ble), and what nobody sealed like this. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { decodeGovee512x } from "../../../src/library/codecs/govee.ts";
import { highFirst } from "../../../src/library/framing/binary/checks.ts";

const MOTION = "59940000f0b91937ae50b6372c866ac2f3d061e717c02cef";
const BEACON = "4c000215494e54454c4c495f524f434b535f48575075f2ff0c";
const sum = highFirst({ bits: 16, polynomial: 0x1021, start: 0x1d0f });

function told(hex: string) {
  const found = decodeGovee512x(fromHex(hex));
  return found && Object.fromEntries([...found].map(([name, quantity]) => [name, quantity?.value ?? null]));
}

interface Sealed {
  readonly model: number;
  readonly state: number;
  readonly battery?: number;
}

/** A frame as a sensor seals it, about a model, its battery and its state. */
function sealed({ model, state, battery = 100 }: Sealed): Uint8Array {
  const frame = new Uint8Array(24);
  const view = new DataView(frame.buffer);
  view.setUint32(2, 61_625);
  const key = new Uint8Array(16);
  key.set(frame.subarray(2, 6));
  const plain = Uint8Array.of(1, 5, model, 2, battery, state, ...new Uint8Array(10));
  const cipher = createCipheriv("aes-128-ecb", key.reverse(), null);
  cipher.setAutoPadding(false);
  frame.set(cipher.update(plain.reverse()).toReversed(), 6);
  view.setUint16(22, sum(frame, 6, 22));
  return frame;
}

const toldBy = (what: Sealed) => {
  const found = decodeGovee512x(sealed(what));
  return found && Object.fromEntries([...found].map(([name, quantity]) => [name, quantity?.value ?? null]));
};

describe("a sealed frame of Govee", () => {
  it.each([
    ["H5121 sees somebody", MOTION, { motion: true }],
    ["H5122 is pressed", "f30a0000648248e86020622588c02fd258cb3f1b8544d930", { button: 1 }],
    ["H5122 is pressed, heard passively", "f30a0024aaeaa5631b810899e1c4e1409883fe225935c464", { button: 1 }],
    ["H5123 is open", "3dec0000de4377d55e55f991496e36bdc67f8b2c27067497", { window: true }],
    ["H5123 is closed", "3dec000159db6bd9bed7aff72a26aa4bd72dfa94573e5be9", { window: false }],
    ["H5124 is shaken", "08a200135e53736fae439a55cfd8021bdfd5de643b2bd613", { vibration: true }],
    ["H5125 is pressed at its first button", "2eaf0000625cae9215b6a80ad4814bca4b5f73d945343002", { button: 1 }],
    ["H5125 is pressed at its second button", "2eaf0000fb0ec968d7056caf2af31be877f1e1e8e3a7f8c6", { button: 2 }],
    ["H5126 is pressed at its first button", "01c40018d896d1ff10731f4c855ddf54f1e77fe88b0ec23f", { button: 1 }],
    ["H5130 has nobody on it", "4775009b24ecdd986aa7bdda57ff4583cd3d3973e802e24e", { presence: false }],
    ["H5130 has somebody on it", "477500ae6750fa3447445146492085c27610ea02b3a0063f", { presence: true }],
    ["H5130 is pressed at its button", "477500d6a6a51019ce84013004eed9b6b9ebe156e8b4d0c1", { button: 1 }],
  ])("says that %s", (what, hex, expected) => {
    expect(told(hex)).toMatchObject({ model: what.slice(0, 5), battery: 100, ...expected });
  });

  it("counts by the time it was sealed at, so that a repetition is one", () => {
    expect(told(MOTION)).toMatchObject({ sequence: 0xf0b9 });
  });

  it("is read with a beacon glued to its end", () => {
    expect(told(MOTION + BEACON)).toEqual(told(MOTION));
  });

  it("says nothing of what did not happen", () => {
    expect(toldBy({ model: 3, state: 0 })).toEqual({ model: "H5121", battery: 100, sequence: 61_625 });
    expect(toldBy({ model: 9, state: 2 })).toEqual({ model: "H5124", battery: 100, sequence: 61_625 });
  });

  it("has no value for a battery or a button that cannot be", () => {
    expect(toldBy({ model: 10, battery: 255, state: 5 })).toMatchObject({ battery: null, button: 6 });
    expect(toldBy({ model: 10, battery: 101, state: 5 })).toMatchObject({ battery: null });
    expect(toldBy({ model: 10, battery: 0, state: 6 })).toMatchObject({ battery: 0, button: null });
  });

  it("of a model that is not known means nothing", () => {
    expect(toldBy({ model: 99, state: 1 })).toBeUndefined();
  });
});

describe("what is no sealed frame", () => {
  it.each([
    ["is short", MOTION.slice(0, -2), "23 bytes where 24 are needed"],
    ["is empty", "", "0 bytes where 24 are needed"],
    ["has another sum", `${MOTION.slice(0, -4)}0000`, "the sum does not fit"],
    ["was damaged in the middle", MOTION.replace("1937", "1936"), "the sum does not fit"],
  ])("is refused if it %s", (_what, hex, message) => {
    expect(() => told(hex)).toThrow(message);
  });

  it("is refused as such, or nobody's, whatever the bytes are", () => {
    let seed = 1;
    const next = () => (seed = (seed * 48_271) % 0x7fffffff) & 0xff;
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: next() % 52 }, next);
      try {
        const battery = decodeGovee512x(bytes)?.get("battery")?.value;
        expect(battery === undefined || (typeof battery === "number" && battery <= 100)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it("with a right sum and another time opens to nonsense, and is refused for it", () => {
    const frame = sealed({ model: 3, state: 1 });
    const view = new DataView(frame.buffer);
    const own = view.getUint32(2);
    expect(decodeGovee512x(frame)).toBeDefined();
    for (let time = 0; time < 2_000; time++) {
      if (time === own) continue;
      view.setUint32(2, time);
      expect(() => decodeGovee512x(frame)).toThrow("does not open it");
    }
  });
});
