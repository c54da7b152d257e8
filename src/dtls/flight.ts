/** Flights: the messages that a client sends together, put into datagrams, and sent again until they are answered (RFC 6347 §4.2.3, §4.2.4). */

import { ContentType } from "./constants.ts";
import { encodeFragment, HANDSHAKE_HEADER_LENGTH, type HandshakeMessage } from "./reassembly.ts";

/** One member of a flight. `change` is the ChangeCipherSpec: what follows it is of epoch 1. */
export type FlightPart =
  | { readonly part: "message"; readonly epoch: 0 | 1; readonly message: HandshakeMessage }
  | { readonly part: "change" };

/** Writes records, each with a sequence number of its own: also what is sent again (RFC 6347 §4.2.4). */
export interface RecordWriter {
  /** How long a payload may be so that its record has at most that many bytes. */
  room(epoch: 0 | 1, recordLength: number): number;
  record(type: number, epoch: 0 | 1, payload: Uint8Array): Uint8Array;
}

/** How long to wait for the answer, and how large the datagrams of a flight may be; changes each time it is sent again. */
export interface Attempt {
  /** How often the flight has been sent again. */
  readonly retransmissions: number;
  readonly waitMs: number;
  readonly maxDatagram: number;
}

/** Since networks lose datagrams and servers take their time, but nobody waits for minutes (RFC 6347 §4.2.4.1). */
const MAX_WAIT_MS = 60_000;
/** After so many retransmissions without an answer, datagrams may be too large for the path (RFC 6347 §4.1.1.1). */
const PATIENT_RETRANSMISSIONS = 2;
/** No path that carries CoAP carries less: it is not halved below that. */
export const SMALLEST_DATAGRAM = 256;
const CHANGE = Uint8Array.of(1);

/** The datagrams of a flight: as many records in each as fit, and messages that do not fit into one cut into fragments. */
export function datagramsOf(parts: readonly FlightPart[], maxDatagram: number, writer: RecordWriter): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let records: Uint8Array[] = [];
  let length = 0;
  for (const record of recordsOf(parts, maxDatagram, writer)) {
    if (length + record.length > maxDatagram && records.length > 0) {
      datagrams.push(Buffer.concat(records));
      records = [];
      length = 0;
    }
    records.push(record);
    length += record.length;
  }
  if (records.length > 0) datagrams.push(Buffer.concat(records));
  return datagrams;
}

function* recordsOf(parts: readonly FlightPart[], maxDatagram: number, writer: RecordWriter): Generator<Uint8Array> {
  for (const each of parts) {
    if (each.part === "change") {
      yield writer.record(ContentType.ChangeCipherSpec, 0, CHANGE);
      continue;
    }
    const { epoch, message } = each;
    const room = Math.max(1, writer.room(epoch, maxDatagram) - HANDSHAKE_HEADER_LENGTH);
    let offset = 0;
    // At least one: a message may be empty.
    do {
      const length = Math.min(room, message.body.length - offset);
      yield writer.record(ContentType.Handshake, epoch, encodeFragment(message, offset, length));
      offset += length;
    } while (offset < message.body.length);
  }
}

/** Sent for the first time. */
export function firstAttempt(retransmitMs: number, maxDatagram: number): Attempt {
  return { retransmissions: 0, waitMs: retransmitMs, maxDatagram };
}

/** Sent again: each wait is twice the one before (RFC 6347 §4.2.4.1). Undefined: it was sent often enough. */
export function nextAttempt(last: Attempt, maxRetransmissions: number): Attempt | undefined {
  const retransmissions = last.retransmissions + 1;
  if (retransmissions > maxRetransmissions) return undefined;
  const halved = Math.max(last.maxDatagram >> 1, Math.min(last.maxDatagram, SMALLEST_DATAGRAM));
  return {
    retransmissions,
    waitMs: Math.min(last.waitMs * 2, MAX_WAIT_MS),
    maxDatagram: retransmissions > PATIENT_RETRANSMISSIONS ? halved : last.maxDatagram,
  };
}
