/**
 * The life of one registration (LwM2M Core 1.2 §6.2), as a table: no clock, no socket; a runner performs the effects.
 *
 *   idle ──start──▶ registering ──2.01──▶ registered ──timer──▶ updating ──2.04──▶ registered
 *                    ▲   │ refused, silent              ▲           │ 4.xx, silent
 *                    │   ▼                              │           ▼
 *                  waiting (initial delay,              └─── registering
 *                           back-off, disabled)
 */

import { Code } from "../../coap/index.ts";
import type { Version } from "../account.ts";

/** The segments of Location-Path as the server gave them: replayed, never understood. */
export type Location = readonly string[];

export type State =
  | { readonly name: "idle"; readonly version: Version }
  | { readonly name: "registering"; readonly version: Version; readonly attempt: number; readonly known: boolean }
  /** `soon`: the timer is not the ordinary one, but has an Update to bring forward. */
  | { readonly name: "registered"; readonly version: Version; readonly location: Location; readonly soon: boolean }
  /** `renewed`: over a fresh association, since an Update before this one met silence. */
  | { readonly name: "updating"; readonly version: Version; readonly location: Location; readonly renewed?: true }
  /** `known`: a server has accepted this version before. `renew`: the last attempt met silence. */
  | {
      readonly name: "waiting";
      readonly version: Version;
      readonly attempt: number;
      readonly known: boolean;
      readonly renew: boolean;
    };

export type Event =
  | { readonly type: "start" | "stop" | "timer" | "no-answer" }
  /** Off without a word to the server, until the next start. */
  | { readonly type: "pause" }
  /** The server said 2.xx, to a Register with a location. */
  | { readonly type: "accepted"; readonly location?: Location }
  /** `retryAfterMs`: not before, says the server (RFC 7252 §5.9.3.4, RFC 8516). */
  | { readonly type: "refused"; readonly code: number; readonly retryAfterMs?: number }
  /** Lifetime, binding or Instances are not what the server was told. */
  | { readonly type: "changed" }
  /** What the server was told is not so any more, and no Update can say it. */
  | { readonly type: "anew" }
  /** The server asks for an Update, or seems to have forgotten what it observed. */
  | { readonly type: "update-now" }
  /**
   * The way to the server is another one than that of the registration: nobody would know us by it. `failures`: it does
   * not hold, and has been lost so often already that the next attempt must wait.
   */
  | { readonly type: "lost"; readonly failures?: number }
  /** There is no way to such a server, and waiting will not make one. */
  | { readonly type: "unusable" }
  /** Whatever is waited for, now is the time. */
  | { readonly type: "enable" }
  /** /1/x/4 was executed (LwM2M Core 1.2 §E.2): away for so long. */
  | { readonly type: "disable"; readonly ms: number };

/** What those want to know who order registrations, and bootstrap where they fail. */
export type Outcome = "registered" | "attempt-failed" | "given-up";

export type Effect =
  /** `renew`: over a fresh association, since the old one met silence. */
  | { readonly do: "register"; readonly version: Version; readonly renew: boolean }
  /** `urgent`: the lifetime is running out, or may be. `renew`: as with Register. */
  | { readonly do: "update"; readonly location: Location; readonly urgent: boolean; readonly renew?: boolean }
  /** `leave`: the connection ends with it. */
  | { readonly do: "deregister"; readonly location: Location; readonly leave: boolean }
  /** Replaces the timer set before, and every Register or Update that has not begun. */
  | { readonly do: "set-timer"; readonly ms: number }
  | { readonly do: "report"; readonly outcome: Outcome };

export interface Wait {
  readonly ms: number;
  /** All attempts that were to be made have failed; after the wait they begin anew. */
  readonly givenUp: boolean;
}

export interface Times {
  /** From one Update to the next. */
  readonly refreshMs: () => number;
  /** How long further changes are waited for before an Update tells them together. */
  readonly settleMs: number;
  /** After so many failures in a row before this one. */
  readonly afterFailure: (failures: number) => Wait;
  /** The version of the account: what every fresh start speaks. */
  readonly version: Version;
  /** Before the first Register; /1/x/14. */
  readonly initialDelayMs: number;
  /** The server knows us by what we prove, not by our address: a registration outlives the association it was made over. */
  readonly proven?: boolean;
}

type Step = readonly [State, ...Effect[]];

/** A version that was accepted before counts as such through so many failures: the server may be another by then. */
const KNOWN_FOR = 5;
/** RFC 8516: 4.29. */
export const TOO_MANY_REQUESTS = 0x9d;
const OLDER: { readonly [V in Version]: Version | undefined } = { "1.2": "1.1", "1.1": "1.0", "1.0": undefined };
const FRESH: Try = { attempt: 0, known: false, renew: false };
const KNOWN: Try = { attempt: 0, known: true, renew: false };

export function next(state: State, event: Event, times: Times): Step {
  if (event.type === "stop") return stop(state);
  if (event.type === "pause") return [{ name: "idle", version: state.version }];
  switch (state.name) {
    case "idle":
      return whileIdle(state, event, times);
    case "waiting":
      return whileWaiting(state, event);
    case "registering":
      return whileRegistering(state, event, times);
    case "registered":
      return whileRegistered(state, event, times);
    case "updating":
      return whileUpdating(state, event, times);
  }
}

