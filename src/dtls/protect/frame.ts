/** The outer shape of the records that one end writes: with the Connection ID that its peer wants, or classic. */

import { ContentType } from "../constants.ts";
import { HEADER_LENGTH, writeHeader } from "../record.ts";

/** For texts that fit into a datagram, as all but the largest do. */
const usual = new Uint8Array(2_048);

export interface Frame {
  /** Not empty: an empty one leaves records classic (RFC 9146 §3). */
  readonly cid: Uint8Array | undefined;
  readonly headerLength: number;
}

export function frameOf(cid: Uint8Array | undefined): Frame {
  return cid && cid.length > 0
    ? { cid: new Uint8Array(cid), headerLength: HEADER_LENGTH + cid.length }
    : { cid: undefined, headerLength: HEADER_LENGTH };
}

/** A record of epoch 1 with its header written, and room for a body of that many bytes. */
export function beginRecord(frame: Frame, type: number, sequence: number, length: number): Uint8Array {
  // Taken from Node's pool, which is six times as quick; every byte of it is written before it is given away.
  const record = Buffer.allocUnsafe(frame.headerLength + length);
  const outer = frame.cid ? ContentType.Tls12Cid : type;
  writeHeader(record, outer, { epoch: 1, sequence, cid: frame.cid, length });
  return record;
}

/** What is encrypted: with a Connection ID, the real type follows the payload; no padding (RFC 9146 §4). Valid until the next call. */
export function innerText(frame: Frame, type: number, payload: Uint8Array): Uint8Array {
  if (!frame.cid) return payload;
  const length = payload.length + 1;
  const text = length <= usual.length ? usual.subarray(0, length) : new Uint8Array(length);
  text.set(payload);
  text[payload.length] = type;
  return text;
}
