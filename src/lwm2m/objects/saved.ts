/** What an update remembers across a restart, as text; a text that makes no sense is as none. */

export type SavedFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What `savedText` wrote; fields of other types are left out, and so is a text that is no JSON. */
export function savedFields(text: string | undefined): SavedFields {
  if (text === undefined) return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || Array.isArray(json)) return {};
    const fields: Record<string, string | number | boolean> = {};
    for (const [name, value] of Object.entries<unknown>({ ...json }))
      if (typeof value === "string" || typeof value === "boolean" || isWhole(value)) fields[name] = value;
    return fields;
  } catch {
    return {};
  }
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

export function savedText(fields: SavedFields): string {
  return JSON.stringify(fields);
}

export function textOf(value: SavedFields[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: SavedFields[string]): number | undefined {
  return typeof value === "number" ? value : undefined;
}
