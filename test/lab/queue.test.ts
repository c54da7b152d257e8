/** Clients that sleep (LwM2M Core 1.2 §6.5): asked only when they are awake, and shown as what they are. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";
import { Opt, options, type RawClient, Type } from "../support/raw-client.ts";

let bench: LabBench;
let client: RawClient;
let clock: FakeClock;
let location: readonly string[];

beforeEach(async () => {
  clock = new FakeClock();
  bench = await new LabBench({ watch: false, clock }).start();
  client = await bench.raw();
});
afterEach(() => bench.stop());

const VALUE = path(3303, 0, 5700);
const shown = () => bench.lab.clients()[0];
const register = async (query = "ep=a&lwm2m=1.1&lt=86400&b=U&Q") => {
  location = options(await client.register(query, "</3303/0>"), Opt.LocationPath);
};
const update = (query = "lt=86400") =>
  client.exchange({
    code: "0.02",
    options: [...location.map((segment) => [Opt.UriPath, segment] as const), [Opt.UriQuery, query]],
  });
const answerReads = () => {
  client.onRequest = () => ({ options: [[Opt.ContentFormat, 0]], payload: "21.5" });
};
const read = () => bench.lab.operations.read(bench.known("a"), VALUE, 0);

describe("a client in queue mode", () => {
  it.each([
    ["ep=a&lwm2m=1.1&b=U&Q", true],
    ["ep=a&lwm2m=1.2&Q", true],
    ["ep=a&lwm2m=1.0&b=UQ", true],
    ["ep=a&lwm2m=1.0&b=UQS", true],
    ["ep=a&lwm2m=1.1&b=U", false],
    ["ep=a&lwm2m=1.0&b=U", false],
  ])("is known by its Register: %s", async (query, queue) => {
    await register(query);
    expect(shown()).toMatchObject({ queue, awake: true });
  });

  it("is awake for 93 s after its Register, and after each Update", async () => {
    await register();
    clock.tick(93_000);
    expect(shown()?.awake).toBe(true);
    clock.tick(1);
    expect(shown()?.awake).toBe(false);
    await update();
    expect(shown()?.awake).toBe(true);
  });

  it("is awake after a notification, and after a Send", async () => {
    await register();
    const temperature = codecOf(Format.SenmlCbor)!.encode([{ path: VALUE, type: "float", value: 20 }], VALUE);
    const content = [[Opt.ContentFormat, 112]] as const;
    client.onRequest = () => ({ options: [...content, [Opt.Observe, 1]], payload: temperature });
    await bench.lab.operations.observe(bench.known("a"), VALUE);
    clock.tick(100_000);
    expect(shown()?.awake).toBe(false);
    const { token } = client.asked[0]!;
    client.send({ type: Type.Non, code: "2.05", token, options: [...content, [Opt.Observe, 2]], payload: temperature });
    await bench.event("value", () => shown()?.awake === true);
    clock.tick(100_000);
    expect(shown()?.awake).toBe(false);
    const sent = await client.exchange({
      code: "0.02",
      options: [[Opt.UriPath, "dp"], ...content],
      payload: temperature,
    });
    expect(sent.code).toBe("2.04");
    expect(shown()?.awake).toBe(true);
  });

  it("is not asked while it sleeps; what was wanted arrives after its next Update", async () => {
    await register();
    answerReads();
    clock.tick(94_000);
    const reading = read();
    await settle();
    clock.tick(3_600_000);
    expect(client.asked).toEqual([]);
    expect((await update()).code).toBe("2.04");
    expect(await reading).toMatchObject({ code: "2.05", values: { [VALUE]: { value: 21.5 } } });
    expect(client.asked).toHaveLength(1);
  });

  it("gets several waiting requests one after another, in their order", async () => {
    await register();
    answerReads();
    clock.tick(94_000);
    const { operations } = bench.lab;
    const known = bench.known("a");
    const all = [
      operations.read(known, VALUE, 0),
      operations.write(known, path(3303, 0, 5750), "cellar"),
      operations.execute(known, path(3303, 0, 5605)),
    ];
    await settle();
    await update();
    await Promise.all(all);
    expect(client.asked.map(({ code }) => code)).toEqual(["0.01", "0.03", "0.02"]);
  });

  it("that does not answer counts as asleep, until it says something", async () => {
    await register();
    client.onRequest = () => undefined;
    const first = read();
    while (client.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.tick(15_000);
    expect(await first).toMatchObject({ code: "timeout" });
    expect(shown()?.awake).toBe(false);
    answerReads();
    const second = read();
    await settle();
    await update();
    expect(await second).toMatchObject({ code: "2.05" });
  });

  it("that leaves, or is forgotten, lets nobody wait for ever", async () => {
    await register("ep=a&lwm2m=1.1&lt=200&b=U&Q");
    clock.tick(94_000);
    const reading = read();
    await settle();
    clock.tick(107_000);
    expect(await reading).toEqual({ code: "failed", error: "the client is no longer registered" });
  });

  it("that registers anew gets what is asked of the new registration", async () => {
    await register();
    clock.tick(94_000);
    const old = read();
    await settle();
    await register();
    expect(await old).toMatchObject({ code: "failed" });
    answerReads();
    expect(await read()).toMatchObject({ code: "2.05" });
  });

  it("of version 1.0 may change its mind by Update", async () => {
    await register("ep=a&lwm2m=1.0&b=U&lt=86400");
    await update("b=UQ");
    expect(shown()?.queue).toBe(true);
    await update("b=U");
    expect(shown()?.queue).toBe(false);
  });

  it("holds no more than sixty-four waiting requests", async () => {
    await register();
    clock.tick(94_000);
    const waiting = Array.from({ length: 64 }, () => read());
    expect(await read()).toMatchObject({ code: "busy" });
    await bench.lab.stop();
    for (const each of waiting) expect(await each).toMatchObject({ code: "failed" });
  });
});

describe("watching clients that sleep", () => {
  it("observes them when they come back, and lets nobody else wait meanwhile", async () => {
    await bench.stop();
    bench = await new LabBench({ clock }).start();
    client = await bench.raw();
    const temperature = codecOf(Format.SenmlCbor)!.encode([{ path: VALUE, type: "float", value: 20 }], path(3303, 0));
    client.onRequest = () => undefined;
    await register();
    while (client.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(15_000);
    expect(shown()).toMatchObject({ awake: false, observations: [] });
    client.onRequest = () => ({
      options: [
        [Opt.ContentFormat, 112],
        [Opt.Observe, 1],
      ],
      payload: temperature,
    });
    await update();
    await bench.event("client", ({ client: now }) => now.observations.includes("/3303/0"));
  });
});
