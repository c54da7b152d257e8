/** What servers attached to paths, kept with the endpoint: through restarts, and no further than its bounds. */

import { type Account, attributesFromJson, type SavedAttributes } from "../../lwm2m/index.ts";

/** Attributes that one server wrote. */
export interface ServerAttributes {
  /** Of the server: behind another one, the same number means somebody else. */
  readonly uri: string;
  readonly attributes: SavedAttributes;
}

/** By Short Server ID. Never changed, only replaced; undefined: nobody has attached anything, as with most. */
export type KeptAttributes = ReadonlyMap<number, ServerAttributes> | undefined;

/** Paths with attributes, of one server. */
const MAX_PATHS = 100;
const MAX_SERVERS = 16;

/** With what one server attached instead of what it had; none at all takes it away. */
export function withAttributes(kept: KeptAttributes, shortServerId: number, given: ServerAttributes): KeptAttributes {
  const others = [...(kept ?? [])].filter(([id]) => id !== shortServerId);
  const { uri, attributes } = given;
  const own =
    attributes.length === 0 ? [] : [[shortServerId, { uri, attributes: attributes.slice(0, MAX_PATHS) }] as const];
  const all = [...others, ...own].slice(0, MAX_SERVERS);
  return all.length === 0 ? undefined : new Map(all);
}

/** Without those of servers that are not among these accounts any more. */
export function ofAccounts(kept: KeptAttributes, accounts: readonly Account[]): KeptAttributes {
  if (kept === undefined) return undefined;
  const still = [...kept].filter(([id, { uri }]) =>
    accounts.some((account) => account.shortServerId === id && account.uri === uri),
  );
  return still.length === 0 ? undefined : new Map(still);
}

export function keptToJson(kept: KeptAttributes): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(kept ?? [], ([id, { uri, attributes }]) => [id, { uri, paths: Object.fromEntries(attributes) }]),
  );
}

/** Reads what `keptToJson` wrote; what it does not understand is left out. */
export function keptFromJson(json: unknown): KeptAttributes {
  let kept: KeptAttributes;
  for (const [id, section] of pairs(json)) {
    const { uri, paths } = Object.fromEntries(pairs(section));
    if (typeof uri !== "string" || !/^[1-9]\d{0,4}$/.test(id) || (kept?.size ?? 0) >= MAX_SERVERS) continue;
    kept = withAttributes(kept, Number(id), { uri, attributes: attributesFromJson(paths) });
  }
  return kept;
}

function pairs(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
