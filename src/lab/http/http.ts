/**
 * The lab's HTTP API: look at clients, ask them things, provision them, and listen. All under `/lab/`, all JSON.
 *
 *     GET    clients                                all that are registered
 *     GET    clients/{endpoint}                     one of them
 *     GET    clients/{endpoint}/{path}[?format=]    Read
 *     GET    clients/{endpoint}/{path}?discover[=2] Discover, with a depth
 *     PUT    clients/{endpoint}/{path}[?format=]    Write: {"value": 1} for one Resource, {"values": {"5700": 1}} for several,
 *                                                   which replace all others
 *     POST   clients/{endpoint}/3303/0              Write of some Resources: {"values": {"5700": 1, "11": {"0": 7}}}
 *     POST   clients/{endpoint}/3303[?instance=1]   Create: {"values": {"5700": 1}}
 *     POST   clients/{endpoint}/3303/0/5605         Execute: the body is the arguments
 *     DELETE clients/{endpoint}/3303/0              Delete, of an Instance or a Resource Instance
 *     PUT    clients/{endpoint}/{path}/attributes   Write-Attributes: {"pmin": 5, "gt": null}
 *     POST   clients/{endpoint}/{path}/observe      Observe; attributes may stand in the query: ?pmin=5&con=1
 *     DELETE clients/{endpoint}/{path}/observe      Cancel
 *     GET    clients/{endpoint}/composite?paths=/3/0,/3303/0/5700[&format=]           Read-Composite,
 *                                                   its paths in 110 or 112, or as &pathsFormat= says (320, 322)
 *     PUT    clients/{endpoint}/composite[?format=] Write-Composite: {"values": {"/3303/0/5750": "a", "/1/0": {"1": 60}}}
 *     POST   clients/{endpoint}/composite/observe?paths=…   Observe-Composite
 *     DELETE clients/{endpoint}/composite/observe?paths=…   Cancel-Composite
 *     GET    bootstrap                              endpoints with a plan, and how each bootstrap went
 *     GET    bootstrap/{endpoint}                   how that of one endpoint went
 *     PUT    bootstrap[/{endpoint}]                 a plan, for all or for one: see bootstrap/plan.ts
 *     DELETE bootstrap[/{endpoint}]                 forgets it
 *     POST   bootstrap/{endpoint}/start             begins without being asked; {"address": "127.0.0.1:5683"} if unknown
 *     GET    security                               whether and where coaps listens, and for which identities
 *     PUT    keys/{identity}                        lets a client in by coaps: {"key": "000102…0f"}, hexadecimal digits
 *     DELETE keys/{identity}                        forgets its key
 *     GET    events                                 server-sent: client, gone, value, bootstrap
 *
 * What a client answers is the status: 4.04 is 404; no answer is 504.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { BootstrapServer } from "../bootstrap/server.ts";
import type { Client, LabClient, LabEvent } from "../client.ts";
import type { Operations } from "../operations.ts";
import type { LabSecurity } from "../secure-front.ts";
import { tablePage } from "../table-page.ts";
import { orderBootstrap } from "./bootstrap-orders.ts";
import { orderClient } from "./client-orders.ts";
import { type KeyDoor, orderKeys } from "./key-orders.ts";
import { HttpError, orderOf, reply, send } from "./messages.ts";

/** What of the lab people may reach. */
export interface LabDoor {
  readonly operations: Operations;
  readonly bootstrap: BootstrapServer;
  readonly security: KeyDoor;
  clients(): LabClient[];
  client(endpoint: string): Client | undefined;
  snapshot(client: Client): LabClient;
  subscribe(listener: (event: LabEvent) => void): () => void;
}

const MAX_LISTENERS = 32;
/** A listener that lets this much pile up is not reading: it may come back and look anew. */
const MAX_PILED_UP = 1_048_576;

export class LabHttp {
  readonly #lab: LabDoor;
  readonly #listening = new Set<ServerResponse>();

  constructor(lab: LabDoor) {
    this.#lab = lab;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#route(request, response).catch((error: unknown) => {
      const status = error instanceof HttpError ? error.status : 500;
      send(response, status, { error: error instanceof Error ? error.message : "failed" });
    });
  }

  /** Ends what listens. */
  close(): void {
    for (const response of this.#listening) response.end();
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const order = await orderOf(request);
    const [what, endpoint] = order.segments;
    const { length } = order.segments;
    if (what === "bootstrap") {
      send(response, 200, await orderBootstrap(this.#lab.bootstrap, order));
      return;
    }
    if (what === "security" || what === "keys") {
      send(response, 200, orderKeys(this.#lab.security, order));
      return;
    }
    if (what === "clients" && endpoint !== undefined && length > 2) {
      reply(response, await orderClient(this.#lab.operations, this.#client(endpoint), order));
      return;
    }
    if (order.method !== "GET") throw new HttpError(405, "only a path of a client can be changed");
    if (what === "events" && length === 1) this.#listen(response);
    else if (what === "clients" && endpoint === undefined) send(response, 200, this.#lab.clients());
    else if (what === "clients" && endpoint) send(response, 200, this.#lab.snapshot(this.#client(endpoint)));
    else if (!what && length <= 1) sendPage(response, this.#lab.security.state);
    else throw new HttpError(404, "there is /lab/clients, /lab/bootstrap, /lab/security and /lab/events");
  }

  #client(endpoint: string): Client {
    const client = this.#lab.client(endpoint);
    if (!client) throw new HttpError(404, `${endpoint} is not registered`);
    return client;
  }

  #listen(response: ServerResponse): void {
    if (this.#listening.size >= MAX_LISTENERS) throw new HttpError(503, `${MAX_LISTENERS} listen already`);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 2000\n\n");
    const stop = this.#lab.subscribe((event) => {
      if (response.writableLength > MAX_PILED_UP) response.destroy();
      else response.write(`event: ${event.type}\ndata: ${JSON.stringify(dataOf(event))}\n\n`);
    });
    this.#listening.add(response);
    response.on("close", () => {
      stop();
      this.#listening.delete(response);
    });
  }
}

function dataOf(event: LabEvent): unknown {
  if (event.type === "client") return event.client;
  if (event.type === "bootstrap") return event.result;
  return { ...event, type: undefined };
}

function sendPage(response: ServerResponse, security: LabSecurity): void {
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'self'",
  });
  response.end(tablePage(security));
}
