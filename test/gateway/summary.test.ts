/** The state of the gateway in words. */

import { describe, expect, it } from "vitest";
import type { AdapterState } from "../../src/gateway/adapters.ts";
import { type Facts, inWords, nextStep, Problems, summarise } from "../../src/gateway/status/summary.ts";
import { FakeClock } from "../support/fake-clock.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const WELL: Facts = {
  sensors: { total: 42, waiting: 0, live: 42, stale: 0, gone: 0 },
  inbox: 0,
  adapters: new Map([["radio", { type: "ble", state: "ok", frames: 1 }]]),
  servers: [{ uri: "coap://a", registered: 43, endpoints: 43, lastAnswerMs: NOW - 3_000 }],
  silent: [],
  sealed: [],
  changed: [],
  refused: [],
  storage: { kept: 0, bytes: 0, budgetBytes: 33_554_432, dropped: 0 },
};
const sensors = (counts: Partial<Facts["sensors"]>) => ({ ...WELL.sensors, ...counts });

describe("the summary", () => {
  it.each<[string, Partial<Facts>, string]>([
    ["all is well", {}, "All 42 sensors are live, the server answered 3 s ago."],
    [
      "there is one sensor",
      { sensors: sensors({ total: 1, live: 1 }) },
      "The one sensor is live, the server answered 3 s ago.",
    ],
    [
      "some are silent",
      { sensors: sensors({ live: 39, stale: 2, gone: 1 }) },
      "39 of 42 sensors live, 2 stale, 1 gone; the server answered 3 s ago.",
    ],
    [
      "nobody is known",
      { sensors: sensors({ total: 0, live: 0 }), inbox: 3 },
      "No sensors yet: 3 heard in the inbox; the server answered 3 s ago.",
    ],
    [
      "nothing is heard",
      { sensors: sensors({ total: 0, live: 0 }) },
      "No sensors yet: nothing was heard; the server answered 3 s ago.",
    ],
    [
      "nobody listens",
      { sensors: sensors({ total: 0, live: 0 }), adapters: new Map<string, AdapterState>() },
      "No sensors yet: no adapter is configured; the server answered 3 s ago.",
    ],
    [
      "the server accepts nobody",
      { servers: [{ uri: "coap://a", registered: 0, endpoints: 43 }] },
      "All 42 sensors are live, coap://a has not accepted any yet.",
    ],
    [
      "no server has answered",
      { servers: [{ uri: "coap://a", registered: 0, endpoints: 0 }] },
      "All 42 sensors are live, no server has answered yet.",
    ],
  ])("says that %s", (_, change, words) => {
    expect(summarise({ ...WELL, ...change }, NOW)).toBe(words);
  });

  it("has words for spans of time", () => {
    expect([0, 89_000, 90_000, 3_600_000, 86_400_000, 3 * 86_400_000].map(inWords)).toEqual([
      "0 s",
      "89 s",
      "2 min",
      "60 min",
      "24 h",
      "3 days",
    ]);
  });
});

