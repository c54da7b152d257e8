/** Fetches a package from any CoAP server that has it, block by block (RFC 7959 §2.4; LwM2M Core 1.1 Appendix E.6). */

import type { Clock } from "../../base/clock.ts";
import { words } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Transport } from "../../base/transport.ts";
import { type Answer, Code, codeText, Endpoint, isSuccess, type Parameters } from "../../coap/index.ts";
import type { Fetched, Fetcher, FetchJob } from "./fetcher.ts";

export interface CoapFetcherOptions {
  /** A transport to the host and port of a URI, not yet open; or why there is none, in words. */
  readonly connect: (uri: URL) => Transport | string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
}

/** Blocks start at multiples of their size, and of this one all smaller sizes are divisors. */
const LARGEST_BLOCK = 1_024;
/** Refusals that may be none later; other 4.xx say that there is nothing to be had. */
const PASSING: ReadonlySet<number> = new Set([Code.RequestEntityIncomplete]);

export function coapFetcher(options: CoapFetcherOptions): Fetcher {
  return async (job) => {
    const { connect, clock, random, log, parameters } = options;
    const transport = connect(job.uri);
    if (typeof transport === "string") return { status: "refused", fault: "uri", reason: transport };
    const endpoint = new Endpoint({
      transport,
      clock,
      random,
      log,
      ...(parameters && { parameters }),
    });
    try {
      await endpoint.open(job.signal);
      return await ask(endpoint, job);
    } catch (error) {
      if (error instanceof URIError)
        return { status: "refused", fault: "uri", reason: "a percent that stands for nothing" };
      return { status: "lost", reason: words(error) };
    } finally {
      await endpoint.close();
    }
  };
}

async function ask(endpoint: Endpoint, { uri, from, tag, sink, signal }: FetchJob): Promise<Fetched> {
  // At least one block is asked for: whether there are more is known only from an answer.
  const start = from - (from === 0 ? 0 : from % LARGEST_BLOCK || LARGEST_BLOCK);
  const sent: { tag: string | undefined; begun: boolean } = { tag: undefined, begun: false };
  const begin = (total?: number): void => {
    sent.begun = true;
    sink.begins({ ...(sent.tag !== undefined && { tag: sent.tag }), ...(total !== undefined && { total }) });
  };
  const answer = await endpoint.request(
    {
      code: Code.GET,
      path: segments(uri.pathname.slice(1), "/"),
      query: segments(uri.search.slice(1), "&"),
      from: start,
      ...(start > 0 && tag !== undefined && { etag: new Uint8Array(Buffer.from(tag, "hex")) }),
      sink: {
        etag: (bytes) => {
          sent.tag = bytes && Buffer.from(bytes).toString("hex");
        },
        total: begin,
        chunk: (bytes, offset) => {
          if (!sent.begun) begin();
          sink.chunk(bytes, offset);
        },
      },
    },
    signal,
  );
  const came = sent.begun;
  if (start > 0 && !came && answer.status === "failed" && sent.tag !== tag) return { status: "changed" };
  return ending(answer, start > 0 || came);
}

/** As RFC 7252 §6.4 takes a URI apart: first at its delimiters, then each part is decoded. */
function segments(text: string, delimiter: string): string[] {
  return text === "" ? [] : text.split(delimiter).map(decodeURIComponent);
}

function ending(answer: Answer, amid: boolean): Fetched {
  if (answer.status !== "answered")
    return { status: "lost", reason: answer.status === "failed" ? answer.reason : answer.status };
  const { code } = answer.response;
  if (isSuccess(code)) return { status: "complete" };
  const reason = codeText(code);
  if (code >> 5 === 5 || PASSING.has(code)) return { status: "lost", reason };
  // A server that knows no block there may still have the file, or a shorter one.
  return amid ? { status: "changed" } : { status: "refused", fault: "uri", reason };
}
