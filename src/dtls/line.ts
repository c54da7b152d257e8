/** The record layer of one association: sequence numbers, keys and the replay window, both ways (RFC 6347 §4.1). */

import { ContentType } from "./constants.ts";
import type { RecordWriter } from "./flight.ts";
import type { Opened, Protection } from "./protect.ts";
import { HEADER_LENGTH, MAX_SEQUENCE, plainRecord, type WireRecord } from "./record.ts";
import { ReplayWindow } from "../base/replay-window.ts";
import type { DtlsCounters } from "./types.ts";

export class Line implements RecordWriter {
  readonly #counters: DtlsCounters;
  #plainSequence = 0;
  #sealedSequence = 0;
  #protection: Protection | undefined;
  /** Of epoch 1 alone: in the clear, one forged record would shut the true ones out. */
  #window: ReplayWindow | undefined;
  #readable = false;
  #writesSealed = false;

  constructor(counters: DtlsCounters) {
    this.#counters = counters;
  }

  /** Whether the peer has said that it writes in epoch 1 from here on, and we have the keys. */
  get readable(): boolean {
    return this.#readable;
  }

  /** What we write outside of flights belongs to this epoch: 1 once we have said so. */
  get writeEpoch(): 0 | 1 {
    return this.#writesSealed ? 1 : 0;
  }

  secure(protection: Protection): void {
    this.#protection = protection;
    this.#window = new ReplayWindow();
  }

  peerChanged(): void {
    this.#readable = this.#protection !== undefined;
  }

  room(epoch: 0 | 1, recordLength: number): number {
    if (epoch === 0) return Math.max(0, recordLength - HEADER_LENGTH);
    return this.#keys().maxPayload(recordLength);
  }

  /** @throws RangeError once all 2^48 sequence numbers are used (RFC 6347 §4.1) */
  record(type: number, epoch: 0 | 1, payload: Uint8Array): Uint8Array {
    if (epoch === 0) {
      if (type === ContentType.ChangeCipherSpec) this.#writesSealed = true;
      return plainRecord(type, this.#plainSequence++, payload);
    }
    return this.#keys().seal(type, this.#sealedSequence++, payload);
  }

  /** No nonce may come twice: then it is over. */
  get exhausted(): boolean {
    return this.#sealedSequence > MAX_SEQUENCE;
  }

  /** What a record of epoch 1 says; undefined, and counted, if it was received before or does not prove authentic. */
  open(record: WireRecord): Opened | undefined {
    const window = this.#window;
    if (window === undefined || this.#protection === undefined) return undefined;
    // RFC 6347 §4.1.2.6: the window is asked before the record is opened, and moved only after it proved authentic.
    if (!window.fresh(record.sequence)) {
      this.#counters.replayed++;
      return undefined;
    }
    const opened = this.#protection.open(record);
    if (opened === undefined) {
      this.#counters.forged++;
      return undefined;
    }
    window.accept(record.sequence);
    return opened;
  }

  #keys(): Protection {
    if (this.#protection === undefined) throw new RangeError("there are no keys yet");
    return this.#protection;
  }
}
