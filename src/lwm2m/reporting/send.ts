/** Send: values of our own accord, `POST /dp` (LwM2M Core 1.2 §6.4.6, Transport 1.2 §6.4.5). */

import { type Answer, Code, codeText, isSuccess, type OutgoingRequest } from "../../coap/index.ts";
import { type Codec, codecOf, Format, type Node } from "../../content/index.ts";
import { type Path, ROOT } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import { namedBy } from "../prefixed.ts";
import { type Destination, destination } from "../servers/destination.ts";
import { instanceOf, type View } from "../view.ts";
import { readable, recentNodes } from "./past.ts";

export interface SendOptions {
  /** SenML CBOR (112) unless said otherwise; SenML JSON (110); LwM2M CBOR (11544), which carries no times, since 1.2. */
  readonly format?: number;
  /** The Short Server ID of the only server to send to; all of them unless given. */
  readonly server?: number;
  /** False: what cannot be sent at once is refused; otherwise it is kept until the server hears us again. */
  readonly defer?: boolean;
}

export type SendOutcome =
  /** The server has said 2.04. */
  | { readonly status: "sent" }
  /** Kept, and sent with its times when the server can be reached; the oldest is dropped where too much is kept. */
  | { readonly status: "deferred" }
  /** Nothing has left: the server does not want it, does not know it, or may not see it. */
  | { readonly status: "refused"; readonly reason: string }
  /** The server has refused it, twice where that was worth while. */
  | { readonly status: "failed"; readonly reason: string };

/** What a server that can be asked offers. */
export interface Reach {
  readonly view: View;
  /** Whether the server hears us, and what we send to it may be answered. */
  readonly reachable: boolean;
  request(request: OutgoingRequest): Promise<Answer>;
  /** Whether an Instance is part of the registration. */
  knows(instance: Path): boolean;
  /** Finds out by an Update whether we are still registered, and registers if not. True: we are, and may try again. */
  verified(): Promise<boolean>;
  /** Nothing came back. */
  silent(): void;
}

/** How the sending of some packs ended. `silent`: nobody knows. */
export type Posted = { readonly status: "sent" | "silent" } | { readonly status: "failed"; readonly reason: string };

const SENT: Posted = { status: "sent" };
const SILENT: Posted = { status: "silent" };
/** A pack goes into one datagram where it can be cut to fit. */
const MAX_PACK_BYTES = 1_000;
const MAX_AT_ONCE = 8;

export class Sender {
  readonly #reach: Reach;
  readonly #keep: (values: readonly ResourceUpdate[]) => void;
  #underWay = 0;

  constructor(reach: Reach, keep: (values: readonly ResourceUpdate[]) => void) {
    this.#reach = reach;
    this.#keep = keep;
  }

  /** Why this server gets nothing by Send, if so. A missing /1/x/23 means that it does. */
  get refusal(): string | undefined {
    const { version, server } = this.#reach.view;
    if (version === "1.0") return "LwM2M 1.0 has no Send";
    return server.account.muteSend === true ? "the server has muted Send (/1/x/23)" : undefined;
  }

