/** Names that are not names of a directory: of hosts and of addresses (RFC 5280 §4.2.1.6). */

import { DerReader, primitive } from "./der.ts";

export type GeneralName =
  | { readonly kind: "dns"; readonly name: string }
  /** 4 or 16 bytes; as a constraint, twice as many: address and mask. */
  | { readonly kind: "address"; readonly bytes: Uint8Array }
  /** A mail address, a URI, a name of a directory: nothing that a server is found by. */
  | { readonly kind: "other"; readonly tag: number };

const DNS_NAME = primitive(2);
const IP_ADDRESS = primitive(7);

/** @param list what stands within the sequence. @throws DecodeError */
export function generalNames(list: Uint8Array): readonly GeneralName[] {
  const reader = new DerReader(list);
  const names: GeneralName[] = [];
  while (!reader.done) names.push(generalName(reader));
  return names;
}

/** The next one. @throws DecodeError */
export function generalName(reader: DerReader): GeneralName {
  const { tag, content } = reader.next();
  // Bytes beyond ASCII, and zeros, come through as they are: such a name equals nobody's.
  if (tag === DNS_NAME) return { kind: "dns", name: Buffer.from(content).toString("latin1").toLowerCase() };
  if (tag === IP_ADDRESS) return { kind: "address", bytes: content };
  return { kind: "other", tag };
}
