/**
 * Bodies longer than a message, as the client sends and fetches them (RFC 7959 §2.3, §2.5):
 * Block1 takes the request's body up, Block2 takes the answer's body down; each block is a request with its own token.
 */

import { sameBytes } from "../../base/bytes.ts";
import { type Block, blockOffset, blockOption, blockSize, exponentFor, MAX_EXPONENT } from "./block.ts";
import { encodedLength } from "../codec.ts";
import type { ResponseHead } from "../heads.ts";
import { Code, codeText, isSuccess, type Option } from "../message.ts";
import { OptionNumber, stringOption, uintOption } from "../options.ts";
import type { Answer, OutgoingRequest } from "../request.ts";
import type { Question, Reaction } from "../requests.ts";

export interface Limits {
  /** Bytes of one datagram. */
  readonly maxDatagram: number;
  /** Bytes of one payload. */
  readonly blockSize: number;
  /** Bytes of a body put together. */
  readonly maxBody: number;
}

export type Ask = (question: Question) => Promise<Reaction>;

type Answered = Extract<Reaction, { readonly status: "answered" }>;

const NOTHING = new Uint8Array(0);
const LONGEST_TOKEN = new Uint8Array(8);
/** Block1, Block2 and Size1 of the largest values, and the payload marker. */
const BLOCK_OPTIONS_LENGTH = 16;

/** Asks `request` with as many messages as its body and the answer's body take. Never rejects. */
export async function transfer(ask: Ask, request: OutgoingRequest, limits: Limits): Promise<Answer> {
  const options = requestOptions(request);
  const room =
    limits.maxDatagram - encodedLength({ token: LONGEST_TOKEN, options, payload: NOTHING }) - BLOCK_OPTIONS_LENGTH;
  if (room < 16) return failed("the options leave no room for a payload");
  const plan: Plan = {
    ask,
    code: request.code,
    options,
    payload: request.payload ?? NOTHING,
    confirmable: request.confirmable ?? true,
    exponent: exponentFor(Math.min(limits.blockSize, room)),
    maxBody: limits.maxBody,
  };
  const reaction = await upload(plan);
  return reaction.status === "answered" ? download(plan, reaction) : reaction;
}

interface Plan {
  readonly ask: Ask;
  readonly code: number;
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  readonly confirmable: boolean;
  /** Of the largest block we can send, and wish to receive. */
  readonly exponent: number;
  readonly maxBody: number;
}

function requestOptions({ path, query = [], format, accept }: OutgoingRequest): Option[] {
  const options = path.map((segment) => stringOption(OptionNumber.UriPath, segment));
  if (format !== undefined) options.push(uintOption(OptionNumber.ContentFormat, format));
  for (const part of query) options.push(stringOption(OptionNumber.UriQuery, part));
  if (accept !== undefined) options.push(uintOption(OptionNumber.Accept, accept));
  return options;
}

/** The whole body in one message if it fits, else block by block; smaller blocks if the peer wants them. */
async function upload(plan: Plan): Promise<Reaction> {
  let { exponent } = plan;
  let inBlocks = plan.payload.length > blockSize(exponent);
  for (;;) {
    const reaction = inBlocks ? await uploadBlocks(plan, exponent) : await plan.ask(question(plan, plan.payload, []));
    const smaller = wantsSmaller(reaction, inBlocks ? exponent : exponentFor(plan.payload.length) + 1);
    if (smaller === undefined) return reaction;
    // §2.9.3: too large as it was sent; the answer's Block1 says what would do. It shrinks each time, so this ends.
    exponent = smaller;
    inBlocks = true;
  }
}

function wantsSmaller(reaction: Reaction, exponent: number): number | undefined {
  if (reaction.status !== "answered" || reaction.code !== Code.RequestEntityTooLarge) return undefined;
  const hint = reaction.head.block1?.exponent;
  return hint !== undefined && hint < Math.min(exponent, MAX_EXPONENT + 1) ? hint : undefined;
}

async function uploadBlocks(plan: Plan, startExponent: number): Promise<Reaction> {
  const { payload } = plan;
  let exponent = startExponent;
  let offset = 0;
  for (;;) {
    const size = blockSize(exponent);
    const block: Block = { number: offset / size, more: offset + size < payload.length, exponent };
    const extra = [blockOption(OptionNumber.Block1, block)];
    if (offset === 0) extra.push(uintOption(OptionNumber.Size1, payload.length)); // §4
    const reaction = await plan.ask(question(plan, payload.subarray(offset, offset + size), extra));
    if (reaction.status !== "answered") return reaction;
    const trouble = uploadTrouble(reaction, block);
    if (trouble !== undefined) return failed(trouble);
    if (!block.more || !isSuccess(reaction.code)) return reaction;
    offset += size;
    // §2.3: the peer may ask for smaller blocks from here on. Ours is a multiple of any smaller size.
    exponent = Math.min(exponent, reaction.head.block1?.exponent ?? exponent);
  }
}

