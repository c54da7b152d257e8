/** SenML JSON: a Pack as an array of objects (RFC 8428 §5, LwM2M Core 1.2 §7.4.5). */

import { DecodeError } from "../base/bytes.ts";
import { toUtf8 } from "../base/utf8.ts";
import type { Path } from "../model/path.ts";
import { decimalText, isObjectLink, linkText, type ResourceValue } from "../model/value.ts";
import { asBoolean, asNumber, asString, type Context, exactNumber, isFields, parseJson } from "./json-fields.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { LABEL, type Label, MAX_VERSION, PackReader, planPack, recordTime } from "./senml.ts";
import { checked } from "./typed.ts";

/** Without padding as RFC 8428 §4.3 wants it, or with it as some write it. */
const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;
export const senmlJson: Codec = {
  format: 110,
  structured: true,
  timed: true,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const plan = planPack(nodes, base);
    const { prefix, baseTime } = plan;
    let pack = "";
    for (let i = 0; i < nodes.length; i++) {
      const node = checked(nodes[i]!);
      let record = "";
      if (i === 0 && prefix > 0) record += `"bn":"${node.path.slice(0, prefix)}",`;
      if (i === 0 && baseTime !== undefined) record += `"bt":${baseTime},`;
      if (node.path.length > prefix) record += `"n":"${node.path.slice(prefix)}",`;
      const time = recordTime(node, plan);
      if (time !== undefined) record += `"t":${time},`;
      pack += `${i > 0 ? "," : ""}{${record}"${LABEL[node.type]}":${jsonOf(node)}}`;
    }
    return toUtf8(`[${pack}]`);
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const pack = new PackReader(base, model);
    readJsonPack(bytes, pack);
    return pack.nodes;
  },
};

/** Hands every Record of a Pack to `pack`. @throws DecodeError if it is no Pack, or `pack` refuses a Record. */
export function readJsonPack(bytes: Uint8Array, pack: PackReader): void {
  const { value: records, exact } = parseJson(bytes, "SenML");
  if (!Array.isArray(records) || !Array.isArray(exact)) throw new DecodeError("SenML: a pack is an array");
  for (let i = 0; i < records.length; i++) readRecord(records[i], exact[i], pack);
}

function jsonOf({ value, type }: Node): string {
  if (type === "float" && typeof value === "number") return decimalText(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64url")}"`;
  return isObjectLink(value) ? `"${linkText(value)}"` : String(value);
}

/** `digits` is the same Record with its long numbers as strings. */
function readRecord(record: unknown, digits: unknown, pack: PackReader): void {
  pack.begin();
  if (!isFields(record) || !isFields(digits)) throw pack.error("no object");
  for (const label of Object.keys(record)) {
    const field = record[label];
    switch (label) {
      case "bn":
        pack.baseName = asString(label, field, pack);
        break;
      case "bt":
        pack.baseTime = asNumber(label, field, pack);
        break;
      case "bv":
        pack.baseValue = exactNumber(label, field, { digits, pack });
        break;
      case "bver":
        if (asNumber(label, field, pack) > MAX_VERSION) throw pack.error("a later version"); // RFC 8428 §4.4
        break;
      case "n":
        pack.name = asString(label, field, pack);
        break;
      case "t":
        pack.time = asNumber(label, field, pack);
        break;
      default:
        readValue(label, field, { digits, pack });
    }
  }
  pack.finish();
}

function readValue(label: string, field: unknown, { digits, pack }: Context): void {
  switch (label) {
    case "v":
    case "vs":
    case "vlo":
    case "vb":
    case "vd":
      if (field === null) pack.takeNull(label);
      else pack.take(label, valueOf(label, field, { digits, pack }));
      return;
    default:
      // A label that ends in an underscore must be understood, others may be passed over (RFC 8428 §4.4).
      if (label.endsWith("_")) throw pack.error(`"${label.slice(0, 40)}" is not understood`);
  }
}

function valueOf(label: Label, field: unknown, context: Context): ResourceValue {
  switch (label) {
    case "v":
      return exactNumber(label, field, context);
    case "vb":
      return asBoolean(label, field, context.pack);
    case "vd":
      return fromBase64Url(asString(label, field, context.pack), context.pack);
    default:
      return asString(label, field, context.pack);
  }
}

function fromBase64Url(text: string, pack: PackReader): Uint8Array {
  if (!BASE64URL.test(text) || text.replace(/=+$/, "").length % 4 === 1) throw pack.error("vd is malformed");
  return new Uint8Array(Buffer.from(text, "base64url"));
}
