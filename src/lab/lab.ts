/** The lab server whole: registrations come in by CoAP, people and tests look and ask by HTTP or by method. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingMessage as CoapRequest, OutgoingMessage } from "coap";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { Asking } from "./asking.ts";
import { BootstrapServer } from "./bootstrap/server.ts";
import type { Client, LabClient, LabEvent, LabValues } from "./client.ts";
import { LabHttp } from "./http/http.ts";
import { Operations } from "./operations.ts";
import { byNumbers } from "./registration.ts";
import { type Farewell, Roster, type RosterAnswer, type RosterOptions } from "./roster.ts";
import { SecureFront, type SecureOptions } from "./secure-front.ts";
import { takeSend } from "./sends.ts";
import { Watcher } from "./watcher.ts";
import { formatOf, type Peer, Wire } from "./wire.ts";

export interface LabOptions {
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** False: nothing is observed unless asked for. */
  readonly watch?: boolean;
  /** The versions of LwM2M that may register; all unless said otherwise. */
  readonly versions?: RosterOptions["versions"];
  /** The segments of a new location; `rd` and the given id unless said otherwise. */
  readonly location?: RosterOptions["location"];
  /** Where the bootstrap server listens, 0 for any free port; on the port of all else unless said otherwise. */
  readonly bootstrapPort?: number;
  /** A port for coaps as well, and what opens it. */
  readonly secure?: SecureOptions;
}

/** Where the lab listens. */
export interface LabPorts {
  readonly port: number;
  /** The same as `port` unless bootstrap has one of its own. */
  readonly bootstrapPort: number;
  /** Of coaps, if there is one. */
  readonly securePort?: number;
}

export class Lab {
  readonly operations: Operations;
  readonly bootstrap: BootstrapServer;
  readonly security: SecureFront;
  readonly #options: LabOptions;
  readonly #wire: Wire;
  readonly #roster: Roster;
  readonly #asking: Asking;
  readonly #watcher: Watcher;
  readonly #http: LabHttp;
  readonly #listeners = new Set<(event: LabEvent) => void>();

