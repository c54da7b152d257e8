/** Plain text: one value as people would write it (LwM2M Core 1.2 §7.4.1, Appendix C). */

import { toUtf8 } from "../base/utf8.ts";
import type { Path } from "../model/path.ts";
import {
  decimalText,
  fits,
  isObjectLink,
  linkText,
  parseLink,
  parseWhole,
  type ResourceType,
  type ResourceValue,
} from "../model/value.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { modelAt, onlyNode, refused } from "./typed.ts";
import { readUtf8 } from "./utf8.ts";

/** Servers do send exponents, though Appendix C has none; a comma is never a decimal point. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const text: Codec = {
  format: 0,
  structured: false,
  timed: false,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const { value, type } = onlyNode(nodes, base);
    return toUtf8(textOf(value, type));
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const { type } = modelAt(base, model);
    const value = valueOf(readUtf8(bytes), type);
    if (value === undefined || !fits(value, type)) throw refused(base, `${type} as text`);
    return [{ path: base, type, value }];
  },
};

function textOf(value: ResourceValue, type: ResourceType): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (type === "float" && typeof value === "number") return decimalText(value);
  if (value instanceof Uint8Array) return toBase64(value);
  return isObjectLink(value) ? linkText(value) : String(value);
}

function valueOf(text: string, type: ResourceType): ResourceValue | undefined {
  switch (type) {
    case "string":
    case "corelnk":
      return text;
    case "integer":
    case "unsigned":
    case "time":
      return parseWhole(text);
    case "float":
      return DECIMAL.test(text) ? Number(text) : undefined;
    case "boolean":
      return text === "1" ? true : text === "0" ? false : undefined;
    case "opaque":
      return fromBase64(text);
    case "objlnk":
      return parseLink(text);
  }
}

/** The bytes that `text` spells in the alphabet of RFC 4648 §4 with its padding, or undefined. */
export function fromBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
}

export function toBase64(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
}
