/** Payloads to values that people read, and back, by the model of the client's Objects. */

import { DecodeError } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import { type Codec, codecOf, type ModelOf, type Node } from "../content/index.ts";
import type { ObjectRegistry, ResourceModel } from "../model/objects.ts";
import { type Path, parts } from "../model/path.ts";
import type { ResourceType, ResourceValue } from "../model/value.ts";
import { iso, type LabValue, type LabValues } from "./client.ts";
import { flatten, type ValueTree } from "./value-tree.ts";

/** The Objects in the versions that one client registered. */
export interface Dialect {
  readonly models: ObjectRegistry;
  readonly versions: Readonly<Record<string, string>>;
}

/** The value of an IPSO sensor is called after its Object: "Temperature" says more than "Sensor Value". */
const SENSOR_VALUE = 5700;
const EARLIEST_MS = -8.64e15;
const LATEST_MS = 8.64e15;

/** Values of one time of measurement. */
export interface Sample {
  readonly values: LabValues;
  /** Whether the client said when that was. */
  readonly timed: boolean;
}

type At = { readonly path: Path; readonly format: number | undefined; readonly now: number };

/** Times below are relative to now (RFC 8428 §4.5.3). */
const RELATIVE_S = 2 ** 28;

/**
 * Values by their time of measurement, the oldest first: a client that was offline tells several at once.
 * @throws DecodeError if the payload is not what its format and the model promise.
 */
export function decodeSamples(payload: Uint8Array, at: At, dialect: Dialect): Sample[] {
  const codec = codecOf(at.format ?? 0);
  if (!codec) throw new DecodeError(`Content-Format ${at.format ?? 0} is not known here`);
  const samples = new Map<number, { values: Record<string, LabValue>; timed: boolean }>();
  const modelAt = modelOf(dialect);
  for (const { path, value, time } of codec.decode(payload, at.path, modelAt)) {
    const ms = time === undefined ? at.now : wallTime(time, at.now);
    let sample = samples.get(ms);
    if (!sample) samples.set(ms, (sample = { values: {}, timed: time !== undefined }));
    const model = modelAt(path);
    sample.values[path] = {
      value: scalarOf(value),
      name: nameOf(path, model, dialect),
      ...(model?.unit !== undefined && { unit: model.unit }),
      time: iso(ms),
    };
  }
  return [...samples].sort(([a], [b]) => a - b).map(([, sample]) => sample);
}

/** All of these at once: of a Resource that was measured several times, the last value. */
export function decodeValues(payload: Uint8Array, at: At, dialect: Dialect): LabValues {
  const values: Record<string, LabValue> = {};
  for (const sample of decodeSamples(payload, at, dialect)) Object.assign(values, sample.values);
  return values;
}

function wallTime(seconds: number, now: number): number {
  const ms = seconds < RELATIVE_S ? now + seconds * 1_000 : seconds * 1_000;
  return Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms));
}

/** IPSO sensors tell their unit themselves: Resource 5701 beside the value. */
export function withOwnUnits(values: LabValues, known: (path: string) => LabValue | undefined): LabValues {
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => {
      const match = /^(\/\d+\/\d+)\/(5700|5601|5602|5603|5604)$/.exec(path);
      const unit = match ? (values[`${match[1]!}/5701`] ?? known(`${match[1]!}/5701`))?.value : undefined;
      return [path, typeof unit === "string" && unit !== "" ? { ...value, unit } : value];
    }),
  );
}

/** @throws RangeError if the value does not fit the Resource's type. */
export function encodeValue(value: Scalar, at: { path: Path; format: number }, dialect: Dialect): Uint8Array {
  return codecFor(at.format).encode([nodeOf(at.path, value, dialect)], at.path);
}

/**
 * A tree of values below `path`, written to `base`, which is `path` unless said otherwise.
 * @throws RangeError if a key is no path, a value does not fit, or the format cannot carry them.
 */
export function encodeTree(
  tree: ValueTree,
  at: { readonly path: Path; readonly format: number; readonly base?: Path },
  dialect: Dialect,
): Uint8Array {
  const nodes = flatten(tree, at.path).map(([path, value]) => nodeOf(path, value, dialect));
  return codecFor(at.format).encode(nodes, at.base ?? at.path);
}

function codecFor(format: number): Codec {
  const codec = codecOf(format);
  if (!codec) throw new RangeError(`Content-Format ${format} is not known here`);
  return codec;
}

function nodeOf(path: Path, value: Scalar, dialect: Dialect): Node {
  const type = modelOf(dialect)(path)?.type ?? guess(value);
  return { path, type, value: resourceValue(value, type) };
}

export function modelOf({ models, versions }: Dialect): ModelOf {
  return (path): ResourceModel | undefined => {
    const { object, resource } = parts(path);
    if (object === undefined || resource === undefined) return undefined;
    const version = versions[object];
    return models.object(object, version)?.resources.get(resource) ?? models.resource(path);
  };
}

function nameOf(path: Path, model: ResourceModel | undefined, { models, versions }: Dialect): string {
  const { object, resource } = parts(path);
  if (object !== undefined && resource === SENSOR_VALUE) {
    const name = models.object(object, versions[object])?.name ?? models.object(object)?.name;
    if (name !== undefined) return name;
  }
  return model?.name ?? `Resource ${resource ?? path}`;
}

function scalarOf(value: ResourceValue): Scalar {
  if (typeof value === "bigint") return value.toString();
  // JSON has no NaN: it would become null, and null a zero.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : `${value.object}:${value.instance}`;
}

function guess(value: Scalar): ResourceType {
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return typeof value === "boolean" ? "boolean" : "string";
}

function resourceValue(value: Scalar, type: ResourceType): ResourceValue {
  switch (type) {
    case "string":
    case "corelnk":
      return String(value);
    case "boolean":
      return booleanOf(value);
    case "opaque":
      return bytesOf(String(value));
    case "objlnk":
      return linkOf(String(value));
    case "float":
      return numberOf(value, Number.isFinite);
    case "time":
      return typeof value === "string" && !/^-?\d+$/.test(value)
        ? numberOf(Math.floor(Date.parse(value) / 1_000), Number.isSafeInteger)
        : numberOf(value, Number.isSafeInteger);
    case "integer":
    case "unsigned":
      return typeof value === "string" && /^-?\d{16,20}$/.test(value)
        ? BigInt(value)
        : numberOf(value, (n) => Number.isSafeInteger(n) && (type === "integer" || n >= 0));
  }
}

function numberOf(value: Scalar, fits: (n: number) => boolean): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !fits(number)) throw new RangeError(`${JSON.stringify(value)} does not fit`);
  return number;
}

function booleanOf(value: Scalar): boolean {
  if (value === true || value === 1 || value === "1" || value === "true") return true;
  if (value === false || value === 0 || value === "0" || value === "false") return false;
  throw new RangeError(`${JSON.stringify(value)} is neither true nor false`);
}

function bytesOf(hex: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError("opaque values are written in hex");
  return Buffer.from(hex, "hex");
}

function linkOf(text: string): ResourceValue {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (!match || Number(match[1]) > 65_535 || Number(match[2]) > 65_535)
    throw new RangeError("Object Links are written 3:0");
  return { object: Number(match[1]), instance: Number(match[2]) };
}
