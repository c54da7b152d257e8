/**
 * A small LwM2M server on node-coap that shares no line with the lab or with our CoAP engine: what it understands, a
 * stranger understands. Values travel as text.
 */

import { createSocket, type Socket } from "node:dgram";
import coap, { Agent, type IncomingMessage, ObserveReadStream, type OutgoingMessage, type Server } from "coap";
import { eventually } from "./programs.ts";

export interface Registered {
  readonly endpoint: string;
  readonly port: number;
  readonly query: ReadonlyMap<string, string>;
  /** The link list as it came. */
  readonly links: string;
  updates: number;
}

export interface Answered {
  /** Such as "2.05". */
  readonly code: string;
  readonly text: string;
}

export interface Watching {
  readonly values: string[];
  close(): void;
}

export class ForeignServer {
  readonly registered = new Map<string, Registered>();
  /** Endpoints that said goodbye, in order. */
  readonly gone: string[] = [];
  port = 0;
  readonly #socket: Socket = createSocket("udp4");
  #agent: Agent | undefined;
  #server: Server | undefined;
  #nextLocation = 1;
  readonly #locations = new Map<string, string>();

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    this.port = this.#socket.address().port;
    // Requests must leave from the port that the clients know: they listen to nobody else.
    this.#agent = new Agent({ socket: this.#socket });
    this.#server = coap.createServer((request, response) => this.#onRequest(request, response));
    this.#server.on("error", () => undefined);
    await new Promise<void>((resolve) => this.#server?.listen(this.#socket, () => resolve()));
  }

  stop(): void {
    this.#agent?.close();
    this.#server?.close();
  }

  /** Waits for an endpoint whose name matches. */
  awaitEndpoint(pattern: RegExp, ms = 20_000): Promise<Registered> {
    return eventually(
      `a registration of ${pattern} among ${[...this.registered.keys()].join(", ")}`,
      () => {
        for (const each of this.registered.values()) if (pattern.test(each.endpoint)) return each;
        return undefined;
      },
      ms,
    );
  }

  read(endpoint: string, path: string): Promise<Answered> {
    return this.#ask(endpoint, path, { method: "GET", accept: true });
  }

  write(endpoint: string, path: string, text: string): Promise<Answered> {
    return this.#ask(endpoint, path, { method: "PUT", text });
  }

  execute(endpoint: string, path: string): Promise<Answered> {
    return this.#ask(endpoint, path, { method: "POST" });
  }

  /** Collects what an observation delivers, the first answer included. */
  async observe(endpoint: string, path: string): Promise<Watching> {
    const values: string[] = [];
    // node-coap hands over a stream: every item is one notification.
    const message = await this.#send(endpoint, path, { method: "GET", accept: true, observe: true });
    if (message.code !== "2.05" || !(message instanceof ObserveReadStream))
      throw new Error(`Observe ${path}: ${message.code}`);
    message.on("data", (chunk: Buffer) => values.push(chunk.toString()));
    await eventually("the first value", () => (values.length > 0 ? true : undefined));
    return { values, close: () => message.close() };
  }

  async #ask(endpoint: string, path: string, question: Question): Promise<Answered> {
    const { code, payload } = await this.#send(endpoint, path, question);
    return { code, text: payload.toString() };
  }

  #send(endpoint: string, path: string, { method, accept, text, observe }: Question): Promise<IncomingMessage> {
    const target = this.registered.get(endpoint);
    if (!target) throw new Error(`${endpoint} is not registered`);
    return new Promise((resolve, reject) => {
      const request = coap.request({
        host: "127.0.0.1",
        port: target.port,
        method,
        pathname: path,
        ...(observe && { observe: true }),
        ...(this.#agent && { agent: this.#agent }),
      });
      if (accept) request.setOption("Accept", "text/plain");
      if (text !== undefined) request.setOption("Content-Format", "text/plain");
      request.on("response", resolve);
      request.on("error", reject);
      request.end(text);
    });
  }

  #onRequest(request: IncomingMessage, response: OutgoingMessage): void {
    const [rd, location] = request.url
      .split("?")[0]!
      .split("/")
      .filter((part) => part !== "");
    if (rd !== "rd") this.#end(response, "4.04");
    else if (request.method === "POST" && location === undefined) this.#register(request, response);
    else if (request.method === "POST") this.#update(location, response);
    else if (request.method === "DELETE") this.#deregister(location, response);
    else this.#end(response, "4.05");
  }

  #register(request: IncomingMessage, response: OutgoingMessage): void {
    const query = new Map(new URLSearchParams(request.url.split("?")[1] ?? ""));
    const endpoint = query.get("ep");
    if (endpoint === undefined) {
      this.#end(response, "4.00");
      return;
    }
    const location = String(this.#nextLocation++);
    this.#locations.set(location, endpoint);
    const links = request.payload.toString();
    this.registered.set(endpoint, { endpoint, port: request.rsinfo.port, query, links, updates: 0 });
    response.setOption("Location-Path", [Buffer.from("rd"), Buffer.from(location)]);
    this.#end(response, "2.01");
  }

  #update(location: string | undefined, response: OutgoingMessage): void {
    const known = this.registered.get(this.#locations.get(location ?? "") ?? "");
    if (known) known.updates += 1;
    this.#end(response, known ? "2.04" : "4.04");
  }

  #deregister(location: string | undefined, response: OutgoingMessage): void {
    const endpoint = this.#locations.get(location ?? "");
    if (endpoint !== undefined) {
      this.registered.delete(endpoint);
      this.gone.push(endpoint);
    }
    this.#end(response, endpoint === undefined ? "4.04" : "2.02");
  }

  #end(response: OutgoingMessage, code: string): void {
    response.code = code;
    response.end();
  }
}

interface Question {
  readonly method: "GET" | "PUT" | "POST";
  readonly accept?: boolean;
  readonly text?: string;
  readonly observe?: boolean;
}
