/** Servers as a client sees them: the Security and Server Objects in our words (LwM2M Core 1.2 Appendix E.1, E.2). */

import type { Secret } from "../base/secret.ts";
import type { LineSecurity } from "../base/transport.ts";

/** The versions of the enabler that can be announced in Register. */
export type Version = "1.0" | "1.1" | "1.2";

/** How to prove who one is: /0/x/2 to /0/x/5. Without it: NoSec, unless OSCORE protects each message. */
export interface Credentials {
  /** /0/x/2. */
  readonly mode: "psk" | "rpk" | "x509";
  /** /0/x/3: the identity of a pre-shared key; or our public key; or our certificate, and right behind it, where they
   *  are needed, those of its issuers (DER each, LwM2M Transport 1.2 §5.2.9.3). */
  readonly identity: Uint8Array;
  /** /0/x/4: what the server proves itself with. */
  readonly serverKey?: Uint8Array;
  /** /0/x/5, as hexadecimal digits. */
  readonly secretKey: Secret;
}

/** An Instance of Object 21, which /0/x/17 leads to (RFC 8613 §3.2; LwM2M Core 1.2 Appendix E). */
export interface OscoreMaterial {
  /** /21/x/0, as hexadecimal digits. */
  readonly masterSecret: Secret;
  /** /21/x/1 and /21/x/2, as the client sees it: the server's Sender ID is our Recipient ID. 0 to 7 bytes. */
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
  /** /21/x/3 and /21/x/4, by their COSE numbers; 10 (AES-CCM-16-64-128) and -10 (HKDF SHA-256) unless said otherwise. */
  readonly aead?: number;
  readonly hkdf?: number;
  /** /21/x/5. */
  readonly masterSalt?: Uint8Array;
  /** /21/x/6. */
  readonly idContext?: Uint8Array;
  /** Where the Instance stands in Object 21; the next free one unless said otherwise. */
  readonly instance?: number;
}

/** How the way to a server is secured: what Instances of Object 0 say beside the address. */
export interface ServerSecurity {
  readonly credentials?: Credentials;
  /** /0/x/13, what /0/x/4 holds of the server's certificate: 0 all of it, 1 SHA-256, 2 SHA-384, 3 SHA-512; 0 unless
   *  said otherwise. */
  readonly matchingType?: number;
  /** /0/x/14: the name that is asked for and that the certificate must bear; the host of the URI unless said otherwise. */
  readonly serverName?: string;
  /** /0/x/15: 0 CA constraint, 1 service certificate constraint, 2 trust anchor, 3 domain-issued certificate; 3 unless
   *  said otherwise (RFC 6698 §2.1.1). */
  readonly certificateUsage?: number;
  /** /0/x/16, by their IANA numbers, the most wanted first; ours unless any are given. */
  readonly ciphersuites?: readonly number[];
  /** /0/x/17, with what stands there. */
  readonly oscore?: OscoreMaterial;
  /** Certificates that usages 0 and 1 start from, DER each: of this machine, in no Object. */
  readonly trust?: readonly Uint8Array[];
  /** Why there is nothing to prove ourselves with, in words, though there should be: then nothing is said to this server. */
  readonly lacking?: string;
}

/** One LwM2M Server: its Instance of Object 0 and its Instance of Object 1. Durations in seconds. */
export interface Account extends ServerSecurity {
  /** `coap://host:port`; /0/x/0. */
  readonly uri: string;
  /** Until the server forgets a client that does not update; /1/x/1. 0 means for ever, since LwM2M 1.2. */
  readonly lifetime: number;
  /** /1/x/0 and /0/x/10, 1 to 65534. */
  readonly shortServerId: number;
  /** Where the Instances stand in Objects 0 and 1; counted in the order of the accounts unless said otherwise. */
  readonly securityInstance?: number;
  readonly serverInstance?: number;
  /** /1/x/2 and /1/x/3. */
  readonly defaultMinimumPeriod?: number;
  readonly defaultMaximumPeriod?: number;
  /** Away after Disable was executed; /1/x/5, a day unless said otherwise. */
  readonly disableTimeout?: number;
  /** Whether notifications are kept while the server cannot be reached; /1/x/6, true unless said otherwise. */
  readonly storing?: boolean;
  /** Letters of the transports that the server may use, the preferred one first; /1/x/7, that of `uri` unless said otherwise. */
  readonly binding?: string;
  /** Queue Mode: the client sleeps between messages, and the server waits until it hears from it. */
  readonly queue?: boolean;
  /** /1/x/13: lower numbers register first; servers without one wait for nobody, and nobody for them. */
  readonly priority?: number;
  /** /1/x/14, before the first Register. */
  readonly initialDelay?: number;
  /** /1/x/15: while registration here fails, servers of lower priority wait. */
  readonly failureBlock?: boolean;
  /** /1/x/16: when registration here has failed for good, bootstrap; true unless said otherwise. */
  readonly bootstrapOnFailure?: boolean;
  /** /1/x/17 to /1/x/20: attempts in one sequence, the wait before the second (doubled each time), the wait between
   *  sequences, and how many sequences. If none of them is given, attempts go on for ever with growing waits. */
  readonly retryCount?: number;
  readonly retryTimer?: number;
  readonly sequenceDelay?: number;
  readonly sequenceCount?: number;
  /** /1/x/22, a letter of `binding`. */
  readonly preferredTransport?: string;
  /** /1/x/23: the server does not want Send. */
  readonly muteSend?: boolean;
  /** /1/x/26: notifications are confirmable unless an attribute says otherwise. */
  readonly confirmNotifications?: boolean;
  /** The newest version spoken: 1.1 unless said otherwise; older ones are tried where it is refused. */
  readonly version?: Version;
}

