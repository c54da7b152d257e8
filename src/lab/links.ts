/** What a Discover finds (LwM2M Core 1.2 §6.3.2, §6.1.7.2). */

import { readLinks } from "../content/index.ts";

export interface DiscoveredLink {
  readonly target: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** @throws DecodeError if these are no links. */
export function discoveredLinks(payload: Uint8Array): readonly DiscoveredLink[] {
  const links = readLinks(new TextDecoder().decode(payload));
  return links.map(({ target, attributes }) => ({ target, attributes: Object.fromEntries(attributes) }));
}
