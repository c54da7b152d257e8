/** What happens to values that cannot be told, and to those that are told unasked: allocated with the first of them. */

import type { Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Pace } from "../../base/pacer.ts";
import type { Answer, ObservationEnd, OutgoingRequest, Reply } from "../../coap/index.ts";
import { codecOf, Format, type Node } from "../../content/index.ts";
import type { Path } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import { namedBy } from "../prefixed.ts";
import type { View } from "../view.ts";
import type { SavedAttributes } from "./attributes.ts";
import { type Backlog, MemoryBacklog } from "./backlog.ts";
import { GIVE_UP_AFTER_MS, History, type HistoryOwner } from "./history.ts";
import { type Posted, type Reach, Sender, type SendOptions, type SendOutcome } from "./send.ts";
import type { Watch } from "./watch.ts";

/** Told of observations that ended without a word of the server: has it forgotten us? And the way to ask it. */
export interface LossListener {
  observationLost(why: ObservationEnd, left: number): void;
  /** What was observed is gone, or cannot be written any more; the server has been told. */
  observationFailed(path: Path, reply: Reply): void;
  /** A request on the way that the registration took. */
  request(request: OutgoingRequest): Promise<Answer>;
  /** Whether the server has been told of this Instance. */
  knows(instance: Path): boolean;
  /** An Update at once, and a Register if that fails. */
  updateNow(): void;
}

/** Where attributes that servers have written are kept through restarts. */
export interface AttributeKeeper {
  load(shortServerId: number): SavedAttributes | undefined;
  save(shortServerId: number, attributes: SavedAttributes): void;
}

export interface ReportingOptions {
  /** The endpoint client name, unique at the server. */
  readonly endpoint: string;
  readonly log: Log;
  /** Lets messages out when their turn comes, where many clients share a way; at once unless given. */
  readonly pace?: Pace;
  /** What a server has missed is kept here; in memory, 256 notifications of it, unless given. */
  readonly backlog?: (shortServerId: number) => Backlog;
  /**
   * Milliseconds that the last value may stand unconfirmed when nothing follows it; then it is sent once more,
   * confirmable. Values of a series are awaited for twice their distance. 30,000 unless said otherwise; 0: never.
   */
  readonly quietMs?: number;
  readonly attributes?: AttributeKeeper;
}

/** The notifier, as seen from here. */
export interface Live {
  readonly view: View;
  readonly reachable: boolean;
  readonly watches: readonly Watch[];
  announce(watch: Watch): void;
  silent(): void;
  dropUnobserved(): void;
}

/** A server that says nothing to an Update for this long cannot be verified. */
const VERIFY_LIMIT_MS = 120_000;
const PAST_FORMAT = Format.SenmlCbor;

export class Offline implements HistoryOwner, Reach {
  readonly #live: Live;
  readonly #listener: LossListener;
  readonly #options: ReportingOptions;
  #history: History | undefined;
  #sender: Sender | undefined;
  #patience: Timer | undefined;
  #waiting: ((verified: boolean) => void)[] | undefined;

  constructor(live: Live, listener: LossListener, options: ReportingOptions) {
    this.#live = live;
    this.#listener = listener;
    this.#options = options;
  }

  get view(): View {
    return this.#live.view;
  }

  get reachable(): boolean {
    return this.#live.reachable;
  }

  get log(): Log {
    return this.#options.log.with({ endpoint: this.#options.endpoint });
  }

  get pace(): ReportingOptions["pace"] {
    return this.#options.pace;
  }

  /** `back`: it did not hear us before. */
  online(back: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve(true);
    if (!back) return;
    this.#history?.online();
    this.#patience?.cancel();
    // Whatever is not observed again by then is not wanted any more.
    if (this.#live.watches.some(({ observation }) => observation === undefined))
      this.#patience = this.view.clock.after(GIVE_UP_AFTER_MS, () => this.#live.dropUnobserved());
  }

  offline(): void {
    this.#patience?.cancel();
    this.#history?.pause();
  }

  observed(): void {
    this.#history?.go();
  }

  close(): void {
    this.offline();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve(false);
  }

  /** Whether what this observation would tell is worth keeping: wanted (/1/x/6), and to be told later somehow. */
  keeps({ codec }: Watch): boolean {
    return this.view.server.account.storing !== false && (codec.timed || this.canSend);
  }

  /** Keeps what is there now, to be told when the server can be reached again; in any case it has missed that. */
  keep(watch: Watch): void {
    watch.missed = true;
    watch.told();
    if (!this.keeps(watch) || watch.hqmax === 0) return;
    const values = watch.fresh();
    if (values.length === 0) return;
    watch.kept = true;
    watch.live = false;
    // Two observations of the same would tell the past twice.
    if (this.#live.watches.some((other) => other !== watch && other.key === watch.key && other.keptMs >= watch.keptMs))
      return;
    this.#past.backlog.add({ of: watch.key, values, since: this.view.clock.monotonic() }, watch.hqmax);
  }

  send(what: readonly Path[] | readonly ResourceUpdate[], options: SendOptions): Promise<SendOutcome> {
    return this.#sending.send(what, options);
  }

  watchOf(key: string): Watch | undefined {
    return this.#live.watches.find((watch) => watch.key === key && watch.observation !== undefined);
  }

  get canSend(): boolean {
    return this.#sending.refusal === undefined;
  }

  post(nodes: readonly Node[]): Promise<Posted> {
    return this.#sending.post(nodes, namedBy(this.view, codecOf(PAST_FORMAT)!));
  }

  /** What is newer and was told before the past is told again after it: servers take what comes last for the newest. */
  drained(): void {
    for (const watch of this.#live.watches) {
      if (!watch.kept) continue;
      watch.kept = false;
      if (watch.live && watch.fresh().length > 0) this.#live.announce(watch);
      else watch.missed = false;
    }
  }

  request(request: OutgoingRequest): Promise<Answer> {
    return this.#listener.request(request);
  }

  knows(instance: Path): boolean {
    return this.#listener.knows(instance);
  }

  silent(): void {
    this.#live.silent();
  }

  verified(): Promise<boolean> {
    return new Promise((resolve) => {
      const limit = this.view.clock.after(VERIFY_LIMIT_MS, () => done(false));
      const done = (verified: boolean) => {
        limit.cancel();
        resolve(verified);
      };
      this.#waiting = [...(this.#waiting ?? []), done];
      this.#listener.updateNow();
    });
  }

  get #past(): History {
    const { shortServerId } = this.view.server.account;
    return (this.#history ??= new History(this.#options.backlog?.(shortServerId) ?? new MemoryBacklog(), this));
  }

  get #sending(): Sender {
    return (this.#sender ??= new Sender(this, (values) =>
      this.#past.backlog.add({ of: undefined, values, since: this.view.clock.monotonic() }),
    ));
  }
}
