/** Ways from a server's certificate up to one that we trust: each signed by the next (RFC 5280 §6, RFC 4158). */

import { sameBytes } from "../../base/bytes.ts";
import type { Certificate } from "./certificate.ts";
import { isSignedBy } from "./signature.ts";

/** The server's own first, the trusted one last. */
export type Path = readonly Certificate[];

/** Longer than any that is used; a server must not make us search for ever. */
const MAX_PATH = 8;
const MAX_VERIFICATIONS = 24;

export class PathSearch {
  /** One that bears an issuer's name and not its signature, if the search came upon such. */
  forged: Certificate | undefined;
  readonly #between: readonly Certificate[];
  readonly #anchors: readonly Certificate[];
  #verifications = 0;

  /** @param between what the server showed beside its own, in any order, of use or not. */
  constructor(between: readonly Certificate[], anchors: readonly Certificate[]) {
    this.#between = between.filter((one) => !isAmong(one, anchors));
    this.#anchors = anchors;
  }

  /** All ways, as far as they can be found with a bounded number of verifications. A trusted leaf is a way of its own. */
  *from(leaf: Certificate): Generator<Path, void> {
    if (isAmong(leaf, this.#anchors)) yield [leaf];
    yield* this.#extend([leaf], leaf);
  }

  *#extend(path: Path, last: Certificate): Generator<Path, void> {
    for (const anchor of this.#anchors) if (this.#issued(anchor, last, path)) yield [...path, anchor];
    if (path.length >= MAX_PATH) return;
    for (const next of this.#between) if (this.#issued(next, last, path)) yield* this.#extend([...path, next], next);
  }

  #issued(issuer: Certificate, subject: Certificate, path: Path): boolean {
    if (!sameBytes(issuer.subject, subject.issuer) || isAmong(issuer, path)) return false;
    if (++this.#verifications > MAX_VERIFICATIONS) return false;
    if (isSignedBy(subject, issuer)) return true;
    this.forged ??= subject;
    return false;
  }
}

function isAmong({ der }: Certificate, list: readonly Certificate[]): boolean {
  return list.some((one) => sameBytes(one.der, der));
}
