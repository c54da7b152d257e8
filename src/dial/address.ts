/** Where a server is, and how it is spoken to: the URI of /0/x/0 taken apart (LwM2M Transport 1.2 §6.1 to §6.3; RFC 8323 §8). */

export interface Address {
  readonly secured: boolean;
  readonly stream: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The same however it was written: by this, sessions are found again and handshakes stand in line. */
  readonly uri: string;
}

const SCHEMES: ReadonlyMap<string, Pick<Address, "secured" | "stream">> = new Map([
  ["coap:", { secured: false, stream: false }],
  ["coaps:", { secured: true, stream: false }],
  ["coap+tcp:", { secured: false, stream: true }],
  ["coaps+tcp:", { secured: true, stream: true }],
]);
/** Without their colons. */
export const SCHEME_NAMES: readonly string[] = [...SCHEMES.keys()].map((scheme) => scheme.slice(0, -1));
/** RFC 7252 §12.6, §12.7. */
const PORT = 5_683;
const SECURED_PORT = 5_684;

/** @throws Error in words. */
export function addressOf(uri: string): Address {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const scheme = url && SCHEMES.get(url.protocol);
  if (!url || !scheme || url.hostname === "") throw new Error(`"${uri}" is no address of a server`);
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port === "" ? (scheme.secured ? SECURED_PORT : PORT) : Number(url.port);
  return { ...scheme, host, port, uri: `${url.protocol}//${url.hostname.toLowerCase()}:${port}` };
}
