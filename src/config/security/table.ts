/** A table of keys, one line for each endpoint: `endpoint key [identity]`. */

import type { Secret } from "../../base/secret.ts";
import { keyBytes, type Material, sealed } from "./material.ts";

export interface TableRow {
  readonly key: Secret;
  readonly identity?: string;
}

export type KeyTable = ReadonlyMap<string, TableRow>;

const MAX_ROWS = 20_000;
const MAX_KEY = 64;
const MAX_IDENTITY = 128;
const BETWEEN = /[\s,;]+/;

/**
 * Between the columns stand blanks, a comma or a semicolon; lines that begin with `#` and empty ones say nothing.
 * Messages name the line of the table, never what stands in it: it may be a key.
 */
export function readTable(text: string, name: string): Material<KeyTable> {
  const rows = new Map<string, TableRow>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const row = readRow(line, name);
    const where = `in line ${index + 1} of the table`;
    if ("expected" in row) return { expected: `${row.expected} ${where}` };
    const [endpoint, entry] = row.value;
    if (rows.has(endpoint)) return { expected: `each endpoint once, but that ${where} has stood before` };
    if (rows.size >= MAX_ROWS) return { expected: `at most ${MAX_ROWS} endpoints in the table` };
    rows.set(endpoint, entry);
  }
  return rows.size > 0 ? { value: rows } : { expected: "a line for each endpoint in the table: endpoint key" };
}

function readRow(line: string, name: string): Material<[string, TableRow]> {
  const [endpoint = "", digits = "", identity, more] = line.trim().split(BETWEEN);
  if (!/^[\w.:~@+-]{1,128}$/.test(endpoint)) return { expected: "the name of an endpoint" };
  if (digits === "" || more !== undefined) return { expected: "an endpoint, a key, and at most an identity" };
  const key = keyBytes(digits, { least: 1, most: MAX_KEY });
  if ("expected" in key) return { expected: `a key (${key.expected})` };
  if (identity !== undefined && Buffer.byteLength(identity) > MAX_IDENTITY)
    return { expected: `an identity of at most ${MAX_IDENTITY} bytes` };
  return { value: [endpoint, { key: sealed(key.value, name), ...(identity !== undefined && { identity }) }] };
}