function stop(state: State): Step {
  const idle: State = { name: "idle", version: state.version };
  return "location" in state ? [idle, { do: "deregister", location: state.location, leave: false }] : [idle];
}

function whileIdle(state: State & { name: "idle" }, event: Event, times: Times): Step {
  // Accepted after we stopped: nobody wants it any more.
  if (event.type === "accepted" && event.location !== undefined)
    return [state, { do: "deregister", location: event.location, leave: false }];
  if (event.type !== "start") return [state];
  if (times.initialDelayMs <= 0) return register(times.version, FRESH);
  return [
    { name: "waiting", version: times.version, ...FRESH },
    { do: "set-timer", ms: times.initialDelayMs },
  ];
}

function whileWaiting(state: State & { name: "waiting" }, event: Event): Step {
  switch (event.type) {
    case "timer":
    case "enable":
      return register(state.version, state);
    case "disable":
      return [
        { ...state, ...KNOWN },
        { do: "set-timer", ms: event.ms },
      ];
    default:
      return [state];
  }
}

function whileRegistering(state: State & { name: "registering" }, event: Event, times: Times): Step {
  switch (event.type) {
    case "accepted":
      if (event.location === undefined) return retry(state, times);
      return [...settle(state.version, event.location, times), { do: "report", outcome: "registered" }];
    case "refused":
      return tooNew(state, event.code) ?? retry(state, times, { notBeforeMs: event.retryAfterMs });
    case "no-answer":
      return retry(state, times, { renew: true });
    case "unusable":
      return [
        { name: "waiting", version: times.version, ...FRESH },
        { do: "report", outcome: "given-up" },
      ];
    default:
      return [state];
  }
}

function whileRegistered(state: State & { name: "registered" }, event: Event, times: Times): Step {
  const { version, location, soon } = state;
  switch (event.type) {
    case "timer":
      return [
        { name: "updating", version, location },
        { do: "update", location, urgent: !soon },
      ];
    case "changed":
      // A stream of changes must not push the Update before it for ever.
      if (soon) return [state];
      return [
        { ...state, soon: true },
        { do: "set-timer", ms: times.settleMs },
      ];
    case "update-now":
      return [
        { ...state, soon: true },
        { do: "set-timer", ms: 0 },
      ];
    case "lost":
      if (event.failures !== undefined) return retry({ version, attempt: event.failures, known: true }, times);
      return register(version, KNOWN);
    case "anew":
      return register(version, KNOWN);
    case "disable":
      return disable(state, event.ms);
    default:
      return [state];
  }
}

function whileUpdating(state: State & { name: "updating" }, event: Event, times: Times): Step {
  const { version, location } = state;
  switch (event.type) {
    case "accepted":
      return settle(version, location, times);
    case "refused":
      // 4.xx: the server has forgotten the registration, in whichever words. 5.xx: it is in trouble; no haste.
      return event.code >= Code.InternalServerError || event.code === TOO_MANY_REQUESTS
        ? retry({ version, attempt: 0, known: true }, times, { notBeforeMs: event.retryAfterMs })
        : register(version, KNOWN);
    case "no-answer":
      // It may have lost the association alone: a fresh one takes the registration and what is observed along.
      return times.proven && !state.renewed
        ? [
            { ...state, renewed: true },
            { do: "update", location, urgent: true, renew: true },
          ]
        : register(version, { ...KNOWN, renew: true });
    case "lost":
      // With the line went what we knew of observations: an Update would leave the server waiting for them.
      return times.proven ? register(version, KNOWN) : [state];
    case "disable":
      return disable(state, event.ms);
    default:
      return [state];
  }
}

interface Try {
  readonly attempt: number;
  readonly known: boolean;
  readonly renew: boolean;
}

function register(version: Version, { attempt, known, renew }: Try): Step {
  return [
    { name: "registering", version, attempt, known },
    { do: "register", version, renew },
  ];
}

function settle(version: Version, location: Location, times: Times): Step {
  return [
    { name: "registered", version, location, soon: false },
    { do: "set-timer", ms: times.refreshMs() },
  ];
}

interface Circumstances {
  readonly renew?: boolean;
  readonly notBeforeMs?: number | undefined;
}

function retry(
  { version, attempt, known }: { version: Version } & Omit<Try, "renew">,
  times: Times,
  { renew = false, notBeforeMs = 0 }: Circumstances = {},
): Step {
  const { ms, givenUp } = times.afterFailure(attempt);
  const still = known && attempt < KNOWN_FOR;
  return [
    {
      name: "waiting",
      version: still ? version : times.version,
      attempt: givenUp ? 0 : attempt + 1,
      known: still,
      renew,
    },
    { do: "set-timer", ms: Math.max(ms, notBeforeMs) },
    { do: "report", outcome: givenUp ? "given-up" : "attempt-failed" },
  ];
}

function disable({ version, location }: { version: Version; location: Location }, ms: number): Step {
  return [
    { name: "waiting", version, ...KNOWN },
    { do: "deregister", location, leave: true },
    { do: "set-timer", ms },
  ];
}

/** Older servers say so with 4.12; some with 4.00, which after a registration that worked means something else. */
function tooNew(state: State & { name: "registering" }, code: number): Step | undefined {
  const older = OLDER[state.version];
  const says = code === Code.PreconditionFailed || (code === Code.BadRequest && !state.known);
  return older !== undefined && says ? register(older, { ...state, renew: false }) : undefined;
}
