/**
 * MiBeacon, versions 2 to 5: what Xiaomi's sensors and those of its partners say under the service FE95.
 *
 *     control 2 | product 2 | counter 1 | [address 6] | [capability 1 | [in and out 2]] | objects
 *     sealed, from version 4 on:  objects | counter, upper part 3 | tag 4
 *     sealed, up to version 3:    objects | random 3 | first byte of a tag 1
 *
 * Bits of control: 3 sealed, 4 address, 5 capability, 6 objects, 7 mesh, 12 to 15 version.
 */

import { createCipheriv } from "node:crypto";
import { DecodeError } from "../../../base/bytes.ts";
import type { Frame } from "../../../sdk/adapter.ts";
import type { Definition } from "../../definition/definition.ts";
import { significant } from "../../language/decimal.ts";
import { advertBytes } from "../../matching/advert.ts";
import type { Quantity } from "../../reading.ts";
import { addressOf, reversed } from "../address.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "../codec.ts";
import { EVENTS } from "./events.ts";
import { OBJECTS } from "./objects.ts";
import { PRODUCTS } from "./products.ts";
import { KeySession, markOf, openCcm, openCtr, sessionFor } from "../seal.ts";

const SEALED = 0x08;
const ADDRESS = 0x10;
const CAPABILITY = 0x20;
const HAS_OBJECTS = 0x40;
const MESH = 0x80;
const IN_AND_OUT = 0x20;
const LEGACY = 3;
const AAD = Uint8Array.of(0x11);
/** What makes 16 bytes of a key of 12. */
const MIDDLE = [0x8d, 0x3d, 0x3c, 0x97] as const;
const LEGACY_KEY = 12;

const KEY: KeyNeed = {
  lengths: [16, LEGACY_KEY],
  optional: true,
  where:
    "In the vendor's cloud account, where tools for Mi Home read it as bind key; that of older remotes is the short one.",
};

const UNITS: Readonly<Record<string, string>> = {
  temperature: "Cel",
  humidity: "%RH",
  battery: "%EL",
  illuminance: "lx",
  moisture: "%",
  conductivity: "uS/cm",
  formaldehyde: "ug/m3",
  consumable: "%",
  mass: "kg",
  heart_rate: "beat/min",
  impedance_low: "Ohm",
  impedance_high: "Ohm",
  no_motion_duration: "s",
  present_duration: "s",
  absent_duration: "s",
};

const STATES = [
  ...["model", "packet_id", "motion", "occupancy", "occupancy_near", "light_detected", "opening", "door"],
  ...["door_left_open", "door_pried", "door_stuck", "knock", "tamper", "moisture_detected", "splash_detected"],
  ...["smoke", "gas_detected", "power_on", "battery_low", "battery_charging", "armed", "lock", "sleeping"],
  ...["snoring", "worn", "brushing", "brush_count", "brush_score", "profile"],
];

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map([
  ...Object.entries(UNITS).map(([name, unit]): [string, FieldInfo] => [name, { unit, many: false }]),
  ...STATES.map((name): [string, FieldInfo] => [name, { unit: undefined, many: false }]),
  ...EVENTS.map((name): [string, FieldInfo] => [name, { unit: undefined, many: false, event: true }]),
]);

export function mibeacon({ match }: Definition): Codec {
  const payload = advertBytes("service_data", match?.ble);
  return {
    fields: FIELDS,
    key: KEY,
    createSession: (key) => new KeySession(key, KEY),
    decode(frame, session) {
      const bytes = payload(frame);
      const beacon = bytes && readBeacon(bytes);
      return beacon && decodeBeacon(beacon, frame, session);
    },
  };
}

interface Beacon {
  readonly bytes: Uint8Array;
  readonly control: number;
  readonly product: number;
  readonly counter: number;
  /** As in the air, the last byte first. */
  readonly address: Uint8Array | undefined;
  /** Where objects begin. */
  readonly at: number;
}

