/** Bluetooth adverts: the bytes that a definition speaks of, and UUIDs in one spelling. */

import type { Frame } from "../../sdk/adapter.ts";
import type { BleMatch } from "../definition/match.ts";

/** 128-bit UUID in lower case with dashes, from 16 bits, 32 bits or all of it; undefined if it is none. */
export function fullUuid(uuid: number | string): string | undefined {
  const digits = (typeof uuid === "number" ? uuid.toString(16).padStart(4, "0") : uuid)
    .toLowerCase()
    .replaceAll("-", "");
  if (/^(?:[0-9a-f]{4}|[0-9a-f]{8})$/.test(digits)) return `${digits.padStart(8, "0")}-0000-1000-8000-00805f9b34fb`;
  return /^[0-9a-f]{32}$/.test(digits)
    ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    : undefined;
}

/** The bytes in an advert that belong to a definition's company or service. Bare bytes are taken for them. */
export function advertBytes(from: "manufacturer" | "service_data", ble: BleMatch | undefined) {
  const company = typeof ble?.manufacturer === "number" ? ble.manufacturer : undefined;
  const wanted = [ble?.service_data].flat()[0];
  const uuid = wanted === undefined ? undefined : fullUuid(wanted);
  return ({ payload }: Frame): Uint8Array | undefined => {
    if (payload.kind === "bytes") return payload.bytes;
    if (payload.kind !== "advert") return undefined;
    if (from === "service_data") return uuid === undefined ? undefined : payload.services.get(uuid);
    return company === undefined ? undefined : lastSection(payload.manufacturer, company);
  };
}

type Sections = Extract<Frame["payload"], { kind: "advert" }>["manufacturer"];

/** Two sections of one company are legal: the last is the newest. */
export function lastSection(sections: Sections, company: number): Uint8Array | undefined {
  for (let i = sections.length - 1; i >= 0; i--) if (sections[i]![0] === company) return sections[i]![1];
  return undefined;
}
