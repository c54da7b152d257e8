/** From what a handler answers to what goes into one message (RFC 7252 §5.5, §5.10). */

import { type Block, blockOption } from "./blockwise/block.ts";
import { isSuccess, type Option } from "./message.ts";
import { OptionNumber, opaqueOption, stringOption, uintOption } from "./options.ts";
import type { Reply } from "./request.ts";
import type { Draft } from "./transmissions.ts";

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

/** One message: `payload` is the body, or the block of it that `additions.block2` names. Options in ascending order. */
export function draftReply(reply: Reply, token: Uint8Array, payload: Uint8Array, additions: Additions): Draft {
  const { etag, observe, block1, block2, size2 } = additions;
  const size1 = reply.size1 ?? additions.size1;
  const options: Option[] = [];
  if (etag !== undefined) options.push(opaqueOption(OptionNumber.ETag, etag));
  if (observe !== undefined) options.push(uintOption(OptionNumber.Observe, observe));
  if (reply.locationPath !== undefined)
    for (const segment of reply.locationPath) options.push(stringOption(OptionNumber.LocationPath, segment));
  if (reply.format !== undefined) options.push(uintOption(OptionNumber.ContentFormat, reply.format));
  if (reply.maxAge !== undefined) options.push(uintOption(OptionNumber.MaxAge, reply.maxAge));
  if (block2 !== undefined) options.push(blockOption(OptionNumber.Block2, block2));
  if (block1 !== undefined) options.push(blockOption(OptionNumber.Block1, block1));
  if (size2 !== undefined) options.push(uintOption(OptionNumber.Size2, size2));
  if (size1 !== undefined) options.push(uintOption(OptionNumber.Size1, size1));
  return { code: reply.code, token, options, payload };
}
