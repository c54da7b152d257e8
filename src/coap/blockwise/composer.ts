/** Makes messages of replies: whole where they fit, the first block and the promise of more where not (RFC 7959 §2.4, §2.6). */

import { type Block, exponentWithin, payloadSize } from "./block.ts";
import { Representations, slice } from "./blockwise.ts";
import { Code, isSuccess } from "../message.ts";
import { maxTransmitWait } from "../parameters.ts";
import { type Additions, bodyOf, draftReply } from "../reply.ts";
import type { Reply } from "../request.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Draft } from "../transmissions.ts";

/** What a reply is about, as far as its further blocks must be found again. */
export interface Target {
  /** Equal for all requests for blocks of it: see `cacheKey`. */
  readonly key: string;
  /** The body of the request: what a FETCH asks for. */
  readonly question: Uint8Array;
  /** The block that the peer asked for, if it did. */
  readonly wanted: Block | undefined;
}

/** What may stand before the payload of an answer: header, token, and the options that an answer can have. */
const HEADROOM = 64;

export class Composer {
  readonly #surroundings: Surroundings;
  #representations: Representations | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Of the largest block we send, and wish to receive. */
  get exponent(): number {
    // Asked each time: a new association may carry more or less than the one before.
    const { parameters, transport } = this.#surroundings;
    return exponentWithin(this.room, parameters.blockSize, transport.bert);
  }

  /** For payload, in one message. */
  get room(): number {
    return this.#surroundings.transport.maxDatagram - HEADROOM;
  }

  compose(reply: Reply, token: Uint8Array, target: Target, additions: Additions): Draft {
    const body = bodyOf(reply);
    const { wanted } = target;
    const ours = this.exponent;
    const exponent = wanted === undefined ? ours : Math.min(wanted.exponent, ours);
    const size = payloadSize(exponent, this.room);
    if (!isSuccess(reply.code)) return draftReply(reply, token, wordsWithin(body, size), additions);
    if (body.length <= size && (wanted?.number ?? 0) === 0) {
      // Whoever names a block size is told which was used (RFC 7959 §2.3).
      if (wanted !== undefined) additions.block2 = { number: 0, more: false, exponent };
      return draftReply(reply, token, body, additions);
    }
    const { clock, parameters } = this.#surroundings;
    this.#representations ??= new Representations(clock, maxTransmitWait(parameters));
    const kept = this.#representations.keep(target.key, reply, body, target.question);
    return this.#slice(kept, wanted ?? { number: 0, more: false, exponent }, token, additions);
  }

  /** A further block of what was begun before; undefined if that is forgotten. */
  resume(wanted: Block, token: Uint8Array, target: Target, additions: Additions): Draft | undefined {
    const kept = this.#representations?.find(target.key, target.question);
    return kept && this.#slice(kept, wanted, token, additions);
  }

  clear(): void {
    this.#representations?.clear();
  }

  #slice(
    { reply, body, etag }: { reply: Reply; body: Uint8Array; etag: Uint8Array },
    wanted: Block,
    token: Uint8Array,
    additions: Additions,
  ): Draft {
    const part = slice(body, wanted, this);
    if (part === undefined) {
      // RFC 7959 §2.4: a block beyond the end is a bad request.
      const refusal: Reply = { code: Code.BadRequest, diagnostic: `no block ${wanted.number}` };
      return draftReply(refusal, token, bodyOf(refusal), {});
    }
    additions.etag = etag;
    additions.block2 = part.block2;
    if (part.block2.number === 0) additions.size2 = body.length;
    return draftReply(reply, token, part.payload, additions);
  }
}

/** Nobody asks for more of the words about an error, so they go into one message, however short; whole characters of UTF-8. */
function wordsWithin(words: Uint8Array, size: number): Uint8Array {
  if (words.length <= size) return words;
  let end = size;
  while (end > 0 && (words[end]! & 0xc0) === 0x80) end -= 1;
  return words.subarray(0, end);
}
