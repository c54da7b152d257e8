/** Values that reach Leshan without being asked for: Send, and what was kept while nobody could be reached. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";
const SENT = [[123, { status: "sent" }]];

describe.skipIf(skipped !== undefined)("Leshan is sent", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("sending");
  });
  afterAll(() => rig.end());

  const paths = (...texts: readonly string[]) => texts.map((text) => sensor.path(text));

  it.each([
    ["SenML CBOR", 112],
    ["SenML JSON", 110],
  ])("what stands at several paths, in %s", async (_, format) => {
    expect([...(await sensor.client.send(paths(VALUE, "/3/0/9", "/6/0"), { format }))]).toEqual(SENT);
    const { times = [] } = await client.heard("sent");
    const all = Object.assign({}, ...times.map(({ values }) => values)) as unknown;
    expect(all).toMatchObject({ [VALUE]: 22, "/3/0/9": 87, "/6/0/0": 48.117 });
  });

  it("values of one Resource, each with its time", async () => {
    const now = Date.now();
    const samples = [now - 20_000, now - 10_000, now - 2_500].map((ms, i) => ({
      path: sensor.path(VALUE),
      value: 20 + i,
      at: { ms, trusted: true },
    }));
    expect([...(await sensor.client.send(samples))]).toEqual(SENT);
    const { times } = await client.heard("sent");
    expect(times).toHaveLength(3);
    for (const { at, value } of samples) expect(times).toContainEqual({ at: at.ms, values: { [VALUE]: value } });
  });

  it("nothing that it has not been told of, and hears of the rest (E46)", async () => {
    const outcome = await sensor.client.send(paths("/3303/9/5700"));
    expect(outcome.get(123)?.status).toBe("refused");
    expect(client.all("unsent")).toEqual([]);
  });

  it("nothing while it has muted Send (/1/x/23, E47)", async () => {
    expect((await client.replace("/1/0/23", "TLV", ["/1/0/23", "BOOLEAN", true])).code).toBe("2.04");
    expect((await sensor.client.send(paths(VALUE))).get(123)?.status).toBe("refused");
    expect((await client.replace("/1/0/23", "TLV", ["/1/0/23", "BOOLEAN", false])).code).toBe("2.04");
    expect((await sensor.client.send(paths(VALUE))).get(123)?.status).toBe("sent");
    await client.heard("sent");
  });

  it("a pack that needs several datagrams", async () => {
    const now = Date.now();
    const samples = Array.from({ length: 200 }, (_, i) => ({
      path: sensor.path(VALUE),
      value: i + 0.5,
      at: { ms: now - 2_000 - i * 997, trusted: true },
    }));
    expect([...(await sensor.client.send(samples))]).toEqual(SENT);
    const seen = new Set<unknown>();
    while (seen.size < 200) for (const { values } of (await client.heard("sent")).times ?? []) seen.add(values[VALUE]);
    expect(seen.size).toBe(200);
  });

  it("what was measured while it was away, with the times of then (/1/x/6)", async () => {
    await client.observe(VALUE, "SENML_CBOR");
    await rig.server.ask("stop", {});
    const before = Date.now();
    for (const value of [31.5, 32.5, 33.5]) {
      sensor.set(VALUE, value);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    const after = Date.now();
    await rig.server.ask("start", {});
    sensor.client.update();
    const seen = new Map<unknown, number>();
    while (seen.size < 3)
      for (const { at, values } of (await client.heard("notified", undefined, 60_000)).times ?? [])
        if (at !== null) seen.set(values[VALUE], at);
    expect([...seen.keys()].sort()).toEqual([31.5, 32.5, 33.5]);
    for (const at of seen.values()) {
      expect(at).toBeGreaterThanOrEqual(before - 1_000);
      expect(at).toBeLessThanOrEqual(after + 1_000);
    }
  }, 120_000);
});
