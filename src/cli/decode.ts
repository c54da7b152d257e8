/** `isthmus decode`: one JSON line per thing heard in, one JSON line per reading out. */

import { DecodeError, fromHex } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { Device, Frame, Library, Quantity } from "../library/index.ts";

/** What every output line holds. A reading of null is one that the device said is not available. */
export interface Decoded {
  readonly definition: string | null;
  /** The endpoint name that adoption would mint; null if the frame does not say whose it is. */
  readonly identity: string | null;
  readonly readings: Readonly<Record<string, { readonly value: Scalar; readonly unit?: string } | null>>;
  readonly error?: string;
}

const MAX_LINE = 1_000_000;
/** Lines do not say when they were heard: readings that depend on it take their own time. */
const UNKNOWN_TIME = { ms: 0, trusted: false };

type Input = Readonly<Record<string, unknown>>;
type Payload = Frame["payload"];

/** One line out for every line in, whatever the line is; blank lines are passed over. */
export async function* decodeLines(library: Library, lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) if (line.trim() !== "") yield JSON.stringify(decodeLine(library, line));
}

/** Never throws: what is wrong with a line is in its `error`. */
export function decodeLine(library: Library, line: string): Decoded {
  try {
    return decodeInput(library, parseLine(line));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { definition: null, identity: null, readings: {}, error: error.message };
  }
}

function decodeInput(library: Library, input: Input): Decoded {
  const payload = payloadOf(input);
  const wanted = optional(input, "definition");
  const frame: Frame = { source: sourceOf(input, payload), at: UNKNOWN_TIME, payload, ...rssiOf(input) };
  const device = wanted === undefined ? library.match(frame) : library.get(wanted);
  if (device) return wanted === undefined ? decodeFrame(device, frame) : decodeAs(device, frame);
  const unknown: Decoded = { definition: null, identity: null, readings: {} };
  return wanted === undefined ? unknown : { ...unknown, error: `no definition "${wanted}"` };
}

function decodeFrame(device: Device, frame: Frame): Decoded {
  const definition = device.id;
  try {
    const reading = device.decode(frame);
    const identity = device.identify(frame)?.endpoint ?? null;
    return { definition, identity, readings: readingsOf(reading?.fields ?? new Map()) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { definition, identity: null, readings: {}, error: error.message };
  }
}

/** A definition that was asked for and finds nothing was the wrong one: an empty answer would look like a silent device. */
function decodeAs(device: Device, frame: Frame): Decoded {
  const decoded = decodeFrame(device, frame);
  if (decoded.error !== undefined || Object.keys(decoded.readings).length > 0) return decoded;
  return { ...decoded, error: `${device.id} finds nothing in this ${frame.payload.kind}` };
}

function readingsOf(fields: ReadonlyMap<string, Quantity | undefined>): Decoded["readings"] {
  return Object.fromEntries([...fields].map(([name, quantity]) => [name, quantity ?? null]));
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
  const uuids = input["service_uuids"] ?? [];
  if (!Array.isArray(uuids)) throw new DecodeError('"service_uuids" is no list');
  return {
    kind: "advert",
    manufacturer: hexEntries(input, "manufacturer_data").map(([company, bytes]) => [companyOf(company), bytes]),
    services: new Map(hexEntries(input, "service_data").map(([uuid, bytes]) => [uuidOf(uuid), bytes])),
    serviceUuids: uuids.filter((uuid) => typeof uuid === "string").map(uuidOf),
    ...(name !== undefined && { name }),
  };
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
