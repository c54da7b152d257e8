/** The Block option: which part of a body this is, and how large parts are (RFC 7959 §2.2). */

import type { Option } from "../message.ts";
import { uintOption } from "../options.ts";

export interface Block {
  /** 0 to 2^20 - 1. */
  readonly number: number;
  /** More blocks follow, or are still wanted. */
  readonly more: boolean;
  /** Size exponent, 0 to 6: a block has 2^(4 + exponent) bytes. 7 is reserved. */
  readonly exponent: number;
}

export const MAX_EXPONENT = 6;
export const MAX_BLOCK_NUMBER = 0xf_ffff;

export function blockSize(exponent: number): number {
  return 16 << exponent;
}

/** Where the block starts in the body. */
export function blockOffset({ number, exponent }: Block): number {
  return number * blockSize(exponent);
}

/** The largest exponent whose blocks have no more than `bytes`; 0 where even 16 bytes do not fit. */
export function exponentFor(bytes: number): number {
  let exponent = MAX_EXPONENT;
  while (exponent > 0 && blockSize(exponent) > bytes) exponent -= 1;
  return exponent;
}

export function blockFrom(value: number): Block {
  return { number: value >>> 4, more: (value & 0x08) !== 0, exponent: value & 0x07 };
}

export function blockValue({ number, more, exponent }: Block): number {
  return (number << 4) | (more ? 0x08 : 0) | exponent;
}

export function blockOption(number: number, block: Block): Option {
  return uintOption(number, blockValue(block));
}
