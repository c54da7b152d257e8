/** What a server on this machine opens to be reached by coaps: the relay, or the reason why there is none. */

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { findOpenssl, type Openssl } from "./library.ts";
import { SecureRelay } from "./relay.ts";

interface DoorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface DoorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where what was unsealed goes. */
  readonly inner: { readonly address: string; readonly port: number };
  readonly keyOf: (identity: Uint8Array) => Uint8Array | undefined;
}

/** A door for pre-shared keys, or in words why OpenSSL is not there. */
export async function secureDoor(parts: DoorParts): Promise<RelayDoor | { readonly missing: string }> {
  const found = await findOpenssl();
  return found.status === "found" ? new RelayDoor(found.openssl, parts) : { missing: found.reason };
}

export class RelayDoor {
  readonly #openssl: Openssl;
  readonly #parts: DoorParts;
  #relay: SecureRelay | undefined;

  constructor(openssl: Openssl, parts: DoorParts) {
    this.#openssl = openssl;
    this.#parts = parts;
  }

  /** The port that was bound. Fails if it is taken. */
  open({ host, port, inner, keyOf }: DoorOptions): Promise<number> {
    this.#relay = new SecureRelay(this.#openssl, { ...this.#parts, inner, psk: keyOf });
    return this.#relay.open(host, port);
  }

  peerAt(port: number): { identity: string; suite: string; address: string } | undefined {
    const found = this.#relay?.peerAt(port);
    if (!found) return undefined;
    const { peer, facts } = found;
    const [address = "", peerPort = ""] = peer.split(" ", 2);
    return {
      identity: Buffer.from(facts.identity ?? []).toString(),
      suite: facts.suite,
      address: address.includes(":") ? `[${address}]:${peerPort}` : `${address}:${peerPort}`,
    };
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#relay?.close();
  }
}
