import { describe, expect, it } from "vitest";
import { type Effect, type Event, next, type State, type Times } from "../../../src/lwm2m/servers/registration.ts";

const TIMES: Times = {
  refreshMs: () => 200_000,
  settleMs: 500,
  afterFailure: (failures) => ({ ms: 1_000 * (failures + 1), givenUp: false }),
  version: "1.1",
  initialDelayMs: 0,
};
/** Three attempts, and all is given up. */
const THREE: Times = {
  ...TIMES,
  afterFailure: (failures) => ({ ms: failures === 2 ? 60_000 : 1_000, givenUp: failures === 2 }),
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
    return `${state.name}: ${effects.map(words).join(", ")}`;
  });
}

function words(effect: Effect): string {
  switch (effect.do) {
    case "register":
      return `register ${effect.version}${effect.renew ? " anew" : ""}`;
    case "update":
      return `update ${effect.location.join("/")}${effect.urgent ? " urgently" : ""}${effect.renew ? " anew" : ""}`;
    case "deregister":
      return `deregister ${effect.location.join("/")}${effect.leave ? " and leave" : ""}`;
    case "set-timer":
      return `timer ${effect.ms}`;
    case "report":
      return effect.outcome;
  }
}

const refused = (code: number, retryAfterMs?: number): Event => ({
  type: "refused",
  code,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const START: Event = { type: "start" };
const TIMER: Event = { type: "timer" };
const SILENCE: Event = { type: "no-answer" };
const OK: Event = { type: "accepted" };
const REGISTERED = [START, ACCEPTED];

describe("the registration table", () => {
  it("registers, updates in time, and de-registers", () => {
    expect(play([START, ACCEPTED, TIMER, OK, TIMER, OK, { type: "stop" }])).toEqual([
      "registering: register 1.1",
      "registered: timer 200000, registered",
      "updating: update rd/a1 urgently",
      "registered: timer 200000",
      "updating: update rd/a1 urgently",
      "registered: timer 200000",
      "idle: deregister rd/a1",
    ]);
  });

  it("waits longer and longer after refusals and silence, with a fresh association after silence", () => {
    expect(play([START, refused(0x83), TIMER, SILENCE, TIMER, refused(0xa3), TIMER, ACCEPTED])).toEqual([
      "registering: register 1.1",
      "waiting: timer 1000, attempt-failed",
      "registering: register 1.1",
      "waiting: timer 2000, attempt-failed",
      "registering: register 1.1 anew",
      "waiting: timer 3000, attempt-failed",
      "registering: register 1.1",
      "registered: timer 200000, registered",
    ]);
  });

  it("waits as long as the server asks it to, and no less than it would have", () => {
    expect(play([START, refused(0xa3, 30_000)]).at(-1)).toBe("waiting: timer 30000, attempt-failed");
    expect(play([START, refused(0x9d, 500)]).at(-1)).toBe("waiting: timer 1000, attempt-failed");
    expect(play([...REGISTERED, TIMER, refused(0xa3, 30_000), TIMER]).slice(-2)).toEqual([
      "waiting: timer 30000, attempt-failed",
      "registering: register 1.1",
    ]);
  });

  it("says when all attempts are used, and begins anew after one more wait", () => {
    const failing = [START, SILENCE, TIMER, SILENCE, TIMER, SILENCE, TIMER, SILENCE];
    expect(play(failing, THREE)).toEqual([
      "registering: register 1.1",
      "waiting: timer 1000, attempt-failed",
      "registering: register 1.1 anew",
      "waiting: timer 1000, attempt-failed",
      "registering: register 1.1 anew",
      "waiting: timer 60000, given-up",
      "registering: register 1.1 anew",
      "waiting: timer 1000, attempt-failed",
    ]);
  });

  it("waits for the initial delay before its first Register, and only then (/1/x/14)", () => {
    const times = { ...TIMES, initialDelayMs: 5_000 };
    expect(play([START, TIMER, ACCEPTED, TIMER, refused(0x84)], times)).toEqual([
      "waiting: timer 5000",
      "registering: register 1.1",
      "registered: timer 200000, registered",
      "updating: update rd/a1 urgently",
      "registering: register 1.1",
    ]);
  });

  it.each([0x80, 0x83, 0x84])("E21: registers again at once when an Update is refused with 4.xx (%s)", (code) => {
    expect(play([...REGISTERED, TIMER, refused(code)]).at(-1)).toBe("registering: register 1.1");
  });

  it.each([0xa0, 0xa3, 0x9d])(
    "takes its time when an Update meets trouble: 5.xx, or too many requests (%s)",
    (code) => {
      expect(play([...REGISTERED, TIMER, refused(code), TIMER]).slice(-2)).toEqual([
        "waiting: timer 1000, attempt-failed",
        "registering: register 1.1",
      ]);
    },
  );

  it("takes its registration along to a fresh association, where the server knows it by what it proves", () => {
    const times = { ...TIMES, proven: true };
    expect(play([...REGISTERED, TIMER, SILENCE, OK, TIMER, SILENCE, refused(0x84)], times).slice(2)).toEqual([
      "updating: update rd/a1 urgently",
      "updating: update rd/a1 urgently anew",
      "registered: timer 200000",
      "updating: update rd/a1 urgently",
      "updating: update rd/a1 urgently anew",
      "registering: register 1.1",
    ]);
    // Once: what meets silence again is not the association.
    expect(play([...REGISTERED, TIMER, SILENCE, SILENCE], times).at(-1)).toBe("registering: register 1.1 anew");
    // What was observed over a line went with it, whatever the server knows us by.
    expect(play([...REGISTERED, TIMER, SILENCE, { type: "lost" }], times).at(-1)).toBe("registering: register 1.1");
    expect(play([...REGISTERED, { type: "lost" }], times).at(-1)).toBe("registering: register 1.1");
  });

  it("registers over a fresh association when an Update meets silence", () => {
    expect(play([...REGISTERED, TIMER, SILENCE]).at(-1)).toBe("registering: register 1.1 anew");
  });

  it("registers when the way to the server has become another one (E45)", () => {
    expect(play([...REGISTERED, { type: "lost" }]).at(-1)).toBe("registering: register 1.1");
  });

  it("counts a Register accepted without a location as failed", () => {
    expect(play([START, OK]).at(-1)).toBe("waiting: timer 1000, attempt-failed");
  });

  it("waits for nothing where there is no way to such a server", () => {
    expect(play([START, { type: "unusable" }]).at(-1)).toBe("waiting: given-up");
  });

  it("tells changes together, and not later for being many", () => {
    expect(play([...REGISTERED, { type: "changed" }, { type: "changed" }, TIMER])).toEqual([
      "registering: register 1.1",
      "registered: timer 200000, registered",
      "registered: timer 500",
      "registered: ",
      "updating: update rd/a1",
    ]);
  });

  it("updates at once when asked to", () => {
    expect(play([...REGISTERED, { type: "update-now" }, TIMER]).slice(-2)).toEqual([
      "registered: timer 0",
      "updating: update rd/a1",
    ]);
  });

  it("goes away for a while when disabled, also in the midst of an Update", () => {
    const disable: Event = { type: "disable", ms: 60_000 };
    expect(play([...REGISTERED, disable, TIMER]).slice(-2)).toEqual([
      "waiting: deregister rd/a1 and leave, timer 60000",
      "registering: register 1.1",
    ]);
    expect(play([...REGISTERED, TIMER, disable]).at(-1)).toBe("waiting: deregister rd/a1 and leave, timer 60000");
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

  it("pauses without a word, and registers when it goes on", () => {
    expect(play([...REGISTERED, { type: "pause" }, TIMER, START]).slice(-3)).toEqual([
      "idle: ",
      "idle: ",
      "registering: register 1.1",
    ]);
  });
});

describe("the version that is spoken", () => {
  const NEWEST = { ...TIMES, version: "1.2" } as const;

  it.each([0x8c, 0x80])("E2: falls back from 1.2 over 1.1 to 1.0 on 4.12 and on 4.00 (%s), and stays there", (code) => {
    expect(play([START, refused(code), refused(code), ACCEPTED, TIMER, refused(0x84)], NEWEST)).toEqual([
      "registering: register 1.2",
      "registering: register 1.1",
      "registering: register 1.0",
      "registered: timer 200000, registered",
      "updating: update rd/a1 urgently",
      "registering: register 1.0",
    ]);
  });

  it("E2: comes back to the newest if the version was not what was wrong", () => {
    expect(play([START, refused(0x80), refused(0x80), refused(0x80), TIMER], NEWEST)).toEqual([
      "registering: register 1.2",
      "registering: register 1.1",
      "registering: register 1.0",
      "waiting: timer 1000, attempt-failed",
      "registering: register 1.2",
    ]);
  });

  it("E2: does not fall back on 4.00 once a server has accepted it, but still does on 4.12", () => {
    const forgotten = [...REGISTERED, TIMER, refused(0x84)];
    expect(play([...forgotten, refused(0x80)]).at(-1)).toBe("waiting: timer 1000, attempt-failed");
    expect(play([...forgotten, refused(0x8c)]).at(-1)).toBe("registering: register 1.0");
  });

  it("E2: is in question again when what was accepted is refused many times: the server may be another by now", () => {
    const refusals = Array.from({ length: 8 }, () => [refused(0x80), TIMER]).flat();
    const steps = play([...REGISTERED, TIMER, refused(0x84), ...refusals]);
    expect(steps).toContain("registering: register 1.0");
  });

  it("is 1.0 from the start if told so, and nothing is older", () => {
    expect(play([START, refused(0x80)], { ...TIMES, version: "1.0" })).toEqual([
      "registering: register 1.0",
      "waiting: timer 1000, attempt-failed",
    ]);
  });
});

describe("what makes no sense in a state", () => {
  const states: State[] = [
    IDLE,
    { name: "waiting", version: "1.1", attempt: 1, known: false, renew: false },
    { name: "registering", version: "1.1", attempt: 0, known: false },
    { name: "registered", version: "1.1", location: HERE, soon: false },
    { name: "updating", version: "1.1", location: HERE },
  ];
  const lost: Event = { type: "lost" };
  const nonsense: Record<State["name"], Event[]> = {
    idle: [TIMER, SILENCE, refused(0x80), OK, lost, { type: "changed" }, { type: "update-now" }, { type: "unusable" }],
    waiting: [START, ACCEPTED, OK, refused(0x84), lost, { type: "changed" }, { type: "anew" }],
    registering: [START, TIMER, lost, { type: "changed" }, { type: "update-now" }, { type: "disable", ms: 1 }],
    registered: [START, OK, SILENCE, refused(0x84), { type: "unusable" }],
    updating: [START, TIMER, lost, { type: "changed" }, { type: "update-now" }],
  };

  it("is ignored", () => {
    for (const state of states.filter(({ name }) => name !== "waiting"))
      expect(next(state, { type: "enable" }, TIMES)).toEqual([state]);
    for (const state of states)
      for (const event of nonsense[state.name]) expect(next(state, event, TIMES)).toEqual([state]);
  });
});
