/** The Modbus maps of the library: every published register stands in one, published frames give the published values. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { crc16, MODBUS } from "../../../src/base/crc16.ts";
import { type Device, loadDevices } from "../../../src/library/index.ts";
import { parsePath } from "../../../src/model/path.ts";
import { AT, values } from "../../support/definitions.ts";

interface Register {
  readonly quantity: string;
  readonly phase?: string | null;
  readonly address: number;
  readonly type: string;
  readonly word_order?: string;
  readonly scale?: number;
}
interface RtuFrame {
  readonly name: string;
  readonly request_hex: string;
  readonly response_hex: string;
  readonly expected: Readonly<Record<string, number | boolean>> | null;
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/modbus.json", import.meta.url), "utf8")) as {
  readonly devices: readonly { device: string; function_code: number; registers: readonly Register[] }[];
  readonly rtu_frames: readonly RtuFrame[];
};
const { library } = loadDevices();
const definitions = new Map([...library.compiled()].map((device) => [device.id, device.definition]));

const IDS: Readonly<Record<string, string>> = {
  "Eastron SDM120": "eastron.sdm120",
  "Eastron SDM220": "eastron.sdm220",
  "Eastron SDM230": "eastron.sdm230",
  "Eastron SDM630": "eastron.sdm630",
  "Eastron SDM72": "eastron.sdm72",
  "Finder 7M.24": "finder.7m24",
  "PZEM-004T v3": "pzem.004t-v3",
  "XY-MD02": "xy-md.02",
  "Senseair S8": "senseair.s8",
  "PZEM-017": "pzem.017",
};
const NAMES: Readonly<Record<string, string>> = { meter_status: "status" };
const ours = (type: string) => type.replace("uint", "u").replace("int", "i").replace("float", "f");

function device(id: string): Device {
  const found = library.get(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

describe.each(vectors.devices.map((each) => [each.device, each] as const))(
  "%s",
  (name, { function_code, registers }) => {
    const definition = definitions.get(IDS[name] ?? "");

    it.each(registers.map((each) => [`${each.quantity} ${each.phase ?? ""}`.trim(), each] as const))(
      "has %s where it was published",
      (_name, { quantity, phase, address, type, word_order = "big", scale }) => {
        const field = `${NAMES[quantity] ?? quantity}${phase == null ? "" : `_${phase.toLowerCase()}`}`;
        const found = definition?.fields?.[field];
        expect([field, found?.fc, found?.address, found?.type]).toEqual([field, function_code, address, ours(type)]);
        const frame = definition?.frame.registers;
        const order = found?.order ?? (typeof frame === "object" ? frame.order : undefined) ?? "abcd";
        if (!type.endsWith("16")) expect(order).toBe(word_order === "little" ? "cdab" : "abcd");
        if (scale !== undefined) expect(found?.scale).toBe(scale);
      },
    );
  },
);

describe("published frames on the wire", () => {
  /** What an adapter makes of an answer: the block that was asked for, and its bytes. */
  const block = ({ request_hex, response_hex }: RtuFrame) => {
    const [request, response] = [fromHex(request_hex), fromHex(response_hex)];
    const key = `${request[1]!}:0x${toHex(request.subarray(2, 4))}`;
    return { kind: "registers", values: new Map([[key, response.subarray(3, -2)]]) } as const;
  };
  const frame = (words: string) => vectors.rtu_frames.find(({ name }) => name.includes(words))!;

  it.each(vectors.rtu_frames.flatMap(({ request_hex, response_hex }) => [request_hex, response_hex]))(
    "%s has the checksum of Modbus",
    (hex) => {
      const bytes = fromHex(hex);
      expect(crc16(MODBUS, bytes, 0, bytes.length - 2)).toBe(bytes.at(-2)! | (bytes.at(-1)! << 8));
    },
  );

  it("of an SDM is 230.2 V", () => {
    expect(values(device("eastron.sdm120"), block(frame("SDM voltage")))).toEqual({ voltage: 230.2 });
  });

  it("of XY-MD02 are a room and a frost", () => {
    expect(values(device("xy-md.02"), block(frame("21.5 C")))).toEqual({ temperature: 21.5, humidity: 48.7 });
    expect(values(device("xy-md.02"), block(frame("-5.3 C")))).toEqual({ temperature: -5.3, humidity: 90.1 });
  });

  it("of a Senseair S8 is 850 ppm", () => {
    expect(values(device("senseair.s8"), block(frame("850 ppm")))).toEqual({ co2: 850 });
  });

  it("of a PZEM-004T are all of its values", () => {
    const expected = {
      voltage: 220,
      current: 0.2,
      power: 44,
      energy: 1.234,
      frequency: 50,
      power_factor: 1,
      alarm: false,
    };
    expect(values(device("pzem.004t-v3"), block(frame("PZEM-004T")))).toEqual(expected);
  });
});

