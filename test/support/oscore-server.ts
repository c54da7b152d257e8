/**
 * An LwM2M server that speaks nothing but OSCORE: our own `OscoreTransport` and CoAP `Endpoint` at the far end of a way.
 * It can be started again, with its numbers or without, and forgets its registrations then.
 */

import type { Clock } from "../../src/base/clock.ts";
import type { Transport } from "../../src/base/transport.ts";
import {
  type Answer,
  Code,
  decodeMessage,
  encodeMessage,
  Endpoint,
  type IncomingRequest,
  isResponse,
  type Message,
  OptionNumber,
  type OutgoingRequest,
  type Reply,
} from "../../src/coap/index.ts";
import { SequenceBook } from "../../src/dial/sequences.ts";
import { type OscoreSecrets, OscoreTransport } from "../../src/oscore/index.ts";
import { MemoryStore } from "../gateway/rig.ts";
import { settle } from "./fake-clock.ts";
import { MemoryLog } from "./memory-log.ts";
import { SeededRandom } from "./seeded-random.ts";

const NOTHING = new Uint8Array(0);

/** What comes through OSCORE: notifications are kept aside, since an `Endpoint` asks for none. */
class Ear implements Transport {
  readonly #inner: OscoreTransport;
  /** By token, in hexadecimal digits. */
  readonly heard = new Map<string, Message[]>();
  #up: (datagram: Uint8Array) => void = () => undefined;

  constructor(inner: OscoreTransport) {
    this.#inner = inner;
    inner.onDatagram((datagram) => this.#receive(datagram));
  }

  get maxDatagram(): number {
    return this.#inner.maxDatagram;
  }

  open(): Promise<void> {
    return this.#inner.open();
  }

  send(datagram: Uint8Array): void {
    this.#inner.send(datagram);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#up = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#inner.onClose(listener);
  }

  renew(): Promise<void> {
    return this.#inner.renew();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #receive(datagram: Uint8Array): void {
    const message = decodeMessage(datagram);
    const watched = this.heard.get(Buffer.from(message.token).toString("hex"));
    if (!watched || !isResponse(message.code)) {
      this.#up(datagram);
      return;
    }
    watched.push(message);
    if (message.type !== "CON") return;
    const { messageId } = message;
    this.send(encodeMessage({ type: "ACK", code: 0, messageId, token: NOTHING, options: [], payload: NOTHING }));
  }
}

export interface OscoreServerOptions {
  readonly clock: Clock;
  /** As the server has them: its Sender ID is the client's Recipient ID. */
  readonly secrets: OscoreSecrets;
  /** The end of the way that is the server's. */
  readonly line: Transport;
}

export class OscoreServer {
  readonly log = new MemoryLog();
  /** Where its numbers stand. */
  readonly disk = new MemoryStore();
  /** Requests of the client that were understood, such as `POST /rd?ep=tag`, with what they carried. */
  readonly requests: { readonly what: string; readonly payload: Uint8Array }[] = [];
  /** Locations that it has given, and not forgotten. */
  readonly registered = new Set<string>();
  readonly #options: OscoreServerOptions;
  #secrets: OscoreSecrets;
  #ear: Ear | undefined;
  #transport: OscoreTransport | undefined;
  #endpoint: Endpoint | undefined;
  #starts = 0;
  #locations = 0;
  #messageId = 0xa000;

  constructor(options: OscoreServerOptions) {
    this.#options = options;
    this.#secrets = options.secrets;
  }

  /** Started, or started again: all but the disk is forgotten. */
  async start(secrets = this.#secrets): Promise<this> {
    this.#secrets = secrets;
    this.#starts += 1;
    this.registered.clear();
    const { clock, line } = this.#options;
    const { log } = this;
    const random = new SeededRandom(70 + this.#starts);
    const sequence = new SequenceBook(this.disk).of(secrets);
    const transport = new OscoreTransport(line, { secrets, sequence, clock, random, log });
    const ear = new Ear(transport);
    const endpoint = new Endpoint({ transport: ear, clock, random, log });
    endpoint.onRequest((request) => this.#answer(request));
    this.#transport = transport;
    this.#ear = ear;
    this.#endpoint = endpoint;
    await endpoint.open();
    return this;
  }

  get counters() {
    return this.#transport?.counters;
  }

  /** What it was asked, without what came along. */
  get heard(): string[] {
    return this.requests.map(({ what }) => what);
  }

  /** Whole bodies, blocks put together. */
  ask(request: Omit<OutgoingRequest, "path"> & { readonly path: string }): Promise<Answer> {
    const { path, ...more } = request;
    if (!this.#endpoint) throw new Error("the server was not started");
    return this.#endpoint.request({ ...more, path: path.split("/").slice(1) });
  }

  /** The answer, and behind it the notifications as they come. Unless `register`, they are to end. */
  async observe(path: string, accept?: number, register = true): Promise<readonly Message[]> {
    const token = Uint8Array.of(0xee, ...Buffer.from(path).subarray(-6));
    const heard = this.#ear?.heard.get(Buffer.from(token).toString("hex")) ?? [];
    this.#ear?.heard.set(Buffer.from(token).toString("hex"), heard);
    const segments = path.split("/").slice(1);
    const options = [
      { number: OptionNumber.Observe, value: register ? NOTHING : Uint8Array.of(1) },
      ...segments.map((segment) => ({ number: OptionNumber.UriPath, value: Buffer.from(segment) })),
      ...(accept === undefined ? [] : [{ number: OptionNumber.Accept, value: Uint8Array.of(accept) }]),
    ];
    this.#messageId += 1;
    this.#ear?.send(
      encodeMessage({ type: "CON", code: Code.GET, messageId: this.#messageId, token, options, payload: NOTHING }),
    );
    await settle();
    return heard;
  }

  async close(): Promise<void> {
    await this.#endpoint?.close();
  }

  #answer({ code, path, query, payload }: IncomingRequest): Reply {
    const at = `/${path.join("/")}`;
    const method = ["", "GET", "POST", "PUT", "DELETE"][code] ?? String(code);
    this.requests.push({ what: `${method} ${at}${query.length > 0 ? `?${query.join("&")}` : ""}`, payload });
    if (at === "/rd") {
      const locationPath = ["rd", `r${++this.#locations}`];
      this.registered.add(`/${locationPath.join("/")}`);
      return { code: Code.Created, locationPath };
    }
    if (at === "/dp") return { code: Code.Changed };
    if (!this.registered.has(at)) return { code: Code.NotFound };
    if (code === Code.DELETE) this.registered.delete(at);
    return { code: code === Code.DELETE ? Code.Deleted : Code.Changed };
  }
}
