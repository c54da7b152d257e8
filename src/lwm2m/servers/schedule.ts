/** When a registration is renewed, and how long is waited after failures (LwM2M Core 1.2 §6.2.1.2, §6.2.2). */

import { backoffMs } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import type { Account, Version } from "../account.ts";
import type { Wait } from "./registration.ts";

const DAY_S = 86_400;
/** Said to servers that do not know that 0 means for ever: thirty days. */
const ENDLESS_S = 30 * DAY_S;
/** Nothing that a server says or is told makes us wait longer: MAX_VALUE stands for "no further sequence" (/1/x/19). */
const LONGEST_WAIT_S = 30 * DAY_S;
const MAX_VALUE = 0xffff_ffff;
/** Timers may be 0, which must not make of a refusal a storm; and who has given up leaves the server alone for a while. */
const SHORTEST_WAIT_S = 1;
const GIVEN_UP_WAIT_S = 60;
/** Changes closer together than this are told in one Update. */
export const SETTLE_MS = 500;

/** Waits where the account names none. */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;

/** LwM2M Core 1.2 Table 6.2.1.2-1: what holds for those of /1/x/17 to /1/x/20 that are not given. */
const RETRY_COUNT = 5;
const RETRY_TIMER_S = 60;
const SEQUENCE_DELAY_S = DAY_S;
const SEQUENCE_COUNT = 1;

/** The lifetime that is announced: before LwM2M 1.2, 0 did not mean for ever, and servers expire it at once. */
export function spokenLifetime(lifetime: number, version: Version): number {
  return lifetime === 0 && version !== "1.2" ? ENDLESS_S : lifetime;
}

/**
 * A timer that leaves room to fail: a lost Update is retransmitted for MAX_TRANSMIT_WAIT, and servers have no grace.
 * A lifetime too short for that is halved; one without end is kept alive once a day, so that a server that has lost us
 * does not do so for good. `luck` is 0 to 1: a tenth of spread, so that those who began together part.
 */
export function refreshMs(lifetimeSeconds: number, transmitWaitMs: number, luck: number): number {
  const lifetime = (lifetimeSeconds === 0 ? DAY_S : lifetimeSeconds) * 1_000;
  return Math.max(lifetime / 2, lifetime - transmitWaitMs) * (1 - luck / 10);
}

/**
 * The wait after failure number `failures` (0 is the first) in a row.
 *
 * With any of /1/x/17 to /1/x/20 given: as many attempts in a sequence as the count says, the timer doubled between
 * each two; the delay between sequences; and when the last has failed, all is given up, and begins anew after one more
 * delay. Without them: growing waits with jitter, for ever.
 */
export function afterFailure(account: Account, failures: number, random: Random): Wait {
  const { retryCount, retryTimer, sequenceDelay, sequenceCount } = account;
  if ((retryCount ?? retryTimer ?? sequenceDelay ?? sequenceCount) === undefined)
    return { ms: backoffMs(failures, { first: FIRST_RETRY_MS, max: LONGEST_RETRY_MS, random }), givenUp: false };
  const count = Math.max(1, retryCount ?? RETRY_COUNT);
  const attempt = failures % count;
  if (attempt < count - 1) {
    const timer = Math.max(retryTimer ?? RETRY_TIMER_S, SHORTEST_WAIT_S);
    return { ms: spread(timer * 2 ** attempt, random), givenUp: false };
  }
  const delay = sequenceDelay ?? SEQUENCE_DELAY_S;
  const isLast = (failures + 1) / count >= Math.max(1, sequenceCount ?? SEQUENCE_COUNT);
  const givenUp = isLast || delay >= MAX_VALUE;
  const least = givenUp ? GIVEN_UP_WAIT_S : SHORTEST_WAIT_S;
  return { ms: spread(delay >= MAX_VALUE ? SEQUENCE_DELAY_S : Math.max(delay, least), random), givenUp };
}

/** Never shorter than asked for, and up to a tenth longer: thousands have the same numbers. */
function spread(seconds: number, random: Random): number {
  return Math.min(seconds, LONGEST_WAIT_S) * 1_000 * (1 + random.unit() / 10);
}