describe("the library", () => {
  const maps = [...library.devices()].filter(({ reads }) => reads.length > 0);

  it("knows at least twenty Modbus devices", () => {
    expect(maps.length).toBeGreaterThanOrEqual(20);
  });

  it("asks none of them for more than Modbus allows, nor for anything too often", () => {
    for (const { id, reads } of maps)
      for (const { count, everySeconds } of reads) {
        expect(count, id).toBeLessThanOrEqual(125);
        expect(everySeconds, id).toBeGreaterThanOrEqual(1);
      }
  });

  it("reads a common meter in few requests", () => {
    const plan = device("eastron.sdm120").reads.map(({ fc, address, count, everySeconds }) => [
      fc,
      address,
      count,
      everySeconds,
    ]);
    expect(plan).toEqual([
      [4, 0, 32, 10],
      [4, 70, 2, 10],
      [4, 72, 8, 60],
      [4, 342, 4, 60],
    ]);
  });
});

describe("registers", () => {
  const heard = (more: object) => ({
    source: "5",
    at: AT,
    payload: { kind: "registers", values: new Map([["4:0x0000", fromHex("43663333")]]), ...more } as const,
  });

  it("are of the device that the adapter was told to read", () => {
    const frame = heard({ device: "eastron.sdm120" });
    expect(library.match(frame)?.id).toBe("eastron.sdm120");
    expect(device("eastron.sdm120").match(frame)).toBeGreaterThan(0);
    expect(device("eastron.sdm230").match(frame)).toBe(0);
    expect(device("eastron.sdm120").identify(frame)?.endpoint).toBe("eastron-sdm120-5");
  });

  it("are of nobody if the adapter does not say so, or names what nobody knows", () => {
    expect(library.match(heard({}))).toBeUndefined();
    expect(library.match(heard({ device: "acme.unknown" }))).toBeUndefined();
    expect(device("eastron.sdm120").match(heard({}))).toBe(0);
  });
});

describe("a Write to", () => {
  const written = (id: string, path: string, value: number | boolean) => {
    const planned = device(id)
      .createMapping()
      .command({ path: parsePath(path)!, source: "bus/1", at: AT, value });
    if (planned?.kind !== "device" || planned.command.payload.kind !== "registers")
      throw new Error("nothing is written");
    return [...planned.command.payload.values].map(([key, bytes]) => `${key}=${toHex(bytes)}`).join();
  };

  it.each([
    ["waveshare.modbus-rtu-relay", "/3306/2/5850", true, "5:0x0002=ff00"],
    ["waveshare.modbus-rtu-relay", "/3306/7/5850", false, "5:0x0007=0000"],
    ["eletechsup.r4d3b16", "/3306/0/5850", true, "6:0x0001=0100"],
    ["eletechsup.r4d3b16", "/3306/3/5850", false, "6:0x0004=0200"],
    ["eurotherm.3216", "/3308/0/5900", 185.5, "6:0x0002=073f"],
    ["xy-md.02", "/3308/0/5900", -1.5, "6:0x0103=fff1"],
  ])("%s at %s of %s is %s", (id, path, value, wire) => {
    expect(written(id, path, value)).toBe(wire);
  });

  it("a set point beyond what the device takes is refused", () => {
    expect(() => written("eurotherm.3216", "/3308/0/5900", 2_500)).toThrow(RangeError);
  });
});
