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
import { QUIET_MS, Teller, type TellerOwner } from "./teller.ts";
import type { Watch, WatchOwner } from "./watch.ts";

export type { LossListener, ReportingOptions } from "./offline.ts";

/** Confirmable notifications that meet silence while Updates are answered: nobody wants them. */
const MAX_FAILURES = 3;

export class Notifier implements WatchOwner, TellerOwner {
  readonly view: View;
  readonly #listener: LossListener;
  readonly #options: ReportingOptions;
  /** Allocated with the first observation, as is the listening. */
  #watches: Watch[] | undefined;
  #stopListening: (() => void) | undefined;
  #teller: Teller | undefined;
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
    for (const before of this.watches.filter(
      ({ observation, key }) => observation === undefined && key === watch.key,
    )) {
      // Taken up again: what was kept of it meanwhile can be told now.
      watch.kept ||= before.kept;
      watch.keptMs = Math.max(watch.keptMs, before.keptMs);
      this.#drop(before);
    }
    // Neither `push` nor a spread: both leave room for many more, and most clients have one observation.
    this.#watches = this.#watches === undefined ? [watch] : this.#watches.concat(watch);
    this.#stopListening ??= this.view.tree.onDifference((paths) => this.changed(paths));
    this.#telling.schedule(watch);
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
      if (watch?.concerns(paths) === true) this.#telling.consider(watch, paths);
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
        this.end(watch, { code: Code.Unauthorized });
        continue;
      }
      watch.renew();
      this.#telling.schedule(watch);
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
    if (watch.observation !== undefined) this.#telling.tell(watch, this.view.clock.monotonic(), true);
  }

  settled(watch: Watch, fate: NotificationFate): void {
    if (fate === "acknowledged") watch.failures = 0;
    if (watch.observation === undefined || (fate !== "timeout" && fate !== "unreachable" && fate !== "cancelled"))
      return;
    watch.missed = true;
    if (fate === "cancelled") {
      // No room for it: once more, later.
      watch.quietMs = Math.max(QUIET_MS, watch.minimumMs);
      this.#telling.schedule(watch);
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

  keep(watch: Watch): void {
    this.#past.keep(watch);
  }

  /** Observations that nobody has taken up again. */
  dropUnobserved(): void {
    for (const watch of [...this.watches]) if (watch.observation === undefined) this.#drop(watch);
  }

  get #past(): Offline {
    return (this.#offline ??= new Offline(this, this.#listener, this.#options));
  }

  get #telling(): Teller {
    return (this.#teller ??= new Teller(this, this.view.clock, this.#options.quietMs));
  }

  /** An error is the last that the server hears of an observation (RFC 7641 §4.2). */
  end(watch: Watch, reply: Reply): void {
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
