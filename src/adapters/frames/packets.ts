/** Binary packets as a port's settings describe them: how they begin and end, and how long they are. */

import { z } from "zod";
import { fromHex } from "../../base/bytes.ts";
import { beginsWith, type Find, indexOf, type Step, toStart } from "./cutter.ts";

const MAX_PACKET = 1_024;

const hex = z.string().regex(/^(?:[0-9A-Fa-f]{2}\s*){1,16}$/, { error: "Expected up to 16 bytes in hex" });

export const packetSpec = z
  .strictObject({
    start: hex,
    end: hex.optional(),
    length: z.int().min(2).max(MAX_PACKET).optional(),
    length_at: z.int().min(0).max(64).optional(),
    length_type: z.enum(["u8", "u16be", "u16le"]).default("u8"),
    /** What the length in the packet leaves out of it. */
    length_plus: z.int().min(0).max(64).default(0),
  })
  .refine((spec) => [spec.length, spec.length_at].filter((each) => each !== undefined).length < 2, {
    error: "Expected length or length_at, not both",
  })
  .refine((spec) => spec.length !== undefined || spec.length_at !== undefined || spec.end !== undefined, {
    error: "Expected length, length_at or end: where does a packet end?",
  });
export type PacketSpec = z.infer<typeof packetSpec>;

export function findPacket(spec: PacketSpec): Find {
  const start = fromHex(spec.start);
  const end = spec.end === undefined ? undefined : fromHex(spec.end);
  const size = sizeOf(spec);
  return (bytes) => {
    if (!beginsWith(bytes, start)) return toStart(bytes, start, 1) ?? { drop: 1 };
    if (bytes.length < start.length) return undefined;
    if (!size) return end && upTo(bytes, start, end);
    const length = size(bytes);
    if (length === undefined) return undefined;
    if (length <= start.length || length > MAX_PACKET) return { drop: 1 };
    if (bytes.length < length) return undefined;
    // Data may look like a beginning: what does not end where it should was none.
    const ends = !end || beginsWith(bytes.subarray(length - end.length), end);
    return ends ? { take: length } : { drop: 1 };
  };
}

/** Where beginning and end are the same, two of them in a row are the end of one packet and the beginning of the next. */
function upTo(bytes: Uint8Array, start: Uint8Array, end: Uint8Array): Step {
  const at = indexOf(bytes, end, start.length);
  if (at === start.length && beginsWith(end, start)) return { drop: start.length };
  return at < 0 ? undefined : { take: at + end.length };
}

/** Undefined for packets that only their end limits; else what says how long the one is that begins here. */
function sizeOf(spec: PacketSpec): ((bytes: Uint8Array) => number | undefined) | undefined {
  const { length, length_at: at, length_type: type, length_plus: plus } = spec;
  if (length !== undefined) return () => length;
  if (at === undefined) return undefined;
  return (bytes) => {
    const [first, second] = [bytes[at], bytes[at + 1]];
    if (first === undefined) return undefined;
    if (type === "u8") return first + plus;
    if (second === undefined) return undefined;
    return (type === "u16be" ? first * 256 + second : second * 256 + first) + plus;
  };
}

/** For tests and messages: nothing longer is ever kept. */
export const longestPacket = MAX_PACKET;
