/**
 * Bodies longer than a message, as the client sends and fetches them (RFC 7959 §2.3, §2.5):
 * Block1 takes the request's body up, Block2 takes the answer's body down; each block is a request with its own token.
 */

import { Code, codeText, isSuccess } from "../message.ts";
import { OptionNumber, uintOption } from "../options.ts";
import type { Answer, OutgoingRequest } from "../request.ts";
import type { Reaction } from "../requests.ts";
import { BERT, type Block, blockOption, blockSize, exponentFor, payloadSize } from "./block.ts";
import { download } from "./download.ts";
import { type Answered, type Ask, failed, type Limits, type Plan, planOf, question } from "./plan.ts";

/** Asks `request` with as many messages as its body and the answer's body take. Never rejects. */
export async function transfer(ask: Ask, request: OutgoingRequest, limits: Limits): Promise<Answer> {
  const plan = planOf(ask, request, limits);
  if (typeof plan === "string") return failed(plan);
  const reaction = await upload(plan);
  return reaction.status === "answered" ? download(plan, reaction) : reaction;
}

/** The whole body in one message if it fits, else block by block; smaller blocks if the peer wants them. */
async function upload(plan: Plan): Promise<Reaction> {
  let { exponent } = plan;
  let inBlocks = plan.payload.length > payloadSize(exponent, plan.room);
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
  return hint !== undefined && hint < Math.min(exponent, BERT) ? hint : undefined;
}

async function uploadBlocks(plan: Plan, startExponent: number): Promise<Reaction> {
  const { payload } = plan;
  let exponent = startExponent;
  let offset = 0;
  for (;;) {
    const size = payloadSize(exponent, plan.room);
    const block: Block = { number: offset / blockSize(exponent), more: offset + size < payload.length, exponent };
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
  // §2.3: the number is that of the block asked about. Who wants smaller ones may have counted in those already.
  if (head.block1?.exponent === block.exponent && head.block1.number !== block.number)
    return `the answer to ${about} speaks of block ${head.block1.number}`;
  if (!block.more && code === Code.Continue) return `${codeText(code)} to the last ${about}`;
  if (block.more && isSuccess(code) && code !== Code.Continue && head.block1 === undefined)
    return `${codeText(code)} to ${about}, as if it were the whole`;
  return undefined;
}
