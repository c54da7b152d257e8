/** What the extensions of a certificate say, as far as a path is judged by it (RFC 5280 §4.2). */

import { DecodeError } from "../../base/bytes.ts";
import { type NameConstraints, decodeConstraints } from "./constraints.ts";
import { DerReader, Tag, namedBits, objectIdentifier, only, smallNumber, truth } from "./der.ts";
import { type GeneralName, generalNames } from "./general-names.ts";

export interface Extensions {
  /** Basic Constraints: whether it may sign certificates; undefined without the extension (RFC 5280 §4.2.1.9). */
  readonly authority?: boolean;
  /** How many authorities may stand between it and the leaf. */
  readonly pathLength?: number;
  /** Bits of `KeyUsage` (RFC 5280 §4.2.1.3); undefined: any. */
  readonly keyUsage?: number;
  /** Extended Key Usage, dotted (RFC 5280 §4.2.1.12); undefined: any. */
  readonly purposes?: readonly string[];
  /** Subject Alternative Name (RFC 5280 §4.2.1.6). */
  readonly names?: readonly GeneralName[];
  /** Name Constraints (RFC 5280 §4.2.1.10). */
  readonly constraints?: NameConstraints;
  /** Critical ones that nobody here understands, dotted: they refuse the certificate (RFC 5280 §4.2). */
  readonly unknownCritical: readonly string[];
}

export const KeyUsage = { DigitalSignature: 0x8000, CertificateSign: 0x0400 } as const;
export const Purpose = { ServerAuth: "1.3.6.1.5.5.7.3.1", Any: "2.5.29.37.0" } as const;

/** No certificate has as many; none takes longer to read. */
const MAX_EXTENSIONS = 40;
const NONE: Extensions = { unknownCritical: [] };

type Facts = Omit<Extensions, "unknownCritical">;

const READERS: Readonly<Record<string, (value: Uint8Array, critical: boolean) => Facts>> = {
  "2.5.29.15": (value) => ({ keyUsage: namedBits(only(value, Tag.BitString, "key usage")) }),
  "2.5.29.17": (value) => ({ names: generalNames(only(value, Tag.Sequence, "list of names").content) }),
  "2.5.29.19": basicConstraints,
  "2.5.29.30": (value, critical) => ({ constraints: decodeConstraints(value, critical) }),
  "2.5.29.37": purposes,
  // Nobody here asks for a policy, so that no policy forbids anything (RFC 5280 §6.1.1 (c), (e)).
  "2.5.29.32": () => ({}),
};

/** @param list the extensions, without the `[3]` around them. @throws DecodeError also if one comes twice (RFC 5280 §4.2). */
export function decodeExtensions(list: Uint8Array | undefined): Extensions {
  if (list === undefined) return NONE;
  const reader = new DerReader(only(list, Tag.Sequence, "list of extensions").content);
  const seen = new Set<string>();
  const unknownCritical: string[] = [];
  let facts: Facts = {};
  while (!reader.done) {
    const { id, critical, value } = decodeExtension(reader);
    if (seen.has(id)) throw new DecodeError(`extension ${id} comes twice`);
    if (seen.add(id).size > MAX_EXTENSIONS) throw new DecodeError(`more than ${MAX_EXTENSIONS} extensions`);
    const read = READERS[id];
    if (read !== undefined) facts = { ...facts, ...read(value, critical) };
    else if (critical) unknownCritical.push(id);
  }
  return { ...facts, unknownCritical };
}

function decodeExtension(list: DerReader): { id: string; critical: boolean; value: Uint8Array } {
  const reader = new DerReader(list.take(Tag.Sequence, "extension").content);
  const id = objectIdentifier(reader.take(Tag.ObjectIdentifier, "identifier of an extension"));
  const flag = reader.optional(Tag.Boolean);
  const { content: value } = reader.take(Tag.OctetString, `value of extension ${id}`);
  reader.end("value of an extension");
  return { id, critical: flag !== undefined && truth(flag), value };
}

function basicConstraints(value: Uint8Array): Facts {
  const reader = new DerReader(only(value, Tag.Sequence, "basic constraints").content);
  const flag = reader.optional(Tag.Boolean);
  const length = reader.optional(Tag.Integer);
  reader.end("path length");
  const authority = flag !== undefined && truth(flag);
  return length === undefined ? { authority } : { authority, pathLength: smallNumber(length) };
}

function purposes(value: Uint8Array): Facts {
  const reader = new DerReader(only(value, Tag.Sequence, "list of purposes").content);
  const list: string[] = [];
  while (!reader.done) list.push(objectIdentifier(reader.take(Tag.ObjectIdentifier, "purpose")));
  return { purposes: list };
}