/** The LwM2M Bootstrap-Server: an Instance of Object 0 with /0/x/1 true (LwM2M Core 1.2 §6.1). Durations in seconds. */
export interface BootstrapAccount extends ServerSecurity {
  readonly uri: string;
  readonly securityInstance?: number;
  /** /0/x/11: how long to wait for the server to begin by itself before asking it to. */
  readonly holdOff?: number;
  /** /0/x/12: how long after a successful bootstrap this account is forgotten; 0 or absent: never. */
  readonly accountTimeout?: number;
  /** When that is, in milliseconds since 1970 UTC: known once bootstrap has succeeded. */
  readonly purgeAt?: number;
  /** The newest version spoken: with 1.2, a Bootstrap-Pack is asked for first. 1.1 unless said otherwise. */
  readonly version?: Version;
  /**
   * Keeps a way open while nothing is to be asked, so that the server may begin by itself, as it could in LwM2M 1.0
   * (§5.2.3.4): a socket for each client, and false unless said otherwise.
   */
  readonly listen?: boolean;
}

/** An Instance of Object 2: who may do what to one Object Instance (LwM2M Core 1.2 §8, Appendix E.3). */
export interface AccessRule {
  readonly instance: number;
  /** The Object and the Instance that it is about; MAX_ID + 1: the creation of Instances. */
  readonly object: number;
  readonly objectInstance: number;
  /** Bits by Short Server ID, 0 for all others: 1 Read/Observe/Write-Attributes, 2 Write, 4 Execute, 8 Delete, 16 Create. */
  readonly rights: ReadonlyMap<number, number>;
  readonly owner: number;
}

/** All that bootstrap provides: Objects 0, 1 and 2 of one client. Never changed, only replaced: thousands share one. */
export interface Provision {
  readonly accounts: readonly Account[];
  readonly bootstrap?: BootstrapAccount;
  readonly access?: readonly AccessRule[];
}

/** What the outside may know of a registration. Times in milliseconds since 1970 UTC. */
export interface RegistrationSnapshot {
  readonly state: "off" | "registering" | "registered" | "updating" | "waiting";
  readonly server: string;
  readonly shortServerId: number;
  readonly since?: number;
  readonly location?: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly observations: number;
  /** The last error in words, until the next success: "4.03 Forbidden: unknown endpoint", "no answer in 93 s". */
  readonly lastError?: string;
  readonly nextAttemptAt?: number;
  readonly lastAnswerAt?: number;
  /** In Queue Mode: requests are not heard until we have said something. */
  readonly asleep?: boolean;
  /** Of the way to the server, where it is secured, or is to be. */
  readonly security?: LineSecurity;
  /** All attempts that the account grants are used (/1/x/17 to /1/x/20); they begin anew at `nextAttemptAt`. */
  readonly givenUp?: boolean;
}

/** What the outside may know of bootstrap. Times in milliseconds since 1970 UTC. */
export interface BootstrapSnapshot {
  /** `waiting`: until an attempt at `nextAttemptAt`. `provisioning`: the server writes. */
  readonly state: "off" | "waiting" | "asking" | "provisioning";
  /** Absent where there is no Bootstrap-Server any more. */
  readonly server?: string;
  /** In words, until the next success. */
  readonly lastError?: string;
  readonly nextAttemptAt?: number;
  readonly finishedAt?: number;
}
