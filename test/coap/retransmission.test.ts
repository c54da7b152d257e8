import { describe, expect, it } from "vitest";
import {
  DEFAULT_PARAMETERS,
  exchangeLifetime,
  maxTransmitSpan,
  maxTransmitWait,
  nonLifetime,
} from "../../src/coap/parameters.ts";
import { type Event, next, type State, WAITING } from "../../src/coap/retransmission.ts";

const step = (state: State, event: Event) => next(state, event, DEFAULT_PARAMETERS);
const sent: State = { name: "sent", attempt: 0, timeoutMs: 2_500 };

describe("a confirmable message", () => {
  it("is sent when its turn comes, to be acknowledged within 2 to 3 seconds (RFC 7252 §4.2)", () => {
    expect(step(WAITING, { type: "turn", unit: 0 })).toEqual([
      { name: "sent", attempt: 0, timeoutMs: 2_000 },
      { do: "transmit", thenWaitMs: 2_000 },
    ]);
    expect(step(WAITING, { type: "turn", unit: 1 })[0]).toEqual({ name: "sent", attempt: 0, timeoutMs: 3_000 });
  });

  it("is sent again after ever longer waits, four times, then given up", () => {
    let state: State = sent;
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const [after, effect] = step(state, { type: "timer" });
      if (effect?.do === "retransmit") waits.push(effect.thenWaitMs);
      state = after;
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(step(state, { type: "timer" })).toEqual([
      { name: "settled", fate: "timeout" },
      { do: "settle", fate: "timeout" },
    ]);
  });

  it.each(["acknowledged", "reset", "cancelled"] as const)("is settled when it is %s, wherever it stands", (fate) => {
    for (const state of [WAITING, sent])
      expect(step(state, { type: "end", fate })).toEqual([
        { name: "settled", fate },
        { do: "settle", fate },
      ]);
  });

  it("is settled once: nothing that comes later changes it", () => {
    const settled: State = { name: "settled", fate: "acknowledged" };
    for (const event of [{ type: "timer" }, { type: "turn", unit: 0 }, { type: "end", fate: "reset" }] as const)
      expect(step(settled, event)).toEqual([settled]);
  });

  it("takes no notice of a timer before its turn, or of a second turn", () => {
    expect(step(WAITING, { type: "timer" })).toEqual([WAITING]);
    expect(step(sent, { type: "turn", unit: 0 })).toEqual([sent]);
  });
});

describe("the times that follow from the parameters", () => {
  it("are those of RFC 7252 table 3", () => {
    expect(maxTransmitSpan(DEFAULT_PARAMETERS)).toBe(45_000);
    expect(maxTransmitWait(DEFAULT_PARAMETERS)).toBe(93_000);
    expect(exchangeLifetime(DEFAULT_PARAMETERS)).toBe(247_000);
    expect(nonLifetime(DEFAULT_PARAMETERS)).toBe(145_000);
  });
});

describe("an impatient sender", () => {
  it("may give up at once, and need not spread its timeouts", () => {
    const parameters = { ...DEFAULT_PARAMETERS, maxRetransmit: 0, ackRandomFactor: 1 };
    const [state, effect] = next(WAITING, { type: "turn", unit: 0.9 }, parameters);
    expect(effect).toEqual({ do: "transmit", thenWaitMs: 2_000 });
    expect(next(state, { type: "timer" }, parameters)[0]).toEqual({ name: "settled", fate: "timeout" });
    expect(maxTransmitSpan(parameters)).toBe(0);
    expect(maxTransmitWait(parameters)).toBe(2_000);
  });
});
