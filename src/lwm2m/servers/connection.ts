/** The way to one server: opened when first needed, anew when it broke, and renewed when it fell silent. */

import type { Clock } from "../../base/clock.ts";
import { alertOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { LineSecurity, Transport } from "../../base/transport.ts";
import {
  type Answer,
  Endpoint,
  type IncomingRequest,
  type OutgoingRequest,
  type Parameters,
  type Reply,
  type UploadChooser,
} from "../../coap/index.ts";
import { Doze } from "./doze.ts";

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
  /** Who takes long bodies of the server block by block, if anybody does. */
  readonly upload: UploadChooser | undefined;
  /** What was sent from so far is closed; the next request goes out by another way. */
  lineLost(): void;
  /** The server has refused us by an alert of this number; undefined: a way to it is open. */
  refused(alert: number | undefined): void;
}

export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  /** Both or neither: the line in use. */
  #transport: Transport | undefined;
  #endpoint: Endpoint | undefined;
  /** In Queue Mode only. */
  #doze: Doze | undefined;
  #rekeyed = false;
  #closed = false;

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** There is a line, or one is being opened. */
  get isUp(): boolean {
    return this.#endpoint !== undefined;
  }

  get asleep(): boolean {
    return this.#endpoint?.asleep ?? false;
  }

  /** How the line in use is secured, or is to be; undefined for a bare one, and where there is none. */
  get security(): LineSecurity | undefined {
    return this.#transport?.security;
  }

  /** The keys are others by now: what is said next is said by a way with those, on which all that is observed goes on. */
  rekey(): void {
    this.#rekeyed = this.#endpoint !== undefined;
  }

  /** Whether new keys wait to be used. */
  get isStale(): boolean {
    return this.#rekeyed;
  }

  /** Never rejects: what cannot be sent has failed. `renew` first asks the transport for a fresh association. */
  async request(request: OutgoingRequest, renew = false): Promise<Answer> {
    try {
      if (this.#rekeyed) await this.#change();
      else if (renew) await this.#transport?.renew();
      const endpoint = await this.#ready();
      this.#owner.refused(undefined);
      const answer = await endpoint.request(request);
      if (answer.status === "failed") await this.#abandon(endpoint);
      return answer;
    } catch (error) {
      const alert = alertOf(error);
      if (alert !== undefined) this.#owner.refused(alert);
      await this.#abandon(this.#endpoint);
      return { status: "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The server observes anew after a Register. */
  forgetObservations(): void {
    this.#endpoint?.forgetObservations();
  }

  /** Requests are heard until `windowMs` after the last message either way, and again once we have said something. */
  doze(windowMs: number): void {
    if (this.#endpoint) this.#doze ??= new Doze(this.#endpoint, this.#options.clock, windowMs);
  }

  stayAwake(): void {
    this.#doze?.end();
    this.#doze = undefined;
  }

  /** Says one last thing, if there is a way to, with an ear for nothing but its answer; then closes. Never rejects. */
  async leave(farewell: OutgoingRequest): Promise<void> {
    this.stayAwake();
    const endpoint = this.#endpoint;
    endpoint?.sleep();
    await endpoint?.request(farewell);
    await this.close();
  }

  /** Requests under way fail. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#abandon(this.#endpoint);
  }

  async #change(): Promise<void> {
    this.#rekeyed = false;
    const transport = this.#owner.connect();
    this.#transport = transport;
    await this.#endpoint?.change(transport);
  }

  async #ready(): Promise<Endpoint> {
    if (this.#endpoint) return this.#endpoint;
    if (this.#closed) throw new Error("closed");
    const { clock, random, log, parameters } = this.#options;
    const { upload } = this.#owner;
    const transport = this.#owner.connect();
    const endpoint = new Endpoint({ transport, clock, random, log, ...(parameters && { parameters }) });
    endpoint.onRequest((request) => this.#owner.handle(request));
    if (upload) endpoint.onUpload(upload);
    endpoint.onLost(() => void this.#abandon(endpoint));
    this.#transport = transport;
    this.#endpoint = endpoint;
    // No signal, which is a heavy thing where thousands open at once: closing the endpoint ends this too.
    await endpoint.open();
    return endpoint;
  }

  /** A line that failed is not used again: the next request opens another. */
  async #abandon(endpoint: Endpoint | undefined): Promise<void> {
    if (endpoint === undefined || this.#endpoint !== endpoint) return;
    this.stayAwake();
    this.#endpoint = undefined;
    this.#transport = undefined;
    if (!this.#closed) this.#owner.lineLost();
    await endpoint.close();
  }
}
