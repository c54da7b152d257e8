import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AdapterHost } from "../../src/host/index.ts";
import {
  type Adapter,
  type AdapterPlugin,
  type Command,
  defineAdapter,
  type Frame,
  type Health,
  type Host,
  type Outcome,
} from "../../src/sdk/adapter.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** An adapter that does as it is told, and remembers what it was told. */
class Puppet implements Adapter {
  readonly plugin: AdapterPlugin<{ readonly port: string }>;
  starts = 0;
  stops = 0;
  failWith: string | undefined;
  host: Host | undefined;
  said: Health | Error = { state: "ok" };
  answer: (command: Command, signal: AbortSignal) => Promise<Outcome> = async () => ({ status: "done" });
  starting: () => Promise<void> = async () => undefined;
  stopping: () => Promise<void> = async () => undefined;

  constructor() {
    this.plugin = defineAdapter({
      id: "puppet",
      sdk: 1,
      config: z.strictObject({ port: z.string() }),
      start: async (host) => {
        this.starts += 1;
        this.host = host;
        await this.starting();
        if (this.failWith !== undefined) throw new Error(this.failWith);
        return this;
      },
    });
  }

  health(): Health {
    if (this.said instanceof Error) throw this.said;
    return this.said;
  }

  command(command: Command, signal: AbortSignal): Promise<Outcome> {
    return this.answer(command, signal);
  }

  async stop(): Promise<void> {
    this.stops += 1;
    await this.stopping();
  }
}

interface Stage {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly host: AdapterHost;
  readonly frames: [string, Frame][];
}

function stage(plugins: Record<string, AdapterPlugin<unknown>>, sections: Record<string, [string, unknown]>): Stage {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const frames: [string, Frame][] = [];
  const host = new AdapterHost({
    plugins: new Map(Object.entries(plugins)),
    sections: Object.entries(sections).map(([name, [type, settings]]) => ({ name, type, settings })),
    clock,
    random: new SeededRandom(7),
    log,
  });
  host.onFrame((adapter, frame) => frames.push([adapter, frame]));
  return { clock, log, host, frames };
}

const settings = { port: "a" };
const text = (source: string, said = "hello"): Frame => ({
  source,
  at: { ms: 1_000, trusted: true },
  payload: { kind: "text", text: said },
});
const command = (timeoutMs = 1_000): Command => ({ source: "x", payload: { kind: "text", text: "ON" }, timeoutMs });
const never = new AbortController().signal;

async function started(puppet = new Puppet(), other?: Puppet): Promise<Stage & { puppet: Puppet }> {
  const set = stage(
    { puppet: puppet.plugin, ...(other && { other: other.plugin }) },
    { one: ["puppet", settings], ...(other && { two: ["other", settings] as [string, unknown] }) },
  );
  set.host.start();
  await settle();
  return { ...set, puppet };
}

