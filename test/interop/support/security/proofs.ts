/** What the run has proved of security, collected from all test files: the table of docs/conformance.md is made of it. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Mode } from "./accounts.ts";
import type { Backend } from "./ways.ts";

const FILE = "ISTHMUS_PROOFS";
/** In the order of the table's columns. */
export const ASPECTS = ["data", "cid", "nat", "resumed", "restart", "loss", "words"] as const;
export type Aspect = (typeof ASPECTS)[number];

/** `none`: it was offered, and the server has no such thing. */
export type Finding = "yes" | "none";

/** Who does the cryptography at our end; `Node` does that of TLS. */
export type Client = Backend | "Node";

export interface Proof {
  readonly peer: string;
  readonly client: Client;
  readonly mode: Mode;
  readonly suite: string;
  readonly aspect: Aspect;
  readonly finding: Finding;
}

const proof = z.object({
  peer: z.string(),
  client: z.enum(["built-in", "OpenSSL", "Node"]),
  mode: z.enum(["PSK", "RPK", "X.509"]),
  suite: z.string(),
  aspect: z.enum(ASPECTS),
  finding: z.enum(["yes", "none"]),
});

/** Said by a test once it has seen it. */
export function proved(subject: Omit<Proof, "aspect" | "finding">, findings: Partial<Record<Aspect, Finding>>): void {
  const file = process.env[FILE];
  if (file === undefined) return;
  for (const aspect of ASPECTS) {
    const finding = findings[aspect];
    if (finding !== undefined) appendFileSync(file, `${JSON.stringify({ ...subject, aspect, finding })}\n`);
  }
}

/** All of the run so far. */
export function allProofs(): Proof[] {
  const file = process.env[FILE];
  if (file === undefined) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => proof.parse(JSON.parse(line)));
}

/** Before and after all test files, each of which runs in a process of its own. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-proofs-"));
  const file = join(folder, "proofs");
  appendFileSync(file, "");
  process.env[FILE] = file;
  return () => rmSync(folder, { recursive: true, force: true });
}
