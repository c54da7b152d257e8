/** The life of one confirmable message, as a table: sent, sent again ever later, settled (RFC 7252 §4.2). */

import type { Parameters } from "./parameters.ts";

/** What a confirmable message of ours came to. */
export type Fate = "acknowledged" | "reset" | "timeout" | "cancelled";

export type State =
  | { readonly name: "waiting" }
  | { readonly name: "sent"; readonly attempt: number; readonly timeoutMs: number }
  | { readonly name: "settled"; readonly fate: Fate };

export type Event =
  /** Its turn has come (§4.7). `unit` spreads the first timeout: 0 to 1. */
  | { readonly type: "turn"; readonly unit: number }
  | { readonly type: "timer" }
  | { readonly type: "end"; readonly fate: "acknowledged" | "reset" | "cancelled" };

export type Effect =
  | { readonly do: "transmit" | "retransmit"; readonly thenWaitMs: number }
  | { readonly do: "settle"; readonly fate: Fate };

export const WAITING: State = { name: "waiting" };

export function next(state: State, event: Event, parameters: Parameters): [State, Effect?] {
  switch (state.name) {
    case "settled":
      return [state];
    case "waiting":
      if (event.type === "end") return settle(event.fate);
      return event.type === "turn" ? begin(event.unit, parameters) : [state];
    case "sent":
      if (event.type === "end") return settle(event.fate);
      return event.type === "timer" ? again(state.attempt, state.timeoutMs, parameters) : [state];
  }
}

function begin(unit: number, { ackTimeout, ackRandomFactor }: Parameters): [State, Effect] {
  const timeoutMs = ackTimeout * (1 + unit * (ackRandomFactor - 1));
  return [
    { name: "sent", attempt: 0, timeoutMs },
    { do: "transmit", thenWaitMs: timeoutMs },
  ];
}

/** Each wait is twice the one before; after the last, the message is given up. */
function again(attempt: number, timeoutMs: number, { maxRetransmit }: Parameters): [State, Effect] {
  if (attempt >= maxRetransmit) return settle("timeout");
  return [
    { name: "sent", attempt: attempt + 1, timeoutMs: timeoutMs * 2 },
    { do: "retransmit", thenWaitMs: timeoutMs * 2 },
  ];
}

function settle(fate: Fate): [State, Effect] {
  return [
    { name: "settled", fate },
    { do: "settle", fate },
  ];
}
