/** How often a definition wants its Resources told: which paths, which seconds, which step in which unit. */

import { describe, expect, it } from "vitest";
import { loadDevices, type Report } from "../../src/library/index.ts";
import { parsePath } from "../../src/model/path.ts";
import { deviceOf, ofFields, problemsOf } from "../support/definitions.ts";

/** What a report in a definition with these fields and objects makes of a path. */
function reportOf(report: string, at: string, { fields = "t: { unit: Cel }", objects = "3303/0: { value: t }" } = {}) {
  return deviceOf(ofFields(fields, objects, `report: ${report}`)).report?.(parsePath(at)!);
}

describe("a report", () => {
  it("is in seconds, at the value of the Object", () => {
    expect(reportOf("{ default: { min: 30s, max: 15m } }", "/3303/0/5700")).toEqual({ pmin: 30, pmax: 900 });
    expect(reportOf("{ default: { min: 500ms, max: 1h } }", "/3303/0/5700")).toEqual({ pmin: 0.5, pmax: 3600 });
  });

  it.each([
    "/3303/0",
    "/3303",
    "/3303/0/5701",
    "/3303/0/5601",
    "/3303/0/5518",
    "/3303/0/6042",
    "/3/0/0",
    "/3303/1/5700",
  ])("says nothing of %s", (at) => {
    expect(reportOf("{ default: { min: 30s, delta: 1 } }", at)).toBeUndefined();
  });

  it("is not asked for where a definition has none", () => {
    expect(deviceOf(ofFields("t: { unit: Cel }", "3303/0: { value: t }")).report).toBeUndefined();
    expect(deviceOf(ofFields("t: { unit: Cel }", "3303/0: { value: t }", "report: {}")).report).toBeUndefined();
  });

  it("of one field goes before the default, key by key", () => {
    const both = {
      fields: "t: { unit: Cel }\nh: { unit: '%RH' }",
      objects: "3303/0: { value: t }\n3304/0: { value: h }",
    };
    const report = "{ default: { min: 30s, max: 15m }, t: { min: 1m, delta: 0.5 } }";
    expect(reportOf(report, "/3303/0/5700", both)).toEqual({ pmin: 60, pmax: 900, st: 0.5 });
    expect(reportOf(report, "/3304/0/5700", both)).toEqual({ pmin: 30, pmax: 900 });
    expect(reportOf("{ t: { min: 1m } }", "/3304/0/5700", both)).toBeUndefined();
  });

  it("is the same for all sensors of a kind", () => {
    const device = deviceOf(ofFields("t: { unit: Cel }", "3303/0: { value: t }", "report: { t: { min: 1s } }"));
    const at = parsePath("/3303/0/5700")!;
    expect(device.report?.(at)).toBe(device.report?.(at));
  });
});

describe("a step", () => {
  it.each<[string, string, string, number, string, number | undefined]>([
    ["in the unit of the Object", "unit: Cel", "3303/0: { value: x }", 0.1, "/3303/0/5700", 0.1],
    ["in kelvins: a difference has no zero point", "unit: K", "3303/0: { value: x }", 0.5, "/3303/0/5700", 0.5],
    ["in degrees Fahrenheit", "unit: Far", "3303/0: { value: x }", 9, "/3303/0/5700", 5],
    ["in kilowatt hours", "unit: kWh", "3331/0: { value: x }", 0.01, "/3331/0/5700", 10],
    ["in hectopascals", "unit: hPa", "3315/0: { value: x }", 0.5, "/3315/0/5700", 50],
    ["in centimetres", "unit: cm", "3330/0: { value: x }", 1, "/3330/0/5700", 0.01],
    ["in volts, where the Resource has millivolts", "unit: V", "3300/0: { value: x }", 0.1, "/3300/0/5700", 0.1],
    ["of a number without a unit", "type: number", "3300/0: { value: x }", 3, "/3300/0/5700", 3],
    ["of what is no number", "type: boolean", "3200/0: { value: x }", 1, "/3200/0/5500", undefined],
    ["of an integer", "unit: ppm", "3428/0: { 17: x, 5518: { time: true } }", 25, "/3428/0/17", 25],
  ])("%s", (_what, field, objects, delta, at, st) => {
    const found = reportOf(`{ x: { min: 1s, delta: ${delta} } }`, at, { fields: `x: { ${field} }`, objects });
    expect(found).toEqual({ pmin: 1, ...(st !== undefined && { st }) });
  });

  it("follows the field into every Resource that shows it", () => {
    const device = deviceOf(
      ofFields("x: { unit: V }", "3316/0: { value: x }", "report: { x: { delta: 0.05, max: 1h } }").replace(
        "{ 0: { const: Acme } }",
        "{ 7/0: x }",
      ),
    );
    expect(device.report?.(parsePath("/3316/0/5700")!)).toEqual({ pmax: 3600, st: 0.05 });
    expect(device.report?.(parsePath("/3/0/7/0")!)).toEqual({ pmax: 3600, st: 50 });
    expect(device.report?.(parsePath("/3/0/7")!)).toEqual({ pmax: 3600 });
  });
});

