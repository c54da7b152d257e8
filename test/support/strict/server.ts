/** An LwM2M server that keeps what it must, asks what it is told to, and now and then loses its mind, as servers do. */

import { encodeMessage, type Option } from "../../../src/coap/index.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { SeededRandom } from "../seeded-random.ts";
import { blockOf, Opt, readStrictly, type Strict, textsOf, uintOf } from "./message.ts";

export interface Question {
  readonly code: number;
  readonly path: string;
  readonly query?: readonly string[];
  readonly format?: number;
  readonly accept?: number;
  readonly observe?: 0 | 1;
  readonly payload?: Uint8Array;
  readonly token?: string;
  readonly confirmable?: boolean;
  readonly options?: readonly Option[];
}

/** How often it is not itself, from 0 to 1. */
export interface Temper {
  /** Answers with a message of its own, later. */
  readonly slow: number;
  /** Says 5.03, 4.00 or the like for no reason. */
  readonly moody: number;
}

const NOTHING = new Uint8Array(0);
const text = new TextEncoder();
const HEALED: Temper = { slow: 0, moody: 0 };

export class StrictServer {
  temper: Temper = HEALED;
  /** Says nothing at all. */
  mute = false;
  /** Location and links of the client, if it is registered. */
  registration: { readonly location: string; links: string } | undefined;
  /** Tokens that it observes by, and what came last with each. */
  readonly observes = new Map<string, Strict | undefined>();
  readonly answers = new Map<string, Strict[]>();
  readonly #clock: FakeClock;
  readonly #random: SeededRandom;
  readonly #send: (datagram: Uint8Array) => void;
  readonly #answered = new Map<number, { at: number; datagram: Uint8Array | undefined }>();
  #parts: Uint8Array[] = [];
  #id = 0x1000;
  #token = 0;
  #registrations = 0;

  constructor(clock: FakeClock, random: SeededRandom, send: (datagram: Uint8Array) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#send = send;
  }

  /** Forgets everything, as servers without a store do when they start again. */
  restart(): void {
    this.registration = undefined;
    this.observes.clear();
    this.#answered.clear();
    this.#parts = [];
  }

