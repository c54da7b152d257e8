/** A frame that no definition fits, in lines that one can compare with a data sheet: for the inbox, and bounded. */

import { toHex } from "../../base/bytes.ts";
import type { Frame, Payload } from "../../sdk/adapter.ts";
import { type AssignedNumbers, shortUuid } from "./assigned.ts";
import { wellKnown } from "./beacons.ts";

type Advert = Extract<Payload, { kind: "advert" }>;

const MAX_BYTES = 64;
const MAX_TEXT = 200;
const MAX_LINES = 8;

/** What it is, if everybody knows; sections with company or service, lengths and bytes; what is cut ends in `…`. */
export function rawLines({ payload }: Frame, names?: AssignedNumbers): string[] {
  switch (payload.kind) {
    case "advert":
      return ofAdvert(payload, names).slice(0, MAX_LINES);
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

function ofAdvert(advert: Advert, names: AssignedNumbers | undefined): string[] {
  const { manufacturer, services, serviceUuids } = advert;
  const says = wellKnown(advert);
  const bare = serviceUuids.filter((uuid) => !services.has(uuid)).map((uuid) => serviceText(uuid, names));
  return [
    ...(says === undefined ? [] : [says]),
    ...manufacturer.map(([company, bytes]) => {
      const id = named(hexadecimal(company), names?.company(company));
      return `company ${id}, ${bytesText(bytes)}`;
    }),
    ...[...services].map(([uuid, bytes]) => `service ${serviceText(uuid, names)}, ${bytesText(bytes)}`),
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

const named = (id: string, name: string | undefined) => (name === undefined ? id : `${id} (${name})`);

function serviceText(uuid: string, names: AssignedNumbers | undefined): string {
  const short = shortUuid(uuid);
  return short === undefined ? uuid : named(hexadecimal(short), names?.service(short));
}
