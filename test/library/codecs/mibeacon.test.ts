/** MiBeacon: plain and sealed, old and new, and all that may be wrong with it. Frames: Bluetooth-Devices/xiaomi-ble. */

import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { OBJECTS } from "../../../src/library/codecs/mibeacon/objects.ts";
import { PRODUCTS } from "../../../src/library/codecs/mibeacon/products.ts";
import { type Device, loadDevices, SealedError, type Session } from "../../../src/library/index.ts";
import { frameOf, serviceAdvert } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const DEVICE: Device = library.get("xiaomi.mibeacon")!;
const UUID = "0000fe95-0000-1000-8000-00805f9b34fb";
const frame = (bytes: Uint8Array, source = "06:05:04:03:02:01") => frameOf(serviceAdvert(UUID, bytes), source);

function read(hex: string, session?: Session, source?: string) {
  const reading = DEVICE.decode(frame(fromHex(hex), source), session);
  return reading && Object.fromEntries([...reading.fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
}

/** A plain message of a product with these objects; the address is that of `frame`. */
const plain = (product: string, objects: string) => `5050${product}07010203040506${objects}`;
const said = (product: string, objects: string) => {
  const found = Object.entries(read(plain(product, objects)) ?? {});
  return Object.fromEntries(found.filter(([name]) => name !== "model" && name !== "packet_id"));
};

const KEY = fromHex("E9EA895FAC7CCA6D30532432A516F3A8");
const SEALED = "58585B0550F4830238C1A495EF58763C26000097E2ABB5";

/** Sealed as version 5 does it, the whole counter of four bytes given. */
function seal(counter: number, objects: string): Uint8Array {
  const head = fromHex(`58585B05${(counter & 0xff).toString(16).padStart(2, "0")}F4830238C1A4`);
  const upper = Uint8Array.of(counter >>> 8, counter >>> 16, counter >>> 24);
  const nonce = Uint8Array.of(...head.subarray(5), ...head.subarray(2, 5), ...upper);
  const cipher = createCipheriv("aes-128-ccm", KEY, nonce, { authTagLength: 4 });
  const plaintext = fromHex(objects);
  cipher.setAAD(Uint8Array.of(0x11), { plaintextLength: plaintext.length });
  const sealed = cipher.update(plaintext);
  cipher.final();
  return Uint8Array.of(...head, ...sealed, ...upper, ...cipher.getAuthTag());
}

describe("a sealed MiBeacon of version 4 or 5", () => {
  const hear = (session: Session | undefined, counter: number) =>
    DEVICE.decode(frame(seal(counter, "0A100161")), session)?.fields.get("battery")?.value;

  it("is opened with the key", () => {
    const session = DEVICE.createSession(KEY);
    expect(read(SEALED, session)).toMatchObject({ model: "LYWSD03MMC", humidity: 46.7 });
    expect(session?.state).toBe("opened");
  });

  it("counts over four bytes, of which only the lowest stands in front", () => {
    const session = DEVICE.createSession(KEY);
    expect([0x2ff, 0x300, 0x1_0000].map((counter) => hear(session, counter))).toEqual([97, 97, 97]);
    expect(hear(session, 0x1_0000)).toBeUndefined();
    expect(() => hear(session, 0x300)).toThrow(SealedError);
  });

  it("is believed again after its battery was changed: with the third message that rises", () => {
    const session = DEVICE.createSession(KEY);
    hear(session, 70_000);
    expect(() => hear(session, 1)).toThrow("said again");
    expect(() => hear(session, 2)).toThrow("said again");
    expect(hear(session, 3)).toBe(97);
  });

  it("is not opened by a key of the old length, nor by any other, nor without one", () => {
    expect(() => read(SEALED)).toThrow("a key is needed");
    expect(() => read(SEALED, DEVICE.createSession(new Uint8Array(12)))).toThrow("does not fit");
    const random = new SeededRandom(8);
    for (let i = 0; i < 10_000; i++)
      expect(() => read(SEALED, DEVICE.createSession(random.bytes(16)))).toThrow(SealedError);
    expect(() => DEVICE.createSession(new Uint8Array(8))).toThrow(new RangeError("the key has 16 or 12 bytes, not 8"));
  });

  it("gives what was sealed or nothing once a bit of it differs", () => {
    for (let bit = 0; bit < SEALED.length * 4; bit++) {
      const bytes = fromHex(SEALED);
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      let humidity: unknown;
      try {
        humidity = DEVICE.decode(frame(bytes), DEVICE.createSession(KEY))?.fields.get("humidity")?.value;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
      // Some bits of the head are outside of what is sealed.
      expect([46.7, undefined]).toContain(humidity);
    }
  });

  it("takes the address from its source where it has none, and says so if nobody tells it", () => {
    const bare = "48584225 29202D8C7A76B756A82A0078B8224E";
    const session = () => DEVICE.createSession(fromHex("19B1C678AB0A8BC3DC77765F059188D4"));
    expect(read(bare, session(), "A4:C1:38:0E:FD:78")).toMatchObject({ temperature: 26.1 });
    expect(() => read(bare, session(), "0E5E9A9B-0000-0000-0000-000000000001")).toThrow("does not tell");
  });

  it("is refused where it ends before its tag", () => {
    for (let length = 0; length < SEALED.length / 2; length++)
      expect(() => read(SEALED.slice(0, length * 2), DEVICE.createSession(KEY))).toThrow(DecodeError);
  });
});

describe("a sealed MiBeacon of version 2 or 3", () => {
  const PRESS = "5830B603D28B98C54124F8C3491476757E00000099";
  const OLD = "B853075158487CA39A5B5EA9";

  it("is opened with its key of twelve bytes, and told apart by the one byte of its tag", () => {
    const session = DEVICE.createSession(fromHex(OLD));
    expect(read(PRESS, session)).toMatchObject({ dimmer: "press", dimmer_steps: 1 });
    expect(read(PRESS, session)).toBeUndefined();
    expect(() => read(`${PRESS.slice(0, -2)}98`, DEVICE.createSession(fromHex(OLD)))).toThrow("does not fit");
    expect(() => read(PRESS, DEVICE.createSession(new Uint8Array(16)))).toThrow("does not fit");
  });

  it("gives nothing for 20,000 other keys: what they open makes no sense either", () => {
    const random = new SeededRandom(9);
    for (let i = 0; i < 20_000; i++) {
      const session = DEVICE.createSession(random.bytes(12));
      expect(() => DEVICE.decode(frame(fromHex(PRESS)), session)).toThrow(SealedError);
    }
  });
});

describe("a plain MiBeacon", () => {
  it("may hold several objects, unknown ones among them", () => {
    expect(said("AA01", "0D1004B4009502" + "341202FFFF" + "0A10013B")).toEqual({
      temperature: 18,
      humidity: 66.1,
      battery: 59,
    });
  });

  it("says nothing where it has no objects, is of version 1, or of a mesh", () => {
    for (const control of ["3120", "5010", "D050"])
      expect(read(`${control}98000701020304050604100200C4`)).toBeUndefined();
  });

  it("may tell its capability, with two bytes more where it has inputs and outputs", () => {
    expect(read("7150980007010203040506 0D 0A10013B")).toMatchObject({ battery: 59 });
    expect(read("7150980007010203040506 28 0100 0A10013B")).toMatchObject({ battery: 59 });
    expect(() => read("7150980007010203040506 28 01")).toThrow("ends before its objects");
  });

  it("names no model that nobody knows", () => {
    expect(read(plain("FFFF", "0A10013B"))).toEqual({ packet_id: 7, battery: 59 });
    expect(PRODUCTS.get(0x055b)).toBe("LYWSD03MMC");
    expect(PRODUCTS.size).toBeGreaterThan(90);
  });

  it.each([
    ["BF07", "0110030000 00", { button: "press" }],
    ["BF07", "0110030000 01", { button: "double_press" }],
    ["BF07", "0110030000 02", { button: "long_press" }],
    ["BF07", "0110030000 07", {}],
    ["B603", "0110030002 03", { dimmer: "press", dimmer_steps: 2 }],
    ["B603", "0110030105 03", { dimmer: "long_press", dimmer_steps: 5 }],
    ["B603", "01100300FE 04", { dimmer: "rotate_left", dimmer_steps: 2 }],
    ["B603", "0110030300 04", { dimmer: "rotate_right_pressed", dimmer_steps: 3 }],
    ["5301", "0110030300 00", { key: "plus", button: "press" }],
    ["5301", "0110030900 00", { button: "press" }],
    ["6815", "0110030000 02", { button: "double_press" }],
    ["6915", "0110030200 00", { button_left: "press", button_right: "press" }],
    ["6915", "0110030300 00", {}],
    ["E104", "0110030000 00", { cube: "rotate_right" }],
    ["101C", "0C4E010F", { button: "double_press" }],
    ["101C", "0C4E0102", {}],
    ["4919", "0D4E0103", { button_left: "double_press", button_right: "double_press" }],
    ["8918", "0E4A00", { button: "long_press" }],
  ])("of product %s with %s tells what was done: %o", (product, objects, expected) => {
    expect(said(product, objects)).toEqual(expected);
  });

  it.each([
    ["190000", { opening: true }],
    ["190001", { opening: false, door_left_open: false }],
    ["190002", { opening: true, door_left_open: true }],
    ["190003", {}],
  ])("of a door: %s is %o", (object, expected) => {
    expect(said("8B09", `1910 01 ${object.slice(4)}`)).toEqual(expected);
  });

  it("tells of a bed who lies in it, and two presses", () => {
    const hex = "5859DB20B57B37D6D1B5CCEEAC2CF2030000AF66E6B0";
    const session = DEVICE.createSession(fromHex("13F072B8C8469F54AC2C333EE746D771"));
    expect(read(hex, session, "CC:B5:D1:D6:37:7B")).toMatchObject({ model: "MJZNZ018H", button: "double_press" });
    expect(said("DB20", "165A0101")).toEqual({ occupancy: true });
    expect(said("DB20", "165A0102")).toEqual({ occupancy: false });
    expect(said("DB20", "165A0104")).toEqual({});
  });

  it("tells motion by how long there was none", () => {
    expect(said("8D0A", "1710041E000000")).toEqual({ motion: true, no_motion_duration: 30 });
    expect(said("8D0A", "1710041F000000")).toEqual({ motion: false, no_motion_duration: 31 });
    expect(said("EB2A", "1848020000")).toEqual({ motion: true, no_motion_duration: 0 });
    expect(said("EB2A", "1B1001 00")).toEqual({ motion: false });
  });

  it("gives no number for floats that are none", () => {
    expect(said("4225", "014C040000C07F" + "084C040000807F")).toEqual({});
    expect(said("4225", "084A040000C07F")).toEqual({ motion: true });
  });
});

describe("whatever comes", () => {
  it("names only fields that are announced, and ends in nothing but DecodeError, on 50,000 random messages", () => {
    const random = new SeededRandom(10);
    const types = [...OBJECTS.keys()];
    const products = [...PRODUCTS.keys()];
    for (let i = 0; i < 50_000; i++) {
      const bytes = random.bytes(5 + random.below(26));
      bytes.set([0x40, 0x50], 0);
      const product = products[random.below(products.length)]!;
      bytes.set([product & 0xff, product >> 8], 2);
      const type = types[random.below(types.length)]!;
      if (bytes.length > 9) bytes.set([type & 0xff, type >> 8, random.below(10)], 5);
      try {
        for (const [name, quantity] of DEVICE.decode(frame(bytes))?.fields ?? []) {
          if (!DEVICE.fields.has(name)) throw new Error(name);
          if (typeof quantity?.value === "number") expect(Number.isFinite(quantity.value)).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
