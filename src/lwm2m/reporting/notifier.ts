/** Who is told what, and when: all observations of one server (LwM2M Core 1.2 §6.4; RFC 7641). */

import { Code, type NotificationFate, type ObservationEnd, type Reply } from "../../coap/index.ts";
import type { Codec } from "../../content/index.ts";
import { contains, depth, type Path, ROOT } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import { Right } from "../access.ts";
import type { Representation } from "../representation.ts";
import { instanceOf, type View } from "../view.ts";
import { begin, beginComposite } from "./begin.ts";
import { type Interest, interestOf, NO_INTEREST } from "./interest.ts";
import { type LossListener, Offline, type ReportingOptions } from "./offline.ts";
import type { SendOptions, SendOutcome } from "./send.ts";
import type { Watch, WatchOwner } from "./watch.ts";

export type { LossListener, ReportingOptions } from "./offline.ts";

/** How long the last value stands before it is confirmed, unless said otherwise. */
const QUIET_MS = 30_000;
/** Confirmable notifications that meet silence while Updates are answered: nobody wants them. */
const MAX_FAILURES = 3;

export class Notifier implements WatchOwner {
  readonly view: View;
  readonly #listener: LossListener;
  readonly #options: ReportingOptions;
  /** Allocated with the first observation, as is the listening. */
  #watches: Watch[] | undefined;
  #stopListening: (() => void) | undefined;
  #offline: Offline | undefined;
  #reachable = false;
  /** Told of paths that are followed more closely than before, or less. */
  onInterest: ((path: Path) => void) | undefined;

  constructor(view: View, listener: LossListener, options: ReportingOptions) {
    this.view = view;
    this.#listener = listener;
    this.#options = options;
    const saved = options.attributes?.load(view.server.account.shortServerId);
    if (saved !== undefined) view.attributes.restore(saved);
  }

