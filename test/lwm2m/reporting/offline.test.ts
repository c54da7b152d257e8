import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { MemoryBacklog } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { type Station, type StationOptions, station } from "../../support/station.ts";
import { dated, nodesOf, VALUE, values, watch } from "./watching.ts";

/** Long enough for nothing but what the test does to cause an Update. */
const LONG = { lifetime: 86_400 * 30 };
const MINUTE = 60_000;

async function observed(options: StationOptions = {}, where = VALUE, accept: number = Format.SenmlJson) {
  const here = await station({ account: LONG, client: { quietMs: 0 }, ...options }).registered();
  const watched = await watch(here, where, { accept });
  return { here, ...watched };
}

/** From now on nothing that the client sends arrives. */
function cut({ wires }: Station): void {
  wires[0]!.near.fate = () => "drop";
}

function restore({ wires }: Station): void {
  wires[0]!.near.fate = () => "deliver";
}

/** Lets time pass until `done`, a tenth of a second at a time. */
async function until(here: Station, done: () => boolean): Promise<void> {
  for (let i = 0; i < 36_000 && !done(); i++) await here.clock.advance(100);
  if (!done()) throw new Error("it never comes to that");
}

const isBack = (here: Station) => () => here.client.registration.state === "registered";

/** Measures a value each minute; gives the seconds at which they were measured. */
async function measure(here: Station, series: readonly number[], distance = MINUTE): Promise<number[]> {
  const times: number[] = [];
  for (const value of series) {
    await here.clock.advance(distance);
    here.set([3303, 0, 5700], value);
    times.push(here.clock.now().ms / 1_000);
  }
  return times;
}

const sends = ({ server }: Station) => server.requests.filter(({ path: at }) => at === "/dp");
const CON = { account: { ...LONG, confirmNotifications: true } };

describe("while the server does not answer", () => {
  it("values are kept with their times, and told in one pack when it is back (/1/x/6)", async () => {
    const { here } = await observed(CON);
    cut(here);
    here.set([3303, 0, 5700], 30);
    const first = here.clock.now().ms / 1_000;
    await here.clock.advance(100_000);
    const times = await measure(here, [31, 32, 33]);
    restore(here);
    await until(here, isBack(here));
    const { told } = await watch(here);
    await here.clock.advance(1_000);
    expect(told()[0]!.type).toBe("CON");
    expect(dated(told()[0]!)).toEqual([
      `${VALUE} 30 @${first}`,
      ...[31, 32, 33].map((value, i) => `${VALUE} ${value} @${times[i]}`),
    ]);
    await here.clock.advance(MINUTE);
    expect(sends(here)).toEqual([]);
  });

  it("what is kept ends with the newest, which need not be told again", async () => {
    const { here } = await observed(CON);
    cut(here);
    here.set([3303, 0, 5700], 30);
    await here.clock.advance(100_000);
    await measure(here, [31, 32]);
    restore(here);
    await until(here, isBack(here));
    const { told, first } = await watch(here);
    expect(values(first)).toEqual(["32"]);
    await here.clock.advance(10_000);
    expect(told().map((heard) => `${heard.type} ${values(heard).join(" ")}`)).toEqual(["CON 30 31 32"]);
  });
});

