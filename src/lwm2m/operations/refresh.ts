/** Values that are made when somebody looks: those who make them are asked before a Read. */

import { CoapError, Code, type Reply } from "../../coap/index.ts";
import { contains, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { ReadHandler } from "../handlers.ts";
import type { View } from "../view.ts";

/** A device that takes longer has not answered; servers mostly give up sooner. */
const PATIENCE_MS = 60_000;

/**
 * Answers with `then`, after those concerned have been asked; at once if nobody is, or all answer at once.
 * Whoever fails leaves what was known before. Only if nothing but its value is asked for does the Read fail with it.
 */
export function refreshed(
  view: View,
  wheres: readonly Path[],
  signal: AbortSignal,
  then: () => Reply,
): Reply | Promise<Reply> {
  const { readers } = view.tree;
  if (readers === undefined) return then();
  const waiting: Promise<Reply | undefined>[] = [];
  let failure: Reply | undefined;
  for (const [path, handler] of readers) {
    const alone = wheres.length === 1 && contains(path, wheres[0]!);
    if (!view.tree.covers(path) || !wheres.some((where) => contains(path, where) || contains(where, path))) continue;
    const asked = ask(view, path, handler, signal);
    if (asked instanceof Promise) waiting.push(asked.then((failed) => (alone ? failed : undefined)));
    else if (alone) failure = asked;
  }
  if (waiting.length === 0) return failure ?? then();
  return Promise.all(waiting).then((failures) => failure ?? failures.find((failed) => failed !== undefined) ?? then());
}

/** Undefined: the tree is up to date. */
function ask(
  view: View,
  path: Path,
  handler: ReadHandler,
  signal: AbortSignal,
): Reply | undefined | Promise<Reply | undefined> {
  try {
    const value = handler(path, signal);
    if (!(value instanceof Promise)) return put(view, path, value);
    return inTime(view, value).then(
      (late) => put(view, path, late),
      (error: unknown) => failed(path, error),
    );
  } catch (error) {
    return failed(path, error);
  }
}

function put(view: View, path: Path, value: ResourceValue | undefined): Reply | undefined {
  if (value !== undefined && view.tree.covers(path)) view.tree.set(path, value, view.clock.now());
  return undefined;
}

function failed(path: Path, error: unknown): Reply {
  if (error instanceof CoapError) return { code: error.code, diagnostic: error.message };
  const words = error instanceof Error ? error.message : String(error);
  return { code: Code.GatewayTimeout, diagnostic: `${path}: ${words}` };
}

function inTime<T>(view: View, value: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = view.clock.after(PATIENCE_MS, () => reject(new Error("no answer from the device")));
    void value.then(resolve, reject).finally(() => timer.cancel());
  });
}
