/**
 * BTHome v1 (bthome.io/v1): objects, each a byte with its format and length, an id and a value of that length.
 *
 *     bit 7 6 5                                            4 3 2 1 0
 *     0 unsigned  1 signed  2 float  3 text  4 address     length with the id     | id | value ...
 *
 * Under another service UUID all of it is sealed, and a counter of 4 bytes and a tag of 4 follow.
 */

import { DecodeError, toHex } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import { type Advert, advertBytes, fullUuid } from "../matching/advert.ts";
import type { Quantity } from "../reading.ts";
import { addressOf } from "./address.ts";
import { bthomeKey, numbered, put, putDimmer, refuseInClear } from "./bthome.ts";
import { DIMMER, fieldInfos, type Thing, THINGS } from "./bthome-objects.ts";
import type { Codec, FieldInfo, Session } from "./codec.ts";
import { KeySession, openCcm, sessionFor } from "./seal.ts";

const SEALED = fullUuid(0x181e) ?? "";
const AAD = Uint8Array.of(0x11);
const TAIL = 8;

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map([...fieldInfos, ["mac", { unit: undefined, many: false }]]);

export function bthomeV1({ match }: Definition): Codec {
  const payload = advertBytes("service_data", match?.ble);
  return {
    fields: FIELDS,
    key: bthomeKey,
    createSession: (key) => new KeySession(key, bthomeKey),
    decode(frame, session) {
      const sealed = frame.payload.kind === "advert" ? sealedOf(frame.payload) : undefined;
      if (sealed) return openV1(sealed, frame, session);
      const bytes = payload(frame);
      if (bytes) refuseInClear(session);
      return bytes && decodeBthomeV1(bytes);
    },
  };
}

const sealedOf = ({ services }: Advert) => services.get(SEALED);

function openV1(bytes: Uint8Array, frame: Frame, session: Session | undefined): Map<string, Quantity> | undefined {
  if (bytes.length < TAIL) throw new DecodeError("sealed BTHome without counter and tag");
  const key = sessionFor(session);
  const counter = bytes.subarray(-TAIL, -4);
  const nonce = Uint8Array.of(...addressOf(frame), 0x1e, 0x18, ...counter);
  const sealed = { nonce, sealed: bytes.subarray(0, -TAIL), tag: bytes.subarray(-4), aad: AAD };
  const opened = key.open(numbered(counter, sealed.tag), (secret) => openCcm(secret, sealed));
  return opened && decodeBthomeV1(opened);
}

/** @throws DecodeError if it ends in the middle of an object. */
export function decodeBthomeV1(bytes: Uint8Array): Map<string, Quantity> {
  const found = new Map<string, Quantity>();
  let at = 0;
  while (at < bytes.length) {
    const head = bytes[at]!;
    const end = at + 1 + (head & 0x1f);
    if (end > bytes.length || (head & 0x1f) === 0) throw new DecodeError(`BTHome object at ${at} ends early`);
    putObject(found, head >> 5, bytes.subarray(at + 1, end));
    at = end;
  }
  return found;
}

/** Objects of other formats and unknown ids are passed over: here their length is known. */
function putObject(found: Map<string, Quantity>, format: number, object: Uint8Array): void {
  const [id = 0] = object;
  const value = object.subarray(1);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (format === 4) {
    if (value.length === 6)
      found.set("mac", { value: (toHex(value.toReversed()).toUpperCase().match(/../g) ?? []).join(":") });
    return;
  }
  const thing = THINGS.get(id);
  if (format === 3) put(found, "text", { value: new TextDecoder().decode(value) });
  else if (id === DIMMER && value.length === 2) putDimmer(found, view, 0);
  else if (thing?.number) putNumber(found, thing, rawOf(format, view));
  else if (thing && thing.length === value.length) put(found, thing.name, thing.read(view, 0));
}

function putNumber(found: Map<string, Quantity>, { name, number }: Thing, raw: number | undefined): void {
  if (number && raw !== undefined && Number.isFinite(raw)) put(found, name, number(raw));
}

/** Undefined for widths that no sensor has. */
function rawOf(format: number, view: DataView): number | undefined {
  const width = view.byteLength;
  if (format === 2) return floatOf(view);
  if (format > 1 || width === 0 || width > 6) return undefined;
  let raw = 0;
  for (let i = width - 1; i >= 0; i--) raw = raw * 0x100 + view.getUint8(i);
  return format === 1 && view.getUint8(width - 1) >= 0x80 ? raw - 0x100 ** width : raw;
}

function floatOf(view: DataView): number | undefined {
  if (view.byteLength === 2) return halfOf(view.getUint16(0, true));
  if (view.byteLength === 4) return view.getFloat32(0, true);
  return view.byteLength === 8 ? view.getFloat64(0, true) : undefined;
}

/** IEEE 754 binary16: sign, five bits of exponent, ten of fraction. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 0x400) * 2 ** (exponent - 15);
}
