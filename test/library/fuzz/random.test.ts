/** Whatever is on the air or on the wire: a frame is decoded, refused by a DecodeError, or nobody's. Never more. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { type Device, loadDevices, type Mapping } from "../../../src/library/index.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const devices = [...library.devices()];
const mappings = new Map<Device, Mapping>(devices.map((device) => [device, device.createMapping()]));
const random = new SeededRandom(11);
const ROUNDS = 10_000;

/** Takes a frame the whole way, as the device that it matches and as one that it does not. */
function survive(payload: Payload): void {
  const frame = frameOf(payload, random.pick(["", "a", "zigbee2mqtt/x", "CB:B8:33:4C:88:4F", "/dev/ttyUSB0"]));
  for (const device of [library.match(frame), random.pick(devices)]) {
    if (!device) continue;
    try {
      device.identify(frame);
      const reading = device.decode(frame);
      if (!reading) continue;
      for (const quantity of reading.fields.values())
        if (typeof quantity?.value === "number" && !Number.isFinite(quantity.value))
          throw new Error(`${device.id}: no number`);
      for (const { path, value } of mappings.get(device)?.updates(reading) ?? [])
        if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${path} is ${value}`);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}

const UUIDS = ["0000fcd2-0000-1000-8000-00805f9b34fb", "0000181a-0000-1000-8000-00805f9b34fb", "nonsense"];
const LENGTHS = [0, 1, 4, 13, 14, 15, 20, 24, 31];

function randomAdvert(): Payload {
  const bytes = () => {
    const some = random.bytes(random.below(3) === 0 ? random.below(40) : random.pick(LENGTHS));
    if (some.length > 0 && random.below(2) === 0) some[0] = random.pick([3, 5, 6, 0x40, 0x41]);
    return some;
  };
  return {
    kind: "advert",
    manufacturer: Array.from(
      { length: random.below(3) },
      () => [random.pick([0x0499, random.below(65_536)]), bytes()] as const,
    ),
    services: new Map(Array.from({ length: random.below(3) }, () => [random.pick(UUIDS), bytes()] as const)),
    serviceUuids: [random.pick(UUIDS)],
    name: random.pick(["", "ATC_8D18B2", "\u0000"]),
  };
}

const WORDS = [
  "$GP",
  "RMC",
  "GGA",
  "GLL",
  "ZDA",
  ",",
  ",,",
  ",A",
  ",N",
  "4717.11",
  "123519",
  "*",
  "00",
  "T1,",
  "-",
  ".",
  "9e9",
  "\r",
  "é",
  "1",
];

function checksummed(text: string): string {
  let sum = 0;
  for (const char of text.slice(1)) sum ^= char.charCodeAt(0);
  return `${text}*${(sum & 0xff).toString(16).padStart(2, "0")}`;
}

function randomLine(): Payload {
  const text = Array.from({ length: random.below(16) }, () => random.pick(WORDS)).join("");
  const sentence = `$GP${random.pick(["RMC", "GGA", "GLL", "GSA", "VTG", "ZDA"])},${text}`;
  return { kind: "text", text: random.below(2) === 0 ? text : checksummed(sentence) };
}

function randomJson(depth = 0): unknown {
  const leaf = random.below(depth > 3 ? 6 : 9);
  if (leaf < 6) return random.pick([null, true, "ON", "", "21.5", -1e308, 1e308, 0, 21.5, "F"]);
  if (leaf === 6) return Array.from({ length: random.below(4) }, () => randomJson(depth + 1));
  const keys = [
    "temperature",
    "state",
    "power",
    "T",
    "Temperature",
    "TempUnit",
    "StatusSNS",
    "ENERGY",
    "Power",
    "__proto__",
    "constructor",
    "energy",
  ];
  return Object.fromEntries(Array.from({ length: random.below(6) }, () => [random.pick(keys), randomJson(depth + 1)]));
}

function randomMessage(): Payload {
  const topic = random.pick(["zigbee2mqtt/x", "tele/x/SENSOR", "x/tele/SENSOR", "stat/x/STATUS8", "", "/", "a/#"]);
  const text = random.below(8) === 0 ? "{".repeat(random.below(50)) : JSON.stringify(randomJson());
  return { kind: "message", topic, body: random.below(16) === 0 ? random.bytes(20) : new TextEncoder().encode(text) };
}

function randomFields(): Payload {
  const keys = ["model", "temperature", "humidity", "state", "value", "latitude", "power", "__proto__"];
  const values = [
    "climate",
    "meter",
    "relay",
    "gnss",
    "value",
    "",
    1,
    -1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    "5",
  ];
  const fields = Object.fromEntries(
    Array.from({ length: 1 + random.below(6) }, () => [random.pick(keys), random.pick(values)]),
  );
  return { kind: "fields", fields };
}

describe("the library survives", () => {
  it.each([
    ["adverts", randomAdvert],
    ["lines", randomLine],
    ["messages", randomMessage],
    ["named values", randomFields],
    ["bytes", (): Payload => ({ kind: "bytes", bytes: random.bytes(random.below(40)) })],
    [
      "registers",
      (): Payload => ({ kind: "registers", values: new Map([["4:0x0000", random.bytes(random.below(6))]]) }),
    ],
  ] as const)(
    "10 000 random %s",
    (_kind, make) => {
      for (let i = 0; i < ROUNDS; i++) survive(make());
    },
    60_000,
  );

  it("a million addresses without remembering one", () => {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 1_000_000; i++)
      library.match(
        frameOf(
          { kind: "advert", manufacturer: [[i & 0xffff, NOTHING]], services: new Map(), serviceUuids: [] },
          String(i),
        ),
      );
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64_000_000);
  }, 60_000);
});

const NOTHING = new Uint8Array(0);
