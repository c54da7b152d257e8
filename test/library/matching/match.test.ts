/** Which definition a frame belongs to, and what its sensor is called. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { fullUuid } from "../../../src/library/matching/advert.ts";
import { loadDevices } from "../../../src/library/index.ts";
import { parseTopic } from "../../../src/library/matching/topic.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { advert, changed, frameOf, load, message, serviceAdvert } from "../../support/definitions.ts";

const { library } = loadDevices();
const match = (payload: Payload) => library.match(frameOf(payload))?.id;
const endpoint = (payload: Payload, source?: string) => {
  const frame = frameOf(payload, source);
  return library.match(frame)?.identify(frame)?.endpoint;
};
const BTHOME = "0000fcd2-0000-1000-8000-00805f9b34fb";
const ENVIRONMENT = "0000181a-0000-1000-8000-00805f9b34fb";
const DF5 = fromHex("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F");
const DF3 = fromHex("03291A1ECE1EFC18F94202CA0B53");

describe("an advert", () => {
  it("is known by company, length and first bytes together", () => {
    expect(match(advert(0x0499, DF5))).toBe("ruuvi.tag.df5");
    expect(match(advert(0x0499, DF3))).toBe("ruuvi.tag.df3");
    expect(match(advert(0x0499, DF5.subarray(0, 23)))).toBeUndefined();
    expect(match(advert(0x0499, Uint8Array.of(7, ...DF5.subarray(1))))).toBeUndefined();
    expect(match(advert(0x004c, DF5))).toBeUndefined();
  });

  it("is known by service data and its length", () => {
    expect(match(serviceAdvert(ENVIRONMENT, new Uint8Array(13)))).toBe("atc.atc1441");
    expect(match(serviceAdvert(ENVIRONMENT, new Uint8Array(15)))).toBe("atc.pvvx");
    expect(match(serviceAdvert(ENVIRONMENT, new Uint8Array(11)))).toBe("atc.sealed");
    expect(match(serviceAdvert(ENVIRONMENT, new Uint8Array(12)))).toBeUndefined();
    expect(match(serviceAdvert(BTHOME, Uint8Array.of(0x40)))).toBe("bthome.v2");
  });

  it("with two sections of one company means the last", () => {
    const payload: Payload = {
      kind: "advert",
      manufacturer: [
        [0x0499, DF3],
        [0x0499, DF5],
      ],
      services: new Map(),
      serviceUuids: [],
    };
    expect(match(payload)).toBe("ruuvi.tag.df5");
    const device = library.get("ruuvi.tag.df5");
    expect(device?.decode(frameOf(payload))?.fields.get("temperature")?.value).toBe(24.3);
  });

  it("of nobody we know is nobody's", () => {
    expect(
      match({ kind: "advert", name: "x", manufacturer: [], services: new Map(), serviceUuids: [] }),
    ).toBeUndefined();
    expect(match(serviceAdvert("0000fe9f-0000-1000-8000-00805f9b34fb", DF5))).toBeUndefined();
  });

  it("may be known by its name or its services alone, and by more the better", () => {
    const rule = "{ ble: { manufacturer: 0x1234, length: 4 } }";
    const frame = "{ bytes: ble.manufacturer }";
    const { library: own, problems } = load(
      changed([rule, "{ ble: { name: '^AC-' } }"], [frame, "{ bytes: payload }"], ["acme.thermometer", "by.name"]),
      changed(
        [rule, "{ ble: { services: [0x181A] } }"],
        [frame, "{ bytes: payload }"],
        ["acme.thermometer", "by.service"],
      ),
      changed(
        [rule, "{ ble: { services: [0x181A], name: '^AC-' } }"],
        [frame, "{ bytes: payload }"],
        ["acme.thermometer", "by.both"],
      ),
    );
    expect(problems).toEqual([]);
    const heard = (name: string | undefined, serviceUuids: readonly string[]) =>
      own.match(
        frameOf({
          kind: "advert",
          manufacturer: [],
          services: new Map(),
          serviceUuids,
          ...(name !== undefined && { name }),
        }),
      )?.id;
    expect(heard("AC-1", [])).toBe("by.name");
    expect(heard(undefined, [ENVIRONMENT])).toBe("by.service");
    expect(heard("AC-1", [ENVIRONMENT])).toBe("by.both");
    expect(heard("XX", [])).toBeUndefined();
  });

  it("needs both the company and the service where a definition names both", () => {
    const { library: own } = load(changed(["0x1234, length: 4", "0x1234, service_data: 0xFCD2, length: 4"]));
    const both: Payload = {
      kind: "advert",
      manufacturer: [[0x1234, new Uint8Array(4)]],
      services: new Map([[BTHOME, new Uint8Array(9)]]),
      serviceUuids: [],
    };
    expect(own.match(frameOf(both))?.id).toBe("acme.thermometer");
    expect(own.match(frameOf({ ...both, services: new Map() }))).toBeUndefined();
    expect(own.match(frameOf(advert(0x1234, new Uint8Array(4))))).toBeUndefined();
  });
});

describe("a line", () => {
  it("is known by its sentence, whoever talks", () => {
    for (const text of ["$GPRMC,1", "$GNGGA,1", "$GLGSV,x"])
      expect(match({ kind: "text", text })).toBe("gnss.nmea0183");
    for (const text of ["$GPXYZ,1", "$PSRF,1", "RMC", "", "$", "$GPRMC"])
      expect(match({ kind: "text", text })).toBeUndefined();
  });

  it("is known by its form", () => {
    expect(match({ kind: "text", text: "T1,21.5,40.1,3021\r\n" })).toBe("csv.logger");
    expect(match({ kind: "text", text: "T1,21.5,40.1" })).toBeUndefined();
    expect(match({ kind: "text", text: "x".repeat(1e5) })).toBeUndefined();
  });
});

describe("a message", () => {
  it("is known by topic and by what its JSON holds", () => {
    expect(match(message("zigbee2mqtt/a", { temperature: 1 }))).toBe("zigbee2mqtt.climate");
    expect(match(message("zigbee2mqtt/a", { state: "ON", power: 1 }))).toBe("zigbee2mqtt.plug");
    expect(match(message("zigbee2mqtt/a", { nothing: 3 }))).toBeUndefined();
    expect(match(message("zigbee2mqtt/a/availability", { temperature: 1 }))).toBeUndefined();
    expect(match(message("zigbee2mqtt/bridge/state", { state: "online" }))).toBeUndefined();
    expect(match(message("elsewhere/a", { temperature: 1 }))).toBeUndefined();
  });

  it("with a thermometer in a plug is a plug: more of what it asks for is there", () => {
    expect(match(message("zigbee2mqtt/a", { state: "ON", power: 1, temperature: 30 }))).toBe("zigbee2mqtt.plug");
  });

  it("that is no JSON is nobody's where JSON is asked for", () => {
    for (const body of ["", "online", "{", "[1]", '"x"', "null"])
      expect(match(message("zigbee2mqtt/a", body))).toBeUndefined();
  });

  it("is known by topic alone where a definition asks for no more", () => {
    expect(match(message("tele/x/SENSOR", "{}"))).toBe("tasmota.sensor");
    expect(match(message("tele/x/OTHER", "{}"))).toBeUndefined();
  });
});

describe("named values and others", () => {
  it("are known by what they must hold", () => {
    expect(match({ kind: "fields", fields: { model: "climate" } })).toBe("isthmus.sim.climate");
    expect(match({ kind: "fields", fields: { model: "value", value: 1 } })).toBe("isthmus.sim.value");
    expect(match({ kind: "fields", fields: { model: "clima" } })).toBeUndefined();
    expect(match({ kind: "fields", fields: {} })).toBeUndefined();
  });

  it("bare bytes and registers are nobody's unless a definition is named", () => {
    expect(match({ kind: "bytes", bytes: DF5 })).toBeUndefined();
    expect(match({ kind: "registers", values: new Map() })).toBeUndefined();
    expect(library.get("ruuvi.tag.df5")?.decode(frameOf({ kind: "bytes", bytes: DF5 }))?.sequence).toBe(205);
  });
});

describe("an endpoint name", () => {
  it("is made of the address without punctuation", () => {
    expect(endpoint(advert(0x0499, DF5), "CB:B8:33:4C:88:4F")).toBe("ruuvi-cbb8334c884f");
  });

  it("is made of a name in the topic, in plain letters", () => {
    expect(endpoint(message("zigbee2mqtt/Küche Süd", { temperature: 1 }), "x")).toBe("zb-kuche-sud");
    expect(endpoint(message("zigbee2mqtt/../etc", { temperature: 1 }), "x")).toBeUndefined();
    expect(endpoint(message("tele/Shed_1/SENSOR", "{}"), "tele/Shed_1/SENSOR")).toBe("tasmota-shed-1");
  });

  it("is made of the port's own name, not of the way to it", () => {
    const payload: Payload = { kind: "text", text: "$GPGLL,,,,,142816.359,V,N*7D" };
    expect(endpoint(payload, "/dev/serial/by-id/usb-u-blox_AG-if00")).toBe("gnss-usb-u-blox-ag-if00");
    expect(endpoint(payload, "/dev/ttyUSB0")).toBe("gnss-ttyusb0");
    expect(endpoint(payload, "sky")).toBe("gnss-sky");
  });

  it("tells the probes of one logger apart", () => {
    const frame = frameOf({ kind: "text", text: "T2,21.5,40.1,3021" }, "/dev/ttyUSB0");
    expect(library.match(frame)?.identify(frame)).toEqual({ source: "/dev/ttyUSB0#T2", endpoint: "csv-ttyusb0-t2" });
  });

  it("is none without a source, and never longer than it may be", () => {
    expect(endpoint(advert(0x0499, DF5), "")).toBeUndefined();
    expect(endpoint({ kind: "fields", fields: { model: "climate" } }, "ж")).toBeUndefined();
    expect(endpoint({ kind: "fields", fields: { model: "climate" } }, "x".repeat(500))).toHaveLength(64);
  });

  it("is that of the source for simulated sensors", () => {
    expect(endpoint({ kind: "fields", fields: { model: "relay" } }, "sim-3")).toBe("sim-3");
  });
});

describe("a UUID", () => {
  it("has one spelling", () => {
    const full = "0000fcd2-0000-1000-8000-00805f9b34fb";
    for (const uuid of [0xfcd2, "fcd2", "FCD2", "0000FCD2", full, full.toUpperCase(), full.replaceAll("-", "")])
      expect(fullUuid(uuid)).toBe(full);
    for (const uuid of ["", "fcd", "fcd22", "xyz1", `${full}0`]) expect(fullUuid(uuid)).toBeUndefined();
  });
});

describe("a topic", () => {
  const captures = (pattern: string, topic: string) => {
    const found = parseTopic(pattern)?.match(topic);
    return found && Object.fromEntries(found);
  };

  it("is matched level by level, and levels have names", () => {
    expect(captures("a/+name/c", "a/b/c")).toEqual({ name: "b" });
    expect(captures("+a/+b", "1/2")).toEqual({ a: "1", b: "2" });
    expect(captures("a/+/c", "a/b/c")).toEqual({});
    expect(captures("a/+name", "a/")).toEqual({ name: "" });
    for (const topic of ["a/b", "a/b/c/d", "A/b/c", "a/b/C", ""]) expect(captures("a/+name/c", topic)).toBeUndefined();
  });

  it("may be open at the end", () => {
    expect(captures("a/#", "a/b/c")).toEqual({});
    expect(captures("a/#", "a")).toEqual({});
    expect(captures("a/#", "b")).toBeUndefined();
  });

  it("is refused where a wildcard stands wrong", () => {
    for (const pattern of ["", "a/#/b", "a+", "a/b#", "+Name"]) expect(parseTopic(pattern)).toBeUndefined();
  });
});
