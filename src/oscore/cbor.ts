/** As much CBOR as OSCORE hashes and authenticates, and never sends (RFC 8949 §3). */

import { ByteWriter } from "../base/bytes.ts";
import { toUtf8 } from "../base/utf8.ts";

export type Item = number | string | null | Uint8Array | readonly Item[];

const Major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4 } as const;
const NULL = 0xf6;

/** In the shortest form. Numbers are whole and of at most 32 bits. */
export function encodeCbor(item: Item): Uint8Array {
  const out = new ByteWriter();
  write(out, item);
  return out.finish();
}

function write(out: ByteWriter, item: Item): void {
  if (item === null) out.u8(NULL);
  else if (typeof item === "number") head(out, item < 0 ? Major.negative : Major.unsigned, item < 0 ? -1 - item : item);
  else if (typeof item === "string") {
    const text = toUtf8(item);
    head(out, Major.text, text.length);
    out.bytes(text);
  } else if (item instanceof Uint8Array) {
    head(out, Major.bytes, item.length);
    out.bytes(item);
  } else {
    head(out, Major.array, item.length);
    for (const each of item) write(out, each);
  }
}

function head(out: ByteWriter, major: number, value: number): void {
  const lead = major << 5;
  if (value < 24) out.u8(lead | value);
  else if (value < 0x100) out.u8(lead | 24).u8(value);
  else if (value < 0x1_0000) out.u8(lead | 25).u16(value);
  else out.u8(lead | 26).u32(value);
}
