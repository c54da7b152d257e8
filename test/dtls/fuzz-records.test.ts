/** Records that are nearly right, by the ten thousands: nothing throws, and nothing opens that was changed. */

import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { readAlert } from "../../src/dtls/alert.ts";
import { allSuites, ContentType, type Suite } from "../../src/dtls/constants.ts";
import { keyBlock } from "../../src/dtls/kdf.ts";
import { Protection } from "../../src/dtls/protect.ts";
import { plainRecord, readRecords, type WireRecord } from "../../src/dtls/record.ts";
import { FUZZ_INPUTS, FUZZ_TIMEOUT_MS, mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { transcripts } from "./support/transcripts.ts";

const MODES = allSuites().filter(({ keyExchange }) => keyExchange === "psk");
const CIDS = [new Uint8Array(), Uint8Array.of(0xc1), Uint8Array.of(1, 2, 3, 4, 5, 6)];
const TYPES = [ContentType.Alert, ContentType.Handshake, ContentType.ApplicationData];
/** Records of one association before its keys change. */
const SPAN = 500;

/** What a record says to whoever may look: all that an opened record must share with the one that was sealed. */
const wire = ({ header, body }: WireRecord) => toHex(header) + toHex(body);

class Bench {
  readonly #server: Protection;
  readonly #client: Protection;
  readonly #cid: Uint8Array;
  readonly #random: SeededRandom;
  /** By the bytes of each genuine record: what it says. */
  readonly #said = new Map<string, string>();
  readonly #genuine: Uint8Array[] = [];
  opened = 0;
  records = 0;

  constructor(suite: Suite, cid: Uint8Array, random: SeededRandom) {
    const keys = keyBlock(random.bytes(48), random.bytes(32), random.bytes(32), suite);
    this.#server = new Protection(suite, keys, { peerCid: cid, side: "server", random });
    this.#client = new Protection(suite, keys, { ownCid: cid, random });
    this.#cid = cid;
    this.#random = random;
  }

  /** Seals another record, and gives it back as it is. */
  seal(sequence: number): Uint8Array {
    const type = this.#random.pick(TYPES);
    const payload = this.#random.bytes(this.#random.below(90));
    const datagram = this.#server.seal(type, sequence, payload);
    this.#said.set(toHex(datagram), `${type} ${toHex(payload)}`);
    this.#genuine.push(datagram);
    expect(this.receive(datagram)).toBe(1);
    return datagram;
  }

  /** One of those sealed before. */
  pick(): Uint8Array {
    return this.#random.pick(this.#genuine);
  }

  /** Opens what there is to open; how many did, each of them being one that was sealed, byte for byte. */
  receive(datagram: Uint8Array): number {
    const before = Uint8Array.from(datagram);
    let opened = 0;
    for (const record of readRecords(datagram, this.#cid.length)) {
      this.records++;
      const said = this.#client.open(record);
      if (said === undefined) continue;
      opened++;
      const known = this.#said.get(wire(record));
      if (known !== `${said.type} ${toHex(said.payload)}`) throw new Error(`opened, but never sealed: ${wire(record)}`);
    }
    // What others may still want to read is left as it came.
    if (!Buffer.from(before).equals(datagram)) throw new Error(`written over: ${toHex(before)}`);
    this.opened += opened;
    return opened;
  }
}

/** Two genuine records put together wrongly: the header of one with the body of the other, or half of each. */
function spliced(one: Uint8Array, other: Uint8Array, random: SeededRandom): Uint8Array {
  const cut = random.below(Math.min(one.length, other.length) + 1);
  return Buffer.concat([one.subarray(0, cut), other.subarray(cut)]);
}

describe("mutated records", () => {
  it(`throw nothing and open only as they were sealed, ${FUZZ_INPUTS} of them in turn under each mode`, {
    timeout: FUZZ_TIMEOUT_MS,
  }, () => {
    const random = new SeededRandom(0xd715);
    let opened = 0;
    let records = 0;
    let slowest = 0;
    for (let input = 0; input < FUZZ_INPUTS; ) {
      const suite = MODES[Math.floor(input / SPAN) % MODES.length]!;
      const bench = new Bench(suite, random.pick(CIDS), random);
      const first = random.below(2) * 2 ** random.below(47);
      for (let i = 0; i < 8; i++) bench.seal(first + i);
      for (let i = 0; i < SPAN && input < FUZZ_INPUTS; i++, input++) {
        const genuine = bench.pick();
        const kind = random.below(10);
        const datagram =
          kind === 0
            ? spliced(genuine, bench.pick(), random)
            : kind === 1
              ? Buffer.concat([mutate(genuine, random), genuine])
              : mutate(genuine, random);
        const began = performance.now();
        bench.receive(datagram);
        slowest = Math.max(slowest, performance.now() - began);
      }
      opened += bench.opened;
      records += bench.records;
    }
    // Mutations that changed nothing, and those that came before or after a record that is whole, must open.
    expect(opened).toBeGreaterThan(FUZZ_INPUTS / 100);
    // Most of them get as far as the keys: else this would only try the parser.
    expect(records).toBeGreaterThan(FUZZ_INPUTS / 3);
    expect(slowest).toBeLessThan(200);
    console.info(`${FUZZ_INPUTS} mutated records: ${records} read, ${opened} genuine ones opened, no other`);
  });

  it(`of recorded handshakes are read or refused, ${FUZZ_INPUTS} of them`, { timeout: FUZZ_TIMEOUT_MS }, () => {
    const random = new SeededRandom(0x6347);
    const datagrams = transcripts.flatMap(({ steps }) => steps.map(({ datagram }) => datagram));
    const tally = { malformed: 0 };
    let read = 0;
    for (let input = 0; input < FUZZ_INPUTS; input++) {
      const datagram = mutate(random.pick(datagrams), random);
      const before = tally.malformed;
      const records = readRecords(datagram, random.below(8), tally);
      let length = 0;
      for (const { type, epoch, sequence, cid, header, body } of records) {
        length += header.length + body.length;
        if (header.length !== 13 + (cid?.length ?? 0)) throw new Error(`header of ${toHex(datagram)}`);
        if (sequence !== Buffer.from(header).readUIntBE(5, 6)) throw new Error(`number of ${toHex(datagram)}`);
        if ((type === ContentType.Tls12Cid) !== (cid !== undefined) || (cid && epoch === 0))
          throw new Error(`Connection ID of ${toHex(datagram)}`);
        readAlert(body);
      }
      const whole = length === datagram.length;
      if (tally.malformed - before !== (whole ? 0 : 1)) throw new Error(`counted wrongly: ${toHex(datagram)}`);
      read += records.length;
    }
    expect(read).toBeGreaterThan(FUZZ_INPUTS / 3);
    expect(tally.malformed).toBeGreaterThan(FUZZ_INPUTS / 5);
  });

  it("of any bytes at all open nothing", () => {
    const random = new SeededRandom(5);
    for (const suite of MODES) {
      const bench = new Bench(suite, random.pick(CIDS), random);
      for (let input = 0; input < 2_000; input++) expect(bench.receive(random.bytes(random.below(120)))).toBe(0);
    }
  });

  it("with a sound header and any body open nothing", () => {
    const random = new SeededRandom(6);
    for (const suite of MODES) {
      const bench = new Bench(suite, new Uint8Array(), random);
      for (let input = 0; input < 2_000; input++) {
        const datagram = plainRecord(random.pick(TYPES), random.below(2 ** 32), random.bytes(1 + random.below(120)));
        datagram[4] = 1;
        expect(bench.receive(datagram)).toBe(0);
      }
      expect(bench.records).toBe(2_000);
    }
  });
});
