/** One datagram of a client, read by other code than ours, and strictly: what RFC 7252 §3 and §5.10 do not allow is a fault. */

import { decodeMessage } from "../../../src/coap/index.ts";

export type Kind = "CON" | "NON" | "ACK" | "RST";

/** A datagram that was read. */
export interface Strict {
  readonly bytes: Uint8Array;
  readonly kind: Kind;
  /** As the wire has it: 0x45 is 2.05. */
  readonly code: number;
  readonly id: number;
  /** In hexadecimal digits. */
  readonly token: string;
  readonly options: readonly { readonly number: number; readonly value: Uint8Array }[];
  readonly payload: Uint8Array;
}

/** What is wrong with a message, in words. */
export class Fault extends Error {}

export const Opt = {
  ETag: 4,
  Observe: 6,
  LocationPath: 8,
  UriPath: 11,
  ContentFormat: 12,
  MaxAge: 14,
  UriQuery: 15,
  Accept: 17,
  Block2: 23,
  Block1: 27,
  Size2: 28,
  Size1: 60,
} as const;

/** Format and bytes of the options that an LwM2M client has a reason to send (RFC 7252 table 4, RFC 7641 §2, RFC 7959 §2.1, §4). */
const RULES: ReadonlyMap<number, readonly [format: "uint" | "string" | "opaque", min: number, max: number]> = new Map([
  [Opt.ETag, ["opaque", 1, 8]],
  [Opt.Observe, ["uint", 0, 3]],
  [Opt.LocationPath, ["string", 0, 255]],
  [Opt.UriPath, ["string", 0, 255]],
  [Opt.ContentFormat, ["uint", 0, 2]],
  [Opt.MaxAge, ["uint", 0, 4]],
  [Opt.UriQuery, ["string", 0, 255]],
  [Opt.Accept, ["uint", 0, 2]],
  [Opt.Block2, ["uint", 0, 3]],
  [Opt.Block1, ["uint", 0, 3]],
  [Opt.Size2, ["uint", 0, 4]],
  [Opt.Size1, ["uint", 0, 4]],
]);
const REPEATABLE: ReadonlySet<number> = new Set([Opt.LocationPath, Opt.UriPath, Opt.UriQuery]);
const KINDS: readonly Kind[] = ["CON", "NON", "ACK", "RST"];
const MARKER = 0xff;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @throws Fault with the words and the place. */
export function readStrictly(bytes: Uint8Array): Strict {
  const [lead = 0, code = 0, high = 0, low = 0] = bytes;
  const tokenLength = lead & 15;
  check(bytes.length >= 4, "a header of four bytes");
  check(lead >> 6 === 1, "version 1");
  check(tokenLength <= 8, "a token of no more than 8 bytes");
  check(bytes.length >= 4 + tokenLength, "a token that is all there");
  const kind = KINDS[(lead >> 4) & 3]!;
  check(code !== 0 || bytes.length === 4, "nothing behind the header of an empty message");
  check(code !== 0 || kind === "ACK" || kind === "RST", "no ping from a client");
  check(code === 0 || kind !== "RST", "a reset without a code");
  check([0, 2, 4, 5].includes(code >> 5), "a class of codes that there is");
  const token = Buffer.from(bytes.subarray(4, 4 + tokenLength)).toString("hex");
  const { options, payload } = readOptions(bytes, 4 + tokenLength);
  return { bytes, kind, code, id: high * 256 + low, token, options, payload };
}

