/**
 * OpenSSL as the other end of a line, inside the test's own process and in virtual time: the main oracle for DTLS.
 *
 * How to use it:
 *
 *     const found = await findTestOpenssl();           // once, at the top of a test file
 *     describe.skipIf(!found.openssl)(titled("what it is about", found), () => { ... });
 *     const server = testServer(found.openssl!, { psk: keyOf("dev1", KEY) }, owner);
 *     server.receive("client-1", datagram, now);       // bytes in, by a name for the client
 *     server.deadline; server.onTimeout(now);          // its retransmissions, in the same virtual milliseconds
 *     server.send("client-1", payload, now);           // one sealed record to an open client
 *     server.forget();                                 // as if it were restarted: associations gone, sessions kept
 *
 * `owner` gets `transmit(peer, datagram)`, `opened(peer, facts)`, `received(peer, payload)`, `ended(peer, failure)`.
 * `EchoServer` is such an owner, which answers each payload with itself and remembers what it was told.
 * `opensslClient(openssl, credentials)` is an `Associate` with OpenSSL at the client's end.
 * `RoughNetwork` (rough-network.ts) carries datagrams between an `Association` and a server, and loses some.
 *
 * OpenSSL looks at the real time to see whether a flight is due. Up to 3.1 it tells where it has written the time down,
 * and `virtualTiming` changes it there; with later ones `found.canLose` is false: tests that lose datagrams are skipped.
 */

import { createSecretKey } from "node:crypto";
import type { Associate } from "../../src/base/association.ts";
import type { Credentials, PskCredentials } from "../../src/base/credentials.ts";
import { opensslAssociate, type OpensslOptions } from "../../src/io/openssl/association.ts";
import { findOpenssl, type Openssl } from "../../src/io/openssl/library.ts";
import type { Timing } from "../../src/io/openssl/line.ts";
import type { PeerFacts } from "../../src/io/openssl/server-peer.ts";
import { OpensslServer, type OpensslServerOptions, type OpensslServerOwner } from "../../src/io/openssl/server.ts";

export interface TestOpenssl {
  /** Undefined: it is not there, and `reason` says why. */
  readonly openssl: Openssl | undefined;
  readonly reason: string;
  /** Whether its retransmissions follow virtual time. */
  readonly canLose: boolean;
}

/** OpenSSL 3.2, where the time of the next repetition became unreachable. */
const UNREACHABLE_TIMER = 0x3020_0000;

export async function findTestOpenssl(): Promise<TestOpenssl> {
  const found = await findOpenssl();
  if (found.status === "missing") return { openssl: undefined, reason: found.reason, canLose: false };
  const { openssl } = found;
  const canLose = openssl.versionNumber < UNREACHABLE_TIMER;
  const reason = canLose ? "" : `${openssl.version} does not repeat flights in virtual time`;
  return { openssl, reason, canLose };
}

/** The title of a suite, with the reason why it is skipped where it is. */
export function titled(title: string, { openssl, reason }: TestOpenssl): string {
  return openssl ? title : `${title} (skipped: ${reason})`;
}

/** A server in virtual time. */
export function testServer(
  openssl: Openssl,
  options: Partial<OpensslServerOptions>,
  owner: OpensslServerOwner,
): OpensslServer {
  const cookieSecret = Uint8Array.from({ length: 32 }, (_, i) => i);
  return new OpensslServer(openssl, { cookieSecret, timing: virtualTiming(openssl), ...options }, owner);
}

/** A client in virtual time. */
export function opensslClient(
  openssl: Openssl,
  credentials: Credentials,
  options: Partial<OpensslOptions> = {},
): Associate {
  const now = () => ({ ms: Date.UTC(2026, 5, 1), trusted: true });
  return opensslAssociate(openssl, { credentials, now, timing: virtualTiming(openssl), ...options });
}

