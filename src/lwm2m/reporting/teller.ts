/** Now, later or not at all: what periods and conditions make of a change (LwM2M Core 1.2 §5.1.2, §6.4.2). */

import type { Clock } from "../../base/clock.ts";
import { Code, type Reply } from "../../coap/index.ts";
import type { Path } from "../../model/path.ts";
import type { Watch } from "./watch.ts";

/** How long the last value stands before it is confirmed, unless said otherwise. */
export const QUIET_MS = 30_000;

export interface TellerOwner {
  readonly reachable: boolean;
  readonly watches: readonly Watch[];
  keep(watch: Watch): void;
  end(watch: Watch, reply: Reply): void;
}

/** One for all observations of a server, made with the first of them. */
export class Teller {
  readonly #owner: TellerOwner;
  readonly #clock: Clock;
  readonly #quietMs: number;

  constructor(owner: TellerOwner, clock: Clock, quietMs = QUIET_MS) {
    this.#owner = owner;
    this.#clock = clock;
    this.#quietMs = quietMs;
  }

  /** What is watched differs from before. */
  consider(watch: Watch, paths: readonly Path[]): void {
    const now = this.#clock.monotonic();
    if (watch.evaluateMs > 0) {
      if (now < watch.evaluatedAt + watch.evaluateMs) {
        watch.pending = true;
        this.schedule(watch);
        return;
      }
      watch.evaluatedAt = now;
    }
    this.#evaluate(watch, paths, now);
  }

  #evaluate(watch: Watch, paths: readonly Path[] | undefined, now: number): void {
    watch.pending = false;
    if (!watch.evaluate(paths)) {
      // Back where it was when last sent: nothing to tell any more.
      watch.held = false;
    } else if (watch.minimumMs === 0 || now >= watch.sentAt + watch.minimumMs) {
      watch.expectQuiet(now, this.#quietMs, watch.confirms);
      this.tell(watch, now, false);
    } else {
      watch.held = true;
      this.schedule(watch);
    }
  }

  /** Says what is there now, or keeps it where nobody hears it. `confirm`: and asks for an acknowledgement. */
  tell(watch: Watch, now: number, confirm: boolean): void {
    const { observation } = watch;
    if (!this.#owner.reachable || observation === undefined) {
      this.#owner.keep(watch);
      watch.sentAt = now;
      watch.held = false;
      this.schedule(watch);
      return;
    }
    const reply = watch.reply();
    if (reply.code !== Code.Content) {
      this.#owner.end(watch, reply);
      return;
    }
    const confirmable = confirm || watch.wantsConfirmation(now);
    watch.sentAt = now;
    watch.held = false;
    watch.missed = false;
    watch.live = true;
    if (confirmable) {
      watch.confirmedAt = now;
      watch.quietMs = Infinity;
    }
    this.schedule(watch);
    observation.notify(reply, watch.options(confirmable));
  }

  /** At most one timer. One that comes too early asks again: cheaper than setting it anew with every notification. */
  schedule(watch: Watch): void {
    const { due } = watch;
    if (due === Infinity || (watch.timer !== undefined && watch.timerAt <= due)) return;
    watch.timer?.cancel();
    watch.timerAt = due;
    watch.timer = this.#clock.after(due - this.#clock.monotonic(), () => this.#due(watch));
  }

  #due(watch: Watch): void {
    watch.timer = undefined;
    watch.timerAt = Infinity;
    const now = this.#clock.monotonic();
    if (watch.pending && now >= watch.evaluatedAt + watch.evaluateMs) {
      watch.evaluatedAt = now;
      this.#evaluate(watch, undefined, now);
    }
    if (watch.held && now >= watch.sentAt + watch.minimumMs) {
      watch.expectQuiet(now, this.#quietMs, watch.confirms);
      this.tell(watch, now, false);
    } else if (!watch.held && now >= watch.sentAt + watch.maximumMs) this.tell(watch, now, false);
    else if (!watch.held && now >= watch.sentAt + watch.quietMs) {
      watch.quietMs = Infinity;
      if (this.#owner.reachable) this.tell(watch, now, true);
    }
    if (this.#owner.watches.includes(watch)) this.schedule(watch);
  }
}
