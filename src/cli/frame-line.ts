/** A frame as one JSON line, in either of two spellings: as people write it for `decode`, and as it is recorded. */

import { DecodeError, fromHex } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { Frame } from "../library/index.ts";

const MAX_LINE = 1_000_000;
/** Lines that do not say when they were heard: readings that depend on it take their own time. */
const UNKNOWN_TIME = { ms: 0, trusted: false };

type Input = Readonly<Record<string, unknown>>;
type Payload = Frame["payload"];

/** A frame, and what was asked of it beside. */
export interface FrameLine {
  readonly frame: Frame;
  /** The definition that shall read it, whatever it looks like. */
  readonly definition: string | undefined;
  /** What its payload is sealed with. */
  readonly key: Uint8Array | undefined;
}

/** @throws DecodeError if the line is no frame. */
export function readFrameLine(line: string): FrameLine {
  const input = parseLine(line);
  const recorded = input["payload"];
  const definition = optional(input, "definition");
  const hex = optional(input, "key");
  const key = hex === undefined ? undefined : fromHex(hex);
  if (isInput(recorded) && typeof recorded["kind"] === "string" && input["kind"] === undefined)
    return { frame: recordedFrame(input, recorded), definition, key };
  const payload = payloadOf(input);
  return { frame: { source: sourceOf(input, payload), at: UNKNOWN_TIME, payload, ...rssiOf(input) }, definition, key };
}

/** As the replay adapter reads it: the payload in an object of its own, sections of an advert in pairs, bodies in hex. */
function recordedFrame(input: Input, recorded: Input): Frame {
  const at = input["at"];
  const stamp = typeof at === "number" ? { ms: at, trusted: true } : UNKNOWN_TIME;
  return { source: text(input, "source"), at: stamp, payload: recordedPayload(recorded), ...rssiOf(input) };
}

function recordedPayload(recorded: Input): Payload {
  const kind = text(recorded, "kind");
  if (kind === "message") return { kind, topic: text(recorded, "topic"), body: fromHex(text(recorded, "hex")) };
  if (kind !== "advert") return payloadOf(recorded);
  const pairs = recorded["manufacturer"] ?? [];
  if (!Array.isArray(pairs)) throw new DecodeError('"manufacturer" is no list');
  const name = optional(recorded, "name");
  return {
    kind,
    manufacturer: pairs.map(sectionOf),
    services: new Map(hexEntries(recorded, "services").map(([uuid, bytes]) => [uuidOf(uuid), bytes])),
    serviceUuids: uuidsOf(recorded["serviceUuids"]),
    ...(name !== undefined && { name }),
  };
}

function sectionOf(pair: unknown): readonly [number, Uint8Array] {
  const section: readonly unknown[] = Array.isArray(pair) ? pair : [];
  const [company, hex] = section;
  if (typeof company !== "string" || typeof hex !== "string") throw new DecodeError("a section is [company, hex]");
  return [companyOf(company), fromHex(hex)];
}

function parseLine(line: string): Input {
  if (line.length > MAX_LINE) throw new DecodeError(`line of ${line.length} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new DecodeError("no JSON");
  }
  if (!isInput(parsed)) throw new DecodeError("a line is one JSON object");
  return parsed;
}

const isInput = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function payloadOf(input: Input): Payload {
  const kind = text(input, "kind");
  switch (kind) {
    case "advert":
      return advertOf(input);
    case "text":
      return { kind, text: text(input, "text") };
    case "bytes":
      return { kind, bytes: fromHex(text(input, "hex")) };
    case "message":
      return { kind, topic: text(input, "topic"), body: bodyOf(input["payload"]) };
    case "registers":
      return { kind, values: new Map(hexEntries(input, "values").map(([key, bytes]) => [key.toLowerCase(), bytes])) };
    case "fields":
      return { kind, fields: scalars(input["fields"]) };
    default:
      throw new DecodeError(`unknown kind "${kind}": advert, text, bytes, message, registers or fields`);
  }
}

function advertOf(input: Input): Payload {
  const name = optional(input, "local_name");
  return {
    kind: "advert",
    manufacturer: sectionsOf(input["manufacturer_data"] ?? {}),
    services: new Map(hexEntries(input, "service_data").map(([uuid, bytes]) => [uuidOf(uuid), bytes])),
    serviceUuids: uuidsOf(input["service_uuids"]),
    ...(name !== undefined && { name }),
  };
}

/** A company may have several sections in one advert: they stand in a list. */
function sectionsOf(record: unknown): [number, Uint8Array][] {
  if (!isInput(record)) throw new DecodeError('"manufacturer_data" is no object');
  return Object.entries(record).flatMap(([company, data]) =>
    [data].flat().map((hex): [number, Uint8Array] => {
      if (typeof hex !== "string") throw new DecodeError(`"${company}" is no text`);
      return [companyOf(company), fromHex(hex)];
    }),
  );
}

function uuidsOf(uuids: unknown): string[] {
  if (uuids === undefined || uuids === null) return [];
  if (!Array.isArray(uuids)) throw new DecodeError('"service_uuids" is no list');
  return uuids.filter((uuid) => typeof uuid === "string").map(uuidOf);
}

function companyOf(key: string): number {
  if (!/^(?:0x)?[0-9A-Fa-f]{1,4}$/.test(key)) throw new DecodeError(`"${key}" is no company identifier`);
  return Number.parseInt(key.replace(/^0x/, ""), 16);
}

/** Short UUIDs stand for long ones: xxxxxxxx-0000-1000-8000-00805f9b34fb. */
function uuidOf(key: string): string {
  const uuid = key.toLowerCase();
  return /^[0-9a-f]{4}(?:[0-9a-f]{4})?$/.test(uuid) ? `${uuid.padStart(8, "0")}-0000-1000-8000-00805f9b34fb` : uuid;
}

/** Text as it stands, `hex:` before bytes; anything else as the JSON it is. */
function bodyOf(payload: unknown): Uint8Array {
  if (payload === undefined) throw new DecodeError('"payload" is missing');
  if (typeof payload === "string" && payload.startsWith("hex:")) return fromHex(payload.slice(4));
  return new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
}

function sourceOf(input: Input, payload: Payload): string {
  const told = optional(input, "source") ?? optional(input, "address");
  return told ?? (payload.kind === "message" ? payload.topic : "");
}

function rssiOf(input: Input): { rssi?: number } {
  const rssi = input["rssi"];
  return typeof rssi === "number" ? { rssi } : {};
}

function text(input: Input, key: string): string {
  const value = input[key];
  if (typeof value !== "string")
    throw new DecodeError(value === undefined ? `"${key}" is missing` : `"${key}" is no text`);
  return value;
}

/** Null counts as absent: recorded adverts say so of what they do not have. */
function optional(input: Input, key: string): string | undefined {
  return input[key] === undefined || input[key] === null ? undefined : text(input, key);
}

function hexEntries(input: Input, key: string): [string, Uint8Array][] {
  const record = input[key] ?? {};
  if (!isInput(record)) throw new DecodeError(`"${key}" is no object`);
  return Object.keys(record).map((name) => [name, fromHex(text(record, name))]);
}

function scalars(record: unknown): Readonly<Record<string, Scalar>> {
  if (!isInput(record)) throw new DecodeError('"fields" is no object');
  const entries = Object.entries(record).flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? [[name, value] as const]
      : [],
  );
  return Object.fromEntries(entries);
}
