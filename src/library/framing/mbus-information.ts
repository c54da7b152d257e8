/** The value information of M-Bus: which quantity a record is, in which unit and power of ten (EN 13757-3 §6.4, tables 10 to 14). */

import { type ByteReader, toHex } from "../../base/bytes.ts";
import { significant } from "../language/decimal.ts";
import { type Keyed, scaledByTen } from "./keyed.ts";
import { type DataKind, dateOf, dateTimeOf, readValue } from "./mbus-data.ts";

export interface Information {
  /** Undefined for what nobody outside the maker's house understands. */
  readonly quantity: string | undefined;
  /** `+7f` for each extension that changes the meaning in a way we do not know. */
  readonly extensions: string;
  meaning(bytes: Uint8Array, kind: DataKind): Keyed;
}

/** `[first VIF, last VIF, quantity, unit, exponent of the first]`: the low bits count on from there. */
type Row = readonly [from: number, to: number, quantity: string, unit: string, exponent: number];

const PRIMARY: readonly Row[] = [
  [0x00, 0x07, "energy", "Wh", -3],
  [0x08, 0x0f, "energy", "J", 0],
  [0x10, 0x17, "volume", "m3", -6],
  [0x18, 0x1f, "mass", "kg", -3],
  [0x28, 0x2f, "power", "W", -3],
  [0x30, 0x37, "power", "J/h", 0],
  [0x38, 0x3f, "volume_flow", "m3/h", -6],
  [0x40, 0x47, "volume_flow", "m3/min", -7],
  [0x48, 0x4f, "volume_flow", "m3/s", -9],
  [0x50, 0x57, "mass_flow", "kg/h", -3],
  [0x58, 0x5b, "flow_temperature", "Cel", -3],
  [0x5c, 0x5f, "return_temperature", "Cel", -3],
  [0x60, 0x63, "temperature_difference", "K", -3],
  [0x64, 0x67, "external_temperature", "Cel", -3],
  [0x68, 0x6b, "pressure", "bar", -3],
];

/** The first extension table, behind FD. */
const SECOND: readonly Row[] = [
  [0x40, 0x4f, "voltage", "V", -9],
  [0x50, 0x5f, "current", "A", -12],
];

/** The second one, behind FB. Energies there begin where the others end. */
const THIRD: readonly Row[] = [
  [0x00, 0x01, "energy", "Wh", 5],
  [0x08, 0x09, "energy", "J", 8],
  [0x10, 0x11, "volume", "m3", 2],
  [0x18, 0x19, "mass", "kg", 5],
  [0x28, 0x29, "power", "W", 5],
];

/** Texts, counts and flags: no power of ten. */
const SECOND_PLAIN: Readonly<Record<number, string>> = {
  ...{ 0x08: "access", 0x09: "medium_code", 0x0a: "manufacturer_code", 0x0b: "parameter_set", 0x0c: "model_version" },
  ...{ 0x0d: "hardware_version", 0x0e: "firmware_version", 0x0f: "software_version", 0x10: "customer_location" },
  ...{ 0x11: "customer", 0x17: "error_flags", 0x1a: "digital_output", 0x1b: "digital_input", 0x3a: "count" },
};

const SECONDS = ["s", "min", "h", "d"] as const;
const DURATIONS: Readonly<Record<number, string>> = {
  0x20: "on_time",
  0x24: "operating_time",
  0x70: "averaging_time",
  0x74: "actuality_time",
};

export function readInformation(reader: ByteReader): Information {
  const vif = reader.u8();
  if ((vif & 0x7f) === 0x7c) return ownText(reader, vif);
  let found: Found;
  let more = vif;
  if (vif === 0xfd || vif === 0xfb) {
    more = reader.u8();
    found = vif === 0xfd ? second(more & 0x7f) : from(THIRD, more & 0x7f);
  } else found = primary(vif & 0x7f);
  return informationOf(found, readExtensions(reader, more));
}

