/** How a line ended, in words for whoever put the gateway up. */

import type { SecurityFailure } from "../../base/association.ts";
import type { Judgement } from "../../base/credentials.ts";
import type { Progress } from "./line.ts";

interface Known {
  readonly judgement: Judgement | undefined;
  /** ``identity `dev1` `` or `our certificate`. */
  readonly who: string;
}

/** Of a line that gave up, or was closed by its peer. */
export function failureOf(progress: Progress, { judgement, who }: Known): SecurityFailure {
  if (progress.status !== "failed") return { kind: "closed", reason: "the peer closed the line (close_notify)" };
  if (judgement?.status === "wait") return { kind: "clock", reason: judgement.reason };
  if (judgement?.status === "refused") return { kind: "untrusted", reason: judgement.reason };
  const { alert, reason } = progress;
  if (alert !== undefined) return { kind: "alert", alert, reason: `the peer refused ${who}: ${hintOf(alert)}` };
  return { kind: "protocol", reason: `the handshake failed: ${reason}` };
}

/** Of a peer that said close_notify when it had got our proof, and not given its own. */
export function hungUp(who: string): SecurityFailure {
  return {
    kind: "silence-after-finished",
    reason: `the peer hung up after our Finished (close_notify): is the key of ${who} wrong, or unknown there?`,
  };
}

export function silence(known: {
  readonly heard: boolean;
  readonly proved: boolean;
  readonly who: string;
}): SecurityFailure {
  if (known.proved)
    return {
      kind: "silence-after-finished",
      reason: `the server answered, then fell silent after our Finished: is the key of ${known.who} wrong, or unknown there?`,
    };
  return {
    kind: "silence",
    reason: known.heard
      ? "the server began a handshake and fell silent: does the way lose large datagrams?"
      : "nobody answers there: is the address right, and is UDP let through?",
  };
}

/** RFC 5246 §7.2.2 and RFC 4279 §2, as they mostly come about. */
const HINTS: Readonly<Record<string, string>> = {
  handshake_failure: "it found no cipher suite that both have, or wants other credentials",
  insufficient_security: "it wants stronger cipher suites",
  decrypt_error: "the key is wrong",
  bad_record_mac: "the key is wrong",
  unknown_psk_identity: "it does not know this identity",
  bad_certificate: "it cannot read the certificate",
  unsupported_certificate: "it takes no certificate of this kind",
  certificate_revoked: "the certificate is revoked",
  certificate_expired: "the certificate has expired",
  certificate_unknown: "it does not accept the certificate",
  unknown_ca: "it does not know who issued the certificate",
  access_denied: "it does not let us in",
  protocol_version: "it does not speak DTLS 1.2",
};

function hintOf(alert: string): string {
  const hint = HINTS[alert];
  return hint === undefined ? alert : `${hint} (${alert})`;
}
