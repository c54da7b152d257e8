/** What a server for tests can do, and how it may misbehave. */

import type { KeyObject } from "node:crypto";
import type { Random } from "../../../../src/base/random.ts";
import type { AlertName } from "../../../../src/dtls/alert.ts";
import type { WrittenHello } from "./codec.ts";

/** One message that a server is about to say, before it counts for anything. */
export interface Spoken {
  readonly type: number;
  readonly body: Uint8Array;
}

export interface TestServerOptions {
  readonly random: Random;
  /** In its order of preference; the ones that its keys allow unless said otherwise. */
  readonly suites?: readonly number[];
  readonly psk?: (identity: Uint8Array) => Uint8Array | undefined;
  /** Sends a ServerKeyExchange with plain PSK, too. */
  readonly hint?: string;
  readonly rawKey?: { readonly privateKey: KeyObject; readonly publicKey: Uint8Array };
  readonly certificate?: { readonly privateKey: KeyObject; readonly chain: readonly Uint8Array[] };
  /** False: does not ask the client for a certificate. */
  readonly asksClient?: boolean;
  readonly certificateTypes?: readonly number[];
  readonly certificateSchemes?: readonly number[];
  /** The Connection ID that it issues; undefined: it knows nothing of them. */
  readonly issueCid?: () => Uint8Array;
  readonly extendedMasterSecret?: boolean;
  readonly cookies?: boolean;
  /** Gives sessions a name, and resumes them. */
  readonly resumes?: boolean;
  readonly maxDatagram?: number;
  /** Says nothing where the client's Finished does not fit, as Scandium does; otherwise: bad_record_mac. */
  readonly silent?: boolean;
  /** Refuses every ClientHello that way. */
  readonly refuses?: AlertName;
  /** Never says its last flight twice, as tinydtls does not. */
  readonly forgetful?: boolean;
  /** Changes what is said, before it goes into the transcript. */
  readonly alterFlight?: (messages: readonly Spoken[]) => readonly Spoken[];
  readonly alterHello?: (hello: WrittenHello) => WrittenHello;
  /** Changes the server's Finished. */
  readonly alterFinished?: (verifyData: Uint8Array) => Uint8Array;
}

export interface TestServerOwner {
  transmit(peer: string, datagram: Uint8Array): void;
  received?(peer: string, payload: Uint8Array): void;
}

/** What a server keeps of a session. */
export interface KeptSession {
  readonly master: Uint8Array;
  readonly suite: number;
}