/** A quantity as the table has it: how its bytes become a value is left open where a power of ten says all. */
interface Found {
  readonly quantity: string | undefined;
  readonly unit?: string;
  readonly exponent?: number;
  readonly special?: (bytes: Uint8Array, kind: DataKind) => Keyed["value"];
}

const NOTHING: Found = { quantity: undefined };

function from(rows: readonly Row[], vif: number): Found {
  for (const [first, last, quantity, unit, exponent] of rows)
    if (vif >= first && vif <= last) return { quantity, unit, exponent: exponent + vif - first };
  return NOTHING;
}

function primary(vif: number): Found {
  const base = vif & 0x7c;
  const lasting = DURATIONS[base];
  if (lasting !== undefined) return { quantity: lasting, unit: SECONDS[vif & 3] ?? "s", exponent: 0 };
  switch (vif) {
    case 0x6c:
      return { quantity: "date", special: dateOf };
    case 0x6d:
      return { quantity: "datetime", special: dateTimeOf };
    case 0x6e:
      return { quantity: "heat_cost", exponent: 0 };
    case 0x78:
      return { quantity: "fabrication_number", special: numberText };
    case 0x79:
      return { quantity: "identification", special: numberText };
    case 0x7a:
      return { quantity: "bus_address", exponent: 0 };
    default:
      return from(PRIMARY, vif);
  }
}

function second(vif: number): Found {
  const plain = SECOND_PLAIN[vif];
  if (plain !== undefined) return { quantity: plain, exponent: 0 };
  if (vif === 0x74) return { quantity: "battery_life", unit: "d", exponent: 0 };
  return from(SECOND, vif);
}

/** Numbers of devices keep their digits, leading zeros too. */
function numberText(bytes: Uint8Array, kind: DataKind): string | null {
  const value = readValue(bytes, kind);
  if (value === null) return null;
  return kind === "bcd" ? String(value).padStart(bytes.length * 2, "0") : String(value);
}

const MAX_EXTENSIONS = 10;

/** What follows a VIF with its high bit set: corrections of the power of ten, and meanings that we only name. */
function readExtensions(reader: ByteReader, first: number): { readonly exponent: number; readonly names: string } {
  let [more, exponent, names] = [first, 0, ""];
  for (let i = 0; more & 0x80; i++) {
    if (i >= MAX_EXTENSIONS) throw reader.error("more than ten extensions of a VIF");
    more = reader.u8();
    const vife = more & 0x7f;
    // 70 to 77 multiply by 10^-6 to 10^1, 7D by 10^3 (table 15).
    if (vife >= 0x70 && vife <= 0x77) exponent += vife - 0x76;
    else if (vife === 0x7d) exponent += 3;
    else names += `+${toHex(Uint8Array.of(vife))}`;
  }
  return { exponent, names };
}

/** 7C: the unit stands there in letters, before the value (§6.4.2). */
function ownText(reader: ByteReader, vif: number): Information {
  const letters = Uint8Array.from(reader.bytes(reader.u8())).reverse();
  const { exponent, names } = readExtensions(reader, vif);
  const quantity = String.fromCharCode(...letters)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return informationOf({ quantity: quantity === "" ? undefined : quantity, exponent: 0 }, { exponent, names });
}

function informationOf(found: Found, { exponent, names }: { exponent: number; names: string }): Information {
  const power = (found.exponent ?? 0) + exponent;
  return {
    quantity: found.quantity,
    extensions: names,
    meaning(bytes, kind) {
      if (found.special) return { value: found.special(bytes, kind) };
      const raw = readValue(bytes, kind);
      const value = raw === null ? null : scaledByTen(raw, power);
      return inSenml(value, found.unit);
    },
  };
}

/** Units that nobody has a name for, in terms of those that have one. */
function inSenml(value: number | null, unit: string | undefined): Keyed {
  if (value === null || unit === undefined) return unit === undefined ? { value } : { value, unit };
  if (unit === "J/h") return { value: significant(value / 3600), unit: "W" };
  if (unit === "m3/min") return { value: significant(value * 60), unit: "m3/h" };
  return { value: significant(value), unit };
}
