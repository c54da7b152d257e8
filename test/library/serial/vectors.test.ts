/** Every published frame of serial.json, recognised by the library and read as published. */

import { describe, expect, it } from "vitest";
import { type Decoded, decodeLine } from "../../../src/cli/decode.ts";
import { loadDevices } from "../../../src/library/index.ts";
import { differences, type Expected } from "../../support/vector-check.ts";
import { type Vector, vectorsOf } from "./telegrams.ts";

const { library } = loadDevices();

/** As an adapter would have sent it: telegrams of text as text. */
function decode({ protocol, frame_hex = "", telegram }: Vector): Decoded {
  const text = telegram ?? Buffer.from(frame_hex, "hex").toString("latin1");
  const isText = telegram !== undefined || protocol.startsWith("VE.Direct");
  return decodeLine(
    library,
    JSON.stringify(isText ? { kind: "text", source: "bus", text } : { kind: "bytes", source: "bus", hex: frame_hex }),
  );
}

/** Names of ours that say more than those of the vectors. */
const OURS: Readonly<Record<string, string>> = {
  battery_voltage_volt: "voltage_volt",
  battery_current_ampere: "current_ampere",
};

const DEFINITIONS: readonly (readonly [protocol: string, at: number, definition: string])[] = [
  ["SDS011", 0, "nova.sds011"],
  ["MH-Z19", 0, "winsen.mh-z19"],
  ["PMSx003", 0, "plantower.pms5003"],
  ["SPS30", 0, "sensirion.sps30"],
  ["VE.Direct", 0, "vedirect.bmv"],
  ["VE.Direct", 1, "vedirect.mppt"],
];

describe("published frames", () => {
  it.each(DEFINITIONS)("of %s, number %d, are read by %s", (protocol, at, definition) => {
    const vector = vectorsOf(protocol)[at];
    const decoded = decode(vector!);
    const expected = Object.fromEntries(
      Object.entries(vector!.expected as Expected).map(([name, value]) => [OURS[name] ?? name, value]),
    );
    expect([decoded.definition, decoded.error]).toEqual([definition, undefined]);
    expect(differences(decoded, expected)).toEqual([]);
  });

  it("of DSMR are read by the definition of P1", () => {
    const decoded = decode(vectorsOf("DSMR")[0]!);
    expect(decoded.definition).toBe("dsmr.p1");
    expect(decoded.readings["energy_import_tariff_1"]).toEqual({ value: 1581.123, unit: "kWh" });
    expect(decoded.readings["power_import"]).toEqual({ value: 2027, unit: "W" });
    expect(decoded.readings["gas"]).toEqual({ value: 981.443, unit: "m3" });
  });

  it("of SML are read by the definition of meters", () => {
    const [emh, iskra] = vectorsOf("SML").map(decode);
    expect([emh?.definition, iskra?.definition]).toEqual(["sml.meter", "sml.meter"]);
    expect(emh?.readings["energy_import"]).toEqual({ value: 428.8964, unit: "kWh" });
    expect(iskra?.readings["power"]).toEqual({ value: 168, unit: "W" });
  });

  it("of M-Bus are read by the definition of water meters, and named after their number", () => {
    const decoded = decode(vectorsOf("M-Bus")[0]!);
    expect(decoded.definition).toBe("mbus.water-meter");
    expect(decoded.readings["volume"]).toEqual({ value: 0.031, unit: "m3" });
    expect(decoded.identity).toBe("mbus-acw-09011523");
  });
});