describe("the adapter host", () => {
  it("starts every adapter with its own settings and hands out its frames under its own name", async () => {
    const [first, second] = [new Puppet(), new Puppet()];
    const { frames, host } = await started(first, second);
    first.host?.emit(text("a"));
    second.host?.emit(text("b"));
    expect(frames.map(([adapter, { source }]) => `${adapter}/${source}`)).toEqual(["one/a", "two/b"]);
    expect(host.health().get("one")).toMatchObject({ state: "ok", type: "puppet", frames: 1, restarts: 0 });
    expect(host.health().get("one")?.lastFrameAt).toEqual({ ms: 1_000, trusted: true });
  });

  it("takes the word `type` out of the settings, which the plugin has never heard of", async () => {
    const puppet = new Puppet();
    const { host } = stage({ puppet: puppet.plugin }, { one: ["puppet", { type: "puppet", port: "a" }] });
    host.start();
    await settle();
    expect(host.health().get("one")?.state).toBe("ok");
  });

  it("reports settings that are not valid by path, and leaves the others running", async () => {
    const [first, second] = [new Puppet(), new Puppet()];
    const { host } = stage(
      { puppet: first.plugin, other: second.plugin },
      { one: ["puppet", { port: 5, baud: 1 }], two: ["other", settings] },
    );
    host.start();
    await settle();
    const health = host.health().get("one");
    expect(health).toMatchObject({ state: "down" });
    expect(health?.state === "down" && health.reason).toMatch(/port: .*string.*baud/i);
    expect(first.starts).toBe(0);
    expect(host.health().get("two")?.state).toBe("ok");
  });

  it("tries an adapter that cannot start again, later and later, up to a minute", async () => {
    const puppet = new Puppet();
    puppet.failWith = "no such port";
    const { host, clock } = await started(puppet);
    expect(host.health().get("one")).toMatchObject({ state: "down", reason: "no such port" });
    await clock.advance(1_000);
    expect(puppet.starts).toBe(2);
    await clock.advance(10_000);
    expect(puppet.starts).toBeLessThan(8);
    await clock.advance(3_600_000);
    const before = puppet.starts;
    await clock.advance(3_600_000);
    expect(puppet.starts - before).toBeGreaterThanOrEqual(60);
    expect(puppet.starts - before).toBeLessThanOrEqual(120);
    puppet.failWith = undefined;
    await clock.advance(60_000);
    expect(host.health().get("one")).toMatchObject({ state: "ok" });
  });

  it("gives up waiting for a start that never ends, and lays to rest what comes of it too late", async () => {
    const puppet = new Puppet();
    let finish = (): void => undefined;
    puppet.starting = () => new Promise((resolve) => (finish = resolve));
    const { host, clock } = await started(puppet);
    expect(host.health().get("one")).toMatchObject({ state: "degraded", reason: "starting" });
    await clock.advance(30_000);
    expect(host.health().get("one")).toMatchObject({ state: "down", reason: "did not start within 30 s" });
    expect(puppet.host?.signal.aborted).toBe(true);
    finish();
    await settle();
    expect(puppet.stops).toBe(1);
  });

  it("names the type that was probably meant", async () => {
    const { host } = stage({ serial: new Puppet().plugin }, { one: ["seriel", {}] });
    host.start();
    await settle();
    expect(host.health().get("one")).toMatchObject({
      state: "down",
      reason: 'there is no adapter of type "seriel"; did you mean "serial"?',
    });
  });

  it("does not run a plugin written for another level of the API", async () => {
    const puppet = new Puppet();
    const future: AdapterPlugin<unknown> = Object.assign({}, puppet.plugin, { sdk: 2 });
    const { host } = stage({ puppet: future }, { one: ["puppet", settings] });
    host.start();
    await settle();
    expect(puppet.starts).toBe(0);
    expect(host.health().get("one")).toMatchObject({ state: "down" });
  });
});

describe("an adapter that crashes", () => {
  it("is ended and started again, and the others notice nothing", async () => {
    const [first, second] = [new Puppet(), new Puppet()];
    const { host, clock, frames } = await started(first, second);
    first.host?.clock.after(100, () => {
      throw new Error("a bug in a timer");
    });
    await clock.advance(200);
    expect(first.stops).toBe(1);
    expect(host.health().get("one")).toMatchObject({ state: "down", reason: "a bug in a timer" });
    second.host?.emit(text("b"));
    expect(frames).toHaveLength(1);
    await clock.advance(1_000);
    expect(first.starts).toBe(2);
    expect(host.health().get("one")).toMatchObject({ state: "ok", restarts: 1 });
    expect(second.starts).toBe(1);
  });

  it("has crashed, too, when it cannot even say how it is", async () => {
    const puppet = new Puppet();
    const { host, clock } = await started(puppet);
    puppet.said = new Error("no idea");
    expect(host.health().get("one")).toMatchObject({ state: "down", reason: "no idea" });
    puppet.said = { state: "ok" };
    await clock.advance(1_000);
    expect(host.health().get("one")).toMatchObject({ state: "ok", restarts: 1 });
  });

  it("is put into quarantine after five times in ten minutes, named, and tried slowly", async () => {
    const puppet = new Puppet();
    const { host, clock } = await started(puppet);
    puppet.starting = async () => {
      puppet.host?.clock.after(10, () => {
        throw new Error("always the same bug");
      });
    };
    puppet.said = new Error("always the same bug");
    await clock.advance(120_000);
    expect(puppet.starts).toBe(5);
    const health = host.health().get("one");
    expect(health?.state === "down" && health.reason).toMatch(/again and again.*always the same bug/);
    await clock.advance(600_000);
    expect(puppet.starts).toBe(6);
  });

  it("has no say any more: its frames and its timers end with it", async () => {
    const puppet = new Puppet();
    const { host, clock, frames } = await started(puppet);
    const old = puppet.host;
    let late = 0;
    old?.clock.after(5_000, () => (late += 1));
    await host.stop();
    old?.emit(text("a"));
    await clock.advance(10_000);
    expect([frames.length, late]).toEqual([0, 0]);
  });
});

