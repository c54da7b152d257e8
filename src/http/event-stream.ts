/** Server-sent events: every watcher hears the same news, and one who does not listen is let go. */

import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../base/clock.ts";
import type { Gateway, GatewayEvent } from "../gateway/index.ts";
import { HttpError } from "./answer.ts";

const MAX_WATCHERS = 32;
/** Proxies and browsers give up on silence. */
const HEARTBEAT_MS = 15_000;
/** A watcher whose line has been full for this long is not there any more. */
const MAX_BLOCKED_MS = 20_000;
/** Bytes that may pile up for one watcher. */
const MAX_PILED_UP = 8_388_608;
/** Sensors in one message of the first picture. */
const AT_ONCE = 200;

export type WatchedGateway = Pick<Gateway, "subscribe" | "status" | "sensors" | "inbox">;

export class EventStream {
  readonly #gateway: WatchedGateway;
  readonly #clock: Clock;
  /** Since when each watcher's line has been full. */
  readonly #watchers = new Map<ServerResponse, number | undefined>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  constructor(gateway: WatchedGateway, clock: Clock) {
    this.#gateway = gateway;
    this.#clock = clock;
  }

  /** Sends the whole picture, then what changes, until the other side leaves. @throws HttpError if too many watch. */
  add(response: ServerResponse): void {
    if (this.#watchers.size >= MAX_WATCHERS)
      throw new HttpError(503, `${MAX_WATCHERS} watch already`, "close a page that is open elsewhere");
    response.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
    if (response.req.method === "HEAD") {
      response.end();
      return;
    }
    this.#watchers.set(response, undefined);
    response.on("close", () => this.#leave(response));
    response.on("error", () => this.#leave(response));
    this.#unsubscribe ??= this.#gateway.subscribe((event) => this.#tell(event));
    this.#heartbeat ??= this.#clock.after(HEARTBEAT_MS, () => this.#beat());
    response.write("retry: 2000\n\n");
    response.write(frame("status", this.#gateway.status()));
    const sensors = this.#gateway.sensors();
    for (let from = 0; from < sensors.length; from += AT_ONCE)
      response.write(frame("sensors", sensors.slice(from, from + AT_ONCE)));
    response.write(frame("inbox", this.#gateway.inbox()));
  }

  /** Lets everybody go. */
  close(): void {
    for (const response of [...this.#watchers.keys()]) {
      this.#leave(response);
      response.end();
    }
  }

  #tell(event: GatewayEvent): void {
    this.#send(frame(event.type, payloadOf(event)));
  }

  #send(text: string): void {
    const now = this.#clock.monotonic();
    for (const [response, blockedSince] of this.#watchers) {
      const since = response.writableNeedDrain ? (blockedSince ?? now) : undefined;
      this.#watchers.set(response, since);
      const lost = since !== undefined && now - since > MAX_BLOCKED_MS;
      if (lost || response.writableLength > MAX_PILED_UP) {
        this.#leave(response);
        response.destroy();
      } else response.write(text);
    }
  }

  #beat(): void {
    this.#send(":\n\n");
    this.#heartbeat = this.#watchers.size > 0 ? this.#clock.after(HEARTBEAT_MS, () => this.#beat()) : undefined;
  }

  #leave(response: ServerResponse): void {
    this.#watchers.delete(response);
    if (this.#watchers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }
}

function payloadOf(event: GatewayEvent): unknown {
  switch (event.type) {
    case "sensors":
      return event.sensors;
    case "removed":
      return { endpoint: event.endpoint };
    case "inbox":
      return event.inbox;
    case "status":
      return event.status;
  }
}

function frame(type: GatewayEvent["type"], payload: unknown): string {
  return `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
}