describe("when only a notification met silence and the registration is still there", () => {
  /** Confirmable notifications are not acknowledged, but Updates are answered. */
  async function unheard(options: StationOptions = CON, accept?: number) {
    const scene = await observed(options, VALUE, accept);
    const { here } = scene;
    here.server.receipt = undefined;
    let away = true;
    here.server.verdict = (request) => (away && request.path === "/rd/r1" ? undefined : here.server.grant(request));
    here.set([3303, 0, 5700], 30);
    const first = here.clock.now().ms / 1_000;
    await until(here, () => here.server.log.includes("POST /rd/r1"));
    return {
      ...scene,
      first,
      back: async () => {
        away = false;
        here.server.receipt = "ACK";
        here.server.responses.length = 0;
        await until(here, isBack(here));
        await here.clock.advance(1_000);
      },
    };
  }

  it("what was kept is told on the observation, which has not ended", async () => {
    const { here, token, first, back } = await unheard();
    const times = await measure(here, [31], 5_000);
    await back();
    expect(here.client.registration).toMatchObject({ location: "/rd/r1", observations: 1 });
    const told = here.server.answers(token);
    expect(told.map((heard) => `${heard.type} ${values(heard).join(" ")}`)).toEqual(["CON 30 31"]);
    expect(dated(told[0]!)).toEqual([`${VALUE} 30 @${first}`, `${VALUE} 31 @${times[0]}`]);
    here.set([3303, 0, 5700], 40);
    expect(values(here.server.answers(token).at(-1)!)).toEqual(["40"]);
  });

  it("two observations of the same tell the past once, and both the newest that follows", async () => {
    const { here, token, back } = await unheard();
    const twin = here.server.send("GET", { path: VALUE, observe: 0, accept: Format.SenmlJson, type: "NON" });
    await measure(here, [31], 5_000);
    await back();
    const packs = [...here.server.answers(token), ...here.server.answers(twin)].map(values);
    expect(packs.filter((pack) => pack.includes("31"))).toHaveLength(1);
    here.set([3303, 0, 5700], 40);
    expect([token, twin].map((each) => values(here.server.answers(each).at(-1)!))).toEqual([["40"], ["40"]]);
  });

  it("without storing only the newest is told (E68)", async () => {
    const { here, token, back } = await unheard({ account: { ...CON.account, storing: false } });
    await measure(here, [31], 5_000);
    await back();
    expect(here.server.answers(token).map((heard) => `${heard.type} ${values(heard).join(" ")}`)).toEqual(["CON 31"]);
  });

  it("a format without times tells the newest, and Send the rest", async () => {
    const { here, token, back } = await unheard(CON, Format.Text);
    await measure(here, [31], 5_000);
    await back();
    expect(here.server.answers(token).map(({ type, text }) => `${type} ${text}`)).toEqual(["CON 31.0"]);
    expect(sends(here).map(values)).toEqual([["30", "31"]]);
  });

  it("what is told while the past is being sent is told again after it: what comes last holds (E68)", async () => {
    const { here, token, back } = await unheard(CON, Format.Text);
    await measure(here, [31], 5_000);
    const { verdict } = here.server;
    let asked = 0;
    here.server.verdict = (request) => (request.path === "/dp" && asked++ === 0 ? undefined : verdict(request));
    await back();
    here.set([3303, 0, 5700], 50);
    await here.clock.advance(5_000);
    expect(sends(here).map(values)).toEqual([
      ["30", "31"],
      ["30", "31"],
    ]);
    expect(here.server.answers(token).map(({ text }) => text)).toEqual(["31.0", "50.0", "50.0"]);
  });

  it("values of a clock that was not set are told by their age, or not at all", async () => {
    const { here, token, back } = await unheard();
    here.clock.trusted = false;
    await measure(here, [31], 5_000);
    here.clock.trusted = true;
    here.clock.jump(86_400_000 * 365);
    await back();
    const [pack] = here.server.answers(token);
    const [old, aged] = nodesOf(pack!);
    expect(old!.time).toBeGreaterThan(1e9);
    expect(aged).toMatchObject({ value: 31 });
    expect(aged!.time).toBeLessThan(0);
    expect(aged!.time).toBeGreaterThan(-60);
  });
});

describe("a closed port (ICMP)", () => {
  it("takes what was sent last for lost: an Update asks, and the newest is told again", async () => {
    const { here, lines } = await observed();
    here.server.requests.length = 0;
    here.set([3303, 0, 5700], 30);
    here.wires[0]!.near.unreachable();
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(lines()).toEqual(["NON 30", "CON 30"]);
    here.wires[0]!.near.unreachable();
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
  });
});

describe("hqmax (LwM2M Core 1.2 §5.1.2)", () => {
  const newest = { account: { ...CON.account, version: "1.2" } } as const;

  async function kept(query: string): Promise<string[][]> {
    const { here } = await observed(newest);
    await here.server.ask("PUT", { path: VALUE, query: [query] });
    cut(here);
    here.set([3303, 0, 5700], 30);
    await here.clock.advance(100_000);
    await measure(here, [31, 32, 33]);
    restore(here);
    await until(here, isBack(here));
    const { told } = await watch(here);
    await here.clock.advance(20_000);
    return told().map(values);
  }

  it("bounds what is kept: the oldest goes", async () => {
    expect(await kept("hqmax=2")).toEqual([["32", "33"]]);
  });

  it("of 0 keeps nothing", async () => {
    expect(await kept("hqmax=0")).toEqual([]);
  });
});

