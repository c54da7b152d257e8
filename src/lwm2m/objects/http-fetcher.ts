/** Fetches a package by HTTP, as a stream that goes on in the middle (RFC 9110 §14; LwM2M Core 1.1 Appendix E.6). */

import type { Clock } from "../../base/clock.ts";
import type { Fetched, Fetcher, FetchJob, Known } from "./fetcher.ts";

/** As much of `fetch` as is needed. */
export type FetchFunction = (
  uri: string,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<FetchAnswer>;

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** A server that says nothing for so long is gone. */
const SILENCE_MS = 60_000;
const OK = 200;
const PARTIAL = 206;
const CONDITION_FAILED = 412;
const NO_SUCH_RANGE = 416;
/** Refusals that may be none later: time-out, too early, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

export function httpFetcher(fetch: FetchFunction, clock: Clock): Fetcher {
  return async (job) => {
    const patience = new Patience(clock, job.signal);
    try {
      return await ask(fetch, job, patience);
    } finally {
      patience.end();
    }
  };
}

async function ask(fetch: FetchFunction, job: FetchJob, patience: Patience): Promise<Fetched> {
  const { uri, tag, sink } = job;
  // One byte that is there already is asked for again: whether there are more is known only from an answer.
  const start = tag === undefined ? 0 : Math.max(0, job.from - 1);
  const range = { range: `bytes=${start}-`, ...(tag !== undefined && { "if-range": tag }) };
  // What is packed on the way cannot be counted in bytes of the file.
  const headers = { "accept-encoding": "identity", ...(start > 0 && range) };
  const answer = await patience.wait(fetch(uri.href, { headers, signal: patience.signal }));
  const { status } = answer;
  if (start > 0 && (status === OK || status === NO_SUCH_RANGE || status === CONDITION_FAILED))
    return { status: "changed" };
  if (status !== OK && status !== PARTIAL) return refused(status);
  if (status === PARTIAL && rangeStart(answer) !== start) return { status: "changed" };
  if (answer.body === null) return { status: "lost", reason: "no body" };
  sink.begins(knownOf(answer, start));
  let offset = start;
  for await (const bytes of patience.each(answer.body)) {
    sink.chunk(bytes, offset);
    offset += bytes.length;
  }
  return { status: "complete" };
}

function refused(status: number): Fetched {
  const reason = `HTTP ${status}`;
  if (status >= 500 || PASSING.has(status)) return { status: "lost", reason };
  return { status: "refused", fault: "uri", reason };
}

/** Only a strong validator tells that bytes of two answers belong together (RFC 9110 §13.1.5). */
function knownOf({ headers, status }: FetchAnswer, start: number): Known {
  const etag = headers.get("etag");
  const length = Number(headers.get("content-length") ?? NaN);
  const encoded = (headers.get("content-encoding") ?? "identity") !== "identity";
  const total = encoded ? NaN : status === PARTIAL ? start + length : length;
  return {
    ...(etag?.startsWith('"') && !encoded && { tag: etag }),
    ...(Number.isSafeInteger(total) && { total }),
  };
}

function rangeStart({ headers }: FetchAnswer): number | undefined {
  const match = /^bytes (\d{1,15})-/.exec(headers.get("content-range") ?? "");
  return match ? Number(match[1]) : undefined;
}

/** Ends the fetching when nothing comes for long. */
class Patience {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #own = new AbortController();
  readonly #stop = (): void => this.#own.abort(new Error("stopped"));

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    if (outer.aborted) this.#stop();
    outer.addEventListener("abort", this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** What is waited for, or an error if it takes too long, or all is stopped. */
  async wait<T>(what: Promise<T>): Promise<T> {
    const { signal } = this;
    let give = (): void => undefined;
    const stopped = new Promise<never>((_, reject) => {
      give = () => reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
      if (signal.aborted) give();
      else signal.addEventListener("abort", give, { once: true });
    });
    const timer = this.#clock.after(SILENCE_MS, () => this.#own.abort(new Error("silence")));
    try {
      return await Promise.race([what, stopped]);
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", give);
    }
  }

  async *each(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = body[Symbol.asyncIterator]();
    for (;;) {
      const piece = await this.wait(pieces.next());
      if (piece.done === true) return;
      yield piece.value;
    }
  }

  end(): void {
    this.#outer.removeEventListener("abort", this.#stop);
    this.#own.abort(new Error("done"));
  }
}
