/**
 * One CoAP endpoint with one peer: client and server at once, the floors put together.
 *
 *        request()                     onRequest()     notify()
 *            │                              │              │
 *   ┌────────┴─────────┐  ┌─────────────────┴──────────────┴──┐
 *   │ transfer         │  │ service ──── observe (RFC 7641)   │
 *   │ bodies in blocks │  │    └── blockwise, composer        │   RFC 7959
 *   ├──────────────────┤  └─────────────────┬─────────────────┘
 *   │ requests         │                    │                     RFC 7252 §5
 *   │ tokens           │                    │
 *   ├──────────────────┴────────────────────┴─────────────────┐
 *   │ exchange: each message once; transmissions, remembered  │   RFC 7252 §4
 *   ├─────────────────────────────────────────────────────────┤
 *   │ codec: a message is a datagram                          │   RFC 7252 §3
 *   └────────────────────────────┬────────────────────────────┘
 *                            Transport
 *
 * The transport has one peer, so an answer can come from nobody else, and message ids need no address beside them.
 * Nothing here owns a socket, a timer or a clock, and what a stranger can fill is bounded.
 */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import { Counters } from "./counters.ts";
import { MessageLayer } from "./exchange.ts";
import { DEFAULT_PARAMETERS, type Parameters } from "./parameters.ts";
import type { Answer, OutgoingRequest, UploadChooser } from "./request.ts";
import { Requests } from "./requests.ts";
import { type Handler, Service } from "./service.ts";
import type { Surroundings } from "./surroundings.ts";
import { transfer } from "./blockwise/transfer.ts";

export interface EndpointOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What differs from DEFAULT_PARAMETERS. */
  readonly parameters?: Partial<Parameters>;
}

export class Endpoint {
  readonly #surroundings: Surroundings;
  readonly #layer: MessageLayer;
  readonly #requests: Requests;
  readonly #service: Service;
  #onLost: (() => void) | undefined;
  #closed = false;

  /** Takes the transport over: its datagrams are this endpoint's. @throws RangeError on a block size that does not exist. */
  constructor({ transport, clock, random, log, parameters: changes }: EndpointOptions) {
    const parameters = changes === undefined ? DEFAULT_PARAMETERS : { ...DEFAULT_PARAMETERS, ...changes };
    if (![16, 32, 64, 128, 256, 512, 1024].includes(parameters.blockSize))
      throw new RangeError(`block size ${parameters.blockSize}`); // RFC 7959 §2.2
    this.#surroundings = { transport, clock, random, log, parameters, counters: new Counters() };
    this.#layer = new MessageLayer(this.#surroundings);
    this.#requests = new Requests(this.#surroundings, this.#layer);
    this.#service = new Service(this.#surroundings, this.#layer);
    this.#layer.attach(this.#service, this.#requests);
    this.#heed(transport);
  }

  /** @throws what the transport's `open` throws: no such host, no free port. */
  open(signal?: AbortSignal): Promise<void> {
    return this.#surroundings.transport.open(signal);
  }

  /**
   * Goes on by another way to the same peer, such as one with other keys: what is asked and observed goes on with it. The
   * former way is closed first: the other one may want its port. @throws what the `open` of the other throws.
   */
  async change(transport: Transport): Promise<void> {
    const former = this.#surroundings.transport;
    this.#surroundings.transport = transport;
    this.#layer.listen();
    this.#heed(transport);
    await former.close();
    await transport.open();
  }

  /** Never rejects: how it ended is the value. */
  request(request: OutgoingRequest, signal?: AbortSignal): Promise<Answer> {
    if (this.#closed) return Promise.resolve({ status: "failed", reason: "closed" });
    const { transport, parameters } = this.#surroundings;
    const { blockSize, maxBody } = parameters;
    const limits = { maxDatagram: transport.maxDatagram, bert: transport.bert, blockSize, maxBody };
    return transfer((question) => this.#requests.ask(question, signal), request, limits);
  }

  /**
   * Who answers the peer; until there is one it is told 5.03. A CoapError thrown, or rejected with, becomes the
   * response; anything else thrown becomes 5.00 without its words. A handler that returns a value, not a promise, is
   * answered before the next datagram is read.
   */
  onRequest(handler: Handler): void {
    this.#service.handle(handler);
  }

  /** Who takes long bodies block by block; asked before the handler, with each body that begins. One at a time is open. */
  onUpload(choose: UploadChooser): void {
    this.#service.upload(choose);
  }

  /**
   * From now on requests of the peer are dropped; what we began goes on, answers to it are heard. Safe to call twice.
   * With `onSpoken`, what we say next wakes us and calls it, before it goes out.
   */
  sleep(onSpoken?: () => void): void {
    this.#layer.asleep = true;
    this.#layer.onSpoken = onSpoken;
  }

  /** Requests are heard again. */
  wake(): void {
    this.#layer.wake();
  }

  get asleep(): boolean {
    return this.#layer.asleep;
  }

  /** Monotonic milliseconds of the last message either way, dropped ones left out; of the beginning if there was none. */
  get lastTraffic(): number {
    return this.#layer.lastTraffic;
  }

  get counters(): Readonly<Counters> {
    return this.#surroundings.counters;
  }

  /** Told when the transport has closed by itself: nothing is sent or heard any more. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** How many observations the peer has with us. */
  get observations(): number {
    return this.#service.observations.count;
  }

  /** Ends all observations, as when the peer has forgotten them; each observer hears that it is "closed". */
  forgetObservations(): void {
    this.#service.observations.endAll("closed");
  }

  /** Of a way that is no longer in use, nothing is of interest. */
  #heed(transport: Transport): void {
    transport.onClose((reason) => {
      if (transport !== this.#surroundings.transport) return;
      this.#requests.failAll(`connection lost: ${reason}`);
      this.#onLost?.();
    });
    transport.onUnreachable?.(() => {
      if (transport === this.#surroundings.transport) this.#service.unreachable();
    });
  }

  /** Ends everything that waits, then closes the transport. Never rejects; safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests.failAll("closed");
    this.#service.close();
    this.#layer.close();
    try {
      await this.#surroundings.transport.close();
    } catch {
      // It was to be gone, and it is.
    }
  }
}
