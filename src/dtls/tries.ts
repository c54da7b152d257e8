/** What is tried next when a handshake did not come to its end: another way if there is one, or words. */

import type { SecurityFailure } from "../base/association.ts";

/** One handshake: what it begins with. */
export interface Try {
  /** A session of before is offered. */
  readonly resume: boolean;
  /** From the port that we have, or had; or from another, by which no server knows anything of us. */
  readonly port: "kept" | "fresh";
}

export type Next = Try | "when-the-clock-is-set" | undefined;

/** @param session one of before is there to be offered. */
export function firstTry(session: boolean): Try {
  return { resume: session, port: "kept" };
}

/**
 * The next try, or undefined if there is none that could end better. Three in a row at most, the clock left out.
 * @param known the server has answered, or may know us by the kept port: of before a restart, or of an association gone
 *   silent.
 */
export function nextTry(tried: Try, { kind }: SecurityFailure, known: boolean): Next {
  switch (kind) {
    case "clock":
      return "when-the-clock-is-set";
    case "silence":
      // What the server holds of an association of before may swallow our ClientHello: RFC 6347 §4.2.8 is not everybody's.
      return tried.port === "kept" && known ? { resume: false, port: "fresh" } : undefined;
    case "silence-after-finished":
      // A server that has lost its last flight does not always repeat it: a new association is begun, where it has none.
      return tried.resume || tried.port === "kept" ? { resume: false, port: "fresh" } : undefined;
    case "alert":
    case "untrusted":
    case "protocol":
      // The server may be another by now, or have forgotten half of the session (RFC 5246 §7.2.2: not to be resumed).
      return tried.resume ? { ...tried, resume: false } : undefined;
    case "closed":
      return undefined;
  }
}
