/** Devices with binary payloads for tests: the shortest way from a few fields to what they read. */

import { fromHex } from "../../src/base/bytes.ts";
import type { Device } from "../../src/library/index.ts";
import type { Payload } from "../../src/sdk/adapter.ts";
import { deviceOf, problemsOf, values } from "./definitions.ts";

/** A definition with these fields; `more` are lines of `match`, `forms` and the like. */
export function binaryDefinition(frame: string, fields: readonly string[], more = ""): string {
  return `schema: device/v1
id: acme.x
vendor: Acme
model: X
identity: { endpoint: "acme-{source}" }
frame: { ${frame} }
${fields.length > 0 ? `fields:\n${fields.map((field) => `  ${field}`).join("\n")}` : ""}
${more}
alive: { expect: 10s, stale: 90s, gone: 15m }
objects: { 3/0: { 0: { const: Acme } } }
tests: [{ name: none, hex: "00" }]
`;
}

export function binaryDevice(frame: string, fields: readonly string[], more = ""): Device {
  return deviceOf(binaryDefinition(frame, fields, more));
}

/** What is said of the definition, without the places. */
export function binaryProblems(frame: string, fields: readonly string[], more = ""): string[] {
  return problemsOf(binaryDefinition(frame, fields, more)).map((each) => each.replace(/^\d+:\d+ /, ""));
}

export const bytesOf = (hex: string): Payload => ({ kind: "bytes", bytes: fromHex(hex) });

/** Values by name; null for what is not available. */
export function readAll(device: Device, hex: string): Record<string, unknown> | undefined {
  return values(device, bytesOf(hex));
}

/** What one field `f` of a plain payload reads. */
export function readField(spec: string, hex: string): unknown {
  return readAll(binaryDevice("bytes: payload", [`f: { ${spec} }`]), hex)?.["f"];
}
