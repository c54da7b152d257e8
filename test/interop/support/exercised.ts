/** Adds up what all test files exercised of a foreign peer, and says so when the last of them has ended. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const FILE = "ISTHMUS_EXERCISED";
const entry = z.object({ peer: z.string(), counts: z.record(z.string(), z.number()) });

/** Operations by name; each test file runs in a process of its own, so they meet in a file. */
export function exercised(peer: string, counts: ReadonlyMap<string, number>): void {
  const file = process.env[FILE];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ peer, counts: Object.fromEntries(counts) })}\n`);
}

/** Before and after all test files. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-exercised-"));
  const file = join(folder, "counts");
  appendFileSync(file, "");
  process.env[FILE] = file;
  return () => {
    for (const line of summary(readFileSync(file, "utf8"))) console.log(line);
    rmSync(folder, { recursive: true, force: true });
  };
}

function summary(text: string): string[] {
  const peers = new Map<string, Map<string, number>>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const { peer, counts } = entry.parse(JSON.parse(line));
    const sums = peers.get(peer) ?? new Map<string, number>();
    for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
    peers.set(peer, sums);
  }
  return [...peers].sort().map(([peer, sums]) => {
    const list = [...sums].sort().map(([name, count]) => `${name} ${count}`);
    const total = [...sums.values()].reduce((sum, count) => sum + count, 0);
    return `${peer}: ${total} operations exercised (${list.join(", ")})`;
  });
}