describe("frames", () => {
  it("that break the bounds are refused and counted", async () => {
    const { host, puppet, frames } = await started();
    puppet.host?.emit(text(""));
    puppet.host?.emit(text("x".repeat(257)));
    puppet.host?.emit(text("a", "y".repeat(65_537)));
    puppet.host?.emit({ ...text("a"), at: { ms: Number.NaN, trusted: true } });
    puppet.host?.emit({ ...text("a"), rssi: Number.NaN });
    puppet.host?.emit({
      ...text("a"),
      payload: { kind: "fields", fields: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`f${i}`, i])) },
    });
    puppet.host?.emit({
      ...text("a"),
      payload: {
        kind: "advert",
        manufacturer: Array.from({ length: 300 }, () => [1, new Uint8Array(1)] as const),
        services: new Map(),
        serviceUuids: [],
      },
    });
    puppet.host?.emit({ ...text("a"), payload: { kind: "message", topic: "t", body: new Uint8Array(65_537) } });
    puppet.host?.emit({ ...text("a"), payload: { kind: "bytes", bytes: new Uint8Array(65_537) } });
    expect(frames).toEqual([]);
    expect(host.health().get("one")).toMatchObject({ frames: 0, refused: 9 });
  });

  it("of every kind pass within the bounds", async () => {
    const { puppet, frames } = await started();
    const at = { ms: 0, trusted: false };
    const payloads: Frame["payload"][] = [
      { kind: "advert", name: "n", manufacturer: [[1, new Uint8Array(2)]], services: new Map(), serviceUuids: [] },
      { kind: "bytes", bytes: new Uint8Array(65_536) },
      { kind: "text", text: "" },
      { kind: "message", topic: "t", body: new Uint8Array(0) },
      { kind: "registers", values: new Map([["4:0x0000", new Uint8Array(4)]]) },
      { kind: "fields", fields: { model: "climate" } },
    ];
    for (const payload of payloads) puppet.host?.emit({ source: "a", at, payload, rssi: -60 });
    expect(frames).toHaveLength(payloads.length);
  });

  it("reach every listener, even if one of them throws", async () => {
    const { host, puppet, log } = await started();
    const heard: string[] = [];
    host.onFrame(() => {
      throw new Error("the gateway's fault");
    });
    host.onFrame((adapter) => heard.push(adapter));
    puppet.host?.emit(text("a"));
    expect(heard).toEqual(["one"]);
    expect(log.events("error")).toContain("frame-lost");
    expect(host.health().get("one")).toMatchObject({ state: "ok", restarts: 0 });
  });
});

