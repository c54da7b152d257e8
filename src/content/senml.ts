/** What SenML JSON and SenML CBOR share: names, times and base values (RFC 8428 §4, LwM2M Core 1.2 §7.4.5). */

import { DecodeError } from "../base/bytes.ts";
import { child, contains, depth, MAX_ID, type Path, parsePath, prefixIn, ROOT } from "../model/path.ts";
import {
  fits,
  MAX_INTEGER,
  MIN_INTEGER,
  parseLink,
  type ResourceType,
  type ResourceValue,
  wholeNumber,
} from "../model/value.ts";
import type { ModelOf, Node } from "./node.ts";
import { modelAt, refused } from "./typed.ts";

/** Versions up to that of RFC 8428 are understood (§4.4). */
export const MAX_VERSION = 10;

const MAX_DEPTH = 4;

/** How a value was labelled: the label must go with the type, or a boolean could pass for a number. */
export type Label = "v" | "vs" | "vb" | "vd" | "vlo";

/** Which label each type travels under. */
export const LABEL: Readonly<Record<ResourceType, Label>> = {
  string: "vs",
  corelnk: "vs",
  integer: "v",
  unsigned: "v",
  float: "v",
  time: "v",
  boolean: "vb",
  opaque: "vd",
  objlnk: "vlo",
};

/** Resolves Records one after another: set the fields of one, then call `finish` (§4.6). */
export class PackReader {
  readonly nodes: Node[] = [];
  name = "";
  /** The name instead, if it is one number as paths spell it. */
  id: number | undefined;
  time = 0;
  label: Label | undefined;
  value: ResourceValue | undefined;
  /** Whether `value` came in a form that only floats have. */
  isFloat = false;

  baseTime = 0;
  baseValue: number | bigint | undefined;
  #baseName = "";
  /** What the base name says if it is a path with a slash behind it: then a number is all that a name need be. */
  #above: Path | undefined;
  #aboveLevel = 0;
  /** The depth of the path that `path` found last. */
  #level = 0;
  readonly #base: Path;
  /** Of a device behind a gateway, with which names may begin as its base does (OMA-TS-LWM2M_Gateway 1.1); mostly "". */
  readonly #prefix: string;
  readonly #model: ModelOf;
  /** How the format is called in errors. */
  readonly #format: string;
  #records = 0;

  constructor(base: Path, model: ModelOf, format = "SenML") {
    this.#prefix = prefixIn(base);
    this.#base = this.#prefix === "" ? base : (parsePath(base.slice(this.#prefix.length)) ?? ROOT);
    this.#model = model;
    this.#format = format;
  }

  get baseName(): string {
    return this.#baseName;
  }

