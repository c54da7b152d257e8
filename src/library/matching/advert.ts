/** Bluetooth adverts: the sections that a definition speaks of, and UUIDs in one spelling. */

import type { Frame } from "../../sdk/adapter.ts";
import type { SECTIONS } from "../definition/field.ts";
import type { BleMatch } from "../definition/match.ts";
import { bytesTest } from "./conditions.ts";

/** 128-bit UUID in lower case with dashes, from 16 bits, 32 bits or all of it; undefined if it is none. */
export function fullUuid(uuid: number | string): string | undefined {
  const digits = (typeof uuid === "number" ? uuid.toString(16).padStart(4, "0") : uuid)
    .toLowerCase()
    .replace(/^0x/, "")
    .replaceAll("-", "");
  if (/^(?:[0-9a-f]{4}|[0-9a-f]{8})$/.test(digits)) return `${digits.padStart(8, "0")}-0000-1000-8000-00805f9b34fb`;
  return /^[0-9a-f]{32}$/.test(digits)
    ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    : undefined;
}

/** A section by its name, or the data of a service. */
export type SectionName = (typeof SECTIONS)[number] | number;
export type Advert = Extract<Frame["payload"], { kind: "advert" }>;
type Sections = Advert["manufacturer"];
type Section = Sections[number];

/** The bytes in an advert that belong to a definition's company or service. Bare bytes are taken for them. */
export function advertBytes(from: SectionName, ble: BleMatch | undefined): (frame: Frame) => Uint8Array | undefined {
  const service = serviceSection(typeof from === "number" ? { service_data: from } : ble);
  const manufacturer = manufacturerSection(ble);
  return ({ payload }) => {
    if (payload.kind === "bytes") return payload.bytes;
    if (payload.kind !== "advert") return undefined;
    if (from === "service_data" || typeof from === "number") return service(payload.services);
    const section = manufacturer(payload.manufacturer);
    return section && (from === "manufacturer" ? section[1] : rawSection(section));
  };
}

/** As it was in the air: the company identifier, least significant byte first, then the data. */
function rawSection([company, data]: Section): Uint8Array {
  const raw = new Uint8Array(data.length + 2);
  raw[0] = company & 0xff;
  raw[1] = company >> 8;
  raw.set(data, 2);
  return raw;
}

/**
 * The section of a definition's company, or of one of its companies; of any, if it names none. Two sections of one
 * company are legal, and of those that fit the last is the newest.
 */
export function manufacturerSection(ble: BleMatch | undefined): (sections: Sections) => Section | undefined {
  const { manufacturer = "any" } = ble ?? {};
  if (manufacturer === "any") return anySection(ble);
  if (typeof manufacturer === "number" && ble?.joined) return (sections) => joinedOf(sections, manufacturer);
  if (typeof manufacturer === "number") return (sections) => lastOf(sections, (company) => company === manufacturer);
  if (Array.isArray(manufacturer)) return (sections) => lastOf(sections, (company) => manufacturer.includes(company));
  const { mask, is } = manufacturer;
  return (sections) => lastOf(sections, (company) => (company & mask) === is);
}

/** Conditions that cannot be about service data are about the section: a beacon's beside it may come later. */
function anySection(ble: BleMatch | undefined): (sections: Sections) => Section | undefined {
  const last = (sections: Sections) => sections[sections.length - 1];
  if (!ble || ble.service_data !== undefined) return last;
  const test = bytesTest(ble, [], () => undefined);
  return (sections) => {
    for (let i = sections.length - 1; i >= 0; i--) if (test.fits(sections[i]![1])) return sections[i];
    return last(sections);
  };
}

/** One section, where there is but one: nothing is copied then. */
function joinedOf(sections: Sections, company: number): Section | undefined {
  const own = sections.filter((section) => section[0] === company);
  if (own.length < 2) return own[0];
  const joined = new Uint8Array(own.reduce((sum, [, bytes]) => sum + bytes.length, 0));
  let end = 0;
  for (const [, bytes] of own) {
    joined.set(bytes, end);
    end += bytes.length;
  }
  return [company, joined];
}

function lastOf(sections: Sections, fits: (company: number) => boolean): Section | undefined {
  for (let i = sections.length - 1; i >= 0; i--) if (fits(sections[i]![0])) return sections[i];
  return undefined;
}

/** The data of a definition's service, or of the first of its services that is there; of any, if it names none. */
export function serviceSection(ble: BleMatch | undefined): (services: Advert["services"]) => Uint8Array | undefined {
  const uuids = serviceUuids(ble);
  if (uuids.length === 0) return firstOf;
  return (services) => {
    if (services.size === 0) return undefined;
    for (const uuid of uuids) {
      const data = services.get(uuid);
      if (data) return data;
    }
    return undefined;
  };
}

function firstOf(services: Advert["services"]): Uint8Array | undefined {
  for (const data of services.values()) return data;
  return undefined;
}

/** The services whose data a definition knows, in full. */
export function serviceUuids(ble: BleMatch | undefined): string[] {
  const spelled = ble?.service_data === undefined ? [] : [ble.service_data].flat();
  return spelled.map(fullUuid).filter((uuid) => uuid !== undefined);
}