describe("a command", () => {
  it("goes to the adapter it names, and its outcome comes back", async () => {
    const { host, puppet } = await started();
    puppet.answer = async ({ payload }) => ({ status: "done", readBack: payload.kind });
    expect(await host.command("one", command(), never)).toEqual({ status: "done", readBack: "text" });
  });

  it("is rejected when there is no such adapter, when it is down, and when it takes none", async () => {
    const down = new Puppet();
    down.failWith = "no such port";
    const deaf = defineAdapter({
      id: "deaf",
      sdk: 1,
      config: z.strictObject({}),
      start: async () => ({ health: () => ({ state: "ok" }) as const, stop: async () => undefined }),
    });
    const { host } = stage({ down: down.plugin, deaf }, { one: ["down", settings], two: ["deaf", {}] });
    host.start();
    await settle();
    expect(await host.command("none", command(), never)).toEqual({
      status: "rejected",
      reason: "no adapter is called none",
    });
    expect(await host.command("one", command(), never)).toMatchObject({ reason: "one is not running" });
    expect(await host.command("two", command(), never)).toMatchObject({ reason: "two takes no commands" });
  });

  it("ends in time even if the adapter forgets it, and the adapter is told", async () => {
    const { host, puppet, clock } = await started();
    let signal: AbortSignal | undefined;
    puppet.answer = (_command, given) => {
      signal = given;
      return new Promise(() => undefined);
    };
    const outcome = host.command("one", command(2_000), never);
    await clock.advance(2_300);
    expect(await outcome).toEqual({ status: "timeout" });
    expect(signal?.aborted).toBe(true);
  });

  it("that throws is rejected with its reason, and does not bring the adapter down", async () => {
    const { host, puppet } = await started();
    puppet.answer = async () => Promise.reject(new Error("the wire is cut"));
    expect(await host.command("one", command(), never)).toEqual({ status: "rejected", reason: "the wire is cut" });
    puppet.answer = () => {
      throw new Error("at once");
    };
    expect(await host.command("one", command(), never)).toEqual({ status: "rejected", reason: "at once" });
    expect(host.health().get("one")).toMatchObject({ state: "ok", restarts: 0 });
  });

  it("passes on that nobody wants it any more", async () => {
    const { host, puppet } = await started();
    puppet.answer = (_command, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ status: "timeout" })));
    const controller = new AbortController();
    const outcome = host.command("one", command(), controller.signal);
    await settle();
    controller.abort();
    expect(await outcome).toEqual({ status: "timeout" });
    expect(await host.command("one", command(), controller.signal)).toEqual({ status: "timeout" });
  });

  it("finds the adapter busy when too many are under way", async () => {
    const { host, puppet } = await started();
    puppet.answer = () => new Promise(() => undefined);
    for (let i = 0; i < 64; i++) void host.command("one", command(), never);
    await settle();
    expect(await host.command("one", command(), never)).toEqual({ status: "rejected", reason: "one is busy" });
  });
});

describe("stopping", () => {
  it("waits for the adapters, but not longer than five seconds", async () => {
    const [quick, slow] = [new Puppet(), new Puppet()];
    slow.stopping = () => new Promise(() => undefined);
    const { host, clock, log } = await started(quick, slow);
    let over = false;
    void host.stop().then(() => (over = true));
    await clock.advance(4_900);
    expect([quick.stops, slow.stops, over]).toEqual([1, 1, false]);
    await clock.advance(200);
    expect(over).toBe(true);
    expect(log.events("error")).toEqual(["adapter-stop-late"]);
  });

  it("is safe twice, and when an adapter fails to stop", async () => {
    const puppet = new Puppet();
    puppet.stopping = async () => Promise.reject(new Error("stuck"));
    const { host } = await started(puppet);
    await host.stop();
    await host.stop();
    expect(puppet.stops).toBe(1);
    expect(host.health().get("one")).toMatchObject({ state: "down", reason: "stopped" });
  });

  it("starts an adapter again only after it has given back what it held", async () => {
    const puppet = new Puppet();
    let release = (): void => undefined;
    puppet.stopping = () => new Promise((resolve) => (release = resolve));
    const { clock } = await started(puppet);
    puppet.host?.clock.after(1, () => {
      throw new Error("a bug");
    });
    await clock.advance(2_000);
    expect(puppet.starts).toBe(1);
    release();
    await settle();
    expect(puppet.starts).toBe(2);
  });
});

describe("changes of health", () => {
  it("are logged once each, with the adapter's name", async () => {
    const puppet = new Puppet();
    const { clock, log } = await started(puppet);
    await clock.advance(60_000);
    puppet.said = { state: "degraded", reason: "no broker" };
    await clock.advance(60_000);
    puppet.said = { state: "ok" };
    await clock.advance(60_000);
    const lines = log.lines.filter(({ event }) => event.startsWith("adapter-"));
    expect(lines.map(({ event }) => event)).toEqual([
      "adapter-degraded",
      "adapter-ok",
      "adapter-degraded",
      "adapter-ok",
    ]);
    expect(lines[2]).toMatchObject({ fields: { adapter: "one", reason: "no broker" } });
  });
});
