/** The trust store: certificates that are trusted because they are there. */

import { DecodeError } from "../../base/bytes.ts";
import { type Certificate, decodeCertificate } from "./certificate.ts";

/** Thousands of accounts share one array: each is read once, and forgotten with it. */
const stores = new WeakMap<readonly Uint8Array[], readonly Certificate[]>();

/** @param authorities DER each; what is no certificate is trusted by nobody, and left out. */
export function anchorsOf(authorities: readonly Uint8Array[]): readonly Certificate[] {
  let anchors = stores.get(authorities);
  if (anchors === undefined) {
    anchors = authorities.flatMap((der) => readable(der));
    stores.set(authorities, anchors);
  }
  return anchors;
}

function readable(der: Uint8Array): Certificate[] {
  try {
    return [decodeCertificate(der)];
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}
