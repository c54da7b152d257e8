/** A frame that no definition fits, in lines that one can compare with a data sheet: for the inbox, and bounded. */

import { toHex } from "../../base/bytes.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";

const MAX_BYTES = 64;
const MAX_TEXT = 200;
const MAX_LINES = 8;
/** Bluetooth's own UUIDs are 16 bits in this (Core Vol 3 Part B §2.5.1). */
const SHORT = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

/** Sections with company or service, lengths and bytes; what is cut ends in `…`. */
export function rawLines({ payload }: Frame): string[] {
  switch (payload.kind) {
    case "advert":
      return ofAdvert(payload).slice(0, MAX_LINES);
    case "bytes":
      return [bytesText(payload.bytes)];
    case "text":
      return [cut(payload.text)];
    case "message":
      return [`topic ${cut(payload.topic)}`, plainText(payload.body) ?? bytesText(payload.body)];
    case "registers":
      return [...payload.values].slice(0, MAX_LINES).map(([key, bytes]) => `${cut(key)} ${bytesText(bytes)}`);
    case "fields":
      return Object.entries(payload.fields)
        .slice(0, MAX_LINES)
        .map(([name, value]) => cut(`${name} ${JSON.stringify(value)}`));
  }
}

function ofAdvert({ manufacturer, services, serviceUuids }: Extract<Payload, { kind: "advert" }>): string[] {
  const data = [...services].map(([uuid, bytes]) => `service ${shortUuid(uuid)}, ${bytesText(bytes)}`);
  const bare = serviceUuids.filter((uuid) => !services.has(uuid)).map(shortUuid);
  return [
    ...manufacturer.map(([company, bytes]) => `company ${hexadecimal(company)}, ${bytesText(bytes)}`),
    ...data,
    ...(bare.length > 0 ? [cut(`services ${bare.join(" ")}`)] : []),
  ];
}

/** "3 bytes: 01 02 03". */
function bytesText(bytes: Uint8Array): string {
  const { length } = bytes;
  const pairs = toHex(bytes.subarray(0, MAX_BYTES)).replaceAll(/(..)(?=.)/g, "$1 ");
  return `${length} ${length === 1 ? "byte" : "bytes"}: ${pairs}${length > MAX_BYTES ? " …" : ""}`;
}

/** On one line, and none that a terminal would obey. */
function cut(text: string): string {
  const plain = text.slice(0, MAX_TEXT).replaceAll(/\p{Cc}/gu, " ");
  return text.length > MAX_TEXT ? `${plain}…` : plain;
}

/** Undefined if it is none. */
function plainText(body: Uint8Array): string | undefined {
  try {
    // A letter that was cut in two is no fault of its sender.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, MAX_TEXT * 4), { stream: true });
    return /(?![\t\n\r])\p{Cc}/u.test(text) ? undefined : cut(text);
  } catch {
    return undefined;
  }
}

const hexadecimal = (id: number) => `0x${id.toString(16).toUpperCase().padStart(4, "0")}`;

function shortUuid(uuid: string): string {
  const short = SHORT.exec(uuid)?.[1];
  return short === undefined ? uuid : `0x${short.toUpperCase()}`;
}
