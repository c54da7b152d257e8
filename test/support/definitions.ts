/** Definitions for tests: a sound one to change, and the shortest way to a device or its problems. */

import { Library, standardModels } from "../../src/library/index.ts";
import type { DefinitionProblem, Device } from "../../src/library/index.ts";
import type { Frame, Payload } from "../../src/sdk/adapter.ts";

const models = standardModels();

/** A thermometer with a payload of four bytes, sound in every part. */
export const THERMOMETER = `schema: device/v1
id: acme.thermometer
vendor: Acme
model: T-1

match:    { ble: { manufacturer: 0x1234, length: 4 } }
identity: { from: ble.address, endpoint: "acme-{address}" }
frame:    { bytes: ble.manufacturer }
alive:    { expect: 10s, stale: 90s, gone: 15m }

fields:
  temperature: { at: 0, type: i16be, invalid: -32768, scale: 0.01, unit: Cel, range: [-40, 85] }
  counter:     { at: 2, type: u8 }

objects:
  3303/0: { value: temperature }

tests:
  - name: a room
    hex: 08F2 01 00
    expect: { temperature: 22.9, counter: 1 }
`;

/** The definition with some of its text exchanged; fails if a text is not in it. */
export function changed(...changes: readonly (readonly [from: string, to: string])[]): string {
  let text = THERMOMETER;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`not in the definition: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** A definition of named values: the rest of a test is about what its fields mean. */
export function ofFields(fields: string, objects = "", more = ""): string {
  return `schema: device/v1
id: acme.fields
vendor: Acme
model: F-1
match:    { fields: { model: f } }
identity: { from: source, endpoint: "acme-{source}" }
frame:    { fields: true }
alive:    { expect: 10s, stale: 90s, gone: 15m }
fields:
${indent(fields)}
objects:
  3/0: { 0: { const: Acme } }
${indent(objects)}
${more}
tests: [{ name: nothing, fields: { model: f } }]
`;
}

const indent = (text: string) => text.replaceAll(/^(?=.)/gm, "  ");

export function load(...texts: readonly string[]) {
  return Library.load(
    texts.map((text, i) => ({ name: i === 0 ? "acme.yaml" : `acme-${i + 1}.yaml`, text })),
    models,
  );
}

/** What is wrong with a definition, as `line:column message (hint)`. */
export function problemsOf(text: string): string[] {
  return load(text).problems.map(shown);
}

export const shown = ({ line, column, message, hint }: DefinitionProblem) =>
  `${line}:${column} ${message}${hint === undefined ? "" : ` (${hint})`}`;

/** The one device of a definition; fails with its problems if there is none. */
export function deviceOf(text: string): Device {
  const { library, problems } = load(text);
  const [device] = library.devices();
  if (!device) throw new Error(problems.map(shown).join("\n"));
  return device;
}

/** 2026-06-01 12:00:00.500 UTC. */
export const AT = { ms: Date.UTC(2026, 5, 1, 12) + 500, trusted: true };

export function frameOf(payload: Payload, source = "02:00:00:00:00:01"): Frame {
  return { source, at: AT, payload };
}

export function advert(company: number, bytes: Uint8Array): Payload {
  return { kind: "advert", manufacturer: [[company, bytes]], services: new Map(), serviceUuids: [] };
}

export function serviceAdvert(uuid: string, bytes: Uint8Array): Payload {
  return { kind: "advert", manufacturer: [], services: new Map([[uuid, bytes]]), serviceUuids: [] };
}

export function message(topic: string, body: unknown): Payload {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { kind: "message", topic, body: new TextEncoder().encode(text) };
}

/** Values by name; null for what is not available. Nothing for a frame with nothing in it. */
export function values(device: Device, payload: Payload): Record<string, unknown> | undefined {
  const reading = device.decode(frameOf(payload));
  return reading && Object.fromEntries([...reading.fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
}
