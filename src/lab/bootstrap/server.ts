/** The bootstrap server: clients ask at /bs, or are told to, and get what the plan for them says (LwM2M Core 1.2 §6.1.7). */

import type { IncomingMessage, OutgoingMessage } from "coap";
import { BoundedMap } from "../../base/bounded.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { codecOf, Format } from "../../content/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { type Refusal, readBootstrapRequest } from "../registration.ts";
import type { Dialect } from "../values.ts";
import { acceptOf, type Peer, Wire } from "../wire.ts";
import { type BootstrapPlan, packOf, planOf, stepsOf } from "./plan.ts";
import type { BootstrapResult } from "./result.ts";
import { Session } from "./session.ts";

export interface BootstrapOptions {
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Requests leave from here, unless the bootstrap server has a port of its own. */
  readonly wire: Wire;
  /** Where an endpoint is, if it is registered. */
  readonly known: (endpoint: string) => Peer | undefined;
  /** Called when a bootstrap is over. */
  readonly onResult: (result: BootstrapResult) => void;
}

/** The plan for every endpoint that has none of its own. */
export const ANY_ENDPOINT = "*";
const MAX_PLANS = 10_000;
const MAX_SESSIONS = 10_000;
const MAX_RUNNING = 1_000;

export class BootstrapServer {
  readonly #options: BootstrapOptions;
  readonly #dialect: Dialect;
  readonly #plans = new Map<string, BootstrapPlan>();
  readonly #sessions = new BoundedMap<string, Session>(MAX_SESSIONS);
  #own: Wire | undefined;
  #running = 0;

  constructor(options: BootstrapOptions) {
    this.#options = options;
    this.#dialect = { models: options.models, versions: {} };
  }

