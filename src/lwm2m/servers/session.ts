/** One client at one server: performs what the table in `registration.ts` says, and feeds the answers back. */

import { backoffMs } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Transport } from "../../base/transport.ts";
import {
  type Answer,
  Code,
  codeText,
  DEFAULT_PARAMETERS,
  type IncomingRequest,
  maxTransmitWait,
  type ObservationEnd,
  type OutgoingRequest,
  type Parameters,
  type Reply,
} from "../../coap/index.ts";
import { Format } from "../../content/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { contains, type Path, ROOT } from "../../model/path.ts";
import type { Account, RegistrationSnapshot } from "../account.ts";
import { errorText, eventOf } from "./answers.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { supplyDevice } from "../device-object.ts";
import { registerLinks } from "./links.ts";
import { type LossListener, Notifier, type ReportingOptions } from "../reporting/notifier.ts";
import { type Effect, type Event, type Location, next, refreshMs, type State, type Times } from "./registration.ts";
import { route } from "../router.ts";
import { type Provisioned, SERVER_OBJECT } from "../provisioned.ts";
import { type ServerActions, ServerObject } from "./server-object.ts";
import type { ObjectTree } from "../tree.ts";
import { instanceOf, type UsualAttributes, View } from "../view.ts";

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** Changes closer together than this are told in one Update. */
const SETTLE_MS = 500;
/** Resets of notifications after which the server has probably lost its memory rather than its interest. */
const MANY_RESETS = 3;
const STOP_LIMIT_MS = 5_000;
/** Stands among response codes for none at all. */
const SILENCE = 0;
const IDLE: State = { name: "idle", version: "1.1" };
const NOBODY: readonly never[] = [];
const encoder = new TextEncoder();

export interface SessionOptions extends ReportingOptions {
  readonly tree: ObjectTree;
  readonly provisioned: Provisioned;
  /** Which of the accounts this is about. */
  readonly shortServerId: number;
  readonly models: ObjectRegistry;
  /** A transport to the server, not yet open. Called again if one broke. */
  connect(account: Account): Transport;
  /**
   * The periods and the step that hold at a path where the server has said nothing, by attributes or in its own Object.
   * Not shown in Discover: nobody has attached them.
   */
  readonly defaults?: UsualAttributes;
  readonly clock: Clock;
  readonly random: Random;
  readonly parameters?: Partial<Parameters>;
}

/** What the server has been told, to tell it no more than what is new. */
interface Told {
  readonly lifetime: number;
  readonly instances: readonly Path[];
}

export class Session implements ServerActions, ConnectionOwner, LossListener {
  readonly #options: SessionOptions;
  readonly #view: View;
  readonly #notifier: Notifier;
  readonly #connection: Connection;
  #state: State = IDLE;
  #told: Told | undefined;
  #timer: Timer | undefined;
  /** Counts requests, so that an answer that comes after its time is known. */
  #turn = 0;
  #underWay = 0;
  #onQuiet: (() => void) | undefined;
  #resets = 0;
  #since: number | undefined;
  #lastError: string | undefined;
  /** The code of the refusal that was logged last, or SILENCE. */
  #warnedOf: number | undefined;
  #lastAnswerAt: number | undefined;
  #nextAttemptAt: number | undefined;
  #stopListening: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  #onRegistration: readonly ((snapshot: RegistrationSnapshot) => void)[] = NOBODY;

  constructor(options: SessionOptions) {
    const { tree, provisioned, shortServerId, models, clock, defaults } = options;
    this.#options = options;
    const server = new ServerObject(provisioned, shortServerId, this);
    this.#view = new View({ tree, server, models, clock, defaults });
    this.#notifier = new Notifier(this.#view, this, options);
    this.#connection = new Connection(this, options);
  }

  /** Registers, and stays registered until `stop`. */
  start(): void {
    if (this.#stopListening || this.#stopped) return;
    const { tree, clock } = this.#options;
    supplyDevice(tree, clock.now());
    this.#stopListening = tree.onInstances(() => this.#instancesChanged());
    this.#feed({ type: "start" });
  }

  /** De-registers, and waits for the answer no longer than `limitMs`. Never rejects; safe to call twice. */
  stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    this.#stopped ??= this.#stop(limitMs);
    return this.#stopped;
  }

