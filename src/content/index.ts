/**
 * Content formats: bytes on one side, nodes on the other, one file each.
 *
 * A codec is strict both ways. It writes a value by the type of its node, never by its look: a FLOAT of 22 leaves as a
 * float in every format. It reads by the model: another type, another depth, an unknown Resource or a path outside of
 * what was asked for is a DecodeError, and so is every malformed byte. Link-format carries no values and has functions
 * of its own. None of this knows CoAP.
 */

import { cborValue } from "./cbor-value.ts";
import type { Codec } from "./node.ts";
import { opaque } from "./opaque.ts";
import { senmlCbor } from "./senml-cbor.ts";
import { senmlJson } from "./senml-json.ts";
import { text } from "./text.ts";
import { tlv } from "./tlv.ts";

export { type Link, readLinks, writeLinks } from "./link-format.ts";
export type { Codec, ModelOf, Node } from "./node.ts";

/** CoAP Content-Format numbers (LwM2M Core 1.2 §7.4). */
export const Format = {
  Text: 0,
  LinkFormat: 40,
  Opaque: 42,
  Cbor: 60,
  SenmlJson: 110,
  SenmlCbor: 112,
  Tlv: 11542,
} as const;

const CODECS: ReadonlyMap<number, Codec> = new Map(
  [text, opaque, cborValue, senmlJson, senmlCbor, tlv].map((codec) => [codec.format, codec]),
);

/** The codec of a Content-Format; undefined for formats that are unknown, and for link-format. */
export function codecOf(format: number): Codec | undefined {
  return CODECS.get(format);
}
