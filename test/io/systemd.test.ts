import { describe, expect, it } from "vitest";
import { systemd, type SystemdOptions, tellSystemd } from "../../src/io/systemd.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";

function stage(environment: Record<string, string>, fail?: string) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const said: string[] = [];
  const options: SystemdOptions = {
    environment,
    clock,
    log,
    pid: 42,
    notify: async (args) => {
      said.push(args.join(" "));
      if (fail !== undefined) throw new Error(fail);
    },
  };
  return { clock, log, said, service: systemd(options) };
}

const NOTIFY = { NOTIFY_SOCKET: "/run/systemd/notify" };

describe("what systemd hears", () => {
  it("is nothing, if it did not start us", async () => {
    const { service, said, clock } = stage({ WATCHDOG_USEC: "30000000" });
    await service.ready("up");
    await service.status("well");
    service.watchdog(() => true)();
    await service.stopping();
    await clock.advance(60_000);
    expect(said).toEqual([]);
  });

  it("is that we are ready, how we are, and that we stop, for our own process", async () => {
    const { service, said } = stage(NOTIFY);
    await service.ready("6 sensors");
    await service.status("5 sensors");
    await service.stopping();
    expect(said).toEqual(["--pid=42 --ready --status=6 sensors", "--pid=42 --status=5 sensors", "--pid=42 STOPPING=1"]);
  });

  it("is a status once, in one line of bounded length", async () => {
    const { service, said } = stage(NOTIFY);
    await service.status("two\nlines");
    await service.status("two lines");
    await service.status("x".repeat(1_000));
    expect(said.map((line) => line.length)).toEqual(["--pid=42 --status=two lines".length, 218]);
  });

  it("is that we are alive, at half the watchdog's time, as long as work moves", async () => {
    const { service, said, clock } = stage({ ...NOTIFY, WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" });
    let alive = true;
    const end = service.watchdog(() => alive);
    await clock.advance(60_100);
    expect(said).toEqual(Array.from({ length: 5 }, () => "--pid=42 WATCHDOG=1"));
    alive = false;
    await clock.advance(60_000);
    expect(said).toHaveLength(5);
    alive = true;
    await clock.advance(15_000);
    expect(said).toHaveLength(6);
    end();
    await clock.advance(60_000);
    expect(said).toHaveLength(6);
  });

  it.each([{ WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "soon" }, {}, { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }])(
    "is no sign of life without a watchdog of ours: %j",
    async (environment) => {
      const { service, said, clock } = stage({ ...NOTIFY, ...environment });
      service.watchdog(() => true);
      await clock.advance(60_000);
      expect(said).toEqual([]);
    },
  );

  it("may fail to reach it, and nobody is hurt", async () => {
    const { service, log } = stage(NOTIFY, "spawn systemd-notify ENOENT");
    await service.ready("up");
    expect(log.events("warn")).toEqual(["systemd-notify"]);
  });

  it("is said through systemd-notify, whose absence is only logged", async () => {
    const log = new MemoryLog();
    const service = systemd({ environment: { NOTIFY_SOCKET: "/nowhere" }, clock: new FakeClock(), log });
    await service.status("x");
    expect(log.events("error")).toEqual([]);
  });
});

describe("a service that reports by itself", () => {
  async function reporting(environment: Record<string, string>) {
    const clock = new FakeClock();
    const said: string[] = [];
    let asked = 0;
    const leave = await tellSystemd({
      environment,
      clock,
      log: new MemoryLog(),
      pid: 42,
      notify: (args) => Promise.resolve(void said.push(args.slice(1).join(" "))),
      words: () => `look ${++asked}`,
      alive: () => true,
    });
    return { clock, said, leave, asked: () => asked };
  }

  it("says that it is ready, then every ten seconds how it is, and at last that it stops", async () => {
    const { clock, said, leave } = await reporting(NOTIFY);
    await clock.advance(25_000);
    expect(said).toEqual(["--ready --status=look 1", "--status=look 2", "--status=look 3", "--status=look 4"]);
    await leave();
    await clock.advance(60_000);
    expect(said.slice(4)).toEqual(["STOPPING=1"]);
  });

  it("feeds the watchdog until it leaves", async () => {
    const { clock, said, leave } = await reporting({ ...NOTIFY, WATCHDOG_USEC: "4000000" });
    await clock.advance(4_100);
    expect(said.filter((line) => line === "WATCHDOG=1")).toHaveLength(3);
    await leave();
    const before = said.length;
    await clock.advance(60_000);
    expect(said).toHaveLength(before);
  });

  it("does not even look where nobody listens", async () => {
    const { clock, leave, asked } = await reporting({});
    await clock.advance(60_000);
    await leave();
    expect(asked()).toBe(0);
  });
});
