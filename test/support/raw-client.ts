/** A CoAP peer made of bytes alone: what it sends and answers is written out by the test, option by option. */

import { createSocket, type Socket } from "node:dgram";

export const Type = { Con: 0, Non: 1, Ack: 2, Rst: 3 } as const;
/** Option numbers (RFC 7252 §12.2, RFC 7641, RFC 7959). */
export const Opt = {
  ETag: 4,
  Observe: 6,
  LocationPath: 8,
  UriPath: 11,
  ContentFormat: 12,
  UriQuery: 15,
  Accept: 17,
  Block2: 23,
  Block1: 27,
} as const;

export interface RawMessage {
  readonly type: number;
  /** `2.05`, `0.02`. */
  readonly code: string;
  readonly id: number;
  readonly token: Buffer;
  readonly options: readonly (readonly [number, Buffer])[];
  readonly payload: Buffer;
}

/** What of a message matters to a test; the rest is made up. */
export type Draft = Partial<Omit<RawMessage, "options" | "payload">> & {
  readonly options?: readonly (readonly [number, Uint8Array | string | number])[];
  readonly payload?: Uint8Array | string;
};

export function encode(draft: Draft): Buffer {
  const { type = Type.Con, code = "0.01", id = 0, token = Buffer.alloc(0), options = [], payload = "" } = draft;
  const [codeClass = 0, detail = 0] = code.split(".").map(Number);
  const head = Buffer.from([0x40 | (type << 4) | token.length, (codeClass << 5) | detail, id >> 8, id & 0xff]);
  let before = 0;
  const written = [...options]
    .sort(([a], [b]) => a - b)
    .map(([number, value]) => {
      const delta = number - before;
      before = number;
      return encodeOption(delta, bytesOf(value));
    });
  const body = Buffer.from(payload);
  return Buffer.concat([head, token, ...written, ...(body.length > 0 ? [Buffer.of(0xff), body] : [])]);
}

export function decode(datagram: Buffer): RawMessage {
  const tokenLength = datagram[0]! & 15;
  const options: (readonly [number, Buffer])[] = [];
  let at = 4 + tokenLength;
  for (let number = 0; at < datagram.length && datagram[at] !== 0xff; ) {
    const first = datagram[at++]!;
    const field = (nibble: number): number => {
      if (nibble < 13) return nibble;
      at += nibble - 12;
      return nibble === 13 ? datagram[at - 1]! + 13 : datagram.readUInt16BE(at - 2) + 269;
    };
    number += field(first >> 4);
    const length = field(first & 15);
    options.push([number, datagram.subarray(at, at + length)]);
    at += length;
  }
  return {
    type: (datagram[0]! >> 4) & 3,
    code: `${datagram[1]! >> 5}.${String(datagram[1]! & 31).padStart(2, "0")}`,
    id: datagram.readUInt16BE(2),
    token: datagram.subarray(4, 4 + tokenLength),
    options,
    payload: datagram.subarray(at + 1),
  };
}

/** A Block option (RFC 7959 §2.2). @param szx 0 for 16 bytes to 6 for 1,024. */
export function block(number: number, more: boolean, szx: number): Buffer {
  return uint((number << 4) | (more ? 8 : 0) | szx);
}

export const option = ({ options }: RawMessage, wanted: number) => options.find(([number]) => number === wanted)?.[1];
export const options = (message: RawMessage, wanted: number) =>
  message.options.filter(([number]) => number === wanted).map(([, value]) => value.toString());
export const pathOf = (message: RawMessage) => `/${options(message, Opt.UriPath).join("/")}`;

export class RawClient {
  readonly #socket: Socket = createSocket("udp4");
  readonly #to: number;
  readonly #arrived: RawMessage[] = [];
  readonly #waiting: ((message: RawMessage) => void)[] = [];
  /** Requests that came, in order. */
  readonly asked: RawMessage[] = [];
  /** Answers requests with the same id and token; nothing if undefined. Without it they are queued for `next`. */
  onRequest: ((request: RawMessage) => Draft | undefined) | undefined;
  #id = 0x4000;

  constructor(to: number) {
    this.#to = to;
  }

  async open(): Promise<this> {
    this.#socket.on("message", (datagram) => this.#take(decode(datagram)));
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(draft: Draft): void {
    this.#socket.send(encode(draft), this.#to, "127.0.0.1");
  }

  /** Sends with an id of its own unless it has one, and waits for whatever comes back. */
  exchange(draft: Draft): Promise<RawMessage> {
    const answer = this.next();
    this.send({ id: (this.#id += 1), token: Buffer.of(0xaa), ...draft });
    return answer;
  }

  next(): Promise<RawMessage> {
    const arrived = this.#arrived.shift();
    return arrived ? Promise.resolve(arrived) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  register(query: string, links: string): Promise<RawMessage> {
    return this.exchange({
      code: "0.02",
      options: [[Opt.UriPath, "rd"], [Opt.ContentFormat, 40], ...queryOf(query)],
      payload: links,
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #take(message: RawMessage): void {
    const isRequest = message.code.startsWith("0.") && message.code !== "0.00";
    if (isRequest) this.asked.push(message);
    if (isRequest && this.onRequest) {
      const answer = this.onRequest(message);
      if (answer) this.send({ type: Type.Ack, code: "2.05", id: message.id, token: message.token, ...answer });
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting) waiting(message);
    else this.#arrived.push(message);
  }
}

export function queryOf(query: string): [number, string][] {
  return query === "" ? [] : query.split("&").map((part) => [Opt.UriQuery, part]);
}

function encodeOption(delta: number, value: Buffer): Buffer {
  const field = (number: number): [number, number[]] =>
    number < 13
      ? [number, []]
      : number < 269
        ? [13, [number - 13]]
        : [14, [(number - 269) >> 8, (number - 269) & 0xff]];
  const [deltaNibble, deltaMore] = field(delta);
  const [lengthNibble, lengthMore] = field(value.length);
  return Buffer.concat([Buffer.from([(deltaNibble << 4) | lengthNibble, ...deltaMore, ...lengthMore]), value]);
}

function bytesOf(value: Uint8Array | string | number): Buffer {
  return typeof value === "number" ? uint(value) : Buffer.from(value);
}

/** Without leading zeros (RFC 7252 §3.2). */
function uint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from(bytes);
}
