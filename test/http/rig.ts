/** A served gateway and someone who asks it over a real socket, raw where a browser would not let us. */

import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { Secret } from "../../src/base/secret.ts";
import { type Mount, type PageFiles, serve, type Served, type ServeOptions } from "../../src/http/index.ts";
import { Rig, ruuvi, TAG } from "../gateway/rig.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const TOKEN = "a long enough token";
export const JSON_TYPE = { "content-type": "application/json" };

const text = new TextEncoder();
export const PAGE: PageFiles = new Map([
  ["/index.html", { type: "text/html; charset=utf-8", body: text.encode("<!doctype html>hello") }],
  ["/style.css", { type: "text/css; charset=utf-8", body: text.encode("body{}") }],
]);

export class HttpRig {
  readonly gateway: Rig;
  readonly served: Served;
  readonly log: MemoryLog;
  readonly port: number;

  private constructor(gateway: Rig, served: Served, log: MemoryLog) {
    this.gateway = gateway;
    this.served = served;
    this.log = log;
    this.port = Number(new URL(served.url).port);
  }

  /** A gateway with one sensor, `sim-1`, and one stranger, a RuuviTag. */
  static async start(options: Partial<ServeOptions> & { mounts?: readonly Mount[] } = {}): Promise<HttpRig> {
    const gateway = await Rig.start({ rules: [{ adapter: "sim" }] });
    await gateway.heard("sim/sim-1", { kind: "fields", fields: { model: "climate", temperature: 21.5 } });
    await gateway.heard(`radio/${TAG}`, ruuvi(), -60);
    const log = new MemoryLog();
    const served = await serve({
      listen: { host: "127.0.0.1", port: 0 },
      gateway: gateway.gateway,
      page: PAGE,
      log,
      clock: gateway.clock,
      random: new SeededRandom(),
      ...options,
    });
    return new HttpRig(gateway, served, log);
  }

  static withToken(): Promise<HttpRig> {
    return HttpRig.start({ token: new Secret(TOKEN, "test") });
  }

  ask(path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest({ host: "127.0.0.1", port: this.port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text: Buffer.concat(chunks).toString() });
        });
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }

  async json(path: string, ask?: Ask): Promise<unknown> {
    return JSON.parse((await this.ask(path, ask)).text);
  }

  /** What was refused, as `status: words (next step)`. */
  async refusal(path: string, ask?: Ask): Promise<string> {
    const { status, text } = await this.ask(path, ask);
    const { error, next } = JSON.parse(text) as { error: string; next?: string };
    return `${status}: ${error}${next === undefined ? "" : ` (${next})`}`;
  }
}

/** Server-sent events as they come. */
export class Watcher {
  readonly events: { type: string; data: unknown }[] = [];
  status = 0;
  ended = false;
  comments = 0;
  #rest = "";
  #close: () => void = () => undefined;
  #wake: () => void = () => undefined;

  static open(rig: HttpRig, headers: Readonly<Record<string, string>> = {}): Promise<Watcher> {
    return new Promise((resolve, reject) => {
      const watcher = new Watcher();
      const asked = httpRequest({ host: "127.0.0.1", port: rig.port, path: "/api/events", headers }, (response) => {
        watcher.status = response.statusCode ?? 0;
        response.on("data", (chunk: Buffer) => watcher.#push(chunk.toString()));
        response.on("close", () => {
          watcher.ended = true;
          watcher.#wake();
        });
        resolve(watcher);
      });
      asked.on("error", (error) => (watcher.status === 0 ? reject(error) : undefined));
      watcher.#close = () => asked.destroy();
      asked.end();
    });
  }

  /** Waits for real bytes until `done` says so. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  of(type: string): unknown[] {
    return this.events.filter((each) => each.type === type).map((each) => each.data);
  }

  close(): void {
    this.#close();
  }

  #push(chunk: string): void {
    const parts = (this.#rest + chunk).split("\n\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const type = /^event: (.*)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (part.startsWith(":")) this.comments += 1;
      if (type !== undefined && data !== undefined) this.events.push({ type, data: JSON.parse(data) });
    }
    this.#wake();
  }
}
