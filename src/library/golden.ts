/** The golden frames of definitions: what a frame must mean, compared field by field. */

import { DecodeError, fromHex } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { Frame, Payload } from "../sdk/adapter.ts";
import { fullUuid } from "./matching/advert.ts";
import type { CompiledDevice } from "./compile.ts";
import type { Definition, GoldenFrame } from "./definition/definition.ts";
import type { Library } from "./library.ts";
import type { Reading } from "./reading.ts";

/** One golden frame and how it ended; no differences: passed. */
export interface GoldenResult {
  readonly definition: string;
  readonly name: string;
  readonly differences: readonly string[];
}

/** Frames from nowhere: whoever sent them, it was not a real device. */
const SOURCE = "02:00:00:00:00:01";
/** 2026-01-01 UTC. */
const AT = { ms: 1_767_225_600_000, trusted: true };
/** Relative; far below what any sensor resolves. */
const TOLERANCE = 1e-9;

/** Runs every golden frame of every definition, the way a frame takes: matched, then decoded. */
export function* testDefinitions(library: Library): Iterable<GoldenResult> {
  for (const device of library.compiled())
    for (const test of device.definition.tests)
      yield { definition: device.id, name: test.name, differences: differences(library, device, test) };
}

function differences(library: Library, device: CompiledDevice, test: GoldenFrame): string[] {
  const payload = payloadOf(device.definition, test);
  if (!payload) return ["no frame: hex, text, topic with text or json, fields or registers make one"];
  const frame: Frame = { source: payload.kind === "message" ? payload.topic : SOURCE, at: AT, payload };
  const found: string[] = [];
  const matched = library.match(frame);
  if (device.definition.match && matched?.id !== device.id)
    found.push(`recognised as ${matched?.id ?? "nothing"} instead of ${device.id}`);
  return [...found, ...outcome(device, frame, test)];
}

function outcome(device: CompiledDevice, frame: Frame, { expect = {}, error }: GoldenFrame): string[] {
  let reading: Reading | undefined;
  try {
    reading = device.decode(frame);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    if (error !== undefined && thrown.message.includes(error)) return [];
    return [`refused: ${thrown.message}${error === undefined ? "" : `, expected: ${error}`}`];
  }
  if (error !== undefined) return [`not refused, expected: ${error}`];
  return Object.entries(expect).flatMap(([name, expected]) => compare(name, expected, reading));
}

function compare(name: string, expected: Scalar | null, reading: Reading | undefined): string[] {
  if (!reading?.fields.has(name)) return [`${name}: expected ${show(expected)}, got nothing`];
  const actual = reading.fields.get(name)?.value ?? null;
  return same(expected, actual) ? [] : [`${name}: expected ${show(expected)}, got ${show(actual)}`];
}

function same(expected: Scalar | null, actual: Scalar | null): boolean {
  if (typeof expected !== "number" || typeof actual !== "number") return expected === actual;
  return Math.abs(expected - actual) <= TOLERANCE * Math.abs(expected);
}

const show = (value: Scalar | null) => (value === null ? "null (not available)" : JSON.stringify(value));

/** A golden frame as an adapter would have sent it. Bytes go where the definition looks for them. */
function payloadOf({ match, frame }: Definition, test: GoldenFrame): Payload | undefined {
  const { hex, text, topic, json, fields, registers } = test;
  if (topic !== undefined) {
    const body = json === undefined ? text : JSON.stringify(json);
    return body === undefined ? undefined : { kind: "message", topic, body: new TextEncoder().encode(body) };
  }
  if (text !== undefined) return { kind: "text", text };
  if (fields) return { kind: "fields", fields };
  if (registers) {
    const values = Object.entries(registers).map(([key, bytes]) => [key.toLowerCase(), fromHex(bytes)] as const);
    return { kind: "registers", values: new Map(values) };
  }
  if (hex === undefined) return undefined;
  const bytes = fromHex(hex);
  const { name } = match?.ble ?? {};
  const manufacturer = typeof match?.ble?.manufacturer === "number" ? match.ble.manufacturer : undefined;
  const [service_data] = [match?.ble?.service_data].flat();
  const uuid = service_data === undefined ? undefined : fullUuid(service_data);
  if (frame.bytes === "payload" || (manufacturer === undefined && uuid === undefined)) return { kind: "bytes", bytes };
  const inManufacturer = manufacturer !== undefined && (uuid === undefined || frame.bytes === "ble.manufacturer");
  return {
    kind: "advert",
    manufacturer: inManufacturer ? [[manufacturer, bytes]] : [],
    services: uuid !== undefined && !inManufacturer ? new Map([[uuid, bytes]]) : new Map(),
    serviceUuids: (match?.ble?.services ?? []).map((each) => fullUuid(each) ?? ""),
    ...(name !== undefined && { name }),
  };
}
