/**
 * The life of one registration (LwM2M Core 1.1 §6.2), as a table: no clock, no socket; a runner performs the effects.
 *
 *   idle ──start──▶ registering ──2.01──▶ registered ──timer──▶ updating ──2.04──▶ registered
 *                    ▲   │ refused, silent              ▲           │ 4.00 4.03 4.04, silent
 *                    │   ▼                              │           ▼
 *                  waiting (back-off)                   └─── registering
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
  | { readonly name: "updating"; readonly version: Version; readonly location: Location }
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
  /** The server said 2.xx, to a Register with a location. */
  | { readonly type: "accepted"; readonly location?: Location }
  | { readonly type: "refused"; readonly code: number }
  /** Lifetime or Instances are not what the server was told. */
  | { readonly type: "changed" }
  /** The server asks for an Update, or seems to have forgotten what it observed. */
  | { readonly type: "update-now" }
  /** /1/x/4 was executed (LwM2M Core 1.1 §E.2): away for so long. */
  | { readonly type: "disable"; readonly ms: number };

export type Effect =
  /** `renew`: over a fresh association, since the old one met silence. */
  | { readonly do: "register"; readonly version: Version; readonly renew: boolean }
  | { readonly do: "update" | "deregister"; readonly location: Location }
  /** Replaces the timer set before. */
  | { readonly do: "set-timer"; readonly ms: number };

export interface Times {
  /** From one Update to the next. */
  readonly refreshMs: () => number;
  /** How long further changes are waited for before an Update tells them together. */
  readonly settleMs: number;
  readonly backoffMs: (attempt: number) => number;
  /** The version of the account: what every fresh start speaks. */
  readonly version: Version;
}

type Step = readonly [State, ...Effect[]];

export function next(state: State, event: Event, times: Times): Step {
  if (event.type === "stop") return stop(state);
  switch (state.name) {
    case "idle":
      if (event.type === "start") return register(times.version, { attempt: 0, known: false, renew: false });
      // Accepted after we stopped: nobody wants it any more.
      if (event.type === "accepted" && event.location !== undefined)
        return [state, { do: "deregister", location: event.location }];
      return [state];
    case "waiting":
      return event.type === "timer" ? register(state.version, state) : [state];
    case "registering":
      return whileRegistering(state, event, times);
    case "registered":
      return whileRegistered(state, event, times);
    case "updating":
      return whileUpdating(state, event, times);
  }
}

/**
 * A timer that leaves room to fail: a lost Update is retransmitted for MAX_TRANSMIT_WAIT, and servers have no grace.
 * A lifetime too short for that is halved. `luck` is 0 to 1: a tenth of spread, so that those who began together part.
 */
export function refreshMs(lifetimeSeconds: number, transmitWaitMs: number, luck: number): number {
  const lifetime = lifetimeSeconds * 1_000;
  return Math.max(lifetime / 2, lifetime - transmitWaitMs) * (1 - luck / 10);
}

function stop(state: State): Step {
  const idle: State = { name: "idle", version: state.version };
  return "location" in state ? [idle, { do: "deregister", location: state.location }] : [idle];
}

function whileRegistering(state: State & { name: "registering" }, event: Event, times: Times): Step {
  switch (event.type) {
    case "accepted":
      if (event.location !== undefined) return settle(state.version, event.location, times);
      return retry(state, times, false);
    case "refused":
      if (tooNew(state, event.code)) return register("1.0", { ...state, renew: false });
      return retry(state, times, false);
    case "no-answer":
      return retry(state, times, true);
    default:
      return [state];
  }
}

function whileRegistered(state: State & { name: "registered" }, event: Event, times: Times): Step {
  switch (event.type) {
    case "timer":
      return [
        { name: "updating", version: state.version, location: state.location },
        { do: "update", location: state.location },
      ];
    case "changed":
      // A stream of changes must not push the Update before it for ever.
      return state.soon
        ? [state]
        : [
            { ...state, soon: true },
            { do: "set-timer", ms: times.settleMs },
          ];
    case "update-now":
      return [
        { ...state, soon: true },
        { do: "set-timer", ms: 0 },
      ];
    case "disable":
      return disable(state, event.ms);
    default:
      return [state];
  }
}

function whileUpdating(state: State & { name: "updating" }, event: Event, times: Times): Step {
  switch (event.type) {
    case "accepted":
      return settle(state.version, state.location, times);
    case "refused":
      // 4.xx: the server has forgotten the registration, in whichever words. 5.xx: it is in trouble; no haste.
      return event.code >= Code.InternalServerError
        ? retry({ ...state, attempt: 0, known: true }, times, false)
        : register(state.version, { attempt: 0, known: true, renew: false });
    case "no-answer":
      return register(state.version, { attempt: 0, known: true, renew: true });
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

function retry(state: { version: Version } & Omit<Try, "renew">, times: Times, renew: boolean): Step {
  const { attempt, known } = state;
  const version = known ? state.version : times.version;
  return [
    { name: "waiting", version, attempt: attempt + 1, known, renew },
    { do: "set-timer", ms: times.backoffMs(attempt) },
  ];
}

function disable({ version, location }: { version: Version; location: Location }, ms: number): Step {
  return [
    { name: "waiting", version, attempt: 0, known: true, renew: false },
    { do: "deregister", location },
    { do: "set-timer", ms },
  ];
}

/** Servers of 1.0 say so with 4.12; some with 4.00, which after a registration that worked means something else. */
function tooNew({ version, known }: { version: Version; known: boolean }, code: number): boolean {
  if (version === "1.0") return false;
  return code === Code.PreconditionFailed || (code === Code.BadRequest && !known);
}