  /** Observations that the server has with us. */
  get size(): number {
    let count = 0;
    for (const { observation } of this.#watches ?? []) if (observation !== undefined) count += 1;
    return count;
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  get watches(): readonly Watch[] {
    return this.#watches ?? [];
  }

  /** The first answer to Observe: the reference for every condition. `query`: attributes for this observation alone. */
  observe(path: Path, found: Representation, query: readonly string[] = []): Reply {
    return begin(this, path, found, query);
  }

  /** The first answer to Observe-Composite: all paths in each notification (LwM2M Core 1.2 §6.4.4). */
  observeComposite(paths: readonly Path[], codec: Codec, query: readonly string[] = []): Reply {
    return beginComposite(this, paths, codec, query);
  }

  add(watch: Watch): void {
    const before = this.#watches?.find(({ observation, key }) => observation === undefined && key === watch.key);
    if (before !== undefined) {
      // Taken up again: what was kept of it meanwhile can be told now.
      watch.kept = before.kept;
      watch.keptMs = before.keptMs;
      this.#drop(before);
    }
    // Neither `push` nor a spread: both leave room for many more, and most clients have one observation.
    this.#watches = this.#watches === undefined ? [watch] : this.#watches.concat(watch);
    this.#stopListening ??= this.view.tree.onDifference((paths) => this.changed(paths));
    this.#schedule(watch);
    this.#offline?.observed();
    this.#tellInterest(watch);
  }

  remove(watch: Watch, why: ObservationEnd): void {
    // The connection is gone, not the wish: what it would have told is kept until the server wishes anew.
    const keeps = why === "closed" && this.#past.keeps(watch);
    if (!keeps && !this.#drop(watch)) return;
    this.#tellInterest(watch);
    if (why !== "deregistered" && why !== "replaced") this.#listener.observationLost(why, this.size);
  }

  /** A new Register ends all observations: the server observes anew (LwM2M Core 1.1 §6.2.1). */
  clear(): void {
    for (const watch of [...this.watches]) {
      watch.observation?.forget();
      watch.observation = undefined;
      if (!this.#past.keeps(watch)) this.#drop(watch);
      this.#tellInterest(watch);
    }
  }

  /** Forgets everything, for good. */
  close(): void {
    this.#reachable = false;
    for (const watch of [...this.watches]) {
      watch.observation?.forget();
      this.#drop(watch);
    }
    this.#offline?.close();
    this.#offline = undefined;
  }

  /** The server hears us: what was kept for it is told, and where nothing is kept, what is newest. */
  online(): void {
    const back = !this.#reachable;
    this.#reachable = true;
    if (!back && this.#offline === undefined) return;
    this.#offline?.online(back);
    if (back)
      for (const watch of [...this.watches])
        if (watch.missed && !(watch.kept && watch.codec.timed)) this.announce(watch);
  }

  /** Nothing reaches the server for now. */
  offline(): void {
    this.#reachable = false;
    this.#offline?.offline();
  }

  /** Values at these paths are others than before, or are gone. */
  changed(paths: readonly Path[]): void {
    const watches = this.#watches;
    if (watches === undefined) return;
    // Backwards: a notification of an error takes its watch out of the list.
    for (let i = watches.length - 1; i >= 0; i--) {
      const watch = watches[i];
      if (watch?.concerns(paths) === true) this.#consider(watch, paths);
    }
  }

  /** Attributes were written at or above the watched paths; or, at the root, Objects 1 or 2 are others. */
  attributesChanged(where: Path): void {
    const { attributes } = this.#options;
    if (where !== ROOT) attributes?.save(this.view.server.account.shortServerId, this.view.attributes.saved());
    for (const watch of this.watches) {
      // Below what is watched only con matters; renewing is cheap.
      if (!watch.paths.some((path) => contains(where, path) || contains(path, where))) continue;
      if (!this.#isPermitted(watch)) {
        this.#end(watch, { code: Code.Unauthorized });
        continue;
      }
      watch.renew();
      this.#schedule(watch);
      this.#tellInterest(watch);
    }
  }

  interest(path: Path): Interest {
    return this.#watches === undefined ? NO_INTEREST : interestOf(this.#watches, path);
  }

  send(what: readonly Path[] | readonly ResourceUpdate[], options: SendOptions = {}): Promise<SendOutcome> {
    return this.#past.send(what, options);
  }

  /** Says what is newest, and asks for an acknowledgement. */
  announce(watch: Watch): void {
    if (watch.observation !== undefined) this.#tell(watch, this.#now(), true);
  }

  settled(watch: Watch, fate: NotificationFate): void {
    if (fate === "acknowledged") watch.failures = 0;
    if (watch.observation === undefined || (fate !== "timeout" && fate !== "unreachable" && fate !== "cancelled"))
      return;
    watch.missed = true;
    if (fate === "cancelled") {
      // No room for it: once more, later.
      watch.quietMs = Math.max(QUIET_MS, watch.minimumMs);
      this.#schedule(watch);
      return;
    }
    if (fate === "timeout") watch.failures += 1;
    if (watch.failures >= MAX_FAILURES) {
      watch.observation.forget();
      this.remove(watch, "timeout");
      return;
    }
    this.#past.keep(watch);
    this.silent();
  }

  /** What left lately has met silence: an Update finds out whether the server is there, and what is newest comes after it. */
  silent(): void {
    if (!this.#reachable) return;
    this.offline();
    this.#listener.observationLost("timeout", this.size);
  }

  /** Observations that nobody has taken up again. */
  dropUnobserved(): void {
    for (const watch of [...this.watches]) if (watch.observation === undefined) this.#drop(watch);
  }

  get #past(): Offline {
    return (this.#offline ??= new Offline(this, this.#listener, this.#options));
  }

  #now(): number {
    return this.view.clock.monotonic();
  }

  #consider(watch: Watch, paths: readonly Path[]): void {
    const now = this.#now();
    if (watch.evaluateMs > 0) {
      if (now < watch.evaluatedAt + watch.evaluateMs) {
        watch.pending = true;
        this.#schedule(watch);
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
      watch.expectQuiet(now, this.#options.quietMs ?? QUIET_MS, watch.confirms);
      this.#tell(watch, now, false);
    } else {
      watch.held = true;
      this.#schedule(watch);
    }
  }

  #tell(watch: Watch, now: number, confirm: boolean): void {
    const { observation } = watch;
    if (!this.#reachable || observation === undefined) {
      this.#past.keep(watch);
      watch.sentAt = now;
      watch.held = false;
      this.#schedule(watch);
      return;
    }
    const reply = watch.reply();
    if (reply.code !== Code.Content) {
      this.#end(watch, reply);
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
    this.#schedule(watch);
    observation.notify(reply, watch.options(confirmable));
  }

  /** An error is the last that the server hears of an observation (RFC 7641 §4.2). */
  #end(watch: Watch, reply: Reply): void {
    const { observation } = watch;
    this.#drop(watch);
    this.#tellInterest(watch);
    this.#listener.observationFailed(watch.base, reply);
    observation?.notify(reply, watch.options(true));
  }

  /** Rights are looked at anew when they have changed; what is below, and composites, leave out what is forbidden. */
  #isPermitted({ base }: Watch): boolean {
    return depth(base) < 2 || this.view.permits(instanceOf(base), Right.Read);
  }

  /** At most one timer. One that comes too early asks again: cheaper than setting it anew with every notification. */
  #schedule(watch: Watch): void {
    const { due } = watch;
    if (due === Infinity || (watch.timer !== undefined && watch.timerAt <= due)) return;
    watch.timer?.cancel();
    watch.timerAt = due;
    watch.timer = this.view.clock.after(due - this.#now(), () => this.#due(watch));
  }

  #due(watch: Watch): void {
    watch.timer = undefined;
    watch.timerAt = Infinity;
    const now = this.#now();
    if (watch.pending && now >= watch.evaluatedAt + watch.evaluateMs) {
      watch.evaluatedAt = now;
      this.#evaluate(watch, undefined, now);
    }
    if (watch.held && now >= watch.sentAt + watch.minimumMs) {
      watch.expectQuiet(now, this.#options.quietMs ?? QUIET_MS, watch.confirms);
      this.#tell(watch, now, false);
    } else if (!watch.held && now >= watch.sentAt + watch.maximumMs) this.#tell(watch, now, false);
    else if (!watch.held && now >= watch.sentAt + watch.quietMs) {
      watch.quietMs = Infinity;
      if (this.#reachable) this.announce(watch);
    }
    if (this.watches.includes(watch)) this.#schedule(watch);
  }

  #drop(watch: Watch): boolean {
    const index = this.#watches?.indexOf(watch) ?? -1;
    if (index < 0) return false;
    this.#watches?.splice(index, 1);
    watch.timer?.cancel();
    if (this.#watches?.length === 0) {
      this.#stopListening?.();
      this.#stopListening = undefined;
      this.#watches = undefined;
    }
    return true;
  }

  #tellInterest({ paths }: Watch): void {
    if (this.onInterest !== undefined) for (const path of paths) this.onInterest(path);
  }
}
