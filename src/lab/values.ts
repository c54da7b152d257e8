/** Payloads to values that people read, and back, by the model of the client's Objects. */

import { DecodeError } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import { codecOf, type ModelOf } from "../content/index.ts";
import type { ObjectRegistry, ResourceModel } from "../model/objects.ts";
import { type Path, parts } from "../model/path.ts";
import type { ResourceType, ResourceValue } from "../model/value.ts";
import { iso, type LabValue, type LabValues } from "./client.ts";

/** The Objects in the versions that one client registered. */
export interface Dialect {
  readonly models: ObjectRegistry;
  readonly versions: Readonly<Record<string, string>>;
}

/** The value of an IPSO sensor is called after its Object: "Temperature" says more than "Sensor Value". */
const SENSOR_VALUE = 5700;
const EARLIEST_MS = -8.64e15;
const LATEST_MS = 8.64e15;

/** @throws DecodeError if the payload is not what its format and the model promise. */
export function decodeValues(
  payload: Uint8Array,
  at: { path: Path; format: number | undefined; now: number },
  dialect: Dialect,
): LabValues {
  const codec = codecOf(at.format ?? 0);
  if (!codec) throw new DecodeError(`Content-Format ${at.format ?? 0} is not known here`);
  const values: Record<string, LabValue> = {};
  for (const { path, value, time } of codec.decode(payload, at.path, modelOf(dialect))) {
    const model = modelOf(dialect)(path);
    const ms = time === undefined ? at.now : time * 1_000;
    values[path] = {
      value: scalarOf(value),
      name: nameOf(path, model, dialect),
      ...(model?.unit !== undefined && { unit: model.unit }),
      time: iso(Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms))),
    };
  }
  return values;
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
  const codec = codecOf(at.format);
  if (!codec) throw new RangeError(`Content-Format ${at.format} is not known here`);
  const type = modelOf(dialect)(at.path)?.type ?? guess(value);
  return codec.encode([{ path: at.path, type, value: resourceValue(value, type) }], at.path);
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
