/** Where packages come from: one fetcher for each scheme, all of which can go on in the middle. */

import type { Fault } from "./fault.ts";

/** What is known of a package that is on its way, kept so that it can go on after a restart. */
export interface Known {
  /** Names the representation, in the fetcher's own words: what begins as one must not end as another. */
  readonly tag?: string;
  /** Bytes of the whole. */
  readonly total?: number;
}

/** Where a fetcher puts what it gets. What these throw must end the fetching. */
export interface FetchSink {
  /** What is known before the first byte. */
  begins(known: Known): void;
  /** In order, from any offset up to where the last reading ended. */
  chunk(bytes: Uint8Array, offset: number): void;
}

export interface FetchJob {
  readonly uri: URL;
  /** Bytes that are there; a fetcher may begin before. 0, unless there is a tag. */
  readonly from: number;
  readonly tag: string | undefined;
  readonly sink: FetchSink;
  readonly signal: AbortSignal;
}

export type Fetched =
  | { readonly status: "complete" }
  /** Worth another try, from where it ended. */
  | { readonly status: "lost"; readonly reason: string }
  /** It is another file now, or cannot be gone on with: to be begun anew. */
  | { readonly status: "changed" }
  /** It will not come. */
  | { readonly status: "refused"; readonly fault: Fault; readonly reason: string };

/** Fetches what `job` says. What it throws counts as "lost". */
export type Fetcher = (job: FetchJob) => Promise<Fetched>;

/** By scheme: `coap`, `http`, `https`. */
export type Fetchers = ReadonlyMap<string, Fetcher>;

/** Values of /5/0/8 by scheme (LwM2M Core 1.1 Appendix E.6). */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["coap", 0],
  ["coaps", 1],
  ["http", 2],
  ["https", 3],
  ["coap+tcp", 4],
  ["coaps+tcp", 5],
]);

/** The numbers of the protocols there are fetchers for, in ascending order. */
export function protocolNumbers(fetchers: Fetchers): number[] {
  return [...fetchers.keys()].flatMap((scheme) => PROTOCOLS.get(scheme) ?? []).sort((a, b) => a - b);
}

/** The URI if it can be fetched, or why it cannot. */
export function fetchable(text: string, fetchers: Fetchers): URL | "uri" | "protocol" {
  if (!URL.canParse(text)) return "uri";
  const uri = new URL(text);
  if (!fetchers.has(schemeOf(uri))) return "protocol";
  return uri.hostname === "" ? "uri" : uri;
}

export function schemeOf({ protocol }: URL): string {
  return protocol.slice(0, -1);
}
