/** Observations at the lab: begun, followed, cancelled, lost; and those that begin by themselves. */

import { afterEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import type { Client } from "../../src/lab/client.ts";
import { path } from "../../src/model/path.ts";
import type { CoapSensor } from "../support/coap-sensor.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";

let bench: LabBench;
afterEach(() => bench.stop());

const TEMPERATURE = path(3303, 0);
const temperature = (value: number) =>
  codecOf(Format.SenmlCbor)!.encode([{ path: path(3303, 0, 5700), type: "float", value }], TEMPERATURE);

async function registered(options: ConstructorParameters<typeof LabBench>[0] = { watch: false }) {
  bench = await new LabBench(options).start();
  const sensor = await bench.sensor();
  sensor.answers.set("/3303/0", { format: 112, payload: temperature(20) });
  sensor.answers.set("/3304/0", { format: 112, payload: "" });
  await sensor.register("ep=kitchen&lwm2m=1.1&lt=300", "</1/0>,</3/0>,</3303/0>");
  const client = bench.lab.client("kitchen");
  if (!client) throw new Error("not registered");
  return { lab: bench.lab, sensor, client, ask: bench.lab.operations };
}

const valueEvent = (value: number) => bench.event("value", ({ values }) => values["/3303/0/5700"]?.value === value);

describe("an observation", () => {
  it("delivers every change, decoded", async () => {
    const { lab, sensor, client, ask } = await registered();
    expect(await ask.observe(client, TEMPERATURE)).toMatchObject({ code: "2.05" });
    expect(lab.clients()[0]?.observations).toEqual(["/3303/0"]);
    for (const value of [20.5, 21, 21.5]) {
      sensor.notify("/3303/0", temperature(value));
      await valueEvent(value);
    }
    expect(lab.clients()[0]?.values["/3303/0/5700"]).toMatchObject({ value: 21.5, name: "Temperature" });
  });

  it("is cancelled with Observe=1 and its own token", async () => {
    const { lab, sensor, client, ask } = await registered();
    await ask.observe(client, TEMPERATURE);
    const cancelled = await ask.cancel(client, TEMPERATURE);
    expect(cancelled).toMatchObject({ code: "2.05" });
    expect(sensor.seen.map(({ headers }) => headers.Observe)).toEqual([0, 1]);
    expect(lab.clients()[0]?.observations).toEqual([]);
    expect(await ask.cancel(client, TEMPERATURE)).toMatchObject({ code: "4.04" });
  });

  it("that the client forgets to confirm is an error, though the value counts", async () => {
    const { lab, sensor, client, ask } = await registered();
    sensor.answers.set("/3303/0", { format: 112, payload: temperature(19) });
    sensor.deaf = true;
    expect(await ask.observe(client, TEMPERATURE)).toEqual({
      code: "2.05",
      error: "the client answered, but does not observe",
    });
    expect(lab.clients()[0]).toMatchObject({ observations: [], values: { "/3303/0/5700": { value: 19 } } });
  });

  it("ends when the client says so with an error", async () => {
    const { lab, sensor, client, ask } = await registered();
    await ask.observe(client, TEMPERATURE);
    sensor.notifyEnd("/3303/0", "4.04");
    await bench.event("client", () => lab.clients()[0]?.observations.length === 0);
  });

  it("does not end with a notification that cannot be decoded", async () => {
    const { sensor, client, ask } = await registered();
    await ask.observe(client, TEMPERATURE);
    sensor.notify("/3303/0", Uint8Array.of(0xff, 0xff));
    sensor.notify("/3303/0", temperature(22));
    await valueEvent(22);
  });

  it("ends with the registration: what comes later is reset", async () => {
    const { sensor, client, ask } = await registered();
    await ask.observe(client, TEMPERATURE);
    expect(sensor.observes("/3303/0")).toBe(true);
    await sensor.request("DELETE", sensor.location);
    sensor.notify("/3303/0", temperature(23));
    await sensor.until(() => !sensor.observes("/3303/0"));
    expect(bench.events.some((event) => event.type === "value" && event.values["/3303/0/5700"]?.value === 23)).toBe(
      false,
    );
  });

  it("is kept by an Update, and followed with the same message ids as ours under way", async () => {
    const { lab, sensor, client, ask } = await registered();
    await ask.observe(client, TEMPERATURE);
    await sensor.request("POST", sensor.location, { query: "lt=200" });
    sensor.notify("/3303/0", temperature(24));
    await valueEvent(24);
    expect(lab.clients()[0]?.observations).toEqual(["/3303/0"]);
  });
});

describe("watching newcomers", () => {
  it("observes every Instance but settings, then reads the Device Object", async () => {
    const { lab, sensor } = await registered({});
    await sensor.received(1, "/3/0");
    expect(sensor.seen.map(({ url }) => url)).toEqual(["/3303/0", "/3/0"]);
    expect(lab.clients()[0]).toMatchObject({ observations: ["/3303/0"] });
    expect(sensor.mostAtOnce).toBe(1);
  });

  it("follows Instances that come and go by Update", async () => {
    const { lab, sensor } = await registered({});
    await sensor.received(1, "/3/0");
    await sensor.request("POST", sensor.location, { payload: "</3/0>,</3304/0>", format: 40 });
    await sensor.received(1, "/3304/0");
    await sensor.received(2, "/3/0");
    expect(lab.clients()[0]).toMatchObject({ objects: ["/3/0", "/3304/0"], observations: ["/3304/0"], values: {} });
  });

  it("does not wear itself out on a client that never answers", async () => {
    const clock = new FakeClock();
    const bad = ["/3303/0", "/3304/0"];
    bench = await new LabBench({ clock }).start();
    const sensor = await bench.sensor();
    for (const url of bad) sensor.answers.set(url, "silent");
    await sensor.register("ep=mute&lwm2m=1.1&lt=3000", "</3303/0>,</3304/0>");
    await sensor.received(1, "/3303/0");
    await clock.advance(15_000);
    await clock.advance(60_000);
    expect(new Set(sensor.seen.map(({ url }) => url))).toEqual(new Set(["/3303/0"]));
  });

  it("is live for two hundred newcomers at once", async () => {
    bench = await new LabBench().start();
    const sensors = await Promise.all(Array.from({ length: 200 }, () => bench.sensor()));
    await Promise.all(sensors.map((sensor, i) => introduce(sensor, i)));
    await Promise.all(sensors.map((sensor) => sensor.received(1, "/3303/0")));
    const watched = new Set<string>();
    await bench.event("client", ({ client }) => {
      if (client.observations.length === 1) watched.add(client.endpoint);
      return watched.size === 200;
    });
  }, 30_000);
});

async function introduce(sensor: CoapSensor, i: number): Promise<void> {
  sensor.answers.set("/3303/0", { format: 112, payload: temperature(i) });
  await sensor.register(`ep=newcomer-${i}&lwm2m=1.1&lt=300`, "</3303/0>");
}

describe("the memory of one client", () => {
  it("is bounded, in values and in what waits", async () => {
    const { client } = await registered();
    const values = (from: number): Parameters<Client["remember"]>[0] =>
      Object.fromEntries(
        Array.from({ length: 400 }, (_, i) => [`/3303/${from + i}/5700`, { value: i, name: "Temperature", time: "" }]),
      );
    client.remember(values(0));
    client.remember(values(400));
    const kept = Object.keys(client.snapshot({ wall: 0, monotonic: 0 }).values);
    expect(kept).toHaveLength(512);
    expect(kept.at(-1)).toBe("/3303/799/5700");
  });
});
