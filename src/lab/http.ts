/** The lab's HTTP API: look at clients, ask them things, and listen. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Scalar } from "../base/outcome.ts";
import { type Path, parsePath } from "../model/path.ts";
import type { Client, LabClient, LabEvent } from "./client.ts";
import type { OperationResult, Operations } from "./operations.ts";
import { tablePage } from "./table-page.ts";

/** What of the lab people may reach. */
export interface LabDoor {
  readonly operations: Operations;
  clients(): LabClient[];
  client(endpoint: string): Client | undefined;
  snapshot(client: Client): LabClient;
  subscribe(listener: (event: LabEvent) => void): () => void;
}

interface Order {
  readonly operations: Operations;
  readonly client: Client;
  readonly path: Path;
  readonly query: URLSearchParams;
  readonly observe: boolean;
  readonly method: string;
  readonly body: string;
}

const MAX_BODY = 65_536;
const MAX_LISTENERS = 32;
/** A listener that lets this much pile up is not reading: it may come back and look anew. */
const MAX_PILED_UP = 1_048_576;

export class LabHttp {
  readonly #lab: LabDoor;
  readonly #listening = new Set<ServerResponse>();

  constructor(lab: LabDoor) {
    this.#lab = lab;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#route(request, response).catch((error: unknown) => {
      const status = error instanceof HttpError ? error.status : 500;
      send(response, status, { error: error instanceof Error ? error.message : "failed" });
    });
  }

  /** Ends what listens. */
  close(): void {
    for (const response of this.#listening) response.end();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET" } = request;
    const url = addressOf(request);
    const segments = url.pathname.split("/").slice(2).map(decoded);
    if (method !== "GET" && foreign(request)) throw new HttpError(403, "another site may not ask this");
    const [what, endpoint, ...rest] = segments;
    if (what === "clients" && endpoint !== undefined && rest.length > 0) {
      const client = this.#client(endpoint);
      const observe = rest.at(-1) === "observe";
      const path = parsePath(`/${(observe ? rest.slice(0, -1) : rest).join("/")}`);
      if (!path) throw new HttpError(404, "a path is written 3303/0/5700");
      const body = await bodyOf(request);
      const { operations } = this.#lab;
      reply(response, await perform({ operations, client, path, query: url.searchParams, observe, method, body }));
      return;
    }
    if (method !== "GET") throw new HttpError(405, "only a path of a client can be changed");
    if (what === "events" && segments.length === 1) this.#listen(response);
    else if (what === "clients" && endpoint === undefined) send(response, 200, this.#lab.clients());
    else if (what === "clients" && endpoint) send(response, 200, this.#lab.snapshot(this.#client(endpoint)));
    else if (!what && segments.length <= 1) sendPage(response);
    else throw new HttpError(404, "there is /lab/clients and /lab/events");
  }

  #client(endpoint: string): Client {
    const client = this.#lab.client(endpoint);
    if (!client) throw new HttpError(404, `${endpoint} is not registered`);
    return client;
  }

  /** Server-sent events: `client`, `gone` and `value`. */
  #listen(response: ServerResponse): void {
    if (this.#listening.size >= MAX_LISTENERS) throw new HttpError(503, `${MAX_LISTENERS} listen already`);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 2000\n\n");
    const stop = this.#lab.subscribe((event) => {
      if (response.writableLength > MAX_PILED_UP) response.destroy();
      else response.write(`event: ${event.type}\ndata: ${JSON.stringify(dataOf(event))}\n\n`);
    });
    this.#listening.add(response);
    response.on("close", () => {
      stop();
      this.#listening.delete(response);
    });
  }
}

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function perform({ operations, client, path, query, observe, method, body }: Order): Promise<OperationResult> {
  const format = formatOf(query);
  if (observe && method === "POST") return operations.observe(client, path);
  if (observe && method === "DELETE") return operations.cancel(client, path);
  if (observe) throw new HttpError(405, "POST observes, DELETE cancels");
  switch (method) {
    case "GET":
      return query.has("discover") ? operations.discover(client, path) : operations.read(client, path, format);
    case "PUT":
      return operations.write(client, path, valueOf(body), format);
    case "POST":
      return operations.execute(client, path, body);
    case "DELETE":
      return operations.delete(client, path);
    default:
      throw new HttpError(405, "GET reads, PUT writes, POST executes, DELETE deletes an Instance");
  }
}

function formatOf(query: URLSearchParams): number | undefined {
  const text = query.get("format");
  if (text === null) return undefined;
  if (!/^\d{1,5}$/.test(text)) throw new HttpError(400, "format is a Content-Format number such as 112");
  return Number(text);
}

function valueOf(body: string): Scalar {
  const parsed = jsonOf(body);
  const value = typeof parsed === "object" && parsed !== null && "value" in parsed ? parsed.value : undefined;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new HttpError(400, 'the body must be {"value": ...} with a text, a number, true or false');
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size > MAX_BODY) throw new HttpError(413, "more than 64 kB are not read");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A page of another site can make a browser send a request here: it must not switch a relay. */
function foreign({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

/** `//` alone is an address to HTTP, and none to URLs. */
function addressOf({ url = "/" }: IncomingMessage): URL {
  if (!URL.canParse(url, "http://lab")) throw new HttpError(400, "the address is not well formed");
  return new URL(url, "http://lab");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, "the address is not well encoded");
  }
}

function dataOf(event: LabEvent): unknown {
  switch (event.type) {
    case "client":
      return event.client;
    case "gone":
      return { endpoint: event.endpoint, reason: event.reason };
    case "value":
      return { endpoint: event.endpoint, values: event.values };
  }
}

/** The HTTP status that says the same: 4.04 is 404, no answer 504 (RFC 8075 §7). */
function reply(response: ServerResponse, result: OperationResult): void {
  send(response, "error" in result ? statusOf(result.code) : 200, result);
}

function statusOf(code: string): number {
  const match = /^([45])\.(\d\d)$/.exec(code);
  if (match) return Number(match[1]) * 100 + Number(match[2]);
  const statuses: Readonly<Record<string, number>> = { timeout: 504, busy: 503, failed: 502, refused: 400 };
  return statuses[code] ?? 502;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

function sendPage(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'self'",
  });
  response.end(tablePage());
}
