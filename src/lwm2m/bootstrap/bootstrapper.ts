/** One client and its Bootstrap-Server: performs what the table in `sequence.ts` says, and feeds back what happens. */

import { backoffMs } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Transport } from "../../base/transport.ts";
import {
  type Answer,
  Code,
  CoapError,
  DEFAULT_PARAMETERS,
  exchangeLifetime,
  type IncomingRequest,
  isSuccess,
  maxTransmitSpan,
  type OutgoingRequest,
  type Parameters,
  type Reply,
} from "../../coap/index.ts";
import { DecodeError } from "../../base/bytes.ts";
import { Format } from "../../content/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { cut, idAt, type Path } from "../../model/path.ts";
import type { BootstrapAccount, BootstrapSnapshot, Provision, Version } from "../account.ts";
import type { Provisioned } from "../provisioned.ts";
import { isGatewayOwned } from "../operations/plan.ts";
import { errorText } from "../servers/answers.ts";
import { destination } from "../servers/destination.ts";
import { unusable } from "../servers/schemes.ts";
import type { ObjectTree } from "../tree.ts";
import { deliver, delivery } from "./births.ts";
import { Inconsistent } from "./consistency.ts";
import { Draft, type Surroundings } from "./draft.ts";
import { Line, type LineOwner } from "./line.ts";
import { type Ground, isFinish, operate, unpack } from "./operations.ts";
import { type Effect, type Event, next, type Rules, type State } from "./sequence.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 900_000;
/** Said to be preferred: since 1.1, everybody has it (LwM2M Core 1.2 §7.4.5). */
const PREFERRED = Format.SenmlCbor;
const IDLE: State = { name: "off", attempt: 0 };

export interface BootstrapperOptions {
  readonly endpoint: string;
  readonly tree: ObjectTree;
  readonly models: ObjectRegistry;
  readonly provisioned: Provisioned;
  readonly connect: (account: BootstrapAccount) => Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
  readonly pace?: (work: () => void) => () => void;
  /** Which state it is in is another than before. */
  readonly changed: () => void;
}

export class Bootstrapper implements LineOwner {
  readonly #options: BootstrapperOptions;
  readonly #line: Line;
  #state: State = IDLE;
  #draft: Draft | undefined;
  #timer: Timer | undefined;
  /** Until the account of the Bootstrap-Server is forgotten. */
  #purge: Timer | undefined;
  /** How to withdraw a request that waits for its turn. */
  #withdraw: (() => void) | undefined;
  /** Counts requests, so that an answer that comes after its time is known. */
  #turn = 0;
  #lastError: string | undefined;
  #nextAttemptAt: number | undefined;
  #finishedAt: number | undefined;
  #stopped = false;

  constructor(options: BootstrapperOptions) {
    this.#options = options;
    this.#line = new Line(this, options);
    this.#schedulePurge();
  }

