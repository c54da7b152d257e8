/** Keeps one client registered at one server: performs what the table in `registration.ts` says, and feeds answers back. */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Pace } from "../../base/pacer.ts";
import type { Random } from "../../base/random.ts";
import {
  type Answer,
  Code,
  DEFAULT_PARAMETERS,
  maxTransmitWait,
  type OutgoingRequest,
  type Parameters,
} from "../../coap/index.ts";
import type { Path } from "../../model/path.ts";
import type { RegistrationSnapshot } from "../account.ts";
import type { View } from "../view.ts";
import { errorText, eventOf } from "./answers.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { knowsOf, register, sameAs, sameTerms, type Told, toTell, update } from "./messages.ts";
import { type Effect, type Event, next, type Outcome, type State, type Times } from "./registration.ts";
import { afterFailure, refreshMs, SETTLE_MS } from "./schedule.ts";
import { isProven, unusable } from "./schemes.ts";

/** What went wrong: a response code, words where nothing could be sent, or 0 for no answer at all. */
type Trouble = number | string;
const SILENCE: Trouble = 0;
const TIMER: Event = { type: "timer" };
/** A line that has held for so long after the Register was a good one. */
const STEADY_MS = 60_000;

export interface RegistrarOptions {
  /** The endpoint client name, unique at the server. */
  readonly endpoint: string;
  /** Where the Objects stand at this client, such as "/lwm2m"; at the root unless given (LwM2M Core 1.2 §6.2.1). */
  readonly rootPath?: string;
  /** Lets Registers and Updates out when their turn comes, where many clients share a way; at once unless given. */
  readonly pace?: Pace;
  /**
   * How long to wait for further Instances to come or go before servers are told of all together, in milliseconds; 500
   * unless given. Infinity: they hear of it with the next Update that comes anyway, or is asked for.
   */
  readonly announceMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
}

export interface RegistrarOwner extends ConnectionOwner {
  /** A Register is about to leave: what was observed counts no more. */
  registering(): void;
  entered(state: State["name"]): void;
  outcome(outcome: Outcome): void;
}

/** What a snapshot owes to the registration. */
type Known = Pick<
  RegistrationSnapshot,
  "state" | "location" | "lastError" | "nextAttemptAt" | "lastAnswerAt" | "asleep" | "security"
