/** A small LwM2M client on node-coap, scripted by the test: one socket, answers by path, notifications on demand. */

import { Agent, type IncomingMessage, ObserveWriteStream, type OutgoingMessage, Server } from "coap";

export interface Canned {
  readonly code?: string;
  readonly format?: number;
  readonly payload?: Uint8Array | string;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly payload: Buffer;
  readonly headers: IncomingMessage["headers"];
}

type Socket = NonNullable<Agent["_sock"]>;

export class CoapSensor {
  /** By URL, such as `/3303/0`; a function is asked each time. What is not here is 4.04; `silent` never answers. */
  readonly answers = new Map<string, Canned | "silent" | ((request: Seen) => Canned)>();
  readonly seen: Seen[] = [];
  /** Requests under way at once, at most. */
  mostAtOnce = 0;
  /** Answers as if it had not seen the Observe option. */
  deaf = false;
  #atOnce = 0;
  readonly #observers = new Map<string, ObserveWriteStream>();
  readonly #waiting: { enough: () => boolean; resolve: () => void }[] = [];
  readonly #server: Server;
  readonly #labPort: number;
  #agent: Agent | undefined;
  #closed = false;
  port = 0;
  location = "";

  constructor(labPort: number) {
    this.#labPort = labPort;
    this.#server = new Server({ reuseAddr: false, piggybackReplyMs: 5_000 }, (request, response) =>
      this.#answer(request, response),
    );
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve()));
    const socket = this.#server._sock;
    if (!isSocket(socket)) throw new Error("no socket");
    this.port = socket.address().port;
    this.#agent = new Agent({ socket });
    return this;
  }

  async register(query: string, links: string): Promise<IncomingMessage> {
    const answer = await this.request("POST", "/rd", { query, payload: links, format: 40 });
    const path = answer.options.filter(({ name }) => name === "Location-Path").map(({ value }) => String(value));
    this.location = `/${path.join("/")}`;
    return answer;
  }

  request(
    method: "GET" | "POST" | "PUT" | "DELETE",
    pathname: string,
    { query = "", payload = "", format }: { query?: string; payload?: string | Uint8Array; format?: number } = {},
  ): Promise<IncomingMessage & { options: { name: unknown; value: unknown }[] }> {
    return new Promise((resolve, reject) => {
      const request = this.#agent?.request({
        hostname: "127.0.0.1",
        port: this.#labPort,
        method,
        pathname,
        query,
        ...(format !== undefined && { contentFormat: format }),
      });
      if (!request) throw new Error("not open");
      request.on("response", resolve).on("error", reject);
      request.end(Buffer.from(payload));
    });
  }

  /** Any datagram at all. */
  raw(datagram: Uint8Array): void {
    const socket = this.#server._sock;
    if (isSocket(socket) && !this.#closed) socket.send(datagram, this.#labPort, "127.0.0.1");
  }

  /** The next datagram that comes. */
  next(): Promise<Buffer> {
    const socket = this.#server._sock;
    return new Promise((resolve) => {
      if (isSocket(socket)) socket.once("message", (datagram) => resolve(Buffer.from(datagram)));
    });
  }

  /** A datagram, and the next one that comes back. */
  exchange(datagram: Uint8Array): Promise<Buffer> {
    const answer = this.next();
    this.raw(datagram);
    return answer;
  }

  notify(url: string, payload: Uint8Array | string): void {
    this.#observers.get(url)?.write(Buffer.from(payload));
  }

  /** The last notification: an error (RFC 7641 §3.2). */
  notifyEnd(url: string, code: string): void {
    const observer = this.#observers.get(url);
    if (observer) observer.statusCode = code;
    observer?.write(Buffer.alloc(0));
  }

  observes(url: string): boolean {
    return this.#observers.has(url);
  }

  /** Resolves when this many requests to paths with this beginning have come. */
  received(count: number, prefix = "/"): Promise<void> {
    return this.until(() => this.seen.filter(({ url }) => url.startsWith(prefix)).length >= count);
  }

  until(enough: () => boolean): Promise<void> {
    if (enough()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ enough, resolve }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: OutgoingMessage): void {
    const seen = { method: request.method, url: request.url, payload: request.payload, headers: request.headers };
    const found = this.answers.get(request.url);
    const canned = typeof found === "function" ? found(seen) : (found ?? { code: "4.04" });
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    this.seen.push(seen);
    if (canned === "silent") forget(response);
    // A turn later, so that requests that come together are seen together.
    else
      setImmediate(() => {
        this.#atOnce -= 1;
        if (this.#closed) forget(response);
        else this.#send(seen.url, response, canned);
        this.#look();
      });
    this.#look();
  }

  #send(url: string, response: OutgoingMessage, { code = "2.05", format, payload = "" }: Canned): void {
    response.code = code;
    if (format !== undefined) response.setOption("Content-Format", format);
    if (response instanceof ObserveWriteStream && this.deaf) response._doSend(Buffer.from(payload));
    else if (response instanceof ObserveWriteStream && code.startsWith("2.")) {
      this.#observers.set(url, response);
      response.on("finish", () => {
        if (this.#observers.get(url) === response) this.#observers.delete(url);
        this.#look();
      });
      response.write(Buffer.from(payload));
    } else response.end(Buffer.from(payload));
  }

  #look(): void {
    for (const waiting of this.#waiting.filter(({ enough }) => enough())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}

/** node-coap would acknowledge later, on a socket that may be closed by then. */
function forget(response: OutgoingMessage): void {
  if (response._ackTimer) clearTimeout(response._ackTimer);
}

function isSocket(candidate: Server["_sock"]): candidate is Socket {
  return candidate !== null && "bind" in candidate;
}
