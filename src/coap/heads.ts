/** The options of a request or a response, read once into fields (RFC 7252 §5.4, §5.10). */

import { BERT, type Block, blockFrom } from "./blockwise/block.ts";
import type { OptionVisitor, Parsed } from "./codec.ts";
import { Code, type Message, type Option } from "./message.ts";
import { isCritical, isUnderstood, OptionNumber, readString, readUint } from "./options.ts";

/** Why a message cannot be processed, as the code and the words of the answer. */
export interface Refusal {
  readonly code: number;
  readonly diagnostic: string;
}

const NO_OPTIONS: readonly Option[] = [];
const NO_STRINGS: readonly string[] = [];

/** More of them than any request that means something has: who sends them wants to see us count (§5.4). */
const MAX_OPTIONS = 128;

/** What a request says besides its body. */
export class RequestHead implements OptionVisitor {
  readonly path: string[] = [];
  query: readonly string[] = NO_STRINGS;
  format: number | undefined;
  accept: number | undefined;
  observe: number | undefined;
  block1: Block | undefined;
  block2: Block | undefined;
  size1: number | undefined;
  /** Understood, but nothing that a field above shows. */
  others: readonly Option[] = NO_OPTIONS;
  /** Set if the request must not be processed. */
  refusal: Refusal | undefined;
  readonly #message: Parsed;
  readonly #bert: boolean;
  #count = 0;

  constructor(message: Parsed, bert: boolean) {
    this.#message = message;
    this.#bert = bert;
  }

  option(number: number, start: number, end: number, repeated: boolean): void {
    this.#count += 1;
    if (this.#count > MAX_OPTIONS) {
      this.refusal ??= { code: Code.BadOption, diagnostic: `more than ${MAX_OPTIONS} options` };
      return;
    }
    const understood = isUnderstood(number, end - start, repeated) && this.#take(number, start, end);
    // §5.4.1: a critical option that is not understood ends it, an elective one is as if it were not there.
    if (!understood && isCritical(number))
      this.refusal ??= { code: Code.BadOption, diagnostic: `option ${number} is not understood` };
  }

  /** False: the value is not what the option's format asks for. */
  #take(number: number, start: number, end: number): boolean {
    const { datagram } = this.#message;
    switch (number) {
      case OptionNumber.UriPath: {
        const segment = readString(datagram, start, end);
        return segment !== undefined && this.path.push(segment) > 0;
      }
      case OptionNumber.UriQuery: {
        const query = readString(datagram, start, end);
        if (query !== undefined) this.query = [...this.query, query];
        return query !== undefined;
      }
      case OptionNumber.ContentFormat:
        this.format = readUint(datagram, start, end);
        return true;
      case OptionNumber.Accept:
        this.accept = readUint(datagram, start, end);
        return true;
      case OptionNumber.Observe:
        this.observe = readUint(datagram, start, end);
        return true;
      case OptionNumber.Block1:
        this.block1 = this.#block(start, end);
        return true;
      case OptionNumber.Block2:
        this.block2 = this.#block(start, end);
        return true;
      case OptionNumber.Size1:
        this.size1 = readUint(datagram, start, end);
        return true;
      case OptionNumber.ProxyUri:
      case OptionNumber.ProxyScheme:
        this.refusal ??= { code: Code.ProxyingNotSupported, diagnostic: "this is no proxy" }; // §5.10.2
        return true;
      case OptionNumber.UriHost:
      case OptionNumber.UriPort:
      case OptionNumber.Size2:
        return true; // One endpoint is one host, and a wish for the size is met with every first block anyway.
      default:
        this.others = [...this.others, { number, value: this.#message.view(start, end) }];
        return true;
    }
  }

  #block(start: number, end: number): Block {
    const block = blockFrom(readUint(this.#message.datagram, start, end));
    // RFC 7959 §2.2: size exponent 7 is reserved and must lead to 4.00, but for streams (RFC 8323 §6).
    if (block.exponent === BERT && !this.#bert)
      this.refusal ??= { code: Code.BadRequest, diagnostic: "reserved block size" };
    return block;
  }
}

/** `bert`: it has come on a stream. */
export function readRequestHead(message: Parsed, bert = false): RequestHead {
  const head = new RequestHead(message, bert);
  message.visit(head);
  return head;
}

/** What a response says besides its body. */
export interface ResponseHead {
  readonly format: number | undefined;
  readonly maxAge: number | undefined;
  readonly etag: Uint8Array | undefined;
  readonly locationPath: readonly string[];
  readonly locationQuery: readonly string[];
  readonly block1: Block | undefined;
  readonly block2: Block | undefined;
  readonly size2: number | undefined;
}

/** A string says why the response must be rejected (§5.4.1). */
export function readResponseHead({ options }: Message, bert = false): ResponseHead | string {
  const values = new Map<number, Uint8Array>();
  const locationPath: string[] = [];
  const locationQuery: string[] = [];
  let previous = -1;
  for (const option of options) {
    const { number, value } = option;
    const repeated = number === previous;
    previous = number;
    if (!isUnderstood(number, value.length, repeated)) {
      if (isCritical(number)) return `option ${number} of the answer is not understood`;
      continue;
    }
    if (number === OptionNumber.LocationPath) locationPath.push(readString(value) ?? "");
    else if (number === OptionNumber.LocationQuery) locationQuery.push(readString(value) ?? "");
    else if (!repeated) values.set(number, value);
  }
  const uint = (number: number) => ifPresent(values.get(number), (value) => readUint(value));
  const block = (number: number) => ifPresent(uint(number), blockFrom);
  const head: ResponseHead = {
    format: uint(OptionNumber.ContentFormat),
    maxAge: uint(OptionNumber.MaxAge),
    etag: values.get(OptionNumber.ETag),
    locationPath,
    locationQuery,
    block1: block(OptionNumber.Block1),
    block2: block(OptionNumber.Block2),
    size2: uint(OptionNumber.Size2),
  };
  if (!bert && (head.block1?.exponent === BERT || head.block2?.exponent === BERT))
    return "reserved block size in the answer";
  return head;
}

function ifPresent<T, U>(value: T | undefined, read: (value: T) => U): U | undefined {
  return value === undefined ? undefined : read(value);
}
