/** Shipped families as a gateway hears them over time: names and letters now and then, values always, beacons beside. */

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { type Frame, Library, readDefinitions, standardModels } from "../../../src/library/index.ts";

const models = standardModels();
const FD3D = "0000fd3d-0000-1000-8000-00805f9b34fb";
const SOURCE = "C2:00:00:00:00:01";

function family(name: string) {
  const folder = fileURLToPath(new URL(`../../../devices/${name}`, import.meta.url));
  return Library.load(readDefinitions(folder), models).library;
}

interface Heard {
  readonly name?: string;
  readonly manufacturer?: Readonly<Record<string, string>>;
  readonly service?: string;
}

function advert({ name, manufacturer = {}, service }: Heard): Frame {
  return {
    source: SOURCE,
    at: { ms: 0, trusted: true },
    payload: {
      kind: "advert",
      manufacturer: Object.entries(manufacturer).map(([company, hex]) => [Number(company), fromHex(hex)]),
      services: new Map(service === undefined ? [] : [[FD3D, fromHex(service)]]),
      serviceUuids: [],
      ...(name !== undefined && { name }),
    },
  };
}

/** The definition, and what it reads. */
function read(library: Library, heard: Heard) {
  const frame = advert(heard);
  const device = library.match(frame);
  const fields = device?.decode(frame)?.fields ?? new Map<string, { value: unknown } | undefined>();
  return [device?.id, Object.fromEntries([...fields].map(([name, quantity]) => [name, quantity?.value ?? null]))];
}

describe("SwitchBot", () => {
  const VALUES = { manufacturer: { "0x0969": "AABBCCDDEEFF8B0305993200" } };

  it("is nobody's while no letter was heard", () => {
    expect(read(family("switchbot"), VALUES)).toEqual([undefined, {}]);
  });

  it("is known by its letter, and from then on by its values alone", () => {
    const library = family("switchbot");
    expect(read(library, { service: "770064" })).toEqual(["switchbot.outdoor-meter", { battery: 100 }]);
    expect(read(library, VALUES)).toEqual(["switchbot.outdoor-meter", { temperature: 25.5, humidity: 50 }]);
  });

  it("is another model once another letter is heard", () => {
    const library = family("switchbot");
    read(library, { service: "770064" });
    expect(read(library, { ...VALUES, service: "340064" })[0]).toBe("switchbot.meter-pro");
  });

  it("opens a contact in either section", () => {
    const library = family("switchbot");
    expect(read(library, { service: "6440DA020017005144" })[1]).toMatchObject({ opening: true, battery: 90 });
    expect(read(library, { manufacturer: { "0x0969": "CB39CDC43D46898C002B001984" } })).toEqual([
      "switchbot.contact",
      { motion: true, light: false, door_left_open: false, opening: false, button_count: 4 },
    ]);
  });
});

describe("Govee", () => {
  const BEACON = "0215494E54454C4C495F524F434B535F48575075F2FFC2";

  it("is known without its name by what several models share, and by its name as one of them", () => {
    const library = family("govee");
    const values = { manufacturer: { "0xEC88": "00034DB26400", "0x004C": BEACON } };
    expect(read(library, values)[0]).toBe("govee.h507x");
    expect(read(library, { ...values, name: "GVH5075_2762" })[0]).toBe("govee.h5075");
    expect(read(library, values)[0]).toBe("govee.h5075");
  });

  it("is not told apart under a company that is not its own, unless by name", () => {
    const library = family("govee");
    const values = { manufacturer: { "0x0001": "01010ED13298" } };
    expect(read(library, values)[0]).toBeUndefined();
    expect(read(library, { ...values, name: "GVH5106_4E05" })).toEqual([
      "govee.h5106",
      { temperature: 24.8, humidity: 59.1, pm2_5: 0 },
    ]);
    expect(read(library, values)[0]).toBe("govee.h5106");
  });
});

describe("Inkbird", () => {
  it("needs its name once: afterwards any company may be its temperature", () => {
    const library = family("inkbird");
    const warm = { manufacturer: { "0x08C8": "84140088996406" } };
    expect(read(library, warm)[0]).toBeUndefined();
    expect(read(library, { ...warm, name: "sps" })[1]).toMatchObject({ temperature: 22.48 });
    expect(read(library, { manufacturer: { "0xFE00": "84140088996406" } })[1]).toMatchObject({ temperature: -5.12 });
  });
});

describe("ThermoPro", () => {
  it("is one TP972, whether it says much or little", () => {
    const library = family("thermopro");
    const much = "006A0A33D3B8420040AE426606AE426C54737744F8";
    expect(read(library, { name: "TP972S", manufacturer: { "0x7200": much } })[0]).toBe("thermopro.tp972");
    expect(read(library, { name: "TP972S", manufacturer: { "0x3300": "00480A3300FFEEDDCCBBAA" } })).toEqual([
      "thermopro.tp972",
      { internal_temperature_probe_1: 21, ambient_temperature_probe_1: 21, battery_probe_1: 87 },
    ]);
  });
});
