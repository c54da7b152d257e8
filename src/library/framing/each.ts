/** One JSON message that speaks for several sensors: a message of its own for each of them. */

import type { Frame } from "../../sdk/adapter.ts";
import type { JsonReader } from "./json.ts";
import { isRecord, parseJsonPath, walk } from "./path.ts";

/** Sensors that one message may speak for. */
const MAX_PARTS = 64;
const MAX_KEY = 64;
/** JSON that is written again is gone through step by step. */
const MAX_DEPTH = 16;

/** The frames that a frame stands for. @throws DecodeError if it is no JSON. */
export type Parts = (frame: Frame) => readonly Frame[];

/** `$.ZbReceived.*`: everything there that is an object. Undefined if the path is none, or has no `*`. */
export function compileEach(path: string, reader: JsonReader): Parts | undefined {
  const steps = parseJsonPath(path);
  const star = steps?.indexOf("*") ?? -1;
  if (!steps || star !== steps.lastIndexOf("*") || star < 0) return undefined;
  const above = steps.slice(0, star);
  const below = steps.slice(star + 1);
  return (frame) => {
    const { payload } = frame;
    if (payload.kind !== "message") return [frame];
    const place = walk(reader.parse(payload.body), above);
    const parts: Frame[] = [];
    for (const [key, thing] of thingsIn(place)) {
      const found = walk(thing, below);
      if (!isRecord(found) || key.length > MAX_KEY || isDeep(found, MAX_DEPTH)) continue;
      if (parts.length === MAX_PARTS) break;
      const body = Buffer.from(JSON.stringify({ ...found, _key: key }));
      parts.push({ ...frame, source: `${frame.source}#${key}`, payload: { ...payload, body } });
    }
    return parts;
  };
}

function thingsIn(place: unknown): Iterable<readonly [string, unknown]> {
  if (Array.isArray(place)) return place.slice(0, MAX_PARTS).map((item: unknown, i) => [String(i + 1), item]);
  return isRecord(place) ? Object.entries(place) : [];
}

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((each) => isDeep(each, left - 1));
}
