/** Published telegrams of serial.json, by protocol, and broken ones made of them. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { loadDevices } from "../../../src/library/index.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

export interface Vector {
  readonly protocol: string;
  readonly source?: string;
  readonly frame_hex?: string;
  readonly telegram?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, unknown>>;
}

const file = JSON.parse(readFileSync(new URL("../../vectors/serial.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly Vector[];
};

export const vectorsOf = (protocol: string): readonly Vector[] =>
  file.vectors.filter((vector) => vector.protocol.startsWith(protocol));

export const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** The sound telegrams among the golden frames of a definition. */
export function goldenTexts(id: string): readonly Uint8Array[] {
  const found = [...loadDevices().library.compiled()].find((device) => device.id === id);
  const sound = found?.definition.tests.filter(({ match, error }) => match !== false && error === undefined) ?? [];
  return sound.flatMap(({ text }) => (text === undefined ? [] : [latin1(text)]));
}

/** Every cut and every flipped bit of a sound frame, and bytes of no meaning, may only end in DecodeError; flips must. */
export function refusesAllButWhole(parse: (bytes: Uint8Array) => unknown, sound: Uint8Array): void {
  for (let length = 0; length < sound.length; length++)
    expect(() => parse(sound.subarray(0, length)), `cut at ${length}`).toThrow(DecodeError);
  for (let bit = 0; bit < sound.length * 8; bit += 3) {
    const broken = Uint8Array.from(sound);
    broken[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => parse(broken), `bit ${bit}`).toThrow(DecodeError);
  }
}

/** Bytes of no meaning, some of which begin as a frame would. */
export function survives(parse: (bytes: Uint8Array) => unknown, beginning: Uint8Array, rounds = 3_000): void {
  const random = new SeededRandom(7);
  for (let i = 0; i < rounds; i++) {
    const bytes = random.bytes(1 + (i % 200));
    if (i % 2 === 0) bytes.set(beginning.subarray(0, Math.min(beginning.length, bytes.length)));
    try {
      parse(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
}
