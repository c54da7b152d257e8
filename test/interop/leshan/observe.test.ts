/** Leshan observes: every value that should be told is told, in the format asked for, and nothing after the end. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const VALUE = "/3303/0/5700";

describe.skipIf(skipped !== undefined)("Leshan observes", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("observed");
  });
  afterAll(() => rig.end());
  beforeEach(() => sensor.set(VALUE, 22));

  const observations = () => sensor.client.registration.observations;

  it.each(["TEXT", "TLV", "JSON", "CBOR", "SENML_JSON", "SENML_CBOR"] as const)(
    "a Resource as %s, and hears of each value once and in order",
    async (format) => {
      const answer = await client.observe(VALUE, format);
      expect(answer).toMatchObject({ code: "2.05", values: { [VALUE]: 22 } });
      let last = answer.observe ?? -1;
      for (const value of [22.5, 23, -1.25]) {
        sensor.set(VALUE, value);
        const heard = await client.heard("notified");
        expect(heard).toMatchObject({ code: "2.05", type: "NON", format: answer.format, values: { [VALUE]: value } });
        expect(heard.observe).toBeGreaterThan(last);
        last = heard.observe ?? -1;
      }
      expect((await client.cancel(VALUE)).code).toBe("2.05");
      expect(observations()).toBe(0);
    },
  );

  it.each([
    ["a Resource Instance", "/3442/0/1130/7", "SENML_CBOR", { "/3442/0/1130/7": 5.5 }],
    ["a multiple Resource", "/3442/0/1130", "TLV", { "/3442/0/1130/0": 22, "/3442/0/1130/7": 5.5 }],
    ["opaque bytes", "/3442/0/150", "OPAQUE", { "/3442/0/150": { hex: "aa" } }],
    ["an Instance", "/3303/0", "SENML_JSON", { "/3303/0/5700": 30, "/3303/0/5701": "Cel" }],
    [
      "an Object",
      "/3303",
      "TLV",
      { "/3303/0/5700": 30, "/3303/0/5701": "Cel", "/3303/1/5700": -0.5, "/3303/1/5701": "Cel" },
    ],
  ] as const)("%s", async (_, path, format, expected) => {
    expect((await client.observe(path, format)).code).toBe("2.05");
    sensor.set("/3442/0/1130/7", 5.5);
    sensor.set("/3442/0/150", Buffer.from("aa", "hex"));
    sensor.set(VALUE, 30);
    expect(await client.heard("notified")).toMatchObject({ paths: [path], values: expected });
    expect((await client.cancel(path)).code).toBe("2.05");
    sensor.set("/3442/0/1130/7", 22);
    sensor.set("/3442/0/150", Buffer.from("00ff10", "hex"));
  });

  it("several things at once, each of which is told its own", async () => {
    const paths = [VALUE, "/3303/1/5700", "/3/0/9"];
    for (const path of paths) await client.observe(path, "SENML_CBOR");
    expect(observations()).toBe(3);
    sensor.set("/3/0/9", 42);
    expect(await client.heard("notified")).toMatchObject({ paths: ["/3/0/9"], values: { "/3/0/9": 42 } });
    sensor.set("/3303/1/5700", 1.5);
    expect(await client.heard("notified")).toMatchObject({ paths: ["/3303/1/5700"] });
    for (const path of paths) await client.cancel(path);
    expect(observations()).toBe(0);
  });

  it("again with another token, and is told once", async () => {
    await client.observe(VALUE);
    await client.observe(VALUE);
    const { length } = client.all("notified");
    sensor.set(VALUE, 24);
    await client.heard("notified");
    await pause(100);
    expect(client.all("notified")).toHaveLength(length + 1);
    await client.cancel(VALUE);
    expect(observations()).toBe(0);
  });

  it("and forgets: the RST to the next notification ends it (E44)", async () => {
    await client.observe(VALUE);
    expect(observations()).toBe(1);
    expect((await client.ask("forget")).cancelled).toBe(1);
    const before = client.all("notified").length;
    sensor.set(VALUE, 26);
    await eventually("the end", () => (observations() === 0 ? true : undefined));
    expect(client.all("notified")).toHaveLength(before);
    expect(client.all("unreadable")).toEqual([]);
  });

  it("not what does not exist, and what can only be executed", async () => {
    expect((await client.observe("/3303/9")).code).toBe("4.04");
    expect((await client.observe("/3303/0/5605")).code).toBe("4.05");
    expect((await client.observe("/0")).code).toBe("4.01");
    expect(observations()).toBe(0);
  });

  describe("with attributes,", () => {
    const clear = ["pmin", "pmax", "gt", "lt", "st"];

    it("and a step keeps small changes back (§7.3.2)", async () => {
      await client.attributes(VALUE, "st=2");
      await client.observe(VALUE);
      for (const value of [23, 23.5, 24.5]) sensor.set(VALUE, value);
      expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 24.5 } });
      await end();
    });

    it("and only crossings of gt and lt are told, in both directions", async () => {
      await client.attributes(VALUE, "gt=25", "lt=0");
      await client.observe(VALUE);
      const told: number[] = [];
      for (const value of [24, 26, 27, 25, -1, -2, 1]) {
        sensor.set(VALUE, value);
        if ([26, 25, -1, 1].includes(value)) {
          const { values } = await client.heard("notified");
          told.push(Number(values?.[VALUE]));
        }
      }
      expect(told).toEqual([26, 25, -1, 1]);
      await end();
    });

    it("and pmin holds the newest value back, pmax repeats it", async () => {
      await client.attributes(VALUE, "pmin=1", "pmax=2");
      await client.observe(VALUE);
      const begun = performance.now();
      for (const value of [23, 24, 25]) sensor.set(VALUE, value);
      expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 25 } });
      expect(performance.now() - begun).toBeGreaterThan(700);
      expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 25 } });
      expect(performance.now() - begun).toBeGreaterThan(2_600);
      await end();
    });

    it("but not in the Observe itself, which knows none before LwM2M 1.2 (§6.4.1)", async () => {
      expect((await client.observe(VALUE, "SENML_CBOR", "st=3")).code).toBe("4.00");
      expect(observations()).toBe(0);
    });

    it("and the periods of the Server Object hold where there are no others (/1/x/2, /1/x/3)", async () => {
      await client.replace("/1/0/2", "TLV", ["/1/0/2", "INTEGER", 1]);
      await client.replace("/1/0/3", "TLV", ["/1/0/3", "INTEGER", 2]);
      await client.observe(VALUE);
      const begun = performance.now();
      sensor.set(VALUE, 24);
      await client.heard("notified");
      expect(performance.now() - begun).toBeGreaterThan(700);
      await client.heard("notified");
      expect(performance.now() - begun).toBeGreaterThan(2_600);
      await client.replace("/1/0/2", "TLV", ["/1/0/2", "INTEGER", 0]);
      await client.replace("/1/0/3", "TLV", ["/1/0/3", "INTEGER", 0]);
      await end();
    });

    async function end(): Promise<void> {
      await client.cancel(VALUE);
      await client.attributes(VALUE, ...clear);
      const { length } = client.all("notified");
      sensor.set(VALUE, 100);
      await pause(50);
      expect(client.all("notified")).toHaveLength(length);
    }
  });

  it("a value in blocks (RFC 7959 §2.6)", async () => {
    const long = "Grüße ".repeat(400);
    await client.observe("/3442/0/110", "SENML_CBOR");
    sensor.set("/3442/0/110", long);
    expect(await client.heard("notified")).toMatchObject({ values: { "/3442/0/110": long } });
    await client.cancel("/3442/0/110");
    sensor.set("/3442/0/110", "täglich");
  });

  it("an Instance that goes away, and is told 4.04", async () => {
    await client.observe("/3303/1/5700");
    sensor.tree.removeInstance(sensor.path("/3303/1"));
    expect(await client.heard("notified")).toMatchObject({ code: "4.04" });
    const update = await client.heard("updated", ({ withLinks }) => withLinks === true);
    expect(update.links).not.toContain("</3303/1>");
    expect(observations()).toBe(0);
  });

  it("two hundred values, none of which is lost on loopback", async () => {
    await client.observe(VALUE, "SENML_CBOR");
    for (let i = 0; i < 200; i++) {
      sensor.set(VALUE, i + 0.5);
      const { values } = await client.heard("notified");
      expect(values).toEqual({ [VALUE]: i + 0.5 });
    }
    await client.cancel(VALUE);
    expect(client.all("unreadable")).toEqual([]);
  });
});
