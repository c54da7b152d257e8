/** The data types of LwM2M (Core 1.2 Appendix C). */

import type { Stamp } from "../base/clock.ts";
import type { Path } from "./path.ts";

export type ResourceType =
  | "string"
  | "integer"
  | "unsigned"
  | "float"
  | "boolean"
  | "opaque"
  | "time"
  | "objlnk"
  | "corelnk";

/** A pointer to an Object Instance; 65535:65535 points to nothing. */
export interface ObjectLink {
  readonly object: number;
  readonly instance: number;
}

/** `number` carries float, time and integers up to 2^53; larger integers are `bigint`. Time counts seconds since 1970 UTC. */
export type ResourceValue = string | number | bigint | boolean | Uint8Array | ObjectLink;

/** A value that a device measured or confirmed, on its way into a tree. */
export interface ResourceUpdate {
  readonly path: Path;
  readonly value: ResourceValue;
  readonly at: Stamp;
}

export const MIN_INTEGER = -(2n ** 63n);
export const MAX_INTEGER = 2n ** 63n - 1n;
export const MAX_UNSIGNED = 2n ** 64n - 1n;
const MAX_LINK_ID = 65_535;

/** Whether `value` is one of `type`: whole where it must be, finite, and within the 64 bits of Appendix C. */
export function fits(value: ResourceValue, type: ResourceType): boolean {
  switch (type) {
    case "float":
      return typeof value === "number" && Number.isFinite(value);
    case "integer":
    case "time":
      return isWhole(value) && value >= MIN_INTEGER && value <= MAX_INTEGER;
    case "unsigned":
      return isWhole(value) && value >= 0 && value <= MAX_UNSIGNED;
    case "boolean":
      return typeof value === "boolean";
    case "string":
    case "corelnk":
      return typeof value === "string";
    case "opaque":
      return value instanceof Uint8Array;
    case "objlnk":
      return isObjectLink(value);
  }
}

/** Whether `value` lies within a model's bounds: a number itself, a string or opaque by its length in bytes. */
export function inRange(value: ResourceValue, range: readonly [number, number] | undefined): boolean {
  if (!range) return true;
  const measured = measure(value);
  return measured === undefined || (measured >= range[0] && measured <= range[1]);
}

function measure(value: ResourceValue): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "string") return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.length : undefined;
}

/** A whole number that is exact: a `number` beyond 2^53 has already lost digits. */
function isWhole(value: ResourceValue): value is number | bigint {
  return typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "bigint";
}

export function isObjectLink(value: ResourceValue): value is ObjectLink {
  return (
    typeof value === "object" && !(value instanceof Uint8Array) && isLinkId(value.object) && isLinkId(value.instance)
  );
}

const isLinkId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id <= MAX_LINK_ID;

/** As Appendix C spells an Object Link: `3:0`. */
export function linkText(link: ObjectLink): string {
  return `${link.object}:${link.instance}`;
}

/** The Object Link that `text` spells, or undefined. */
export function parseLink(text: string): ObjectLink | undefined {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const link = { object: Number(match[1]), instance: Number(match[2]) };
  return isObjectLink(link) ? link : undefined;
}

/** One value has one form: a `number` wherever that is exact, else a `bigint`. */
export function wholeNumber(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** The whole number that `text` spells in decimal digits, or undefined; no exponent, no fraction, no plus sign. */
export function parseWhole(text: string): number | bigint | undefined {
  return /^-?\d{1,20}$/.test(text) ? wholeNumber(BigInt(text)) : undefined;
}

/**
 * A finite number as decimal digits that show it is a float: `22.0`, `-0.5`, `0.0000001`.
 * Never an exponent, which Appendix C does not know, and always a point, without which some servers see an integer.
 */
export function decimalText(value: number): string {
  const text = String(value);
  const exponentAt = text.indexOf("e");
  if (exponentAt < 0) return text.includes(".") ? text : `${text}.0`;
  const sign = value < 0 ? "-" : "";
  const digits = text.slice(sign.length, exponentAt).replace(".", "");
  const exponent = Number(text.slice(exponentAt + 1));
  return exponent < 0
    ? `${sign}0.${"0".repeat(-exponent - 1)}${digits}`
    : `${sign}${digits}${"0".repeat(exponent + 1 - digits.length)}.0`;
}

/** Equal in type and content: 1 and `true` differ, two byte arrays with the same bytes do not. */
export function sameValue(a: ResourceValue, b: ResourceValue): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return a.object === b.object && a.instance === b.instance;
}