  constructor(options: LabOptions) {
    const { clock, log, models } = options;
    this.#options = options;
    this.#wire = new Wire({ clock, log, onRequest: (request, response) => this.#onRequest(request, response) });
    const { versions, location } = options;
    this.#roster = new Roster(clock, (client, reason) => this.#onGone(client, reason), {
      ...(versions && { versions }),
      ...(location && { location }),
    });
    this.#asking = new Asking({
      wire: this.#wire,
      models,
      clock,
      log,
      onValues: (client, values, sent) => this.#onValues(client, values, sent),
      onObservations: (client) => this.#onClient(client),
    });
    this.operations = new Operations(this.#asking);
    this.#watcher = new Watcher(this.operations, clock, log);
    this.bootstrap = new BootstrapServer({
      models,
      clock,
      log,
      wire: this.#wire,
      known: (endpoint) => this.#roster.client(endpoint)?.peer,
      onResult: (result) => this.#tell({ type: "bootstrap", result }),
    });
    this.security = new SecureFront(options.secure);
    this.#http = new LabHttp(this);
  }

  /** Fails if a port is taken. */
  async start(): Promise<LabPorts> {
    const { host = "127.0.0.1", port, bootstrapPort, log } = this.#options;
    const bound = await this.#wire.open(host, port);
    log.info("lab server listens", { uri: `coap://${host}:${bound}` });
    try {
      const second = bootstrapPort === undefined ? bound : await this.bootstrap.open(host, bootstrapPort);
      const securePort = await this.security.open(host, bound);
      const { state } = this.security;
      if (state.status === "open") log.info("lab server listens", { uri: state.uri });
      if (state.status === "missing") log.warn("lab server has no coaps", { reason: state.reason });
      return { port: bound, bootstrapPort: second, ...(securePort !== undefined && { securePort }) };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#roster.stop();
    this.#http.close();
    for (const client of this.#roster.clients()) client.leave();
    await Promise.all([this.#wire.close(), this.bootstrap.close(), this.security.close()]);
  }

  /** In the order of their names. */
  clients(): LabClient[] {
    return [...this.#roster.clients()]
      .map((client) => this.snapshot(client))
      .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  }

  /** How many are registered. */
  get size(): number {
    return this.#roster.size;
  }

  client(endpoint: string): Client | undefined {
    return this.#roster.client(endpoint);
  }

  snapshot(client: Client): LabClient {
    const secured = this.security.who(client.peer);
    return { ...client.snapshot(this.#roster.times()), ...(secured && { secured }) };
  }

  /** Returns how to stop listening. */
  subscribe(listener: (event: LabEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything under `/lab/`. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#http.handle(request, response);
  }

  #onRequest(request: CoapRequest, response: OutgoingMessage): void {
    const [path = ""] = splitOnce(request.url, "?");
    if (this.#options.bootstrapPort === undefined && this.bootstrap.isFor(path)) {
      this.bootstrap.handle(request, response);
      return;
    }
    const answer = path === "/dp" ? this.#onSend(request) : this.#onInterface(request);
    respond(response, answer);
    if ("reason" in answer) {
      this.#options.log.warn("lab refused", { from: request.rsinfo.address, code: answer.code, reason: answer.reason });
      return;
    }
    if ("client" in answer) this.#welcome(answer);
  }

  /** LwM2M Core 1.2 §6.4.6: Send is POST on /dp. */
  #onSend(request: CoapRequest): ReturnType<typeof takeSend> {
    if (request.method !== "POST") return { code: "4.05", reason: "values are posted here" };
    const client = this.#roster.at(peerOf(request));
    client?.heard(this.#roster.times());
    return takeSend(client, { payload: request.payload, ...formatOf(request) }, this.#asking);
  }

  /** LwM2M Core 1.2 §6.2: Register, Update and De-register are POST and DELETE on /rd and on what it gave out. */
  #onInterface(request: CoapRequest): RosterAnswer {
    const { method, payload } = request;
    const [path = "", query = ""] = splitOnce(request.url, "?");
    const id = path.slice(1);
    if (path === "/rd" && method === "POST") return this.#roster.register(peerOf(request), query, payload);
    const isLocation = this.#roster.has(id) || path.startsWith("/rd/");
    if (isLocation && method === "POST") return this.#roster.update(id, peerOf(request), { query, payload });
    if (isLocation && method === "DELETE") return this.#roster.deregister(id);
    if (isLocation || path === "/rd") return { code: "4.05", reason: "only POST and DELETE mean something here" };
    return { code: "4.04", reason: "clients register at /rd" };
  }

  #welcome(answer: Extract<RosterAnswer, { client: Client }>): void {
    this.#onClient(answer.client);
    if (this.#options.watch === false) return;
    // One that sleeps may not have been observed when it registered.
    if (answer.code === "2.01" || answer.instancesChanged || answer.client.queue) this.#watcher.watch(answer.client);
  }

  #onGone(client: Client, reason: Farewell): void {
    this.#tell({ type: "gone", endpoint: client.endpoint, reason });
    this.#options.log.info("client gone", { endpoint: client.endpoint, reason });
  }

  #onClient(client: Client): void {
    if (this.#listeners.size > 0 && !client.gone) this.#tell({ type: "client", client: this.snapshot(client) });
  }

  #onValues(client: Client, values: LabValues, sent?: true): void {
    if (client.gone) return;
    this.#tell({ type: "value", endpoint: client.endpoint, values: sorted(values), ...(sent && { sent }) });
  }

  #tell(event: LabEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function sorted(values: LabValues): LabValues {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => byNumbers(a, b)));
}

/** A registration is answered with its location; a refusal with the reason (RFC 7252 §5.5.2). */
function respond(response: OutgoingMessage, answer: RosterAnswer | ReturnType<typeof takeSend>): void {
  response.code = answer.code;
  if (answer.code === "2.01" && "client" in answer) {
    const segments = answer.client.id.split("/");
    response.setOption(
      "Location-Path",
      segments.map((segment) => Buffer.from(segment)),
    );
  }
  response.end("reason" in answer ? answer.reason : undefined);
}

function peerOf({ rsinfo }: CoapRequest): Peer {
  return { address: rsinfo.address, port: rsinfo.port };
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
