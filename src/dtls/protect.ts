/** Sealing what one end writes and opening what the other wrote, once there are keys: all of epoch 1. */

import { type Random, systemRandom } from "../base/random.ts";
import { ContentType, MAX_PLAINTEXT, type Suite } from "./constants.ts";
import type { KeyBlock } from "./kdf.ts";
import { AeadOpener, AeadSealer } from "./protect/aead.ts";
import { CbcOpener, CbcSealer } from "./protect/cbc.ts";
import type { Opener, Sealer } from "./protect/cipher.ts";
import { type Frame, frameOf } from "./protect/frame.ts";
import type { Opened } from "./protect/text.ts";
import type { WireRecord } from "./record.ts";

export type { Opened } from "./protect/text.ts";

export interface ProtectionOptions {
  /** The Connection ID that the peer issued: in every record we write, unless it is empty (RFC 9146 §3). */
  readonly peerCid?: Uint8Array | undefined;
  /** The Connection ID that we issued: in every record we read, unless it is empty. */
  readonly ownCid?: Uint8Array | undefined;
  /** Which end we are; the client if not said. */
  readonly side?: "client" | "server";
  /** For the IVs of CBC; the system's if not said. */
  readonly random?: Random;
}

/** The protection of an association, both ways. Sequence numbers and the replay window are its owner's. */
export class Protection {
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #frame: Frame;
  readonly #ownCid: Uint8Array | undefined;

  /** @throws RangeError if the keys are of another suite. */
  constructor(suite: Suite, keys: KeyBlock, options: ProtectionOptions = {}) {
    const { side = "client", random = systemRandom } = options;
    const [own, peers] = side === "client" ? [keys.client, keys.server] : [keys.server, keys.client];
    this.#frame = frameOf(options.peerCid);
    this.#ownCid = frameOf(options.ownCid).cid;
    if (suite.cipher === "cbc") {
      this.#sealer = new CbcSealer(own, this.#frame, random);
      this.#opener = new CbcOpener(peers);
    } else {
      this.#sealer = new AeadSealer(suite.cipher, own, this.#frame);
      this.#opener = new AeadOpener(suite.cipher, peers);
    }
  }

  /**
   * A whole record of epoch 1 around `payload`, as it goes into a datagram. The same `sequence` must never be used twice.
   *
   * @throws RangeError if the payload does not fit into a record, or `sequence` is over 2^48 - 1
   */
  seal(type: number, sequence: number, payload: Uint8Array): Uint8Array {
    if (payload.length > MAX_PLAINTEXT)
      throw new RangeError(`a record carries ${MAX_PLAINTEXT} bytes, not ${payload.length}`);
    return this.#sealer.seal(type, sequence, payload);
  }

  /**
   * What a record says; undefined if it does not authenticate, is not of epoch 1, or is not addressed as we asked for:
   * classic where we issued a Connection ID, or to another one (RFC 9146 §3). Never throws. Whether it is fresh is asked before.
   */
  open(record: WireRecord): Opened | undefined {
    if (record.epoch !== 1 || !this.#addressed(record)) return undefined;
    return this.#opener.open(record);
  }

  /** How long a payload may be so that its record has at most that many bytes; 0 or more. */
  maxPayload(recordLength: number): number {
    const text = this.#sealer.maxText(recordLength - this.#frame.headerLength);
    return Math.min(Math.max(text - (this.#frame.cid ? 1 : 0), 0), MAX_PLAINTEXT);
  }

  #addressed({ type, cid }: WireRecord): boolean {
    const own = this.#ownCid;
    if (own === undefined) return type !== ContentType.Tls12Cid;
    // Not a secret: it stands on the wire.
    return cid !== undefined && cid.length === own.length && cid.every((byte, i) => byte === own[i]);
  }
}
