/**
 * The JSON of LwM2M 1.0: one object with a base name, a base time and entries (OMA-TS-LightweightM2M 1.0.2 §6.4.4).
 *
 *     {"bn":"/3303/0/","bt":25462634,"e":[{"n":"5700","v":22.5},{"n":"5700","t":60,"v":22.25},{"n":"5701","sv":"Cel"}]}
 *
 * Later versions of LwM2M know it as a legacy; its numbers, times and names are those of SenML, and so is the reader.
 */

import { toUtf8 } from "../base/utf8.ts";
import { type Path, ROOT } from "../model/path.ts";
import { decimalText, isObjectLink, linkText, type ResourceType, type ResourceValue } from "../model/value.ts";
import {
  asBoolean,
  asNumber,
  asString,
  type Context,
  exactNumber,
  type Fields,
  isFields,
  parseJson,
} from "./json-fields.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { PackReader, planPack, recordTime } from "./senml.ts";
import { fromBase64, toBase64 } from "./text.ts";
import { checked } from "./typed.ts";

/** Which label each type travels under; opaque values are strings in Base64 (§6.4.4, Appendix C). */
const LABEL: Readonly<Record<ResourceType, "v" | "sv" | "bv" | "ov">> = {
  string: "sv",
  corelnk: "sv",
  opaque: "sv",
  integer: "v",
  unsigned: "v",
  float: "v",
  time: "v",
  boolean: "bv",
  objlnk: "ov",
};

export const json: Codec = {
  format: 11543,
  structured: true,
  timed: true,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const plan = planPack(nodes, base);
    const { prefix, baseTime } = plan;
    let head = nodes.length > 0 && prefix > 0 ? `"bn":"${nodes[0]!.path.slice(0, prefix)}",` : "";
    if (baseTime !== undefined) head += `"bt":${baseTime},`;
    let entries = "";
    for (let i = 0; i < nodes.length; i++) {
      const node = checked(nodes[i]!);
      let entry = node.path.length > prefix ? `"n":"${node.path.slice(prefix)}",` : "";
      const time = recordTime(node, plan);
      if (time !== undefined) entry += `"t":${time},`;
      entries += `${i > 0 ? "," : ""}{${entry}"${LABEL[node.type]}":${jsonOf(node)}}`;
    }
    return toUtf8(`{${head}"e":[${entries}]}`);
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const entries = new EntryReader(base, model, "JSON");
    const { value, exact } = parseJson(bytes, "JSON");
    if (!isFields(value) || !isFields(exact)) throw entries.error("an object was wanted, not what is here");
    const { e: list, bn: baseName, bt: baseTime } = value;
    const digits = exact["e"];
    if (!Array.isArray(list) || !Array.isArray(digits)) throw entries.error("e is malformed, a list of entries wanted");
    if (baseTime !== undefined) entries.baseTime = asNumber("bt", baseTime, entries);
    if (baseName !== undefined) entries.baseName = asString("bn", baseName, entries);
    for (let i = 0; i < list.length; i++)
      readEntry(list[i], digits[i], { entries, base, named: baseName !== undefined });
    return entries.nodes;
  },
};

function jsonOf({ value, type }: Node): string {
  if (type === "float" && typeof value === "number") return decimalText(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `"${toBase64(value)}"`;
  return isObjectLink(value) ? `"${linkText(value)}"` : String(value);
}

/** Records of SenML but for opaque values, which are strings here. */
class EntryReader extends PackReader {
  protected override resolve(type: ResourceType): ResourceValue | undefined {
    if (type !== "opaque") return super.resolve(type);
    return this.label === "vs" && typeof this.value === "string" ? fromBase64(this.value) : undefined;
  }
}

interface Whole {
  readonly entries: EntryReader;
  readonly base: Path;
  /** Whether there was a base name; without one, names are relative to what was asked for (1.0, not 1.0.2). */
  readonly named: boolean;
}

function readEntry(entry: unknown, digits: unknown, { entries, base, named }: Whole): void {
  entries.begin();
  if (!isFields(entry) || !isFields(digits)) throw entries.error("no object");
  const { n: name, t: time } = entry;
  if (name !== undefined) entries.name = asString("n", name, entries);
  if (time !== undefined) entries.time = asNumber("t", time, entries);
  if (!named) entries.baseName = entries.name.startsWith("/") ? "" : prefixOf(base, entries.name);
  readValues(entry, { digits, pack: entries });
  entries.finish();
}

/** What goes before a name that is relative to `base`. */
function prefixOf(base: Path, name: string): string {
  return name === "" || base === ROOT ? base : `${base}/`;
}

function readValues(entry: Fields, context: Context): void {
  const { v, sv, bv, ov } = entry;
  const { pack } = context;
  if (v !== undefined) pack.take("v", exactNumber("v", v, context));
  if (sv !== undefined) pack.take("vs", asString("sv", sv, pack));
  if (bv !== undefined) pack.take("vb", asBoolean("bv", bv, pack));
  if (ov !== undefined) pack.take("vlo", asString("ov", ov, pack));
}
