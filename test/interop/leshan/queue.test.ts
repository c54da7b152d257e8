/** Queue Mode: Leshan keeps what it wants to say until a client that sleeps is heard again (LwM2M Core 1.2 §6.5). */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";
/** Both ends think so: the client by its transmission parameters, the server because it is told. */
const AWAKE_MS = 1_500;

describe.skipIf(skipped !== undefined)("In Queue Mode", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start({ awakeMs: AWAKE_MS });
    sensor = rig.sensor({
      endpoint: "drowsy",
      accounts: [rig.account({ queue: true })],
      // MAX_TRANSMIT_WAIT of these is 1,395 ms (RFC 7252 §4.8.2).
      parameters: { ackTimeout: 30 },
    });
    await sensor.start();
    client = rig.server.client("drowsy");
  });
  afterAll(() => rig.end());

  const asleep = () => client.heard("sleeping");

  it("a client says so when it registers", async () => {
    expect(await client.heard("registered")).toMatchObject({ queue: true, binding: ["U"], version: "1.1" });
  });

  it("it is asked while it is awake", async () => {
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 22 });
  });

  it("it sleeps, and hears nothing any more", async () => {
    await client.observe(VALUE);
    await asleep();
    expect((await client.read(VALUE)).failed).toMatch(/ClientSleeping/);
  });

  it("a notification wakes it for a while, and then it is asked", async () => {
    sensor.set(VALUE, 23);
    expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 23 } });
    await client.heard("awake");
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 23 });
  });

  it("so does an Update", async () => {
    await asleep();
    sensor.client.update();
    await client.heard("updated");
    await client.heard("awake");
    expect((await client.execute("/3303/0/5605")).code).toBe("2.04");
  });

  it("a Send leaves in the middle of its sleep", async () => {
    await asleep();
    expect([...(await sensor.client.send([sensor.path(VALUE)]))]).toEqual([[123, { status: "sent" }]]);
    expect((await client.heard("sent")).times?.[0]?.values).toEqual({ [VALUE]: 23 });
  });

  it("what was observed is still observed after many naps, and every value arrives", async () => {
    for (const value of [1.5, 2.5, 3.5]) {
      sensor.set(VALUE, value);
      expect(await client.heard("notified", ({ type }) => type === "NON")).toMatchObject({
        values: { [VALUE]: value },
      });
      await asleep();
    }
    expect(sensor.client.registration.observations).toBe(1);
    expect(client.all("registered")).toHaveLength(1);
  });
});