  /** Sends a request and gives its token. Lengths of tokens differ, as those of servers do. */
  ask(question: Question): string {
    this.#token += 1;
    const token = question.token ?? this.#token.toString(16).padStart(6 + 2 * (this.#token % 6), "0");
    if (question.observe === 0) this.observes.set(token, undefined);
    if (question.observe === 1) this.observes.delete(token);
    if (!this.answers.has(token)) this.answers.set(token, []);
    this.#say({
      ...question,
      type: question.confirmable === false ? "NON" : "CON",
      token,
      options: optionsOf(question),
    });
    return token;
  }

  /** Any datagram, well-formed or not. */
  raw(datagram: Uint8Array): void {
    this.#send(datagram);
  }

  reset(id: number): void {
    this.#send(Uint8Array.of(0x70, 0, id >> 8, id & 255));
  }

  hear(datagram: Uint8Array): void {
    if (this.mute) return;
    const message = readStrictly(datagram);
    if (message.kind === "ACK" || message.kind === "RST") {
      if (message.code !== 0) this.#answer(message);
      return;
    }
    const before = this.#answered.get(message.id);
    if (before !== undefined && this.#clock.monotonic() - before.at < 145_000) {
      if (before.datagram !== undefined) this.#send(before.datagram);
      return;
    }
    const at = this.#clock.monotonic();
    this.#answered.set(message.id, { at, datagram: undefined });
    if (message.code >> 5 === 0) this.#request(message);
    else this.#response(message);
  }

  #response(message: Strict): void {
    const wanted =
      this.answers.has(message.token) &&
      (uintOf(message, Opt.Observe) === undefined || this.observes.has(message.token));
    if (wanted) this.#answer(message);
    const lead = wanted ? 0x60 : 0x70;
    if (message.kind === "CON" || !wanted)
      this.#keep(message, Uint8Array.of(lead, 0, message.id >> 8, message.id & 255));
  }

  #answer(message: Strict): void {
    this.answers.get(message.token)?.push(message);
    if (!this.observes.has(message.token)) return;
    if (uintOf(message, Opt.Observe) === undefined) this.observes.delete(message.token);
    else this.observes.set(message.token, message);
  }

  #request(message: Strict): void {
    const block1 = blockOf(message, Opt.Block1);
    const echo: Option[] = message.options.filter(({ number }) => number === Opt.Block1);
    if (block1?.number === 0) this.#parts = [];
    if (block1 !== undefined) {
      this.#parts.push(message.payload);
    }
    if (block1?.more === true) {
      this.#reply(message, 0x5f, echo);
      return;
    }
    const body = block1 === undefined ? message.payload : Buffer.concat(this.#parts);
    if (this.#random.unit() < this.temper.moody) {
      const code = this.#random.pick([0xa3, 0x80, 0xa0, 0x84]);
      if (textsOf(message, Opt.UriPath).join("/") === this.registration?.location) this.registration = undefined;
      const soon = code === 0xa3 ? [{ number: Opt.MaxAge, value: Uint8Array.of(3) }] : [];
      this.#reply(message, code, [...echo, ...soon]);
      return;
    }
    const [code, options] = this.#decide(message, Buffer.from(body).toString());
    this.#reply(message, code, [...options, ...echo]);
  }

  #decide(message: Strict, body: string): readonly [code: number, options: readonly Option[]] {
    const path = textsOf(message, Opt.UriPath).join("/");
    if (path === "rd" && message.code === 2) {
      const location = `rd/${(this.#registrations += 1)}`;
      this.registration = { location, links: body };
      this.observes.clear();
      return [0x41, location.split("/").map((part) => ({ number: Opt.LocationPath, value: text.encode(part) }))];
    }
    if (this.registration === undefined) return [0x84, []];
    if (path === "dp") return [0x44, []];
    if (path !== this.registration.location) return [0x84, []];
    if (message.code === 4) {
      this.registration = undefined;
      this.observes.clear();
      return [0x42, []];
    }
    if (body !== "") this.registration.links = body;
    return [0x44, []];
  }

  #reply(message: Strict, code: number, options: readonly Option[]): void {
    const token = Buffer.from(message.token, "hex");
    if (this.#random.unit() >= this.temper.slow) {
      this.#keep(
        message,
        encodeMessage({ type: "ACK", code, messageId: message.id, token, options, payload: NOTHING }),
      );
      return;
    }
    this.#keep(message, Uint8Array.of(0x60, 0, message.id >> 8, message.id & 255));
    const late = { type: "CON", code, messageId: this.#nextId(), token, options, payload: NOTHING } as const;
    this.#clock.after(300 + this.#random.below(2_000), () => this.#send(encodeMessage(late)));
  }

  #keep({ id }: Strict, datagram: Uint8Array): void {
    this.#answered.set(id, { at: this.#clock.monotonic(), datagram });
    this.#send(datagram);
  }

  #say({
    type,
    code,
    token,
    options,
    payload = NOTHING,
  }: Question & { type: "CON" | "NON"; token: string; options: Option[] }): void {
    const message = { type, code, messageId: this.#nextId(), token: Buffer.from(token, "hex"), options, payload };
    this.#send(encodeMessage(message));
  }

  #nextId(): number {
    return (this.#id = (this.#id + 1) & 0xffff);
  }
}

function optionsOf({ path, query = [], format, accept, observe, options = [] }: Question): Option[] {
  const found: Option[] = [...options];
  const uint = (number: number, value: number | undefined) => {
    if (value !== undefined) found.push({ number, value: Buffer.from(value === 0 ? "" : hexOf(value), "hex") });
  };
  uint(Opt.Observe, observe);
  for (const part of path.split("/").slice(1))
    if (part !== "") found.push({ number: Opt.UriPath, value: text.encode(part) });
  uint(Opt.ContentFormat, format);
  for (const part of query) found.push({ number: Opt.UriQuery, value: text.encode(part) });
  uint(Opt.Accept, accept);
  return found;
}

const hexOf = (value: number): string => value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), "0");
