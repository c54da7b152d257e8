/** A golden frame as an adapter would have sent it: bytes go where its definition looks for them. */

import { fromHex } from "../base/bytes.ts";
import type { Frame, Payload } from "../sdk/adapter.ts";
import type { Definition, GoldenFrame } from "./definition/definition.ts";
import type { BleMatch } from "./definition/match.ts";
import { literalBeginnings } from "./language/pattern.ts";
import { fullUuid } from "./matching/advert.ts";

/** Frames from nowhere: whoever sent them, it was not a real device. */
const SOURCE = "02:00:00:00:00:01";
/** 2026-01-01 UTC. */
const AT = { ms: 1_767_225_600_000, trusted: true };
/** The Bluetooth SIG keeps this one free for tests. */
const NO_COMPANY = 0xffff;

type Advert = NonNullable<GoldenFrame["advert"]>;
/** What is heard before a golden frame is written in the same way. */
type Heard = Pick<GoldenFrame, "hex" | "text" | "topic" | "json" | "advert" | "fields" | "registers">;

/** Undefined if it does not say what was heard. */
export function goldenFrame(definition: Definition, heard: Heard): Frame | undefined {
  const payload = payloadOf(definition, heard);
  return payload && { source: sourceOf(definition, heard, payload), at: AT, payload };
}

function sourceOf({ match }: Definition, { advert }: Heard, payload: Payload): string {
  if (payload.kind === "message") return payload.topic;
  const beginning = match?.ble?.address ?? "";
  return advert?.address ?? beginning + SOURCE.slice(beginning.length);
}

function payloadOf(definition: Definition, heard: Heard): Payload | undefined {
  const { hex, text, topic, advert, fields, registers } = heard;
  if (advert) return advertOf(advert);
  if (topic !== undefined) {
    const body = bodyOf(heard);
    return body && { kind: "message", topic, body };
  }
  if (text !== undefined) return { kind: "text", text };
  if (fields) return { kind: "fields", fields };
  if (registers) {
    const values = Object.entries(registers).map(([key, bytes]) => [key.toLowerCase(), fromHex(bytes)] as const);
    return { kind: "registers", values: new Map(values) };
  }
  return hex === undefined ? undefined : payloadOfHex(definition, fromHex(hex));
}

function bodyOf({ hex, text, json }: Heard): Uint8Array | undefined {
  if (hex !== undefined) return fromHex(hex);
  const body = json === undefined ? text : JSON.stringify(json);
  return body === undefined ? undefined : new TextEncoder().encode(body);
}

function advertOf({ name, manufacturer = {}, service_data = {}, services = [] }: Advert): Payload {
  return {
    kind: "advert",
    manufacturer: Object.entries(manufacturer).flatMap(([company, data]) =>
      [data].flat().map((hex) => [Number(company), fromHex(hex)] as const),
    ),
    services: new Map(Object.entries(service_data).map(([uuid, hex]) => [fullUuid(uuid) ?? uuid, fromHex(hex)])),
    serviceUuids: services.map((uuid) => fullUuid(uuid) ?? String(uuid)),
    ...(name !== undefined && { name }),
  };
}

/** Bytes alone: the section that the definition reads, in an advert that has all else it asks for. */
function payloadOfHex({ match, frame }: Definition, bytes: Uint8Array): Payload {
  const { ble } = match ?? {};
  if (frame.bytes === "payload" || !ble || (ble.manufacturer === undefined && ble.service_data === undefined))
    return { kind: "bytes", bytes };
  const [service] = ble.service_data === undefined ? [] : [ble.service_data].flat();
  const uuid = service === undefined ? undefined : fullUuid(service);
  const inService = uuid !== undefined && (ble.manufacturer === undefined || frame.bytes === "ble.service_data");
  const raw = frame.bytes === "ble.manufacturer.raw" && bytes.length >= 2;
  const section: [number, Uint8Array] = raw
    ? [bytes[0]! | (bytes[1]! << 8), bytes.subarray(2)]
    : [companyOf(ble), bytes];
  const name = ble.name === undefined ? undefined : nameLike(ble.name);
  return {
    kind: "advert",
    manufacturer: inService ? [] : [section],
    services: inService ? new Map([[uuid, bytes]]) : new Map(),
    serviceUuids: (ble.services ?? []).map((each) => fullUuid(each) ?? ""),
    ...(name !== undefined && { name }),
  };
}

function companyOf({ manufacturer = "any" }: BleMatch): number {
  if (manufacturer === "any") return NO_COMPANY;
  if (typeof manufacturer === "number") return manufacturer;
  return Array.isArray(manufacturer) ? manufacturer[0]! : manufacturer.is;
}

/** A name that fits an expression, where one is easily found. */
function nameLike(pattern: string): string | undefined {
  const [beginning = ""] = literalBeginnings(pattern) ?? [];
  const tries = ["", "0", "00", "0000", "000000", "A", "AAAAAA", " 0000"].map((end) => beginning + end);
  const expression = new RegExp(pattern);
  return tries.find((name) => expression.test(name));
}
