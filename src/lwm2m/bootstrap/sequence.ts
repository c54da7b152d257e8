/**
 * How a client comes to be provisioned (LwM2M Core 1.2 §6.1.4), as a table: no clock, no socket; a runner performs the effects.
 *
 *   off ──wanted──▶ holding ──hold-off──▶ asking-pack ──refused──▶ asking ──2.04──▶ provisioning ──Finish──▶ leaving ──▶ off
 *                      │ server begins            └──pack──▶ off      │ refused,        │ silence
 *                      └───────────▶ provisioning                     ▼ silent          ▼
 *                                                             waiting (back-off, for ever)
 */

import { Code } from "../../coap/index.ts";

/** `attempt`: how many attempts in a row have not led to a registration; the waits grow with it. */
export type State =
  | {
      readonly name: "off" | "holding" | "asking-pack" | "leaving" | "waiting";
      readonly attempt: number;
    }
  /** `refused`: the last that the server said was Finish, and we could not live with what it had written. */
  | { readonly name: "provisioning"; readonly attempt: number; readonly refused?: true }
  /** `plain`: without naming a preferred format, which an old server may refuse. */
  | { readonly name: "asking"; readonly attempt: number; readonly plain: boolean };

export type Event =
  /** There is no server, or none takes us. `urgent`: a person or a server has said so. */
  | { readonly type: "wanted"; readonly urgent: boolean }
  /** A registration has succeeded: what we have will do. */
  | { readonly type: "recovered" }
  | { readonly type: "listen" | "stop" | "timer" }
  /** How Bootstrap-Request or Bootstrap-Pack-Request ended. */
  | { readonly type: "accepted" | "no-answer" }
  | { readonly type: "refused"; readonly code: number }
  /** A Bootstrap-Pack came, and holds from now on, or is of no use. */
  | { readonly type: "packed" | "pack-refused" }
  /** The server did something; Finish, with a configuration to live with. */
  | { readonly type: "request" | "finished" }
  /** Finish, with a configuration that nobody could live with. */
  | { readonly type: "finish-refused" };

export type Effect =
  /** A way to the server, so that it can begin; one that is open stays. */
  | { readonly do: "open" | "close" }
  | { readonly do: "ask-pack" }
  /** `pct`: with the preferred format. */
  | { readonly do: "ask"; readonly pct: boolean }
  /** A draft begins with what there is, whatever was in it; or is thrown away. */
  | { readonly do: "begin" | "roll-back" }
  /** Replaces the timer set before. */
  | { readonly do: "set-timer"; readonly ms: number };

export interface Rules {
  /** /0/x/11. */
  readonly holdOffMs: number;
  /** Whether a Bootstrap-Pack is worth asking for. */
  readonly pack: boolean;
  /** Whether there is a format to prefer: LwM2M 1.0 has no `pct`. */
  readonly pct: boolean;
  /** Whether a way stays open while nothing goes on. */
  readonly listen: boolean;
  /** EXCHANGE_LIFETIME: silence of the server after which its session has failed (§6.1.3.3). */
  readonly stallMs: number;
  /** MAX_TRANSMIT_SPAN: how long a lost answer to Finish may be asked for again. */
  readonly lingerMs: number;
  readonly backoffMs: (attempt: number) => number;
}

type Step = readonly [State, ...Effect[]];

export function next(state: State, event: Event, rules: Rules): Step {
  const { attempt } = state;
  switch (event.type) {
    case "stop":
      return [{ name: "off", attempt: 0 }, { do: "roll-back" }, { do: "close" }];
    case "recovered":
      return recovered(state, rules);
    case "listen":
      return state.name === "off" ? [state, { do: "open" }] : [state];
    case "request":
      return heard(state, rules);
    default:
  }
  switch (state.name) {
    case "off":
    case "leaving":
      return whileIdle(state, event, rules);
    case "holding":
    case "waiting":
      if (event.type === "timer" || (event.type === "wanted" && event.urgent)) return ask(attempt, rules);
      return [state];
    case "asking-pack":
      return whileAskingPack(state, event, rules);
    case "asking":
      return whileAsking(state, event, rules);
    case "provisioning":
      return whileProvisioning(state, event, rules);
  }
}

function whileIdle(state: State, event: Event, rules: Rules): Step {
  const { name, attempt } = state;
  if (event.type === "timer" && name === "leaving") return off(attempt, rules);
  if (event.type !== "wanted") return [state];
  if (event.urgent) return ask(attempt, rules);
  // What the last bootstrap gave has not led anywhere: asking again at once would give the same.
  if (attempt > 0)
    return [{ name: "waiting", attempt }, { do: "close" }, { do: "set-timer", ms: rules.backoffMs(attempt - 1) }];
  if (rules.holdOffMs === 0) return ask(attempt, rules);
  return [{ name: "holding", attempt }, { do: "open" }, { do: "set-timer", ms: rules.holdOffMs }];
}

