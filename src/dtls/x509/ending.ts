/** When certificates of our own end: the first of a chain ends all of it (RFC 5280 §6.1.3 (a)(2)). */

import { DecodeError } from "../../base/bytes.ts";
import { type Certificate, decodeCertificate, titleOf } from "./certificate.ts";

export interface Ending {
  /** Such as `certificate "tag"`. */
  readonly title: string;
  /** Milliseconds since 1970 UTC: the last at which it is valid. */
  readonly at: number;
}

/** Undefined where none of them ends, or can be read. */
export function endingOf(chain: readonly Uint8Array[]): Ending | undefined {
  let first: Certificate | undefined;
  for (const der of chain) {
    const certificate = decoded(der);
    if (certificate && certificate.validUntil < (first?.validUntil ?? Infinity)) first = certificate;
  }
  return first && { title: titleOf(first), at: first.validUntil };
}

function decoded(der: Uint8Array): Certificate | undefined {
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
