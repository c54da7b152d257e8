/** Talking with the gateway and the lab: JSON there and back, and events that come by themselves. */

import type { InboxEntry, LabClient, LabResult, Sensor, Status, Values } from "./types.ts";

/** An answer that is no success, in the server's words. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What comes is what `types.ts` says: page and gateway are one release. */
interface Answers {
  status: Status;
  sensors: readonly Sensor[];
  inbox: readonly InboxEntry[];
  removed: { readonly endpoint: string };
  labClients: readonly LabClient[];
  labClient: LabClient;
  labValues: { readonly endpoint: string; readonly values: Values };
  labResult: LabResult;
  failure: { readonly code?: string; readonly error?: string; readonly next?: string } | null;
  anything: unknown;
}

export function parse<K extends keyof Answers>(_kind: K, text: string): Answers[K] {
  const read: (text: string) => Answers[K] = JSON.parse;
  return read(text);
}

export interface Question {
  /** GET unless given. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

/** @throws ApiError if the answer is no success; TypeError if none came. */
export async function ask<K extends keyof Answers>(
  kind: K,
  { method = "GET", path, body }: Question,
): Promise<Answers[K]> {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, wordsOf(text) ?? `HTTP ${response.status}`);
  return parse(kind, text === "" ? "null" : text);
}

/** @throws as `ask` */
export const change = (path: string, body: object) => ask("anything", { method: "PATCH", path, body });

/** Whether it went well; if not, `trouble` says why. */
export async function attempt(trouble: Element, run: () => Promise<unknown>): Promise<boolean> {
  trouble.textContent = "";
  try {
    await run();
    return true;
  } catch (error) {
    trouble.textContent = error instanceof ApiError ? error.message : "The gateway does not answer. Try again.";
    return false;
  }
}

/** What went wrong, and what to do about it, as the server says it. */
function wordsOf(text: string): string | undefined {
  try {
    const { code, error, next } = parse("failure", text) ?? {};
    const numbered = code !== undefined && /^\d/.test(code) ? `${code} ${error ?? ""}` : error;
    return next === undefined ? numbered : `${numbered ?? ""}: ${next}`;
  } catch {
    return undefined;
  }
}

export interface Subscription {
  readonly path: string;
  /** By the name of the event. */
  readonly on: Readonly<Record<string, (data: string) => void>>;
  readonly onOpen: () => void;
  readonly onLost: () => void;
}

const RETRY_MS = 3_000;

/** Listens for ever: the browser comes back by itself after a break, and we do where it gives up. */
export function listen({ path, on, onOpen, onLost }: Subscription): void {
  const source = new EventSource(path);
  source.onopen = onOpen;
  source.onerror = () => {
    onLost();
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listen({ path, on, onOpen, onLost }), RETRY_MS);
  };
  for (const [name, take] of Object.entries(on))
    source.addEventListener(name, (event: MessageEvent<string>) => take(event.data));
}

export function sensorUrl(endpoint: string): string {
  return `/api/sensors/${encodeURIComponent(endpoint)}`;
}

export function labUrl(endpoint: string, path: string): string {
  return `/lab/clients/${encodeURIComponent(endpoint)}${path}`;
}
