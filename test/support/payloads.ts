/** TLV, SenML and CBOR read a second time, by other code than ours: what a server of another house would see. */

/** A float as CBOR marks it, so that tests can tell 22.0 from 22. */
export class CborFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** One SenML record, resolved (RFC 8428 §4.6). */
export interface SenmlValue {
  readonly value: unknown;
  readonly time: number | undefined;
  /** Whether the number was written as a float: a point in JSON, major type 7 in CBOR. */
  readonly float: boolean;
}

const ID_IS_LONG = 0x20;

/** Raw values by path (LwM2M Core 1.1 §7.4.3), for an answer about `base`. */
export function tlvBytes(bytes: Uint8Array, base: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  // The identifier of what was asked for stands in the entries themselves, unless it is an Object or an Instance.
  const above = base.split("/").slice(1);
  walkTlv(bytes, above.length >= 3 ? `/${above.slice(0, 2).join("/")}` : base, found);
  return found;
}

function walkTlv(bytes: Uint8Array, above: string, found: Map<string, Uint8Array>): void {
  const buffer = Buffer.from(bytes);
  let at = 0;
  while (at < buffer.length) {
    const type = buffer.readUInt8(at++);
    const idLength = type & ID_IS_LONG ? 2 : 1;
    const id = buffer.readUIntBE(at, idLength);
    at += idLength;
    const lengthLength = (type >> 3) & 3;
    const length = lengthLength === 0 ? type & 7 : buffer.readUIntBE(at, lengthLength);
    at += lengthLength;
    if (at + length > buffer.length) throw new Error(`an entry of ${length} bytes reaches beyond the end`);
    const value = buffer.subarray(at, at + length);
    at += length;
    // 0 Object Instance, 1 Resource Instance, 2 multiple Resource, 3 Resource.
    if (type >> 6 === 0 || type >> 6 === 2) walkTlv(value, `${above}/${id}`, found);
    else found.set(`${above}/${id}`, value);
  }
}

/** The bytes of a TLV value as the type of its Resource says. */
export function tlvValue(bytes: Uint8Array, type: string): string | number | boolean {
  const buffer = Buffer.from(bytes);
  switch (type) {
    case "float":
      if (buffer.length !== 4 && buffer.length !== 8) throw new Error(`a float of ${buffer.length} bytes`);
      return buffer.length === 4 ? buffer.readFloatBE() : buffer.readDoubleBE();
    case "integer":
    case "time":
    case "unsigned":
      if (![1, 2, 4, 8].includes(buffer.length)) throw new Error(`an integer of ${buffer.length} bytes`);
      return buffer.length === 8 ? Number(buffer.readBigInt64BE()) : buffer.readIntBE(0, buffer.length);
    case "boolean":
      return buffer.readUInt8() === 1;
    default:
      return buffer.toString();
  }
}

interface Label {
  readonly baseName: string | number;
  readonly baseTime: string | number;
  readonly name: string | number;
  readonly time: string | number;
  readonly values: readonly (string | number)[];
}

const IN_JSON: Label = { baseName: "bn", baseTime: "bt", name: "n", time: "t", values: ["v", "vb", "vs", "vd", "vlo"] };
const IN_CBOR: Label = { baseName: -2, baseTime: -3, name: 0, time: 6, values: [2, 4, 3, 8, "vlo"] };

export function senmlJson(text: string): Map<string, SenmlValue> {
  const records: unknown = JSON.parse(text);
  // JSON.parse forgets the point; the digits themselves are looked up in the text.
  const numbers = [...text.matchAll(/"v":(-?[\d.eE+-]+)/g)].map((match) => match[1] ?? "");
  return resolve(asMaps(records), IN_JSON, () => (numbers.shift() ?? "").includes("."));
}

export function senmlCbor(bytes: Uint8Array): Map<string, SenmlValue> {
  return resolve(asMaps(cbor(bytes)), IN_CBOR, (value) => value instanceof CborFloat);
}

function asMaps(records: unknown): ReadonlyMap<unknown, unknown>[] {
  if (!Array.isArray(records)) throw new Error("a SenML pack is an array");
  return records.map((record: unknown) => {
    if (record instanceof Map) return record;
    if (typeof record !== "object" || record === null) throw new Error("a SenML record is a map");
    return new Map<unknown, unknown>(Object.entries(record));
  });
}

function resolve(
  records: readonly ReadonlyMap<unknown, unknown>[],
  label: Label,
  isFloat: (value: unknown) => boolean,
): Map<string, SenmlValue> {
  const found = new Map<string, SenmlValue>();
  let baseName = "";
  let baseTime: number | undefined;
  for (const record of records) {
    const base = record.get(label.baseName);
    if (typeof base === "string") baseName = base;
    baseTime = numberOf(record.get(label.baseTime)) ?? baseTime;
    const own = numberOf(record.get(label.time));
    const key = label.values.find((each) => record.has(each));
    if (key === undefined) continue;
    const value = record.get(key);
    const given = record.get(label.name);
    const name = typeof given === "string" ? given : "";
    const time = own === undefined && baseTime === undefined ? undefined : (own ?? 0) + (baseTime ?? 0);
    const float = key === label.values[0] && isFloat(value);
    found.set(`${baseName}${name}`, { value: numberOf(value) ?? value, time, float });
  }
  return found;
}

function numberOf(value: unknown): number | undefined {
  if (value instanceof CborFloat) return value.value;
  return typeof value === "number" ? value : undefined;
}

/** RFC 8949, as far as SenML goes: whole items of definite length. */
export function cbor(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes);
  let at = 0;
  const head = (low: number): number => {
    if (low < 24) return low;
    const length = 2 ** (low - 24);
    at += length;
    return length === 8 ? Number(buffer.readBigUInt64BE(at - 8)) : buffer.readUIntBE(at - length, length);
  };
  const special = (low: number): unknown => {
    if (low === 20 || low === 21) return low === 21;
    const length = low === 25 ? 2 : low === 26 ? 4 : 8;
    at += length;
    if (length === 2) return new CborFloat(half(buffer.readUInt16BE(at - 2)));
    return new CborFloat(length === 4 ? buffer.readFloatBE(at - 4) : buffer.readDoubleBE(at - 8));
  };
  const item = (): unknown => {
    const first = buffer.readUInt8(at++);
    const [major, low] = [first >> 5, first & 31];
    if (major === 7) return special(low);
    const size = head(low);
    if (major === 0) return size;
    if (major === 1) return -1 - size;
    if (major === 2 || major === 3) {
      at += size;
      const slice = buffer.subarray(at - size, at);
      return major === 3 ? slice.toString() : slice;
    }
    if (major === 4) return Array.from({ length: size }, item);
    if (major === 5) return new Map(Array.from({ length: size }, () => [item(), item()] as const));
    throw new Error(`major type ${major}`);
  };
  const whole = item();
  if (at !== buffer.length) throw new Error("bytes after the end");
  return whole;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
