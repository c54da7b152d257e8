/** Recorded frames: what is written is read again, byte for byte, and nothing else passes for a frame. */

import { describe, expect, it } from "vitest";
import { readRecordedLine } from "../../src/adapters/index.ts";
import { recordLine } from "../../src/sdk/recording.ts";
import { DecodeError } from "../../src/base/bytes.ts";
import type { Frame, Payload } from "../../src/sdk/adapter.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const AT = { ms: 1_780_000_000_123, trusted: true };
const PAYLOADS: readonly Payload[] = [
  { kind: "advert", manufacturer: [], services: new Map(), serviceUuids: [] },
  {
    kind: "advert",
    name: "Tür \u0007 \u2028",
    manufacturer: [
      [0x0001, new Uint8Array(0)],
      [0xffff, Uint8Array.of(0, 255)],
      [0x0001, Uint8Array.of(1)],
    ],
    services: new Map([["0000fcd2-0000-1000-8000-00805f9b34fb", Uint8Array.of(0x40)]]),
    serviceUuids: ["0000181a-0000-1000-8000-00805f9b34fb"],
  },
  { kind: "bytes", bytes: Uint8Array.of(0, 10, 13, 255) },
  { kind: "text", text: '$GPGGA,"quoted"\\,\n' },
  { kind: "message", topic: "tele/plug/SENSOR", body: new TextEncoder().encode("{}") },
  { kind: "message", topic: "t", body: new Uint8Array(0), retained: true },
  { kind: "registers", values: new Map([["4:0x0000", Uint8Array.of(0x43, 0x66)]]) },
  { kind: "registers", values: new Map([["4:0x0000", Uint8Array.of(0x43, 0x66)]]), device: "eastron.sdm120" },
  { kind: "fields", fields: { a: 1.5, b: "x", c: true } },
];

describe("a recorded frame", () => {
  it.each(PAYLOADS)("is one line, and comes back as it was: $kind", (payload) => {
    for (const rest of [{}, { rssi: -67 }]) {
      const frame: Frame = { source: "CB:B8:33:4C:88:4F", at: AT, payload, ...rest };
      const line = recordLine(frame);
      expect(line).not.toMatch(/[\n\r]/);
      expect(readRecordedLine(line)).toEqual(frame);
    }
  });

  it.each([
    ["", /no JSON/],
    ["{", /no JSON/],
    ["null", /./],
    ["[]", /./],
    ['{"at":1,"source":"a"}', /payload/],
    ['{"at":1,"source":"","payload":{"kind":"text","text":""}}', /source/],
    ['{"at":"now","source":"a","payload":{"kind":"text","text":""}}', /at/],
    ['{"at":1,"source":"a","payload":{"kind":"hologram"}}', /payload/],
    ['{"at":1,"source":"a","payload":{"kind":"bytes","hex":"0"}}', /hex/],
    ['{"at":1,"source":"a","payload":{"kind":"bytes","hex":"zz"}}', /hex/],
    ['{"at":1,"source":"a","payload":{"kind":"text","text":"x","more":1}}', /more|payload/],
    ['{"at":1,"source":"a","extra":1,"payload":{"kind":"text","text":"x"}}', /extra/],
    ['{"at":1,"source":"a","payload":{"kind":"advert","manufacturer":[["499",""]]}}', /manufacturer/],
  ])("is not %s", (line, words) => {
    expect(() => readRecordedLine(line)).toThrow(DecodeError);
    expect(() => readRecordedLine(line)).toThrow(words);
  });

  it("is nothing but a frame or a DecodeError, wherever its line is cut or changed", () => {
    const random = new SeededRandom(14);
    for (let i = 0; i < 5_000; i++) {
      const line = recordLine({ source: "a", at: AT, payload: random.pick(PAYLOADS) });
      const at = random.below(line.length);
      const broken = random.below(2)
        ? line.slice(0, at)
        : line.slice(0, at) + random.pick(["{", "}", "[", "]", "0", ":", ",", "x"]) + line.slice(at + 1);
      try {
        expect(readRecordedLine(broken).source).not.toBe("");
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
