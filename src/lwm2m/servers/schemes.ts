/** Which servers can be reached at all: said at once and in words, rather than tried for ever. */

import type { Account, BootstrapAccount } from "../account.ts";

/** A letter of LwM2M Core 1.2 Table 6.2.1.2-2: UDP or TCP, secured or not. */
export type Binding = "U" | "T";

interface Scheme {
  /** Whether it asks who one is. */
  readonly secured: boolean;
  readonly binding: Binding;
}

/** Ways to servers (LwM2M Transport 1.2 §6.1 to §6.3). */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ["coap", { secured: false, binding: "U" }],
  ["coap+tcp", { secured: false, binding: "T" }],
  ["coaps", { secured: true, binding: "U" }],
  ["coaps+tcp", { secured: true, binding: "T" }],
]);

/** Why this server cannot be reached, or undefined. */
export function unusable({ uri, credentials, lacking }: Account | BootstrapAccount): string | undefined {
  const name = schemeOf(uri);
  if (name === undefined) return `"${uri}" is no address of a server: coap://host:port is wanted`;
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) return `${name} is no way to an LwM2M server`;
  // Also where the scheme asks for nothing: who is to be met with OSCORE is not met without.
  if (lacking !== undefined) return lacking;
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

/** How this server is spoken with; UDP where the scheme does not say. */
export function bindingOf({ uri }: Pick<Account, "uri">): Binding {
  return SCHEMES.get(schemeOf(uri) ?? "")?.binding ?? "U";
}

function schemeOf(uri: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(uri)?.[0].toLowerCase();
}
