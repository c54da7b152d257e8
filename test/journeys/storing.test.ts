/** An outage of an hour: what two hundred sensors measured meanwhile arrives with its times, as far as there is room. */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { path } from "../../src/model/path.ts";
import { fields, Rig, type RigOptions } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { cbor, CborFloat } from "../support/payloads.ts";

const TEMPERATURE = path(3303, 0, 5700);
const climate = (temperature: number) => fields({ model: "climate", temperature, humidity: 40 });
const MINUTES = 60;

/** A gateway with so many sensors, each observed, and what its server has been told of each by time. */
async function observed(sensors: number, options: RigOptions = {}) {
  const clock = new FakeClock();
  const fleet = new Fleet(clock);
  const rig = await Rig.start({ rules: [{ adapter: "sim" }], clock, connect: fleet.connect, ...options });
  const names = Array.from({ length: sensors }, (_, index) => `sim-${index + 1}`);
  const say = (value: number) => {
    for (const [index, name] of names.entries()) rig.hear(`sim/${name}`, climate(value + index / 1_000));
  };
  say(0);
  await clock.advance(5_000);
  const observe = async (who = names) => {
    for (const name of who) {
      fleet.server(name).send("PUT", { path: TEMPERATURE, query: ["pmin=0", "st=0"] });
      fleet.server(name).send("GET", { path: TEMPERATURE, accept: Format.SenmlCbor, observe: 0 });
    }
    await clock.advance(1_000);
  };
  /** The server falls silent in both directions, or is back. */
  const up = (is: boolean) => {
    fleet.up = is;
    for (const near of fleet.near.values()) near.fate = () => (is ? "deliver" : "drop");
  };
  return { rig, clock, fleet, names, say, observe, up };
}

/** Values of the past, those with a time in the pack, in the order in which they came (RFC 8428 §4.5). */
function past(fleet: Fleet, name: string): { time: number; value: number }[] {
  const told: { time: number; value: number }[] = [];
  for (const { type, format, payload, observe } of fleet.server(name).responses) {
    // The answer to Observe itself brings the newest: not what is meant here.
    const isPast = type === "CON" && format === Format.SenmlCbor && observe !== undefined;
    const pack = isPast ? cbor(payload) : [];
    let base: number | undefined;
    for (const record of Array.isArray(pack) ? pack : []) {
      if (!(record instanceof Map)) continue;
      const own = figure(record.get(6));
      base = figure(record.get(-3)) ?? base;
      const value = figure(record.get(2));
      if (value !== undefined && (own ?? base) !== undefined) told.push({ time: (own ?? 0) + (base ?? 0), value });
    }
  }
  return told;
}

function figure(value: unknown): number | undefined {
  if (value instanceof CborFloat) return value.value;
  return typeof value === "number" ? value : undefined;
}

async function outage(all: Awaited<ReturnType<typeof observed>>): Promise<number> {
  const { clock, say, up } = all;
  await all.observe();
  up(false);
  const began = clock.now().ms / 1_000;
  for (let minute = 1; minute <= MINUTES; minute++) {
    say(minute);
    await clock.advance(60_000);
  }
  return began;
}

/** The server is back, observes whoever registers anew, and is told what it has missed. */
async function back({ clock, fleet, names, up, observe, rig }: Awaited<ReturnType<typeof observed>>): Promise<void> {
  const began = clock.monotonic();
  up(true);
  const seen = new Set<string>();
  for (let step = 0; step < 600 && (seen.size < names.length || rig.gateway.status().storage.kept > 0); step++) {
    const registered = new Set(
      fleet.happened.filter(({ ms, what }) => ms >= began && what === "register").map(({ endpoint }) => endpoint),
    );
    const news = names.filter((name) => registered.has(name) && !seen.has(name));
    for (const name of news) seen.add(name);
    await observe(news);
    await clock.advance(3_000);
  }
}

describe("an outage of an hour", () => {
  it("loses nothing of two hundred sensors: each value arrives with its time, the oldest first", async () => {
    const all = await observed(200);
    const began = await outage(all);
    const { storage, problems } = all.rig.gateway.status();
    // Of the first minutes nobody knew yet that the server was away.
    expect(storage.kept).toBeGreaterThan(200 * (MINUTES - 8));
    expect(storage.dropped).toBe(0);
    expect(problems.map(({ what }) => what).join()).not.toContain("lost");
    await back(all);
    expect(all.rig.gateway.status().storage).toMatchObject({ kept: 0, bytes: 0, dropped: 0 });
    for (const [index, name] of all.names.entries()) {
      const told = past(all.fleet, name);
      expect(told.length, name).toBeGreaterThan(MINUTES - 8);
      const times = told.map(({ time }) => time);
      expect(times, name).toEqual(times.toSorted((a, b) => a - b));
      for (const { time, value } of told) {
        const minute = Math.floor(value);
        expect(value - minute).toBeCloseTo(index / 1_000, 6);
        expect(time).toBeCloseTo(began + (minute - 1) * 60, 0);
      }
      expect(new Set(told.map(({ value }) => Math.floor(value))), name).toContain(MINUTES);
    }
  });

  it("keeps the newest of each where there is room for half of it, and says how much was lost", async () => {
    const budget = 200_000;
    const all = await observed(30, { backlogBytes: budget });
    await outage(all);
    const { storage, problems } = all.rig.gateway.status();
    expect(storage.bytes).toBeLessThanOrEqual(budget);
    expect(storage.dropped).toBeGreaterThan(500);
    expect(problems.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^\d+ notifications were lost: the .* for what servers miss were full\.$/),
    );
    await back(all);
    for (const name of all.names) {
      const minutes = past(all.fleet, name).map(({ value }) => Math.floor(value));
      expect(minutes, name).toContain(MINUTES);
      // Without a gap: it is the oldest that were lost.
      const oldest = Math.min(...minutes);
      expect(oldest, name).toBeGreaterThan(20);
      for (let minute = oldest; minute <= MINUTES; minute++) expect(minutes, name).toContain(minute);
    }
    expect(all.rig.gateway.status().storage.dropped).toBe(storage.dropped);
  });

  it("keeps nothing for a server that does not want it", async () => {
    const accounts = [{ uri: "coap://server", lifetime: 300, shortServerId: 1, storing: false }];
    const all = await observed(2, { accounts });
    await outage(all);
    expect(all.rig.gateway.status().storage).toMatchObject({ kept: 0, dropped: 0 });
  });
});
