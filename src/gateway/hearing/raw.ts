/** A frame that no definition fits, as far as anybody can tell what is in it: for the inbox, and cut to a few lines. */

import { toHex } from "../../base/bytes.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";

/** What is known of the format of a stranger. Bytes as hexadecimal digits; what is cut ends in `…`. */
export interface RawStatus {
  readonly kind: Payload["kind"];
  /** Sections of an advert with data, by company identifier. */
  readonly manufacturer?: readonly RawBytes[];
  /** By service UUID. */
  readonly serviceData?: readonly RawBytes[];
  /** Advertised, with or without data. */
  readonly services?: readonly string[];
  readonly topic?: string;
  /** Of text, a message or named values. */
  readonly text?: string;
  readonly bytes?: RawBytes;
}

export interface RawBytes {
  /** Such as `0x0499`, `0xFCD2` or `4:0x0000`; absent where there is but one. */
  readonly of?: string;
  readonly length: number;
  readonly hex: string;
}

const MAX_BYTES = 64;
const MAX_TEXT = 200;
const MAX_SECTIONS = 8;
/** Bluetooth's own UUIDs are 16 bits in this (Core Vol 3 Part B §2.5.1). */
const SHORT = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

export function rawOf({ payload }: Frame): RawStatus {
  const { kind } = payload;
  switch (payload.kind) {
    case "advert":
      return { kind, ...ofAdvert(payload) };
    case "bytes":
      return { kind, bytes: cutBytes(payload.bytes) };
    case "text":
      return { kind, text: cutText(payload.text) };
    case "message": {
      const { topic, body } = payload;
      const text = plainText(body);
      return { kind, topic: cutText(topic), ...(text === undefined ? { bytes: cutBytes(body) } : { text }) };
    }
    case "registers":
      return { kind, ...ofRegisters(payload) };
    case "fields":
      return { kind, text: cutText(JSON.stringify(payload.fields)) };
  }
}

function ofAdvert({ manufacturer, services, serviceUuids }: Extract<Payload, { kind: "advert" }>) {
  const companies = manufacturer
    .slice(0, MAX_SECTIONS)
    .map(([company, data]) => ({ of: `0x${company.toString(16).toUpperCase().padStart(4, "0")}`, ...cutBytes(data) }));
  const data = [...services]
    .slice(0, MAX_SECTIONS)
    .map(([uuid, bytes]) => ({ of: shortUuid(uuid), ...cutBytes(bytes) }));
  const uuids = serviceUuids.slice(0, MAX_SECTIONS).map(shortUuid);
  return {
    ...(companies.length > 0 && { manufacturer: companies }),
    ...(data.length > 0 && { serviceData: data }),
    ...(uuids.length > 0 && { services: uuids }),
  };
}

function ofRegisters({ values }: Extract<Payload, { kind: "registers" }>) {
  const registers = [...values].slice(0, MAX_SECTIONS).map(([key, bytes]) => `${key}: ${cutBytes(bytes).hex}`);
  return { text: cutText(registers.join("  ")) };
}

function cutBytes(bytes: Uint8Array): RawBytes {
  const { length } = bytes;
  return { length, hex: length > MAX_BYTES ? `${toHex(bytes.subarray(0, MAX_BYTES))}…` : toHex(bytes) };
}

function cutText(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** Undefined if it is none. */
function plainText(body: Uint8Array): string | undefined {
  try {
    // A letter that was cut in two is no fault of its sender.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, MAX_TEXT * 2), { stream: true });
    return /(?![\t\n\r])\p{Cc}/u.test(text) ? undefined : cutText(text);
  } catch {
    return undefined;
  }
}

const shortUuid = (uuid: string) => {
  const short = SHORT.exec(uuid)?.[1];
  return short === undefined ? uuid : `0x${short.toUpperCase()}`;
};
