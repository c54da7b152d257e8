/** What an association of ours is made from, and what it counts. */

import type { KeyObject } from "node:crypto";
import type { Stamp } from "../base/clock.ts";
import type { Credentials } from "../base/credentials.ts";
import type { Random } from "../base/random.ts";

/** What associations have seen and done, for the status page and for tests. Each only grows. */
export class DtlsCounters {
  /** Handshakes begun, and those that were completed. */
  handshakes = 0;
  completed = 0;
  /** Of the completed ones, those that resumed a session. */
  resumed = 0;
  /** Flights of ours sent again (RFC 6347 §4.2.4). */
  retransmissions = 0;
  /** Datagrams with something in them that is no record, or no fragment of a handshake message (RFC 6347 §4.1.2.7). */
  malformed = 0;
  /** Records that did not prove authentic. */
  forged = 0;
  /** Records received before, or too old to tell (RFC 6347 §4.1.2.6). */
  replayed = 0;
  /** Records and messages that are well formed and do not belong where they came: dropped. */
  misplaced = 0;
  /** Alerts in the clear that changed nothing: anybody can write them. */
  foreignAlerts = 0;
  /** ClientHellos of a server that would rather be the client: never answered. */
  foreignHellos = 0;
  /** Records of the next epoch that came before their keys, and found no place to wait. */
  overflows = 0;
}

/** The arithmetic of public keys: replaced where a recorded handshake is played again. */
export interface KeyWork {
  /** A fresh pair on P-256. */
  ephemeral(): EphemeralPair;
  /** ECDSA with SHA-256, as DER (RFC 8422 §5.4). */
  sign(key: KeyObject, data: Uint8Array): Uint8Array;
}

export interface EphemeralPair {
  /** Uncompressed: 65 bytes. */
  readonly point: Uint8Array;
  /** The x coordinate of the shared point: 32 bytes. @throws Error if `peer` is no point of the curve. */
  agree(peer: Uint8Array): Uint8Array;
}

export interface DtlsOptions {
  readonly credentials: Credentials;
  readonly random: Random;
  /** The wall clock, for certificates. */
  readonly now: () => Stamp;
  /** What is offered, in order of preference; those that do not fit the credentials are left out. */
  readonly suites?: readonly number[];
  /**
   * Length of the Connection ID that the server shall put into what it sends us, 0 to 32. 0 is the usual choice: it may
   * then issue one to us, and needs none back (RFC 9146 §3). False: none is negotiated either way.
   */
  readonly ownCidLength?: number | false;
  /** Refuses servers without RFC 7627; false unless said otherwise, because some have not got it. */
  readonly requireExtendedMasterSecret?: boolean;
  /** Until a flight without an answer is sent again the first time, in milliseconds: 200 to 9,000; 1,000 unless said otherwise (RFC 6347 §4.2.4.1). */
  readonly retransmitMs?: number;
  /** Lets the CBC suites in `suites` be offered. They are taken only together with encrypt-then-MAC (RFC 7366). */
  readonly allowCbc?: boolean;
  readonly counters?: DtlsCounters;
  /** Whom we talk to, for words: "server 101", "coaps://example.org". */
  readonly name?: string;
  readonly keyWork?: KeyWork;
}