  set baseName(name: string) {
    this.#baseName = name;
    const above = name.endsWith("/") ? parsePath(this.#inside(name.slice(0, -1))) : undefined;
    this.#aboveLevel = above === undefined ? MAX_DEPTH : depth(above);
    this.#above = this.#aboveLevel < MAX_DEPTH && above && contains(this.#base, above) ? above : undefined;
  }

  /** Forgets the Record before, but not the base fields, which hold until they are set again (§4.1). */
  begin(): void {
    this.name = "";
    this.id = undefined;
    this.time = 0;
    this.label = undefined;
    this.value = undefined;
    this.isFloat = false;
    this.#records += 1;
  }

  /** A second value in one Record is malformed (§4.2). */
  take(label: Label, value: ResourceValue): void {
    if (this.label !== undefined) throw this.error(`both ${this.label} and ${label}`);
    this.label = label;
    this.value = value;
  }

  /** Null is a value in SenML-ETCH alone. */
  takeNull(label: Label): void {
    throw this.error(`${label} is null`);
  }

  /** Turns the fields into a node. @throws DecodeError if name, label or value are not what the model wants. */
  finish(): void {
    const path = this.path();
    const { type } = modelAt(path, this.#model, this.#level);
    const value = this.resolve(type);
    if (value === undefined || !fits(value, type)) throw refused(path, `${type} as ${this.#format}`);
    const time = this.baseTime + this.time;
    if (!Number.isFinite(time)) throw new DecodeError(`${path}: not a time`);
    // Time 0 is "now" (§4.5.3), which is what a node without a time says.
    this.nodes.push(time === 0 ? { path, type, value } : { path, type, value, time });
  }

  /** An error that names the Record being read, counted from 1. */
  error(what: string): DecodeError {
    return new DecodeError(`${this.#format}: ${what} in record ${this.#records}`);
  }

  protected path(): Path {
    const { id } = this;
    if (id !== undefined && this.#above !== undefined && id <= MAX_ID) {
      this.#level = this.#aboveLevel + 1;
      return child(this.#above, id);
    }
    const name = `${this.#baseName}${id ?? this.name}`;
    const path = parsePath(this.#inside(name));
    if (path === undefined) throw this.error(`name "${name.slice(0, 40)}" is no path`);
    if (!contains(this.#base, path)) throw new DecodeError(`${this.#format}: ${path} is not below ${this.#base}`);
    this.#level = depth(path);
    return path;
  }

  /** Without the prefix, if there is one, and the name has it. */
  #inside(name: string): string {
    const { length } = this.#prefix;
    if (name === this.#prefix && length > 0) return ROOT;
    return length > 0 && name.startsWith(this.#prefix) && name[length] === "/" ? name.slice(length) : name;
  }

  protected resolve(type: ResourceType): ResourceValue | undefined {
    const { value } = this;
    // An Object Link has a label of its own, vlo; there are servers that send it as the string that it also is.
    if (type === "objlnk" && (this.label === "vlo" || this.label === "vs"))
      return typeof value === "string" ? parseLink(value) : undefined;
    if (LABEL[type] !== (this.label ?? "v")) return undefined;
    if (this.label === undefined) return this.baseValue;
    if (typeof value !== "number" && typeof value !== "bigint") return value;
    if (this.isFloat && type !== "float") return undefined;
    // SenML has one kind of number: a whole one is a float too, as long as it is exact.
    const sum = this.baseValue === undefined ? value : add(this.baseValue, value);
    return type === "float" && typeof sum === "bigint" ? undefined : sum;
  }
}

function add(a: number | bigint, b: number | bigint): number | bigint | undefined {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (!Number.isInteger(Number(a)) || !Number.isInteger(Number(b))) return undefined;
  const sum = BigInt(a) + BigInt(b);
  return sum >= MIN_INTEGER && sum <= MAX_INTEGER * 2n + 1n ? wholeNumber(sum) : undefined;
}

/**
 * How a Pack is written: `bn` once, the rest of each name in `n`; a time that all Records have once as `bt`.
 * The base name of values that lie at the base itself is the base, otherwise the base with a slash (§4.5.1).
 */
export interface Plan {
  /** How much of every path is the base name. */
  readonly prefix: number;
  /** Undefined: no common base time. */
  readonly baseTime: number | undefined;
}

/**
 * Nodes may be several values of one path, each with its time.
 * @throws RangeError if a node lies outside `base`.
 */
export function planPack(nodes: readonly Node[], base: Path): Plan {
  const first = nodes[0];
  // Values at the base itself have no name of their own; below it, the slash belongs to the base name.
  const atBase = first?.path.length === base.length;
  const prefix = base === ROOT ? 0 : atBase ? base.length : base.length + 1;
  let timed = first?.time !== undefined;
  let same = true;
  for (const { path, time } of nodes) {
    if (!contains(base, path) || (path.length === base.length) !== atBase)
      throw new RangeError(`${path} is not below ${base}`);
    timed &&= time !== undefined;
    same &&= time === first?.time;
  }
  if (!timed || first?.time === undefined) return { prefix, baseTime: undefined };
  // A base in whole seconds leaves short fractions for the Records.
  return { prefix, baseTime: same ? first.time : Math.floor(first.time) };
}

/**
 * What is left of a node's time for its own Record; undefined: nothing to write. A difference of two times has digits
 * beyond those of either, for which there are servers that refuse it: milliseconds are written as such where they suffice.
 */
export function recordTime({ time }: Node, { baseTime }: Plan): number | undefined {
  if (time === undefined || baseTime === undefined) return time;
  if (time === baseTime) return undefined;
  const short = Math.round((time - baseTime) * 1_000) / 1_000;
  return baseTime + short === time ? short : time - baseTime;
}
