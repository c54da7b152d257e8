/** Families that speak in several sections of an advert, in several adverts, or beside a beacon of somebody else. */

import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/library/index.ts";
import { changed, load } from "../../support/definitions.ts";

const FD3D = "0000fd3d-0000-1000-8000-00805f9b34fb";
const METER = changed(
  ["manufacturer: 0x1234, length: 4", 'manufacturer: 0x0969, service_data: 0xFD3D, prefix: "54", remember: true'],
  ["bytes: ble.manufacturer", "bytes: ble.service_data"],
  ["{ at: 0, type: i16be", "{ at: 0, in: manufacturer, type: i16be"],
  ["hex: 08F2 01 00", 'advert: { manufacturer: { "0x0969": 08F2 }, service_data: { "0xFD3D": 54 00 01 } }'],
);

interface Sections {
  readonly manufacturer?: readonly (readonly [company: number, bytes: readonly number[]])[];
  readonly service?: readonly number[];
  readonly source?: string;
}

function advert({ manufacturer = [], service, source = "AA:BB:CC:DD:EE:01" }: Sections): Frame {
  return {
    source,
    at: { ms: 0, trusted: true },
    payload: {
      kind: "advert",
      manufacturer: manufacturer.map(([company, bytes]) => [company, Uint8Array.from(bytes)] as const),
      services: new Map(service ? [[FD3D, Uint8Array.from(service)]] : []),
      serviceUuids: [],
    },
  };
}

const VALUES = { manufacturer: [[0x0969, [0x08, 0xf2]]] } as const;
const LETTER = { service: [0x54, 0x00, 0x07] } as const;

function heard(library: ReturnType<typeof load>["library"], frame: Frame) {
  const fields = library.match(frame)?.decode(frame)?.fields;
  return fields && Object.fromEntries([...fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
}

describe("a model whose letter and values come in two sections", () => {
  it("is known by both in one advert", () => {
    const { library, problems } = load(METER);
    expect(problems).toEqual([]);
    expect(heard(library, advert({ ...VALUES, ...LETTER }))).toEqual({ temperature: 22.9, counter: 7 });
  });

  it("is known by the letter alone, and then by the values alone", () => {
    const { library } = load(METER);
    expect(heard(library, advert(VALUES))).toBeUndefined();
    expect(heard(library, advert(LETTER))).toEqual({ counter: 7 });
    expect(heard(library, advert(VALUES))).toEqual({ temperature: 22.9 });
  });

  it("is not taken for another that has neither section, or another letter", () => {
    const { library } = load(METER);
    heard(library, advert(LETTER));
    expect(heard(library, advert({ manufacturer: [[0x004c, [1, 2]]] }))).toBeUndefined();
    expect(heard(library, advert({ ...VALUES, service: [0x55, 0x00, 0x07] }))).toBeUndefined();
    expect(heard(library, advert({ ...VALUES, source: "AA:BB:CC:DD:EE:02" }))).toBeUndefined();
  });

  it("needs both sections where nothing is remembered", () => {
    const { library } = load(METER.replace(", remember: true", ""));
    expect(heard(library, advert(LETTER))).toBeUndefined();
    expect(heard(library, advert({ ...VALUES, ...LETTER }))).toEqual({ temperature: 22.9, counter: 7 });
  });
});

describe("a company identifier that may be any", () => {
  const PROBE = changed(["manufacturer: 0x1234, length: 4", 'manufacturer: any, length: 4, prefix: "??F2"']);

  it("takes the section that fits, though a beacon comes after it", () => {
    const { library } = load(PROBE);
    const probe = [0x5530, [0x08, 0xf2, 1, 0]] as const;
    expect(heard(library, advert({ manufacturer: [probe, [0x004c, [2, 0x15, 0, 0, 0]]] }))).toEqual({
      temperature: 22.9,
      counter: 1,
    });
  });

  it("takes the last of several that fit, which is the newest", () => {
    const { library } = load(PROBE);
    const older = [0x5530, [0x08, 0xf2, 1, 0]] as const;
    const newer = [0x5531, [0x09, 0xf2, 2, 0]] as const;
    expect(heard(library, advert({ manufacturer: [older, newer] }))).toEqual({ temperature: 25.46, counter: 2 });
  });

  it("takes none where none fits", () => {
    const { library } = load(PROBE);
    expect(heard(library, advert({ manufacturer: [[0x004c, [2, 0x15, 0, 0]]] }))).toBeUndefined();
  });
});
