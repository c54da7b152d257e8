/** Leshan creates and deletes Instances (LwM2M Core 1.2 §6.3.6, §6.3.7): each time an Update tells what there is now. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Heard, LeshanClient, Writing } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);

describe.skipIf(skipped !== undefined)("Leshan", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("growing");
  });
  afterAll(() => rig.end());

  const values = (instance: number): Writing[] => [
    [`/3442/${instance}/110`, "STRING", "new"],
    [`/3442/${instance}/120`, "INTEGER", 7],
  ];
  const listed = (instance: number) => (heard: Heard) => heard.links?.includes(`</3442/${instance}>`) === true;

  it.each(["TLV", "JSON", "SENML_JSON", "SENML_CBOR"] as const)(
    "creates an Instance of its choice by %s",
    async (format) => {
      const instance = { TLV: 10, JSON: 11, SENML_JSON: 12, SENML_CBOR: 13 }[format];
      const answer = await client.create("/3442", format, instance, ...values(instance));
      expect(answer).toMatchObject({ code: "2.01" });
      expect(await client.heard("updated", listed(instance))).toMatchObject({ withLinks: true });
      expect((await client.read(`/3442/${instance}`, "SENML_CBOR")).values).toEqual({
        [`/3442/${instance}/110`]: "new",
        [`/3442/${instance}/120`]: 7,
      });
    },
  );

  it("creates an Instance whose number the client chooses, and is told which (E64)", async () => {
    const { code, location } = await client.create("/3442", "TLV", undefined, ...values(0));
    expect(code).toBe("2.01");
    const instance = Number(/^\/?3442\/(\d+)$/.exec(location ?? "")?.[1]);
    await client.heard("updated", listed(instance));
    expect((await client.read(`/3442/${instance}/110`)).values).toEqual({ [`/3442/${instance}/110`]: "new" });
  });

  it("deletes them, and what observed them hears so", async () => {
    await client.observe("/3442/10/120");
    expect((await client.delete("/3442/10")).code).toBe("2.02");
    expect(await client.heard("notified")).toMatchObject({ code: "4.04" });
    const update = await client.heard("updated", (heard) => heard.withLinks === true && !listed(10)(heard));
    expect(update.links).toContain("</3442/11>");
    expect((await client.read("/3442/10")).code).toBe("4.04");
    expect((await client.delete("/3442/10")).code).toBe("4.04");
  });

  it("creates nothing that is there already, and nothing of what the sensor has by itself", async () => {
    expect((await client.create("/3442", "TLV", 11, ...values(11))).code).toMatch(/^4\.0[05]$/);
    expect((await client.create("/3303", "TLV", 5, ["/3303/5/5700", "FLOAT", 1])).code).toBe("4.05");
    expect((await client.create("/3304", "TLV", 5, ["/3304/5/5700", "FLOAT", 1])).code).toMatch(/^4\.0[45]$/);
    expect(sensor.tree.hasInstance(sensor.path("/3303/5"))).toBe(false);
  });

  it("deletes nothing that belongs to the sensor", async () => {
    for (const path of ["/3303/0", "/3/0", "/1/0"])
      expect([path, (await client.delete(path)).code]).toEqual([path, "4.05"]);
    expect((await client.delete("/0/0")).code).toMatch(/^4\.0[15]$/);
    expect((await client.read("/3303/0/5700")).code).toBe("2.05");
  });
});
