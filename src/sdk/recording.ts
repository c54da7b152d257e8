/** A frame as one line of JSON, for those who record what was heard. Bytes are hex. */

import { toHex } from "../base/bytes.ts";
import type { Frame, Payload } from "./adapter.ts";

/** One line, without its end. */
export function recordLine({ at, source, rssi, payload }: Frame): string {
  return JSON.stringify({ at: at.ms, source, rssi, payload: recorded(payload) });
}

function recorded(payload: Payload): Readonly<Record<string, unknown>> {
  switch (payload.kind) {
    case "advert":
      return {
        kind: "advert",
        name: payload.name,
        manufacturer: payload.manufacturer.map(([company, data]) => [
          company.toString(16).padStart(4, "0"),
          toHex(data),
        ]),
        services: hexes(payload.services),
        serviceUuids: [...payload.serviceUuids],
      };
    case "bytes":
      return { kind: "bytes", hex: toHex(payload.bytes) };
    case "message":
      return { kind: "message", topic: payload.topic, hex: toHex(payload.body), retained: payload.retained };
    case "registers":
      return { kind: "registers", values: hexes(payload.values), device: payload.device };
    case "text":
      return { kind: "text", text: payload.text };
    case "fields":
      return { kind: "fields", fields: { ...payload.fields } };
  }
}

const hexes = (values: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries(Array.from(values, ([key, bytes]) => [key, toHex(bytes)]));
