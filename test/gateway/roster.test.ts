/** Who has been adopted, on disk and back. */

import { describe, expect, it } from "vitest";
import { Roster, type RosterEntry } from "../../src/gateway/roster.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { MemoryStore } from "./rig.ts";

const entry = (n: number, more: Partial<RosterEntry> = {}): RosterEntry => ({
  source: `radio/${n}`,
  endpoint: `ep-${n}`,
  definition: "ruuvi.tag.df5",
  label: `Tag ${n}`,
  by: "rule",
  adoptedAt: "2026-06-01T12:00:00.000Z",
  memory: {},
  ...more,
});

async function load(store = new MemoryStore()) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  return { roster: await Roster.load(store, clock, log), clock, log, store };
}

describe("the roster", () => {
  it("comes back from the disk as it was", async () => {
    const { roster, store } = await load();
    const memory = {
      ports: { "coap://a": 40_000, "coap://b": 40_001 },
      accounts: new Map([
        [
          "coap://a",
          {
            configured: { uri: "coap://a", lifetime: 300, shortServerId: 1 },
            current: { uri: "coap://a", lifetime: 60, shortServerId: 1 },
          },
        ],
      ]),
      stored: new Map<
        ReturnType<typeof path>,
        string | number | bigint | boolean | Uint8Array | { object: number; instance: number }
      >([
        [path(3303, 0, 5750), "kitchen"],
        [path(3303, 0, 1), 21.5],
        [path(3303, 0, 2), 2n ** 60n],
        [path(3303, 0, 3), true],
        [path(3303, 0, 4), Uint8Array.of(1, 2, 255)],
        [path(3303, 0, 5), { object: 3, instance: 0 }],
      ]),
    };
    roster.add(entry(1, { memory, by: "api" }));
    roster.add(entry(2));
    roster.self.ports = { "coap://a": 39_999 };
    await roster.flush();
    const again = (await load(store)).roster;
    expect([...again.entries()]).toEqual([entry(1, { memory, by: "api" }), entry(2)]);
    expect(again.self).toEqual({ ports: { "coap://a": 39_999 } });
    expect(again.holder("ep-2")).toBe(again.get("radio/2"));
  });

  it("is one line for each sensor", async () => {
    const { roster, store } = await load();
    roster.add(entry(1));
    roster.add(entry(2));
    await roster.flush();
    expect(store.text?.split("\n").filter((line) => line.includes('"source"'))).toHaveLength(2);
  });

  it("writes once for a flock of changes", async () => {
    const { roster, store, clock } = await load();
    for (let n = 0; n < 1_000; n++) roster.add(entry(n));
    expect(store.writes).toBe(0);
    await clock.advance(2_100);
    expect(store.writes).toBe(1);
    await clock.advance(60_000);
    expect(store.writes).toBe(1);
  });

  it("tries again when the disk refuses, and says so", async () => {
    const { roster, store, clock, log } = await load();
    store.fails = true;
    roster.add(entry(1));
    await clock.advance(2_100);
    expect(log.events("error")).toEqual(["roster-not-written"]);
    store.fails = false;
    await clock.advance(2_100);
    expect(store.text).toContain("radio/1");
  });

  it("forgets whom it let go, and remembers who was sent away", async () => {
    const { roster, store } = await load();
    const one = entry(1);
    const two = entry(2);
    roster.add(one);
    roster.add(two);
    roster.remove(one, true);
    roster.remove(two, false);
    await roster.flush();
    const again = (await load(store)).roster;
    expect(again.size).toBe(0);
    expect([again.isDismissed("radio/1"), again.isDismissed("radio/2")]).toEqual([true, false]);
    again.add(entry(1));
    expect(again.isDismissed("radio/1")).toBe(false);
  });

  it("does not grow without end by those sent away", async () => {
    const { roster, store } = await load();
    for (let n = 0; n < 12_000; n++) {
      const one = entry(n);
      roster.add(one);
      roster.remove(one, true);
    }
    await roster.flush();
    expect(roster.isDismissed("radio/0")).toBe(false);
    expect(roster.isDismissed("radio/11999")).toBe(true);
    expect((store.text ?? "").length).toBeLessThan(200_000);
  });

  it("of one gateway is not that of another", async () => {
    const first = (await load()).roster;
    first.self.ports = { "coap://a": 1 };
    expect((await load()).roster.self).toEqual({});
  });
});

describe("a roster that cannot be understood", () => {
  it.each([
    ["", "the roster is no JSON"],
    ["[]", "no section"],
    ['{"version":2}', "the roster is of version 2, this program reads version 1"],
    ['{"version":1,"self":{},"dismissed":[]}', "lacks its lists"],
    ['{"version":1,"self":{},"dismissed":[],"sensors":[{}]}', 'lacks "by" of a sensor'],
    ['{"version":1,"self":7,"dismissed":[],"sensors":[]}', "no section"],
  ])("%s is an error with words", async (text, words) => {
    await expect(load(new MemoryStore(text))).rejects.toThrow(words);
  });

  it("because it names one sensor twice is an error too", async () => {
    const { roster, store } = await load();
    roster.add(entry(1));
    roster.add(entry(2));
    await roster.flush();
    const text = store.text ?? "";
    await expect(load(new MemoryStore(text.replace("radio/2", "radio/1")))).rejects.toThrow("a source twice");
    await expect(load(new MemoryStore(text.replace("ep-2", "ep-1")))).rejects.toThrow("an endpoint twice");
  });

  it("in what can be learnt anew is read without it", async () => {
    const text = `{"version":1,"self":{"ports":{"a":-1,"b":"x","c":5}},"dismissed":[1,"radio/9"],"sensors":[{"source":"radio/1",
      "endpoint":"e","definition":"d","label":"l","by":"?","adoptedAt":"t","accounts":{"a":{"configured":1}},
      "stored":{"/3/0/x":1,"/3/0/1":null,"/3/0/2":{"integer":"x"},"/3/0/3":{"link":[]},"/3/0/4":"kept"}}]}`;
    const { roster } = await load(new MemoryStore(text));
    expect(roster.self).toEqual({ ports: { c: 5 } });
    expect(roster.get("radio/1")).toMatchObject({ by: "api", memory: { stored: new Map([["/3/0/4", "kept"]]) } });
  });

  it("never makes anything but an error with words, however it is damaged", async () => {
    const { roster, store } = await load();
    roster.add(entry(1));
    await roster.flush();
    const text = store.text ?? "";
    const random = new SeededRandom(3);
    for (let run = 0; run < 500; run++) {
      const at = random.below(text.length);
      const broken =
        text.slice(0, at) + random.pick(["", "}", "{", '"', "0", "null", ","]) + text.slice(at + random.below(5));
      const outcome = await load(new MemoryStore(broken)).then(
        () => "read",
        (error: unknown) => (error instanceof Error ? error.name : "?"),
      );
      expect(["read", "RosterError"]).toContain(outcome);
    }
    await settle();
  });
});
