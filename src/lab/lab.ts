/** The lab server whole: registrations come in by CoAP, people and tests look and ask by HTTP or by method. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingMessage as CoapRequest, OutgoingMessage } from "coap";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Client, LabClient, LabEvent, LabValues } from "./client.ts";
import { LabHttp } from "./http.ts";
import { Operations } from "./operations.ts";
import { byNumbers } from "./registration.ts";
import { Roster, type RosterAnswer } from "./roster.ts";
import { Watcher } from "./watcher.ts";
import { Wire } from "./wire.ts";

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
}

export class Lab {
  readonly operations: Operations;
  readonly #options: LabOptions;
  readonly #wire: Wire;
  readonly #roster: Roster;
  readonly #watcher: Watcher;
  readonly #http: LabHttp;
  readonly #listeners = new Set<(event: LabEvent) => void>();

  constructor(options: LabOptions) {
    const { clock, log, models } = options;
    this.#options = options;
    this.#wire = new Wire({ clock, log, onRequest: (request, response) => this.#onRequest(request, response) });
    this.#roster = new Roster(clock, (client, reason) => {
      this.#tell({ type: "gone", endpoint: client.endpoint, reason });
      log.info("client gone", { endpoint: client.endpoint, reason });
    });
    this.operations = new Operations({
      wire: this.#wire,
      models,
      clock,
      log,
      onValues: (client, values) => this.#onValues(client, values),
      onObservations: (client) => this.#onClient(client),
    });
    this.#watcher = new Watcher(this.operations, log);
    this.#http = new LabHttp(this);
  }

  /** Fails if the port is taken. */
  async start(): Promise<{ port: number }> {
    const { host = "127.0.0.1", port, log } = this.#options;
    const bound = await this.#wire.open(host, port);
    log.info("lab server listens", { uri: `coap://${host}:${bound}` });
    return { port: bound };
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#roster.stop();
    this.#http.close();
    for (const client of this.#roster.clients()) client.gone = true;
    await this.#wire.close();
  }

  /** In the order of their names. */
  clients(): LabClient[] {
    const now = this.#roster.times();
    return [...this.#roster.clients()]
      .map((client) => client.snapshot(now))
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
    return client.snapshot(this.#roster.times());
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

  /** LwM2M Core 1.2 §6.2: Register, Update and De-register are POST and DELETE on /rd. */
  #onRequest(request: CoapRequest, response: OutgoingMessage): void {
    const answer = this.#answer(request);
    response.code = answer.code;
    if (answer.code === "2.01" && "client" in answer)
      response.setOption("Location-Path", [Buffer.from("rd"), Buffer.from(answer.client.id)]);
    response.end("reason" in answer ? answer.reason : undefined);
    if ("reason" in answer)
      this.#options.log.warn("lab refused", { from: request.rsinfo.address, code: answer.code, reason: answer.reason });
    if (!("client" in answer)) return;
    this.#onClient(answer.client);
    if (this.#options.watch === false || (answer.code === "2.04" && !answer.instancesChanged)) return;
    this.#watcher.watch(answer.client);
  }

  #answer(request: CoapRequest): RosterAnswer {
    const { method, payload, rsinfo } = request;
    const [path = "", query = ""] = splitOnce(request.url, "?");
    const peer = { address: rsinfo.address, port: rsinfo.port };
    const id = /^\/rd\/([^/]+)$/.exec(path)?.[1];
    if (path === "/rd" && method === "POST") return this.#roster.register(peer, query, payload);
    if (id !== undefined && method === "POST") return this.#roster.update(id, peer, { query, payload });
    if (id !== undefined && method === "DELETE") return this.#roster.deregister(id);
    if (path === "/rd" || id !== undefined) return { code: "4.05", reason: "only POST and DELETE mean something here" };
    return { code: "4.04", reason: "clients register at /rd" };
  }

  #onClient(client: Client): void {
    if (this.#listeners.size > 0 && !client.gone) this.#tell({ type: "client", client: this.snapshot(client) });
  }

  #onValues(client: Client, values: LabValues): void {
    if (!client.gone) this.#tell({ type: "value", endpoint: client.endpoint, values: sorted(values) });
  }

  #tell(event: LabEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function sorted(values: LabValues): LabValues {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => byNumbers(a, b)));
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
