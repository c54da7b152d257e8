/** What a protected record covers: the bytes it authenticates beside its text, and the text within a record that has a Connection ID. */

import { ContentType, MAX_PLAINTEXT } from "../constants.ts";
import { HEADER_LENGTH, writeU16 } from "../record.ts";

/** A record that proved authentic. `type` is what the peer wrote, which may be any number. */
export interface Opened {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Longest Connection ID (RFC 9146 §3). */
const MAX_CID = 255;
/** The classic layout: sequence number with epoch, type, version, length. */
const CLASSIC_LENGTH = 13;
/** Before the header as it is on the wire: eight bytes no sequence number can have, the type, the length of the CID. */
const PREFIX_LENGTH = 10;

const classic = new Uint8Array(CLASSIC_LENGTH);
/** One for each length of Connection ID that is in use; all is done with them before the next record comes. */
const withCid: (Uint8Array | undefined)[] = new Array<undefined>(MAX_CID + 1);

/**
 * The additional data of a record with that header and with a text of that length. Valid until the next call.
 *
 *     classic (RFC 5246 §6.2.3.3):  epoch 2 | sequence number 6 | type 1 | version 2 | length 2
 *     with CID (RFC 9146 §5.3):     ff × 8 | 25 | n | 25 | version 2 | epoch 2 | sequence number 6 | cid n | length 2
 *
 * The same layouts precede what a MAC covers (RFC 7366 §3, RFC 9146 §5.2); there, `length` is of IV and ciphertext.
 */
export function additionalData(header: Uint8Array, length: number): Uint8Array {
  if (header[0] === ContentType.Tls12Cid) return dataWithCid(header, length);
  for (let i = 0; i < 8; i++) classic[i] = header[3 + i]!;
  for (let i = 0; i < 3; i++) classic[8 + i] = header[i]!;
  writeU16(classic, 11, length);
  return classic;
}

function dataWithCid(header: Uint8Array, length: number): Uint8Array {
  const cidLength = header.length - HEADER_LENGTH;
  const data = (withCid[cidLength] ??= new Uint8Array(PREFIX_LENGTH + header.length).fill(0xff));
  data[8] = ContentType.Tls12Cid;
  data[9] = cidLength;
  data.set(header, PREFIX_LENGTH);
  writeU16(data, data.length - 2, length);
  return data;
}

/** The text that a record of that header was made of: with a CID, the real type is its last byte that is not zero (RFC 9146 §4). */
export function openedText(type: number, text: Uint8Array): Opened | undefined {
  let end = text.length;
  if (type === ContentType.Tls12Cid) {
    while (end > 0 && text[end - 1] === 0) end--;
    // All zeros: the peer broke the rules.
    if (end === 0) return undefined;
    end--;
  }
  if (end > MAX_PLAINTEXT) return undefined;
  return end === text.length ? { type, payload: text } : { type: text[end]!, payload: text.subarray(0, end) };
}
