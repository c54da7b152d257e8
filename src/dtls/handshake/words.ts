/** How a handshake failed, in words that an installer understands: who, what, and what to look at. */

import type { SecurityFailure } from "../../base/association.ts";
import { words } from "../../base/errors.ts";
import { DecodeError } from "../../base/bytes.ts";
import type { Credentials } from "../../base/credentials.ts";
import { type AlertName, HandshakeFault } from "../alert.ts";
import { TrustFault } from "./fault.ts";
import type { State } from "./table.ts";

/** Whom it is about, and how we prove who we are. */
export interface Parties {
  readonly name: string;
  readonly credentials: Credentials;
}

export interface Silence {
  readonly state: State;
  /** Something of the server has arrived at all. */
  readonly answered: boolean;
  readonly resuming: boolean;
}

/** What alerts of RFC 5246 §7.2.2 and RFC 4279 §6 mean, to those who have to mend it. */
const MEANINGS: ReadonlyMap<string, (own: string) => string> = new Map([
  [
    "handshake_failure",
    (own: string) => `nothing offered suits it; compare cipher suites, and whether it knows ${own}`,
  ],
  ["insufficient_security", () => "it wants other cipher suites than those offered"],
  ["unknown_psk_identity", (own: string) => `it does not know ${own}`],
  ["decrypt_error", (own: string) => `our proof does not fit; it has another key for ${own}?`],
  ["bad_record_mac", (own: string) => `what we sealed does not open there; it has another key for ${own}?`],
  ["access_denied", (own: string) => `it knows ${own}, and does not let it in`],
  ["bad_certificate", (own: string) => `it does not accept ${own}`],
  ["unsupported_certificate", (own: string) => `it takes no such thing as ${own}`],
  ["certificate_revoked", (own: string) => `${own} is revoked`],
  ["certificate_expired", (own: string) => `${own} is expired, or its clock is wrong`],
  ["certificate_unknown", (own: string) => `it does not accept ${own}`],
  ["unknown_ca", (own: string) => `it does not know who signed ${own}`],
  ["protocol_version", () => "it does not speak DTLS 1.2"],
  ["unrecognized_name", () => "it does not answer to the server name we ask for"],
]);

/** The peer's alert ended it. */
export function refused({ name, credentials }: Parties, alert: string): SecurityFailure {
  const meaning = MEANINGS.get(alert)?.(ours(credentials));
  return { kind: "alert", alert, reason: `${name} refused (${alert})${meaning === undefined ? "" : `: ${meaning}`}` };
}

/** Nothing came any more. */
export function silence({ name, credentials }: Parties, { state, answered, resuming }: Silence): SecurityFailure {
  if (!answered)
    return {
      kind: "silence",
      reason: `${name} does not answer: nobody listens there for DTLS, or UDP does not get through`,
    };
  if (resuming) return { kind: "silence", reason: `${name} began to resume the session, then silence` };
  if (state === "change" || state === "finished")
    return {
      kind: "silence-after-finished",
      reason: `${name} answered, then silence after our Finished: wrong key, or it does not know ${ours(credentials)}?`,
    };
  if (state === "hello")
    return {
      kind: "silence",
      reason: `${name} answered our first message, then silence: does it take our cipher suites?`,
    };
  return {
    kind: "silence",
    reason: `${name} fell silent in the middle of its answer: large datagrams do not get through?`,
  };
}

/** Something broke the rules, or our trust. */
export interface Broken {
  readonly failure: SecurityFailure;
  /** What the peer is told. */
  readonly alert: AlertName;
}

export function broken({ name }: Parties, error: unknown): Broken {
  const of = (kind: SecurityFailure["kind"], alert: AlertName, reason: string): Broken => ({
    alert,
    failure: { kind, alert, reason: `${name}: ${reason}` },
  });
  if (error instanceof TrustFault) return of(error.kind, error.alert, error.message);
  if (error instanceof HandshakeFault) return of("protocol", error.alert, error.message);
  if (error instanceof DecodeError) return of("protocol", "decode_error", `cannot be read: ${error.message}`);
  return of("protocol", "internal_error", words(error));
}

/** An identity is sent in the clear anyway; a key never gets here. */
function ours(credentials: Credentials): string {
  switch (credentials.mode) {
    case "psk":
      return `our identity ${printable(credentials.identity)}`;
    case "rpk":
      return "our public key";
    case "x509":
      return "our certificate";
  }
}

function printable(identity: Uint8Array): string {
  const text = Buffer.from(identity).toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) ? `"${text}"` : `0x${Buffer.from(identity).toString("hex")}`;
}
