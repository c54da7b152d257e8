/** Payloads of tags, lengths and values. */

import { DecodeError } from "../../../base/bytes.ts";
import type { FrameSpec } from "../../definition/frame.ts";
import { NUMBERS } from "./numbers.ts";

export interface Tagged {
  readonly tag: number;
  readonly value: DataView;
}

type TlvSpec = NonNullable<FrameSpec["tlv"]>;

/** Takes a payload apart. @throws DecodeError if it ends within a tag, a length or a value. */
export function tlvReader({ at, tag: tagType, length }: TlvSpec): (view: DataView) => readonly Tagged[] {
  const [tagWidth, readTag] = NUMBERS.get(tagType) ?? [1, (view, place) => view.getUint8(place)];
  const lengths =
    typeof length === "string" ? undefined : new Map(Object.entries(length).map(([tag, n]) => [Number(tag), n]));
  const header = lengths ? tagWidth : tagWidth + 1;
  return (view) => {
    const found: Tagged[] = [];
    let next = at;
    while (next < view.byteLength) {
      need(view, next + header);
      const tag = Number(readTag(view, next));
      const size = lengths ? lengths.get(tag) : view.getUint8(next + tagWidth);
      // Nobody knows where the next one begins.
      if (size === undefined) break;
      const start = next + header;
      next = start + size;
      need(view, next);
      found.push({ tag, value: new DataView(view.buffer, view.byteOffset + start, size) });
    }
    return found;
  };
}

function need(view: DataView, end: number): void {
  if (end > view.byteLength) throw new DecodeError(`${view.byteLength} bytes, ${end} wanted`);
}
