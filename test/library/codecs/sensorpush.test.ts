/** SensorPush: numbers in a base of their own, and the first model's raw values. Frames: Bluetooth-Devices/sensorpush-ble. */

import { describe, expect, it } from "vitest";
import { DecodeError, fromHex } from "../../../src/base/bytes.ts";
import { loadDevices } from "../../../src/library/index.ts";
import { frameOf } from "../../support/definitions.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const { library } = loadDevices();
const V2 = "ef090000-11d6-42ba-93b8-9dd7ec090ab0";
const V1 = "ef090000-11d6-42ba-93b8-9dd7ec090aa9";

/** An advert with these sections, each the company identifier and then its data. */
function heard(sections: readonly (readonly [number, string])[], service = V2) {
  const manufacturer = sections.map(([company, hex]) => [company, fromHex(hex)] as const);
  return frameOf({ kind: "advert", manufacturer, services: new Map(), serviceUuids: [service] });
}

function read(frame: ReturnType<typeof heard>) {
  const device = library.match(frame);
  const fields = [...(device?.decode(frame)?.fields ?? [])];
  return [
    device?.id,
    Object.fromEntries(fields.map(([name, quantity]) => [name, quantity?.value ?? null] as const)),
  ] as const;
}

describe("SensorPush", () => {
  it.each([
    [39_428, "C9A546", "sensorpush.ht-w", { temperature: 20.53, humidity: 44.895 }],
    [29_956, "536446", "sensorpush.ht-w", { temperature: 20.48, humidity: 44.7325 }],
    [63_752, "0D0000", "sensorpush.tc-x", { temperature: 23.5625 }],
    [8, "000000", "sensorpush.tc-x", { temperature: -200 }],
  ])("packs its values into one number: %i %s", (company, hex, id, expected) => {
    expect(read(heard([[company, hex]]))).toEqual([id, expected]);
  });

  it("has raw values in its first model", () => {
    expect(read(heard([[18_484, "6205"]], V1))).toEqual(["sensorpush.ht1", { temperature: 13.94, humidity: 58.09 }]);
    expect(read(heard([[0, "0004"]], V1))).toEqual(["sensorpush.ht1", { temperature: -46.85, humidity: 0 }]);
    expect(read(heard([[0xffff, "FF07"]], V1))).toEqual(["sensorpush.ht1", { temperature: 128.86, humidity: 100 }]);
  });

  it("is newest in the last section of its kind; other pages are passed over", () => {
    const sections = [
      [29_956, "536446"],
      [39_428, "C9A546"],
      [17_667, "AD00010000"],
    ] as const;
    expect(read(heard(sections))).toEqual(["sensorpush.ht-w", { temperature: 20.53, humidity: 44.895 }]);
  });

  it("is refused where its digits cannot make the number, or are missing", () => {
    expect(() => read(heard([[0xff04, "FFFFFF"]]))).toThrow("cannot make");
    expect(() => read(heard([[0x0004, ""]]))).toThrow("without values");
  });

  it("gives only values that its kind can say, on 20,000 random messages", () => {
    const random = new SeededRandom(13);
    const most = { temperature: [-200, 1800], humidity: [0, 100], pressure: [30_000, 125_000] } as const;
    for (let i = 0; i < 20_000; i++) {
      const company = (random.below(256) << 8) | (random.below(3) << 2);
      const frame = frameOf({
        kind: "advert",
        manufacturer: [[company, random.bytes(random.below(8))]],
        services: new Map(),
        serviceUuids: [V2],
      });
      try {
        for (const [name, quantity] of library.match(frame)?.decode(frame)?.fields ?? []) {
          const [low, high] =
            name === "temperature" ? most.temperature : name === "humidity" ? most.humidity : most.pressure;
          if (typeof quantity?.value !== "number") continue;
          expect(quantity.value).toBeGreaterThanOrEqual(low);
          expect(quantity.value).toBeLessThanOrEqual(high);
        }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  });
});
