/** Payloads of a client, read by other code than ours and by the type of each Resource: a look-alike is a fault. */

import type { ResourceType, ResourceValue } from "../../../src/model/value.ts";
import { check, Fault, text } from "./message.ts";
import { type Item, readCbor } from "./cbor.ts";

/** One value as it was written. */
export interface Told {
  readonly path: string;
  readonly value: ResourceValue;
  /** Seconds since 1970, or relative to now below 2^28. */
  readonly time?: number;
}

/** The type of what stands at a path, and whether Resource Instances stand there. */
export type TypeAt = (path: string) => { readonly type: ResourceType; readonly multiple: boolean } | undefined;

export interface Wanted {
  /** What was asked for: "/" where it was the root. */
  readonly base: string;
  readonly typeAt: TypeAt;
  /** Whether values of one path must come in the order of their times. */
  readonly orderly?: boolean;
}

const PATH = /^(\/(0|[1-9][0-9]{0,4})){3,4}$/;
const INTEGER = /^(0|-?[1-9][0-9]*)$/;
const FLOAT = /^-?(0|[1-9][0-9]*)\.[0-9]+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws Fault if it is malformed, outside of what was asked for, or of another type than its Resource. */
export function readBody(format: number, bytes: Uint8Array, wanted: Wanted): readonly Told[] {
  const reader = READERS[format];
  if (reader === undefined) throw new Fault(`content format ${format}, which carries no values`);
  const told = reader(bytes, wanted);
  const seen = new Set<string>();
  for (const { path, value, time } of told) {
    check(PATH.test(path), `a path, not ${path}`);
    check(wanted.base === "/" || path === wanted.base || path.startsWith(`${wanted.base}/`), `${path} asked for`);
    const key = `${path}@${time ?? "now"}`;
    check(!seen.has(key), `${key} once`);
    seen.add(key);
    checkPlace(path, wanted);
    if (typeof value === "number") check(Number.isFinite(value), `a number at ${path}`);
  }
  return told;
}

function checkPlace(path: string, { typeAt }: Wanted): void {
  const model = typeAt(path);
  if (model === undefined) return;
  const level = path.split("/").length - 1;
  check(level === (model.multiple ? 4 : 3), `${path} at the level of its values`);
}

const READERS: Readonly<Record<number, (bytes: Uint8Array, wanted: Wanted) => Told[]>> = {
  0: (bytes, { base, typeAt }) => [{ path: base, value: fromText(text(bytes), typeAt(base)?.type) }],
  42: (bytes, { base, typeAt }) => {
    check(typeAt(base)?.type === "opaque", `raw bytes for an opaque value, not for ${base}`);
    return [{ path: base, value: bytes }];
  },
  60: (bytes, { base, typeAt }) => [{ path: base, value: fromItem(readCbor(bytes), base, typeAt) }],
  110: (bytes, wanted) => fromSenml(jsonRecords(text(bytes)), wanted),
  112: (bytes, wanted) => fromSenml(cborRecords(readCbor(bytes)), wanted),
  11542: (bytes, wanted) => new Tlv(bytes, wanted).read(),
  11543: (bytes, wanted) => fromJson(text(bytes), wanted),
  11544: (bytes, { typeAt }) => fromMaps(readCbor(bytes), "", typeAt),
};

function fromText(words: string, type: ResourceType | undefined): ResourceValue {
  switch (type) {
    case "integer":
    case "unsigned":
    case "time":
      check(INTEGER.test(words), `a whole number in digits, not ${words}`);
      return whole(BigInt(words));
    case "float":
      check(FLOAT.test(words), `a number with a point, not ${words}`);
      return Number(words);
    case "boolean":
      check(words === "0" || words === "1", `0 or 1, not ${words}`);
      return words === "1";
    case "opaque":
      check(BASE64.test(words), `Base64, not ${words}`);
      return new Uint8Array(Buffer.from(words, "base64"));
    case "objlnk":
      return link(words);
    default:
      return words;
  }
}

function link(words: string): ResourceValue {
  check(/^(0|[1-9]\d*):(0|[1-9]\d*)$/.test(words), `an Object Link, not ${words}`);
  const [object = 0, instance = 0] = words.split(":").map(Number);
  return { object, instance };
}

