/** Every golden advert of devices/, bent: whatever the bytes, a value is in its range or it is not there. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import type { CompiledDevice } from "../../../src/library/compile.ts";
import { goldenFrame } from "../../../src/library/golden-frame.ts";
import { loadDevices } from "../../../src/library/index.ts";
import type { Frame, Payload } from "../../../src/sdk/adapter.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const ROUNDS = 25;
const { library } = loadDevices();
const random = new SeededRandom(181);

type Advert = Extract<Payload, { kind: "advert" }>;
type Range = readonly [low: number, high: number];

const devices = [...library.compiled()].flatMap((device) => {
  const adverts = device.definition.tests.flatMap((test) => {
    const frame = test.match === false ? undefined : goldenFrame(device.definition, test);
    return frame?.payload.kind === "advert" ? [[frame, frame.payload] as const] : [];
  });
  return adverts.length > 0 ? [[device.id, device, adverts] as const] : [];
});

/** Ranges by name; where forms differ, what one of them allows. */
function rangesOf({ definition: { fields = {}, forms = [] } }: CompiledDevice): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const each of [fields, ...forms.map((form) => form.fields)])
    for (const [name, { range }] of Object.entries(each)) {
      const [low, high] = range ?? [-Infinity, Infinity];
      const [lowest, highest] = ranges.get(name) ?? [low, high];
      ranges.set(name, [Math.min(low, lowest), Math.max(high, highest)]);
    }
  return ranges;
}

function bent(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  switch (random.below(5)) {
    case 0:
      return copy.subarray(0, random.below(copy.length + 1));
    case 1:
      return Uint8Array.from([...copy, ...random.bytes(1 + random.below(4))]);
    case 2:
      return random.bytes(copy.length);
    default:
      for (let n = 1 + random.below(3); n > 0 && copy.length > 0; n--)
        copy[random.below(copy.length)] = random.pick([0x00, 0x7f, 0x80, 0xff, random.below(256)]);
      return copy;
  }
}

const bentAdvert = (frame: Frame, advert: Advert): Frame => ({
  ...frame,
  payload: {
    ...advert,
    manufacturer: advert.manufacturer.map(([company, bytes]) => [company, bent(bytes)] as const),
    services: new Map([...advert.services].map(([uuid, bytes]) => [uuid, bent(bytes)])),
  },
});

/** What is wrong with a reading, in words. */
function faults(device: CompiledDevice, frame: Frame, ranges: ReadonlyMap<string, Range>): string[] {
  let fields: ReturnType<CompiledDevice["decode"]>;
  try {
    fields = device.decode(frame);
  } catch (error) {
    return error instanceof DecodeError ? [] : [String(error)];
  }
  return [...(fields?.fields ?? [])].flatMap(([name, quantity]) => {
    const value = quantity?.value;
    const [low, high] = ranges.get(name) ?? ranges.get(name.replace(/_\d+$/, "")) ?? [-Infinity, Infinity];
    const wrong = typeof value === "number" && !(Number.isFinite(value) && value >= low && value <= high);
    return wrong || name.startsWith("_") ? [`${name} is ${String(value)}`] : [];
  });
}

describe("bent adverts", () => {
  it("are there for most of the library", () => {
    expect(devices.length).toBeGreaterThan(100);
  });

  it.each(devices)("of %s have values in their ranges, or none", (_id, device, adverts) => {
    const ranges = rangesOf(device);
    for (const [frame, advert] of adverts)
      for (let i = 0; i < ROUNDS; i++) expect(faults(device, bentAdvert(frame, advert), ranges)).toEqual([]);
  });
});
