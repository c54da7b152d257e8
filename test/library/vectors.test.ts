/** Published vectors of sensors and services (origins: test/vectors), decoded as `isthmus decode` does. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Decoded, decodeLine } from "../../src/cli/decode.ts";
import { loadDevices } from "../../src/library/index.ts";
import { differences, type Expected } from "../support/vector-check.ts";

const { library } = loadDevices();
const decode = (line: unknown): Decoded => decodeLine(library, JSON.stringify(line));
const vectors = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), "utf8"));

interface AdvertVector {
  readonly family: string;
  readonly model: string | null;
  readonly address: string | null;
  readonly expected: Expected;
  readonly events?: readonly { readonly key: string; readonly type: string }[];
}
interface MessageVector {
  readonly convention: string;
  readonly topic: string;
  readonly payload: string;
  readonly expected: Expected;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly config_topic?: string;
  readonly config?: unknown;
  /** Why it is none of ours. */
  readonly negative?: string;
}
interface BeaconVector {
  readonly format: string;
  readonly company_id?: string;
  readonly service_uuid?: string;
  readonly data_hex: string;
  readonly expected: Expected;
}

const adverts = vectors("ble-advertisements") as { vectors: readonly AdvertVector[] };
const beacons = vectors("beacons") as { vectors: readonly BeaconVector[] };
const messages = vectors("mqtt") as { vectors: readonly MessageVector[] };

describe("adverts", () => {
  it.each(adverts.vectors.map((vector, i) => [`${i} ${vector.family}, ${vector.model ?? "any"}`, vector] as const))(
    "%s",
    (_name, vector) => {
      const decoded = decode({ kind: "advert", ...vector });
      expect([decoded.definition, ...differences(decoded, vector.expected)]).toEqual([decoded.definition]);
      expect(decoded.identity === null).toBe(vector.address === null);
      for (const { key, type } of vector.events ?? []) expect(decoded.readings[key]?.value).toBe(type);
    },
  );
});

describe("beacons", () => {
  it.each(beacons.vectors.map((vector) => [vector.format, vector] as const))("%s", (_name, vector) => {
    const { company_id, service_uuid, data_hex, expected } = vector;
    const decoded = decode({
      kind: "advert",
      address: "AA:BB:CC:DD:EE:FF",
      manufacturer_data: company_id === undefined ? {} : { [company_id]: data_hex },
      service_data: service_uuid === undefined ? {} : { [service_uuid]: data_hex },
    });
    expect([decoded.definition, ...differences(decoded, expected)]).toEqual([decoded.definition]);
  });
});

describe("messages", () => {
  it.each(messages.vectors.map((vector, i) => [`${i} ${vector.convention}, ${vector.topic}`, vector] as const))(
    "%s",
    (_name, vector) => {
      const { topic, payload, attributes = {}, config_topic, config, negative, expected } = vector;
      for (const [name, value] of Object.entries(attributes))
        decode({ kind: "message", topic: `${topic}/${name}`, payload: value });
      if (config_topic !== undefined) decode({ kind: "message", topic: config_topic, payload: config });
      const decoded = decode({ kind: "message", topic, payload });
      if (negative !== undefined) expect(decoded).toEqual({ definition: null, identity: null, readings: {} });
      expect([decoded.definition, ...differences(decoded, expected)]).toEqual([decoded.definition]);
    },
  );
});
