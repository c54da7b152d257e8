/** An LwM2M server in the hands of a test: it keeps what it hears, answers as told, and asks raw CoAP questions. */

import { decodeMessage, encodeMessage, type Message, type MessageType, type Option } from "../../src/coap/index.ts";
import { settle } from "./fake-clock.ts";
import type { Transport } from "../../src/base/transport.ts";

const OBSERVE = 6;
const LOCATION_PATH = 8;
const URI_PATH = 11;
const CONTENT_FORMAT = 12;
const URI_QUERY = 15;
const ACCEPT = 17;
const NOTHING = new Uint8Array(0);
const text = new TextEncoder();

/** A message, with what tests mostly look at. */
export interface Heard {
  readonly message: Message;
  readonly type: MessageType;
  /** Such as "2.05". */
  readonly code: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly format: number | undefined;
  readonly observe: number | undefined;
  readonly payload: Uint8Array;
  readonly text: string;
}

export interface Question {
  readonly path: string;
  readonly query?: readonly string[];
  readonly format?: number;
  readonly accept?: number;
  readonly observe?: 0 | 1;
  readonly payload?: Uint8Array | string;
  readonly token?: Uint8Array;
  readonly type?: "CON" | "NON";
  readonly options?: readonly Option[];
}

/** How a request is answered: a code such as 0x41, with the segments of a location; undefined: not at all. */
export type Verdict =
  | {
      readonly code: number;
      readonly location?: readonly string[];
      readonly text?: string;
      readonly format?: number;
      readonly payload?: Uint8Array;
      readonly options?: readonly Option[];
    }
  | undefined;

const CODES = { GET: 1, POST: 2, PUT: 3, DELETE: 4, FETCH: 5, PATCH: 6, iPATCH: 7 } as const;
export type Method = keyof typeof CODES;

/** The server's end of a way. */
type FarEnd = Pick<Transport, "send" | "onDatagram">;

export class FakeServer {
  readonly #wire: FarEnd;
  /** Requests of the client, in order. */
  readonly requests: Heard[] = [];
  /** Responses of the client, notifications among them. */
  readonly responses: Heard[] = [];
  /** Messages without a code: acknowledgements and resets. */
  readonly empties: Message[] = [];
  /** Decides on requests; by default everything is granted. */
  verdict: (request: Heard) => Verdict = (request) => this.grant(request);
  /** How confirmable responses are met: nothing is said to them if undefined. */
  receipt: "ACK" | "RST" | undefined = "ACK";
  /** Whether non-confirmable notifications are rejected. */
  rejects = false;
  #messageId = 0x7000;
  #token = 0;
  #registered = 0;

  constructor(wire: FarEnd) {
    this.#wire = wire;
    wire.onDatagram((datagram) => this.#hear(decodeMessage(datagram)));
  }

  /** 2.01 with a new location for a Register, 2.04 for an Update, 2.02 for a De-register. */
  grant({ message, path }: Heard): Verdict {
    if (message.code === CODES.DELETE) return { code: 0x42 };
    if (path !== "/rd") return { code: 0x44 };
    this.#registered += 1;
    return { code: 0x41, location: ["rd", `r${this.#registered}`] };
  }

  /** Sends a request, lets promises settle, and gives the newest response to it, if there is one already. */
  async ask(method: Method, question: Question): Promise<Heard> {
    const token = this.send(method, question);
    await settle();
    const answer = this.answers(token).at(-1);
    if (!answer) throw new Error(`no answer to ${method} ${question.path}`);
    return answer;
  }

  /** Sends a request and gives its token. */
  send(method: Method, question: Question): Uint8Array {
    const token = question.token ?? Uint8Array.of(0xf0, ++this.#token >> 8, this.#token & 0xff);
    const options: Option[] = [...(question.options ?? [])];
    if (question.observe !== undefined) options.push({ number: OBSERVE, value: uint(question.observe) });
    for (const segment of question.path.split("/").slice(1))
      options.push({ number: URI_PATH, value: text.encode(segment) });
    if (question.format !== undefined) options.push({ number: CONTENT_FORMAT, value: uint(question.format) });
    for (const item of question.query ?? []) options.push({ number: URI_QUERY, value: text.encode(item) });
    if (question.accept !== undefined) options.push({ number: ACCEPT, value: uint(question.accept) });
    const { payload = NOTHING } = question;
    this.#send({
      type: question.type ?? "CON",
      code: CODES[method],
      messageId: this.#nextId(),
      token,
      options,
      payload: typeof payload === "string" ? text.encode(payload) : payload,
    });
    return token;
  }

  /** All that came with this token, notifications included. */
  answers(token: Uint8Array): Heard[] {
    return this.responses.filter(({ message }) => Buffer.from(message.token).equals(Buffer.from(token)));
  }

  /** Requests as `CODE /path?query`, such as `POST /rd/r1?lt=60`. */
  get log(): string[] {
    return this.requests.map(({ message, path, query }) => {
      const method = Object.entries(CODES).find(([, code]) => code === message.code)?.[0] ?? "?";
      return `${method} ${path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
    });
  }

  /** Rejects a message of the client. */
  reset({ messageId }: Message): void {
    this.#send({ type: "RST", code: 0, messageId, token: NOTHING, options: [], payload: NOTHING });
  }

  #hear(message: Message): void {
    if (message.code === 0) {
      this.empties.push(message);
      return;
    }
    const heard = describe(message);
    if (message.code >> 5 === 0) {
      this.requests.push(heard);
      this.#answer(heard, this.verdict(heard));
      return;
    }
    this.responses.push(heard);
    if (message.type === "CON" && this.receipt !== undefined) this.#send({ ...empty(message), type: this.receipt });
    if (message.type === "NON" && this.rejects) this.#send({ ...empty(message), type: "RST" });
  }

  #answer({ message }: Heard, verdict: Verdict): void {
    if (!verdict) return;
    const options: Option[] = (verdict.location ?? []).map((segment) => ({
      number: LOCATION_PATH,
      value: text.encode(segment),
    }));
    if (verdict.format !== undefined) options.push({ number: CONTENT_FORMAT, value: uint(verdict.format) });
    options.push(...(verdict.options ?? []));
    this.#send({
      type: message.type === "CON" ? "ACK" : "NON",
      code: verdict.code,
      messageId: message.type === "CON" ? message.messageId : this.#nextId(),
      token: message.token,
      options,
      payload: verdict.payload ?? text.encode(verdict.text ?? ""),
    });
  }

  #send(message: Message): void {
    this.#wire.send(encodeMessage(message));
  }

  #nextId(): number {
    this.#messageId = (this.#messageId + 1) & 0xffff;
    return this.#messageId;
  }
}

export function describe(message: Message): Heard {
  const texts = (number: number) =>
    message.options.filter((option) => option.number === number).map(({ value }) => Buffer.from(value).toString());
  return {
    message,
    type: message.type,
    code: `${message.code >> 5}.${String(message.code & 0x1f).padStart(2, "0")}`,
    path: `/${texts(URI_PATH).join("/")}`,
    query: texts(URI_QUERY),
    format: number(message, CONTENT_FORMAT),
    observe: number(message, OBSERVE),
    payload: message.payload,
    text: Buffer.from(message.payload).toString(),
  };
}

function number(message: Message, of: number): number | undefined {
  const option = message.options.find((each) => each.number === of);
  return option?.value.reduce((sum, byte) => sum * 256 + byte, 0);
}

function empty({ messageId }: Message): Omit<Message, "type"> {
  return { code: 0, messageId, token: NOTHING, options: [], payload: NOTHING };
}

function uint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}
