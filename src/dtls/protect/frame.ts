/** The outer shape of the records that one end writes: with the Connection ID that its peer wants, or classic. */

import { ContentType } from "../constants.ts";
import { HEADER_LENGTH, writeHeader } from "../record.ts";

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
  const record = new Uint8Array(frame.headerLength + length);
  const outer = frame.cid ? ContentType.Tls12Cid : type;
  writeHeader(record, outer, { epoch: 1, sequence, cid: frame.cid, length });
  return record;
}

/** What is encrypted: with a Connection ID, the real type follows the payload; no padding (RFC 9146 §4). */
export function innerText(frame: Frame, type: number, payload: Uint8Array): Uint8Array {
  if (!frame.cid) return payload;
  const text = new Uint8Array(payload.length + 1);
  text.set(payload);
  text[payload.length] = type;
  return text;
}
