/** Characteristics of the Bluetooth SIG in adverts, by the published examples of each (origin: test/vectors). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeLine } from "../../../src/cli/decode.ts";
import { loadDevices } from "../../../src/library/index.ts";
import { differences } from "../../support/vector-check.ts";

interface Characteristic {
  readonly uuid: string;
  readonly name: string;
  readonly field: string;
  readonly not_available: string | null;
  readonly examples: readonly { readonly value_hex: string; readonly expected: number | null }[];
}

const { library } = loadDevices();
const file = new URL("../../vectors/gatt-characteristics.json", import.meta.url);
const { characteristics } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly characteristics: readonly Characteristic[];
};

const decode = (uuid: string, hex: string) =>
  decodeLine(library, JSON.stringify({ kind: "advert", address: "AA:BB:CC:DD:EE:FF", service_data: { [uuid]: hex } }));

describe("a characteristic in an advert", () => {
  it.each(characteristics.map((each) => [each.name, each] as const))("%s", (_name, { uuid, field, examples }) => {
    for (const { value_hex, expected } of examples) {
      const decoded = decode(uuid, value_hex);
      expect(decoded.definition).toBe("sig.environmental");
      const named = field === "irradiance_w_m2" ? { irradiance: expected } : { [field]: expected };
      expect(differences(decoded, named)).toEqual([]);
    }
  });

  it("that is not available is never a number", () => {
    for (const { uuid, not_available } of characteristics) {
      if (not_available === null) continue;
      const little = (not_available.match(/../g) ?? []).toReversed().join("");
      const { readings } = decode(uuid, little);
      expect(Object.values(readings)).toEqual([null]);
    }
  });
});
