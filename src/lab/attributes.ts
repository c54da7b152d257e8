/** Attributes for notifications as a query (LwM2M Core 1.2 §7.3). */

/** Null: to be taken away. Whether names and values make sense is for the client to say. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

const NAME = /^[a-z]{1,16}$/;
const VALUE = /^[\w.+-]{0,32}$/;

/** `pmin=5&con=1&gt`; undefined if one of them could not stand in a query. */
export function queryOf(attributes: Attributes): string | undefined {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "boolean" ? String(Number(value)) : String(value ?? "");
    if (!NAME.test(name) || !VALUE.test(text)) return undefined;
    parts.push(value === null ? name : `${name}=${text}`);
  }
  return parts.join("&");
}
