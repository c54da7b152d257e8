/** How this machine is connected: its addresses, and by what kind of bearer, as far as names of interfaces tell. */

import { networkInterfaces } from "node:os";

/** What `networkInterfaces` of Node gives. */
export type Interfaces = Readonly<
  Record<
    string,
    | readonly { readonly address: string; readonly internal: boolean; readonly scopeid?: number | undefined }[]
    | undefined
  >
>;

export interface NetworkFacts {
  /** Numbers of LwM2M (/4/0/0): 41 Ethernet, 21 WLAN. */
  readonly bearer: number;
  readonly available: readonly number[];
  readonly addresses: readonly string[];
}

const WLAN = 21;
const ETHERNET = 41;
/** Each is a line in a Resource of several Instances: no more than anybody reads. */
const MAX_ADDRESSES = 8;

export function systemInterfaces(): Interfaces {
  return networkInterfaces();
}

/** Undefined: no interface that leads out of the machine has an address. Wires come first: they are used if both are there. */
export function networkFacts(interfaces: Interfaces): NetworkFacts | undefined {
  const bearers = new Set<number>();
  const addresses: string[] = [];
  for (const [name, all = []] of Object.entries(interfaces)) {
    // Addresses of the link alone tell a server nothing.
    const outward = all.filter(({ address, internal, scopeid = 0 }) => !internal && scopeid === 0 && address !== "");
    if (outward.length === 0) continue;
    bearers.add(name.startsWith("wl") ? WLAN : ETHERNET);
    addresses.push(...outward.map(({ address }) => address));
  }
  const available = [...bearers].sort((a, b) => b - a);
  const [bearer] = available;
  return bearer === undefined ? undefined : { bearer, available, addresses: addresses.slice(0, MAX_ADDRESSES) };
}
