/** SenML JSON: a Pack as an array of objects (RFC 8428 §5, LwM2M Core 1.2 §7.4.5). */

import { DecodeError } from "../base/bytes.ts";
import type { Path } from "../model/path.ts";
import { decimalText, isObjectLink, linkText } from "../model/value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { LABEL, MAX_VERSION, PackReader, planPack } from "./senml.ts";
import { checked } from "./typed.ts";
import { readUtf8 } from "./utf8.ts";

const UTF8 = new TextEncoder();
/** Without padding as RFC 8428 §4.3 wants it, or with it as some write it. */
const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;
/** A string, which is passed over, or a whole number with more digits than a double can be trusted with. */
const STRING_OR_LONG = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

type Fields = Readonly<Record<string, unknown>>;

export const senmlJson: Codec = {
  format: 110,
  structured: true,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const { prefix, baseTime } = planPack(nodes, base);
    let pack = "";
    for (let i = 0; i < nodes.length; i++) {
      const node = checked(nodes[i]!);
      let record = "";
      if (i === 0 && prefix > 0) record += `"bn":"${node.path.slice(0, prefix)}",`;
      if (i === 0 && baseTime !== undefined) record += `"bt":${baseTime},`;
      if (node.path.length > prefix) record += `"n":"${node.path.slice(prefix)}",`;
      const time = baseTime === undefined ? node.time : node.time! - baseTime;
      if (time !== undefined && (baseTime === undefined || time !== 0)) record += `"t":${time},`;
      pack += `${i > 0 ? "," : ""}{${record}"${LABEL[node.type]}":${jsonOf(node)}}`;
    }
    return UTF8.encode(`[${pack}]`);
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const text = readUtf8(bytes);
    const records = parse(text);
    const exact = /\d{16}/.test(text) ? parse(text.replaceAll(STRING_OR_LONG, quoted)) : records;
    const pack = new PackReader(base, model);
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      const digits = exact[i];
      if (!isRecord(record) || !isRecord(digits)) throw new DecodeError("SenML: a record is no object");
      readRecord(record, digits, pack);
    }
    return pack.nodes;
  },
};

function jsonOf({ value, type }: Node): string {
  if (type === "float" && typeof value === "number") return decimalText(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64url")}"`;
  return isObjectLink(value) ? `"${linkText(value)}"` : String(value);
}

function parse(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new DecodeError("SenML: not JSON");
  }
  if (!Array.isArray(parsed)) throw new DecodeError("SenML: a pack is an array");
  return parsed;
}

/** `digits` is the same Record with its long numbers as strings: JSON.parse would round them. */
function readRecord(record: Fields, digits: Fields, pack: PackReader): void {
  pack.begin();
  for (const [label, field] of Object.entries(record)) {
    switch (label) {
      case "bn":
        pack.baseName = asString(label, field);
        break;
      case "bt":
        pack.baseTime = asNumber(label, field);
        break;
      case "bv":
        pack.baseValue = exactNumber(label, field, digits);
        break;
      case "bver":
        if (asNumber(label, field) > MAX_VERSION) throw new DecodeError("SenML: a later version"); // RFC 8428 §4.4
        break;
      case "n":
        pack.name = asString(label, field);
        break;
      case "t":
        pack.time = asNumber(label, field);
        break;
      default:
        readValue(label, field, digits, pack);
    }
  }
  pack.finish();
}

function readValue(label: string, field: unknown, digits: Fields, pack: PackReader): void {
  switch (label) {
    case "v":
      pack.take("v", exactNumber(label, field, digits));
      return;
    case "vs":
    case "vlo":
      pack.take(label, asString(label, field));
      return;
    case "vb":
      if (typeof field !== "boolean") throw wrong(label);
      pack.take("vb", field);
      return;
    case "vd":
      pack.take("vd", fromBase64Url(asString(label, field)));
      return;
    default:
      // A label that ends in an underscore must be understood, others may be passed over (RFC 8428 §4.4).
      if (label.endsWith("_")) throw new DecodeError(`SenML: "${label.slice(0, 40)}" is not understood`);
  }
}

function exactNumber(label: string, field: unknown, digits: Fields): number | bigint {
  const rounded = asNumber(label, field);
  const exact = digits[label];
  return typeof exact === "string" && !Number.isSafeInteger(rounded) ? BigInt(exact) : rounded;
}

function fromBase64Url(text: string): Uint8Array {
  if (!BASE64URL.test(text) || text.replace(/=+$/, "").length % 4 === 1) throw wrong("vd");
  return new Uint8Array(Buffer.from(text, "base64url"));
}

function asString(label: string, field: unknown): string {
  if (typeof field !== "string") throw wrong(label);
  return field;
}

function asNumber(label: string, field: unknown): number {
  if (typeof field !== "number") throw wrong(label);
  return field;
}

const quoted = (match: string): string => (match.startsWith('"') ? match : `"${match}"`);

const wrong = (label: string): DecodeError => new DecodeError(`SenML: ${label} is malformed`);

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
