/** Sees every datagram on its way out of a client, and every one that reaches it, and says what is wrong with the former. */

import { describe as described } from "../fake-server.ts";
import { decodeMessage } from "../../../src/coap/index.ts";
import { faultsOfRegister, faultsOfUpdate } from "../strict-server.ts";
import { type Answered, judgeAnswer, operationOf } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { Blocks } from "./blocks.ts";
import {
  blockOf,
  bytesOf,
  check,
  Fault,
  hex,
  Opt,
  readStrictly,
  shownMessage,
  type Strict,
  textsOf,
  uintOf,
} from "./message.ts";
import { type Client, truthAt } from "./truth.ts";

/** RFC 7252 §4.8.2, in milliseconds. */
const EXCHANGE_LIFETIME = 247_000;
const NON_LIFETIME = 145_000;
const DAY = 24 * 3_600_000;
const MAX_RETRANSMIT = 4;
/** ACK_TIMEOUT times up to ACK_RANDOM_FACTOR (RFC 7252 §4.2), and the millisecond that a timer may be late. */
const [FIRST_LEAST, FIRST_MOST] = [2_000, 3_001];
const SEND_FORMATS = [110, 112, 11_544];
/** Messages of which a client remembers what it answered. */
const REMEMBERED = 16;
const TRACE = 14;
const POST = 2;

/** A request of the server that has reached the client. */
export interface Asked {
  readonly message: Strict;
  readonly at: number;
  /** Counts what has come. */
  readonly turn: number;
  /** What the client has answered on its acknowledgement. */
  answer?: Strict;
  acknowledged?: boolean;
  /** It has come twice, and may be answered twice. */
  again?: boolean;
  /** Answers that came with their own id. */
  separate: number;
}

/** A confirmable or non-confirmable message of the client. */
interface Sent {
  readonly message: Strict;
  readonly at: number;
  last: number;
  wait: number;
  times: number;
  over: boolean;
  /** Retransmissions that count already, of the message that it has superseded. */
  inherits?: number;
}

interface Observed {
  readonly asked: Asked;
  readonly format: number | undefined;
  sequence: number;
  confirmedAt: number;
  ids: number[];
}

export class Judge {
  /** In words, with the hex dump and what went before. */
  readonly faults: string[] = [];
  /** How many messages were judged, and how many of each sort. */
  readonly counts = new Map<string, number>();
  readonly #client: Client;
  readonly #trace: string[] = [];
  readonly #asked = new Map<string, Asked>();
  readonly #askedById = new Map<number, Asked>();
  readonly #sent = new Map<number, Sent>();
  readonly #observed = new Map<string, Observed>();
  readonly #blocks: Blocks;
  /** Tokens of the client's own requests, and what became of them. */
  readonly #own = new Map<string, string>();
  /** Confirmable responses of the server, by id. */
  readonly #responses = new Set<number>();
  #turn = 0;
  readonly #garbled = new Set<number>();
  #location: readonly string[] | undefined;
  #uploads = new Map<string, number>();
  #bodies = new Map<string, Uint8Array[]>();

  constructor(client: Client) {
    this.#client = client;
    this.#blocks = new Blocks();
  }

