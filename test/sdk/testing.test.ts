import { describe, expect, it } from "vitest";
import { type Adapter, type AdapterPlugin, defineAdapter, type Host } from "../../src/sdk/adapter.ts";
import { adapterContract, createHarness, VirtualClock } from "../../src/sdk/testing.ts";

interface Settings {
  readonly port: string;
}

const strict = {
  parse(input: unknown): Settings {
    if (typeof input !== "object" || input === null || !("port" in input) || typeof input.port !== "string")
      throw new Error("port: expected text");
    if (Object.keys(input).length > 1) throw new Error("unknown key");
    return { port: input.port };
  },
};

/** An adapter that says "hello" every second, and keeps the whole contract. */
function honest(host: Host): Adapter {
  let timer = host.clock.after(1_000, tick);
  function tick(): void {
    host.emit({ source: "a", at: host.clock.now(), payload: { kind: "text", text: "hello" } });
    timer = host.clock.after(1_000, tick);
  }
  return {
    health: () => ({ state: "ok" }),
    command: async () => ({ status: "done" }),
    stop: async () => timer.cancel(),
  };
}

function plugin(start: (host: Host) => Adapter, config: AdapterPlugin<Settings>["config"] = strict) {
  return defineAdapter<Settings>({ id: "test", sdk: 1, config, start: async (host) => start(host) });
}

const command = { source: "a", payload: { kind: "text", text: "ON" }, timeoutMs: 1_000 } as const;

/** The sentences of the contract that an adapter breaks. */
async function broken(tested: AdapterPlugin<Settings>): Promise<string[]> {
  const failures: string[] = [];
  const checks = adapterContract({
    plugin: tested,
    config: { port: "x" },
    command,
    speak: () => undefined,
  });
  for (const { name, run } of checks) await run().catch(() => failures.push(name));
  return failures;
}

describe("the contract of adapters", () => {
  it("is kept by an honest adapter", async () => {
    expect(await broken(plugin(honest))).toEqual([]);
  });

  it("finds settings that are not checked", async () => {
    const lax = { parse: (): Settings => ({ port: "x" }) };
    expect(await broken(plugin(honest, lax))).toEqual(["refuses settings it does not know"]);
  });

  it("finds a health that has no reason", async () => {
    const wordless = plugin((host) => ({ ...honest(host), health: () => ({ state: "down", reason: "" }) }));
    expect(await broken(wordless)).toContain("starts, and says how it is");
  });

  it("finds an adapter that does not stop in time", async () => {
    const stubborn = plugin((host) => {
      const adapter = honest(host);
      return {
        ...adapter,
        async stop() {
          await adapter.stop();
          await new Promise<void>((resolve) => host.clock.after(6_000, resolve));
        },
      };
    });
    expect(await broken(stubborn)).toContain("stops within five seconds, also when asked twice");
  });

  it("finds an adapter that speaks after its end", async () => {
    const undead = plugin((host) => ({ ...honest(host), stop: async () => undefined }));
    expect(await broken(undead)).toContain("leaves no timer behind, and says nothing after its end");
  });

  it("finds a timer that is left behind", async () => {
    const careless = plugin((host) => {
      host.clock.after(86_400_000, () => undefined);
      return honest(host);
    });
    expect(await broken(careless)).toContain("leaves no timer behind, and says nothing after its end");
  });

  it("finds an adapter that waits by the wall clock", async () => {
    const fooled = plugin((host) => {
      const adapter = honest(host);
      const start = host.clock.now().ms;
      return {
        ...adapter,
        health() {
          if (host.clock.now().ms < start) throw new Error("time runs backwards");
          return { state: "ok" };
        },
      };
    });
    expect(await broken(fooled)).toEqual(["survives that the clock is set"]);
  });

  it("finds timers that pile up with the frames, and frames without a source", async () => {
    let host: Host | undefined;
    const leaky = plugin((given) => {
      host = given;
      return honest(given);
    });
    const checks = (work: () => void) =>
      adapterContract({ plugin: leaky, config: { port: "x" }, speak: work }).find(({ name }) => /hoards/.test(name))!;
    await expect(checks(() => host?.clock.after(1e9, () => undefined)).run()).rejects.toThrow(/pile up/);
    const nameless = () =>
      host?.emit({ source: "", at: { ms: 1, trusted: true }, payload: { kind: "text", text: "" } });
    await expect(checks(nameless).run()).rejects.toThrow(/without a source/);
    const timeless = () =>
      host?.emit({ source: "a", at: { ms: Number.NaN, trusted: true }, payload: { kind: "text", text: "" } });
    await expect(checks(timeless).run()).rejects.toThrow(/without a time/);
  });

  it("finds a command that is never answered", async () => {
    const mute = plugin((host) => ({ ...honest(host), command: () => new Promise(() => undefined) }));
    expect(await broken(mute)).toEqual(["settles a command once, in time"]);
  });
});

describe("the stage of an adapter", () => {
  it("lets hours pass at once", async () => {
    const harness = await createHarness(plugin(honest), { port: "x" });
    await harness.advance(2 * 3_600_000);
    expect(harness.frames).toHaveLength(7_200);
    await harness.stop();
  });

  it("passes on that settings are wrong, and that the adapter takes no commands", async () => {
    await expect(createHarness(plugin(honest), { port: 1 })).rejects.toThrow("port: expected text");
    const deaf = plugin(() => ({ health: () => ({ state: "ok" }), stop: async () => undefined }));
    const harness = await createHarness(deaf, { port: "x" });
    await expect(harness.command(command)).rejects.toThrow(/no commands/);
  });

  it("remembers what was logged, with the fields of every log it came through", async () => {
    const chatty = plugin((host) => {
      host.log.with({ port: "x" }).warn("unplugged", { times: 2 });
      return honest(host);
    });
    const harness = await createHarness(chatty, { port: "x" });
    expect(harness.logged).toEqual([["warn", "unplugged", { port: "x", times: 2 }]]);
  });
});

describe("the virtual clock", () => {
  it("counts the timers that wait", async () => {
    const clock = new VirtualClock();
    const cancelled = clock.after(1_000, () => undefined);
    clock.after(2_000, () => undefined);
    expect(clock.pending).toBe(2);
    cancelled.cancel();
    cancelled.cancel();
    expect(clock.pending).toBe(1);
    await clock.advance(3_000);
    expect(clock.pending).toBe(0);
  });

  it("does not move what waits when the wall clock is set", async () => {
    const clock = new VirtualClock();
    let fired = 0;
    clock.after(1_000, () => (fired += 1));
    const before = clock.now().ms;
    clock.jump(-86_400_000);
    expect(clock.now().ms).toBe(before - 86_400_000);
    await clock.advance(990);
    expect(fired).toBe(0);
    await clock.advance(20);
    expect(fired).toBe(1);
  });
});
