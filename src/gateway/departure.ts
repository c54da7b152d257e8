/** Leaving in good order: every endpoint takes its leave of its server, and nobody waits longer than agreed. */

import { type Clock, sleep } from "../base/clock.ts";
import type { Upstream } from "./upstream.ts";

const AT_ONCE = 50;
const PAUSE_MS = 10;

/**
 * De-registers all, a few at a time, so that a server's receive buffer can hold them. Settles within `limitMs`, whether
 * the server answers or not.
 */
export async function leave(all: Iterable<Upstream>, clock: Clock, limitMs: number): Promise<void> {
  const deadline = clock.monotonic() + limitMs;
  const leaving: Promise<void>[] = [];
  for (const upstream of all) {
    leaving.push(upstream.stop(Math.max(0, deadline - clock.monotonic())));
    if (leaving.length % AT_ONCE === 0) await sleep(clock, PAUSE_MS);
  }
  await Promise.all(leaving);
}