describe("a computed Resource", () => {
  const gnss = {
    fields: "hdop: { type: number }\nlat: { unit: lat }\nlon: { unit: lon }",
    objects: "6/0: { 0: lat, 1: lon, 3: { expr: hdop * 5 }, 2: { expr: lat + lon }, 5: { time: true } }",
  };

  it("comes as often as the one field that it is computed from", () => {
    expect(reportOf("{ hdop: { min: 10s, max: 1m } }", "/6/0/3", gnss)).toMatchObject({ pmin: 10, pmax: 60 });
  });

  it("comes as often as the default where several fields are in it", () => {
    expect(reportOf("{ lat: { min: 10s }, default: { min: 5s } }", "/6/0/2", gnss)).toEqual({ pmin: 5 });
    expect(reportOf("{ lat: { min: 10s } }", "/6/0/2", gnss)).toBeUndefined();
  });

  it("leaves times of measurement alone", () => {
    expect(reportOf("{ default: { min: 5s } }", "/6/0/5", gnss)).toBeUndefined();
  });
});

describe("Instances that appear", () => {
  const many = deviceOf(
    ofFields(
      "t: { unit: Cel }\ninside: { unit: Cel }",
      "3303/0: { value: inside }\n3303/*: { value: t, when: present }\n3304/0: { value: t, when: present }".replace(
        "\n3304/0: { value: t, when: present }",
        "",
      ),
      "report: { t: { min: 10s, delta: 0.2 } }",
    ),
  );
  const of = (at: string): Report | undefined => many.report?.(parsePath(at)!);

  it("have the report of their field, whatever their number", () => {
    for (const id of [1, 2, 17]) expect(of(`/3303/${id}/5700`)).toEqual({ pmin: 10, st: 0.2 });
    expect(of("/3303/1/5701")).toBeUndefined();
    expect(of("/3303/1")).toBeUndefined();
    expect(of("/")).toBeUndefined();
  });

  it("do not lend it to the Instances beside them", () => {
    expect(of("/3303/0/5700")).toBeUndefined();
  });

  it("have it before they are heard", () => {
    const present = { objects: "3303/0: { value: t, when: present }" };
    expect(reportOf("{ t: { max: 1m } }", "/3303/0/5700", present)).toEqual({ pmax: 60 });
  });
});

describe("a mistake in a report", () => {
  const said = (report: string) =>
    problemsOf(ofFields("t: { unit: Cel }", "3303/0: { value: t }", `report: ${report}`));

  it.each([
    ["a field that does not exist", "{ tt: { min: 1s } }", '14:11 no field "tt" (did you mean "t"?)'],
    ["a default that is misspelt", "{ defualt: { min: 1s } }", '14:11 no field "defualt" (did you mean "default"?)'],
    ["a maximum below the minimum", "{ t: { min: 1m, max: 30s } }", "14:11 max is shorter than min"],
    [
      "a maximum below the default minimum",
      "{ default: { min: 1m }, t: { max: 30s } }",
      "14:33 max is shorter than min",
    ],
    ["a delta of nothing", "{ t: { delta: 0 } }", "14:16 Too small: expected number to be >0"],
    ["a time that is none", "{ t: { min: soon } }", '14:16 "soon" is not a duration such as 10s, 5m, 1h'],
    ["a key that does not exist", "{ t: { mn: 1s } }", '14:16 unknown key "mn" (did you mean "min"?)'],
  ])("is named: %s", (_what, report, expected) => {
    expect(said(report)).toEqual([expected]);
  });

  it("is none where both times are the same", () => {
    expect(said("{ t: { min: 1m, max: 60s } }")).toEqual([]);
  });
});

describe("the definitions that come with Isthmus", () => {
  it("hold back little, and tell what does not change at least once an hour", () => {
    for (const device of loadDevices().library.devices())
      for (const path of device.main) {
        const { pmin = 0, pmax = 3_600 } = device.report?.(path) ?? {};
        expect([device.id, path, pmin]).toEqual([device.id, path, Math.min(pmin, 900)]);
        expect([device.id, path, pmax]).toEqual([device.id, path, Math.min(pmax, 3_600)]);
        expect(pmin).toBeLessThanOrEqual(pmax);
      }
  });

  it("of what is simulated hold nothing back", () => {
    for (const device of loadDevices().library.devices())
      if (device.id.startsWith("isthmus.")) expect([device.id, device.report]).toEqual([device.id, undefined]);
  });
});
