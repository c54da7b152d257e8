/** Asks the running daemon over HTTP. */

import { CommandError, reasonOf, systemCode } from "./command-error.ts";
import { ExitCode } from "./exit-code.ts";
import { UNSHOWN } from "./terminal.ts";

/** Where `isthmus run` listens unless its configuration says otherwise. */
export const DEFAULT_URL = "http://127.0.0.1:8080";
const TIMEOUT_MS = 3_000;

export interface Asked {
  readonly url: string;
  readonly path: string;
  /** What a daemon that listens beyond loopback demands. */
  readonly token?: string | undefined;
}

/** @throws CommandError if nobody answers, or somebody else. */
export async function ask(asked: Asked): Promise<unknown> {
  const { response, target } = await get(asked, AbortSignal.timeout(TIMEOUT_MS));
  let body = "";
  try {
    body = await response.text();
  } catch (error) {
    throw new CommandError(unreachable(asked.url, error));
  }
  const answer = response.ok ? parseJson(body) : undefined;
  if (answer === undefined) throw new CommandError(stranger(response, target));
  return answer;
}

export interface Told extends Asked {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly body?: object;
}

/** Has the daemon do something. @throws CommandError if it will not, in its words, or if nobody answers. */
export async function tell(told: Told): Promise<unknown> {
  const { response, target } = await get(told, AbortSignal.timeout(TIMEOUT_MS));
  const answer = parseJson(await response.text());
  if (response.ok && answer !== undefined) return answer;
  const { error, next } = wordsOf(answer);
  if (error === undefined) throw new CommandError(stranger(response, target));
  throw new CommandError({ what: error, ...(next !== undefined && { next }) });
}

/** What is said may repeat what a stranger sent. */
function wordsOf(answer: unknown): { error?: string; next?: string } {
  const told = typeof answer === "object" && answer !== null ? { error: "", next: "", ...answer } : undefined;
  const text = (value: unknown) =>
    typeof value === "string" && value !== "" ? value.replaceAll(UNSHOWN, " ") : undefined;
  const [error, next] = [text(told?.error), text(told?.next)];
  return { ...(error !== undefined && { error }), ...(next !== undefined && { next }) };
}

/** What the daemon says from now on, piece by piece, until the signal. @throws CommandError if nobody answers. */
export async function listen(asked: Asked, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { response, target } = await get(asked, signal);
  if (!response.ok || !response.body || response.headers.get("content-type") !== "application/x-ndjson")
    throw new CommandError(stranger(response, target));
  return response.body;
}

async function get(asked: Asked & Partial<Told>, signal: AbortSignal): Promise<{ response: Response; target: URL }> {
  const { url, path, token, method = "GET" } = asked;
  const target = address(url, path);
  const body = asked.body && JSON.stringify(asked.body);
  let response: Response;
  try {
    response = await fetch(target, {
      signal,
      method,
      ...(body !== undefined && { body }),
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
  } catch (error) {
    throw new CommandError(unreachable(url, error));
  }
  if (response.status === 401 || response.status === 403)
    throw new CommandError({
      what: "the daemon wants a token",
      where: url,
      next: "set ISTHMUS_TOKEN to http.token of its configuration",
      exitCode: ExitCode.Unavailable,
    });
  return { response, target };
}

const stranger = ({ status }: Response, target: URL) => ({
  what: `something answers, but it is not Isthmus (HTTP ${status})`,
  where: target.href,
  next: "give the daemon's address: isthmus --url http://host:port",
  exitCode: ExitCode.Unavailable,
});

function address(url: string, path: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol !== "http:" && base?.protocol !== "https:")
    throw new CommandError({
      what: `"${url}" is no web address`,
      next: `write it whole: isthmus --url ${DEFAULT_URL}`,
      exitCode: ExitCode.Usage,
    });
  return new URL(path, base);
}

function unreachable(url: string, error: unknown) {
  const why =
    systemCode(error) === "ECONNREFUSED"
      ? "nothing is listening there"
      : error instanceof Error && error.name === "TimeoutError"
        ? `no answer in ${TIMEOUT_MS / 1_000} s`
        : reasonOf(error);
  return { what: `no daemon is running: ${why}`, where: url, exitCode: ExitCode.Unavailable };
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
