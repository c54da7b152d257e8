/** EnOcean telegrams: signed ones by their key alone, and no byte of a signature ever read as a value. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { decodeEnocean } from "../../../src/library/codecs/enocean.ts";
import { SealedError } from "../../../src/library/sealed.ts";
import { loadDevices } from "../../../src/library/index.ts";
import type { Frame } from "../../../src/sdk/adapter.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const device = loadDevices().library.get("enocean.switch");
/** From the user manual of the PTM 215B. */
const KEY = fromHex("3DDA31AD44767AE3CE56DCE2B3CE2ABB");
const PRESS = "5D04000011B2FA88FF";

function heard(hex: string, source = "E2:15:00:00:19:B8"): Frame {
  const payload = {
    kind: "advert",
    manufacturer: [[0x03da, fromHex(hex)]],
    services: new Map(),
    serviceUuids: [],
  } as const;
  return { source, at: { ms: 1_767_225_600_000, trusted: true }, payload };
}

describe("a signed telegram", () => {
  it("is read once, and is nothing new when it is heard again", () => {
    const session = device?.createSession(KEY);
    expect(device?.decode(heard(PRESS), session)?.fields.get("button_b1")).toEqual({ value: true });
    expect(device?.decode(heard(PRESS), session)).toBeUndefined();
    expect(session?.state).toBe("opened");
  });

  it("is nobody's word from another address, with another bit, or by another key", () => {
    const refused =
      (frame: Frame, key = KEY) =>
      () =>
        device?.decode(frame, device.createSession(key));
    expect(refused(heard(PRESS, "E2:15:00:00:19:B9"))).toThrow(SealedError);
    for (let bit = 0; bit < 72; bit++) {
      const bytes = fromHex(PRESS);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(refused(heard(Buffer.from(bytes).toString("hex"))), String(bit)).toThrow(DecodeError);
    }
    expect(refused(heard(PRESS), fromHex("00000000000000000000000000000000"))).toThrow("does not fit");
  });
});

describe("a telegram of random bytes", () => {
  it("gives values that are possible, or ends in a refusal", () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: 10 + random.below(20) }, () => random.below(256));
      try {
        for (const [name, quantity] of decodeEnocean(bytes) ?? []) {
          const value = quantity?.value;
          if (typeof value === "number") expect(Number.isFinite(value), name).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it("never reads a signature", () => {
    for (const first of ["02", "40", "45", "06"])
      expect(
        [...(decodeEnocean(fromHex(`01000000 2001 ${first}646464`.replaceAll(" ", ""))) ?? [])].map(([name]) => name),
      ).toEqual(["sequence", "motion"]);
  });
});

describe("a value of a sensor", () => {
  const said = (data: string) => decodeEnocean(fromHex(`01000000${data}DEADBEEF`));
  const one = (data: string, name: string) => [said(data)?.has(name), said(data)?.get(name)?.value];

  it("is not available under the two highest of its bits, or the highest and the lowest of a signed one", () => {
    expect([one("06FE", "humidity"), one("06FF", "humidity")]).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    expect(one("06FD", "humidity")).toEqual([true, 126.5]);
    expect([one("40FF7F", "temperature")[1], one("400080", "temperature")[1]]).toEqual([undefined, undefined]);
    expect([one("40FE7F", "temperature")[1], one("400180", "temperature")[1]]).toEqual([327.66, -327.67]);
  });

  it("that has two states has no third", () => {
    const motion = ["00", "01", "02", "03"].map((state) => one(`20${state}`, "motion")[1]);
    expect(motion).toEqual([undefined, false, true, undefined]);
  });

  it("is not looked for among commands: they may hold a key", () => {
    expect(said("3000")).toBeUndefined();
    expect(said("0650 3E00".replace(" ", ""))).toBeUndefined();
    expect(said("2F00")?.size).toBe(1);
  });
});
