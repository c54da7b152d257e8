/** What goes back: JSON, words for what went wrong, and the headers that every answer carries. */

import type { ServerResponse } from "node:http";

/** A request that is refused: the fault is the asker's, and the words tell how to do better. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly next: string | undefined;

  constructor(status: number, what: string, next?: string) {
    super(what);
    this.status = status;
    this.next = next;
  }
}

/** Nothing is loaded from elsewhere, nothing runs that is not a file of ours, nobody frames us. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Set before anybody answers, mounted guests included. */
export function guardHeaders(response: ServerResponse): void {
  response.setHeader("content-security-policy", POLICY);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cache-control", "no-store");
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": body.length });
  response.end(body);
}

export function sendError(response: ServerResponse, { status, message, next }: HttpError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (status === 401) response.setHeader("www-authenticate", 'Bearer realm="isthmus"');
  sendJson(response, status, { error: message, ...(next !== undefined && { next }) });
}