/** Looks up one key. */
export function keyOf(identity: string, key: Uint8Array): (identity: Uint8Array) => Uint8Array | undefined {
  return (asked) => (Buffer.from(asked).toString() === identity ? key : undefined);
}

export function pskOf(identity: string, key: Uint8Array): PskCredentials {
  return { mode: "psk", identity: Buffer.from(identity), key: createSecretKey(key) };
}

/** Answers each payload with itself. */
export class EchoServer implements OpensslServerOwner {
  readonly opens: { readonly peer: string; readonly facts: PeerFacts }[] = [];
  readonly payloads: string[] = [];
  readonly ends: { readonly peer: string; readonly reason: string; readonly alert?: string }[] = [];
  /** Where datagrams go; set by whoever carries them. */
  carry: (peer: string, datagram: Uint8Array) => void = () => undefined;
  server: OpensslServer | undefined;
  now: () => number = () => 0;

  /** As if it had been told nothing yet. */
  forget(): void {
    for (const told of [this.opens, this.payloads, this.ends]) told.length = 0;
  }

  transmit(peer: string, datagram: Uint8Array): void {
    this.carry(peer, datagram);
  }

  opened(peer: string, facts: PeerFacts): void {
    this.opens.push({ peer, facts });
  }

  received(peer: string, payload: Uint8Array): void {
    this.payloads.push(Buffer.from(payload).toString());
    this.server?.send(peer, payload, this.now());
  }

  ended(peer: string, { reason, alert }: { reason: string; alert?: string }): void {
    this.ends.push({ peer, reason, ...(alert !== undefined && { alert }) });
  }
}

/** Loaded like this, because it is an optional dependency: where it is missing, tests are skipped, with the reason. */
const koffi = await import("koffi").catch(() => undefined);

/** So long that OpenSSL never finds a flight due by itself. */
const NEVER_MS = 3_600_000;
const BIO_CB_CTRL = 6;
const BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT = 45;

const WIRE_WATCHER = ["void *", "int", "void *", "size_t", "int", "long", "int", "void *"];

interface Watcher {
  readonly watch: (bio: bigint, callback: bigint | null) => void;
  readonly callback: bigint;
}

/** Where each wire was told that the time of the next repetition stands. */
const seen = new Map<bigint, bigint>();
let watcher: Watcher | undefined;

function wireWatch(): Watcher {
  if (watcher) return watcher;
  if (!koffi) throw new Error("koffi is not there");
  const watch: Watcher["watch"] = koffi.load(null).func("void BIO_set_callback_ex(void *bio, void *callback)");
  const note = (...call: [bigint, number, bigint | null, number, number, number, number]): number => {
    const [bio, operation, pointer, , command, , result] = call;
    if (operation === BIO_CB_CTRL && command === BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT && pointer !== null) {
      seen.set(bio, pointer);
      // It stays there as long as the line lives.
      watch(bio, null);
    }
    return result;
  };
  watcher = { watch, callback: koffi.register(note, koffi.pointer(koffi.proto("long", WIRE_WATCHER))) };
  return watcher;
}

/** Flights become due when the test says so; see above. */
export function virtualTiming({ versionNumber }: Openssl): Timing {
  const wires = new Map<bigint, bigint>();
  const known = versionNumber < UNREACHABLE_TIMER;
  return {
    told: () => NEVER_MS,
    attach: (ssl, input) => {
      if (!known) return;
      wires.set(ssl, input);
      wireWatch().watch(input, wireWatch().callback);
    },
    expire: (ssl) => {
      const input = wires.get(ssl);
      const at = input === undefined ? undefined : seen.get(input);
      // The first second of 1970 is over.
      if (at !== undefined) koffi?.encode(at, "uint32_t", 1);
    },
    detach: (ssl) => {
      const input = wires.get(ssl);
      wires.delete(ssl);
      if (input === undefined) return;
      wireWatch().watch(input, null);
      seen.delete(input);
    },
  };
}
