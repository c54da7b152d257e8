/** Conditions on the bytes of a payload: how many, how they begin, what stands at a place. */

import type { ByteCondition, LengthSpec } from "../definition/common.ts";
import type { Complain, Where } from "../source.ts";

/** What a definition, or one of its forms, asks of bytes. */
export interface BytesSpec {
  readonly length?: LengthSpec | undefined;
  /** In hex; `?` stands for any digit. */
  readonly prefix?: string | undefined;
  readonly bytes?: readonly ByteCondition[] | undefined;
}

export interface BytesTest {
  fits(bytes: Uint8Array): boolean;
  /** How much is asked: 0 is nothing. */
  readonly weight: number;
  /** The first byte, where all of it is given. */
  readonly first: number | undefined;
}

/** A whole byte, an exact length, a condition: each is a hint; half of a byte or a span of lengths is half of one. */
const HINT = 2;
const HALF = 1;

type Fits = (bytes: Uint8Array) => boolean;

export function bytesTest(spec: BytesSpec, where: Where, complain: Complain): BytesTest {
  const prefix = parsePattern(spec.prefix ?? "");
  const tests: Fits[] = [];
  if (spec.length !== undefined) tests.push(lengthTest(spec.length));
  if (prefix.length > 0) tests.push(prefixTest(prefix));
  for (const [i, condition] of (spec.bytes ?? []).entries())
    tests.push(conditionTest(condition, [...where, "bytes", i], complain));
  const [one, ...more] = tests;
  return {
    fits: one === undefined ? () => true : more.length === 0 ? one : (bytes) => tests.every((fits) => fits(bytes)),
    weight:
      (spec.length === undefined ? 0 : isSpan(spec.length) ? HALF : HINT) +
      prefix.reduce((sum, { mask }) => sum + (mask === 0 ? 0 : mask === 0xff ? HINT : HALF), 0) +
      HINT * (spec.bytes?.length ?? 0),
    first: prefix[0]?.mask === 0xff ? prefix[0].value : undefined,
  };
}

const isSpan = (length: LengthSpec) => typeof length === "object" && !Array.isArray(length);

function lengthTest(length: LengthSpec): Fits {
  if (typeof length === "number") return (bytes) => bytes.length === length;
  if (Array.isArray(length)) return (bytes) => length.includes(bytes.length);
  const { min = 0, max = Infinity } = length;
  return (bytes) => bytes.length >= min && bytes.length <= max;
}

interface MaskedByte {
  readonly mask: number;
  readonly value: number;
}

/** `A? ?? 01`: each byte with the digits that are given. */
export function parsePattern(text: string): MaskedByte[] {
  const digits = text.replaceAll(/\s/g, "");
  return Array.from({ length: digits.length >> 1 }, (_, i) => {
    const byte = digits.slice(2 * i, 2 * i + 2);
    const mask = (byte[0] === "?" ? 0 : 0xf0) | (byte[1] === "?" ? 0 : 0x0f);
    return { mask, value: Number.parseInt(byte.replaceAll("?", "0"), 16) };
  });
}

function prefixTest(prefix: readonly MaskedByte[]): Fits {
  return (bytes) => {
    if (bytes.length < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if ((bytes[i]! & prefix[i]!.mask) !== prefix[i]!.value) return false;
    return true;
  };
}

function conditionTest({ at, mask = 0xff, is, not }: ByteCondition, where: Where, complain: Complain): Fits {
  if (is === undefined && not === undefined) complain(where, '"is" or "not" is missing: what must the byte be?');
  const wanted = is === undefined ? undefined : [is].flat();
  const unwanted = [not ?? []].flat();
  const beyond = wanted?.find((value) => (value & mask) !== value);
  if (beyond !== undefined) complain([...where, "is"], `${beyond} has bits that the mask ${mask} takes away`);
  return (bytes) => {
    const byte = bytes[at < 0 ? bytes.length + at : at];
    // Nobody can say of a byte that is not there what it is not.
    if (byte === undefined) return false;
    const masked = byte & mask;
    return (wanted?.includes(masked) ?? true) && !unwanted.includes(masked);
  };
}
