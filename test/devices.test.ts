/** Every definition of devices/: what each of them has to have, its golden frames, and that none takes another's. */

import { describe, expect, it } from "vitest";
import type { CompiledDevice } from "../src/library/compile.ts";
import { goldenFrame } from "../src/library/golden-frame.ts";
import { coverageOf, devicesFolder, loadDevices, readDefinitions, testDefinitions } from "../src/library/index.ts";

const { library, problems } = loadDevices();
const devices = [...library.compiled()];
const results = [...testDefinitions(library)];
const texts = new Map(readDefinitions(devicesFolder).map(({ text }) => [/^id:\s*(\S+)/m.exec(text)?.[1], text]));

/** What nobody sells has no description elsewhere. */
const isOurs = ({ id }: CompiledDevice) => id.startsWith("isthmus.");
/** These know themselves what can be: a latitude ends at 90 degrees. */
const BOUNDED = /^nmea\./;

/** What a definition lacks, in words. */
function lacks(device: CompiledDevice): string[] {
  const { definition } = device;
  const { tests, match, link, proof, alive, fields = {}, forms = [] } = definition;
  const all = [fields, ...forms.map((form) => form.fields)].flatMap((each) => Object.entries(each));
  const doubtful = all.filter(([, { invalid }]) => invalid !== undefined);
  const expected = tests.flatMap(({ expect: wanted = {} }) => Object.entries(wanted));
  const boundless = all.filter(
    ([name, { unit, range, type = "", map }]) =>
      !name.startsWith("_") && unit !== undefined && range === undefined && map === undefined && !BOUNDED.test(type),
  );
  const missing = coverageOf(device).missing;
  const rules: readonly (readonly [ok: boolean, lack: string])[] = [
    [texts.get(device.id)?.startsWith("# ") === true, "a comment at its beginning: what it is, where it is described"],
    [link !== undefined || isOurs(device), "link: where the format is described"],
    [proof !== undefined || isOurs(device), "proof: whether its golden frames were recorded, published or computed"],
    [tests.length >= 4, "four golden frames"],
    [match === undefined || tests.some((test) => test.match === false), "a golden frame with match: false"],
    [alive.told === undefined || tests.some((test) => test.told === "gone"), "a golden frame with told: gone"],
    [
      doubtful.length === 0 || expected.some(([, value]) => value === null),
      `a golden frame in which ${doubtful[0]?.[0] ?? ""} is not available`,
    ],
    [missing.length === 0, `golden frames that give a value to ${missing.join(", ")}`],
    [boundless.length === 0, `a range for ${boundless.map(([name]) => name).join(", ")}`],
  ];
  return rules.filter(([ok]) => !ok).map(([, lack]) => lack);
}

/** Definitions that claim a frame as much as the best of them does. */
function claimants(frame: NonNullable<ReturnType<typeof goldenFrame>>): string[] {
  const claims = devices.map((device) => [device.id, device.match(frame)] as const);
  const most = Math.max(...claims.map(([, score]) => score));
  return most === 0 ? [] : claims.filter(([, score]) => score === most).map(([id]) => id);
}

describe("the device library", () => {
  it("has no definition with a mistake", () => {
    expect(problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)).toEqual([]);
  });

  it.each(devices.map((device) => [device.id, device] as const))("%s lacks nothing", (_id, device) => {
    expect(lacks(device)).toEqual([]);
  });

  it("names no other definition that is not there", () => {
    for (const { id, insteadOf } of devices)
      for (const other of insteadOf) expect(library.get(other), `${id} is instead of ${other}`).toBeDefined();
  });
});

describe("golden frames", () => {
  it.each(results.map((result) => [result.definition, result.name, result.differences] as const))(
    "%s: %s",
    (_definition, _name, differences) => {
      expect(differences).toEqual([]);
    },
  );

  it("are claimed by one definition more than by any other", () => {
    const torn = devices.flatMap(({ definition }) =>
      definition.tests.flatMap((test) => {
        const frame = goldenFrame(definition, test);
        const claiming = frame ? claimants(frame) : [];
        return claiming.length > 1 ? [`${definition.id}, ${test.name}: ${claiming.join(" and ")}`] : [];
      }),
    );
    expect(torn).toEqual([]);
  });
});
