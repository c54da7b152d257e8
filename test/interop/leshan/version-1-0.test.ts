/** Leshan 1, a server of LwM2M 1.0: what it can ask, it is answered, in the formats that there were. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeshanClient, ValueType } from "../support/leshan.ts";
import { missing, OLD_SERVER } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { type Sensor, TEST_1_0 } from "../support/sensor.ts";

const skipped = await missing(OLD_SERVER);
const VALUE = "/3303/0/5700";

const TYPES: readonly (readonly [resource: number, type: ValueType, text: string, value: unknown])[] = [
  [110, "STRING", "größer", "größer"],
  [120, "INTEGER", "-70000", -70_000],
  [130, "FLOAT", "19.0", 19],
  [140, "BOOLEAN", "false", false],
  [150, "OPAQUE", "0102ff", { hex: "0102ff" }],
  [160, "TIME", "1600000000", { time: 1_600_000_000 }],
  [170, "OBJLNK", "6:0", "/6/0"],
];

describe.skipIf(skipped !== undefined)("For a server of LwM2M 1.0", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start({ release: OLD_SERVER });
    sensor = rig.sensor({
      endpoint: "veteran",
      accounts: [rig.account({ version: "1.0" })],
      testObject: TEST_1_0,
    });
    await sensor.start();
    client = rig.server.client("veteran");
  });
  afterAll(() => rig.end());

  it("a client registers as one of 1.0", async () => {
    expect(await client.heard("registered")).toMatchObject({
      version: "1.0",
      binding: ["U"],
      lifetime: 300,
      root: "/",
    });
    const [{ links = [] } = {}] = client.all("registered");
    expect(links).toContain("</3303/0>");
    expect(links).toContain(`</${TEST_1_0}/0>`);
  });

  it("a client of 1.1 registers as well: that server does not mind", async () => {
    const [, younger] = await rig.registered("younger");
    expect(younger.all("registered")[0]).toMatchObject({ version: "1.1" });
    expect((await younger.read(VALUE)).values).toEqual({ [VALUE]: 22 });
  });

  it.each(["TEXT", "TLV", "JSON"] as const)("values of every type are written and read as %s", async (format) => {
    for (const [resource, type, text, value] of TYPES) {
      const path = `/${TEST_1_0}/0/${resource}`;
      expect([path, (await client.replace(path, format, [path, type, text])).code]).toEqual([path, "2.04"]);
      const answer = await client.read(path, format);
      expect([path, answer.code, answer.values?.[path]]).toEqual([path, "2.05", value]);
    }
  });

  it("opaque bytes are read as such", async () => {
    const path = `/${TEST_1_0}/0/150`;
    expect(await client.read(path, "OPAQUE")).toMatchObject({ code: "2.05", format: 42 });
  });

  it.each(["TLV", "JSON"] as const)("Instances and Objects are read as %s", async (format) => {
    expect((await client.read("/3303", format)).values).toEqual({
      "/3303/0/5700": 22,
      "/3303/0/5701": "Cel",
      "/3303/1/5700": -0.5,
      "/3303/1/5701": "Cel",
    });
    expect((await client.read("/3/0", format)).values).toMatchObject({ "/3/0/0": "Isthmus", "/3/0/9": 87 });
    expect((await client.read(`/${TEST_1_0}/0`, format)).values).toMatchObject({ [`/${TEST_1_0}/0/1120/7`]: 1_024 });
  });

  it("TLV is what it gets when it does not say", async () => {
    expect(await client.read("/3303/0")).toMatchObject({ code: "2.05", format: 11_542 });
  });

  it.each(["TLV", "JSON"] as const)("an Instance is changed in part by %s", async (format) => {
    const path = `/${TEST_1_0}/0`;
    const answer = await client.update(path, format, [`${path}/120`, "INTEGER", 12], [`${path}/140`, "BOOLEAN", true]);
    expect(answer.code).toBe("2.04");
    expect([sensor.get(`${path}/120`), sensor.get(`${path}/140`)]).toEqual([12, true]);
  });

  it("actions are executed, with arguments and without", async () => {
    expect((await client.execute(`/${TEST_1_0}/0/3`, "0='x',1")).code).toBe("2.04");
    expect((await client.execute("/3303/0/5605")).code).toBe("2.04");
    expect(sensor.executed).toEqual([
      [`/${TEST_1_0}/0/3`, "0='x',1"],
      ["/3303/0/5605", ""],
    ]);
  });

  it("Discover lists Resources and attributes", async () => {
    expect((await client.attributes("/3303/0/5700", "pmin=1", "pmax=60", "gt=30")).code).toBe("2.04");
    const { code, links = [] } = await client.discover("/3303/0");
    expect(code).toBe("2.05");
    expect(links).toContain("</3303/0/5605>");
    const shown = links.find((link) => link.startsWith("</3303/0/5700>"))?.split(";") ?? [];
    expect(new Set(shown)).toEqual(new Set(["</3303/0/5700>", "pmin=1", "pmax=60", "gt=30"]));
    expect((await client.attributes("/3303/0/5700", "pmin", "pmax", "gt")).code).toBe("2.04");
  });

  it.each(["TEXT", "TLV", "JSON"] as const)(
    "an observed Resource is told as %s until it is forgotten",
    async (format) => {
      sensor.set(VALUE, 22);
      expect(await client.observe(VALUE, format)).toMatchObject({ code: "2.05", values: { [VALUE]: 22 } });
      for (const value of [23, 23.5]) {
        sensor.set(VALUE, value);
        expect(await client.heard("notified")).toMatchObject({ type: "NON", values: { [VALUE]: value } });
      }
      expect((await client.ask("forget")).cancelled).toBe(1);
      const { length } = client.all("notified");
      sensor.set(VALUE, 24);
      await client.heard("updated", undefined, 20_000);
      expect(client.all("notified")).toHaveLength(length);
      expect(client.all("unreadable")).toEqual([]);
    },
  );

  it("what cannot be done is refused with the code of the specification", async () => {
    expect((await client.read("/3303/9")).code).toBe("4.04");
    expect((await client.read("/3303/0/5605")).code).toBe("4.05");
    expect((await client.read("/0/0")).code).toBe("4.01");
    expect((await client.replace(VALUE, "TLV", [VALUE, "FLOAT", 1])).code).toBe("4.05");
    expect((await client.execute(VALUE)).code).toBe("4.05");
  });

  it("goodbye is said", async () => {
    await sensor.stop();
    expect(await client.heard("unregistered")).toMatchObject({ expired: false });
  });
});
