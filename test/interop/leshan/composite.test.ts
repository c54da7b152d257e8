/** Leshan reads, writes and observes over several Objects at once (LwM2M Core 1.2 §6.3.8 to §6.3.10, §6.4.4). */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const FORMATS = ["SENML_JSON", "SENML_CBOR"] as const;
const NUMBERS = { SENML_JSON: 110, SENML_CBOR: 112 };
const VALUE = "/3303/0/5700";

describe.skipIf(skipped !== undefined)("Leshan, over several paths at once,", () => {
  let rig: Rig;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    [sensor, client] = await rig.registered("composite");
  });
  afterAll(() => rig.end());

  const observations = () => sensor.client.registration.observations;

  describe.each(FORMATS)("asking in %s", (pathFormat) => {
    describe.each(FORMATS)("for %s", (format) => {
      const read = (...at: readonly string[]) => client.ask("readComposite", { at, format, pathFormat });

      it("reads Resources, Instances and Objects", async () => {
        const answer = await read(VALUE, "/3/0/9", "/6/0", "/3303/1", "/3442/0/1130/7");
        expect(answer).toMatchObject({ code: "2.05", format: NUMBERS[format] });
        expect(answer.values).toMatchObject({
          [VALUE]: 22,
          "/3/0/9": 87,
          "/6/0/0": 48.117,
          "/6/0/5": { time: 1_700_000_000 },
          "/3303/1/5700": -0.5,
          "/3303/1/5701": "Cel",
          "/3442/0/1130/7": 22,
        });
        expect((await read("/3303", "/3/0/0")).values).toEqual({
          [VALUE]: 22,
          "/3303/0/5701": "Cel",
          "/3303/1/5700": -0.5,
          "/3303/1/5701": "Cel",
          "/3/0/0": "Isthmus",
        });
      });

      it("reads what there is and is not told of the rest (E61)", async () => {
        expect(await read(VALUE, "/3303/9/5700", "/4711", "/3303/0/5605")).toMatchObject({
          code: "2.05",
          values: { [VALUE]: 22 },
        });
      });

      it("does not read credentials", async () => {
        const { code, values = {} } = await read("/0", VALUE);
        expect(code === "4.01" || Object.keys(values).every((path) => !path.startsWith("/0/"))).toBe(true);
      });

      it("observes: any of the values brings all of them", async () => {
        const paths = [VALUE, "/3/0/9"];
        const first = await client.ask("observeComposite", { at: paths, format, pathFormat });
        expect(first).toMatchObject({ code: "2.05", values: { [VALUE]: 22, "/3/0/9": 87 } });
        expect(observations()).toBe(1);
        sensor.set(VALUE, 23);
        expect(await client.heard("notified")).toMatchObject({
          paths,
          format: NUMBERS[format],
          values: { [VALUE]: 23, "/3/0/9": 87 },
        });
        sensor.set("/3/0/9", 86);
        expect(await client.heard("notified")).toMatchObject({ values: { [VALUE]: 23, "/3/0/9": 86 } });
        sensor.set("/6/0/0", 48.2);
        expect((await client.ask("cancelComposite")).code).toBe("2.05");
        expect(observations()).toBe(0);
        sensor.set(VALUE, 22);
        sensor.set("/3/0/9", 87);
        sensor.set("/6/0/0", 48.117);
      });
    });

    it("writes to several Objects", async () => {
      const answer = await client.ask("writeComposite", {
        format: pathFormat,
        value: ["/3311/0/5851|INTEGER|70", "/3442/0/110|STRING|both", "/3442/0/1120/7|INTEGER|-3"],
      });
      expect(answer.code).toBe("2.04");
      expect([sensor.get("/3311/0/5851"), sensor.get("/3442/0/110"), sensor.get("/3442/0/1120/7")]).toEqual([
        70,
        "both",
        -3,
      ]);
    });

    it("writes nothing if one of the values must not be written (E62)", async () => {
      sensor.set("/3442/0/110", "before");
      const answer = await client.ask("writeComposite", {
        format: pathFormat,
        value: ["/3442/0/110|STRING|after", "/3303/0/5700|FLOAT|1"],
      });
      expect(answer.code).toMatch(/^4\.0[05]$/);
      expect(sensor.get("/3442/0/110")).toBe("before");
      expect(sensor.get(VALUE)).toBe(22);
    });
  });

  it("forgets a composite observation: the RST ends it", async () => {
    await client.ask("observeComposite", { at: [VALUE, "/3/0/9"], format: "SENML_CBOR", pathFormat: "SENML_CBOR" });
    expect(observations()).toBe(1);
    await client.ask("forget");
    sensor.set(VALUE, 24);
    await eventually("the end", () => (observations() === 0 ? true : undefined));
  });
});
