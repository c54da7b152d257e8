/** Observes what newcomers measure, a few clients at a time, so that the lab's view is live without anyone asking. */

import type { Log } from "../base/log.ts";
import type { Clock } from "../base/clock.ts";
import { contains, parsePath } from "../model/path.ts";
import type { Client } from "./client.ts";
import type { Operations } from "./operations.ts";

/** The Security, Server, Access Control, Device and OSCORE Objects: settings, not measurements. */
const UNOBSERVED = /^\/(?:0|1|2|3|21)(?:\/|$)/;
/** Enough to fill the wire, few enough that a burst of registrations is answered first. */
const AT_ONCE = 16;

export class Watcher {
  readonly #operations: Operations;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting = new Set<Client>();
  #running = 0;

  constructor(operations: Operations, clock: Clock, log: Log) {
    this.#operations = operations;
    this.#clock = clock;
    this.#log = log;
  }

  /** Observes each Instance that is not observed yet, and drops what is no longer there. */
  watch(client: Client): void {
    this.#waiting.add(client);
    this.#next();
  }

  #next(): void {
    for (const client of this.#waiting) {
      if (this.#running >= AT_ONCE) return;
      this.#waiting.delete(client);
      this.#running += 1;
      void this.#observeAll(client)
        .catch((error: unknown) => this.#log.error("lab watch failed", { endpoint: client.endpoint, reason: error }))
        .finally(() => {
          this.#running -= 1;
          this.#next();
        });
    }
  }

  async #observeAll(client: Client): Promise<void> {
    for (const [observed, stream] of client.observations) {
      if (client.objects.some((object) => observed.split(",").some((path) => related(path, object)))) continue;
      stream.close();
      client.observations.delete(observed);
      client.forget(observed);
    }
    for (const object of client.objects) {
      if (UNOBSERVED.test(object) || client.observations.has(object)) continue;
      if (!(await this.#observe(client, object))) return;
    }
    const device = client.objects.includes("/3/0") ? parsePath("/3/0") : undefined;
    if (device && client.isAwake(this.#clock.monotonic())) await this.#operations.read(client, device);
  }

  /** Whether it is worth asking on: who does not answer the first question will not answer the others either. */
  async #observe(client: Client, object: string): Promise<boolean> {
    const path = parsePath(object);
    if (!path || client.gone) return !client.gone;
    // Who sleeps must not keep the others waiting; its next Update brings it back here.
    if (!client.isAwake(this.#clock.monotonic())) return false;
    const result = await this.#operations.observe(client, path);
    if (!("error" in result)) return true;
    this.#log.info("lab could not observe", { endpoint: client.endpoint, path: object, reason: result.error });
    return result.code !== "timeout" && result.code !== "failed";
  }
}

/** Whether one of the two is within the other. */
function related(observed: string, registered: string): boolean {
  const [a, b] = [parsePath(observed), parsePath(registered)];
  return a !== undefined && b !== undefined && (contains(a, b) || contains(b, a));
}