  /** A port of its own. Fails if it is taken. */
  async open(host: string, port: number): Promise<number> {
    const { clock, log } = this.#options;
    this.#own = new Wire({ clock, log, onRequest: (request, response) => this.handle(request, response) });
    const bound = await this.#own.open(host, port);
    log.info("bootstrap server listens", { uri: `coap://${host}:${bound}` });
    return bound;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) session.end("failed");
    await this.#own?.close();
  }

  /** From now on, for an endpoint or for `*`. @throws RangeError that says what is wrong with it. */
  plan(endpoint: string, plan: BootstrapPlan): void {
    this.planJson(endpoint, plan);
  }

  /** The same, of a plan from outside. */
  planJson(endpoint: string, json: unknown): void {
    const checked = planOf(json, this.#dialect);
    if (this.#plans.size >= MAX_PLANS && !this.#plans.has(endpoint))
      throw new RangeError(`${MAX_PLANS} plans are enough`);
    this.#plans.set(endpoint, checked);
  }

  /** Whether there was a plan. */
  forget(endpoint: string): boolean {
    return this.#plans.delete(endpoint);
  }

  /** The endpoints that have a plan; not what it says, for keys stand in it. */
  get planned(): readonly string[] {
    return [...this.#plans.keys()].sort();
  }

  /** The last bootstrap of each endpoint, in the order of their names. */
  get results(): readonly BootstrapResult[] {
    const results = [...this.#sessions.values()].map(({ result }) => result);
    return results.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  }

  result(endpoint: string): BootstrapResult | undefined {
    return this.#sessions.peek(endpoint)?.result;
  }

  /**
   * Bootstraps a client that did not ask (§6.1.6.4): where it is said to be, else where it registered or was last.
   * @returns how it went, or why it cannot begin.
   */
  async start(endpoint: string, peer?: Peer): Promise<BootstrapResult | { readonly error: string }> {
    const at = peer ?? this.#options.known(endpoint) ?? this.#sessions.peek(endpoint)?.options.peer;
    if (!at) return { error: `nobody knows where ${endpoint} is` };
    const plan = this.#planFor(endpoint);
    if (!plan) return { error: `there is no plan for ${endpoint}` };
    const session = this.#begin({ endpoint, peer: at, initiated: "server" });
    if (!session) return { error: "too many are under way" };
    await this.#run(session, plan);
    return session.result;
  }

  /** Whether a request is its affair; without any plan there is no bootstrap server. */
  isFor(path: string): boolean {
    return this.#plans.size > 0 && (path === "/bs" || path === "/bspack");
  }

  handle(request: IncomingMessage, response: OutgoingMessage): void {
    const answer = this.#answer(request, response);
    response.code = answer.code;
    if ("reason" in answer) {
      const from = request.rsinfo.address;
      this.#options.log.warn("bootstrap refused", { from, code: answer.code, reason: answer.reason });
      response.end(answer.reason);
    } else response.end(answer.payload);
    if ("then" in answer) answer.then();
  }

  #answer(request: IncomingMessage, response: OutgoingMessage): BootstrapAnswer {
    const [path, query = ""] = request.url.split("?", 2);
    if (path !== "/bs" && path !== "/bspack") return { code: "4.04", reason: "clients ask at /bs" };
    if (request.method !== (path === "/bs" ? "POST" : "GET"))
      return { code: "4.05", reason: "POST /bs, or GET /bspack" };
    const asked = readBootstrapRequest(query);
    if ("code" in asked) return asked;
    const plan = this.#planFor(asked.endpoint);
    const peer = { address: request.rsinfo.address, port: request.rsinfo.port };
    if (path === "/bspack") return this.#pack(plan, { endpoint: asked.endpoint, peer, request, response });
    // §6.1.7.1: who is not known here is a bad request.
    if (!plan) return { code: "4.00", reason: "there is no plan for this endpoint" };
    const { preferredFormat } = asked;
    if (preferredFormat !== undefined && !codecOf(preferredFormat)?.structured)
      return { code: "4.15", reason: `Content-Format ${preferredFormat} is not written here` };
    const session = this.#begin({ ...asked, peer, initiated: "client" });
    if (!session) return { code: "5.03", reason: "too many are under way" };
    return { code: "2.04", then: () => void this.#run(session, plan) };
  }

  /** §6.1.7.2: a Bootstrap-Pack-Request is answered with all values at once, or with 4.04 where there is none. */
  #pack(
    plan: BootstrapPlan | undefined,
    from: { endpoint: string; peer: Peer; request: IncomingMessage; response: OutgoingMessage },
  ): BootstrapAnswer {
    const { endpoint, peer, request, response } = from;
    if (!plan?.pack) return { code: "4.04", reason: "there is no pack for this endpoint" };
    const format = acceptOf(request) ?? plan.format ?? Format.SenmlCbor;
    try {
      const payload = Buffer.from(packOf(plan, format, this.#dialect));
      response.setOption("Content-Format", format);
      const session = this.#begin({ endpoint, peer, initiated: "client" });
      return { code: "2.05", payload, then: () => session?.packed("2.05") };
    } catch (error) {
      if (error instanceof RangeError) return { code: "4.06", reason: error.message };
      throw error;
    }
  }

  #planFor(endpoint: string): BootstrapPlan | undefined {
    return this.#plans.get(endpoint) ?? this.#plans.get(ANY_ENDPOINT);
  }

  /** Undefined: too many are under way. */
  #begin(of: Pick<Session["options"], "endpoint" | "peer" | "initiated" | "preferredFormat">): Session | undefined {
    const before = this.#sessions.peek(of.endpoint);
    if (this.#running >= MAX_RUNNING) return undefined;
    before?.end("replaced");
    const { clock } = this.#options;
    const session = new Session({ ...of, clock, dialect: this.#dialect, onEnd: (result) => this.#tell(result) });
    this.#sessions.set(of.endpoint, session);
    this.#running += 1;
    return session;
  }

  async #run(session: Session, plan: BootstrapPlan): Promise<void> {
    const wire = this.#own ?? this.#options.wire;
    const { preferredFormat } = session.options;
    try {
      await session.run(wire, stepsOf(plan, preferredFormat, this.#dialect), plan.carryOn === true);
    } catch (error) {
      this.#options.log.error("bootstrap failed", { endpoint: session.options.endpoint, reason: error });
      session.end("failed");
    }
  }

  #tell(result: BootstrapResult): void {
    const { log, onResult } = this.#options;
    const { endpoint, state, duration } = result;
    this.#running -= 1;
    log.info("bootstrap over", { endpoint, state, duration });
    onResult(result);
  }
}

/** An answer to a client, and what begins when it is on its way. */
type BootstrapAnswer = Refusal | { readonly code: string; readonly payload?: Buffer; readonly then?: () => void };
