/** What the configuration says of one sensor besides who it is, and whether that fits what it turns out to be. */

import { nearest } from "../../base/nearest.ts";
import type { Secret } from "../../base/secret.ts";
import { type Correction, type Device, isOneOf, type MappingOptions, type ReportSpecs } from "../../library/index.ts";
import type { Memory } from "../memory.ts";
import { digitsOf } from "./key.ts";

export interface Tuning {
  /** What its frames are sealed with, in hexadecimal digits. */
  readonly key?: Secret;
  /** By field. */
  readonly corrections?: ReadonlyMap<string, Correction>;
  /** By field. */
  readonly report?: ReportSpecs;
  /** Milliseconds. */
  readonly alive?: Partial<Device["alive"]>;
}

/** Something that does not fit, and what a person can do. */
export interface Misfit {
  readonly what: string;
  readonly next: string;
}

/** How long a sensor may be silent: as its kind, unless its owner knows better. */
export function patienceOf({ alive }: Device, tuning: Tuning | undefined): Device["alive"] {
  const own = tuning?.alive;
  if (!own) return alive;
  const staleMs = own.staleMs ?? alive.staleMs;
  // Who says only one of them does not want the other before it.
  return { expectMs: own.expectMs ?? alive.expectMs, staleMs, goneMs: Math.max(own.goneMs ?? alive.goneMs, staleMs) };
}

/** What a mapping is made with; undefined for nearly all. */
export function mappingOptions(tuning: Tuning | undefined, { counts }: Memory): MappingOptions | undefined {
  const corrections = tuning?.corrections;
  if (!corrections && !counts) return undefined;
  return { ...(corrections && { corrections }), ...(counts && { counts }) };
}

/** Fields that its kind does not have, and a key that cannot be one. */
export function misfitsOf(tuning: Tuning, device: Device, label: string): Misfit[] {
  const { corrections, report = {}, key } = tuning;
  const strangers = [...(corrections?.keys() ?? []), ...Object.keys(report)].filter((name) => !hasField(device, name));
  const found = [...new Set(strangers)].map((name): Misfit => {
    const meant = nearest(name, device.fields.keys());
    return {
      what: `${label}: ${device.id} has no field ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      next: `Correct it in the configuration. Its fields are ${[...device.fields.keys()].slice(0, 20).join(", ")}.`,
    };
  });
  if (!key) return found;
  const need = device.key;
  if (!need) found.push({ what: `${label}: ${device.id} needs no key.`, next: "Take it out of the configuration." });
  else if (!need.lengths.includes(key.reveal().length / 2))
    found.push({
      what: `${label}: its key has ${key.reveal().length} hexadecimal digits, not ${digitsOf(need).join(" or ")}.`,
      next: `Correct it in the configuration. ${need.where}`,
    });
  return found;
}

/** By its own name, or as one of many. */
function hasField({ fields }: Device, name: string): boolean {
  if (name === "default" || fields.has(name)) return true;
  for (const [field, { many }] of fields) if (many && isOneOf(name, field)) return true;
  return false;
}