export function whole(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** One item of CBOR as the value of a Resource (LwM2M Core 1.2 Appendix C). */
function fromItem(item: Item, path: string, typeAt: TypeAt): ResourceValue {
  const type = typeAt(path)?.type;
  const fault = () => new Fault(`${path}: a CBOR ${item.is} for a ${type ?? "value"}`);
  if (type === "time") {
    if (item.is !== "tag" || item.tag !== 1) throw fault();
    return integer(item.item) ?? raise(fault());
  }
  if (type === "integer" || type === "unsigned") return integer(item) ?? raise(fault());
  if (type === "float") return item.is === "float" ? item.value : raise(fault());
  if (type === "boolean") return item.is === "boolean" ? item.value : raise(fault());
  if (type === "opaque") return item.is === "bytes" ? item.value : raise(fault());
  if (type === "objlnk") return item.is === "text" ? link(item.value) : raise(fault());
  if (type === undefined && (item.is === "float" || item.is === "integer")) return item.value;
  return item.is === "text" ? item.value : raise(fault());
}

function integer(item: Item): number | bigint | undefined {
  return item.is === "integer" ? item.value : undefined;
}

function raise(fault: Fault): never {
  throw fault;
}

/** A Record with its value as the format has it; `read` makes a value of it. */
interface RawRecord {
  readonly fields: ReadonlyMap<string, unknown>;
  readonly read: (label: string, path: string, typeAt: TypeAt) => ResourceValue;
}

const VALUE_LABELS = ["v", "vs", "vb", "vd", "vlo"];
const LABELS = ["bn", "bt", "n", "t", ...VALUE_LABELS];
const LABEL_OF: Readonly<Record<ResourceType, string>> = {
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
/** RFC 8428 §4.5.3: smaller times are relative to now. */
const RELATIVE = 2 ** 28;

function fromSenml(records: readonly RawRecord[], { typeAt, orderly }: Wanted): Told[] {
  const told: Told[] = [];
  let baseName = "";
  let baseTime: number | undefined;
  const newest = new Map<string, number>();
  for (const [index, { fields, read }] of records.entries()) {
    for (const label of fields.keys()) check(LABELS.includes(label), `no label ${label}`);
    const { bn, bt, n, t } = Object.fromEntries(fields);
    check((bn === undefined && bt === undefined) || index === 0, "base fields in the first record alone");
    if (bn !== undefined) baseName = asText(bn);
    if (bt !== undefined) baseTime = asNumber(bt);
    const path = `${baseName}${n === undefined ? "" : asText(n)}`;
    check(path.startsWith("/"), `a name with a slash in front, not ${path}`);
    const labels = VALUE_LABELS.filter((label) => fields.has(label));
    check(labels.length === 1, `one value in a record, not ${labels.join()}`);
    const type = typeAt(path)?.type;
    check(type === undefined || labels[0] === LABEL_OF[type], `${path} as ${type ?? ""}, not ${labels.join()}`);
    const time =
      t === undefined && baseTime === undefined ? undefined : (baseTime ?? 0) + (t === undefined ? 0 : asNumber(t));
    if (time !== undefined) {
      check(time < RELATIVE ? time < 0 : time < 4e9, `a time, not ${time}`);
      check(orderly !== true || time >= (newest.get(path) ?? -Infinity), `the times of ${path} in order`);
      newest.set(path, time);
    }
    told.push({ path, value: read(labels[0]!, path, typeAt), ...(time !== undefined && { time }) });
  }
  return told;
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw new Fault(`text, not ${String(value)}`);
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== "number") throw new Fault(`a number, not ${String(value)}`);
  return value;
}

/** Numbers keep their digits: JSON alone forgets whether there was a point, and how long they were. */
function parseKeeping(words: string): unknown {
  const marked = words.replaceAll(/"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"\\u0001${token}"`,
  );
  try {
    const parsed: unknown = JSON.parse(marked);
    return parsed;
  } catch {
    throw new Fault(`JSON, not ${words}`);
  }
}

const isDigits = (value: unknown): value is string => typeof value === "string" && value.startsWith("\u0001");

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Fault("a list");
  return value;
}

function asFields(value: unknown): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Fault("an object");
  return new Map(Object.entries(value));
}