describe("problems", () => {
  const what = (facts: Partial<Facts>, clock = new FakeClock(NOW)) => new Problems(clock).of({ ...WELL, ...facts });

  it("are none when all is well", () => {
    expect(what({})).toEqual([]);
  });

  it("name an adapter that is down, with its reason", () => {
    const adapters = new Map<string, AdapterState>([
      ["radio", { type: "ble", state: "down", reason: "no adapter hci0", frames: 0 }],
      ["gnss", { type: "serial", state: "degraded", reason: "lines with errors.", frames: 5 }],
    ]);
    expect(what({ adapters }).map((each) => each.what)).toEqual([
      "Adapter radio is down: no adapter hci0.",
      "Adapter gnss is degraded: lines with errors.",
    ]);
  });

  it("name a server that refuses, and keep quiet while endpoints are on their way", () => {
    const server = { uri: "coap://a", registered: 40, endpoints: 43 };
    expect(what({ servers: [server] })).toEqual([]);
    expect(what({ servers: [{ ...server, lastError: "no answer in 93 s" }] })).toMatchObject([
      {
        what: "3 of 43 endpoints are not registered at coap://a: no answer in 93 s.",
        next: "Check that the server runs and can be reached from here; it is tried again by itself.",
      },
    ]);
    expect(what({ servers: [{ ...server, registered: 42, lastError: "x" }] })[0]?.what).toMatch(
      /^1 of 43 endpoints is not/,
    );
  });

  it("name the sensors that have been silent longest, and count the others", () => {
    const silent = Array.from({ length: 25 }, (_, i) => ({
      label: `s${i}`,
      liveness: "gone" as const,
      ms: i * 60_000,
    }));
    const problems = what({ silent });
    expect(problems).toHaveLength(11);
    expect(problems[0]).toMatchObject({
      what: "s24 is gone: not heard for 24 min.",
      since: "2026-06-01T11:36:00.000Z",
    });
    expect(problems.at(-1)?.what).toBe("15 more are silent.");
  });

  it("remember since when they have been there, and forget it when they are over", async () => {
    const clock = new FakeClock(NOW);
    const problems = new Problems(clock);
    const down: Facts = {
      ...WELL,
      adapters: new Map([["radio", { type: "ble", state: "down", reason: "gone", frames: 0 }]]),
    };
    expect(problems.of(down)[0]?.since).toBe("2026-06-01T12:00:00.000Z");
    await clock.advance(60_000);
    expect(problems.of(down)[0]?.since).toBe("2026-06-01T12:00:00.000Z");
    expect(problems.of(WELL)).toEqual([]);
    await clock.advance(60_000);
    expect(problems.of(down)[0]?.since).toBe("2026-06-01T12:02:00.000Z");
  });

  it("say how much was lost for want of room, for a day", () => {
    const storage = { kept: 900, bytes: 30_000_000, budgetBytes: 33_554_432, dropped: 1, droppedAtMs: NOW - 3_600_000 };
    expect(what({ storage })).toMatchObject([
      {
        what: "1 notification was lost: the 32 MB for what servers miss were full.",
        next: "Give storage.memory more room in the configuration, or let sensors tell less.",
      },
    ]);
    expect(what({ storage: { ...storage, dropped: 12 } })[0]?.what).toMatch(/^12 notifications were lost/);
    expect(what({ storage: { ...storage, droppedAtMs: NOW - 90_000_000 } })).toEqual([]);
    expect(what({ storage: { ...storage, dropped: 0 } })).toEqual([]);
  });

  it("speak of a clock that nobody has set", () => {
    const clock = new FakeClock(NOW);
    clock.trusted = false;
    expect(what({}, clock).map((each) => each.what)).toEqual(["The clock of this machine is not set."]);
  });
});

describe("the next step", () => {
  it.each([
    ["4.00 Bad Request", "does it speak LwM2M 1.1?"],
    ["4.03 Forbidden: unknown endpoint", "enter it there first"],
    ["4.04 Not Found", "check the port"],
    ["4.12 Precondition Failed", 'set version: "1.0"'],
    ["5.00 Internal Server Error", "a fault of its own"],
    ["no answer in 93 s", "can be reached from here"],
    ['DTLS: coaps://server:5684 refused (unknown_psk_identity): it does not know our identity "a"', "Compare identity"],
    ["DTLS: coaps://server:5684 answered, then silence after our Finished: wrong key?", "Compare identity and key"],
    ["DTLS: coaps://server:5684 does not answer: nobody listens there for DTLS", "can be reached from here"],
    ["4.03 Forbidden: key not found", "enter it there first"],
    ["the table !file t has no key for a: add it there, and start again", "says nothing to that server"],
    ['DTLS: coaps://server:5684: certificate "a" expired on 2026-11-21', "Renew the server's certificate"],
    ['DTLS: coaps://server:5684: certificate "a" is not valid before 2027-01-01', "set the clock of this machine"],
    ['DTLS: coaps://server:5684: certificate "a" is not for server: it is for b', "security.server_name"],
    ['DTLS: coaps://server:5684: certificate "a" is not for servers (Extended Key Usage)', "Compare identity and key"],
  ])("after %s is in words", (error, words) => {
    expect(nextStep(error)).toContain(words);
  });
});
