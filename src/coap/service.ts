/** The server side of requests: options checked, blocks put together, the handler asked, its reply sent or observed. */

import type { Block } from "./blockwise/block.ts";
import { Assemblies, cacheKey } from "./blockwise/blockwise.ts";
import { Composer } from "./blockwise/composer.ts";
import { type Taken, Uploads } from "./blockwise/uploads.ts";
import { Call } from "./call.ts";
import type { Parsed } from "./codec.ts";
import type { Exchange, MessageLayer } from "./exchange.ts";
import { type Refusal, type RequestHead, readRequestHead } from "./heads.ts";
import { Code, isSuccess } from "./message.ts";
import type { Entry } from "./observe/entry.ts";
import { Observations } from "./observe/observations.ts";
import { type Additions, bodyOf, draftReply } from "./reply.ts";
import { CoapError, type IncomingRequest, type Reply, type UploadChooser } from "./request.ts";
import type { Surroundings } from "./surroundings.ts";

export type Handler = (request: IncomingRequest) => Reply | Promise<Reply>;

const NOTHING = new Uint8Array(0);

export class Service {
  readonly observations: Observations;
  readonly #surroundings: Surroundings;
  readonly #layer: MessageLayer;
  readonly #composer: Composer;
  #handler: Handler | undefined;
  #uploads: Uploads | undefined;
  #assemblies: Assemblies | undefined;
  #abort: AbortController | undefined;
  #closed = false;

