/** Writes DER (X.690), for certificates that no tool would make. */

/** One element: its tag, its length in the shortest form, and what it holds. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...head), ...contents]));
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(0x30, ...contents);
export const setOf = (...contents: readonly Uint8Array[]): Uint8Array => der(0x31, ...contents);
export const octets = (content: Uint8Array): Uint8Array => der(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Uint8Array => der(0x03, Uint8Array.of(unused), content);
export const boolean = (value: boolean): Uint8Array => der(0x01, Uint8Array.of(value ? 0xff : 0));
export const text = (value: string, tag = 0x0c): Uint8Array => der(tag, Buffer.from(value));
/** `[number]` around whole elements. */
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Uint8Array =>
  der(0xa0 + number, ...contents);

/** @param value 0 to 2^48, or bytes of a positive number. */
export function integer(value: number | Uint8Array): Uint8Array {
  const bytes = typeof value === "number" ? Buffer.from(value.toString(16).padStart(12, "0"), "hex") : value;
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return der(0x02, digits[0]! > 0x7f ? Uint8Array.of(0) : new Uint8Array(), digits);
}

/** @param dotted such as `2.5.29.17`. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const low = arc % 128;
  return arc < 128 ? [low] : [...base128(Math.floor(arc / 128)).map((byte) => byte | 0x80), low];
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return digits < "2050" ? text(digits.slice(2), 0x17) : text(digits, 0x18);
}

export const pem = (label: string, content: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(content)
    .toString("base64")
    .replaceAll(/(.{64})(?!$)/g, "$1\n")}\n-----END ${label}-----\n`;
