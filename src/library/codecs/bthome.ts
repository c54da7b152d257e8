/**
 * BTHome v2 (bthome.io/format): a byte of device information, then objects in ascending order, each an id and a value.
 *
 *     bit 7 6 5   4 3   2         1    0
 *     version     -     trigger   MAC  encrypted        | [MAC, 6 bytes reversed] | id value | id value | ...
 *
 * Encrypted (bthome.io/encryption), the objects are sealed, and a counter of 4 bytes and a tag of 4 follow.
 */

import { DecodeError, toHex } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import { advertBytes } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import { addressOf, reversed } from "./address.ts";
import { DIMMER, fieldInfos, RAW, ROTATION, TEXT, type Thing, THINGS } from "./bthome-objects.ts";
import type { Codec, KeyNeed, Session } from "./codec.ts";
import { KeySession, markOf, openCcm, sessionFor } from "./seal.ts";

const VERSION = 2;
const ENCRYPTED = 0x01;
const WITH_ADDRESS = 0x02;
/** Of a sealed message: counter, tag. */
const TAIL = 8;
/** Repetitions of one quantity that are told apart: `temperature`, `temperature_2`, ... */
const MAX_CHANNELS = 16;

/** 16 bytes, wherever BTHome is sealed. */
export const bthomeKey: KeyNeed = {
  lengths: [16],
  optional: true,
  where: "In the app or the firmware of the sensor, as bind key or encryption key.",
};

export function bthomeV2({ match }: Definition): Codec {
  const payload = advertBytes("service_data", match?.ble);
  return {
    fields: fieldInfos,
    key: bthomeKey,
    createSession: (key) => new KeySession(key, bthomeKey),
    decode(frame, session) {
      const bytes = payload(frame);
      return bytes && openBthome(bytes, frame, session);
    },
  };
}

function openBthome(bytes: Uint8Array, frame: Frame, session: Session | undefined): Map<string, Quantity> | undefined {
  const info = informationOf(bytes);
  if ((info & ENCRYPTED) === 0) {
    refuseInClear(session);
    return decodeBthome(bytes);
  }
  const withAddress = (info & WITH_ADDRESS) !== 0;
  const start = withAddress ? 7 : 1;
  if (bytes.length < start + TAIL) throw new DecodeError("sealed BTHome without counter and tag");
  const key = sessionFor(session);
  const address = withAddress ? reversed(bytes.subarray(1, 7)) : addressOf(frame);
  const counter = bytes.subarray(-TAIL, -4);
  const nonce = Uint8Array.of(...address, 0xd2, 0xfc, info, ...counter);
  const sealed = { nonce, sealed: bytes.subarray(start, -TAIL), tag: bytes.subarray(-4) };
  const opened = key.open(numbered(counter, sealed.tag), (secret) => openCcm(secret, sealed));
  return opened && objectsOf(opened);
}

export function numbered(counter: Uint8Array, tag: Uint8Array) {
  return { counter: markOf(counter), bits: 32, authentic: true, mark: markOf(tag) } as const;
}

/** Who has given a sensor a key has told it to seal: what comes in clear is somebody else's. @throws DecodeError then. */
export function refuseInClear(session: Session | undefined): void {
  if (session?.key) throw new DecodeError("in clear, though this sensor has a key to seal with");
}

/** The objects of a message in clear. @throws DecodeError if it is no BTHome v2, ends in a value, or is encrypted. */
export function decodeBthome(bytes: Uint8Array): Map<string, Quantity> {
  const info = informationOf(bytes);
  if ((info & ENCRYPTED) !== 0) throw new DecodeError("encrypted BTHome needs a key");
  return objectsOf(bytes.subarray((info & WITH_ADDRESS) === 0 ? 1 : 7));
}

function informationOf(bytes: Uint8Array): number {
  const info = bytes[0];
  if (info === undefined) throw new DecodeError("BTHome without device information");
  if (info >> 5 !== VERSION) throw new DecodeError(`BTHome version ${info >> 5}: only version ${VERSION} is known`);
  return info;
}

function objectsOf(bytes: Uint8Array): Map<string, Quantity> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Quantity>();
  let at = 0;
  while (at < bytes.length) {
    const id = bytes[at]!;
    const length = id === TEXT || id === RAW ? 1 + (bytes[at + 1] ?? 0) : THINGS.get(id)?.length;
    // The length of an unknown object is not known: what follows cannot be read (bthome.io/format).
    if (length === undefined) break;
    const start = at + 1;
    at = start + length;
    if (at > bytes.length) throw new DecodeError(`BTHome object ${id.toString(16)} ends early`);
    if (id === DIMMER) putDimmer(found, view, start);
    else if (id === TEXT || id === RAW) putText(found, id, bytes.subarray(start + 1, at));
    else putThing(found, THINGS.get(id)!, view, start);
  }
  return found;
}

function putThing(found: Map<string, Quantity>, { name, read }: Thing, view: DataView, at: number): void {
  put(found, name, read(view, at));
}

/** Under the name, or the first free one of those with a number. */
export function put(found: Map<string, Quantity>, name: string, quantity: Quantity): void {
  const free = channel(found, name);
  if (free !== undefined) found.set(free, quantity);
}

/** What was done, and by how many steps. */
export function putDimmer(found: Map<string, Quantity>, view: DataView, at: number): void {
  const [event, steps] = [channel(found, "dimmer"), channel(found, "dimmer_steps")];
  if (event === undefined || steps === undefined) return;
  found.set(event, { value: ROTATION[view.getUint8(at)] ?? "unknown" });
  found.set(steps, { value: view.getUint8(at + 1) });
}

function putText(found: Map<string, Quantity>, id: number, bytes: Uint8Array): void {
  put(found, id === TEXT ? "text" : "raw", {
    value: id === TEXT ? new TextDecoder().decode(bytes) : toHex(bytes),
  });
}

/** The first channel has the plain name. */
function channel(found: ReadonlyMap<string, Quantity>, name: string): string | undefined {
  if (!found.has(name)) return name;
  for (let n = 2; n <= MAX_CHANNELS; n++) if (!found.has(`${name}_${n}`)) return `${name}_${n}`;
  return undefined;
}