/** Undefined if it says nothing but who is there. @throws DecodeError if it ends early. */
function readBeacon(bytes: Uint8Array): Beacon | undefined {
  if (bytes.length < 5) throw new DecodeError("MiBeacon of less than five bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const control = view.getUint16(0, true);
  if (control >> 12 < 2 || (control & MESH) !== 0 || (control & HAS_OBJECTS) === 0) return undefined;
  let at = 5;
  const address = (control & ADDRESS) === 0 ? undefined : bytes.subarray(at, at + 6);
  at += address ? 6 : 0;
  if ((control & CAPABILITY) !== 0) at += ((bytes[at] ?? 0) & IN_AND_OUT) === 0 ? 1 : 3;
  if (at > bytes.length) throw new DecodeError("MiBeacon ends before its objects");
  return { bytes, control, product: view.getUint16(2, true), counter: bytes[4]!, address, at };
}

function decodeBeacon(beacon: Beacon, frame: Frame, session: Session | undefined): Map<string, Quantity> | undefined {
  const { bytes, control, product, at } = beacon;
  const model = PRODUCTS.get(product);
  const found = new Map<string, Quantity>();
  if (model !== undefined) found.set("model", { value: model });
  found.set("packet_id", { value: beacon.counter });
  const before = found.size;
  if ((control & SEALED) === 0) {
    if (!readObjects(found, bytes.subarray(at), model)) throw new DecodeError("MiBeacon object ends early");
  } else {
    const opened = control >> 12 > LEGACY ? openModern(beacon, frame, session) : openLegacy(beacon, frame, session);
    if (!opened) return undefined;
    readObjects(found, opened, model);
  }
  return found.size > before ? found : undefined;
}

/** Version 4 and 5: AES-CCM, with a counter of which the lowest byte stands in front. */
function openModern(beacon: Beacon, frame: Frame, session: Session | undefined): Uint8Array | undefined {
  const { bytes, at, counter, address } = beacon;
  if (bytes.length < at + 7) throw new DecodeError("sealed MiBeacon without counter and tag");
  const keeper = sessionFor(session);
  const upper = bytes.subarray(-7, -4);
  const nonce = Uint8Array.of(...(address ?? reversed(addressOf(frame))), ...bytes.subarray(2, 5), ...upper);
  const message = { nonce, sealed: bytes.subarray(at, -7), tag: bytes.subarray(-4), aad: AAD };
  const [a = 0, b = 0, c = 0] = upper;
  const count = counter + a * 0x100 + b * 0x1_0000 + c * 0x100_0000;
  return keeper.open({ counter: count, bits: 32, authentic: true, mark: markOf(message.tag) }, (key) =>
    key.length === LEGACY_KEY ? undefined : openCcm(key, message),
  );
}

/**
 * Version 2 and 3: the same cipher, but of its tag only the first byte travels. One wrong key in 256 fits it, so what
 * is opened has to make sense as well: known objects of their own lengths, and nothing else.
 */
function openLegacy(beacon: Beacon, frame: Frame, session: Session | undefined): Uint8Array | undefined {
  const { bytes, at, counter, address } = beacon;
  if (bytes.length < at + 7) throw new DecodeError("sealed MiBeacon without random bytes");
  const keeper = sessionFor(session);
  const own = address ?? reversed(addressOf(frame));
  const nonce = Uint8Array.of(...bytes.subarray(0, 5), ...bytes.subarray(-4, -1), ...own.subarray(0, 5));
  const sealed = bytes.subarray(at, -4);
  return keeper.open({ counter, bits: 8, authentic: false, mark: markOf(bytes.subarray(-4)) }, (key) => {
    if (key.length !== LEGACY_KEY) return undefined;
    const whole = Uint8Array.of(...key.subarray(0, 6), ...MIDDLE, ...key.subarray(6));
    const opened = openCtr(whole, Uint8Array.of(1, ...nonce, 0, 1), sealed);
    return firstOfTag(whole, nonce, opened) === bytes.at(-1) && areKnown(opened) ? opened : undefined;
  });
}

/** RFC 3610 §2.2, with a tag of 16 bytes. */
function firstOfTag(key: Uint8Array, nonce: Uint8Array, opened: Uint8Array): number | undefined {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: 16 });
  cipher.setAAD(AAD, { plaintextLength: opened.length });
  cipher.update(opened);
  cipher.final();
  return cipher.getAuthTag()[0];
}

/** Whether bytes are known objects, one after the other, each as long as it should be. */
function areKnown(bytes: Uint8Array): boolean {
  let at = 0;
  while (at + 3 <= bytes.length) {
    const length = bytes[at + 2]!;
    if (!OBJECTS.get(bytes[at]! + bytes[at + 1]! * 0x100)?.lengths.includes(length)) return false;
    at += 3 + length;
  }
  return at === bytes.length && at > 0;
}

/**
 * Whether all objects were whole. Unknown ones, and known ones of a strange length, are passed over, and so are one or
 * two bytes at the end: some thermometers have them.
 */
function readObjects(found: Map<string, Quantity>, bytes: Uint8Array, model: string | undefined): boolean {
  const put = (name: string, value: Quantity["value"]) => {
    const unit = UNITS[name];
    if (typeof value === "number" && !Number.isFinite(value)) return;
    const exact = typeof value === "number" ? significant(value) : value;
    found.set(name, unit === undefined ? { value: exact } : { value: exact, unit });
  };
  let at = 0;
  while (at + 3 <= bytes.length) {
    const length = bytes[at + 2]!;
    const end = at + 3 + length;
    if (end > bytes.length) return false;
    const object = OBJECTS.get(bytes[at]! + bytes[at + 1]! * 0x100);
    if (object?.lengths.includes(length))
      object.read(put, new DataView(bytes.buffer, bytes.byteOffset + at + 3, length), model);
    at = end;
  }
  return true;
}
