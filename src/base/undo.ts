/** What was started, to be stopped in the reverse order: once, and whatever one of the steps does. */

import type { Log } from "./log.ts";

export class Undo {
  readonly #log: Log;
  readonly #steps: (readonly [name: string, step: () => Promise<unknown>])[] = [];
  #done: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param name for the log, should it fail. */
  add(name: string, step: () => Promise<unknown>): void {
    this.#steps.push([name, step]);
  }

  /** Runs each step once, the last first. Never rejects; safe to call twice. */
  all(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run(): Promise<void> {
    for (const [name, step] of this.#steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        this.#log.error("stop-failed", { part: name, error });
      }
    }
  }
}
