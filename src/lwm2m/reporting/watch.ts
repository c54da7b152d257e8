/** One observation: when it was last told, and when something is due (LwM2M Core 1.2 §6.4, RFC 7641 §4). */

import type { Timer } from "../../base/clock.ts";
import type {
  NotificationFate,
  NotifyOptions,
  Observation,
  ObservationEnd,
  Observer,
  Reply,
} from "../../coap/index.ts";
import type { Codec } from "../../content/index.ts";
import type { Path } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import type { View } from "../view.ts";
import type { Attributes } from "./conditions.ts";

/** A day without an acknowledgement, and the next notification asks for one (RFC 7641 §4.5). */
const CONFIRM_EVERY_MS = 24 * 3_600_000;
/** Values that follow each other within this are a series: the next one is expected, and repairs the loss of the last. */
const SERIES_MS = 15 * 60_000;

export interface WatchOwner {
  readonly view: View;
  add(watch: Watch): void;
  remove(watch: Watch, why: ObservationEnd): void;
  settled(watch: Watch, fate: NotificationFate): void;
}

/** Accepted by the message layer as its Observer. What it watches is up to those that extend it. */
export abstract class Watch implements Observer {
  readonly owner: WatchOwner;
  readonly codec: Codec;
  /** Attributes carried in Observe: they hold here and nowhere else (LwM2M Core 1.2 §6.4.1). */
  readonly own: Attributes | undefined;
  /** Undefined: nobody listens any more, or not yet again; what would be told is kept. */
  observation: Observation | undefined;

  /** In milliseconds: pmin, pmax, epmin, and how long the last value may stand unconfirmed; Infinity: for ever. */
  minimumMs = 0;
  maximumMs = Infinity;
  evaluateMs = 0;
  quietMs = Infinity;
  /** Whether each notification is confirmable; `spoken`: the server has said so itself, or the contrary. */
  confirms = false;
  spoken = false;
  hqmax: number | undefined;

  /** Monotonic milliseconds: of the last notification, the last one that told a change, the last that is confirmed. */
  sentAt: number;
  changedAt: number;
  confirmedAt: number;
  evaluatedAt: number;
  /** A change that counts, held back by the minimum period. */
  held = false;
  /** A change that is not evaluated yet: epmin has not gone by. */
  pending = false;
  /** The server does not have the newest value, as far as we know. */
  missed = false;
  /** Something of this stands in the backlog; `live`: something newer than that has been told since. */
  kept = false;
  live = true;
  /** Milliseconds since 1970 of the newest value that was kept. */
  keptMs = -Infinity;
  /** Confirmable notifications in a row that nobody acknowledged. */
  failures = 0;
  timer: Timer | undefined;
  timerAt = Infinity;
  #settle: ((fate: NotificationFate) => void) | undefined;
  #plain: NotifyOptions | undefined;

  constructor(owner: WatchOwner, codec: Codec, own: Attributes | undefined) {
    this.owner = owner;
    this.codec = codec;
    this.own = own;
    const now = owner.view.clock.monotonic();
    this.sentAt = now;
    this.changedAt = now;
    this.confirmedAt = now;
    this.evaluatedAt = now;
  }

  /** What is watched, the same for two observations of the same. */
  abstract readonly key: string;
  abstract readonly paths: readonly Path[];
  /** Where the representation is rooted. */
  abstract readonly base: Path;
  /** Whether one of `changed` lies at, above or below what is watched. */
  abstract concerns(changed: readonly Path[]): boolean;
  /** The attributes that hold may be others now. */
  abstract renew(): void;
  /** Whether what is watched differs enough from what was told; `changed` undefined: look at all of it. */
  abstract evaluate(changed: readonly Path[] | undefined): boolean;
  /** What is there now has been told, or kept to be told. */
  abstract told(): void;
  /** What is there now, or why it is not. */
  abstract reply(): Reply;
  /** Values that have been measured anew since the last that was kept. */
  abstract fresh(): readonly ResourceUpdate[];

  /**
   * LwM2M Core 1.2 §6.4.1: the server expects observations to be remembered until the next Register. Where CoAP would
   * forget one that met silence (RFC 7641 §4.5), an Update finds out whether the registration is still there.
   */
  get outlivesSilence(): boolean {
    return true;
  }

  started(observation: Observation): void {
    this.observation = observation;
    this.owner.add(this);
  }

  ended(why: ObservationEnd): void {
    this.observation = undefined;
    this.owner.remove(this, why);
  }

  /** When the timer should go off: the end of pmin if something is held, else that of pmax; sooner to evaluate or confirm. */
  get due(): number {
    let due = this.sentAt + (this.held ? this.minimumMs : Math.min(this.maximumMs, this.quietMs));
    if (this.pending) due = Math.min(due, this.evaluatedAt + this.evaluateMs);
    return due;
  }

  wantsConfirmation(now: number): boolean {
    return this.confirms || now - this.confirmedAt >= CONFIRM_EVERY_MS;
  }

  /**
   * The last value before a silence is confirmed once, so that its loss is noticed and repaired. Whatever follows soon
   * anyway does that too: pmax, or the next of a series, which is awaited for twice as long as it took the last time.
   * A server that has said con=0 is left in peace.
   */
  expectQuiet(now: number, quiet: number, confirmed: boolean): void {
    const gap = now - this.changedAt;
    this.changedAt = now;
    if (confirmed || quiet === 0 || (this.spoken && !this.confirms) || this.maximumMs <= SERIES_MS) {
      this.quietMs = Infinity;
    } else {
      this.quietMs = Math.max(quiet, this.minimumMs, gap <= SERIES_MS ? 2 * gap : 0);
    }
  }

  options(confirmable: boolean): NotifyOptions {
    const settled = (this.#settle ??= (fate) => this.owner.settled(this, fate));
    // Nearly all are not confirmable: one object says so each time.
    return confirmable ? { confirmable, settled } : (this.#plain ??= { confirmable, settled });
  }
}
