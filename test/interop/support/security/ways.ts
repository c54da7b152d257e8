/** Our end of secured ways, wired as the gateway wires it: whatever a server gets to see here, it gets from the gateway. */

import { silentLog } from "../../../../src/base/log.ts";
import { systemRandom } from "../../../../src/base/random.ts";
import { SystemClock } from "../../../../src/base/system-clock.ts";
import type { LineSecurity, Transport } from "../../../../src/base/transport.ts";
import { Dialer, type DialerOptions } from "../../../../src/dial/index.ts";
import { findOpenssl } from "../../../../src/io/openssl/library.ts";
import type { Security } from "./accounts.ts";

/** Who does the cryptography at our end. */
export type Backend = "built-in" | "OpenSSL";

/** Nothing is far away here: what is lost is repeated soon. */
const RETRANSMIT_MS = 200;

/** Those that can be used here; which cannot, and why, is said aloud. @throws Error with that reason where `CI` is set. */
export async function backends(): Promise<Backend[]> {
  const found = await findOpenssl();
  if (found.status === "found") return ["built-in", "OpenSSL"];
  if (process.env["CI"] !== undefined) throw new Error(found.reason);
  console.warn(`Tests are skipped: ${found.reason}`);
  return ["built-in"];
}

export class Ways {
  readonly dialer: Dialer;
  readonly #open = new Set<Transport>();

  private constructor(dialer: Dialer) {
    this.dialer = dialer;
  }

  static async of(backend: Backend = "built-in", more: Partial<DialerOptions> = {}): Promise<Ways> {
    const dialer = await Dialer.open({
      clock: new SystemClock(),
      random: systemRandom,
      log: silentLog,
      backend: backend === "built-in" ? "own" : "openssl",
      dtls: { retransmitMs: RETRANSMIT_MS, allowCbc: true },
      ...more,
    });
    return new Ways(dialer);
  }

  /** Not open yet. */
  way(uri: string, security: Security, endpoint = "sensor"): Transport {
    const account = { uri, lifetime: 300, shortServerId: 1, ...security };
    const way = this.dialer.dial({ account, endpoint });
    this.#open.add(way);
    return way;
  }

  /** Opens one, uses it and closes it; what was agreed. */
  async use(
    uri: string,
    security: Security,
    talk: (way: Transport) => Promise<void> = () => Promise.resolve(),
  ): Promise<LineSecurity> {
    const way = this.way(uri, security);
    try {
      await way.open();
      const agreed = way.security;
      await talk(way);
      if (agreed === undefined) throw new Error("nothing is secured");
      return agreed;
    } finally {
      await this.drop(way);
    }
  }

  /** How an opening failed, in words. @throws Error if it did not. */
  async refusal(uri: string, security: Security): Promise<string> {
    try {
      await this.use(uri, security);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    throw new Error("it was let in");
  }

  async drop(way: Transport): Promise<void> {
    this.#open.delete(way);
    await way.close();
  }

  async end(): Promise<void> {
    await Promise.all([...this.#open].map((way) => this.drop(way)));
    await this.dialer.close();
  }
}

export const coaps = (port: number): string => `coaps://127.0.0.1:${port}`;