  /** Lets the server begin by itself, where its account says so. */
  listen(): void {
    if (this.#account?.listen) this.#feed({ type: "listen" });
  }

  /** Begins to be provisioned; `urgent`: at once, because somebody has said so. */
  want(urgent: boolean): void {
    if (!this.#stopped && this.#account) this.#feed({ type: "wanted", urgent });
  }

  /** A server has taken us. */
  recovered(): void {
    if (this.#state.attempt > 0 || this.#state.name !== "off") this.#feed({ type: "recovered" });
  }

  /** Gives up whatever goes on; nothing of it holds. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#feed({ type: "stop" });
    this.#timer?.cancel();
    this.#purge?.cancel();
    await this.#line.close();
  }

  get snapshot(): BootstrapSnapshot {
    const { name } = this.#state;
    const server = this.#account?.uri;
    return {
      state: STATES[name],
      ...(server !== undefined && { server }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#nextAttemptAt !== undefined && { nextAttemptAt: this.#nextAttemptAt }),
      ...(this.#finishedAt !== undefined && { finishedAt: this.#finishedAt }),
    };
  }

  connect(): Transport {
    const account = this.#account;
    if (account === undefined) throw new Error("no Bootstrap-Server");
    const reason = unusable(account);
    if (reason !== undefined) throw new Error(reason);
    return this.#options.connect(account);
  }

  /** Nobody but the Bootstrap-Server is at the other end; and even it may do nothing outside of its session. */
  handle(request: IncomingRequest): Reply {
    this.#feed({ type: "request" });
    const draft = this.#draft;
    if (this.#state.name !== "provisioning" || draft === undefined) return { code: Code.Unauthorized };
    try {
      return isFinish(request) ? this.#finish(draft) : operate(draft, request, this.#ground());
    } catch (error) {
      const { endpoint, log } = this.#options;
      log.error("request-failed", { endpoint, path: `/${request.path.join("/")}`, error });
      return { code: Code.InternalServerError };
    }
  }

  get #account(): BootstrapAccount | undefined {
    return this.#options.provisioned.bootstrap;
  }

  get #version(): Version {
    return this.#account?.version ?? "1.1";
  }

  #feed(event: Event): void {
    const before = this.#state;
    const [state, ...effects] = next(before, event, this.#rules());
    this.#state = state;
    if (state.name !== before.name) this.#nextAttemptAt = undefined;
    if (event.type === "timer" && before.name === "provisioning" && !before.refused)
      this.#failed("the Bootstrap-Server fell silent before Finish");
    for (const effect of effects) this.#perform(effect);
    if (state.name !== before.name) this.#options.changed();
  }

  #perform(effect: Effect): void {
    const { clock, provisioned } = this.#options;
    switch (effect.do) {
      case "open":
        this.#line
          .open()
          .catch((error: unknown) => this.#failed(error instanceof Error ? error.message : String(error)));
        return;
      case "close":
        this.#withdraw?.();
        this.#turn += 1;
        void this.#line.close();
        return;
      case "begin":
        this.#draft = new Draft(provisioned.provision, this.#surroundings());
        return;
      case "roll-back":
        this.#draft = undefined;
        return;
      case "set-timer":
        this.#timer?.cancel();
        this.#timer = clock.after(effect.ms, () => this.#feed({ type: "timer" }));
        if (this.#state.name === "waiting" || this.#state.name === "holding")
          this.#nextAttemptAt = clock.now().ms + effect.ms;
        return;
      case "ask-pack":
        this.#inTurn(() => this.#askPack());
        return;
      case "ask":
        this.#inTurn(() => this.#ask(effect.pct));
    }
  }

  /** Thousands may want the same server at the same time. */
  #inTurn(work: () => Promise<void>): void {
    const { pace } = this.#options;
    this.#withdraw?.();
    this.#withdraw = undefined;
    if (pace === undefined) void work();
    else this.#withdraw = pace(() => void work());
  }

  /** LwM2M Transport 1.2 §6.4.2: `POST /bs?ep=&pct=`. */
  async #ask(pct: boolean): Promise<void> {
    const { path, query } = destination(this.#account?.uri ?? "", "bs");
    const about = [...query, `ep=${this.#options.endpoint}`, ...(pct ? [`pct=${PREFERRED}`] : [])];
    const answer = await this.#request({ code: Code.POST, path, query: about });
    if (answer?.status === "answered") {
      const { code } = answer.response;
      this.#feed(isSuccess(code) ? { type: "accepted" } : { type: "refused", code });
    } else if (answer) this.#feed({ type: "no-answer" });
  }

  /** LwM2M Core 1.2 §6.1.7.7: `GET /bspack?ep=`. */
  async #askPack(): Promise<void> {
    const { path, query } = destination(this.#account?.uri ?? "", "bspack");
    const about = [...query, `ep=${this.#options.endpoint}`];
    const answer = await this.#request({ code: Code.GET, path, query: about, accept: PREFERRED });
    if (answer?.status !== "answered") {
      if (answer) this.#feed({ type: "no-answer" });
      return;
    }
    const { code, format, payload } = answer.response;
    if (!isSuccess(code)) this.#feed({ type: "refused", code });
    else this.#feed({ type: this.#unpack(format, payload) ? "packed" : "pack-refused" });
  }

  /** Undefined if another request has taken its place, or nobody waits for the answer any more. */
  async #request(request: OutgoingRequest): Promise<Answer | undefined> {
    const { clock } = this.#options;
    const turn = ++this.#turn;
    const asked = clock.monotonic();
    const answer = await this.#line.request(request);
    if (turn !== this.#turn) return undefined;
    const error = errorText(answer, clock.monotonic() - asked);
    if (error !== undefined) this.#failed(error);
    return answer;
  }

  #unpack(format: number | undefined, payload: Uint8Array): boolean {
    const draft = new Draft(this.#options.provisioned.provision, this.#surroundings());
    try {
      unpack(draft, format, payload, this.#ground());
      this.#commit(draft, draft.provision());
      return true;
    } catch (error) {
      if (!(error instanceof Inconsistent || error instanceof DecodeError || error instanceof CoapError)) throw error;
      this.#failed(`Bootstrap-Pack: ${error.message}`);
      return false;
    }
  }

  /** §6.1.6: what cannot be lived with is refused, and the server may mend it; until it does, all is as it was. */
  #finish(draft: Draft): Reply {
    try {
      this.#commit(draft, draft.provision());
    } catch (error) {
      if (!(error instanceof Inconsistent)) throw error;
      this.#failed(error.message);
      this.#feed({ type: "finish-refused" });
      return { code: Code.NotAcceptable, diagnostic: error.message };
    }
    this.#feed({ type: "finished" });
    return { code: Code.Changed };
  }

  #commit(draft: Draft, provision: Provision): void {
    const { endpoint, tree, provisioned, clock, log } = this.#options;
    const at = clock.now();
    const brought = delivery(draft, this.#options);
    this.#draft = undefined;
    deliver(brought, tree, clock);
    this.#lastError = undefined;
    this.#finishedAt = at.ms;
    log.info("bootstrapped", { endpoint, servers: provision.accounts.map(({ uri }) => uri) });
    provisioned.replace(dated(provision, at.ms));
    this.#schedulePurge();
  }

  /** /0/x/12 (§6.1.3.3): from then on only a person can give this client another server. */
  #schedulePurge(): void {
    const { clock, endpoint, log, provisioned } = this.#options;
    this.#purge?.cancel();
    const { purgeAt } = this.#account ?? {};
    if (purgeAt === undefined) return;
    this.#purge = clock.after(Math.max(0, purgeAt - clock.now().ms), () => {
      const { accounts, access } = provisioned.provision;
      log.info("bootstrap-account-purged", { endpoint });
      this.#feed({ type: "stop" });
      provisioned.replace({ accounts, ...(access && { access }) });
    });
  }

  /** Said once until it is another trouble or none: a server that is away is asked again and again. */
  #failed(error: string): void {
    if (error === this.#lastError) return;
    this.#lastError = error;
    const { endpoint, log } = this.#options;
    if (!this.#stopped) log.warn("bootstrap-failed", { endpoint, server: this.#account?.uri, error });
  }

  #ground(): Ground {
    const { models, tree } = this.#options;
    return { models, version: this.#version, takes: (path) => takes(tree, path) };
  }

  #surroundings(): Surroundings {
    const { tree, provisioned } = this.#options;
    const isRemovable = (instance: Path) => {
      const deletion = tree.deletion(idAt(instance, 0) ?? 0);
      return deletion !== undefined && deletion.handler === undefined;
    };
    return { instances: () => tree.instances(), isRemovable, alert: (id) => provisioned.alert(id) };
  }

  #rules(): Rules {
    const { random, parameters } = this.#options;
    const { holdOff = 0, listen = false } = this.#account ?? {};
    const all = { ...DEFAULT_PARAMETERS, ...parameters };
    return {
      holdOffMs: holdOff * 1_000,
      pack: this.#version === "1.2",
      pct: this.#version !== "1.0",
      listen,
      stallMs: exchangeLifetime(all),
      lingerMs: maxTransmitSpan(all),
      backoffMs: (attempt) => backoffMs(attempt, { first: FIRST_RETRY_MS, max: LONGEST_RETRY_MS, random }),
    };
  }
}

