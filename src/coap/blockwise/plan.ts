/** What stays the same for all the messages that one long request and its long answer take (RFC 7959 §2.3). */

import { encodedLength } from "../codec.ts";
import type { ResponseHead } from "../heads.ts";
import { Code, type Option } from "../message.ts";
import { OptionNumber, stringOption, uintOption } from "../options.ts";
import type { Answer, OutgoingRequest, Sink } from "../request.ts";
import type { Question, Reaction } from "../requests.ts";
import {
  type Block,
  blockOption,
  blockSize,
  exponentWithin,
  MAX_BLOCK_NUMBER,
  MAX_EXPONENT,
  payloadSize,
} from "./block.ts";

export interface Limits {
  /** Bytes of one datagram. */
  readonly maxDatagram: number;
  /** Several blocks fit into one message, and the peer knows what to make of them (RFC 8323 §6). */
  readonly bert?: boolean | undefined;
  /** Bytes of one payload. */
  readonly blockSize: number;
  /** Bytes of a body put together. */
  readonly maxBody: number;
}

export type Ask = (question: Question) => Promise<Reaction>;

export type Answered = Extract<Reaction, { readonly status: "answered" }>;

export interface Plan {
  readonly ask: Ask;
  readonly code: number;
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  readonly confirmable: boolean;
  /** Of the largest block we can send, and wish to receive. */
  readonly exponent: number;
  /** Bytes of payload that a message has room for. */
  readonly room: number;
  readonly maxBody: number;
  readonly sink: Sink | undefined;
  /** The byte of the answer's body to begin with. */
  readonly from: number;
  /** What the ETag of the answer must be; undefined: it is what it is. */
  readonly etag: Uint8Array | undefined;
}

const NOTHING = new Uint8Array(0);
const LONGEST_TOKEN = new Uint8Array(8);
/** Block1, Block2, Size1 and Size2 of the largest values, and the payload marker. */
const BLOCK_OPTIONS_LENGTH = 17;

/** A string says why this cannot be asked. */
export function planOf(ask: Ask, request: OutgoingRequest, limits: Limits): Plan | string {
  const options = requestOptions(request);
  const room =
    limits.maxDatagram - encodedLength({ token: LONGEST_TOKEN, options, payload: NOTHING }) - BLOCK_OPTIONS_LENGTH;
  if (room < 16) return "the options leave no room for a payload";
  const { code, payload = NOTHING, confirmable = true, sink, etag } = request;
  const from = sink === undefined ? 0 : (request.from ?? 0);
  let exponent = exponentWithin(room, limits.blockSize, limits.bert);
  if (from > 0) {
    // Blocks are counted in their own size: the first one must start where the last reading ended.
    while (exponent > 0 && from % blockSize(exponent) !== 0) exponent -= 1;
    const number = from / blockSize(exponent);
    if (!Number.isInteger(number) || number > MAX_BLOCK_NUMBER) return `no block starts at byte ${from}`;
    if (payload.length > payloadSize(exponent, room)) return "a long request cannot go on in the middle of its answer";
  }
  return { ask, code, options, payload, confirmable, exponent, room, maxBody: limits.maxBody, sink, from, etag };
}

function requestOptions({ path, query = [], format, accept }: OutgoingRequest): Option[] {
  const options = path.map((segment) => stringOption(OptionNumber.UriPath, segment));
  if (format !== undefined) options.push(uintOption(OptionNumber.ContentFormat, format));
  for (const part of query) options.push(stringOption(OptionNumber.UriQuery, part));
  if (accept !== undefined) options.push(uintOption(OptionNumber.Accept, accept));
  return options;
}

/** A message of the request: the first, or another one of its body. */
export function question(plan: Plan, payload: Uint8Array, extra: readonly Option[]): Question {
  const { exponent, from, sink } = plan;
  const options = [...plan.options, ...extra];
  // RFC 7959 §2.4: a wish for smaller blocks, or for a later one, is said before the first one comes.
  if (exponent < MAX_EXPONENT || from > 0) {
    const wanted = { number: from / blockSize(exponent), more: false, exponent };
    options.push(blockOption(OptionNumber.Block2, wanted));
  }
  // §4: a Size2 of 0 asks for the length of the whole.
  if (sink !== undefined) options.push(uintOption(OptionNumber.Size2, 0));
  return { code: plan.code, options: inOrder(options), payload, confirmable: plan.confirmable };
}

/** Asks for one block of an answer. A FETCH is not understood without its body (RFC 8132 §2); others need none (§3.3). */
export function followUp(plan: Plan, block: Block): Question {
  const fits = plan.payload.length <= payloadSize(plan.exponent, plan.room);
  const payload = plan.code === Code.FETCH && fits ? plan.payload : NOTHING;
  const options = inOrder([...plan.options, blockOption(OptionNumber.Block2, block)]);
  return { code: plan.code, options, payload, confirmable: plan.confirmable };
}

function inOrder(options: readonly Option[]): readonly Option[] {
  return options.toSorted((a, b) => a.number - b.number);
}

/** The answer whose body is all there. */
export function whole({ code, head }: { code: number; head: ResponseHead }, payload: Uint8Array): Answer {
  const { format, maxAge, etag, locationPath, locationQuery } = head;
  return { status: "answered", response: { code, format, maxAge, etag, locationPath, locationQuery, payload } };
}

export function failed(reason: string): { status: "failed"; reason: string } {
  return { status: "failed", reason };
}
