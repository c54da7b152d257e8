/** The lab's secured port: DTLS ends before the lab, which learns from it who came through. */

import { LabKeys } from "./keys.ts";
import type { Peer } from "./wire.ts";

/**
 * What ends DTLS in front of the lab, given from outside: the lab has no cryptography of its own. Each peer then comes
 * from a port of this machine.
 */
export interface SecureDoor {
  /** The port that was bound. Fails if it is taken. */
  open(options: SecureDoorOptions): Promise<number>;
  /** Who sends from a port of this machine; undefined: nobody that came through here. */
  peerAt(port: number): SecuredPeer | undefined;
  /** Safe to call twice. */
  close(): Promise<void>;
}

export interface SecureDoorOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where what was unsealed goes. */
  readonly inner: Peer;
  /** The key of an identity; undefined: unknown. */
  readonly keyOf: (identity: Uint8Array) => Uint8Array | undefined;
}

/** Who a client proved to be. */
export interface SecuredPeer {
  readonly identity: string;
  /** By its IANA name. */
  readonly suite: string;
  /** `address:port`, where it really is. */
  readonly address: string;
}

export interface SecureOptions {
  readonly port: number;
  /** Or why there is none. */
  readonly door: SecureDoor | { readonly missing: string };
}

/** How the secured port stands, for people. */
export type LabSecurity =
  | { readonly status: "open"; readonly uri: string; readonly identities: readonly string[] }
  | { readonly status: "missing"; readonly reason: string }
  | { readonly status: "off"; readonly reason: string };

const LOCAL = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];
/** Where a socket that listens everywhere is reached. */
const WILDCARDS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
const OFF = "the lab was started without a port for coaps";

export class SecureFront {
  readonly keys = new LabKeys();
  readonly #options: SecureOptions | undefined;
  #uri: string | undefined;
  #inner = "";

  constructor(options: SecureOptions | undefined) {
    this.#options = options;
  }

  get state(): LabSecurity {
    if (!this.#options) return { status: "off", reason: OFF };
    if ("missing" in this.#options.door) return { status: "missing", reason: this.#options.door.missing };
    return { status: "open", uri: this.#uri ?? "", identities: this.keys.identities };
  }

  /** The port that was bound; undefined where there is none to be opened. */
  async open(host: string, innerPort: number): Promise<number | undefined> {
    if (!this.#options || "missing" in this.#options.door) return undefined;
    const { door, port } = this.#options;
    this.#inner = WILDCARDS[host] ?? host;
    const inner = { address: this.#inner, port: innerPort };
    const bound = await door.open({ host, port, inner, keyOf: (identity) => this.keys.keyOf(identity) });
    this.#uri = `coaps://${host.includes(":") ? `[${host}]` : host}:${bound}`;
    return bound;
  }

  /** Who is behind a peer of the lab, if it came through the secured port. */
  who({ address, port }: Peer): SecuredPeer | undefined {
    if (!this.#options || "missing" in this.#options.door) return undefined;
    const local = address === this.#inner || LOCAL.includes(address);
    return local ? this.#options.door.peerAt(port) : undefined;
  }

  async close(): Promise<void> {
    if (this.#options && !("missing" in this.#options.door)) await this.#options.door.close();
  }
}