>;

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #view: View;
  readonly #owner: RegistrarOwner;
  #connection: Connection;
  /** Over which we still take our leave, when a Disable has ended sooner than that. */
  #left: Connection | undefined;
  #state: State;
  #told: Told | undefined;
  #timer: Timer | undefined;
  /** How to withdraw a Register or Update that waits for its turn. */
  #withdraw: (() => void) | undefined;
  /** Counts requests, so that an answer that comes after its time is known. */
  #turn = 0;
  #underWay = 0;
  #onQuiet: (() => void) | undefined;
  #lastError: string | undefined;
  /** What was logged last. */
  #warnedOf: Trouble | undefined;
  #lastAnswerAt: number | undefined;
  #nextAttemptAt: number | undefined;
  /** Monotonic milliseconds of the last Register, and how many lines in a row have broken soon after theirs. */
  #registerAt = 0;
  #brokenSoon = 0;

  constructor(view: View, owner: RegistrarOwner, options: RegistrarOptions) {
    this.#options = options;
    this.#view = view;
    this.#owner = owner;
    this.#connection = new Connection(owner, options);
    this.#state = { name: "idle", version: this.#times.version };
  }

  get connection(): Connection {
    return this.#connection;
  }

  get known(): Known {
    const state = this.#state;
    const { security } = this.#connection;
    return {
      state: state.name === "idle" ? "off" : state.name,
      ...("location" in state && { location: `/${state.location.join("/")}` }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#nextAttemptAt !== undefined && { nextAttemptAt: this.#nextAttemptAt }),
      ...(this.#lastAnswerAt !== undefined && { lastAnswerAt: this.#lastAnswerAt }),
      ...(this.#connection.asleep && { asleep: true }),
      ...(security && { security }),
    };
  }

  /** Whether the server has been told of an Object Instance. */
  knows(instance: Path): boolean {
    return this.#told !== undefined && knowsOf(this.#told, instance);
  }

  feed(event: Event): void {
    const before = this.#state;
    const [state, ...effects] = next(before, event, this.#times);
    this.#state = state;
    if (state.name !== before.name) this.#entered(state);
    for (const effect of effects) if (effect.do !== "report") this.#perform(effect);
    if (state.name !== before.name) this.#owner.entered(this.#state.name);
    for (const effect of effects) if (effect.do === "report") this.#owner.outcome(effect.outcome);
    // What changed while the server was being told has not been told.
    if (state.name !== "registered" || before.name === "registered") return;
    if (this.#connection.isStale) this.feed({ type: "update-now" });
    else this.changed();
  }

  /** The line is another one now. The first time that is mended at once; a server that hangs up again and again is left alone. */
  lineLost(): void {
    if (this.#state.name === "registered") {
      const isSoon = this.#options.clock.monotonic() - this.#registerAt < STEADY_MS;
      this.#brokenSoon = isSoon ? this.#brokenSoon + 1 : 0;
      if (this.#brokenSoon > 1) {
        this.#failed("the line breaks soon after each Register", "broken");
        this.feed({ type: "lost", failures: this.#brokenSoon - 2 });
        return;
      }
    }
    this.feed({ type: "lost" });
  }

  /** Other keys hold: an Update over a new association shows them, and the registration stays (LwM2M Core 1.2 §6.2.2). */
  rekeyed(): void {
    this.#connection.rekey();
    // Whoever waits may have waited for just that.
    this.feed({ type: this.#state.name === "waiting" ? "enable" : "update-now" });
  }

  /** Tells the server, if what it was told is not so any more. */
  changed(): void {
    const told = this.#told;
    const now = toTell(this.#view);
    if (told === undefined || sameAs(told, now)) return;
    // Queue Mode is no parameter of Update since it is no part of the binding (LwM2M Core 1.1 Table 6.2.2-1).
    if (told.queue !== now.queue && this.#view.version !== "1.0") this.feed({ type: "anew" });
    else if (this.#options.announceMs !== Infinity || !sameTerms(told, now)) this.feed({ type: "changed" });
  }

  /** Neither Register nor Update until it is started again; the server hears nothing of it. */
  pause(): void {
    this.#rest();
    this.feed({ type: "pause" });
  }

  /** As `pause`, with no way left to be asked by. Never rejects. */
  async leave(): Promise<void> {
    this.pause();
    const left = this.#connection;
    this.#left = left;
    this.#connection = new Connection(this.#owner, this.#options);
    this.#turn += 1;
    await left.close();
  }

  /** De-registers, and waits for answers no longer than `limitMs`. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    this.#rest();
    this.feed({ type: "stop" });
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.after(limitMs, resolve);
        this.#onQuiet = () => {
          timer.cancel();
          resolve();
        };
      });
    }
  }

  #entered(state: State): void {
    this.#nextAttemptAt = undefined;
    if (state.name === "updating") return;
    if (state.name === "registered") {
      this.#lastError = undefined;
      this.#warnedOf = undefined;
    }
    if (state.name === "registered" && this.#told?.queue) this.#connection.doze(this.#transmitWaitMs);
    else this.#connection.stayAwake();
  }

  #perform(effect: Exclude<Effect, { do: "report" }>): void {
    this.#rest();
    switch (effect.do) {
      case "set-timer":
        this.#setTimer(effect.ms);
        return;
      case "register":
        this.#inTurn(() => this.#register(effect), false);
        return;
      case "update":
        this.#inTurn(() => this.#update(effect), effect.urgent);
        return;
      case "deregister":
        this.#deregister(effect);
        return;
    }
  }

  #setTimer(ms: number): void {
    const { clock } = this.#options;
    if (ms === Infinity) return;
    this.#timer = clock.after(ms, () => this.feed(TIMER));
    if (this.#state.name === "waiting") this.#nextAttemptAt = clock.now().ms + ms;
  }

  /** Nothing is to come of its own accord. */
  #rest(): void {
    this.#timer?.cancel();
    this.#withdraw?.();
    this.#timer = undefined;
    this.#withdraw = undefined;
  }

  #inTurn(work: () => void, urgent: boolean): void {
    const { pace } = this.#options;
    if (pace === undefined) work();
    else
      this.#withdraw = pace(() => {
        this.#withdraw = undefined;
        work();
      }, urgent);
  }

  #register({ version, renew }: Effect & { do: "register" }): void {
    const { endpoint, rootPath } = this.#options;
    const hopeless = unusable(this.#view.server.account);
    if (hopeless !== undefined) {
      this.#failed(hopeless, hopeless);
      this.feed({ type: "unusable" });
      return;
    }
    // Said behind the new Register, the old farewell could end what that begins: some servers use a location again (E23).
    void this.#left?.close();
    this.#left = undefined;
    this.#view.version = version;
    this.#registerAt = this.#options.clock.monotonic();
    this.#owner.registering();
    this.#connection.forgetObservations();
    const told = toTell(this.#view);
    void this.#ask(register(this.#view, told, endpoint, rootPath), { renew, told });
  }

  #update({ location, renew = false }: Effect & { do: "update" }): void {
    const now = toTell(this.#view);
    const request = update(this.#view, { before: this.#told ?? now, now }, location, this.#options.rootPath);
    void this.#ask(request, { renew, told: now });
  }

  #deregister({ location, leave }: Effect & { do: "deregister" }): void {
    const request: OutgoingRequest = { code: Code.DELETE, path: location };
    // What waits to be told would follow the farewell, to a server that observes nothing any more.
    this.#connection.forgetObservations();
    if (!leave) {
      void this.#ask(request, {});
      return;
    }
    // Disabled: not a word from either side, and no connection to say it over (LwM2M Core 1.2 §E.2, Disable).
    const left = this.#connection;
    this.#left = left;
    this.#connection = new Connection(this.#owner, this.#options);
    this.#turn += 1;
    this.#underWay += 1;
    void left.leave(request).then(() => {
      if (this.#left === left) this.#left = undefined;
      this.#done();
    });
  }

  /** Never rejects. `renew`: over a fresh association. */
  async #ask(request: OutgoingRequest, { renew = false, told }: { renew?: boolean; told?: Told }): Promise<void> {
    const { clock } = this.#options;
    const turn = ++this.#turn;
    const asked = clock.monotonic();
    this.#underWay += 1;
    const answer = await this.#connection.request(request, renew);
    if (answer.status === "answered") this.#lastAnswerAt = clock.now().ms;
    // The answer to an Update that a Disable or a stop has overtaken says nothing any more.
    if (turn === this.#turn) {
      this.#answered(answer, told, clock.monotonic() - asked);
      // The line may have broken right behind the answer, before anybody had heard that.
      if (answer.status === "answered" && !this.#connection.isUp) this.lineLost();
    }
    this.#done();
  }

  #answered(answer: Answer, told: Told | undefined, waitedMs: number): void {
    const event = eventOf(answer);
    if (told !== undefined && event.type === "accepted") this.#told = told;
    const error = errorText(answer, waitedMs);
    if (error !== undefined) this.#failed(error, troubleOf(answer));
    this.feed(event);
  }

  #done(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onQuiet?.();
  }

  /** Said once until it is another trouble or none: a server that is away is asked again and again. */
  #failed(error: string, trouble: Trouble): void {
    // Whatever a De-register comes to, we are gone.
    if (this.#state.name === "idle") return;
    this.#lastError = error;
    if (trouble === this.#warnedOf) return;
    this.#warnedOf = trouble;
    const { endpoint, log } = this.#options;
    log.warn("registration-failed", { endpoint, server: this.#view.server.account.uri, error });
  }

  get #times(): Times {
    const { random, announceMs = SETTLE_MS } = this.#options;
    const { account } = this.#view.server;
    return {
      refreshMs: () => refreshMs(account.lifetime, this.#transmitWaitMs, random.unit()),
      settleMs: Number.isFinite(announceMs) ? announceMs : SETTLE_MS,
      afterFailure: (failures) => afterFailure(account, failures, random),
      version: account.version ?? "1.1",
      initialDelayMs: (account.initialDelay ?? 0) * 1_000,
      proven: isProven(account),
    };
  }

  get #transmitWaitMs(): number {
    return maxTransmitWait({ ...DEFAULT_PARAMETERS, ...this.#options.parameters });
  }
}

function troubleOf(answer: Answer): Trouble {
  if (answer.status === "failed") return answer.reason;
  return answer.status === "answered" ? answer.response.code : SILENCE;
}