describe("a server that has disabled us (/1/x/4)", () => {
  it("gets what it has missed by Send, if it does not observe again", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 600 } });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    expect(here.client.registration.state).toBe("waiting");
    const times = await measure(here, [31, 32, 33]);
    await here.clock.advance(12 * MINUTE);
    expect(here.client.registration).toMatchObject({ state: "registered", observations: 0 });
    expect(sends(here)).toHaveLength(1);
    expect(sends(here)[0]).toMatchObject({ type: "CON", format: Format.SenmlCbor });
    expect(dated(sends(here)[0]!)).toEqual([31, 32, 33].map((value, i) => `${VALUE} ${value} @${times[i]}`));
  });

  it("is not sent what it has muted; what nobody observes again is given up, and said so once", async () => {
    const log = new MemoryLog();
    const account = { ...LONG, disableTimeout: 600, muteSend: true };
    const { here } = await observed({ account, log });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    await measure(here, [31, 32]);
    await here.clock.advance(15 * MINUTE);
    expect(sends(here)).toEqual([]);
    expect(log.lines.filter(({ event }) => event === "backlog-given-up")).toHaveLength(1);
    const { told } = await watch(here);
    await here.clock.advance(MINUTE);
    expect(told()).toEqual([]);
  });

  it("is told nothing that it does not want kept", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 600, storing: false } });
    await here.server.ask("POST", { path: "/1/0/4" });
    await measure(here, [31, 32]);
    await here.clock.advance(15 * MINUTE);
    expect(sends(here)).toEqual([]);
  });
});

describe("what is kept", () => {
  it("goes by the conditions of the observation, as if it had been told", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 600 } });
    await here.server.ask("PUT", { path: VALUE, query: ["st=5"] });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    await measure(here, [23, 28, 29, 34]);
    await here.clock.advance(15 * MINUTE);
    expect(sends(here).map(values)).toEqual([["28", "34"]]);
  });

  it("is released only when it is acknowledged, and comes again until then", async () => {
    const backlog = new MemoryBacklog();
    const { here } = await observed({ ...CON, client: { quietMs: 0, backlog: () => backlog } });
    cut(here);
    here.set([3303, 0, 5700], 30);
    await here.clock.advance(100_000);
    await measure(here, [31]);
    expect(backlog.size).toBe(2);
    restore(here);
    await until(here, isBack(here));
    here.server.receipt = undefined;
    const { told } = await watch(here);
    await here.clock.advance(110_000);
    expect(values(told()[0]!)).toEqual(["30", "31"]);
    expect(backlog.size).toBeGreaterThanOrEqual(2);
    here.server.receipt = "ACK";
    here.server.responses.length = 0;
    await here.clock.advance(200_000);
    expect(backlog.size).toBe(0);
    expect(here.server.responses.map(values).some((pack) => pack.includes("30") && pack.includes("31"))).toBe(true);
  });

  it("leaves in packs of a datagram each, with pauses", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 100_000 } });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    for (let i = 0; i < 200; i++) {
      await here.clock.advance(10_000);
      here.set([3303, 0, 5700], i + 0.5);
    }
    here.server.requests.length = 0;
    await here.clock.advance(100_000_000);
    const packs = sends(here);
    expect(packs.length).toBeGreaterThan(5);
    for (const { payload } of packs) expect(payload.length).toBeLessThanOrEqual(1_024);
    expect(packs.flatMap(values)).toEqual(Array.from({ length: 200 }, (_, i) => String(i + 0.5)));
  });

  it("waits its turn where many share a way", async () => {
    const work: (() => void)[] = [];
    const pace = (run: () => void, urgent = false) => {
      if (urgent) run();
      else work.push(run);
      return () => undefined;
    };
    const here = station({ account: { ...LONG, disableTimeout: 100 }, client: { pace } });
    here.client.start();
    while (work.length > 0) work.shift()!();
    await here.clock.advance(10);
    await watch(here);
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    here.set([3303, 0, 5700], 99);
    for (let i = 0; i < 20; i++) {
      await here.clock.advance(10_000);
      if (here.client.registration.state !== "registered") while (work.length > 0) work.shift()!();
    }
    expect(here.client.registration.state).toBe("registered");
    expect(sends(here)).toEqual([]);
    while (work.length > 0) work.shift()!();
    await here.clock.advance(1_000);
    expect(sends(here)).toHaveLength(1);
  });

  it("of an Instance is what was measured since, once", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 600 } }, "/3303/0");
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    const [time] = await measure(here, [31]);
    await here.clock.advance(15 * MINUTE);
    const names = sends(here).flatMap((heard) => dated(heard));
    expect(names.filter((line) => line.startsWith(VALUE))).toEqual([`${VALUE} 31 @${time}`]);
  });

  it("is nothing once the client has stopped", async () => {
    const { here } = await observed({ account: { ...LONG, disableTimeout: 600 } });
    await here.server.ask("POST", { path: "/1/0/4" });
    await here.clock.advance(1_000);
    await measure(here, [31]);
    await here.client.stop();
    await here.clock.advance(15 * MINUTE);
    here.tree.removeInstance(path(3303, 0));
    expect(sends(here)).toEqual([]);
  });
});
