/** The HTTP API: what the gateway shows, and the few things it can be told. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { AdoptRequest, AdoptResult, Gateway } from "../gateway/index.ts";
import { HttpError, sendJson } from "./answer.ts";
import { jsonBody } from "./body.ts";
import type { EventStream } from "./event-stream.ts";
import { FrameStream } from "./frame-stream.ts";

export type ApiGateway = Pick<
  Gateway,
  | "status"
  | "sensors"
  | "sensor"
  | "inbox"
  | "ignore"
  | "adopt"
  | "remove"
  | "rename"
  | "changeKey"
  | "subscribe"
  | "overhear"
>;

/** One request under `/api/`. */
export interface ApiCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Behind `/api/`, decoded. */
  readonly segments: readonly string[];
}

type Handler = () => void | Promise<void>;

const MAX_LABEL = 100;

export class Api {
  readonly #gateway: ApiGateway;
  readonly #events: EventStream;
  readonly #frames: FrameStream;

  constructor(gateway: ApiGateway, events: EventStream) {
    this.#gateway = gateway;
    this.#events = events;
    this.#frames = new FrameStream(gateway);
  }

  /** @throws HttpError */
  async handle(call: ApiCall): Promise<void> {
    const methods = this.#methods(call);
    if (!methods) throw new HttpError(404, "there is no such thing here", "see /api/status, /api/sensors, /api/inbox");
    const { method = "GET" } = call.request;
    const handler = methods[method === "HEAD" ? "GET" : method];
    if (!handler) {
      const allowed = Object.keys(methods).join(", ");
      call.response.setHeader("allow", allowed);
      throw new HttpError(405, `${method} does nothing here`, `allowed: ${allowed}`);
    }
    await handler();
  }

  #methods({ request, response, segments }: ApiCall): Readonly<Record<string, Handler>> | undefined {
    const gateway = this.#gateway;
    const [what, ...rest] = segments;
    const [first = "", ...more] = rest;
    if (rest.length === 0) {
      if (what === "status") return { GET: () => sendJson(response, 200, gateway.status()) };
      if (what === "sensors") return { GET: () => sendJson(response, 200, gateway.sensors()) };
      if (what === "inbox") return { GET: () => sendJson(response, 200, gateway.inbox()) };
      if (what === "events") return { GET: () => this.#events.add(response) };
      if (what === "frames") return { GET: () => this.#frames.add(request, response) };
    }
    if (what === "sensors" && first !== "" && more.length === 0)
      return {
        GET: () => sendJson(response, 200, this.#sensor(first)),
        PATCH: () => this.#change(first, request, response),
        DELETE: () => this.#remove(first, response),
      };
    if (what === "inbox" && rest.length > 1 && rest.at(-1) === "adopt")
      // A source has a stroke in it: whoever forgets to encode it is understood all the same.
      return { POST: () => this.#adopt(rest.slice(0, -1).join("/"), request, response) };
    if (what === "inbox" && rest.length > 1 && rest.at(-1) === "ignored") {
      const source = rest.slice(0, -1).join("/");
      return {
        PUT: () => this.#ignore(source, true, response),
        DELETE: () => this.#ignore(source, false, response),
      };
    }
    return undefined;
  }

  #sensor(endpoint: string) {
    const sensor = this.#gateway.sensor(endpoint);
    if (!sensor) throw new HttpError(404, `no sensor is called ${endpoint}`, "see /api/sensors");
    return sensor;
  }

  async #adopt(source: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wish = textsOf(await jsonBody(request), ["definition", "endpoint", "label", "key"]);
    const result = await this.#gateway.adopt(source, wish satisfies AdoptRequest);
    if (!result.ok) throw refusal(result);
    sendJson(response, 201, result.sensor);
  }

  #ignore(source: string, wanted: boolean, response: ServerResponse): void {
    if (!this.#gateway.ignore(source, wanted)) throw new HttpError(404, `nothing is heard from ${source}`);
    sendJson(response, 200, { source, ignored: wanted });
  }

  /** A key is taken, and never given back. */
  async #change(endpoint: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { label, key } = textsOf(await jsonBody(request), ["label", "key"]);
    if (label === undefined && key === undefined)
      throw new HttpError(400, "label or key is missing", 'send {"label": "Freezer 2"}');
    if (key !== undefined) {
      const changed = await this.#gateway.changeKey(endpoint, key);
      if (!changed.ok) throw refusal(changed);
    }
    if (label !== undefined && !this.#gateway.rename(endpoint, label)) this.#sensorCannot(endpoint);
    sendJson(response, 200, this.#gateway.sensor(endpoint) ?? {});
  }

  async #remove(endpoint: string, response: ServerResponse): Promise<void> {
    if (!(await this.#gateway.remove(endpoint))) this.#sensorCannot(endpoint);
    response.writeHead(204).end();
  }

  #sensorCannot(endpoint: string): never {
    this.#sensor(endpoint);
    throw new HttpError(409, "the gateway itself cannot be removed or renamed", "its name stands in the configuration");
  }
}

type Refused = Extract<AdoptResult, { ok: false }>;

function refusal({ why, reason }: Refused): HttpError {
  const status = { unknown: 404, conflict: 409, invalid: 400 }[why];
  return new HttpError(status, reason);
}

/** The texts of a body, with none but these keys. @throws HttpError */
function textsOf<K extends string>(
  body: Readonly<Record<string, unknown>>,
  keys: readonly K[],
): { [key in K]?: string } {
  const texts: { [key in K]?: string } = {};
  const stranger = Object.keys(body).find((key) => !keys.some((known) => known === key));
  if (stranger !== undefined) throw new HttpError(400, `unknown key ${stranger}`, `known: ${keys.join(", ")}`);
  for (const key of keys) {
    const value = body[key];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value.trim() : "";
    if (text === "" || text.length > MAX_LABEL * 2) throw new HttpError(400, `${key} must be a text, and not too long`);
    texts[key] = text;
  }
  return texts;
}
