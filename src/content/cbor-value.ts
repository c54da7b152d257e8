/** CBOR: one value as one item (LwM2M Core 1.2 §7.4.3 and Appendix C). */

import { copyOf } from "../base/bytes.ts";
import type { Path } from "../model/path.ts";
import { fits, isObjectLink, linkText, parseLink, type ResourceType, type ResourceValue } from "../model/value.ts";
import {
  CborReader,
  EPOCH_TAG,
  Major,
  writeBoolean,
  writeBytes,
  writeFloat,
  writeHead,
  writeInteger,
  writeText,
} from "./cbor.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { Sink } from "./sink.ts";
import { modelAt, onlyNode, refused } from "./typed.ts";

const out = new Sink();

export const cborValue: Codec = {
  format: 60,
  structured: false,
  timed: false,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const node = onlyNode(nodes, base);
    out.reset();
    if (node.type === "time") writeHead(out, Major.tag, EPOCH_TAG);
    writeItem(out, node);
    return out.take();
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const { type } = modelAt(base, model);
    const input = new CborReader(bytes);
    if (type === "time" && input.tag() !== EPOCH_TAG) throw refused(base, "time as CBOR");
    const value = readItem(input, type);
    if (value === undefined || !fits(value, type)) throw refused(base, `${type} as CBOR`);
    if (!input.done) throw input.error("more than one item");
    return [{ path: base, type, value }];
  },
};

/** A value whose type has been checked: a FLOAT is a float, however whole it looks. */
export function writeItem(out: Sink, { value, type }: Node): void {
  if (typeof value === "number" && type === "float") writeFloat(out, value);
  else if (typeof value === "number" || typeof value === "bigint") writeInteger(out, value);
  else if (typeof value === "string") writeText(out, value);
  else if (typeof value === "boolean") writeBoolean(out, value);
  else if (isObjectLink(value)) writeText(out, linkText(value));
  else writeBytes(out, value);
}

/** The next item as a value of `type`, without the tag of a Time. @throws DecodeError if it is of another kind. */
export function readItem(input: CborReader, type: ResourceType): ResourceValue | undefined {
  switch (type) {
    case "string":
    case "corelnk":
      return input.text();
    case "integer":
    case "unsigned":
    case "time":
      return input.integer();
    case "float":
      return input.float();
    case "boolean":
      return input.boolean();
    case "opaque":
      return copyOf(input.bytes());
    case "objlnk":
      return parseLink(input.text());
  }
}
