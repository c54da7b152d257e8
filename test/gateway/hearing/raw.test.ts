/** What an installer is told of somebody whom no definition knows: names for numbers, and what everybody knows. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { AssignedNumbers, shortUuid } from "../../../src/gateway/hearing/assigned.ts";
import { wellKnown } from "../../../src/gateway/hearing/beacons.ts";
import { rawLines } from "../../../src/gateway/hearing/raw.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const FILE = new URL("../../../src/gateway/hearing/assigned-numbers.txt", import.meta.url);
const text = readFileSync(FILE, "utf8");
const given = (lines: string) => new AssignedNumbers(() => new TextEncoder().encode(lines));
const names = given(text);
const long = (short: string) => `0000${short.toLowerCase()}-0000-1000-8000-00805f9b34fb`;

interface Sections {
  readonly manufacturer?: readonly (readonly [company: number, hex: string])[];
  readonly services?: Readonly<Record<string, string>>;
  readonly bare?: readonly string[];
}

const advert = ({ manufacturer = [], services = {}, bare = [] }: Sections) =>
  ({
    kind: "advert",
    manufacturer: manufacturer.map(([company, hex]) => [company, fromHex(hex)] as const),
    services: new Map(Object.entries(services).map(([uuid, hex]) => [long(uuid), fromHex(hex)])),
    serviceUuids: bare.map(long),
  }) satisfies Payload;

const lines = (sections: Sections, by: AssignedNumbers | undefined = names) =>
  rawLines({ source: "x", at: { ms: 0, trusted: true }, payload: advert(sections) }, by);

describe("assigned numbers", () => {
  it("have names of companies and of services, and none for what nobody has", () => {
    expect(names.company(0)).toBe("Ericsson AB");
    expect(names.company(0x0499)).toBe("Ruuvi Innovations Ltd.");
    expect(names.company(0xffff)).toBe("for tests, no company's own");
    expect(names.company(0xfffe)).toBeUndefined();
    expect(names.service(0x181a)).toBe("Environmental Sensing");
    expect(names.service(0xfd3d)).toBe("Woan Technology (Shenzhen) Co., Ltd.");
    expect(names.service(0xfe95)).toBe("Xiaomi Inc.");
    expect(names.service(0x0499)).toBeUndefined();
    expect(names.company(0xfe95)).toBeUndefined();
  });

  it("are read when the first is asked for, and once", () => {
    let reads = 0;
    const lazy = new AssignedNumbers(() => {
      reads += 1;
      return new TextEncoder().encode("c0001 One\ns0002 Two");
    });
    expect(reads).toBe(0);
    expect([lazy.company(1), lazy.service(2), lazy.company(2), reads]).toEqual(["One", "Two", undefined, 1]);
  });

  it("are nobody's where the file is gone", () => {
    expect(given("").company(0x0499)).toBeUndefined();
  });

  it("are found each, from the first to the last", () => {
    const rows = text
      .trimEnd()
      .split("\n")
      .filter((row) => !row.startsWith("#"));
    for (const row of rows) {
      const id = Number.parseInt(row.slice(1, 5), 16);
      expect(row.startsWith("c") ? names.company(id) : names.service(id)).toBe(row.slice(6));
    }
    for (let id = 0; id < 0x10000; id += 97) {
      const row = rows.find((each) => each.startsWith(`c${id.toString(16).toUpperCase().padStart(4, "0")} `));
      expect(names.company(id)).toBe(row?.slice(6));
    }
  });

  it("are one line each in order of their numbers, with a source", () => {
    const rows = text.trimEnd().split("\n");
    const data = rows.filter((row) => !row.startsWith("#"));
    expect(rows[0]).toMatch(/^# /);
    expect(text).toContain("https://www.bluetooth.com/specifications/assigned-numbers/");
    expect(data.filter((row) => !/^[cs][0-9A-F]{4} \S.{0,120}$/.test(row))).toEqual([]);
    expect(data.length).toBeGreaterThan(4_000);
    expect(data.map((row) => row.slice(0, 5))).toEqual([...new Set(data.map((row) => row.slice(0, 5)))].toSorted());
    expect(text.length).toBeLessThan(150_000);
  });

  it("know a short UUID from one of a vendor's own", () => {
    expect(shortUuid(long("FCD2"))).toBe(0xfcd2);
    expect(shortUuid("6e400001-b5a3-f393-e0a9-e50e24dcca9e")).toBeUndefined();
  });
});

describe("the lines of a stranger", () => {
  it("name the company and the services behind the numbers", () => {
    const sections = { manufacturer: [[0x0059, "01"]], services: { FD3D: "40" }, bare: ["180F", "FD3D"] } as const;
    expect(lines(sections)).toEqual([
      "company 0x0059 (Nordic Semiconductor ASA), 1 byte: 01",
      "service 0xFD3D (Woan Technology (Shenzhen) Co., Ltd.), 1 byte: 40",
      "services 0x180F (Battery)",
    ]);
    expect(lines(sections, given(""))).toEqual([
      "company 0x0059, 1 byte: 01",
      "service 0xFD3D, 1 byte: 40",
      "services 0x180F",
    ]);
  });

  it("begin with what everybody knows", () => {
    expect(lines({ manufacturer: [[0x004c, "100606198b2a1d58"]] })).toEqual([
      "Apple: a phone, computer or watch nearby (Continuity), not a sensor",
      "company 0x004C (Apple, Inc.), 8 bytes: 10 06 06 19 8b 2a 1d 58",
    ]);
  });
});

describe("what everybody knows", () => {
  const company = (id: number, hex: string) => wellKnown(advert({ manufacturer: [[id, hex]] }));
  const service = (uuid: string, hex: string) => wellKnown(advert({ services: { [uuid]: hex } }));
  const bare = (uuid: string) => wellKnown(advert({ bare: [uuid] }));

  it.each([
    ["0215E2C56DB5DFFB48D2B060D0F5A71096E000010002C5", "iBeacon"],
    ["12194CC5B2A1908070605040302010FFEEDDCCBBAA99887766554400", "Find My: an AirTag or another thing away"],
    ["12020003", "Find My: an AirTag or another thing near"],
    ["0719010E202B668F01000400000000000000000000000000000000", "AirPods"],
    ["0631007A3B2C1D0E0F0002000102", "HomeKit"],
    ["0C0E0800000000000000000000000000", "Continuity"],
  ])("Apple's %s is %s", (hex, says) => {
    expect(company(0x004c, hex)).toContain(says);
  });

  it("Microsoft's and Samsung's machines", () => {
    expect(company(0x0006, "010920021B2C3D4E5F")).toContain("computer, phone or console");
    expect(company(0x0006, "030080")).toContain("Swift Pair");
    expect(company(0x0006, "FF")).toBeUndefined();
    expect(company(0x0075, "4204018060AABBCCDDEEFF")).toContain("Samsung");
  });

  it("AltBeacon, of whatever company, by its length too", () => {
    const hex = `BEAC${"11".repeat(20)}C500`;
    expect(company(0x0118, hex)).toContain("AltBeacon");
    expect(company(0x0118, `${hex}00`)).toBeUndefined();
  });

  it.each([
    ["FE2C", "0A1B2C", "wait to be paired"],
    ["FE2C", "00605A", "wait to be paired"],
    ["FE2C", "004042B8ACF1", "paired already"],
    ["FD6F", "00112233445566778899AABBCCDDEEFF00112233", "Exposure Notification"],
    ["FEAA", "4000112233445566778899AABBCCDDEEFF0011223344", "Find Hub"],
    ["FEAA", "30C50011", "Eddystone"],
    ["FD5A", "10A1B2C3", "SmartTag"],
    ["FFF6", "0000000F00F1FF0180", "Matter"],
  ])("the service 0x%s with %s: %s", (uuid, hex, says) => {
    expect(service(uuid, hex)).toContain(says);
  });

  it("services that have to be asked, unless they say something", () => {
    expect(bare("181A")).toContain("to a connection only");
    expect(service("181A", "A4C138AABBCC00F12E5A0B9A07")).toBeUndefined();
    expect(bare("1812")).toContain("keyboard");
    expect(bare("FEED")).toContain("Tile");
  });

  it("the last section of a company is the newest", () => {
    const sections = {
      manufacturer: [
        [0x0006, "0109"],
        [0x004c, "1006"],
      ],
    } as const;
    expect(wellKnown(advert(sections))).toContain("Apple");
  });

  it("nothing of a sensor, of nobody, or of what is too short", () => {
    expect(company(0x0499, "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F")).toBeUndefined();
    expect(wellKnown(advert({}))).toBeUndefined();
    expect(company(0x0075, "42")).toBeUndefined();
    expect(company(0x004c, "")).toBeUndefined();
    expect(company(0x004c, "FFFF")).toBeUndefined();
    expect(bare("0499")).toBeUndefined();
  });

  it("and never fails, whatever is said", () => {
    const random = new SeededRandom(5);
    for (let n = 0; n < 2_000; n += 1) {
      const data = random.bytes(n % 40);
      const payload = { ...advert({}), manufacturer: [[n % 3 === 0 ? 0x004c : n, data] as const] };
      const [says = "", ...rest] = rawLines({ source: "x", at: { ms: 0, trusted: true }, payload }, names);
      expect(says.length).toBeGreaterThan(0);
      expect(rest.length).toBeLessThan(2);
    }
  });
});
