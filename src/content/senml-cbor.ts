/** SenML CBOR: a Pack as an array of maps with small integers for labels (RFC 8428 §6, LwM2M Core 1.2 §7.4.5). */

import { copyOf } from "../base/bytes.ts";
import type { Path } from "../model/path.ts";
import { CborReader, EPOCH_TAG, Major, writeFloat, writeHead, writeInteger, writeText } from "./cbor.ts";
import { writeItem } from "./cbor-value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { type Label, MAX_VERSION, PackReader, planPack, recordTime } from "./senml.ts";
import { Sink } from "./sink.ts";
import { checked } from "./typed.ts";

/** RFC 8428 §6, table 4. */
const Key = { bver: -1, bn: -2, bt: -3, bv: -5, n: 0, v: 2, vs: 3, vb: 4, t: 6, vd: 8 } as const;

const out = new Sink();

export const senmlCbor: Codec = {
  format: 112,
  structured: true,
  timed: true,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const plan = planPack(nodes, base);
    const { prefix, baseTime } = plan;
    out.reset();
    writeHead(out, Major.array, nodes.length);
    for (let i = 0; i < nodes.length; i++) {
      const node = checked(nodes[i]!);
      const first = i === 0;
      const named = node.path.length > prefix;
      const time = recordTime(node, plan);
      const bn = first && prefix > 0;
      const bt = first && baseTime !== undefined;
      writeHead(out, Major.map, 1 + (bn ? 1 : 0) + (bt ? 1 : 0) + (named ? 1 : 0) + (time === undefined ? 0 : 1));
      if (bn) writeName(Key.bn, node.path, 0, prefix);
      if (bt) writeTime(Key.bt, baseTime);
      if (named) writeName(Key.n, node.path, prefix, node.path.length);
      if (time !== undefined) writeTime(Key.t, time);
      writeLabel(node);
      writeItem(out, node);
    }
    return out.take();
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const pack = new PackReader(base, model);
    readCborPack(bytes, pack);
    return pack.nodes;
  },
};

/** Hands every Record of a Pack to `pack`. @throws DecodeError if it is no Pack, or `pack` refuses a Record. */
export function readCborPack(bytes: Uint8Array, pack: PackReader): void {
  const input = new CborReader(bytes);
  let left = input.array();
  for (; !input.endsHere(left); left -= left < 0 ? 0 : 1) readRecord(input, pack);
  if (!input.done) throw input.error("more than one pack");
}

function writeName(key: number, path: Path, from: number, to: number): void {
  writeInteger(out, key);
  writeHead(out, Major.text, to - from);
  out.ascii(path, from, to);
}

function writeTime(key: number, time: number): void {
  writeInteger(out, key);
  if (Number.isSafeInteger(time)) writeInteger(out, time);
  else writeFloat(out, time);
}

/** The label of a type, as `LABEL` has it; Object Links are LwM2M's own, and have no number (Core 1.2 §7.4.5). */
function writeLabel({ type }: Node): void {
  switch (type) {
    case "float":
    case "integer":
    case "unsigned":
    case "time":
      out.u8(Key.v);
      return;
    case "string":
    case "corelnk":
      out.u8(Key.vs);
      return;
    case "boolean":
      out.u8(Key.vb);
      return;
    case "opaque":
      out.u8(Key.vd);
      return;
    case "objlnk":
      writeText(out, "vlo");
  }
}

function readRecord(input: CborReader, pack: PackReader): void {
  pack.begin();
  let left = input.map();
  for (; !input.endsHere(left); left -= left < 0 ? 0 : 1) {
    if (input.kind() === "text") readNamedField(input, pack);
    else readField(input.integer(), input, pack);
  }
  pack.finish();
}

function readField(key: number | bigint, input: CborReader, pack: PackReader): void {
  switch (key) {
    case Key.bn:
      pack.baseName = input.text();
      return;
    case Key.bt:
      pack.baseTime = readTime(input);
      return;
    case Key.bv:
      pack.baseValue = readNumber(input);
      return;
    case Key.bver:
      if (readNumber(input) > MAX_VERSION) throw input.error("a later version of SenML"); // RFC 8428 §4.4
      return;
    case Key.n:
      pack.id = input.digits();
      if (pack.id === undefined) pack.name = input.text();
      return;
    case Key.t:
      pack.time = readTime(input);
      return;
    case Key.v:
      readValue("v", input, pack);
      return;
    case Key.vs:
      readValue("vs", input, pack);
      return;
    case Key.vb:
      readValue("vb", input, pack);
      return;
    case Key.vd:
      readValue("vd", input, pack);
      return;
    default:
      // Units, sums and update times say nothing that LwM2M listens to (RFC 8428 §4.2).
      input.skip();
  }
}

/** A label that ends in an underscore must be understood, others may be passed over (RFC 8428 §4.4). */
function readNamedField(input: CborReader, pack: PackReader): void {
  const label = input.text();
  if (label === "vlo") readValue("vlo", input, pack);
  else if (label.endsWith("_")) throw pack.error(`"${label.slice(0, 40)}" is not understood`);
  // A number spelled out is another label than the number, and no pack of ours.
  else if (STRING_KEYS.has(label)) throw input.error(`label "${label}" as text`);
  else input.skip();
}

const STRING_KEYS: ReadonlySet<string> = new Set(["bver", "bn", "bt", "bv", "n", "t", "v", "vs", "vb", "vd"]);

function readValue(label: Label, input: CborReader, pack: PackReader): void {
  if (input.isNull()) pack.takeNull(label);
  else if (label === "v") takeNumber(input, pack);
  else if (label === "vb") pack.take(label, input.boolean());
  else if (label === "vd") pack.take(label, copyOf(input.bytes()));
  else pack.take(label, input.text());
}

/** Of an Epoch tag on a Time, the number alone counts (LwM2M Core 1.2 Appendix C). */
function takeNumber(input: CborReader, pack: PackReader): void {
  const kind = input.kind();
  if (kind === "tag" && input.tag() !== EPOCH_TAG) throw input.error("an unknown tag");
  pack.isFloat = kind === "float" || input.kind() === "float";
  pack.take("v", pack.isFloat ? input.float() : input.integer());
}

function readTime(input: CborReader): number {
  return Number(readNumber(input));
}

function readNumber(input: CborReader): number | bigint {
  return input.kind() === "float" ? input.float() : input.integer();
}
