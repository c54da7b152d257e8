import { describe, expect, it } from "vitest";
import { type Effect, type Event, next, type Rules, type State } from "../../../src/lwm2m/bootstrap/sequence.ts";

const RULES: Rules = {
  holdOffMs: 0,
  pack: false,
  pct: true,
  listen: false,
  stallMs: 247_000,
  lingerMs: 45_000,
  backoffMs: (attempt) => (attempt + 1) * 10,
};
const PACK = { ...RULES, pack: true };
const HOLD = { ...RULES, holdOffMs: 5_000 };
const LISTEN = { ...RULES, listen: true };
const OLD = { ...RULES, pct: false };

const OFF: State = { name: "off", attempt: 0 };
const TIRED: State = { name: "off", attempt: 2 };
const HOLDING: State = { name: "holding", attempt: 0 };
const ASKING_PACK: State = { name: "asking-pack", attempt: 0 };
const ASKING: State = { name: "asking", attempt: 0, plain: false };
const PLAIN: State = { name: "asking", attempt: 0, plain: true };
const PROVISIONING: State = { name: "provisioning", attempt: 0 };
const REFUSED: State = { name: "provisioning", attempt: 0, refused: true };
const WAITING: State = { name: "waiting", attempt: 1 };
const LEAVING: State = { name: "leaving", attempt: 1 };
const ALL = [OFF, TIRED, HOLDING, ASKING_PACK, ASKING, PLAIN, PROVISIONING, REFUSED, WAITING, LEAVING];

const WANTED: Event = { type: "wanted", urgent: false };
const URGENT: Event = { type: "wanted", urgent: true };
const refused = (code: number): Event => ({ type: "refused", code });
const timer = (ms: number): Effect => ({ do: "set-timer", ms });
const ASK: Effect[] = [{ do: "begin" }, { do: "ask", pct: true }];
const GIVE_UP: Effect[] = [{ do: "roll-back" }, { do: "close" }];

type Row = readonly [what: string, state: State, event: Event, rules: Rules, then: State, ...effects: Effect[]];

