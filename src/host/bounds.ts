/** What a frame may look like: an adapter that runs wild must not fill the house. */

import type { Frame, Payload } from "../sdk/adapter.ts";

const MAX_SOURCE = 256;
const MAX_BYTES = 65_536;
const MAX_PARTS = 256;
const MAX_NAME = 256;

/** What is wrong with a frame, or undefined. */
export function complaint({ source, at, payload, rssi }: Frame): string | undefined {
  if (source.length === 0 || source.length > MAX_SOURCE) return `a source of ${source.length} characters`;
  if (!Number.isFinite(at.ms)) return "no time";
  if (rssi !== undefined && !Number.isFinite(rssi)) return "a signal strength that is no number";
  return aboutPayload(payload);
}

function aboutPayload(payload: Payload): string | undefined {
  switch (payload.kind) {
    case "advert":
      return aboutAdvert(payload);
    case "bytes":
      return tooLong(payload.bytes.length);
    case "text":
      return tooLong(payload.text.length);
    case "message":
      return tooLong(Math.max(payload.topic.length, payload.body.length));
    case "registers":
      return tooLong(lengthOf(payload.values)) ?? tooMany(payload.values.size);
    case "fields":
      return aboutFields(payload.fields);
    default:
      return "a payload of unknown kind";
  }
}

function aboutAdvert({ name, manufacturer, services, serviceUuids }: Extract<Payload, { kind: "advert" }>) {
  if (name !== undefined && name.length > MAX_NAME) return `a name of ${name.length} characters`;
  let bytes = 0;
  for (const [, data] of manufacturer) bytes += data.length;
  return (
    tooLong(bytes + lengthOf(services)) ?? tooMany(Math.max(manufacturer.length, services.size, serviceUuids.length))
  );
}

function lengthOf(values: ReadonlyMap<string, Uint8Array>): number {
  let bytes = 0;
  for (const data of values.values()) bytes += data.length;
  return bytes;
}

function aboutFields(fields: Readonly<Record<string, unknown>>): string | undefined {
  let count = 0;
  for (const name in fields) {
    count += 1;
    const value = fields[name];
    if (typeof value === "string" && value.length > MAX_BYTES) return tooLong(value.length);
  }
  return tooMany(count);
}

const tooLong = (length: number) =>
  length > MAX_BYTES ? `${length} bytes; at most ${MAX_BYTES} are taken` : undefined;
const tooMany = (count: number) => (count > MAX_PARTS ? `${count} parts; at most ${MAX_PARTS} are taken` : undefined);
