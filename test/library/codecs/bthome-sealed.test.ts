/** BTHome sealed with a key, in both versions: the examples of bthome.io, and all that may be wrong with them. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { decodeBthomeV1 } from "../../../src/library/codecs/bthome-v1.ts";
import { loadDevices, SealedError } from "../../../src/library/index.ts";
import { frameOf, serviceAdvert } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const V2 = library.get("bthome.v2")!;
const V1 = library.get("bthome.v1")!;
const uuid = (short: string) => `0000${short}-0000-1000-8000-00805f9b34fb`;
const KEY = fromHex("231D39C1D7CC1AB1AEE224CD096DB932");
const ADDRESS = "54:48:E6:8F:80:A5";
const EXAMPLE = "41A47266C95F730011223378237214";

const frame = (bytes: Uint8Array, short = "fcd2", source = ADDRESS) =>
  frameOf(serviceAdvert(uuid(short), bytes), source);
const plain = (reading: ReturnType<typeof V2.decode>) =>
  reading && Object.fromEntries([...reading.fields].map(([name, quantity]) => [name, quantity?.value]));

/** A message sealed as bthome.io/encryption says. */
function seal(counter: number, objects: string, { info = 0x41, key = KEY, withAddress = false } = {}): Uint8Array {
  const address = fromHex(ADDRESS.replaceAll(":", ""));
  const count = Uint8Array.of(counter, counter >>> 8, counter >>> 16, counter >>> 24);
  const cipher = createCipheriv("aes-128-ccm", key, Uint8Array.of(...address, 0xd2, 0xfc, info, ...count), {
    authTagLength: 4,
  });
  const sealed = cipher.update(fromHex(objects));
  cipher.final();
  const own = withAddress ? address.toReversed() : [];
  return Uint8Array.of(info, ...own, ...sealed, ...count, ...cipher.getAuthTag());
}

describe("sealed BTHome v2", () => {
  it("is opened with the key, the example of the format", () => {
    const session = V2.createSession(KEY);
    expect(plain(V2.decode(frame(fromHex(EXAMPLE)), session))).toEqual({ temperature: 25.06, humidity: 50.55 });
    expect(session?.state).toBe("opened");
  });

  it("takes the address from the message where it is in it", () => {
    const bytes = seal(5, "02CA09", { info: 0x43, withAddress: true });
    const elsewhere = frame(bytes, "fcd2", "0E5E9A9B-0000-0000-0000-000000000001");
    expect(plain(V2.decode(elsewhere, V2.createSession(KEY)))).toEqual({ temperature: 25.06 });
  });

  it("cannot be opened where the host tells no address, and says so", () => {
    const hidden = frame(fromHex(EXAMPLE), "fcd2", "0E5E9A9B-0000-0000-0000-000000000001");
    expect(() => V2.decode(hidden, V2.createSession(KEY))).toThrow("which this host does not tell");
  });

  it("counts: the same message again says nothing, an older one is refused, a later one counts", () => {
    const session = V2.createSession(KEY);
    const hear = (counter: number) => plain(V2.decode(frame(seal(counter, "0161")), session));
    expect(hear(9)).toEqual({ battery: 97 });
    expect(hear(9)).toBeUndefined();
    expect(() => hear(8)).toThrow(SealedError);
    expect(hear(10)).toEqual({ battery: 97 });
  });

  it("holds events, and says that they are some", () => {
    const session = V2.createSession(KEY);
    expect(plain(V2.decode(frame(seal(1, "3A013A04", { info: 0x45 })), session))).toEqual({
      button: "press",
      button_2: "long_press",
    });
    expect(V2.fields.get("button")?.event).toBe(true);
  });

  it("of a sensor that was given a key is not believed in clear, from the first message on", () => {
    const session = V2.createSession(KEY);
    const open = frame(fromHex("4002C409"));
    expect(plain(V2.decode(open, V2.createSession(undefined)))).toEqual({ temperature: 25 });
    expect(() => V2.decode(open, session)).toThrow("in clear");
    V2.decode(frame(fromHex(EXAMPLE)), session);
    expect(() => V2.decode(open, session)).toThrow("in clear");
  });

  it("tells people what key it wants", () => {
    expect(V2.key).toMatchObject({ lengths: [16], optional: true });
    expect(() => V2.createSession(new Uint8Array(12))).toThrow(RangeError);
  });

  it("is refused at every length but its own", () => {
    const whole = fromHex(EXAMPLE);
    for (let length = 1; length < whole.length; length++)
      expect(() => V2.decode(frame(whole.subarray(0, length)), V2.createSession(KEY))).toThrow(DecodeError);
  });
});