  get registration(): RegistrationSnapshot {
    const state = this.#state;
    const { uri, lifetime, shortServerId } = this.#view.server.account;
    return {
      state: state.name === "idle" ? "off" : state.name,
      server: uri,
      shortServerId,
      lifetime,
      observations: this.#notifier.size,
      ...("location" in state && { location: `/${state.location.join("/")}` }),
      ...(this.#since !== undefined && { since: this.#since }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#nextAttemptAt !== undefined && { nextAttemptAt: this.#nextAttemptAt }),
      ...(this.#lastAnswerAt !== undefined && { lastAnswerAt: this.#lastAnswerAt }),
    };
  }

  /** Called whenever the state of the registration changes. Returns how to stop listening. */
  onRegistration(listener: (snapshot: RegistrationSnapshot) => void): () => void {
    this.#onRegistration = this.#onRegistration.concat(listener);
    return () => (this.#onRegistration = this.#onRegistration.filter((other) => other !== listener));
  }

  /** What this server observes, and what is sent to it. */
  get notifier(): Notifier {
    return this.#notifier;
  }

  request(request: OutgoingRequest): Promise<Answer> {
    return this.#connection.request(request);
  }

  knows(instance: Path): boolean {
    return contains(SERVER_OBJECT, instance) || this.#told?.instances.includes(instance) === true;
  }

  connect(): Transport {
    return this.#options.connect(this.#view.server.account);
  }

  updateNow(): void {
    this.#feed({ type: "update-now" });
  }

  disable(seconds: number): void {
    this.#feed({ type: "disable", ms: seconds * 1_000 });
  }

  /** Requests are answered in every state: some servers ask before the answer to Register has arrived. */
  handle(request: IncomingRequest): Reply | Promise<Reply> {
    try {
      const reply = route(this.#view, this.#notifier, request);
      return reply instanceof Promise ? reply.catch((error: unknown) => this.#fault(request, error)) : reply;
    } catch (error) {
      return this.#fault(request, error);
    }
  }

  #fault(request: IncomingRequest, error: unknown): Reply {
    const { endpoint, log } = this.#options;
    log.error("request-failed", { endpoint, path: `/${request.path.join("/")}`, error });
    return { code: Code.InternalServerError };
  }

  #feed(event: Event): void {
    const before = this.#state;
    const [state, ...effects] = next(before, event, this.#times());
    this.#state = state;
    if (state.name !== before.name) this.#entered(state);
    for (const effect of effects) this.#perform(effect);
    if (state.name !== before.name) {
      const snapshot = this.registration;
      for (const listener of this.#onRegistration) listener(snapshot);
    }
    // What changed while the server was being told has not been told.
    if (state.name === "registered" && before.name !== "registered" && !this.#isTold()) this.#feed({ type: "changed" });
  }

  #entered(state: State): void {
    const { endpoint, log, clock } = this.#options;
    this.#nextAttemptAt = undefined;
    if (state.name === "registered") {
      this.#notifier.online();
      this.#resets = 0;
      this.#lastError = undefined;
      this.#warnedOf = undefined;
      if (this.#since === undefined) log.info("registered", { endpoint, location: state.location.join("/") });
      this.#since ??= clock.now().ms;
    } else if (state.name !== "updating") {
      this.#notifier.offline();
      this.#since = undefined;
    }
  }

  #perform(effect: Effect): void {
    this.#timer?.cancel();
    switch (effect.do) {
      case "set-timer":
        this.#timer = this.#options.clock.after(effect.ms, () => this.#feed({ type: "timer" }));
        if (this.#state.name === "waiting") this.#nextAttemptAt = this.#options.clock.now().ms + effect.ms;
        return;
      case "register":
        void this.#register(effect);
        return;
      case "update":
        void this.#update(effect.location);
        return;
      case "deregister":
        void this.#ask({ code: Code.DELETE, path: effect.location });
        return;
    }
  }

  async #register({ version, renew }: Effect & { do: "register" }): Promise<void> {
    const { lifetime } = this.#view.server.account;
    this.#view.version = version;
    // The server drops them with the old registration, and may set up new ones before its answer arrives.
    this.#notifier.clear();
    this.#connection.forgetObservations();
    const told: Told = { lifetime, instances: this.#options.tree.instances() };
    const request: OutgoingRequest = {
      code: Code.POST,
      path: ["rd"],
      query: [`ep=${this.#options.endpoint}`, `lt=${lifetime}`, `lwm2m=${version}`, "b=U"],
      format: Format.LinkFormat,
      payload: encoder.encode(registerLinks(this.#view)),
    };
    await this.#ask(request, { renew, told });
  }

  /** Says what is new, which mostly is nothing but that we are still here (LwM2M Core 1.1 §6.2.2). */
  async #update(location: Location): Promise<void> {
    const { lifetime } = this.#view.server.account;
    const told: Told = { lifetime, instances: this.#options.tree.instances() };
    const relist = this.#told !== undefined && !sameInstances(this.#told.instances, told.instances);
    const request: OutgoingRequest = {
      code: Code.POST,
      path: location,
      ...(lifetime !== this.#told?.lifetime && { query: [`lt=${lifetime}`] }),
      ...(relist && { format: Format.LinkFormat, payload: encoder.encode(registerLinks(this.#view)) }),
    };
    await this.#ask(request, { told });
  }

  /** One request of the registration interface, from its sending to what the table makes of its answer. */
  async #ask(request: OutgoingRequest, { renew, told }: { renew?: boolean; told?: Told } = {}): Promise<void> {
    const { clock } = this.#options;
    const turn = ++this.#turn;
    const asked = clock.monotonic();
    this.#underWay += 1;
    const answer = await this.#connection.request(request, renew);
    const error = errorText(answer, clock.monotonic() - asked);
    this.#answered(answer, turn, { told, error });
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onQuiet?.();
  }

  #answered(
    answer: Answer,
    turn: number,
    { told, error }: { told: Told | undefined; error: string | undefined },
  ): void {
    if (answer.status === "answered") this.#lastAnswerAt = this.#options.clock.now().ms;
    const event = eventOf(answer);
    // The answer to an Update that a Disable or a stop has overtaken says nothing any more.
    if (turn !== this.#turn) return;
    if (told !== undefined && event.type === "accepted") this.#told = told;
    if (error !== undefined) this.#failed(error, event);
    this.#feed(event);
  }

  /** Said once until it is another trouble or none: a server that is away is asked again and again. */
  #failed(error: string, event: Event): void {
    this.#lastError = error;
    const trouble = event.type === "refused" ? event.code : SILENCE;
    if (trouble === this.#warnedOf || this.#state.name === "idle") return;
    this.#warnedOf = trouble;
    const { endpoint, log } = this.#options;
    log.warn("registration-failed", { endpoint, server: this.#view.server.account.uri, error });
  }

  async #stop(limitMs: number): Promise<void> {
    this.#stopListening?.();
    this.#feed({ type: "stop" });
    this.#timer?.cancel();
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.after(limitMs, resolve);
        this.#onQuiet = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#notifier.close();
    await this.#connection.close();
  }

  #instancesChanged(): void {
    this.#view.attributes.prune((path) => this.#view.has(path) || this.#view.has(instanceOf(path)));
    this.#feed({ type: "changed" });
  }

  /** Object 1 is not what it was. */
  accountChanged(touched: readonly Path[]): void {
    this.#notifier.attributesChanged(ROOT);
    this.#notifier.changed(touched);
    if (!this.#isTold()) this.#feed({ type: "changed" });
  }

  /** Nobody listens where we were heard before: an Update finds out whether we are still known. */
  observationLost(why: ObservationEnd, left: number): void {
    if (why === "reset") this.#resets += 1;
    if (why !== "reset" || left === 0 || this.#resets >= MANY_RESETS) {
      this.#resets = 0;
      this.updateNow();
    }
  }

  observationFailed(path: Path, { code, diagnostic }: Reply): void {
    const { endpoint, log } = this.#options;
    log.info("observation-ended", { endpoint, path, code: codeText(code), reason: diagnostic });
  }

  #isTold(): boolean {
    const told = this.#told;
    return (
      told !== undefined &&
      told.lifetime === this.#view.server.account.lifetime &&
      sameInstances(told.instances, this.#options.tree.instances())
    );
  }

  #times(): Times {
    const { random } = this.#options;
    const { lifetime, version = "1.1" } = this.#view.server.account;
    return {
      refreshMs: () => refreshMs(lifetime, this.#transmitWaitMs(), random.unit()),
      settleMs: SETTLE_MS,
      backoffMs: (attempt) => backoffMs(attempt, { first: FIRST_RETRY_MS, max: LONGEST_RETRY_MS, random }),
      version,
    };
  }

  #transmitWaitMs(): number {
    return maxTransmitWait({ ...DEFAULT_PARAMETERS, ...this.#options.parameters });
  }
}

/** Lists are replaced when they change, so that most comparisons end at once. */
function sameInstances(a: readonly Path[], b: readonly Path[]): boolean {
  return a === b || (a.length === b.length && a.every((path, i) => path === b[i]));
}
