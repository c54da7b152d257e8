/** The way to a Bootstrap-Server: there while it is needed, and another one each time. */

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Transport } from "../../base/transport.ts";
import {
  type Answer,
  Endpoint,
  type IncomingRequest,
  type OutgoingRequest,
  type Parameters,
  type Reply,
} from "../../coap/index.ts";

export interface LineOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
}

export interface LineOwner {
  /** A transport to the server, not yet open. @throws whatever is wrong with the account. */
  connect(): Transport;
  handle(request: IncomingRequest): Reply;
}

export class Line {
  readonly #owner: LineOwner;
  readonly #options: LineOptions;
  #endpoint: Endpoint | undefined;
  #ready: Promise<void> | undefined;
  /** While opening only. */
  #opening: AbortController | undefined;

  constructor(owner: LineOwner, options: LineOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** @throws what is wrong with the account, or with the network. */
  open(): Promise<void> {
    this.#ready ??= this.#open();
    return this.#ready;
  }

  /** Never rejects: what cannot be sent has failed. */
  async request(request: OutgoingRequest): Promise<Answer> {
    try {
      await this.open();
    } catch (error) {
      return { status: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
    return (await this.#endpoint?.request(request)) ?? { status: "failed", reason: "closed" };
  }

  /** Requests under way fail. Never rejects; what is asked later opens anew. */
  async close(): Promise<void> {
    const endpoint = this.#endpoint;
    this.#opening?.abort();
    this.#endpoint = undefined;
    this.#ready = undefined;
    await endpoint?.close();
  }

  async #open(): Promise<void> {
    const { clock, random, log, parameters } = this.#options;
    const transport = this.#owner.connect();
    const endpoint = new Endpoint({ transport, clock, random, log, ...(parameters && { parameters }) });
    endpoint.onRequest((request) => this.#owner.handle(request));
    this.#endpoint = endpoint;
    const opening = new AbortController();
    this.#opening = opening;
    try {
      await endpoint.open(opening.signal);
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }
}
