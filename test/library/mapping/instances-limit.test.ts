/** How many Instances a definition may have: as many as an open format has quantities, and not without end. */

import { expect, it } from "vitest";
import { deviceOf, ofFields, problemsOf } from "../../support/definitions.ts";

/** So many Generic Sensors, and the Device Object beside them. */
const withSensors = (count: number) =>
  ofFields(
    "model: {}\nlevel: {}",
    Array.from({ length: count }, (_, i) => `3300/${i}: { value: level, when: present }`).join("\n"),
  );

it("a definition has up to 128 Instances, of which a sensor shows what it was heard to have", () => {
  expect(problemsOf(withSensors(127))).toEqual([]);
  expect(deviceOf(withSensors(127)).instances).toEqual(["/3/0"]);
});

it("one with more is refused", () => {
  expect(JSON.stringify(problemsOf(withSensors(128)))).toContain("more than 128 Instances");
});