describe("no sealed frame", () => {
  it("of 20,000 with a random key gives a reading", () => {
    const random = new SeededRandom(5);
    for (let i = 0; i < 20_000; i++) {
      const session = V2.createSession(random.bytes(16));
      expect(() => V2.decode(frame(fromHex(EXAMPLE)), session)).toThrow(SealedError);
      expect(session?.state).toBe("wrong-key");
    }
  });

  it("of 20,000 that were damaged gives a reading, whatever was heard before", () => {
    const random = new SeededRandom(6);
    const session = V2.createSession(KEY);
    V2.decode(frame(fromHex(EXAMPLE)), session);
    for (let i = 0; i < 20_000; i++) {
      const bytes = fromHex(EXAMPLE);
      const at = 1 + random.below(bytes.length - 1);
      bytes[at] = bytes[at]! ^ (1 + random.below(255));
      let reading: ReturnType<typeof V2.decode>;
      try {
        reading = V2.decode(frame(bytes), session);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
      // Damage beyond the counter leaves the message that was opened already.
      expect(reading).toBeUndefined();
    }
  });
});

describe("BTHome v1", () => {
  const sealed = fromHex("FBA435E4D3C312FB0011223357D90A99");

  it("is opened with the key, the example of the format", () => {
    const session = V1.createSession(KEY);
    expect(plain(V1.decode(frame(sealed, "181e"), session))).toEqual({ temperature: 25.06, humidity: 50.55 });
    expect(V1.decode(frame(sealed, "181e"), session)).toBeUndefined();
  });

  it("stays closed without a key, and with another one", () => {
    expect(() => V1.decode(frame(sealed, "181e"))).toThrow(SealedError);
    expect(() => V1.decode(frame(sealed, "181e"), V1.createSession(new Uint8Array(16)))).toThrow("does not fit");
    expect(() => V1.decode(frame(sealed.subarray(0, 7), "181e"), V1.createSession(KEY))).toThrow("without counter");
  });

  it("tells the width of each value, its sign and its kind", () => {
    const decode = (hex: string) =>
      Object.fromEntries([...decodeBthomeV1(fromHex(hex))].map(([name, { value }]) => [name, value]));
    expect(decode("22029C")).toEqual({ temperature: -1 });
    expect(decode("2402F6FFFF")).toEqual({ temperature: -0.1 });
    expect(decode("43027043")).toEqual({ temperature: 0.0371875 });
    expect(decode("4502000048C2")).toEqual({ temperature: -0.5 });
    expect(decode("67534869207E2121")).toEqual({ text: "Hi ~!!" });
    expect(decode("8701A5808FE64854")).toEqual({ mac: "54:48:E6:8F:80:A5" });
    expect(decode("033C0103")).toEqual({ dimmer: "rotate_left", dimmer_steps: 3 });
    expect(decode("0400616263")).toEqual({ packet_id: 6_513_249 });
    expect(decode("45020000807F")).toEqual({});
  });

  it("is refused where an object ends early, or has no length", () => {
    for (const hex of ["0402", "00", "2302C4", "1F"]) expect(() => decodeBthomeV1(fromHex(hex))).toThrow("ends early");
  });

  it("never ends in anything but DecodeError, on 30,000 random messages", () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 30_000; i++) {
      try {
        for (const [, { value }] of decodeBthomeV1(random.bytes(random.below(28))))
          if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