/** In words, why this answer to this block makes no sense or ends the upload. */
function uploadTrouble({ code, head }: Answered, block: Block): string | undefined {
  const about = `block ${block.number} of the body`;
  if (code === Code.RequestEntityIncomplete) return `${codeText(code)}: the peer lost the blocks before ${about}`;
  if (head.block1 !== undefined && head.block1.number !== block.number)
    return `the answer to ${about} speaks of block ${head.block1.number}`;
  if (!block.more && code === Code.Continue) return `${codeText(code)} to the last ${about}`;
  if (block.more && isSuccess(code) && code !== Code.Continue && head.block1 === undefined)
    return `${codeText(code)} to ${about}, as if it were the whole`;
  return undefined;
}

/** Puts the answer's body together. The first block has come already, as the answer to the request itself. */
async function download(plan: Plan, first: Answered): Promise<Answer> {
  let start = first;
  for (let tries = 0; tries < 2; tries++) {
    const ending = await downloadFrom(plan, start);
    if (ending !== "changed") return ending;
    // §2.4: another ETag means another representation; blocks of both must not be mixed. Once more from the start.
    const again = await plan.ask(followUp(plan, { number: 0, more: false, exponent: plan.exponent }));
    if (again.status !== "answered") return again;
    start = again;
  }
  return failed("the answer changed while it was fetched, twice");
}

async function downloadFrom(plan: Plan, first: Answered): Promise<Answer | "changed"> {
  const { head } = first;
  if (head.block2 === undefined || (head.block2.number === 0 && !head.block2.more)) return whole(first, first.payload);
  if (head.block2.number !== 0) return failed(`the answer starts with block ${head.block2.number}`);
  if ((head.size2 ?? 0) > plan.maxBody) return failed(`an answer of ${head.size2 ?? 0} bytes is too long`);

  const parts: Uint8Array[] = [];
  let length = 0;
  let block = head.block2;
  let { payload } = first;
  for (;;) {
    if (block.more && payload.length !== blockSize(block.exponent)) return failed("a block is not as long as it says");
    parts.push(payload);
    length += payload.length;
    if (length > plan.maxBody) return failed(`an answer of more than ${plan.maxBody} bytes is too long`);
    if (!block.more) return whole(first, Buffer.concat(parts, length));

    const exponent = Math.min(block.exponent, plan.exponent);
    const wanted = { number: length / blockSize(exponent), more: false, exponent };
    const reaction = await plan.ask(followUp(plan, wanted));
    if (reaction.status !== "answered") return reaction;
    if (!isSuccess(reaction.code)) return whole(reaction, reaction.payload);
    if (!sameTag(head.etag, reaction.head.etag)) return "changed";
    if (reaction.head.block2 === undefined || blockOffset(reaction.head.block2) !== length)
      return failed(`the answer holds another block than number ${wanted.number}`);
    block = reaction.head.block2;
    ({ payload } = reaction);
  }
}

function sameTag(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a, b);
}

/** Asks for one block of an answer. A FETCH is not understood without its body (RFC 8132 §2); others need none (§3.3). */
function followUp(plan: Plan, block: Block): Question {
  const fits = plan.payload.length <= blockSize(plan.exponent);
  const payload = plan.code === Code.FETCH && fits ? plan.payload : NOTHING;
  return { ...question(plan, payload, []), options: merged(plan.options, [blockOption(OptionNumber.Block2, block)]) };
}

function question(plan: Plan, payload: Uint8Array, extra: readonly Option[]): Question {
  // §2.4: a wish for smaller blocks is said before the first one comes.
  const wish =
    plan.exponent < MAX_EXPONENT
      ? [blockOption(OptionNumber.Block2, { number: 0, more: false, exponent: plan.exponent })]
      : [];
  return {
    code: plan.code,
    options: merged(plan.options, [...wish, ...extra]),
    payload,
    confirmable: plan.confirmable,
  };
}

function merged(options: readonly Option[], extra: readonly Option[]): readonly Option[] {
  return extra.length === 0 ? options : [...options, ...extra].toSorted((a, b) => a.number - b.number);
}

function whole({ code, head }: { code: number; head: ResponseHead }, payload: Uint8Array): Answer {
  const { format, maxAge, locationPath, locationQuery } = head;
  return { status: "answered", response: { code, format, maxAge, locationPath, locationQuery, payload } };
}

function failed(reason: string): { status: "failed"; reason: string } {
  return { status: "failed", reason };
}
