/** What may go wrong with a package, in words: Objects 5 and 9 have other numbers for the same (LwM2M Core 1.1 Appendix E.6). */

/** Why a package did not come, or is of no use; each Object has numbers of its own for these. */
export type Fault =
  /** No room where packages are kept. */
  | "no-space"
  /** No memory while it came. */
  | "no-memory"
  /** The connection was lost, and trying again did not help. */
  | "lost"
  /** What has come is not what was sent. */
  | "integrity"
  /** Not a package for this device. */
  | "type"
  /** There is nothing at that URI, or it is none. */
  | "uri"
  /** Nobody here speaks that protocol. */
  | "protocol"
  /** Anything else. */
  | "failed";
