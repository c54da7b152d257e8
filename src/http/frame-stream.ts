/** What the adapters hear, as lines of JSON, for those who record it: whoever reads too slowly misses frames. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Gateway } from "../gateway/index.ts";
import { HttpError } from "./answer.ts";

const MAX_LISTENERS = 4;

export class FrameStream {
  readonly #gateway: Pick<Gateway, "overhear">;
  #listeners = 0;

  constructor(gateway: Pick<Gateway, "overhear">) {
    this.#gateway = gateway;
  }

  /** Frames of every source, or of the one that `?source=` names, until the other side leaves. @throws HttpError if too many listen. */
  add(request: IncomingMessage, response: ServerResponse): void {
    if (this.#listeners >= MAX_LISTENERS)
      throw new HttpError(503, `${MAX_LISTENERS} record already`, "stop one of them");
    response.writeHead(200, { "content-type": "application/x-ndjson", "x-accel-buffering": "no" });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const wanted = new URL(request.url ?? "/", "http://localhost").searchParams.get("source");
    this.#listeners += 1;
    response.flushHeaders();
    const stop = this.#gateway.overhear((line) => {
      if (!response.writableNeedDrain) response.write(`${line}\n`);
    }, wanted ?? undefined);
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.#listeners -= 1;
      stop();
    };
    response.on("close", leave);
    response.on("error", leave);
  }
}
