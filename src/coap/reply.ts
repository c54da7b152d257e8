/** From what a handler answers to what goes into one message (RFC 7252 §5.5, §5.10). */

import { type Block, blockValue } from "./blockwise/block.ts";
import { encodeMessage } from "./codec.ts";
import { isSuccess, type MessageType, type Option } from "./message.ts";
import { OptionNumber, opaqueOption, stringOption, uintOption } from "./options.ts";
import type { Reply } from "./request.ts";
import type { Draft } from "./transmissions.ts";
import { MessageWriter } from "./writer.ts";

/** What the layers add to a reply. */
export interface Additions {
  observe?: number;
  etag?: Uint8Array;
  block1?: Block;
  block2?: Block;
  /** The size of the whole body, told with its first block (RFC 7959 §4). */
  size2?: number;
  /** The largest body that would have been accepted (RFC 7959 §2.9.3). */
  size1?: number;
}

/** Longer words would only fill the air. */
const MAX_DIAGNOSTIC_BYTES = 200;
const MAX_DIAGNOSTIC_CHARACTERS = 64;
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** The whole body of a reply: its payload, or the words about an error (RFC 7252 §5.5.2). */
export function bodyOf({ code, payload, diagnostic }: Reply): Uint8Array {
  if (payload !== undefined) return payload;
  if (diagnostic === undefined || isSuccess(code)) return NOTHING;
  const words = encoder.encode(diagnostic);
  return words.length <= MAX_DIAGNOSTIC_BYTES ? words : encoder.encode(diagnostic.slice(0, MAX_DIAGNOSTIC_CHARACTERS));
}

/** One message: `payload` is the body, or the block of it that `additions.block2` names. */
export function draftReply(reply: Reply, token: Uint8Array, payload: Uint8Array, additions: Additions): Draft {
  return new ReplyDraft(reply, token, payload, additions);
}

/** One for all: a message is written in one go. */
const writer = new MessageWriter();

/** Goes straight to bytes, since nearly all that leaves are answers and notifications with two options. */
class ReplyDraft implements Draft {
  readonly token: Uint8Array;
  readonly payload: Uint8Array;
  readonly #reply: Reply;
  readonly #additions: Additions;

  constructor(reply: Reply, token: Uint8Array, payload: Uint8Array, additions: Additions) {
    this.#reply = reply;
    this.token = token;
    this.payload = payload;
    this.#additions = additions;
  }

  get code(): number {
    return this.#reply.code;
  }

  /** In ascending order. */
  get options(): readonly Option[] {
    const { etag, observe, block1, block2, size2 } = this.#additions;
    const { locationPath = [], format, maxAge, size1 = this.#additions.size1 } = this.#reply;
    const options: Option[] = [];
    const uint = (number: number, value: number | undefined) => {
      if (value !== undefined) options.push(uintOption(number, value));
    };
    if (etag !== undefined) options.push(opaqueOption(OptionNumber.ETag, etag));
    uint(OptionNumber.Observe, observe);
    for (const segment of locationPath) options.push(stringOption(OptionNumber.LocationPath, segment));
    uint(OptionNumber.ContentFormat, format);
    uint(OptionNumber.MaxAge, maxAge);
    uint(OptionNumber.Block2, block2 && blockValue(block2));
    uint(OptionNumber.Block1, block1 && blockValue(block1));
    uint(OptionNumber.Size2, size2);
    uint(OptionNumber.Size1, size1);
    return options;
  }

  encode(type: MessageType, messageId: number): Uint8Array {
    const { token, payload } = this;
    const { code, locationPath, format, maxAge, size1 } = this.#reply;
    const additions = this.#additions;
    // What few replies have is said the long way.
    if (locationPath !== undefined || additions.etag !== undefined || size1 !== undefined)
      return encodeMessage({ type, code, messageId, token, options: this.options, payload });
    const { observe, block1, block2, size2 } = additions;
    writer.begin(type, code, messageId, token);
    if (observe !== undefined) writer.uint(OptionNumber.Observe, observe);
    if (format !== undefined) writer.uint(OptionNumber.ContentFormat, format);
    if (maxAge !== undefined) writer.uint(OptionNumber.MaxAge, maxAge);
    if (block2 !== undefined) writer.uint(OptionNumber.Block2, blockValue(block2));
    if (block1 !== undefined) writer.uint(OptionNumber.Block1, blockValue(block1));
    if (size2 !== undefined) writer.uint(OptionNumber.Size2, size2);
    if (additions.size1 !== undefined) writer.uint(OptionNumber.Size1, additions.size1);
    return writer.finish(payload);
  }
}
