/** Asks the running daemon over HTTP. */

import { CommandError, reasonOf, systemCode } from "./command-error.ts";
import { ExitCode } from "./exit-code.ts";

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

/** What the daemon says from now on, piece by piece, until the signal. @throws CommandError if nobody answers. */
export async function listen(asked: Asked, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { response, target } = await get(asked, signal);
  if (!response.ok || !response.body || response.headers.get("content-type") !== "application/x-ndjson")
    throw new CommandError(stranger(response, target));
  return response.body;
}

async function get({ url, path, token }: Asked, signal: AbortSignal): Promise<{ response: Response; target: URL }> {
  const target = address(url, path);
  let response: Response;
  try {
    response = await fetch(target, {
      signal,
      headers: { accept: "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
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
