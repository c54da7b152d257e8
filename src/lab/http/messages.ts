/** What the lab's HTTP API takes and gives: bounded bodies, JSON, and the status that says the same as the code. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { OperationResult } from "../operations.ts";

export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What HTTP was asked for, under `/lab/`. */
export interface Order {
  readonly method: string;
  /** After `/lab/`, decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

const MAX_BODY = 65_536;

/** @throws HttpError if the address or the body is not acceptable. */
export async function orderOf(request: IncomingMessage): Promise<Order> {
  const { method = "GET" } = request;
  const url = addressOf(request);
  const segments = url.pathname.split("/").slice(2).map(decoded);
  if (method !== "GET" && foreign(request)) throw new HttpError(403, "another site may not ask this");
  return { method, segments, query: url.searchParams, body: await bodyOf(request) };
}

/** Undefined if it is no JSON. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** One field of a JSON object; undefined if it is none. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null
    ? Object.entries(json).find(([key]) => key === name)?.[1]
    : undefined;
}

export function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** The HTTP status that says the same: 4.04 is 404, no answer 504 (RFC 8075 §7). */
export function reply(response: ServerResponse, result: OperationResult): void {
  send(response, "error" in result ? statusOf(result.code) : 200, result);
}

function statusOf(code: string): number {
  const match = /^([45])\.(\d\d)$/.exec(code);
  if (match) return Number(match[1]) * 100 + Number(match[2]);
  const statuses: Readonly<Record<string, number>> = { timeout: 504, busy: 503, failed: 502, refused: 400 };
  return statuses[code] ?? 502;
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
