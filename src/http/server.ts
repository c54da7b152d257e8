/** The one HTTP server of the house: the API, the files of the page, and guests mounted under a prefix. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Secret } from "../base/secret.ts";
import { guardHeaders, HttpError, sendError } from "./answer.ts";
import { Api, type ApiGateway } from "./api.ts";
import { EventStream } from "./event-stream.ts";
import { Guard } from "./guard.ts";

/** A guest that answers everything under a prefix such as `/lab/`. */
export interface Mount {
  readonly prefix: string;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** The files of the web page, by path such as `/style.css`. */
export type PageFiles = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>;

export interface ServeOptions {
  /** Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Demanded of everybody; must be there unless only this machine can reach the port. */
  readonly token?: Secret;
  readonly gateway?: ApiGateway;
  readonly mounts?: readonly Mount[];
  readonly page?: PageFiles;
  readonly log: Log;
  readonly clock: Clock;
  readonly random?: Random;
}

export interface Served {
  /** What to open; without the token. */
  readonly url: string;
  /** Safe to call twice. Never rejects. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 256;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;

/** @throws Error of the system if the port cannot be had; RangeError if others could reach it and there is no token. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { listen, token, random = systemRandom } = options;
  const loopback = isLoopback(listen.host);
  if (!loopback && !token) throw new RangeError(`listening on ${listen.host} demands a token`);
  const site = new Site(options, new Guard({ loopback, random, ...(token && { token }) }));
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS }, (request, response) => {
    void site.answer(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listening(server, listen);
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host === "0.0.0.0" || host === "[::]" ? "localhost" : host}:${port}/`,
    close: () => {
      site.close();
      return closed(server);
    },
  };
}

class Site {
  readonly #options: ServeOptions;
  readonly #guard: Guard;
  readonly #events: EventStream | undefined;
  readonly #api: Api | undefined;

  constructor(options: ServeOptions, guard: Guard) {
    const { gateway, clock } = options;
    this.#options = options;
    this.#guard = guard;
    this.#events = gateway && new EventStream(gateway, clock);
    this.#api = gateway && this.#events && new Api(gateway, this.#events);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    guardHeaders(response);
    try {
      await this.#route(request, response);
    } catch (error) {
      // Who left in the middle of a sentence hears no answer.
      if (!(error instanceof HttpError) && request.destroyed && !request.complete) return;
      if (!(error instanceof HttpError))
        this.#options.log.error("request-failed", { method: request.method, url: request.url, error });
      sendError(response, error instanceof HttpError ? error : new HttpError(500, "this went wrong here: see the log"));
    }
  }

  close(): void {
    this.#events?.close();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = addressOf(request.url ?? "/");
    if (this.#guard.admit(request, response, url)) return;
    const mount = this.#options.mounts?.find(({ prefix }) => url.pathname.startsWith(prefix));
    if (mount) mount.handle(request, response);
    else if (url.pathname.startsWith("/api/")) await this.#callApi(request, response, url);
    else this.#sendFile(request, response, url.pathname);
  }

  async #callApi(request: IncomingMessage, response: ServerResponse, { pathname }: URL): Promise<void> {
    if (!this.#api) throw new HttpError(404, "there is no gateway here");
    const segments = pathname.slice("/api/".length).split("/").map(decoded);
    await this.#api.handle({ request, response, segments });
  }

  #sendFile({ method, headers }: IncomingMessage, response: ServerResponse, path: string): void {
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET");
      throw new HttpError(405, "a file can only be read");
    }
    const { page } = this.#options;
    const file = page?.get(path) ?? (path === "/" ? page?.get("/index.html") : undefined);
    if (!file) throw new HttpError(404, "there is no such page", "the page is at /, the data at /api/status");
    const tag = entityTag(file.body);
    response.setHeader("cache-control", "no-cache");
    response.setHeader("etag", tag);
    if (headers["if-none-match"] === tag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { "content-type": file.type, "content-length": file.body.length });
    response.end(method === "HEAD" ? undefined : file.body);
  }
}

/** The address asked for, in the usual form or whole (RFC 9112 §3.2.2). @throws HttpError */
function addressOf(target: string): URL {
  const whole = /^https?:\/\//i.test(target);
  const address = whole ? target : `http://host${target.startsWith("/") ? target : `/${target}`}`;
  if (!URL.canParse(address)) throw new HttpError(400, "this is no address");
  return new URL(address);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, "the address is badly encoded");
  }
}

/** Files are small and asked for rarely: after an update, a browser must not show the page of before. */
function entityTag(body: Uint8Array): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}

/** Whether only this machine can reach what listens there. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function listening(server: Server, { host, port }: ServeOptions["listen"]): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
