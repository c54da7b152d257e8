/** Things that happen: presses that are counted and true for a moment, and states that become true. */

import { describe, expect, it } from "vitest";
import type { Device, Mapping } from "../../../src/library/index.ts";
import { parsePath, type Path } from "../../../src/model/path.ts";
import type { Scalar } from "../../../src/sdk/adapter.ts";
import { AT, deviceOf, frameOf, ofFields, problemsOf } from "../../support/definitions.ts";

const at = (text: string): Path => parsePath(text)!;

const BUTTON = deviceOf(
  ofFields(
    "press: { event: true }\nlevel: {}",
    `3347/0: { 5500: { pulse: "press == 'short'" }, 5501: { count: "press == 'short'" }, 5518: { time: true } }
3348/0: { 5547: { expr: "press == 'long' ? 2 : 1" } }
3300/0: { value: level }`,
  ),
);

const plain = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** What a mapping makes of named values, one update after the other. */
function hearing(device: Device, mapping: Mapping = device.createMapping()) {
  return (fields: Readonly<Record<string, Scalar>>, past?: boolean) => {
    const reading = device.decode(frameOf({ kind: "fields", fields: { model: "f", ...fields } }));
    return reading ? mapping.updates(reading, past).map(({ path, value }) => `${path} ${plain(value)}`) : [];
  };
}

describe("a press", () => {
  it("is true, then false again, and counted, in one reading", () => {
    const hear = hearing(BUTTON);
    const told = hear({ press: "short" });
    expect(told.indexOf("/3347/0/5500 true")).toBeGreaterThanOrEqual(0);
    expect(told.indexOf("/3347/0/5500 false")).toBe(told.length - 1);
    expect(told).toContain("/3347/0/5501 1");
    expect(told).toContain(`/3347/0/5518 ${Math.floor(AT.ms / 1_000)}`);
    expect(hear({ press: "short" })).toContain("/3347/0/5501 2");
  });

  it("ends a millisecond later, so that a server that was away hears of both", () => {
    const reading = BUTTON.decode(frameOf({ kind: "fields", fields: { model: "f", press: "short" } }))!;
    const pulse = BUTTON.createMapping()
      .updates(reading)
      .filter(({ path }) => path === "/3347/0/5500");
    expect(pulse.map(({ value, at: { ms } }) => [value, ms - AT.ms])).toEqual([
      [true, 0],
      [false, 1],
    ]);
  });

  it("of another kind, or a message that speaks of none, changes neither", () => {
    const hear = hearing(BUTTON);
    hear({ press: "short" });
    expect(hear({ press: "long" }).filter((each) => each.startsWith("/3347"))).toEqual([]);
    expect(hear({ level: 3 })).toContain("/3300/0/5700 3");
    expect(hear({ level: 3 }).filter((each) => each.startsWith("/3347"))).toEqual([]);
  });

  it("that was said long ago has not happened now: no pulse, no count, no state", () => {
    const device = deviceOf(
      ofFields(
        "press: { event: true }\nlevel: {}",
        "3347/0: { 5500: { pulse: 'press == 1' }, 5501: { count: 'press == 1' } }\n3348/0: { 5547: press }\n3300/0: { value: level }",
      ),
    );
    const hear = hearing(device);
    const told = hear({ press: 1, level: 4 }, true);
    expect(told).toContain("/3300/0/5700 4");
    expect(told.filter((each) => /^.33(47|48)/.test(each))).toEqual([]);
    expect(hear({ press: 1 })).toContain("/3347/0/5501 1");
    expect(hear({ press: 1 })).toContain("/3348/0/5547 1");
  });

  it("shows nothing pressed and none counted before the first, and the count is what people look at", () => {
    expect(BUTTON.createMapping().constants).toEqual(
      expect.arrayContaining([
        { path: "/3347/0/5500", value: false },
        { path: "/3347/0/5501", value: 0 },
      ]),
    );
    expect(BUTTON.main).toContain("/3347/0/5501");
    expect(BUTTON.main).not.toContain("/3347/0/5500");
    expect(BUTTON.pulses).toBe(true);
  });

  it("counts on where it stood before a restart", () => {
    const counts = new Map([[at("/3347/0/5501"), 41]]);
    const mapping = BUTTON.createMapping({ counts });
    expect(hearing(BUTTON, mapping)({ press: "short" })).toContain("/3347/0/5501 42");
    expect(mapping.counts).toBe(counts);
    expect(counts.get(at("/3347/0/5501"))).toBe(42);
  });
});

