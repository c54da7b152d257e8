import { describe, expect, it } from "vitest";
import { type Event, next, refreshMs, type State, type Times } from "../../src/lwm2m/servers/registration.ts";

const TIMES: Times = {
  refreshMs: () => 200_000,
  settleMs: 500,
  backoffMs: (attempt) => 1_000 * (attempt + 1),
  version: "1.1",
};
const IDLE: State = { name: "idle", version: "1.1" };
const HERE = ["rd", "a1"];
const ACCEPTED: Event = { type: "accepted", location: HERE };

/** Plays events from idle; each step as `state: effects`. */
function play(events: readonly Event[], times = TIMES): string[] {
  let state = IDLE;
  return events.map((event) => {
    const [after, ...effects] = next(state, event, times);
    state = after;
    const does = effects.map((effect) => {
      switch (effect.do) {
        case "register":
          return `register ${effect.version}${effect.renew ? " anew" : ""}`;
        case "set-timer":
          return `timer ${effect.ms}`;
        default:
          return `${effect.do} ${effect.location.join("/")}`;
      }
    });
    return `${state.name}: ${does.join(", ")}`;
  });
}

const refused = (code: number): Event => ({ type: "refused", code });
const START: Event = { type: "start" };
const TIMER: Event = { type: "timer" };
const SILENCE: Event = { type: "no-answer" };
const OK: Event = { type: "accepted" };

describe("the registration table", () => {
  it("registers, updates in time, and de-registers", () => {
    expect(play([START, ACCEPTED, TIMER, OK, TIMER, OK, { type: "stop" }])).toEqual([
      "registering: register 1.1",
      "registered: timer 200000",
      "updating: update rd/a1",
      "registered: timer 200000",
      "updating: update rd/a1",
      "registered: timer 200000",
      "idle: deregister rd/a1",
    ]);
  });

  it("waits longer and longer after refusals and silence, with a fresh association after silence", () => {
    expect(play([START, refused(0x83), TIMER, SILENCE, TIMER, refused(0xa3), TIMER, ACCEPTED])).toEqual([
      "registering: register 1.1",
      "waiting: timer 1000",
      "registering: register 1.1",
      "waiting: timer 2000",
      "registering: register 1.1 anew",
      "waiting: timer 3000",
      "registering: register 1.1",
      "registered: timer 200000",
    ]);
  });

  it.each([0x80, 0x83, 0x84])("registers again at once when an Update is refused with 4.xx (E21: %s)", (code) => {
    expect(play([START, ACCEPTED, TIMER, refused(code)]).at(-1)).toBe("registering: register 1.1");
  });

  it("takes its time when an Update is refused with 5.xx: the server is in trouble", () => {
    expect(play([START, ACCEPTED, TIMER, refused(0xa3), TIMER]).slice(-2)).toEqual([
      "waiting: timer 1000",
      "registering: register 1.1",
    ]);
  });

  it("registers over a fresh association when an Update meets silence", () => {
    expect(play([START, ACCEPTED, TIMER, SILENCE]).at(-1)).toBe("registering: register 1.1 anew");
  });

  it("falls back to 1.0 on 4.12, and stays there (E2)", () => {
    expect(play([START, refused(0x8c), ACCEPTED, TIMER, refused(0x84)])).toEqual([
      "registering: register 1.1",
      "registering: register 1.0",
      "registered: timer 200000",
      "updating: update rd/a1",
      "registering: register 1.0",
    ]);
  });

  it("falls back to 1.0 on 4.00 to a first Register, and comes back to 1.1 if that was not it (E2)", () => {
    expect(play([START, refused(0x80), refused(0x80), TIMER])).toEqual([
      "registering: register 1.1",
      "registering: register 1.0",
      "waiting: timer 1000",
      "registering: register 1.1",
    ]);
  });

  it("does not fall back on 4.00 once a server has accepted 1.1", () => {
    expect(play([START, ACCEPTED, TIMER, refused(0x84), refused(0x80)]).at(-1)).toBe("waiting: timer 1000");
  });

  it("speaks 1.0 from the start if told so", () => {
    expect(play([START, refused(0x80)], { ...TIMES, version: "1.0" })).toEqual([
      "registering: register 1.0",
      "waiting: timer 1000",
    ]);
  });

  it("counts a Register accepted without a location as failed", () => {
    expect(play([START, OK]).at(-1)).toBe("waiting: timer 1000");
  });

  it("tells changes together, and not later for being many", () => {
    expect(play([START, ACCEPTED, { type: "changed" }, { type: "changed" }, TIMER])).toEqual([
      "registering: register 1.1",
      "registered: timer 200000",
      "registered: timer 500",
      "registered: ",
      "updating: update rd/a1",
    ]);
  });

  it("updates at once when asked to", () => {
    expect(play([START, ACCEPTED, { type: "update-now" }, TIMER]).slice(-2)).toEqual([
      "registered: timer 0",
      "updating: update rd/a1",
    ]);
  });

  it("goes away for a while when disabled, also in the midst of an Update", () => {
    const disable: Event = { type: "disable", ms: 60_000 };
    expect(play([START, ACCEPTED, disable, TIMER]).slice(-2)).toEqual([
      "waiting: deregister rd/a1, timer 60000",
      "registering: register 1.1",
    ]);
    expect(play([START, ACCEPTED, TIMER, disable]).at(-1)).toBe("waiting: deregister rd/a1, timer 60000");
  });

  it("undoes a registration that is accepted after it stopped", () => {
    expect(play([START, { type: "stop" }, ACCEPTED])).toEqual([
      "registering: register 1.1",
      "idle: ",
      "idle: deregister rd/a1",
    ]);
  });

  it("stops quietly while it waits", () => {
    expect(play([START, SILENCE, { type: "stop" }, TIMER]).slice(-2)).toEqual(["idle: ", "idle: "]);
  });

  it("ignores what makes no sense in a state", () => {
    const states: State[] = [
      IDLE,
      { name: "waiting", version: "1.1", attempt: 1, known: false, renew: false },
      { name: "registering", version: "1.1", attempt: 0, known: false },
      { name: "registered", version: "1.1", location: HERE, soon: false },
      { name: "updating", version: "1.1", location: HERE },
    ];
    const nonsense: Record<State["name"], Event[]> = {
      idle: [TIMER, SILENCE, refused(0x80), OK, { type: "changed" }, { type: "update-now" }],
      waiting: [START, ACCEPTED, OK, refused(0x84), { type: "changed" }, { type: "disable", ms: 1 }],
      registering: [START, TIMER, { type: "changed" }, { type: "update-now" }],
      registered: [START, OK, SILENCE, refused(0x84)],
      updating: [START, TIMER, { type: "changed" }, { type: "update-now" }],
    };
    for (const state of states)
      for (const event of nonsense[state.name]) expect(next(state, event, TIMES)).toEqual([state]);
  });
});

describe("the time of an Update", () => {
  it("leaves MAX_TRANSMIT_WAIT before the end of the lifetime (E50)", () => {
    expect(refreshMs(300, 93_000, 0)).toBe(207_000);
    expect(refreshMs(86_400, 93_000, 0)).toBe(86_307_000);
  });

  it("is half the lifetime where that is too short", () => {
    expect(refreshMs(60, 93_000, 0)).toBe(30_000);
    expect(refreshMs(2, 93_000, 0)).toBe(1_000);
  });

  it("is spread over a tenth, always earlier", () => {
    expect(refreshMs(300, 93_000, 0.5)).toBe(207_000 * 0.95);
    expect(refreshMs(300, 93_000, 1)).toBeGreaterThanOrEqual(207_000 * 0.9 - 1);
  });
});
