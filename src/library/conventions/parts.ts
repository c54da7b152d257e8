/** The frames of named values that conventions make of messages, and how they are read again. */

import { DecodeError } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Quantity } from "../reading.ts";
import { ownName, type Told, unitOf } from "./quantities.ts";

/** Frames hold no null: what is not available travels as the number that is none. */
const NOTHING = Number.NaN;
/** The field by which definitions match. */
const FORMAT = "format";
/** The field that says whether a thing is there; see `alive.told`. A part that says nothing else is no word of its values. */
export const ONLINE = "_online";

/** What a message says of one thing. Names come with their values, in the units that they have here. */
export function partOf(frame: Frame, format: string, source: string, told: ReadonlyMap<string, Told>): Frame {
  const fields: Record<string, Scalar> = { [FORMAT]: format };
  for (const [name, value] of told) if (name !== FORMAT && name !== "__proto__") fields[name] = value ?? NOTHING;
  // What a broker kept is no fresher for having been taken apart.
  const retained = frame.payload.kind === "message" && frame.payload.retained === true;
  return { source, at: frame.at, payload: { kind: "fields", fields, ...(retained && { retained }) } };
}

/** Named values as quantities. @throws DecodeError for any other frame. */
export function readPart({ payload }: Frame): Map<string, Quantity | undefined> {
  if (payload.kind !== "fields") throw new DecodeError(`no named values in a frame of ${payload.kind}`);
  const values = new Map<string, Quantity | undefined>();
  for (const [name, value] of Object.entries(payload.fields)) {
    if (name === FORMAT) continue;
    const unit = typeof value === "number" ? unitOf(ownName(name)) : undefined;
    if (typeof value === "number" && !Number.isFinite(value)) values.set(name, undefined);
    else values.set(name, unit === undefined ? { value } : { value, unit });
  }
  return values;
}

/** Names that may become endpoints and keys: short, and nothing that a topic uses. */
export const isName = (text: string): boolean => text.length > 0 && text.length <= 64 && !/[\s/+#\0]/.test(text);

/** A word as part of a field's name. */
export const asPart = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "")
    .slice(0, 64);
