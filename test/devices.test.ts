/** Every golden frame of every definition in devices/. */

import { describe, expect, it } from "vitest";
import { loadDevices, testDefinitions } from "../src/library/index.ts";

const { library, problems } = loadDevices();
const results = [...testDefinitions(library)];

describe("the device library", () => {
  it("has no definition with a mistake", () => {
    expect(problems).toEqual([]);
  });

  it.each([...library.compiled()].map((device) => [device.id, device] as const))(
    "proves %s with at least three golden frames, one of them with something not available or refused",
    (_id, { definition }) => {
      expect(definition.tests.length).toBeGreaterThanOrEqual(3);
      const hard = definition.tests.some(
        ({ error, expect: wanted }) => error !== undefined || Object.values(wanted ?? {}).includes(null),
      );
      expect(hard).toBe(true);
    },
  );
});

describe("golden frames", () => {
  it.each(results.map((result) => [result.definition, result.name, result.differences] as const))(
    "%s: %s",
    (_definition, _name, differences) => {
      expect(differences).toEqual([]);
    },
  );
});