  /** Tokens of observations that the client has accepted and not ended. */
  get observations(): readonly string[] {
    return [...this.#observed.keys()];
  }

  /** A datagram leaves the client. */
  heard(bytes: Uint8Array): void {
    let shown = hex(bytes);
    try {
      const message = readStrictly(bytes);
      shown = shownMessage(message);
      this.#note(`client ${shown}`);
      this.#hear(message);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const token = /token=([0-9a-f]+)/.exec(shown)?.[0] ?? "none";
      const akin = this.#trace.filter((line) => line.includes(token)).slice(-TRACE / 2);
      this.faults.push([error.message, shown, "of it:", ...akin, "after:", ...this.#trace.slice(-TRACE)].join("\n"));
    }
  }

  /** A datagram reaches the client, which listens. */
  said(message: Strict): void {
    this.#note(`server ${shownMessage(message)}`);
    const { kind, code, id } = message;
    if (code >> 5 === 0 && code !== 0) this.#askedNow(message);
    else if (kind === "ACK" || kind === "RST") this.#ended(id, kind);
    else if (code === 0) this.#askedById.set(id, { message, at: this.#client.now(), turn: ++this.#turn, separate: 0 });
    if (code >> 5 !== 0) this.#answeredClient(message);
  }

  /** Something that is no message reaches the client; its header may be enough to reject it (RFC 7252 §4.2). */
  garbled(bytes: Uint8Array): void {
    this.#note(`server garbled ${hex(bytes)}`);
    if (bytes.length >= 4) this.#garbled.add(bytes[2]! * 256 + bytes[3]!);
  }

  /** The registration that the client had is gone: it was stopped, or started anew. */
  forget(): void {
    this.#observed.clear();
    this.#location = undefined;
  }

  #note(line: string): void {
    this.#trace.push(`${this.#client.now()} ${line.length > 400 ? `${line.slice(0, 400)}…` : line}`);
    if (this.#trace.length > 400) this.#trace.splice(0, 200);
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #askedNow(message: Strict): void {
    const before = this.#askedById.get(message.id);
    if (before && hex(before.message.bytes) === hex(message.bytes) && this.#client.now() - before.at < NON_LIFETIME) {
      // RFC 7252 §4.5: what only reads may be answered anew.
      if (reads(message)) before.again = true;
      return;
    }
    const asked: Asked = { message, at: this.#client.now(), turn: ++this.#turn, separate: 0 };
    this.#asked.set(message.token, asked);
    this.#askedById.set(message.id, asked);
    // RFC 7641 §3.6: from here on, the client need not and must not tell more.
    if (uintOf(message, Opt.Observe) === 1) this.#observed.delete(message.token);
  }

  #ended(id: number, kind: "ACK" | "RST"): void {
    const sent = this.#sent.get(id);
    if (sent) sent.over = true;
    if (kind === "ACK") return;
    for (const [token, { ids }] of this.#observed)
      if (sent?.message.kind !== "CON" && ids.slice(-4).includes(id)) this.#observed.delete(token);
  }

  #answeredClient(message: Strict): void {
    if (message.kind === "CON") this.#responses.add(message.id);
    const what = this.#own.get(message.token);
    for (const sent of this.#sent.values())
      if (sent.message.token === message.token && sent.message.code < 32) sent.over = true;
    if (what === "register" && message.code === 0x41) this.#location = textsOf(message, Opt.LocationPath);
  }

  #hear(message: Strict): void {
    const { kind, code } = message;
    check(message.bytes.length <= 1_280, "no more than a datagram holds");
    if (kind === "ACK" || kind === "RST") this.#answerToId(message);
    else if (this.#isNew(message)) {
      if (code >> 5 === 0) this.#request(message);
      else this.#response(message);
    } else this.#count("retransmission");
  }

  /** False: a retransmission, as it must be. Ids count for EXCHANGE_LIFETIME (RFC 7252 §4.4). */
  #isNew(message: Strict): boolean {
    const now = this.#client.now();
    const before = this.#sent.get(message.id);
    const lifetime = before?.message.kind === "CON" ? EXCHANGE_LIFETIME : NON_LIFETIME;
    if (before === undefined || now - before.at >= lifetime) {
      this.#sent.set(message.id, { message, at: now, last: now, wait: 0, times: 0, over: message.kind === "NON" });
      this.#prune(now);
      if (message.kind === "CON") this.#oneAtATime(message);
      return true;
    }
    check(message.kind === "CON", "no id twice");
    check(hex(before.message.bytes) === hex(message.bytes), `the same bytes again, as in ${hex(before.message.bytes)}`);
    check(!before.over, "silence, once it was acknowledged");
    before.times += 1;
    check(before.times + (before.inherits ?? 0) <= MAX_RETRANSMIT, "four retransmissions at most");
    const waited = now - before.last;
    if (before.times === 1 && before.inherits !== undefined)
      check(waited >= FIRST_LEAST * 2 && waited <= FIRST_MOST * 16, `a wait of 4 to 48 s, not ${waited}`);
    else if (before.times === 1)
      check(waited >= FIRST_LEAST && waited <= FIRST_MOST, `a first wait of 2 to 3 s, not ${waited}`);
    else check(Math.abs(waited - 2 * before.wait) <= 16, `a wait of ${2 * before.wait}, not ${waited}`);
    before.wait = waited;
    before.last = now;
    return false;
  }

  #prune(now: number): void {
    if (this.#sent.size < 500) return;
    for (const [id, { at }] of this.#sent) if (now - at >= EXCHANGE_LIFETIME) this.#sent.delete(id);
  }

  /** NSTART (RFC 7252 §4.7): what is under way and not superseded, answered or given up is at most one. */
  #oneAtATime(message: Strict): void {
    const now = this.#client.now();
    // With a Register and a De-register, all that was observed is over.
    const registers = message.code === 4 || (message.code === POST && textsOf(message, Opt.UriPath).join() === "rd");
    for (const sent of this.#sent.values()) {
      if (sent.over || sent.message.id === message.id) continue;
      const { code, token, kind } = sent.message;
      const givenUp = sent.times + (sent.inherits ?? 0) === MAX_RETRANSMIT && now - sent.last >= 2 * sent.wait - 16;
      const withdrawn = code >= 32 && (token === message.token || registers || !this.#observed.has(token));
      const left = code < 32 && message.code < 32 && this.#client.moves();
      check(
        kind !== "CON" || givenUp || withdrawn || left,
        `one confirmable message at a time; id ${sent.message.id} is under way`,
      );
      sent.over = true;
      // RFC 7641 §4.5.2: what takes its place goes on counting.
      const successor = this.#sent.get(message.id)!;
      if (token === message.token && code >= 32)
        successor.inherits = Math.min(MAX_RETRANSMIT, sent.times + (sent.inherits ?? 0) + 1);
    }
  }

  #answerToId(message: Strict): void {
    const { kind, code, id } = message;
    if (code === 0 && this.#responses.has(id)) return;
    const asked = this.#askedById.get(id);
    if (asked === undefined && this.#garbled.has(id)) return;
    if (asked === undefined) throw new Fault("wanted: an id that the server has used");
    check(kind === "RST" || asked.message.kind === "CON", "no acknowledgement of what need not be");
    if (kind === "RST") this.#count("reset");
    else if (code === 0) {
      check(asked.answer === undefined || reads(asked.message), "no empty acknowledgement behind an answer");
      asked.acknowledged = true;
      this.#count("empty acknowledgement");
    } else {
      check(message.token === asked.message.token, "the token of the request");
      check(asked.acknowledged !== true || reads(asked.message), "no answer on a second acknowledgement");
      if (asked.answer !== undefined) {
        this.#again(asked, message);
        return;
      }
      asked.answer = message;
      this.#answer(asked, message);
    }
  }

  /** A duplicate is answered as it was; what only reads may be read anew (RFC 7252 §4.5). */
  #again(asked: Asked, again: Strict): void {
    this.#count("answer to a duplicate");
    // Memory is bounded: what is older than so many others may be done once more, and is answered like any other.
    if (this.#turn - asked.turn >= REMEMBERED) this.#answer(asked, again);
    else if (!reads(asked.message)) check(hex(again.bytes) === hex(asked.answer!.bytes), "the same answer again");
  }

  #response(message: Strict): void {
    const observed = this.#observed.get(message.token);
    const asked = this.#asked.get(message.token);
    if (asked === undefined) throw new Fault("wanted: a token of the server");
    const first = asked.answer === undefined && asked.separate === 0;
    if (!first && !(asked.again === true && message.kind === asked.message.kind)) {
      if (observed === undefined) throw new Fault("wanted: an observation that goes on");
      this.#notification(observed, message);
      return;
    }
    asked.separate += 1;
    check(message.kind === asked.message.kind, `an answer of the type of its request, ${asked.message.kind}`);
    check(
      message.kind === "NON" || asked.acknowledged === true,
      "an empty acknowledgement before an answer of its own",
    );
    this.#answer(asked, message);
  }

  #answer(asked: Asked, message: Strict): void {
    const operation = operationOf(asked.message, this.#client);
    this.#count(`${operation} ${message.code.toString(16)}`);
    const answered: Answered = { asked: asked.message, message, operation, blocks: this.#blocks };
    judgeAnswer(answered, this.#client, message.kind !== "CON");
    const sequence = uintOf(message, Opt.Observe);
    if (sequence === undefined) this.#observed.delete(message.token);
    else {
      const format = uintOf(message, Opt.ContentFormat);
      const confirmedAt = this.#client.now();
      this.#observed.set(message.token, {
        asked,
        format,
        sequence,
        confirmedAt,
        ids: message.kind === "ACK" ? [] : [message.id],
      });
    }
  }

  /** RFC 7641 §4, LwM2M Core 1.2 §6.4.2. */
  #notification(observed: Observed, message: Strict): void {
    const { asked, format } = observed;
    const sequence = uintOf(message, Opt.Observe);
    observed.ids.push(message.id);
    this.#count(`notification ${message.kind}${message.code === 0x45 ? "" : ` ${message.code.toString(16)}`}`);
    if (message.code !== 0x45) {
      check(message.code >> 5 >= 4 && sequence === undefined, "2.05, or an error without Observe");
      judgeAnswer({ asked: asked.message, message, operation: "notify", blocks: this.#blocks }, this.#client, false);
      this.#observed.delete(message.token);
      return;
    }
    if (sequence === undefined) throw new Fault("wanted: the Observe option");
    const ahead = (sequence - observed.sequence + 2 ** 24) % 2 ** 24;
    check(ahead > 0 && ahead < 2 ** 23, `an Observe number after ${observed.sequence}, not ${sequence}`);
    observed.sequence = sequence;
    check(uintOf(message, Opt.ContentFormat) === format, `the content format of the first answer, ${format ?? "none"}`);
    const now = this.#client.now();
    if (message.kind === "CON") observed.confirmedAt = now;
    else check(now - observed.confirmedAt <= DAY, "a confirmable notification once a day");
    judgeAnswer(
      { asked: asked.message, message, operation: "notify", blocks: this.#blocks },
      this.#client,
      message.kind === "NON",
    );
  }

  #request(message: Strict): void {
    check(message.kind === "CON", "E1: requests that are confirmable");
    const path = textsOf(message, Opt.UriPath);
    const block1 = blockOf(message, Opt.Block1);
    const whole = block1 === undefined ? message.payload : this.#upload(message, block1);
    this.#allowed(message);
    if (path.length === 1 && path[0] === "rd") this.#register(message, whole);
    else if (path.length === 1 && path[0] === "dp") this.#send(message, whole);
    else this.#refresh(message, path, whole);
  }

  #allowed(message: Strict): void {
    const allowed: readonly number[] = [
      Opt.UriPath,
      Opt.UriQuery,
      Opt.ContentFormat,
      Opt.Block1,
      Opt.Block2,
      Opt.Size1,
    ];
    for (const { number } of message.options) check(allowed.includes(number), `no option ${number} in a request`);
    check(
      message.payload.length === 0 || bytesOf(message, Opt.ContentFormat) !== undefined,
      "a content format with a payload",
    );
    check(
      message.payload.length > 0 || bytesOf(message, Opt.ContentFormat) === undefined,
      "no content format of nothing",
    );
  }

  /** Undefined while there is more to come (RFC 7959 §2.5). */
  #upload(
    message: Strict,
    { number, more, size }: { number: number; more: boolean; size: number },
  ): Uint8Array | undefined {
    const key = textsOf(message, Opt.UriPath).join("/");
    const offset = number * size;
    if (number === 0) {
      this.#uploads.set(key, 0);
      this.#bodies.set(key, []);
      check(uintOf(message, Opt.Size1) !== undefined, "the size of the whole with its first block");
    }
    check(this.#uploads.get(key) === offset, `block of byte ${this.#uploads.get(key) ?? 0}, not of ${offset}`);
    check(more ? message.payload.length === size : message.payload.length <= size, `a block of ${size} bytes`);
    this.#uploads.set(key, offset + message.payload.length);
    this.#bodies.get(key)!.push(message.payload);
    return more ? undefined : Buffer.concat(this.#bodies.get(key)!);
  }

  #register(message: Strict, body: Uint8Array | undefined): void {
    this.#own.set(message.token, "register");
    this.#observed.clear();
    this.#location = undefined;
    if (body === undefined) return;
    this.#count("Register");
    const { type, code, path, query, format, observe } = described(decodeMessage(message.bytes));
    const text = Buffer.from(body).toString();
    const request = {
      type,
      code,
      path,
      query,
      format,
      observe,
      text,
      payload: body,
      message: decodeMessage(message.bytes),
    };
    this.#none(faultsOfRegister(request));
    const options = message.options.map(({ number }) => number);
    check(!options.includes(Opt.Accept), "no Accept");
    check(query.includes(`lt=${this.#client.lifetime()}`), `lt=${this.#client.lifetime()}`);
    this.#links(text);
  }

  #links(text: string): void {
    const told = [...text.matchAll(/<(\/\d+\/\d+)>/g)].map(([, path]) => path);
    const now = this.#client.instances().join();
    check(this.#client.recently().includes(told.join()), `the Instances that are there: ${now}`);
  }

  #refresh(message: Strict, path: readonly string[], body: Uint8Array | undefined): void {
    this.#own.set(message.token, "update");
    check(
      this.#location !== undefined && path.join("/") === this.#location.join("/"),
      "E25: the location that was given last",
    );
    if (message.code === 4) {
      this.#count("De-register");
      check(message.payload.length === 0 && textsOf(message, Opt.UriQuery).length === 0, "nothing but the location");
      this.#observed.clear();
      this.#location = undefined;
      return;
    }
    this.#count("Update");
    if (body === undefined) return;
    const heard = { ...described(decodeMessage(message.bytes)), text: Buffer.from(body).toString(), payload: body };
    this.#none(faultsOfUpdate(heard));
    if (heard.text !== "") this.#links(heard.text);
  }

  #send(message: Strict, body: Uint8Array | undefined): void {
    this.#own.set(message.token, "send");
    this.#count("Send");
    check(message.code === POST, "POST /dp");
    check(this.#location !== undefined, "E46: nothing sent before there is a registration");
    check(!this.#client.muted(), "E47: nothing sent to a server that has muted Send");
    const format = uintOf(message, Opt.ContentFormat);
    check(SEND_FORMATS.includes(format ?? -1), "SenML or LwM2M CBOR");
    check(textsOf(message, Opt.UriQuery).length === 0, "no query");
    if (body === undefined) return;
    const told = readBody(format ?? -1, body, {
      base: "/",
      typeAt: this.#client.typeAt,
      orderly: this.#client.orderly,
    });
    check(told.length > 0, "something to say");
    for (const { path } of told) truthAt(this.#client, path);
  }

  #none(faults: readonly string[]): void {
    check(faults.length === 0, `none of: ${faults.join("; ")}`);
  }
}

/** Neither changes anything nor leaves anything behind. */
function reads(message: Strict): boolean {
  return (message.code === 1 || message.code === 5) && uintOf(message, Opt.Observe) === undefined;
}
