/** ATC and PVVX firmware, sealed: the frame of custom-components/ble_monitor, and all that may be wrong with it. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { loadDevices, SealedError, type Session } from "../../../src/library/index.ts";
import { frameOf, serviceAdvert } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const DEVICE = library.get("atc.sealed")!;
const UUID = "0000181a-0000-1000-8000-00805f9b34fb";
const KEY = fromHex("B9EA895FAC7EEA6D30532432A516F3A3");
const EXAMPLE = "11D603FBFA7B6DFB1E26FD";
const frame = (bytes: Uint8Array, source = "A4:C1:38:8D:18:B2") => frameOf(serviceAdvert(UUID, bytes), source);

function read(bytes: Uint8Array, session?: Session, source?: string) {
  const reading = DEVICE.decode(frame(bytes, source), session);
  return reading && Object.fromEntries([...reading.fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
}

describe("a sealed thermometer", () => {
  it("is opened with its key, once", () => {
    const session = DEVICE.createSession(KEY);
    const expected = { temperature: 23.45, humidity: 41.73, battery: 61, counter: 17 };
    expect(read(fromHex(EXAMPLE), session)).toMatchObject(expected);
    expect(read(fromHex(EXAMPLE), session)).toBeUndefined();
    expect(session?.state).toBe("opened");
  });

  it("is known by its length alone, and by no other", () => {
    expect(library.match(frame(fromHex(EXAMPLE)))?.id).toBe("atc.sealed");
    expect(library.match(frame(new Uint8Array(8)))?.id).toBe("atc.sealed");
    expect(library.match(frame(new Uint8Array(9)))).toBeUndefined();
    expect(library.match(frame(new Uint8Array(13)))?.id).toBe("atc.atc1441");
    expect(library.match(frame(new Uint8Array(15)))?.id).toBe("atc.pvvx");
  });

  it("stays closed without its key, its address, or a whole tag", () => {
    expect(() => read(fromHex(EXAMPLE))).toThrow("a key is needed");
    expect(() => read(fromHex(EXAMPLE), DEVICE.createSession(KEY), "A4:C1:38:8D:18:B3")).toThrow("does not fit");
    expect(() => read(fromHex(EXAMPLE), DEVICE.createSession(KEY), "")).toThrow("does not tell");
    for (let length = 0; length < 11; length++)
      expect(() => read(fromHex(EXAMPLE).subarray(0, length), DEVICE.createSession(KEY))).toThrow(DecodeError);
  });

  it("gives nothing for 10,000 other keys, nor once a bit of it differs", () => {
    const random = new SeededRandom(14);
    for (let i = 0; i < 10_000; i++)
      expect(() => read(fromHex(EXAMPLE), DEVICE.createSession(random.bytes(16)))).toThrow(SealedError);
    for (let bit = 0; bit < 88; bit++) {
      const bytes = fromHex(EXAMPLE);
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      expect(() => read(bytes, DEVICE.createSession(KEY))).toThrow(SealedError);
    }
  });
});
