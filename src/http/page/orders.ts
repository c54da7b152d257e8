/** What the server can tell a sensor to do, sent through the lab as a real server would: Write and Execute. */

import { ask, labUrl } from "./api.ts";
import { showScalar } from "./format.ts";
import type { Store } from "./store.ts";
import type { LabResult, Scalar } from "./types.ts";

/** Writes one Resource. Resolves to whether the device confirmed. */
export function write(store: Store, at: { endpoint: string; path: string }, value: Scalar): Promise<boolean> {
  const what = `Write ${at.path} = ${showScalar(value, undefined, at.path).figure}`;
  return order(store, {
    ...at,
    what,
    run: () => ask("labResult", { method: "PUT", path: labUrl(at.endpoint, at.path), body: { value } }),
  });
}

export function execute(store: Store, at: { endpoint: string; path: string }): Promise<boolean> {
  return order(store, {
    ...at,
    what: `Execute ${at.path}`,
    run: () => ask("labResult", { method: "POST", path: labUrl(at.endpoint, at.path) }),
  });
}

interface Order {
  readonly endpoint: string;
  readonly what: string;
  readonly run: () => Promise<LabResult>;
}

async function order(store: Store, { endpoint, what, run }: Order): Promise<boolean> {
  const started = performance.now();
  const note = (ended: string, failed: boolean) => {
    const took = `${Math.round(performance.now() - started)} ms`;
    store.note({ endpoint, at: Date.now(), what, ended: `${ended}, ${took}`, failed });
    return !failed;
  };
  try {
    const { code } = await run();
    return note(`${code} ${CODES[code] ?? ""}`.trim(), false);
  } catch (error) {
    return note(error instanceof Error ? error.message : "failed", true);
  }
}

const CODES: Readonly<Record<string, string>> = { "2.04": "Changed", "2.05": "Content" };
