/** One broken adapter of each kind: the contract finds it, and names what is broken. */

import { describe, expect, it } from "vitest";
import { type Adapter, type AdapterPlugin, defineAdapter, type Host, type Outcome } from "../../src/sdk/adapter.ts";
import { adapterContract, type ContractOptions, createHarness, VirtualClock } from "../../src/sdk/testing.ts";

type Settings = Readonly<Record<string, unknown>>;

const strict = {
  parse(input: unknown): Settings {
    if (typeof input !== "object" || input === null) throw new Error("expected settings");
    for (const key of Object.keys(input)) if (key !== "port") throw new Error(`unknown key ${key}`);
    return Object.fromEntries(Object.entries(input));
  },
};

const adapter = (rest: Partial<Adapter> = {}): Adapter => ({
  health: () => ({ state: "ok" }),
  command: () => Promise.resolve({ status: "done" }),
  stop: () => Promise.resolve(),
  ...rest,
});

const plugin = (start: (host: Host) => Adapter | Promise<Adapter>): AdapterPlugin<Settings> =>
  defineAdapter({ id: "test", sdk: 1, config: strict, start: async (host) => start(host) });

/** What each broken clause says. */
async function complaints(
  tested: AdapterPlugin<Settings>,
  rest: Partial<ContractOptions<Settings>> = {},
): Promise<Record<string, string>> {
  const command = { source: "a", payload: { kind: "text", text: "ON" }, timeoutMs: 1_000 } as const;
  const found: Record<string, string> = {};
  for (const { name, run } of adapterContract({ plugin: tested, config: { port: "x" }, command, ...rest }))
    await run().catch((error: unknown) => (found[name] = error instanceof Error ? error.message : String(error)));
  return found;
}

describe("the contract", () => {
  it("has nothing to say of an adapter that keeps it", async () => {
    expect(await complaints(plugin(() => adapter()))).toEqual({});
  });

  it("finds one that does not start, in every clause that starts it", async () => {
    const found = await complaints(plugin(() => Promise.reject(new Error("no port"))));
    expect(Object.keys(found)).toHaveLength(5);
    expect(new Set(Object.values(found))).toEqual(new Set(["no port"]));
  });

  it("finds one whose own settings are refused", async () => {
    const found = await complaints(
      plugin(() => adapter()),
      { config: { prot: "x" } },
    );
    expect(found["refuses settings it does not know"]).toBe("unknown key prot");
  });

  it("finds one whose health throws", async () => {
    const found = await complaints(plugin(() => adapter({ health: () => fail("health broke") })));
    expect(found["starts, and says how it is"]).toBe("health broke");
  });

  it("finds one whose stop fails, and one whose second stop fails", async () => {
    const always = plugin(() => adapter({ stop: () => Promise.reject(new Error("cannot stop")) }));
    expect((await complaints(always))["stops within five seconds, also when asked twice"]).toBe("cannot stop");
    const second = plugin(() => {
      let stops = 0;
      return adapter({ stop: () => ((stops += 1) > 1 ? Promise.reject(new Error("twice")) : Promise.resolve()) });
    });
    expect(await complaints(second)).toEqual({ "stops within five seconds, also when asked twice": "twice" });
  });

  it("finds one that speaks when its signal has been aborted", async () => {
    const chatty = plugin((host) => {
      const say = () => host.emit({ source: "a", at: host.clock.now(), payload: { kind: "text", text: "still here" } });
      host.clock.after(300_000, say);
      return adapter();
    });
    expect(await complaints(chatty)).toEqual({
      "leaves no timer behind, and says nothing after its end": "nothing may be emitted after stop()",
    });
  });

  it("finds one that sets a timer for each step of the wall clock", async () => {
    const fooled = plugin((host) => {
      let last = host.clock.now().ms;
      const timers: { cancel(): void }[] = [];
      const look = () => {
        const now = host.clock.now().ms;
        if (Math.abs(now - last) > 10_000) for (let i = 0; i < 50; i++) timers.push(host.clock.after(1e9, look));
        last = now;
        timers.push(host.clock.after(1_000, look));
      };
      look();
      return adapter({
        async stop() {
          for (const timer of timers) timer.cancel();
        },
      });
    });
    expect(Object.keys(await complaints(fooled))).toEqual(["survives that the clock is set"]);
  });

  it("finds one that says nothing when the world speaks", async () => {
    const found = await complaints(
      plugin(() => adapter()),
      { speak: () => undefined },
    );
    expect(found).toEqual({ "hoards nothing over 10,000 frames": "nothing was emitted" });
  });

  it.each<[string, Adapter["command"], RegExp]>([
    ["never ends", () => new Promise<Outcome>(() => undefined), /within its own time limit/],
    ["fails", () => Promise.reject(new Error("broken pipe")), /broken pipe/],
  ])("finds one whose command %s", async (_what, command, words) => {
    const found = await complaints(plugin(() => adapter(command ? { command } : {})));
    expect(Object.keys(found)).toEqual(["settles a command once, in time"]);
    expect(Object.values(found)[0]).toMatch(words);
  });

  it("asks only what can be asked of it: no speech, no command, two clauses less", () => {
    const tested = { plugin: plugin(() => adapter()), config: {} };
    expect(adapterContract(tested)).toHaveLength(5);
    expect(adapterContract({ ...tested, speak: () => undefined })).toHaveLength(6);
  });
});

describe("the stage", () => {
  it("aborts the signal before it stops the adapter", async () => {
    const order: string[] = [];
    const watched = plugin((host) => {
      host.signal.addEventListener("abort", () => order.push("abort"));
      return adapter({ stop: () => Promise.resolve(void order.push("stop")) });
    });
    const harness = await createHarness(watched, { port: "x" });
    await harness.stop();
    expect(order).toEqual(["abort", "stop"]);
  });

  it("keeps its own clock: no stage's time passes on another", async () => {
    const [one, two] = [new VirtualClock(), new VirtualClock()];
    await one.advance(3_600_000);
    expect([one.monotonic(), two.monotonic()]).toEqual([3_600_000, 0]);
    expect(one.now().ms - two.now().ms).toBe(3_600_000);
  });
});

function fail(message: string): never {
  throw new Error(message);
}
