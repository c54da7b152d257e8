/** Radio repeats itself: the same message heard again is one message. */

import type { Payload } from "../sdk/adapter.ts";

/** How long the same advert counts as a repetition. */
export const REPETITION_MS = 2_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A number that tells adverts apart, or undefined for other payloads: what came over a cable, a line or a broker twice
 * was said twice, and may mean it (a button pressed again).
 */
export function fingerprint(payload: Payload): number | undefined {
  if (payload.kind !== "advert") return undefined;
  let hash = FNV_OFFSET;
  for (const [company, data] of payload.manufacturer) hash = hashBytes(Math.imul(hash ^ company, FNV_PRIME), data);
  for (const [uuid, data] of payload.services) hash = hashBytes(hashText(hash, uuid), data);
  return hash;
}

function hashBytes(hash: number, bytes: Uint8Array): number {
  let result = hash;
  for (let i = 0; i < bytes.length; i++) result = Math.imul(result ^ bytes[i]!, FNV_PRIME);
  return result;
}

function hashText(hash: number, text: string): number {
  let result = hash;
  for (let i = 0; i < text.length; i++) result = Math.imul(result ^ text.charCodeAt(i), FNV_PRIME);
  return result;
}
