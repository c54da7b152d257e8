/**
 * ATC and PVVX firmware for Xiaomi's thermometers, sealed (pvvx/ATC_MiThermometer, "Custom encrypted beacons").
 *
 *     counter 1 | temperature, humidity and battery in halves, 3  | tag 4      (ATC)
 *     counter 1 | temperature 2, humidity 2, battery 1, state 1   | tag 4      (PVVX)
 *
 * AES-CCM over that, with the address, the head of the advert's section and the counter for a nonce.
 */

import { DecodeError } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import { significant } from "../language/decimal.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import { addressOf, reversed } from "./address.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "./codec.ts";
import { KeySession, markOf, openCcm, sessionFor } from "./seal.ts";

const AAD = Uint8Array.of(0x11);
const ATC = 8;
const PVVX = 11;
/** Type of the section and its UUID, 181A, as in the air. */
const SECTION = [0x16, 0x1a, 0x18] as const;

const KEY: KeyNeed = {
  lengths: [16],
  optional: false,
  where: "On the page that flashed the firmware, as bind key.",
};

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map([
  ["temperature", { unit: "Cel", many: false }],
  ["humidity", { unit: "%RH", many: false }],
  ["battery", { unit: "%EL", many: false }],
  ["counter", { unit: undefined, many: false }],
  ["switch", { unit: undefined, many: false }],
]);

export function pvvx({ match }: Definition): Codec {
  const payload = advertBytes("service_data", match?.ble);
  return {
    fields: FIELDS,
    key: KEY,
    createSession: (key) => new KeySession(key, KEY),
    decode(frame, session) {
      const bytes = payload(frame);
      return bytes && open(bytes, frame, session);
    },
  };
}

function open(bytes: Uint8Array, frame: Frame, session: Session | undefined): Map<string, Quantity> | undefined {
  if (bytes.length !== ATC && bytes.length !== PVVX)
    throw new DecodeError(`sealed in ${bytes.length} bytes, not 8 or 11`);
  const keeper = sessionFor(session);
  const counter = bytes[0]!;
  const nonce = Uint8Array.of(...reversed(addressOf(frame)), bytes.length + SECTION.length, ...SECTION, counter);
  const message = { nonce, sealed: bytes.subarray(1, -4), tag: bytes.subarray(-4), aad: AAD };
  const opened = keeper.open({ counter, bits: 8, authentic: true, mark: markOf(message.tag) }, (key) =>
    openCcm(key, message),
  );
  if (!opened) return undefined;
  const found = opened.length === 3 ? readAtc(opened) : readPvvx(opened);
  return found.set("counter", { value: counter });
}

/** Halves of a degree over -40, halves of a percent, percent with a switch in the highest bit. */
function readAtc(opened: Uint8Array): Map<string, Quantity> {
  const [temperature, humidity, battery] = [opened[0]!, opened[1]!, opened[2]!];
  return new Map<string, Quantity>([
    ["temperature", { value: temperature / 2 - 40, unit: "Cel" }],
    ["humidity", { value: humidity / 2, unit: "%RH" }],
    ["battery", { value: battery & 0x7f, unit: "%EL" }],
    ["switch", { value: battery > 0x7f }],
  ]);
}

function readPvvx(opened: Uint8Array): Map<string, Quantity> {
  const view = new DataView(opened.buffer, opened.byteOffset, opened.byteLength);
  return new Map<string, Quantity>([
    ["temperature", { value: significant(view.getInt16(0, true) * 0.01), unit: "Cel" }],
    ["humidity", { value: significant(view.getUint16(2, true) * 0.01), unit: "%RH" }],
    ["battery", { value: opened[4]!, unit: "%EL" }],
    ["switch", { value: (opened[5]! & 0x02) !== 0 }],
  ]);
}
