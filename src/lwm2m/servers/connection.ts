/** The way to one server: opened when first needed, anew when it broke, and renewed when it fell silent. */

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

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
}

export interface ConnectionOwner {
  /** A transport to the server, not yet open. */
  connect(): Transport;
  /** A request of the server. */
  handle(request: IncomingRequest): Reply | Promise<Reply>;
}

interface Line {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
}

export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  #line: Line | undefined;
  /** While opening only. */
  #opening: AbortController | undefined;
  #closed = false;

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** Never rejects: what cannot be sent has failed. `renew` first asks the transport for a fresh association. */
  async request(request: OutgoingRequest, renew = false): Promise<Answer> {
    try {
      if (renew) await this.#line?.transport.renew();
      const { endpoint } = await this.#ready();
      const answer = await endpoint.request(request);
      if (answer.status === "failed") await this.#abandon();
      return answer;
    } catch (error) {
      await this.#abandon();
      return { status: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The server observes anew after a Register. */
  forgetObservations(): void {
    this.#line?.endpoint.forgetObservations();
  }

  /** Requests under way fail. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#opening?.abort();
    await this.#abandon();
  }

  async #ready(): Promise<Line> {
    if (this.#line) return this.#line;
    if (this.#closed) throw new Error("closed");
    const { clock, random, log, parameters } = this.#options;
    const transport = this.#owner.connect();
    const endpoint = new Endpoint({ transport, clock, random, log, ...(parameters && { parameters }) });
    endpoint.onRequest((request) => this.#owner.handle(request));
    this.#line = { transport, endpoint };
    this.#opening = new AbortController();
    try {
      await endpoint.open(this.#opening.signal);
    } finally {
      this.#opening = undefined;
    }
    return this.#line;
  }

  /** A line that failed is not used again: the next request opens another. */
  async #abandon(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    await line?.endpoint.close().catch(() => undefined);
  }
}
