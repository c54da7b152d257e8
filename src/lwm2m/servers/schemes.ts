/** Which servers can be reached at all: said at once and in words, rather than tried for ever. */

import type { Account, BootstrapAccount } from "../account.ts";

/** Ways to servers (LwM2M Transport 1.2 §6.1 to §6.3), and whether they ask who one is. */
const SCHEMES: ReadonlyMap<string, { readonly secured: boolean }> = new Map([
  ["coap", { secured: false }],
  ["coap+tcp", { secured: false }],
  ["coaps", { secured: true }],
  ["coaps+tcp", { secured: true }],
]);

/** Why this server cannot be reached, or undefined. */
export function unusable({ uri, credentials }: Account | BootstrapAccount): string | undefined {
  const name = schemeOf(uri);
  if (name === undefined) return `"${uri}" is no address of a server: coap://host:port is wanted`;
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) return `${name} is no way to an LwM2M server`;
  if (scheme.secured && credentials === undefined) return `${name} needs a key or a certificate, and none is given`;
  // A key is there to be used: without it, whoever answers would be believed (LwM2M Transport 1.2 §5.2).
  if (!scheme.secured && credentials !== undefined)
    return `a key is given, but ${name} has no use for it: ${name.replace("coap", "coaps")} is wanted`;
  return undefined;
}

/**
 * Whether the server knows its clients by what they prove, so that registration and observations outlive the association
 * they were made over (LwM2M Transport 1.2 §5.2). Over streams, observations end with the connection (RFC 8323 §6).
 */
export function isProven({ uri }: Account): boolean {
  return schemeOf(uri) === "coaps";
}

function schemeOf(uri: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(uri)?.[0].toLowerCase();
}
