/**
 * Govee's battery sensors H5121 to H5126 and H5130: what happened, under a cipher whose key is in the frame itself, so
 * that nobody has to be asked for one. Format: Bluetooth-Devices/govee-ble.
 *
 *     2 | time in ms, 4: the key, with twelve zeros | 16, sealed | CRC-16 of these, 2 |
 *
 * Key, sealed block and opened block are read from their last byte to their first. The sum is over what is sealed, and
 * not over the key: that the key was not changed on its way is told by the zeros in what it opens.
 */

import { DecodeError } from "../../base/bytes.ts";
import type { Definition } from "../definition/definition.ts";
import { highFirst } from "../framing/binary/checks.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import type { Codec, FieldInfo } from "./codec.ts";
import { openBlock } from "./seal.ts";

const LENGTH = 24;
const TIME = 2;
const SEALED = 6;
const SUM = 22;
/** Of the opened block. */
const MODEL = 2;
const BATTERY = 4;
const STATE = 5;
/** Zeros from here on, in all frames that were ever recorded. */
const ZEROS = 8;

/** CRC-16 with the polynomial of CCITT, begun so that a zero in front of a message counts (SPI Fujitsu). */
const sum = highFirst({ bits: 16, polynomial: 0x1021, start: 0x1d0f });

type Told = readonly [name: string, value: string | number | boolean] | undefined;

interface Model {
  readonly name: string;
  /** What a state means; undefined: that nothing happened, such as a sign of life. */
  readonly tell: (state: number) => Told;
}

const whenOne = (name: string) => (state: number) => (state === 1 ? ([name, true] as const) : undefined);
/** Buttons count from 0 in the air, from 1 in a reading. */
const button = (state: number): Told => ["button", state + 1];

const MODELS: ReadonlyMap<number, Model> = new Map([
  [2, { name: "H5123", tell: (state) => ["window", state === 2] }],
  [3, { name: "H5121", tell: whenOne("motion") }],
  [8, { name: "H5122", tell: button }],
  [9, { name: "H5124", tell: whenOne("vibration") }],
  [10, { name: "H5125", tell: button }],
  [11, { name: "H5126", tell: button }],
  // A mat with a button: 16 is the button, 1 that somebody stands or sits on it.
  [13, { name: "H5130", tell: (state) => (state === 16 ? button(0) : ["presence", state === 1]) }],
] as const);

const BUTTONS = 6;

const plain = (unit?: string): FieldInfo => ({ unit, many: false });
const event: FieldInfo = { unit: undefined, many: false, event: true };

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map([
  ["model", plain()],
  ["battery", plain("%EL")],
  ["sequence", plain()],
  ["window", plain()],
  ["presence", plain()],
  ["motion", event],
  ["vibration", event],
  ["button", event],
]);

export function govee512x({ match }: Definition): Codec {
  const payload = advertBytes("manufacturer", match?.ble);
  return {
    fields: FIELDS,
    decode(frame) {
      const bytes = payload(frame);
      return bytes && decodeGovee512x(bytes);
    },
  };
}

/** What a beacon glued to its end says is not read. @throws DecodeError if it is too short, or sum or key do not fit. */
export function decodeGovee512x(bytes: Uint8Array): Map<string, Quantity | undefined> | undefined {
  if (bytes.length < LENGTH) throw new DecodeError(`Govee: ${bytes.length} bytes where ${LENGTH} are needed`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (sum(bytes, SEALED, SUM) !== view.getUint16(SUM)) throw new DecodeError("Govee: the sum does not fit");
  const opened = open(bytes);
  if (opened.subarray(ZEROS).some((byte) => byte !== 0))
    throw new DecodeError("Govee: the time that is its key does not open it");
  const model = MODELS.get(opened[MODEL] ?? 0);
  if (!model) return undefined;
  const battery = opened[BATTERY] ?? 0;
  const found = new Map<string, Quantity | undefined>([
    ["model", { value: model.name }],
    ["battery", battery <= 100 ? { value: battery, unit: "%EL" } : undefined],
    ["sequence", { value: view.getUint32(TIME) }],
  ]);
  const [name, value] = model.tell(opened[STATE] ?? 0) ?? [];
  if (name !== undefined && value !== undefined)
    found.set(name, typeof value === "number" && value > BUTTONS ? undefined : { value });
  return found;
}

function open(bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(16);
  key.set(bytes.subarray(TIME, SEALED));
  return openBlock(key.reverse(), bytes.slice(SEALED, SUM).reverse()).toReversed();
}