/** Whatever is wrong with the pack, the other way is open at once (§6.1.7.7, E72). */
function whileAskingPack(state: State, event: Event, rules: Rules): Step {
  switch (event.type) {
    case "packed":
      return finished(state.attempt, rules);
    case "refused":
    case "pack-refused":
      return request(state.attempt, rules);
    case "no-answer":
      return fail(state.attempt, rules);
    default:
      return [state];
  }
}

function whileAsking(state: State & { name: "asking" }, event: Event, rules: Rules): Step {
  switch (event.type) {
    case "accepted":
      return [
        { name: "provisioning", attempt: state.attempt },
        { do: "set-timer", ms: rules.stallMs },
      ];
    case "refused":
      if (rules.pct && !state.plain && isAboutQuery(event.code))
        return [
          { ...state, plain: true },
          { do: "ask", pct: false },
        ];
      return fail(state.attempt, rules);
    case "no-answer":
      return fail(state.attempt, rules);
    case "finished":
      return finished(state.attempt, rules);
    default:
      return [state];
  }
}

/**
 * Finish has come, so EXCHANGE_LIFETIME is not waited for again (§6.1.3.3): a server may mend what was refused and say
 * Finish anew (§6.1.6), and one that means to does so as soon as it has our answer, which is asked for again no longer
 * than MAX_TRANSMIT_SPAN. Most do not, and are asked by the schedule of any other attempt that failed.
 */
function whileProvisioning(state: State, event: Event, rules: Rules): Step {
  switch (event.type) {
    case "finished":
      return finished(state.attempt, rules);
    case "finish-refused":
      return [
        { name: "provisioning", attempt: state.attempt, refused: true },
        { do: "set-timer", ms: rules.lingerMs },
      ];
    case "timer":
      return fail(state.attempt, rules);
    default:
      return [state];
  }
}

/** A server that writes is at work, whether its answer to our request has come or not. */
function heard(state: State, rules: Rules): Step {
  const provisioning: State = { name: "provisioning", attempt: state.attempt };
  switch (state.name) {
    case "provisioning":
    case "asking":
      return [provisioning, { do: "set-timer", ms: rules.stallMs }];
    case "off":
    case "holding":
    case "asking-pack":
      return [provisioning, { do: "begin" }, { do: "set-timer", ms: rules.stallMs }];
    case "leaving":
      // Who may begin by itself may do so at any time, and at once after it has finished (LwM2M 1.0.2 §5.2.3.4).
      return rules.listen ? [provisioning, { do: "begin" }, { do: "set-timer", ms: rules.stallMs }] : [state];
    default:
      return [state];
  }
}

function recovered(state: State, rules: Rules): Step {
  const rested = { ...state, attempt: 0 };
  return state.name === "holding" || state.name === "waiting" ? off(0, rules) : [rested];
}

/** Only the first attempt asks for a pack: a server that is silent to one may be too old to refuse it. */
function ask(attempt: number, rules: Rules): Step {
  if (rules.pack && attempt === 0) return [{ name: "asking-pack", attempt }, { do: "ask-pack" }];
  return request(attempt, rules);
}

/** The draft begins before the answer: some servers write before it arrives. */
function request(attempt: number, rules: Rules): Step {
  return [{ name: "asking", attempt, plain: !rules.pct }, { do: "begin" }, { do: "ask", pct: rules.pct }];
}

function finished(attempt: number, rules: Rules): Step {
  return [
    { name: "leaving", attempt: attempt + 1 },
    { do: "set-timer", ms: rules.lingerMs },
  ];
}

function fail(attempt: number, rules: Rules): Step {
  return [
    { name: "waiting", attempt: attempt + 1 },
    { do: "roll-back" },
    { do: "close" },
    { do: "set-timer", ms: rules.backoffMs(attempt) },
  ];
}

function off(attempt: number, { listen }: Rules): Step {
  return [{ name: "off", attempt }, { do: listen ? "open" : "close" }];
}

/** 4.00, 4.02 and 4.15 may speak of `pct`, which came with LwM2M 1.1. */
function isAboutQuery(code: number): boolean {
  return code === Code.BadRequest || code === Code.BadOption || code === Code.UnsupportedContentFormat;
}
