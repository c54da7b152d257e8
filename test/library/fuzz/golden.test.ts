/** Golden frames that are nearly right: what is read of them is a value that can be, or nothing. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import type { CompiledDevice } from "../../../src/library/compile.ts";
import { goldenFrame } from "../../../src/library/golden-frame.ts";
import { loadDevices } from "../../../src/library/index.ts";
import type { Quantity, Reading } from "../../../src/library/index.ts";
import type { Frame, Payload } from "../../../src/sdk/adapter.ts";
import { mutate } from "../../support/mutate.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

/** ISTHMUS_LIBRARY_FUZZ=1000000 in the environment looks harder than every run can. */
const FRAMES = Number(process.env["ISTHMUS_LIBRARY_FUZZ"] ?? 40_000);
const TIMEOUT_MS = 60_000 + FRAMES;

const { library } = loadDevices();
const devices = [...library.compiled()];
const random = new SeededRandom(23);

interface Golden {
  readonly device: CompiledDevice;
  readonly frame: Frame;
  readonly key: Uint8Array | undefined;
}

const golden: readonly Golden[] = devices.flatMap((device) =>
  device.definition.tests.flatMap((test) => {
    const frame = goldenFrame(device.definition, test);
    return frame ? [{ device, frame, key: test.key === undefined ? undefined : fromHex(test.key) }] : [];
  }),
);

function mutated(payload: Payload): Payload {
  const bytes = (each: Uint8Array) => (random.below(4) === 0 ? each : mutate(each, random));
  switch (payload.kind) {
    case "advert":
      return {
        ...payload,
        manufacturer: payload.manufacturer.map(([company, data]) => [company, bytes(data)] as const),
        services: new Map([...payload.services].map(([uuid, data]) => [uuid, bytes(data)])),
      };
    case "bytes":
      return { kind: "bytes", bytes: bytes(payload.bytes) };
    case "text":
      return { kind: "text", text: Buffer.from(bytes(Buffer.from(payload.text))).toString("latin1") };
    case "message":
      return { ...payload, body: random.below(2) === 0 ? bytes(payload.body) : otherJson(payload.body) };
    case "registers":
      return { kind: "registers", values: new Map([...payload.values].map(([key, data]) => [key, bytes(data)])) };
    default:
      return {
        kind: "fields",
        fields: Object.fromEntries(Object.entries(payload.fields).map(([k, v]) => [k, leaf(v)])),
      };
  }
}

const NASTY = [-1e308, 1e308, -1, 65_536, 1e-9, "", "NaN", "-0", "x".repeat(300), true, false, "21.5", 0];
const leaf = <T>(value: T) => (random.below(3) === 0 ? random.pick(NASTY) : value);

function otherJson(body: Uint8Array): Uint8Array {
  const nasty: readonly unknown[] = [...NASTY, null, [], {}, [[{}]], { __proto__: null, constructor: 1 }];
  try {
    const text = JSON.stringify(JSON.parse(Buffer.from(body).toString()), (_key, value: unknown) =>
      random.below(5) === 0 ? random.pick(nasty) : value,
    );
    return Buffer.from(text);
  } catch {
    return mutate(body, random);
  }
}

/** What a reading must never hold. */
function wrong(device: CompiledDevice, { fields, sequence, at }: Reading): string[] {
  const specs = { ...device.definition.fields };
  for (const form of device.definition.forms ?? []) Object.assign(specs, form.fields);
  const found = [...fields].flatMap(([name, quantity]) => wrongValue(name, quantity, specs[name]?.range));
  if (sequence !== undefined && !Number.isFinite(sequence)) found.push("a sequence that is no number");
  if (!Number.isFinite(at.ms)) found.push("a time that is none");
  if (fields.size > 512) found.push(`${fields.size} fields`);
  return found.map((each) => `${device.id}: ${each}`);
}

function wrongValue(name: string, quantity: Quantity | undefined, range: readonly number[] | undefined): string[] {
  if (!quantity) return [];
  const { value, unit } = quantity;
  const [low = -Infinity, high = Infinity] = range ?? [];
  if (typeof value === "string") return value.length > 65_536 ? [`${name} of ${value.length} characters`] : [];
  if (typeof value === "boolean") return unit === undefined ? [] : [`${name} is ${String(value)} ${unit}`];
  return Number.isFinite(value) && value >= low && value <= high ? [] : [`${name} is ${value}`];
}

/** The whole way of a frame; whatever ends it otherwise than by a DecodeError ends the test. */
function take(device: CompiledDevice, frame: Frame, key: Uint8Array | undefined): string[] {
  try {
    const session = key && device.key?.lengths.includes(key.length) ? device.createSession(key) : undefined;
    device.identify(frame);
    return device.parts(frame).flatMap((part) => {
      const reading = device.decode(part, session);
      if (reading) device.createMapping().updates(reading);
      return reading ? wrong(device, reading) : [];
    });
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

/** Asking vitest takes longer than decoding does. */
function none(found: readonly string[]): void {
  if (found.length > 0) expect(found).toEqual([]);
}

const byId = new Map(devices.map((device) => [device.id, device]));

describe("golden frames with some of their bytes changed", () => {
  it(
    `never give a value that cannot be (${FRAMES} frames)`,
    () => {
      expect(golden.length).toBeGreaterThan(100);
      for (let i = 0; i < FRAMES; i++) {
        const { device, frame, key } = random.pick(golden);
        const changed = { ...frame, payload: mutated(frame.payload) };
        const matched = library.match(changed);
        none(take(device, changed, key));
        const other = byId.get(matched?.id ?? "");
        if (other && other !== device) none(take(other, changed, key));
      }
    },
    TIMEOUT_MS,
  );

  it("never give a value to a device of another kind", () => {
    for (let i = 0; i < FRAMES / 4; i++) {
      const { frame, key } = random.pick(golden);
      none(take(random.pick(devices), frame, key));
    }
  }, 60_000);
});

describe("payloads made to take long", () => {
  const bomb = (byte: number, length: number) => new Uint8Array(length).fill(byte);
  const bytes = [bomb(0, 65_535), bomb(1, 65_535), bomb(0xff, 65_535), bomb(0x1b, 65_535)];
  const texts = [
    "{".repeat(60_000),
    `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`,
    "[".repeat(65_000),
    "1,".repeat(500_000),
  ];
  const payloads: readonly Payload[] = [
    ...bytes.map((each): Payload => ({ kind: "bytes", bytes: each })),
    ...texts.flatMap((text): Payload[] => [
      { kind: "text", text },
      { kind: "message", topic: "a/b", body: Buffer.from(text) },
    ]),
    { kind: "text", text: `/ABC5\r\n\r\n${"1-0:1.8.1(000001.000*kWh)\r\n".repeat(20_000)}!0000` },
    { kind: "text", text: `$GPRMC${",".repeat(100_000)}*00` },
  ];

  it.each(payloads.map((payload, i) => [i, payload.kind, payload] as const))(
    "end soon, whichever device they are taken for: %i, %s",
    (_i, _kind, payload) => {
      const frame = { source: "a/b", at: { ms: 0, trusted: false }, payload };
      const began = performance.now();
      library.match(frame);
      for (const device of devices) none(take(device, frame, undefined));
      expect((performance.now() - began) / devices.length).toBeLessThan(20);
    },
    20_000,
  );
});
