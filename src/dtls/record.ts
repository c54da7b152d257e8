/**
 * Records as they lie in a datagram (RFC 6347 §4.1), with a Connection ID between sequence number and length or not (RFC 9146 §4).
 *
 *     type 1 | version 2 | epoch 2 | sequence number 6 | [cid n] | length 2 | body
 */

import { ContentType, MAX_PLAINTEXT, VERSION, VERSION_OF_HELLO_VERIFY } from "./constants.ts";

/** One record, unopened. `header` and `body` are views of the datagram. */
export interface WireRecord {
  /** One of `ContentType`; `Tls12Cid` hides the real one. */
  readonly type: number;
  /** 0: in the clear. */
  readonly epoch: number;
  /** 0 to 2^48 - 1. */
  readonly sequence: number;
  /** What the record is addressed to, if it is of type `Tls12Cid`. */
  readonly cid: Uint8Array | undefined;
  /** From the type to the length. */
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

/** Bytes of a header without a Connection ID. */
export const HEADER_LENGTH = 13;
/** Where the Connection ID would begin; the length follows it. */
export const CID_OFFSET = 11;
/** A sequence number must not wrap: a nonce would repeat (RFC 6347 §4.1). */
export const MAX_SEQUENCE = 2 ** 48 - 1;

/** Ciphertext may be that much longer than its plaintext (RFC 5246 §6.2.3). */
const MAX_EXPANSION = 2_048;
/** More than any flight has in one datagram; the rest would be somebody wasting our time. */
const MAX_RECORDS = 64;

/**
 * The records of a datagram, as far as they are well formed: from the first one that is not, the rest is dropped
 * silently (RFC 6347 §4.1.2.7), and `tally.malformed` counts one.
 *
 * @param ownCidLength of the Connection ID we issued; 0 if none, or an empty one: then a record with one is malformed (RFC 9146 §3)
 */
export function readRecords(datagram: Uint8Array, ownCidLength: number, tally?: { malformed: number }): WireRecord[] {
  const records: WireRecord[] = [];
  let offset = 0;
  while (offset < datagram.length) {
    const record = records.length < MAX_RECORDS ? recordAt(datagram, offset, ownCidLength) : undefined;
    if (record === undefined) {
      if (tally) tally.malformed++;
      break;
    }
    records.push(record);
    offset += record.header.length + record.body.length;
  }
  return records;
}

function recordAt(datagram: Uint8Array, start: number, ownCidLength: number): WireRecord | undefined {
  const left = datagram.length - start;
  if (left < HEADER_LENGTH) return undefined;
  const type = datagram[start]!;
  const cidLength = type === ContentType.Tls12Cid ? ownCidLength : 0;
  const headerLength = HEADER_LENGTH + cidLength;
  if (left < headerLength) return undefined;
  const version = u16(datagram, start + 1);
  const epoch = u16(datagram, start + 3);
  const length = u16(datagram, start + headerLength - 2);
  if (length > left - headerLength) return undefined;
  if (!(epoch === 0 ? plausibleInClear(type, version, length) : plausibleSealed(type, version, length, cidLength)))
    return undefined;
  const body = start + headerLength;
  const cid = start + CID_OFFSET;
  return {
    type,
    epoch,
    sequence: u16(datagram, start + 5) * 2 ** 32 + u16(datagram, start + 7) * 2 ** 16 + u16(datagram, start + 9),
    cid: cidLength > 0 ? datagram.subarray(cid, cid + cidLength) : undefined,
    header: datagram.subarray(start, body),
    body: datagram.subarray(body, body + length),
  };
}

/** Nothing of a Connection ID before there are keys (RFC 9146 §3), nothing empty (RFC 5246 §6.2.1), nothing of ours in the clear. */
function plausibleInClear(type: number, version: number, length: number): boolean {
  if (version !== VERSION && version !== VERSION_OF_HELLO_VERIFY) return false;
  return (
    type >= ContentType.ChangeCipherSpec && type <= ContentType.ApplicationData && length > 0 && length <= MAX_PLAINTEXT
  );
}

function plausibleSealed(type: number, version: number, length: number, cidLength: number): boolean {
  if (version !== VERSION || length > MAX_PLAINTEXT + MAX_EXPANSION) return false;
  if (type === ContentType.Tls12Cid) return cidLength > 0;
  return type >= ContentType.ChangeCipherSpec && type <= ContentType.ApplicationData;
}

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

/** A record in the clear: epoch 0. @throws RangeError if it does not fit into one. */
export function plainRecord(type: number, sequence: number, body: Uint8Array): Uint8Array {
  if (body.length > MAX_PLAINTEXT) throw new RangeError(`a record carries ${MAX_PLAINTEXT} bytes, not ${body.length}`);
  const record = new Uint8Array(HEADER_LENGTH + body.length);
  writeHeader(record, type, { epoch: 0, sequence, cid: undefined, length: body.length });
  record.set(body, HEADER_LENGTH);
  return record;
}

/** What a header says besides the type. */
export interface HeaderFields {
  readonly epoch: number;
  readonly sequence: number;
  readonly cid: Uint8Array | undefined;
  /** Of the body. */
  readonly length: number;
}

/** Writes a header at the beginning of `record`. @throws RangeError if the sequence number is used up. */
export function writeHeader(record: Uint8Array, type: number, fields: HeaderFields): void {
  const { epoch, sequence, cid, length } = fields;
  if (sequence > MAX_SEQUENCE) throw new RangeError("sequence numbers are used up");
  record[0] = type;
  writeU16(record, 1, VERSION);
  writeU16(record, 3, epoch);
  const high = Math.floor(sequence / 2 ** 32);
  writeU16(record, 5, high);
  writeU16(record, 7, sequence >>> 16);
  writeU16(record, 9, sequence);
  if (cid) record.set(cid, CID_OFFSET);
  writeU16(record, CID_OFFSET + (cid?.length ?? 0), length);
}

/** The lower 16 bits of `value`. */
export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
