/** How two ends of a secured line prove who they are, whichever protocol carries the proof. Keys are `KeyObject`s: they do not print. */

import type { KeyObject } from "node:crypto";
import type { Stamp } from "./clock.ts";

/** A key that both ends have. */
export interface PskCredentials {
  readonly mode: "psk";
  /** Bytes, of UTF-8 as a rule; 1 to 128 (LwM2M Transport 1.2 §5.2.9.1 counts on no more). */
  readonly identity: Uint8Array;
  /** 1 to 64 bytes, as a secret `KeyObject`. */
  readonly key: KeyObject;
}

/** A bare key pair: each end knows the other's public key (RFC 7250). */
export interface RpkCredentials {
  readonly mode: "rpk";
  /** On P-256. */
  readonly privateKey: KeyObject;
  /** Ours: DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The server's: DER of the whole SubjectPublicKeyInfo; any other is a stranger's. Or its hash, see below. */
  readonly serverKey: Uint8Array;
  /** /0/x/13, if `serverKey` is a hash: 1 SHA-256, 2 SHA-384, 3 SHA-512 (LwM2M Core 1.2 Appendix E.1). */
  readonly serverKeyMatching?: 1 | 2 | 3;
}

/** A certificate of ours, and a judge of the server's. */
export interface X509Credentials {
  readonly mode: "x509";
  /** On P-256. */
  readonly privateKey: KeyObject;
  /** DER of our certificates, our own first, each signed by the next. */
  readonly chain: readonly Uint8Array[];
  /** For Server Name Indication (RFC 6066 §3): a DNS name, absent for an address. */
  readonly serverName?: string;
  /** Judges the chain that the server shows, its own certificate first, DER each; `now` by the wall clock. Never throws. */
  readonly judge: (chain: readonly Uint8Array[], now: Stamp) => Judgement;
  /** Tells judges apart: a session with a server that another one has trusted is not resumed, since resuming asks none. */
  readonly judgeName?: string;
}

export type Credentials = PskCredentials | RpkCredentials | X509Credentials;

/** `wait`: nothing wrong but the time, and the clock has not been set yet. */
export type Judgement =
  | { readonly status: "trusted"; readonly publicKey: KeyObject }
  | { readonly status: "refused"; readonly reason: string; readonly fault: CertificateFault }
  | { readonly status: "wait"; readonly reason: string };

/** Which alert tells the server what is wrong (RFC 5246 §7.2.2). */
export type CertificateFault = "bad" | "unsupported" | "expired" | "unknown-authority" | "unknown";
