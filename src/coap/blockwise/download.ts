/** The body of an answer, fetched block by block: put together, or handed on as it comes (RFC 7959 §2.4). */

import { sameBytes } from "../../base/bytes.ts";
import { isSuccess } from "../message.ts";
import type { Answer, Sink } from "../request.ts";
import { type Block, blockOffset, blockSize, carries, MAX_BLOCK_NUMBER } from "./block.ts";
import { type Answered, failed, followUp, type Plan, whole } from "./plan.ts";

const WHOLE: Block = { number: 0, more: false, exponent: 0 };
const NOTHING = new Uint8Array(0);
const CHANGED = "changed while being read";

/** The first block has come already, as the answer to the request itself. */
export async function download(plan: Plan, first: Answered): Promise<Answer> {
  // What a sink takes is what was asked for, not the words about why it cannot be had.
  if (plan.sink !== undefined && !isSuccess(first.code)) return whole(first, first.payload);
  let start = first;
  for (let tries = 0; tries < 2; tries++) {
    const ending = await downloadFrom(plan, start);
    if (ending !== "changed") return ending;
    // §2.4: another ETag means another representation; blocks of both must not be mixed. What was put together is
    // thrown away and read once more; what was handed on cannot be taken back.
    if (plan.sink !== undefined) return failed(CHANGED);
    const again = await plan.ask(followUp(plan, { number: 0, more: false, exponent: plan.exponent }));
    if (again.status !== "answered") return again;
    start = again;
  }
  return failed(`the answer ${CHANGED}, twice`);
}

async function downloadFrom(plan: Plan, first: Answered): Promise<Answer | "changed"> {
  const { head } = first;
  const { block2 = WHOLE } = head;
  plan.sink?.etag?.(head.etag);
  if (!sameTag(plan.etag ?? head.etag, head.etag)) return "changed";
  const start = blockOffset(block2);
  if (start !== plan.from) return failed(`the answer starts at byte ${start}, not at ${plan.from}`);

  const body = plan.sink === undefined ? new Parts(plan.maxBody) : new Stream(plan.sink, plan.from);
  const size = head.size2 ?? (head.block2 === undefined ? first.payload.length : undefined);
  const tooLong = size === undefined ? undefined : body.announce(size);
  if (tooLong !== undefined) return failed(tooLong);

  let block = block2;
  let { payload } = first;
  for (;;) {
    if (block.more && !carries(block, payload.length)) return failed("a block is not as long as it says");
    const trouble = body.take(payload);
    if (trouble !== undefined) return failed(trouble);
    if (!block.more) return whole(first, body.finish());

    const exponent = Math.min(block.exponent, plan.exponent);
    const wanted = { number: body.end / blockSize(exponent), more: false, exponent };
    if (wanted.number > MAX_BLOCK_NUMBER) return failed("the answer has more blocks than can be counted");
    const reaction = await plan.ask(followUp(plan, wanted));
    if (reaction.status !== "answered") return reaction;
    if (!isSuccess(reaction.code)) return whole(reaction, reaction.payload);
    if (!sameTag(head.etag, reaction.head.etag)) return "changed";
    if (reaction.head.block2 === undefined || blockOffset(reaction.head.block2) !== body.end)
      return failed(`the answer holds another block than number ${wanted.number}`);
    block = reaction.head.block2;
    ({ payload } = reaction);
  }
}

/** Where the blocks go; a string says why no more is taken. */
interface Body {
  /** The byte that comes next. */
  readonly end: number;
  announce(size: number): string | undefined;
  take(payload: Uint8Array): string | undefined;
  finish(): Uint8Array;
}

/** A body that is to fit into memory. */
class Parts implements Body {
  readonly #parts: Uint8Array[] = [];
  readonly #max: number;
  end = 0;

  constructor(max: number) {
    this.#max = max;
  }

  announce(size: number): string | undefined {
    return size > this.#max ? `an answer of ${size} bytes is too long` : undefined;
  }

  take(payload: Uint8Array): string | undefined {
    this.#parts.push(payload);
    this.end += payload.length;
    return this.end > this.#max ? `an answer of more than ${this.#max} bytes is too long` : undefined;
  }

  finish(): Uint8Array {
    const [only] = this.#parts;
    return only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts, this.end);
  }
}

/** A body of any length that somebody else takes. */
class Stream implements Body {
  readonly #sink: Sink;
  end: number;

  constructor(sink: Sink, from: number) {
    this.#sink = sink;
    this.end = from;
  }

  announce(size: number): string | undefined {
    return this.#tell(() => this.#sink.total?.(size));
  }

  take(payload: Uint8Array): string | undefined {
    const offset = this.end;
    this.end += payload.length;
    return payload.length === 0 ? undefined : this.#tell(() => this.#sink.chunk(payload, offset));
  }

  finish(): Uint8Array {
    return NOTHING;
  }

  #tell(what: () => void): string | undefined {
    try {
      what();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function sameTag(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a, b);
}
