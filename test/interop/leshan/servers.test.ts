/** Two Leshan servers of one client: each has its own registration, attributes and observations (LwM2M Core 1.2 §6.2). */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";

describe.skipIf(skipped !== undefined)("Two Leshan servers", () => {
  let rigs: readonly [Rig, Rig];
  let sensor: Sensor;
  let one: LeshanClient;
  let two: LeshanClient;

  beforeAll(async () => {
    rigs = await Promise.all([Rig.start(), Rig.start()]);
    sensor = rigs[0].sensor({
      endpoint: "shared",
      accounts: [rigs[0].account({ shortServerId: 101 }), rigs[1].account({ shortServerId: 102, lifetime: 500 })],
    });
    await sensor.start();
    [one, two] = [rigs[0].server.client("shared"), rigs[1].server.client("shared")];
  });
  afterAll(() => Promise.all(rigs.map((rig) => rig.end())));

  const observations = () => sensor.client.registrations.map((registration) => registration.observations);

  it("have the client each on its own terms", async () => {
    expect(await one.heard("registered")).toMatchObject({ lifetime: 300 });
    expect(await two.heard("registered")).toMatchObject({ lifetime: 500 });
    expect(new Set(sensor.ports.values()).size).toBe(2);
  });

  it("read each its own Instance of the Server Object", async () => {
    expect((await one.read("/1", "TLV")).values).toMatchObject({ "/1/0/0": 101, "/1/0/1": 300 });
    expect((await two.read("/1", "TLV")).values).toMatchObject({ "/1/1/0": 102, "/1/1/1": 500 });
  });

  it("observe the same value, each with its own attributes", async () => {
    await one.attributes(VALUE, "st=5");
    await one.observe(VALUE);
    await two.observe(VALUE);
    expect(observations()).toEqual([1, 1]);
    expect((await two.discover(VALUE)).links).toEqual([`<${VALUE}>`]);
    sensor.set(VALUE, 23);
    expect(await two.heard("notified")).toMatchObject({ values: { [VALUE]: 23 } });
    sensor.set(VALUE, 28);
    expect(await one.heard("notified")).toMatchObject({ values: { [VALUE]: 28 } });
    expect(one.all("notified")).toHaveLength(1);
    await one.cancel(VALUE);
    expect(observations()).toEqual([0, 1]);
  });

  it("may both write, and see what the other wrote", async () => {
    expect((await one.replace("/3311/0/5851", "TLV", ["/3311/0/5851", "INTEGER", 11])).code).toBe("2.04");
    expect((await two.read("/3311/0/5851")).values).toEqual({ "/3311/0/5851": 11 });
    await one.observe("/3311/0/5851");
    expect((await two.replace("/3311/0/5851", "TEXT", ["/3311/0/5851", "INTEGER", 12])).code).toBe("2.04");
    expect(await one.heard("notified")).toMatchObject({ values: { "/3311/0/5851": 12 } });
  });

  it("get the same Send, or one of them alone", async () => {
    const outcome = await sensor.client.send([sensor.path(VALUE)]);
    expect([...outcome.keys()].sort()).toEqual([101, 102]);
    await Promise.all([one.heard("sent"), two.heard("sent")]);
    expect([...(await sensor.client.send([sensor.path(VALUE)], { server: 102 }))]).toEqual([[102, { status: "sent" }]]);
    await two.heard("sent");
    expect(one.all("sent")).toHaveLength(1);
  });

  it("do not disturb each other when one of them sends the client away for a while", async () => {
    expect((await one.replace("/1/0/5", "TLV", ["/1/0/5", "INTEGER", 1])).code).toBe("2.04");
    expect((await one.execute("/1/0/4")).code).toBe("2.04");
    await one.heard("unregistered");
    expect((await two.read(VALUE)).values).toEqual({ [VALUE]: 28 });
    sensor.set(VALUE, 29);
    await two.heard("notified", ({ values }) => values?.[VALUE] === 29);
    await one.heard("registered");
    expect(two.all("registered")).toHaveLength(1);
    await sensor.reached("registered");
  });

  it("nor when one of them dies and comes back without its memory", async () => {
    await rigs[0].restart();
    expect((await two.read(VALUE)).values).toEqual({ [VALUE]: 29 });
    sensor.client.update();
    const again = rigs[0].server.client("shared");
    await again.heard("registered");
    expect((await again.read(VALUE)).values).toEqual({ [VALUE]: 29 });
    expect(two.all("registered")).toHaveLength(1);
    await eventually("both", () =>
      sensor.client.registrations.every(({ state }) => state === "registered") ? true : undefined,
    );
  });

  it("both hear goodbye", async () => {
    await sensor.stop();
    await Promise.all([rigs[0].server.client("shared").heard("unregistered"), two.heard("unregistered")]);
  });
});
