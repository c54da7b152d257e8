/** Which servers can be reached at all: said at once and in words, rather than tried for ever. */

import type { Account, BootstrapAccount } from "../account.ts";

/** What other schemes wait for (LwM2M Transport 1.2 §6.1 to §6.3). */
const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ["coaps", "DTLS"],
  ["coap+tcp", "TCP"],
  ["coaps+tcp", "TLS"],
]);

/** Why this server cannot be reached by this build, or undefined. */
export function unusable({ uri, credentials }: Account | BootstrapAccount): string | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(uri)?.[0].toLowerCase();
  if (scheme === undefined) return `"${uri}" is no address of a server: coap://host:port is wanted`;
  const transport = TRANSPORTS.get(scheme);
  if (transport !== undefined) return `${scheme} needs the ${transport} transport, which this build does not have yet`;
  if (scheme !== "coap") return `${scheme} is no way to an LwM2M server`;
  // A key is there to be used: without it, whoever answers would be believed (LwM2M Transport 1.2 §5.2).
  return credentials === undefined ? undefined : "a key is given, but coap has no use for it: coaps is wanted";
}
