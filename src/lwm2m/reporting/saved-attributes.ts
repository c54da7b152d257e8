/** Attributes read back from where they were kept: only those that a server could have written. */

import { depth, type Path, parsePath } from "../../model/path.ts";
import { AttributeStore, NAMES, parseAttributes, type SavedAttributes } from "./attributes.ts";
import type { Attributes } from "./conditions.ts";

/** Sections of path and attributes, as JSON has them; whatever could not have been written is left out. */
export function attributesFromJson(json: unknown): SavedAttributes {
  const saved: (readonly [Path, Attributes])[] = [];
  for (const [text, attributes] of entriesOf(json)) {
    const path = parsePath(text);
    if (path === undefined || depth(path) < 1) continue;
    const store = new AttributeStore();
    const change = parseAttributes(queryOf(attributes), "1.2");
    // What contradicts itself was never accepted (LwM2M Core 1.2 §7.3.2).
    if (typeof change === "string" || store.change(path, change) !== undefined) continue;
    saved.push(...store.saved());
  }
  return saved;
}

/** As the query of Write-Attributes spelt it, so that the same rules hold. */
function queryOf(attributes: unknown): string[] {
  const given = new Map(entriesOf(attributes));
  return NAMES.flatMap((name) => {
    const value = given.get(name);
    return typeof value === "number" ? [`${name}=${value}`] : [];
  });
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