  constructor(surroundings: Surroundings, layer: MessageLayer) {
    this.#surroundings = surroundings;
    this.#layer = layer;
    this.#composer = new Composer(surroundings);
    this.observations = new Observations(surroundings, layer, this.#composer);
  }

  handle(handler: Handler): void {
    this.#handler = handler;
  }

  upload(choose: UploadChooser): void {
    this.#uploads?.clear();
    this.#uploads = new Uploads(this.#surroundings, choose);
  }

  unreachable(): void {
    this.#surroundings.counters.unreachable += 1;
    this.observations.unreachable();
  }

  /** One signal for all requests, made when the first handler looks at it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#closed) this.#abort.abort();
    return this.#abort.signal;
  }

  close(): void {
    this.#closed = true;
    this.#abort?.abort();
    this.#assemblies?.clear();
    this.#uploads?.clear();
    this.observations.endAll("closed");
    this.#composer.clear();
  }

  onReset(messageId: number): boolean {
    return this.observations.onReset(messageId);
  }

  onRequest(message: Parsed, exchange: Exchange): void {
    const head = readRequestHead(message, this.#surroundings.transport.bert !== undefined);
    // RFC 8132 §2.3: FETCH is as safe as GET. To observe is neither: it leaves something behind.
    exchange.repeatable = (message.code === Code.GET || message.code === Code.FETCH) && head.observe === undefined;
    const refusal = head.refusal ?? this.#refusalOf(message);
    if (refusal !== undefined) {
      // A NON with an option that must be understood but is not is rejected, not answered (RFC 7252 §5.4.1).
      if (refusal.code === Code.BadOption && message.type === "NON") exchange.reject();
      else this.#refuse(message, exchange, refusal, {});
      return;
    }
    if (this.#uploads !== undefined && this.#stream(message, exchange, head, this.#uploads)) return;
    if (message.payload.length > this.#surroundings.parameters.maxBody) {
      const { maxBody } = this.#surroundings.parameters;
      const tooLarge = { code: Code.RequestEntityTooLarge, diagnostic: `no more than ${maxBody} bytes` };
      this.#refuse(message, exchange, tooLarge, { size1: maxBody });
      return;
    }
    const body = head.block1 === undefined ? message.payload : this.#assemble(message, exchange, head, head.block1);
    if (body === undefined) return;
    const call = new Call(this, exchange, head, body);
    if (call.further === undefined || !this.#resume(call, call.further)) this.#handle(call);
  }

  #refusalOf({ code }: Parsed): Refusal | undefined {
    // RFC 7252 §5.8: an unknown method is 4.05, whatever it is about.
    if (code > Code.iPATCH) return { code: Code.MethodNotAllowed, diagnostic: "unknown method" };
    if (this.#handler === undefined || this.#layer.crowded)
      return { code: Code.ServiceUnavailable, diagnostic: "busy" };
    return undefined;
  }

  #refuse({ token }: Parsed, exchange: Exchange, refusal: Reply, additions: Additions): void {
    this.#surroundings.counters.refused += 1;
    exchange.respond(draftReply(refusal, token, bodyOf(refusal), additions));
  }

  /** False: nobody takes this body block by block. */
  #stream(message: Parsed, exchange: Exchange, head: RequestHead, uploads: Uploads): boolean {
    const { code, payload } = message;
    if (code === Code.GET || code === Code.DELETE || code === Code.FETCH) return false;
    const { path, query, format, block1 } = head;
    const size = head.size1 ?? (block1?.more === true ? undefined : payload.length);
    const taken = this.#offer(() =>
      uploads.take(cacheKey(message), { code, path, query, format, size }, block1, payload),
    );
    if (taken.status === "foreign") return false;
    if (taken.status === "complete") {
      this.#settle(new Call(this, exchange, head, NOTHING), () => taken.upload.done());
    } else if (taken.status === "refused") {
      this.#refuse(message, exchange, taken.reply, block1 === undefined ? {} : { block1: this.#acknowledged(block1) });
    } else if (block1 !== undefined) this.#continue(message, exchange, block1);
    return true;
  }

  #offer(offer: () => Taken): Taken {
    try {
      return offer();
    } catch (error) {
      return { status: "refused", reply: this.#replyTo(error) };
    }
  }

  /** RFC 7959 §2.3: the exponent of the answer is the one to go on with. */
  #acknowledged(block1: Block): Block {
    return { ...block1, exponent: Math.min(block1.exponent, this.#composer.exponent) };
  }

  #continue({ token }: Parsed, exchange: Exchange, block1: Block): void {
    const additions = { block1: this.#acknowledged(block1) };
    exchange.respond(draftReply({ code: Code.Continue }, token, NOTHING, additions));
  }

  /** Undefined: the body is not whole yet, or never will be, and the peer has been told. */
  #assemble(message: Parsed, exchange: Exchange, head: RequestHead, block1: Block): Uint8Array | undefined {
    const { parameters } = this.#surroundings;
    this.#assemblies ??= new Assemblies(this.#surroundings);
    const taken = this.#assemblies.take(cacheKey(message), block1, head.size1, message.payload);
    if (taken.status === "complete") return taken.body;
    if (taken.status === "refused") {
      const size1 = taken.refusal.code === Code.RequestEntityTooLarge ? { size1: parameters.maxBody } : {};
      this.#refuse(message, exchange, taken.refusal, { block1: this.#acknowledged(block1), ...size1 });
    } else this.#continue(message, exchange, block1);
    return undefined;
  }

  /** A further block of an answer begun before. False: that answer is forgotten, and must be made again. */
  #resume(call: Call, wanted: Block): boolean {
    const { exchange } = call;
    const { token } = exchange.message;
    const draft = this.#composer.resume(wanted, token, call, call.additions());
    if (draft !== undefined) {
      exchange.respond(draft);
      return true;
    }
    if (call.code === Code.GET || call.code === Code.FETCH) return false;
    // Doing it again would be wrong, and what it answered is gone (RFC 7959 §2.9.2).
    const refusal = { code: Code.RequestEntityIncomplete, diagnostic: "the answer is forgotten" };
    this.#refuse(exchange.message, exchange, refusal, {});
    return true;
  }

  #handle(call: Call): void {
    this.#surroundings.counters.requests += 1;
    if (call.observe === "deregister") this.observations.end(call.exchange.message.token, "deregistered");
    this.#settle(call, () => this.#handler?.(call) ?? { code: Code.ServiceUnavailable });
  }

  /** Answers the call with what `make` returns, now or later. */
  #settle(call: Call, make: () => Reply | Promise<Reply>): void {
    let reply: Reply | Promise<Reply>;
    try {
      reply = make();
    } catch (error) {
      reply = this.#replyTo(error);
    }
    if (!(reply instanceof Promise)) {
      this.#reply(call, reply);
      return;
    }
    call.exchange.defer();
    void reply.catch((error: unknown) => this.#replyTo(error)).then((late) => this.#reply(call, late));
  }

  /** The peer's fault has words for the peer; ours has words for the log. */
  #replyTo(error: unknown): Reply {
    if (error instanceof CoapError) return { code: error.code, diagnostic: error.message };
    this.#surroundings.log.error("request handler failed", { error });
    return { code: Code.InternalServerError };
  }

  #reply(call: Call, reply: Reply): void {
    if (this.#closed) return;
    try {
      this.#answer(call, reply);
    } catch (error) {
      // The reply cannot be said in CoAP: a mistake of the handler's.
      const { exchange } = call;
      this.observations.forget(exchange.message.token);
      exchange.respond(draftReply(this.#replyTo(error), exchange.message.token, NOTHING, {}));
    }
  }

  #answer(call: Call, reply: Reply): void {
    const { exchange } = call;
    const entry = this.#observe(call, reply);
    const additions = call.additions();
    if (entry !== undefined) additions.observe = this.observations.nextSequence();
    const draft = this.#composer.compose(reply, exchange.message.token, call, additions);
    // Made again, the first block would be of another moment than those that were promised with it (RFC 7959 §2.4).
    if (additions.block2 !== undefined) exchange.repeatable = false;
    if (entry === undefined || !exchange.acknowledged) {
      const messageId = exchange.respond(draft);
      if (messageId !== undefined) entry?.note(messageId);
    } else {
      // The answer must be confirmed by itself: it is the first notification, and is superseded like one.
      entry.begin(draft);
      if (!exchange.respondBy(entry)) this.observations.drop(entry);
    }
    if (entry !== undefined && !entry.over) entry.observer.started(entry);
  }

  #observe(call: Call, reply: Reply): Entry | undefined {
    if (call.observe !== "register") return undefined;
    const { token } = call.exchange.message;
    // A registration that fails leaves nothing of an earlier one with its token (RFC 7641 §4.1).
    if (reply.observer === undefined || !isSuccess(reply.code)) {
      this.observations.end(token, "replaced");
      return undefined;
    }
    const { key, wanted } = call;
    const question = call.code === Code.FETCH ? new Uint8Array(call.question) : NOTHING;
    return this.observations.add(token, { key, question, wanted }, reply.observer);
  }
}