function readOptions(bytes: Uint8Array, start: number): Pick<Strict, "options" | "payload"> {
  const options: { number: number; value: Uint8Array }[] = [];
  let at = start;
  let number = 0;
  const extended = (nibble: number): number => {
    check(nibble !== 15, "no reserved nibble");
    if (nibble < 13) return nibble;
    at += nibble - 12;
    check(at <= bytes.length, "an option header that is all there");
    return nibble === 13 ? bytes[at - 1]! + 13 : bytes[at - 2]! * 256 + bytes[at - 1]! + 269;
  };
  while (at < bytes.length) {
    const first = bytes[at]!;
    if (first === MARKER) {
      check(at + 1 < bytes.length, "a payload behind its marker");
      return { options, payload: bytes.subarray(at + 1) };
    }
    at += 1;
    const delta = extended(first >> 4);
    const length = extended(first & 15);
    number += delta;
    check(at + length <= bytes.length, `option ${number} all there`);
    checkOption(number, bytes.subarray(at, at + length));
    check(delta > 0 || options.length === 0 || REPEATABLE.has(number), `option ${number} once`);
    options.push({ number, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return { options, payload: new Uint8Array(0) };
}

function checkOption(number: number, value: Uint8Array): void {
  const rule = RULES.get(number);
  if (rule === undefined) throw new Fault(`option ${number}, which no LwM2M client has a reason to send`);
  const [format, min, max] = rule;
  check(value.length >= min && value.length <= max, `option ${number} of ${min} to ${max} bytes, not ${value.length}`);
  check(format !== "uint" || value[0] !== 0, `option ${number} without leading zeros`);
  if (format === "string") check(!text(value).includes("\0"), `option ${number} without NUL`);
}

/** @throws Fault unless it is so. */
export function check(isSo: boolean, wanted: string): void {
  if (!isSo) throw new Fault(`wanted: ${wanted}`);
}

/** @throws Fault if it is not UTF-8. */
export function text(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Fault(`text that is not UTF-8: ${hex(bytes)}`);
  }
}

export function uintOf({ options }: Strict, of: number): number | undefined {
  const option = options.find(({ number }) => number === of);
  return option?.value.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function textsOf({ options }: Strict, of: number): string[] {
  return options.filter(({ number }) => number === of).map(({ value }) => text(value));
}

export function bytesOf({ options }: Strict, of: number): string | undefined {
  const option = options.find(({ number }) => number === of);
  return option && hex(option.value);
}

/** A Block option taken apart (RFC 7959 §2.2). */
export interface StrictBlock {
  readonly number: number;
  readonly more: boolean;
  readonly size: number;
}

export function blockOf(message: Strict, of: number): StrictBlock | undefined {
  const value = uintOf(message, of);
  if (value === undefined) return undefined;
  check((value & 7) !== 7, "no block size of 2048");
  return { number: value >> 4, more: (value & 8) !== 0, size: 16 << (value & 7) };
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Such as "2.05". */
export const dotted = (code: number): string => `${code >> 5}.${String(code & 31).padStart(2, "0")}`;

const METHODS = ["", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];

/** For people: what it is, and all of its bytes. */
export function shownMessage(message: Strict): string {
  const { kind, code, id, token, bytes } = message;
  const what = code === 0 ? "" : code < 32 ? (METHODS[code] ?? `0.${code}`) : dotted(code);
  const path = textsOf(message, Opt.UriPath).join("/");
  const query = textsOf(message, Opt.UriQuery).join("&");
  return `${kind} ${what} id=${id} token=${token}${path && ` /${path}`}${query && `?${query}`} ${hex(bytes)}`;
}

/** As a server's own messages are read, which may be nonsense on purpose. */
export function readStrictlyOrNot(bytes: Uint8Array): Strict | undefined {
  const [lead = 0, code = 0, high = 0, low = 0] = bytes;
  if (bytes.length === 4) {
    return {
      bytes,
      kind: KINDS[(lead >> 4) & 3]!,
      code,
      id: high * 256 + low,
      token: "",
      options: [],
      payload: new Uint8Array(0),
    };
  }
  try {
    const { type, messageId, token, options, payload } = decodeMessage(bytes);
    for (const { number, value } of options) if (RULES.get(number)?.[0] === "string") text(value);
    return { bytes, kind: type, code, id: messageId, token: hex(token), options, payload };
  } catch {
    return undefined;
  }
}
