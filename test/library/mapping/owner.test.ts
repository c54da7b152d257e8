/** What one sensor's owner knows better: corrections, other report figures; and counters that are not believed to fall. */

import { describe, expect, it } from "vitest";
import { Calibration } from "../../../src/library/mapping/calibration.ts";
import type { Device, Mapping, MappingOptions } from "../../../src/library/index.ts";
import { parsePath } from "../../../src/model/path.ts";
import type { Scalar } from "../../../src/sdk/adapter.ts";
import { deviceOf, frameOf, message, ofFields } from "../../support/definitions.ts";

function hearing(device: Device, mapping: Mapping) {
  return (fields: Readonly<Record<string, Scalar>>) => {
    const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", ...fields } }));
    return Object.fromEntries((reading ? mapping.updates(reading) : []).map(({ path, value }) => [path, value]));
  };
}

describe("a counter that never falls", () => {
  const METER = deviceOf(
    ofFields(
      "energy: { unit: Wh, monotonic: true }\np: { unit: W }",
      "3331/0: { value: energy }\n3328/0: { value: p }",
    ),
  );
  const heard = (values: readonly number[]) => {
    const hear = hearing(METER, METER.createMapping());
    return values.map((energy) => hear({ energy })["/3331/0/5700"]);
  };

  it("is shown as it rises, and as it stands", () => {
    expect(heard([10, 10, 11, 500])).toEqual([10, 10, 11, 500]);
  });

  it("is held back when it falls, until two more messages do not fall again", () => {
    expect(heard([100, 3, 3, 4, 5])).toEqual([100, undefined, undefined, 4, 5]);
  });

  it("is held back for longer while it goes on falling", () => {
    expect(heard([100, 9, 8, 7, 7, 7])).toEqual([100, undefined, undefined, undefined, undefined, 7]);
  });

  it("goes on as if nothing had been said after one that was garbled", () => {
    expect(heard([100, 0, 101, 102, 0, 0, 103])).toEqual([100, undefined, 101, 102, undefined, undefined, 103]);
  });

  it("is marked as rejected while it is held back, and accepted when it is believed", () => {
    const hear = hearing(METER, METER.createMapping());
    hear({ energy: 100 });
    expect(hear({ energy: 3 })).toEqual({ "/3331/0/6042": 1 });
    expect(hear({ energy: 3, p: 5 })).toMatchObject({ "/3328/0/5700": 5 });
    expect(hear({ energy: 3 })).toMatchObject({ "/3331/0/5700": 3, "/3331/0/6042": 4 });
  });

  it("is doubted by the name under which it was heard, one probe apart from the other", () => {
    const definition = ofFields(
      "energy: { json: '$.*.kwh', unit: Wh, monotonic: true }",
      "3331/*: { value: energy, when: present }",
    )
      .replace("fields: { model: f }", 'mqtt: { topic: "m/+id" }')
      .replace("frame:    { fields: true }", "frame:    { json: true }")
      .replace("fields: { model: f } }]", "topic: m/1, json: { a: { kwh: 1 } } }]");
    const device = deviceOf(definition);
    const mapping = device.createMapping();
    const hear = (body: unknown) => {
      const reading = device.decode(frameOf(message("m/1", body)));
      return (reading ? mapping.updates(reading) : []).flatMap(({ path, value }) =>
        path.endsWith("5700") ? [value] : [],
      );
    };
    expect(hear({ a: { kwh: 10 }, b: { kwh: 50 } })).toEqual([10, 50]);
    expect(hear({ a: { kwh: 11 }, b: { kwh: 2 } })).toEqual([11]);
  });

  it("begins anywhere: the first value is believed", () => {
    expect(heard([-5, -4])).toEqual([-5, -4]);
  });
});

describe("a correction", () => {
  const CLIMATE = deviceOf(ofFields("t: { unit: Cel, range: [-40, 85] }\nname: {}", "3303/0: { value: t }"));
  const with_ = (corrections: MappingOptions["corrections"]) =>
    hearing(CLIMATE, CLIMATE.createMapping(corrections ? { corrections } : {}));

  it("is scaled and moved in the field's own unit, before minimum and maximum", () => {
    const hear = with_(new Map([["t", { scale: 1.02, offset: -0.3 }]]));
    expect(hear({ t: 20 })).toMatchObject({ "/3303/0/5700": 20.1, "/3303/0/5601": 20.1, "/3303/0/5602": 20.1 });
    expect(hear({ t: 21.5 })).toMatchObject({ "/3303/0/5700": 21.63 });
  });

  it("comes after the range of the definition, which speaks of what the device says", () => {
    const hear = with_(new Map([["t", { offset: 10 }]]));
    expect(hear({ t: 80 })["/3303/0/5700"]).toBe(90);
    expect(hear({ t: 86 })["/3303/0/5700"]).toBeUndefined();
  });

  it("leaves other sensors of the kind alone, and what is no number", () => {
    with_(new Map([["t", { offset: 10 }]]))({ t: 1 });
    expect(with_(undefined)({ t: 1 })["/3303/0/5700"]).toBe(1);
    expect(with_(new Map([["name", { offset: 10 }]]))({ t: 1, name: "x" })["/3303/0/5700"]).toBe(1);
  });

  it("never makes a value of nothing, nor one that is no number", () => {
    const hear = with_(new Map([["t", { scale: 1e308, offset: 0 }]]));
    expect(hear({ t: 85 })["/3303/0/5700"]).toBeUndefined();
    const reading = { at: { ms: 0, trusted: true }, fields: new Map([["t", { value: 85, unit: "Cel" }]]) };
    const corrected = new Calibration(new Map([["t", { scale: 1e308 }]])).corrected(reading);
    expect([...corrected.fields]).toEqual([["t", undefined]]);
  });
});

describe("report figures of one sensor", () => {
  const device = deviceOf(
    ofFields(
      "t: { unit: Cel }\nh: { unit: '%RH' }",
      "3303/0: { value: t }\n3304/0: { value: h }",
      "report: { t: { min: 10s, max: 1h, delta: 0.2 } }",
    ),
  );
  const T = parsePath("/3303/0/5700")!;
  const H = parsePath("/3304/0/5700")!;

  it("go before those of the definition, one by one", () => {
    const report = device.reportWith({ t: { delta: 0.5 }, h: { delta: 3 } });
    expect(report?.(T)).toEqual({ pmin: 10, pmax: 3_600, st: 0.5 });
    expect(report?.(H)).toEqual({ st: 3 });
  });

  it("leave the definition as it is", () => {
    device.reportWith({ t: { delta: 5 } });
    expect(device.report?.(T)).toEqual({ pmin: 10, pmax: 3_600, st: 0.2 });
    expect(device.report?.(H)).toBeUndefined();
  });
});