const TABLE: readonly Row[] = [
  ["asks at once without a hold-off", OFF, WANTED, RULES, ASKING, ...ASK],
  ["holds off first, with an open ear", OFF, WANTED, HOLD, HOLDING, { do: "open" }, timer(5_000)],
  ["does not hold off when told to ask", OFF, URGENT, HOLD, ASKING, ...ASK],
  ["asks for a pack first", OFF, WANTED, PACK, ASKING_PACK, { do: "ask-pack" }],
  ["names no format to a server of 1.0", OFF, WANTED, OLD, PLAIN, { do: "begin" }, { do: "ask", pct: false }],
  [
    "waits after bootstraps that led nowhere",
    TIRED,
    WANTED,
    RULES,
    { name: "waiting", attempt: 2 },
    { do: "close" },
    timer(20),
  ],
  ["waits for nothing when told to", TIRED, URGENT, PACK, { ...ASKING, attempt: 2 }, ...ASK],
  ["opens an ear", OFF, { type: "listen" }, LISTEN, OFF, { do: "open" }],
  [
    "lets a server begin that was listened to",
    OFF,
    { type: "request" },
    LISTEN,
    PROVISIONING,
    { do: "begin" },
    timer(247_000),
  ],
  ["knows no late timer", OFF, { type: "timer" }, RULES, OFF],

  ["asks when the hold-off is over", HOLDING, { type: "timer" }, HOLD, ASKING, ...ASK],
  ["asks for a pack when the hold-off is over", HOLDING, { type: "timer" }, PACK, ASKING_PACK, { do: "ask-pack" }],
  [
    "lets the server begin during the hold-off",
    HOLDING,
    { type: "request" },
    HOLD,
    PROVISIONING,
    { do: "begin" },
    timer(247_000),
  ],
  ["holds off only once", HOLDING, WANTED, HOLD, HOLDING],
  ["ends the hold-off when told to ask", HOLDING, URGENT, HOLD, ASKING, ...ASK],
  ["needs nothing any more once registered", HOLDING, { type: "recovered" }, HOLD, OFF, { do: "close" }],

  ["is done with a pack", ASKING_PACK, { type: "packed" }, PACK, LEAVING, timer(45_000)],
  ["goes on to ask when there is no pack (E72)", ASKING_PACK, refused(0x84), PACK, ASKING, ...ASK],
  ["goes on to ask when packs are not implemented", ASKING_PACK, refused(0xa1), PACK, ASKING, ...ASK],
  ["goes on to ask when a pack is refused", ASKING_PACK, refused(0x85), PACK, ASKING, ...ASK],
  ["goes on to ask when the pack is of no use", ASKING_PACK, { type: "pack-refused" }, PACK, ASKING, ...ASK],
  ["waits when nobody answers for a pack", ASKING_PACK, { type: "no-answer" }, PACK, WAITING, ...GIVE_UP, timer(10)],
  [
    "lets the server begin instead of a pack",
    ASKING_PACK,
    { type: "request" },
    PACK,
    PROVISIONING,
    { do: "begin" },
    timer(247_000),
  ],
  ["is not in more haste for being told twice", ASKING_PACK, URGENT, PACK, ASKING_PACK],

  ["waits for the server to write", ASKING, { type: "accepted" }, RULES, PROVISIONING, timer(247_000)],
  ["takes what comes before the answer", ASKING, { type: "request" }, RULES, PROVISIONING, timer(247_000)],
  ["takes a Finish before the answer", ASKING, { type: "finished" }, RULES, LEAVING, timer(45_000)],
  ["asks without pct after 4.00", ASKING, refused(0x80), RULES, PLAIN, { do: "ask", pct: false }],
  ["asks without pct after 4.02", ASKING, refused(0x82), RULES, PLAIN, { do: "ask", pct: false }],
  ["asks without pct after 4.15", ASKING, refused(0x8f), RULES, PLAIN, { do: "ask", pct: false }],
  ["waits when refused without pct too", PLAIN, refused(0x80), RULES, WAITING, ...GIVE_UP, timer(10)],
  ["waits when forbidden", ASKING, refused(0x83), RULES, WAITING, ...GIVE_UP, timer(10)],
  ["waits when nobody answers", ASKING, { type: "no-answer" }, RULES, WAITING, ...GIVE_UP, timer(10)],
  ["goes on though a server has us again", { ...ASKING, attempt: 3 }, { type: "recovered" }, RULES, ASKING],

  ["waits anew with each request", PROVISIONING, { type: "request" }, RULES, PROVISIONING, timer(247_000)],
  ["is done with Finish", PROVISIONING, { type: "finished" }, RULES, LEAVING, timer(45_000)],
  ["rolls back when the server falls silent", PROVISIONING, { type: "timer" }, RULES, WAITING, ...GIVE_UP, timer(10)],
  [
    "waits for a server that mends what was refused, for as long as the refusal may be on its way",
    PROVISIONING,
    { type: "finish-refused" },
    RULES,
    REFUSED,
    timer(45_000),
  ],
  ["is patient again with a server that mends", REFUSED, { type: "request" }, RULES, PROVISIONING, timer(247_000)],
  ["is done with a Finish that was mended", REFUSED, { type: "finished" }, RULES, LEAVING, timer(45_000)],
  ["rolls back when nobody mends what was refused", REFUSED, { type: "timer" }, RULES, WAITING, ...GIVE_UP, timer(10)],
  ["does not mind a late answer", PROVISIONING, { type: "no-answer" }, RULES, PROVISIONING],
  ["does not mind a late refusal", PROVISIONING, refused(0x80), RULES, PROVISIONING],
  ["does not begin again in the middle", PROVISIONING, URGENT, RULES, PROVISIONING],

  ["tries again", WAITING, { type: "timer" }, RULES, { ...ASKING, attempt: 1 }, ...ASK],
  ["tries again without a pack", WAITING, { type: "timer" }, PACK, { ...ASKING, attempt: 1 }, ...ASK],
  ["tries again at once when told to", WAITING, URGENT, RULES, { ...ASKING, attempt: 1 }, ...ASK],
  ["is not hurried by more failures", WAITING, WANTED, RULES, WAITING],
  ["stops trying when a server has us", WAITING, { type: "recovered" }, RULES, OFF, { do: "close" }],
  ["has nobody to hear while it waits", WAITING, { type: "request" }, RULES, WAITING],

  ["closes the way", LEAVING, { type: "timer" }, RULES, { name: "off", attempt: 1 }, { do: "close" }],
  ["keeps the way open to listen", LEAVING, { type: "timer" }, LISTEN, { name: "off", attempt: 1 }, { do: "open" }],
  ["forgets failures when a server has us", LEAVING, { type: "recovered" }, RULES, { name: "leaving", attempt: 0 }],
  ["waits when what it was given fails too", LEAVING, WANTED, RULES, WAITING, { do: "close" }, timer(10)],
  ["asks again when told to", LEAVING, URGENT, RULES, { ...ASKING, attempt: 1 }, ...ASK],
  ["lets nobody write after Finish", LEAVING, { type: "request" }, RULES, LEAVING],
];

describe("the bootstrap sequence (LwM2M Core 1.2 §6.1.4)", () => {
  it.each(TABLE.map((row) => ({ what: row[0], row })))("$what", ({ row }) => {
    const [, state, event, rules, then, ...effects] = row;
    expect(next(state, event, rules)).toEqual([then, ...effects]);
  });

  it.each(ALL)("ends from $name, whatever goes on", (state) => {
    expect(next(state, { type: "stop" }, RULES)).toEqual([OFF, ...GIVE_UP]);
  });

  it("waits longer each time, for ever", () => {
    let state: State = ASKING;
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const [waiting, ...effects] = next(state, { type: "no-answer" }, RULES);
      for (const effect of effects) if (effect.do === "set-timer") waits.push(effect.ms);
      [state] = next(waiting, { type: "timer" }, RULES);
    }
    expect(waits).toEqual([10, 20, 30, 40, 50]);
    expect(state.attempt).toBe(5);
  });

  it("does nothing about events that mean nothing where they come", () => {
    for (const state of [OFF, LEAVING, WAITING, HOLDING])
      for (const type of ["accepted", "no-answer", "packed", "pack-refused", "finished"] as const)
        expect(next(state, { type }, RULES)).toEqual([state]);
    for (const state of ALL.filter(({ name }) => name !== "off"))
      expect(next(state, { type: "listen" }, LISTEN)).toEqual([state]);
  });
});
