/**
 * Fetches packages of Objects 5 and 9 by all ways of CoAP (LwM2M Core 1.2 Appendix E.6, /5/0/8: 0, 1, 4 and 5).
 *
 * A URI brings no keys. A file server that wants some is one that we know already: it stands on the same host as an LwM2M
 * Server, and takes the keys of that. To any other host nothing is proven, and so nothing is fetched from there by a
 * secured way.
 */

import type { Clock } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import { type Account, objects } from "../lwm2m/index.ts";
import { type Address, addressOf, SCHEME_NAMES } from "./address.ts";
import type { Dialer } from "./dialer.ts";

export interface PackageWays {
  readonly dialer: Dialer;
  /** Whose packages they are. */
  readonly endpoint: string;
  /** The servers of now, whose keys may be used. */
  readonly accounts: () => readonly Account[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What an account must have, and a file server has no use for. */
const NOBODY = { lifetime: 0, shortServerId: 0 };

/** One fetcher for coap, coaps, coap+tcp and coaps+tcp. */
export function packageFetchers(ways: PackageWays): objects.Fetchers {
  const fetcher = objects.coapFetcher({ ...ways, connect: (uri) => wayTo(uri, ways) });
  return new Map(SCHEME_NAMES.map((scheme) => [scheme, fetcher]));
}

/** Words: why there is none, now or later. */
function wayTo(uri: URL, { dialer, endpoint, accounts }: PackageWays): Transport | string {
  try {
    const address = addressOf(uri.href);
    const known = address.secured ? knownBy(address, accounts()) : NOBODY;
    if (known === undefined)
      return `no server of ours is at ${address.host}: there are no keys to fetch from there by ${uri.protocol.slice(0, -1)}`;
    // Under a name of its own: the session of the registration is not to be taken up, nor lost, by this.
    return dialer.dial({ account: { ...known, uri: address.uri }, endpoint: `${endpoint} (packages)` });
  } catch (error) {
    return words(error);
  }
}

/** What we prove ourselves with to a server on that host: the very one first, then one that is spoken to alike. */
function knownBy(address: Address, accounts: readonly Account[]): Account | undefined {
  let best: Account | undefined;
  let most = 0;
  for (const account of accounts) {
    const likeness = likenessOf(account, address);
    if (likeness <= most) continue;
    best = account;
    most = likeness;
  }
  return best;
}

/** 0: its keys are of no use there. */
function likenessOf({ uri, credentials, oscore }: Account, { host, port, stream }: Address): number {
  // Numbers of an OSCORE context must be given out in one place (RFC 8613 §7.2.1), which is the registration's way.
  if (credentials === undefined || oscore !== undefined || !URL.canParse(uri)) return 0;
  const other = addressOf(uri);
  return other.host === host ? 1 + Number(other.stream === stream) + 2 * Number(other.port === port) : 0;
}
