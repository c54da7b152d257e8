/** One request on its way to its answer, as the handler and as the layers see it: one object for both. */

import type { Block } from "./blockwise/block.ts";
import { cacheKey } from "./blockwise/blockwise.ts";
import type { Target } from "./blockwise/composer.ts";
import type { Exchange } from "./exchange.ts";
import type { RequestHead } from "./heads.ts";
import { Code, type Option } from "./message.ts";
import type { Additions } from "./reply.ts";
import type { IncomingRequest } from "./request.ts";

const NOTHING = new Uint8Array(0);
const REGISTER = 0;
const DEREGISTER = 1;

/** What lives as long as the endpoint. */
export interface Host {
  /** Aborted when nobody can be answered any more. */
  readonly signal: AbortSignal;
}

export class Call implements IncomingRequest, Target {
  readonly code: number;
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly format: number | undefined;
  readonly accept: number | undefined;
  readonly observe: "register" | "deregister" | undefined;
  readonly payload: Uint8Array;
  readonly options: readonly Option[];
  readonly exchange: Exchange;
  readonly wanted: Block | undefined;
  readonly #host: Host;
  readonly #block1: Block | undefined;

  constructor(host: Host, exchange: Exchange, head: RequestHead, body: Uint8Array) {
    this.code = exchange.message.code;
    this.path = head.path;
    this.query = head.query;
    this.format = head.format;
    this.accept = head.accept;
    this.payload = body;
    this.options = head.others;
    this.exchange = exchange;
    this.wanted = head.block2;
    this.#host = host;
    this.#block1 = head.block1;
    this.observe = this.#observes(head.observe);
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get key(): string {
    return cacheKey(this.exchange.message);
  }

  get question(): Uint8Array {
    return this.code === Code.FETCH ? this.payload : NOTHING;
  }

  /** The block wanted, if it is not the first. */
  get further(): Block | undefined {
    return this.wanted !== undefined && this.wanted.number > 0 ? this.wanted : undefined;
  }

  /** The final answer names the last block of the request (RFC 7959 §2.3). */
  additions(): Additions {
    return this.#block1 === undefined ? {} : { block1: { ...this.#block1, more: false } };
  }

  /** RFC 7641 §2: 0 and 1 mean something where the method can be observed; RFC 7959 §2.6: and not for further blocks. */
  #observes(value: number | undefined): "register" | "deregister" | undefined {
    if (value === undefined || this.further !== undefined) return undefined;
    if (this.code !== Code.GET && this.code !== Code.FETCH) return undefined;
    return value === REGISTER ? "register" : value === DEREGISTER ? "deregister" : undefined;
  }
}