  async send(what: readonly Path[] | readonly ResourceUpdate[], options: SendOptions): Promise<SendOutcome> {
    const { view, reachable } = this.#reach;
    const { format = Format.SenmlCbor, defer = true } = options;
    const codec = codecFor(format, view);
    const reason = typeof codec === "string" ? codec : this.refusal;
    if (typeof codec === "string" || reason !== undefined) return { status: "refused", reason: reason ?? "" };
    const values = what.flatMap((each) => (typeof each === "string" ? readable(view, each) : each));
    if (values.length === 0) return { status: "refused", reason: "there is nothing to send" };
    if (!reachable) return this.#defer(values, defer, "not registered");
    if (this.#underWay >= MAX_AT_ONCE) return this.#defer(values, defer, "too much is being sent already");
    const nodes = this.#permitted(recentNodes(view, values));
    if (nodes.length === 0) return { status: "refused", reason: "nothing of it is registered and readable" };
    const posted = await this.post(nodes, codec);
    if (posted.status === "silent") return this.#defer(values, defer, "no answer");
    return posted.status === "failed" ? { status: "failed", reason: posted.reason } : { status: "sent" };
  }

  /** Packs of what the server may see, one after the other. */
  async post(nodes: readonly Node[], codec: Codec): Promise<Posted> {
    this.#underWay += 1;
    try {
      for (const payload of packs(newestOfEach(this.#permitted(nodes), codec), codec)) {
        const posted = await this.#postOne({ code: Code.POST, ...this.#inbox, format: codec.format, payload });
        if (posted.status !== "sent") return posted;
      }
      return SENT;
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
      return { status: "failed", reason: error.message };
    } finally {
      this.#underWay -= 1;
    }
  }

  get #inbox(): Destination {
    return destination(this.#reach.view.server.account.uri, "dp");
  }

  /** A server that answers 4.04 or 4.00 has mostly lost the registration: once that is repaired, it may try again. */
  async #postOne(request: OutgoingRequest): Promise<Posted> {
    const first = await this.#ask(request);
    if (first.status !== "failed" || first.forgotten !== true) return first;
    return (await this.#reach.verified()) ? this.#ask(request) : SILENT;
  }

  async #ask(request: OutgoingRequest): Promise<Posted & { forgotten?: boolean }> {
    const outcome = outcomeOf(await this.#reach.request(request));
    if (outcome.status === "silent") this.#reach.silent();
    return outcome;
  }

  /** Instances that the server does not know would make it refuse all (LwM2M Core 1.2 §6.4.6). */
  #permitted(nodes: readonly Node[]): readonly Node[] {
    return nodes.filter(({ path }) => this.#reach.knows(instanceOf(path)));
  }

  #defer(values: readonly ResourceUpdate[], defer: boolean, reason: string): SendOutcome {
    if (!defer) return { status: "refused", reason };
    this.#keep(values);
    return { status: "deferred" };
  }
}

/** The codec, or why it cannot be used. */
function codecFor(format: number, view: View): Codec | string {
  const { version } = view;
  const known = format === Format.SenmlCbor || format === Format.SenmlJson || format === Format.LwM2mCbor;
  const codec = known ? codecOf(format) : undefined;
  if (codec === undefined) return `Send knows no format ${format}`;
  return format === Format.LwM2mCbor && version !== "1.2" ? `LwM2M ${version} has no LwM2M CBOR` : namedBy(view, codec);
}

/** As few as can be of no more than a datagram each. @throws RangeError if a value cannot be written. */
function packs(nodes: readonly Node[], codec: Codec): Uint8Array[] {
  if (nodes.length === 0) return [];
  const payload = codec.encode(nodes, ROOT);
  if (payload.length <= MAX_PACK_BYTES || nodes.length === 1) return [payload];
  const half = nodes.length >> 1;
  return [...packs(nodes.slice(0, half), codec), ...packs(nodes.slice(half), codec)];
}

/**
 * One value of each path at each time, the last one given: what several observations have kept of the same moment is
 * said once, since servers refuse a Pack that says it twice. A format without times has room for one value of each path.
 */
function newestOfEach(nodes: readonly Node[], { timed }: Codec): readonly Node[] {
  const newest = new Map<string, Node>();
  for (const node of nodes) {
    const { path, type, value, time } = node;
    newest.set(timed && time !== undefined ? `${path} ${time}` : path, timed ? node : { path, type, value });
  }
  return [...newest.values()];
}

function outcomeOf(answer: Answer): Posted & { forgotten?: boolean } {
  if (answer.status !== "answered") return SILENT;
  const { code } = answer.response;
  if (isSuccess(code)) return SENT;
  const forgotten = code === Code.NotFound || code === Code.BadRequest;
  return { status: "failed", reason: `the server answered ${codeText(code)}`, forgotten };
}
