/** Bodies longer than a message, as the server takes and gives them (RFC 7959 §2.4, §2.5, §2.6): all of it bounded. */

import { ByteWriter } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { type Block, blockOffset, blockSize, carries, MAX_BLOCK_NUMBER, payloadSize } from "./block.ts";
import { ExpiringMap } from "../expiring.ts";
import type { Refusal } from "../heads.ts";
import { Code, type Message } from "../message.ts";
import { OptionNumber } from "../options.ts";
import { exchangeLifetime } from "../parameters.ts";
import type { Reply } from "../request.ts";
import type { Surroundings } from "../surroundings.ts";

const MAX_ASSEMBLIES = 4;
const MAX_REPRESENTATIONS = 4;

/** These say which part is meant, not what of. */
const NOT_IN_KEY: ReadonlySet<number> = new Set([
  OptionNumber.ETag,
  OptionNumber.Observe,
  OptionNumber.Block1,
  OptionNumber.Block2,
  OptionNumber.Size1,
  OptionNumber.Size2,
]);

/** Equal for the messages that carry the blocks of one body (RFC 7959 §2, RFC 7252 §5.4.2). */
export function cacheKey({ code, options }: Message): string {
  const parts: string[] = [String(code)];
  for (const { number, value } of options) {
    if (NOT_IN_KEY.has(number)) continue;
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
    parts.push(`;${number}:${value.length}=${text}`);
  }
  return parts.join("");
}

export type Assembled =
  | { readonly status: "complete"; readonly body: Uint8Array }
  | { readonly status: "incomplete" }
  | { readonly status: "refused"; readonly refusal: Refusal };

interface Started {
  readonly bytes: ByteWriter;
  /** Of the latest block: where it started, and its content as a number. */
  latest: number;
  content: number;
}

/** Request bodies of which some blocks have come. */
export class Assemblies {
  readonly #started: ExpiringMap<Started>;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    const { clock, parameters } = surroundings;
    this.#surroundings = surroundings;
    this.#started = new ExpiringMap(clock, MAX_ASSEMBLIES, exchangeLifetime(parameters), () => this.#abandoned());
  }

  /** `announced` is the Size1 option. Blocks come in order, from 0; 0 starts afresh (RFC 7959 §2.5). */
  take(key: string, block: Block, announced: number | undefined, payload: Uint8Array): Assembled {
    const size = blockSize(block.exponent);
    if (!carries(block, payload.length))
      return this.#drop(key, Code.BadRequest, `a block of ${payload.length} bytes, not ${size}`);
    const offset = blockOffset(block);
    const { maxBody } = this.#surroundings.parameters;
    if (Math.max(announced ?? 0, offset + payload.length) > maxBody)
      return this.#drop(key, Code.RequestEntityTooLarge, `no more than ${maxBody} bytes`);
    if (offset === 0 && !block.more) {
      this.#started.delete(key);
      return { status: "complete", body: payload };
    }
    const body = offset === 0 ? { bytes: new ByteWriter(size * 2), latest: 0, content: 0 } : this.#started.get(key);
    const content = contentOf(payload);
    // Sent again so late that its message was forgotten: it has its place already, and is acknowledged once more.
    if (body !== undefined && offset > 0 && block.more && body.latest === offset && body.content === content)
      return { status: "incomplete" };
    if (body?.bytes.length !== offset)
      return this.#drop(key, Code.RequestEntityIncomplete, `block ${block.number} without those before it`);
    body.bytes.bytes(payload);
    body.latest = offset;
    body.content = content;
    if (block.more) {
      this.#started.set(key, body);
      return { status: "incomplete" };
    }
    this.#started.delete(key);
    return { status: "complete", body: body.bytes.finish() };
  }

  clear(): void {
    this.#started.clear();
  }

  #drop(key: string, code: number, diagnostic: string): Assembled {
    if (this.#started.get(key) !== undefined) this.#abandoned();
    this.#started.delete(key);
    return { status: "refused", refusal: { code, diagnostic } };
  }

  #abandoned(): void {
    this.#surroundings.counters.abandoned += 1;
  }
}

/** A reply with a body longer than a block, as it was when its first block went out. */
export interface Representation {
  readonly reply: Reply;
  readonly body: Uint8Array;
  readonly etag: Uint8Array;
  /** Tells the bodies of FETCH requests apart, where the peer repeats them. */
  readonly question: number;
}

/** Keeps what was begun to be served, so that all blocks are of one moment, whatever changes meanwhile. */
export class Representations {
  readonly #kept: ExpiringMap<Representation>;

  constructor(clock: Clock, lifetimeMs: number) {
    this.#kept = new ExpiringMap(clock, MAX_REPRESENTATIONS, lifetimeMs);
  }

  keep(key: string, reply: Reply, body: Uint8Array, question: Uint8Array): Representation {
    const representation = { reply, body, etag: etagOf(reply, body), question: hash(question, 0) };
    this.#kept.set(key, representation);
    return representation;
  }

  /** `question` is the body of the request for the further block: empty, or the same as that of the first. */
  find(key: string, question: Uint8Array): Representation | undefined {
    const kept = this.#kept.get(key);
    return question.length === 0 || kept?.question === hash(question, 0) ? kept : undefined;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** One block of a body, and the Block2 option that names it. */
export interface Slice {
  readonly payload: Uint8Array;
  readonly block2: Block;
}

/** What a message can take. */
export interface Room {
  /** Of the largest block. */
  readonly exponent: number;
  /** Bytes of payload. */
  readonly room: number;
}

/** The wanted block, cut smaller if there is less room; undefined if the body ends before it. */
export function slice(body: Uint8Array, wanted: Block, { exponent: max, room }: Room): Slice | undefined {
  const exponent = Math.min(wanted.exponent, max);
  const start = blockOffset(wanted);
  const end = start + payloadSize(exponent, room);
  const number = start / blockSize(exponent);
  if ((start >= body.length && start > 0) || number > MAX_BLOCK_NUMBER) return undefined;
  return { payload: body.subarray(start, end), block2: { number, more: end < body.length, exponent } };
}

/** Made of the content alone, so that the same content has the same tag, however often it is asked for (RFC 7252 §5.10.6). */
function etagOf({ code, format = -1 }: Reply, body: Uint8Array): Uint8Array {
  const tag = new Uint8Array(8);
  const view = new DataView(tag.buffer);
  view.setUint32(0, hash(body, Math.imul(format, 31) + code));
  view.setUint32(4, hash(body, body.length ^ 0x5bd1_e995));
  return tag;
}

/** Equal for a block that is sent again. */
export function contentOf(payload: Uint8Array): number {
  return hash(payload, 0);
}

/** FNV-1a over the bytes, from a seed. */
function hash(bytes: Uint8Array, seed: number): number {
  let state = 0x811c_9dc5 ^ seed;
  for (let i = 0; i < bytes.length; i++) state = Math.imul(state ^ bytes[i]!, 0x0100_0193);
  return state >>> 0;
}
