/** Questions and answers between the process that measures and its children. */

import { fork } from "node:child_process";

/** Starts a script and gives `ask(name, argument)`, which settles with what the script's function of that name returns. */
export function child(script, args = []) {
  const process = fork(new URL(script, import.meta.url), args, { execArgv: ["--expose-gc"] });
  const waiting = new Map();
  let next = 0;
  let ended = false;
  process.on("message", ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(value);
    else reject?.(new Error(`${script}: ${error}`));
  });
  process.on("exit", (code, signal) => {
    ended = true;
    for (const { reject } of waiting.values()) reject(new Error(`${script} ended: ${signal ?? code}`));
    waiting.clear();
  });
  return {
    ask: (name, argument) =>
      new Promise((resolve, reject) => {
        if (ended) {
          reject(new Error(`${script} has ended`));
          return;
        }
        waiting.set(next, { resolve, reject });
        process.send({ id: next++, name, argument });
      }),
    end: () =>
      new Promise((resolve) => {
        if (ended) resolve();
        else process.once("exit", resolve).kill("SIGKILL");
      }),
  };
}

/** In a child: answers the parent's questions with these functions. */
export function serve(functions) {
  process.on("message", async ({ id, name, argument }) => {
    try {
      process.send({ id, value: await functions[name](argument) });
    } catch (error) {
      process.send({ id, error: error.stack });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Longer than the stretch of time over which V8 reckons how much is being allocated. */
const CALM_MS = 6_000;

/** What every subject can be asked about itself. */
export const selfReport = {
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /**
   * Brings V8's young generation to its full size, as a daemon's is after a while: it grows once, under any load, and
   * must not be counted as the memory of whoever happened to come next.
   */
  warm: () => {
    let kept = [];
    for (let i = 0; i < 3_000_000; i++) {
      kept.push({ i });
      if (kept.length > 200_000) kept = [];
    }
  },
  /** Idle means idle: V8 gives back what a burst has left once little has been allocated for some seconds. */
  memory: async () => {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    }
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return { rss, heap: heapUsed + external + arrayBuffers };
  },
};