function jsonRecords(words: string): RawRecord[] {
  check(!/[\s]/.test(words.replaceAll(/"(?:[^"\\]|\\.)*"/g, "")), "no blanks in JSON");
  return asList(parseKeeping(words)).map((each) => {
    const fields = asFields(each);
    const plain = new Map([...fields].map(([name, value]) => [name, /^(bt|t)$/.test(name) ? digitsOf(value) : value]));
    return { fields: plain, read: (label, path, typeAt) => fromJsonValue(fields.get(label), path, typeAt) };
  });
}

function digitsOf(value: unknown): number {
  if (!isDigits(value)) throw new Fault(`a number, not ${String(value)}`);
  return Number(value.slice(1));
}

function fromJsonValue(value: unknown, path: string, typeAt: TypeAt): ResourceValue {
  const type = typeAt(path)?.type;
  if (type === "opaque") return new Uint8Array(Buffer.from(asText(value), "base64url"));
  if (isDigits(value)) {
    check(type === undefined || LABEL_OF[type] === "v", `${path} is no number`);
    return fromText(value.slice(1), type ?? "float");
  }
  if (type === "boolean") return typeof value === "boolean" ? value : raise(new Fault(`${path}: no boolean`));
  check(type === undefined || LABEL_OF[type] !== "v", `${path} as a number`);
  return type === "objlnk" ? link(asText(value)) : asText(value);
}

/** RFC 8428 §6, table 4. */
const CBOR_LABELS: ReadonlyMap<number | bigint | string, string> = new Map<number | string, string>([
  [-2, "bn"],
  [-3, "bt"],
  [0, "n"],
  [2, "v"],
  [3, "vs"],
  [4, "vb"],
  [6, "t"],
  [8, "vd"],
  ["vlo", "vlo"],
]);

function cborRecords(pack: Item): RawRecord[] {
  if (pack.is !== "array") throw new Fault(`a SenML pack is an array, not a ${pack.is}`);
  return pack.items.map((record) => {
    if (record.is !== "map") throw new Fault(`a SenML record is a map, not a ${record.is}`);
    const items = new Map<string, Item>();
    for (const [key, value] of record.entries) {
      const label = key.is === "integer" || key.is === "text" ? CBOR_LABELS.get(key.value) : undefined;
      if (label === undefined) throw new Fault(`a label that RFC 8428 §6 has`);
      check(!items.has(label), `${label} once`);
      items.set(label, value);
    }
    const fields = new Map([...items].map(([label, item]) => [label, "value" in item ? item.value : item]));
    return { fields, read: (label, path, typeAt) => fromSenmlItem(items.get(label)!, path, typeAt) };
  });
}

/** In SenML CBOR a time is a bare number (LwM2M Core 1.2 §7.4.5: tags are not used). */
function fromSenmlItem(item: Item, path: string, typeAt: TypeAt): ResourceValue {
  if (typeAt(path)?.type !== "time") return fromItem(item, path, typeAt);
  const seconds = integer(item.is === "tag" && item.tag === 1 ? item.item : item);
  return seconds ?? raise(new Fault(`${path}: a CBOR ${item.is} for a time`));
}

const JSON_LABELS: Readonly<Record<string, string>> = { v: "v", vs: "sv", vb: "bv", vd: "sv", vlo: "ov" };

function fromJson(words: string, { typeAt, base }: Wanted): Told[] {
  const whole = asFields(parseKeeping(words));
  for (const name of whole.keys()) check(["bn", "bt", "e"].includes(name), `no field ${name}`);
  const baseName = whole.get("bn") === undefined ? "" : asText(whole.get("bn"));
  const baseTime = whole.get("bt") === undefined ? undefined : digitsOf(whole.get("bt"));
  return asList(whole.get("e")).map((each) => {
    const entry = asFields(each);
    const { n, t, ...values } = Object.fromEntries(entry);
    const path = `${baseName}${n === undefined ? "" : asText(n)}`;
    const type = typeAt(path)?.type;
    const names = Object.keys(values);
    check(names.length === 1, `one value in an entry, not ${names.join()}`);
    check(type === undefined || names[0] === JSON_LABELS[LABEL_OF[type]], `${path} as ${type ?? ""}`);
    const raw = values[names[0]!];
    const value = type === "opaque" ? fromText(asText(raw), type) : fromJsonValue(raw, path, typeAt);
    const time = t === undefined ? baseTime : (baseTime ?? 0) + digitsOf(t);
    check(base !== "", "a base");
    return { path, value, ...(time !== undefined && { time }) };
  });
}

/** LwM2M CBOR: numbers, or lists of them, lead to what is below (LwM2M Core 1.2 §7.4.7). */
function fromMaps(item: Item, above: string, typeAt: TypeAt): Told[] {
  if (item.is !== "map") return [{ path: above, value: fromItem(item, above, typeAt) }];
  const told: Told[] = [];
  const keys = new Set<string>();
  for (const [key, value] of item.entries) {
    const ids = key.is === "array" ? key.items.map(integer) : [integer(key)];
    check(
      ids.length > 0 && ids.every((id) => typeof id === "number" && id >= 0 && id < 65_536),
      "keys that are numbers of a path",
    );
    const path = `${above}/${ids.join("/")}`;
    check(!keys.has(path), `${path} once`);
    keys.add(path);
    told.push(...fromMaps(value, path, typeAt));
  }
  return told;
}

/** TLV, each header and each number in its shortest form (LwM2M Core 1.2 §7.4.4). */
class Tlv {
  readonly #bytes: Buffer;
  readonly #typeAt: TypeAt;
  readonly #told: Told[] = [];
  readonly #base: string;

  constructor(bytes: Uint8Array, { base, typeAt }: Wanted) {
    this.#bytes = Buffer.from(bytes);
    this.#base = base;
    this.#typeAt = typeAt;
  }

  read(): Told[] {
    const ids = this.#base.split("/").slice(1);
    const above = ids.length >= 2 ? `/${ids.slice(0, 2).join("/")}` : this.#base;
    this.#entries(above, 0, this.#bytes.length);
    return this.#told;
  }

  #entries(above: string, start: number, end: number): void {
    const level = above.split("/").length - 1;
    let at = start;
    let before = -1;
    while (at < end) {
      const lead = this.#bytes.readUInt8(at);
      const idLength = (lead >> 5) & 1 ? 2 : 1;
      const id = this.#bytes.readUIntBE(at + 1, idLength);
      check(idLength === 1 || id > 255, `number ${id} in one byte`);
      const counted = (lead >> 3) & 3;
      at += 1 + idLength;
      const length = counted === 0 ? lead & 7 : this.#bytes.readUIntBE(at, counted);
      check(counted === 0 || (lead & 7) === 0, "no bits where none belong");
      check(
        counted === (length < 8 ? 0 : length < 256 ? 1 : length < 65_536 ? 2 : 3),
        `a length of ${length}, shortest`,
      );
      at += counted;
      check(at + length <= end, `${length} bytes that are all there`);
      check(id > before, `number ${id} behind ${before}`);
      before = id;
      this.#entry(lead >> 6, `${above}/${id}`, { level, at, end: at + length });
      at += length;
    }
  }

  #entry(kind: number, path: string, { level, at, end }: { level: number; at: number; end: number }): void {
    const wanted = level === 1 ? [0] : level === 2 ? [2, 3] : [1];
    const single = this.#base.split("/").length - 1 === 4 && kind === 1;
    check(wanted.includes(kind) || single, `an entry of another kind than ${kind} below level ${level}`);
    if (kind === 0 || kind === 2) this.#entries(path, at, end);
    else {
      const place = single ? this.#base : path;
      check(!single || path.split("/").at(-1) === this.#base.split("/").at(-1), "the Resource Instance asked for");
      this.#told.push({ path: place, value: this.#value(place, this.#bytes.subarray(at, end)) });
    }
  }

  #value(path: string, bytes: Buffer): ResourceValue {
    const type = this.#typeAt(path)?.type;
    switch (type) {
      case "integer":
      case "time":
      case "unsigned": {
        check([1, 2, 4, 8].includes(bytes.length), `an integer of 1, 2, 4 or 8 bytes, not ${bytes.length}`);
        const value = type === "unsigned" && bytes.length === 8 ? bytes.readBigUInt64BE() : BigInt(signed(bytes));
        const shortest = [1, 2, 4, 8].find(
          (size) => value >= -(2n ** BigInt(size * 8 - 1)) && value < 2n ** BigInt(size * 8 - 1),
        );
        check(bytes.length === (shortest ?? 8), `${value} in ${shortest ?? 8} bytes`);
        return whole(value);
      }
      case "float":
        check(bytes.length === 4 || bytes.length === 8, `a float of 4 or 8 bytes, not ${bytes.length}`);
        return bytes.length === 4 ? bytes.readFloatBE() : bytes.readDoubleBE();
      case "boolean":
        check(bytes.length === 1 && bytes[0]! < 2, "a boolean of one byte, 0 or 1");
        return bytes[0] === 1;
      case "objlnk":
        check(bytes.length === 4, "an Object Link of four bytes");
        return { object: bytes.readUInt16BE(0), instance: bytes.readUInt16BE(2) };
      case "opaque":
        return new Uint8Array(bytes);
      default:
        return text(bytes);
    }
  }
}

function signed(bytes: Buffer): number | bigint {
  return bytes.length === 8 ? bytes.readBigInt64BE() : bytes.readIntBE(0, bytes.length);
}