describe("a state that becomes true", () => {
  const MOTION = deviceOf(
    ofFields(
      "motion: {}\nt: { unit: Cel }",
      "3302/0: { value: motion, 5501: { count: motion } }\n3303/0: { value: t }",
    ),
  );

  it("is counted at each change from false to true, and at no other message", () => {
    const mapping = MOTION.createMapping();
    const hear = hearing(MOTION, mapping);
    for (const motion of [false, true, true, false, false, true, true]) hear({ motion });
    hear({ t: 20 });
    expect(mapping.counts).toEqual(new Map([["/3302/0/5501", 2]]));
  });

  it("is not counted when it is true from the first: nobody knows since when", () => {
    const mapping = MOTION.createMapping();
    const hear = hearing(MOTION, mapping);
    hear({ motion: true });
    expect(mapping.counts?.size).toBe(0);
    hear({ motion: false });
    hear({ motion: true });
    expect(mapping.counts?.get(at("/3302/0/5501"))).toBe(1);
  });

  it("shows its state at every message all the same", () => {
    const hear = hearing(MOTION);
    expect(hear({ motion: true })).toContain("/3302/0/5500 true");
    expect(hear({ motion: true })).toContain("/3302/0/5500 true");
  });
});

describe("buttons that are found when they are pressed", () => {
  const REMOTE = deviceOf(
    ofFields(
      "press: { event: true }\nhold: { event: true }",
      `3347/0: { 5500: { pulse: press }, 5501: { count: press }, 5750: { const: top }, when: present }
3347/1: { value: hold, 5500: { pulse: hold }, 5501: { count: hold }, when: present }`,
    ),
  );

  it("appear with their first press, with what belongs to them", () => {
    const told = hearing(REMOTE)({ press: true });
    expect(told).toContain("/3347/0/5501 1");
    expect(told).toContain("/3347/0/5750 top");
    expect(told.indexOf("/3347/0/5500 true")).toBeLessThan(told.indexOf("/3347/0/5500 false"));
    expect(told.filter((each) => each.startsWith("/3347/1"))).toEqual([]);
  });

  it("appear unpressed when they are heard of and not pressed", () => {
    const told = hearing(REMOTE)({ press: false });
    expect(told).toEqual(expect.arrayContaining(["/3347/0/5501 0", "/3347/0/5500 false"]));
    expect(told).not.toContain("/3347/0/5500 true");
  });

  it("may name a field as their value and say of its Resource themselves what it shows", () => {
    const told = hearing(REMOTE)({ hold: true });
    expect(told.filter((each) => each.startsWith("/3347/1/5500"))).toEqual(["/3347/1/5500 true", "/3347/1/5500 false"]);
  });
});

describe("devices without events", () => {
  it("have no counts, and nothing that ends", () => {
    const device = deviceOf(ofFields("t: { unit: Cel }", "3303/0: { value: t }"));
    expect(device.pulses).toBe(false);
    expect(device.createMapping().counts).toBeUndefined();
  });
});

describe("a definition of events", () => {
  const problems = (objects: string) => problemsOf(ofFields("press: { event: true }", objects));

  it("is told where a count or a pulse cannot stand", () => {
    expect(problems("3347/0: { 5500: { count: press } }")).toEqual([
      expect.stringContaining("Resource 5500 is boolean: a count is a number"),
    ]);
    expect(problems("3347/0: { 5500: { pulse: press }, 5501: { pulse: press } }")).toEqual([
      expect.stringContaining("Resource 5501 is integer: a pulse is true or false"),
    ]);
  });

  it("is told of a name that is no field", () => {
    expect(problems("3347/0: { 5500: { pulse: pres } }")).toEqual([
      expect.stringContaining('unknown name "pres" in "pres" (did you mean "press"?)'),
    ]);
  });

  it("is told of two sources for one Resource", () => {
    expect(problems("3347/0: { 5500: { pulse: press, field: press } }")).toHaveLength(1);
  });
});

describe("what a server is told by default", () => {
  it("of an event is not held back by what holds for all fields, unless it is named", () => {
    const objects = "3348/0: { 5547: press }\n3300/0: { value: level }";
    const of = (report: string) =>
      deviceOf(ofFields("press: { event: true }\nlevel: {}", objects, `report: { ${report} }`)).report;
    const all = of("default: { min: 10s, max: 1h }");
    expect(all?.(at("/3348/0/5547"))).toBeUndefined();
    expect(all?.(at("/3300/0/5700"))).toEqual({ pmin: 10, pmax: 3_600 });
    expect(of("default: { min: 10s }, press: { max: 1h }")?.(at("/3348/0/5547"))).toEqual({ pmin: 10, pmax: 3_600 });
  });
});
