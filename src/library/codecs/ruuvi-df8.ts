/**
 * Ruuvi data format 8 (docs.ruuvi.com, "Data format 8 (Encrypted environmental)"; ruuvi/ruuvi.endpoints.c).
 *
 *     08 | temperature 2, humidity 2, pressure 2, power 2, movements 2, measurements 2, reserved 4 | CRC-8 | address 6
 *
 * The 16 bytes in the middle are one block of AES-ECB. The sum over what was sealed is all that tells a wrong key: one
 * in 256 fits it, so the reserved bytes, which are zero, have to be so too.
 */

import { DecodeError } from "../../base/bytes.ts";
import type { Definition } from "../definition/definition.ts";
import { significant } from "../language/decimal.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import type { Codec, FieldInfo, KeyNeed, Session } from "./codec.ts";
import { KeySession, openBlock, sessionFor } from "./seal.ts";

const LENGTH = 24;
const RESERVED = 12;

const KEY: KeyNeed = {
  lengths: [16],
  optional: false,
  where: "With whoever built the firmware of the tag.",
};

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map(
  Object.entries({
    temperature: "Cel",
    humidity: "%RH",
    pressure: "Pa",
    voltage: "V",
    tx_power: "dBm",
    movement_counter: undefined,
    measurement_sequence: undefined,
  }).map(([name, unit]) => [name, { unit, many: false }]),
);

type Found = Map<string, Quantity | undefined>;

export function ruuviDf8({ match }: Definition): Codec {
  const payload = advertBytes("manufacturer", match?.ble);
  return {
    fields: FIELDS,
    key: KEY,
    createSession: (key) => new KeySession(key, KEY),
    decode(frame, session) {
      const bytes = payload(frame);
      return bytes && open(bytes, session);
    },
  };
}

function open(bytes: Uint8Array, session: Session | undefined): Found | undefined {
  if (bytes.length !== LENGTH) throw new DecodeError(`data format 8 of ${bytes.length} bytes`);
  const keeper = sessionFor(session);
  // Nothing counts in the open: the sealed sum and the first bytes of the block tell one message from the next.
  const counter = bytes[17]! + bytes[1]! * 0x100 + bytes[2]! * 0x1_0000 + bytes[3]! * 0x100_0000;
  const opened = keeper.open({ counter, bits: 32, authentic: false }, (key) => {
    const block = openBlock(key, bytes.subarray(1, 17));
    return crc8(block) === bytes[17] && block.subarray(RESERVED).every((byte) => byte === 0) ? block : undefined;
  });
  return opened && read(new DataView(opened.buffer, opened.byteOffset, opened.byteLength));
}

function read(view: DataView): Found {
  const power = view.getUint16(6);
  const [voltage, strength] = [power >> 5, power & 0x1f];
  const quantity = (raw: number, invalid: number, value: number, unit?: string): Quantity | undefined =>
    raw === invalid ? undefined : { value: significant(value), ...(unit !== undefined && { unit }) };
  const [temperature, humidity, pressure] = [view.getInt16(0), view.getUint16(2), view.getUint16(4)];
  return new Map([
    ["temperature", quantity(temperature, -32_768, temperature * 0.005, "Cel")],
    ["humidity", quantity(humidity, 0xffff, humidity * 0.0025, "%RH")],
    ["pressure", quantity(pressure, 0xffff, pressure + 50_000, "Pa")],
    ["voltage", quantity(voltage, 0x7ff, 1.6 + voltage * 0.001, "V")],
    ["tx_power", quantity(strength, 0x1f, strength * 2 - 40, "dBm")],
    ["movement_counter", quantity(view.getUint16(8), 0xffff, view.getUint16(8))],
    ["measurement_sequence", quantity(view.getUint16(10), 0xffff, view.getUint16(10))],
  ]);
}

/** Polynomial 0x07, beginning with zero. */
function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x80) === 0 ? 0 : 0x07)) & 0xff;
  }
  return crc;
}
