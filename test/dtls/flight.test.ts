import { describe, expect, it } from "vitest";
import { ContentType } from "../../src/dtls/constants.ts";
import {
  datagramsOf,
  firstAttempt,
  type FlightPart,
  nextAttempt,
  type RecordWriter,
  SMALLEST_DATAGRAM,
} from "../../src/dtls/flight.ts";
import { HEADER_LENGTH, plainRecord, readRecords } from "../../src/dtls/record.ts";
import { readFragments, Reassembly, wholeMessage } from "../../src/dtls/reassembly.ts";

/** Writes all in the clear, with longer records in epoch 1. */
class Plain implements RecordWriter {
  sequence = 0;

  room(epoch: 0 | 1, recordLength: number): number {
    return recordLength - HEADER_LENGTH - epoch * 16;
  }

  record(type: number, epoch: 0 | 1, payload: Uint8Array): Uint8Array {
    const sealed = epoch === 0 ? payload : Uint8Array.of(...payload, ...new Uint8Array(16));
    return plainRecord(type, this.sequence++, sealed);
  }
}

const message = (length: number, sequence = 0, epoch: 0 | 1 = 0): FlightPart => ({
  part: "message",
  epoch,
  message: wholeMessage(11, sequence, new Uint8Array(length).fill(sequence + 1)),
});
const lengths = (datagrams: readonly Uint8Array[]) => datagrams.map(({ length }) => length);

describe("a flight in datagrams", () => {
  it("puts as many records into each as fit", () => {
    const parts = [message(75, 0), message(75, 1), message(75, 2)];
    expect(lengths(datagramsOf(parts, 300, new Plain()))).toEqual([300]);
    expect(lengths(datagramsOf(parts, 299, new Plain()))).toEqual([200, 100]);
  });

  it("cuts messages that do not fit, and none that do (RFC 6347 §4.2.3)", () => {
    const datagrams = datagramsOf([message(455), message(66, 1)], 200, new Plain());
    expect(lengths(datagrams)).toEqual([200, 200, 130, 91]);
    const reassembly = new Reassembly();
    for (const { body } of datagrams.flatMap((datagram) => readRecords(datagram, 0)))
      for (const fragment of readFragments(body)) reassembly.add(fragment);
    expect(reassembly.take()?.body.length).toBe(455);
    expect(reassembly.take()?.body.length).toBe(66);
  });

  it("gives each record a sequence number of its own, also when it is sent again (RFC 6347 §4.2.4)", () => {
    const writer = new Plain();
    const parts = [message(10), { part: "change" } as const];
    const again = [datagramsOf(parts, 1_200, writer), datagramsOf(parts, 1_200, writer)];
    const records = again.flat().flatMap((datagram) => readRecords(datagram, 0));
    expect(records.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(records.map(({ type }) => type)).toEqual([22, 20, 22, 20]);
    const numbers = records
      .filter(({ type }) => type === ContentType.Handshake)
      .map(({ body }) => readFragments(body)[0]?.sequence);
    expect(numbers).toEqual([0, 0]);
  });

  it("an empty message has one fragment, and the ChangeCipherSpec one byte", () => {
    const [datagram] = datagramsOf([message(0), { part: "change" }], 1_200, new Plain());
    const records = readRecords(datagram!, 0);
    expect(records.map(({ body }) => body.length)).toEqual([12, 1]);
    expect(records[1]!.body[0]).toBe(1);
  });

  it("counts what protection adds", () => {
    expect(lengths(datagramsOf([message(12, 0, 1)], 53, new Plain()))).toEqual([53]);
    expect(lengths(datagramsOf([message(12, 0, 1)], 52, new Plain()))).toEqual([52, 42]);
  });

  it("a path that carries hardly anything gets a byte at a time", () => {
    expect(datagramsOf([message(3)], 10, new Plain())).toHaveLength(3);
  });
});

describe("how long it is waited", () => {
  const all = (retransmitMs: number, most: number) => {
    const waits = [firstAttempt(retransmitMs, 1_200)];
    for (let next = nextAttempt(waits[0]!, most); next; next = nextAttempt(next, most)) waits.push(next);
    return waits;
  };

  it("twice as long each time, five times, but never more than a minute (RFC 6347 §4.2.4.1)", () => {
    expect(all(1_000, 5).map(({ waitMs }) => waitMs)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    expect(all(9_000, 5).map(({ waitMs }) => waitMs)).toEqual([9_000, 18_000, 36_000, 60_000, 60_000, 60_000]);
  });

  it("datagrams are halved from the third retransmission on (RFC 6347 §4.1.1.1)", () => {
    expect(all(1_000, 5).map(({ maxDatagram }) => maxDatagram)).toEqual([
      1_200,
      1_200,
      1_200,
      600,
      300,
      SMALLEST_DATAGRAM,
    ]);
  });

  it("never below what every path carries, nor above what the path was said to carry", () => {
    let attempt = firstAttempt(1_000, 100);
    for (let i = 0; i < 5; i++) attempt = nextAttempt(attempt, 9)!;
    expect(attempt.maxDatagram).toBe(100);
  });
});
