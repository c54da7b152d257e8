/** Bodies of requests: bounded, and of the type they claim. */

import type { IncomingMessage } from "node:http";
import { HttpError } from "./answer.ts";

export const MAX_BODY = 65_536;

/** The JSON object in a body; an empty body is an empty object. @throws HttpError */
export async function jsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const text = await textBody(request);
  if (text === "") return {};
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new HttpError(415, "the body must be JSON", "Content-Type: application/json");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HttpError(400, "the body must be a JSON object");
  return Object.fromEntries(Object.entries(value));
}

async function textBody(request: IncomingMessage): Promise<string> {
  const tooLong = new HttpError(413, `a body may have ${MAX_BODY} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) throw tooLong;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > MAX_BODY) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
