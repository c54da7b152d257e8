/**
 * Content formats: bytes on one side, nodes on the other, one file each.
 *
 * A codec is strict both ways. It writes a value by the type of its node, never by its look: a FLOAT of 22 leaves as a
 * float in every format. It reads by the model: another type, another depth, an unknown Resource or a path outside of
 * what was asked for is a DecodeError, and so is every malformed byte. Link-format carries no values and has functions
 * of its own, and so have the bodies of composite operations. None of this knows CoAP.
 */

import { cborValue } from "./cbor-value.ts";
import { ETCH_CBOR, ETCH_JSON } from "./composite.ts";
import { json } from "./json.ts";
import { lwm2mCbor } from "./lwm2m-cbor.ts";
import type { Codec } from "./node.ts";
import { opaque } from "./opaque.ts";
import { senmlCbor } from "./senml-cbor.ts";
import { senmlJson } from "./senml-json.ts";
import { text } from "./text.ts";
import { tlv } from "./tlv.ts";

export { decodePatch, decodePaths, type Patch } from "./composite.ts";
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
  SenmlEtchJson: ETCH_JSON,
  SenmlEtchCbor: ETCH_CBOR,
  Tlv: 11542,
  Json: 11543,
  LwM2mCbor: 11544,
} as const;

const CODECS: ReadonlyMap<number, Codec> = new Map(
  [text, opaque, cborValue, senmlJson, senmlCbor, tlv, json, lwm2mCbor].map((codec) => [codec.format, codec]),
);

/** The codec of a Content-Format; undefined if unknown, for link-format, and for SenML-ETCH: it only asks (RFC 8790 §3). */
export function codecOf(format: number): Codec | undefined {
  return CODECS.get(format);
}
