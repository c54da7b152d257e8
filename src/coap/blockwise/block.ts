/** The Block option: which part of a body this is, and how large parts are (RFC 7959 §2.2). */

import type { Option } from "../message.ts";
import { uintOption } from "../options.ts";

export interface Block {
  /** 0 to 2^20 - 1. */
  readonly number: number;
  /** More blocks follow, or are still wanted. */
  readonly more: boolean;
  /** Size exponent, 0 to 6: a block has 2^(4 + exponent) bytes. 7 is BERT on streams, and reserved elsewhere. */
  readonly exponent: number;
}

export const MAX_EXPONENT = 6;
/** One message carries any number of blocks of the largest size, and numbers count those (RFC 8323 §6). */
export const BERT = 7;
export const MAX_BLOCK_NUMBER = 0xf_ffff;

/** What block numbers count in: with BERT, 1,024. */
export function blockSize(exponent: number): number {
  return 16 << Math.min(exponent, MAX_EXPONENT);
}

/** Whether a message with this Block option may carry a payload of so many bytes (RFC 7959 §2.2, RFC 8323 §6). */
export function carries({ exponent, more }: Block, length: number): boolean {
  const size = blockSize(exponent);
  if (exponent === BERT) return !more || (length > 0 && length % size === 0);
  return more ? length === size : length <= size;
}

/** The exponent for messages with room for so many bytes of payload, blocks being no longer than `limit`. */
export function exponentWithin(room: number, limit: number, bert: boolean | undefined): number {
  const several = bert === true && limit >= blockSize(MAX_EXPONENT) && room >= 2 * blockSize(MAX_EXPONENT);
  return several ? BERT : exponentFor(Math.min(limit, room));
}

/** Bytes of payload of one message with this exponent, in the room that it has. */
export function payloadSize(exponent: number, room: number): number {
  const size = blockSize(exponent);
  return exponent === BERT ? room - (room % size) : size;
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
