/** Bodies that are taken block by block as they come, one at a time: of any length, in constant memory (RFC 7959 §2.5). */

import type { Timer } from "../../base/clock.ts";
import { Code } from "../message.ts";
import { exchangeLifetime } from "../parameters.ts";
import type { Reply, Upload, UploadChooser, UploadHead } from "../request.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Block, blockOffset, blockSize, carries } from "./block.ts";
import { contentOf } from "./blockwise.ts";

/** What became of one block, or of a body in one message. */
export type Taken =
  /** Nobody wants it block by block. */
  | { readonly status: "foreign" }
  /** 2.31: there is more to come. */
  | { readonly status: "taken" }
  /** All has come: the upload's `done` has the answer. */
  | { readonly status: "complete"; readonly upload: Upload }
  | { readonly status: "refused"; readonly reply: Reply };

interface Open {
  readonly key: string;
  readonly upload: Upload;
  /** The byte that comes next. */
  end: number;
  /** Of the latest block: where it started, and its content as a number. */
  latest: number;
  content: number;
  /** Monotonic milliseconds of the latest block. */
  at: number;
}

const FOREIGN: Taken = { status: "foreign" };
const TAKEN: Taken = { status: "taken" };
const ONE_MESSAGE: Block = { number: 0, more: false, exponent: 6 };

export class Uploads {
  readonly #surroundings: Surroundings;
  readonly #choose: UploadChooser;
  #open: Open | undefined;
  #timer: Timer | undefined;

  constructor(surroundings: Surroundings, choose: UploadChooser) {
    this.#surroundings = surroundings;
    this.#choose = choose;
  }

  /**
   * `key` is equal for the blocks of one body; no `block`: the body has come in one message.
   * Whatever `choose` and `chunk` throw comes out here, and the upload is over.
   */
  take(key: string, head: UploadHead, block: Block | undefined, payload: Uint8Array): Taken {
    if (block === undefined || block.number === 0) return this.#begin(key, head, block ?? ONE_MESSAGE, payload);
    const open = this.#open;
    if (open?.key !== key) return FOREIGN;
    const offset = blockOffset(block);
    // Sent again so late that its message was forgotten: it is there already, and is acknowledged once more.
    if (block.more && open.latest === offset && open.end > offset && open.content === contentOf(payload)) return TAKEN;
    if (open.end !== offset) {
      this.#abandon();
      return refused(Code.RequestEntityIncomplete, `block ${block.number} without those before it`); // §2.9.2
    }
    return this.#feed(open, block, payload);
  }

  /** Ends what is under way. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const open = this.#open;
    this.#open = undefined;
    open?.upload.aborted();
  }

  /** Block 0 begins afresh, whatever was there of the same body (§2.5). */
  #begin(key: string, head: UploadHead, block: Block, payload: Uint8Array): Taken {
    if (this.#open?.key === key) this.#abandon();
    if (payload.length === 0) return FOREIGN;
    const upload = this.#choose(head);
    if (upload === undefined) return FOREIGN;
    if (!("chunk" in upload)) return { status: "refused", reply: upload };
    if (block.more && this.#open !== undefined) {
      upload.aborted();
      return { status: "refused", reply: this.#busy(this.#open) };
    }
    const open: Open = { key, upload, end: 0, latest: 0, content: 0, at: 0 };
    return (head.size ?? 0) > (upload.max ?? Infinity) ? tooLarge(upload) : this.#feed(open, block, payload);
  }

  #feed(open: Open, block: Block, payload: Uint8Array): Taken {
    const { upload, end } = open;
    // Out of the way first: should the upload throw, it is over.
    if (this.#open === open) this.#open = undefined;
    if (block !== ONE_MESSAGE && !carries(block, payload.length)) {
      upload.aborted();
      return refused(Code.BadRequest, `a block of ${payload.length} bytes, not ${blockSize(block.exponent)}`);
    }
    if (end + payload.length > (upload.max ?? Infinity)) return tooLarge(upload);
    const refusal = payload.length === 0 ? undefined : upload.chunk(payload, end);
    if (refusal !== undefined) return { status: "refused", reply: refusal };
    if (!block.more) return { status: "complete", upload };
    open.latest = end;
    open.content = contentOf(payload);
    open.end = end + payload.length;
    open.at = this.#surroundings.clock.monotonic();
    this.#open = open;
    this.#timer ??= this.#surroundings.clock.after(this.#patience, () => this.#look());
    return TAKEN;
  }

  #abandon(): void {
    this.#surroundings.counters.abandoned += 1;
    const open = this.#open;
    this.#open = undefined;
    open?.upload.aborted();
  }

  get #patience(): number {
    return exchangeLifetime(this.#surroundings.parameters);
  }

  /** One timer for the whole upload: it looks how long ago the latest block came, and waits for the rest. */
  #look(): void {
    this.#timer = undefined;
    if (this.#open === undefined) return;
    const { clock } = this.#surroundings;
    const rest = this.#open.at + this.#patience - clock.monotonic();
    if (rest > 0) this.#timer = clock.after(rest, () => this.#look());
    else this.#abandon();
  }

  /** 5.03 says with Max-Age when to come again (RFC 7252 §5.9.3.4). */
  #busy({ at }: Open): Reply {
    const rest = at + this.#patience - this.#surroundings.clock.monotonic();
    const maxAge = Math.max(1, Math.ceil(rest / 1_000));
    return { code: Code.ServiceUnavailable, maxAge, diagnostic: "another body is being taken" };
  }
}

function refused(code: number, diagnostic: string): Taken {
  return { status: "refused", reply: { code, diagnostic } };
}

/** §2.9.3: with Size1, so that the peer need not guess. */
function tooLarge(upload: Upload): Taken {
  const { max = 0 } = upload;
  upload.aborted();
  const reply = { code: Code.RequestEntityTooLarge, diagnostic: `no more than ${max} bytes`, size1: max };
  return { status: "refused", reply };
}
