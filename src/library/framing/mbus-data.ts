/** The data fields of M-Bus: integers, packed decimals, floats, dates. All of them little endian. */

/** How the bytes of a data field are meant. */
export type DataKind = "integer" | "bcd" | "real";

/** Null: marked as not available. */
export function readValue(bytes: Uint8Array, kind: DataKind): number | null {
  if (bytes.length === 0) return null;
  if (kind === "bcd") return decimalOf(bytes);
  if (kind === "real") {
    const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
    return Number.isFinite(value) ? Number(value.toPrecision(7)) : null;
  }
  return integerOf(bytes);
}

/** Two's complement; the most negative number of its length means: not available (EN 13757-3 Annex A, type B). */
export function integerOf(bytes: Uint8Array): number | null {
  if (bytes.length === 0 || bytes.length > 8) return null;
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  const bits = bytes.length * 8;
  const signed = BigInt.asIntN(bits, value);
  return signed === -(1n << BigInt(bits - 1)) ? null : Number(signed);
}

/** Two digits in a byte; F as the first of them is a minus; other letters mean an error (Annex A, type A). */
function decimalOf(bytes: Uint8Array): number | null {
  let value = 0;
  const last = bytes.length - 1;
  for (let i = last; i >= 0; i--) {
    const byte = bytes[i] ?? 0;
    const high = i === last && byte >> 4 === 0xf ? 0 : byte >> 4;
    const low = byte & 0x0f;
    if (high > 9 || low > 9) return null;
    value = value * 100 + high * 10 + low;
  }
  return (bytes[last] ?? 0) >> 4 === 0xf ? -value : value;
}

/** Type G: `2014-03-13`. Null if it is invalid or none. */
export function dateOf(bytes: Uint8Array): string | null {
  if (bytes.length < 2) return null;
  const [low = 0, high = 0] = bytes;
  const day = low & 0x1f;
  const month = high & 0x0f;
  const year = ((low >> 5) | ((high & 0xf0) >> 1)) & 0x7f;
  // Two digits of a year: 81 to 99 belong to the last century.
  const full = year > 80 ? 1900 + year : 2000 + year;
  const date = new Date(Date.UTC(full, month - 1, day));
  // Beyond 99 no year is meant but every year (EN 13757-3 Annex A, type G).
  if (day === 0 || month === 0 || month > 12 || year > 99 || date.getUTCDate() !== day) return null;
  return date.toISOString().slice(0, 10);
}

/** Type F, four bytes: `2014-03-13T14:26:00`, in the meter's local time. Null if it is invalid or none. */
export function dateTimeOf(bytes: Uint8Array): string | null {
  if (bytes.length !== 4) return null;
  const [minute = 0, hour = 0] = bytes;
  const date = dateOf(bytes.subarray(2));
  if (date === null || minute & 0x80 || (minute & 0x3f) > 59 || (hour & 0x1f) > 23) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date}T${two(hour & 0x1f)}:${two(minute & 0x3f)}:00`;
}
