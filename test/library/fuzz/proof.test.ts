/** Frames that carry a proof of themselves, a seal or a sum: changed in one bit, cut short or opened with another key, they say nothing. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import type { CompiledDevice } from "../../../src/library/compile.ts";
import { goldenFrame } from "../../../src/library/golden-frame.ts";
import { loadDevices } from "../../../src/library/index.ts";
import type { Frame, Payload } from "../../../src/sdk/adapter.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const devices = [...library.compiled()];
const random = new SeededRandom(29);

/** Codecs whose frames have a sum, and need no key to be read. */
const SUMMED_CODECS = new Set(["govee.h512x"]);
/** Ways of reading that hold a sum against each frame. */
const SUMMED = ["dsmr", "sml", "mbus", "vedirect", "nmea"] as const;
/** Of longer frames each byte is changed in one bit only; their last bytes, where sums stand, in all. */
const LONG = 64;
const LAST = 8;

interface Golden {
  readonly device: CompiledDevice;
  readonly frame: Frame;
  readonly key: Uint8Array | undefined;
  /** What it says, unchanged. */
  readonly says: string;
}

const isSummed = ({ frame }: CompiledDevice["definition"]) =>
  frame.packet?.check !== undefined ||
  SUMMED.some((kind) => frame[kind] !== undefined) ||
  SUMMED_CODECS.has(frame.codec ?? "");

/** What a frame says; undefined if nothing. Alone: believed for itself, as a golden frame is. */
function read(device: CompiledDevice, frame: Frame, key: Uint8Array | undefined, alone = false): string | undefined {
  const session = key && device.createSession(key);
  try {
    const readings = device.parts(frame).flatMap((part) => {
      const reading = device.decode(part, alone ? (session?.alone?.() ?? session) : session);
      return reading ? [[...reading.fields]] : [];
    });
    return readings.length === 0 ? undefined : JSON.stringify(readings);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const golden: readonly Golden[] = devices.flatMap((device) =>
  device.definition.tests.flatMap((test) => {
    const key = test.key === undefined ? undefined : fromHex(test.key);
    if (test.match === false || test.state !== undefined || test.error !== undefined) return [];
    if (!key && !isSummed(device.definition)) return [];
    const frame = goldenFrame(device.definition, test);
    const says = frame && read(device, frame, key, true);
    return frame && says !== undefined ? [{ device, frame, key, says }] : [];
  }),
);

/** Telegrams of versions before sums were thought of, and pages of lines: nothing in them proves anything. */
const proves = ({ device, frame: { payload } }: Golden) =>
  device.definition.frame.dsmr === undefined || (payload.kind === "text" && /![0-9A-F]{4}/.test(payload.text));

const sealed = golden.filter(({ key }) => key);
const summed = golden.filter((each) => !each.key && proves(each));
const named = (list: readonly Golden[]) =>
  [...new Set(list.map(({ device }) => device.id))].map(
    (id) => [id, list.filter(({ device }) => device.id === id)] as const,
  );

/** Each stretch of bytes in a payload, and the payload with others in its place. */
function stretches(payload: Payload): { bytes: Uint8Array; replace: (other: Uint8Array) => Payload }[] {
  switch (payload.kind) {
    case "advert":
      return [
        ...payload.manufacturer.map(([company, bytes], i) => ({
          bytes,
          replace: (other: Uint8Array) => ({
            ...payload,
            manufacturer: payload.manufacturer.with(i, [company, other] as const),
          }),
        })),
        ...[...payload.services].map(([uuid, bytes]) => ({
          bytes,
          replace: (other: Uint8Array) => ({ ...payload, services: new Map([...payload.services, [uuid, other]]) }),
        })),
      ];
    case "bytes":
      return [{ bytes: payload.bytes, replace: (bytes) => ({ kind: "bytes", bytes }) }];
    case "text":
      return [
        {
          bytes: Uint8Array.from(Buffer.from(payload.text, "latin1")),
          replace: (bytes) => ({ kind: "text", text: Buffer.from(bytes).toString("latin1") }),
        },
      ];
    default:
      return [];
  }
}

function* flipped(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    const all = bytes.length <= LONG || at >= bytes.length - LAST;
    for (const bit of all ? [0, 1, 2, 3, 4, 5, 6, 7] : [random.below(8)]) {
      const copy = Uint8Array.from(bytes);
      copy[at] = copy[at]! ^ (1 << bit);
      yield copy;
    }
  }
}

function* cut(bytes: Uint8Array): Iterable<Uint8Array> {
  const step = bytes.length <= LONG ? 1 : Math.ceil(bytes.length / LONG);
  for (let length = 0; length < bytes.length; length += step) yield bytes.subarray(0, length);
  for (let less = 1; less <= Math.min(LAST, bytes.length); less++) yield bytes.subarray(0, -less);
}

function* withOtherEnds(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let i = 0; i < 40; i++) {
    const copy = Uint8Array.from(bytes);
    const length = Math.min(copy.length, 1 + random.below(LAST));
    copy.set(random.bytes(length), copy.length - length);
    yield copy;
  }
}

/** What changed frames said that they should not have. What stands outside the sum may change and change nothing. */
function believed(frames: readonly Golden[], change: (bytes: Uint8Array) => Iterable<Uint8Array>): string[] {
  return frames.flatMap(({ device, frame, key, says }) =>
    stretches(frame.payload).flatMap(({ bytes, replace }) => {
      const found: string[] = [];
      for (const other of change(bytes)) {
        const said = read(device, { ...frame, payload: replace(other) }, key);
        if (said !== undefined && said !== says)
          found.push(`${device.id}, ${Buffer.from(other).toString("hex")}: ${said}`);
      }
      return found.slice(0, 3);
    }),
  );
}

describe("the library", () => {
  it("has a golden frame that opens for each definition with a key, and one that fits for each with a sum", () => {
    const tried = new Set(golden.map(({ device }) => device.id));
    const untried = devices.filter(
      ({ id, key, definition }) => (key !== undefined || isSummed(definition)) && !tried.has(id),
    );
    expect(untried.map(({ id }) => id)).toEqual([]);
    expect(named(sealed).length).toBeGreaterThanOrEqual(19);
    expect(named(summed).length).toBeGreaterThanOrEqual(15);
  });
});

describe.each([
  ["sealed", named(sealed)],
  ["with a sum", named(summed)],
] as const)("a frame %s", (_kind, each) => {
  it.each(each)("says nothing else with any bit changed: %s", (_id, frames) => {
    expect(believed(frames, flipped)).toEqual([]);
  });

  it.each(each)("says nothing else cut at any length: %s", (_id, frames) => {
    expect(believed(frames, cut)).toEqual([]);
  });
});

describe("a sealed frame", () => {
  it.each(named(sealed))("says nothing with another end: %s", (_id, frames) => {
    expect(believed(frames, withOtherEnds)).toEqual([]);
  });

  it.each(named(sealed))("says nothing under a key that differs in any bit, and names the state: %s", (_id, frames) => {
    for (const { device, frame, key = new Uint8Array() } of frames)
      for (const other of flipped(key)) {
        const session = device.createSession(other);
        const readWith = () => device.decode(frame, session);
        // What proves nothing waits for other messages, and is wrong as soon as one is absurd.
        if (session?.alone && session.state === undefined) expect(quiet(readWith)).toBeUndefined();
        else expect(readWith).toThrow(DecodeError);
        expect(["wrong-key", undefined]).toContain(session?.state);
        if (!session?.alone) expect(session?.state).toBe("wrong-key");
      }
  });
});

function quiet<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