const STATES: Readonly<Record<State["name"], BootstrapSnapshot["state"]>> = {
  off: "off",
  leaving: "off",
  holding: "waiting",
  waiting: "waiting",
  "asking-pack": "asking",
  asking: "asking",
  provisioning: "provisioning",
};

/** What is kept here anyway, or belongs to an Instance that a server may create; no device is made to obey. */
function takes(tree: ObjectTree, path: Path): boolean {
  const writer = tree.writer(path);
  if (writer !== undefined) return writer === "tree";
  const object = idAt(path, 0) ?? 0;
  const [creation, deletion] = [tree.creation(object), tree.deletion(object)];
  const isPlain = creation !== undefined && creation.handler === undefined;
  // One that servers may take away and create anew, they may as well be given another content.
  if (tree.hasInstance(cut(path, 2)))
    return isGatewayOwned(path) || (isPlain && deletion !== undefined && deletion.handler === undefined);
  return isPlain;
}

/** The account of the Bootstrap-Server with the time at which it ends, so that a restart does not make it longer. */
function dated(provision: Provision, now: number): Provision {
  const { bootstrap } = provision;
  if (!bootstrap?.accountTimeout) return provision;
  return { ...provision, bootstrap: { ...bootstrap, purgeAt: now + bootstrap.accountTimeout * 1_000 } };
}
