/** Who is told what, and when (LwM2M Core 1.1 §6.4; RFC 7641). */

import type { Timer } from "../../base/clock.ts";
import {
  Code,
  type NotifyOptions,
  type Observation,
  type ObservationEnd,
  type Observer,
  type Reply,
} from "../../coap/index.ts";
import type { Codec, Node } from "../../content/index.ts";
import { contains, depth, type Path } from "../../model/path.ts";
import type { ResourceType, ResourceValue } from "../../model/value.ts";
import { type Attributes, isWorthTelling, maximumPeriod, minimumPeriod } from "./conditions.ts";
import { contentReply, contentsOf, measuredAt, type Representation, timed } from "../representation.ts";
import type { View } from "../view.ts";

/** A notification this often is confirmable, so that nobody is told who left long ago (RFC 7641 §4.5). */
const CONFIRM_EVERY_MS = 24 * 3_600_000;

const CONFIRMABLE: NotifyOptions = { confirmable: true };
const NON_CONFIRMABLE: NotifyOptions = { confirmable: false };

/** Told of observations that ended without a word of the server: has it forgotten us? */
export interface LossListener {
  observationLost(why: ObservationEnd, left: number): void;
  /** What was observed is gone, or cannot be written any more; the server has been told. */
  observationFailed(path: Path, reply: Reply): void;
}

/** One observation: what was last sent, and what is due. Accepted by the message layer as its Observer. */
class Watch implements Observer {
  readonly path: Path;
  readonly codec: Codec;
  /** The type of the one value watched; undefined where several are. */
  readonly type: ResourceType | undefined;
  readonly owner: Notifier;
  attributes: Attributes;
  observation: Observation | undefined;
  /** Of a single value: the one last sent. */
  sent: ResourceValue | undefined;
  sentAt: number;
  confirmedAt: number;
  /** A change that counts, held back by the minimum period. */
  held = false;
  timer: Timer | undefined;
  timerAt = Infinity;

  constructor(owner: Notifier, path: Path, { codec, nodes }: Representation, attributes: Attributes) {
    const single = depth(path) >= 3 && nodes.length === 1 && nodes[0]!.path === path ? nodes[0]! : undefined;
    this.owner = owner;
    this.path = path;
    this.codec = codec;
    this.type = single?.type;
    this.sent = single?.value;
    this.attributes = attributes;
    this.sentAt = owner.now();
    this.confirmedAt = this.sentAt;
  }

  started(observation: Observation): void {
    this.observation = observation;
    this.owner.add(this);
  }

  ended(why: ObservationEnd): void {
    this.owner.remove(this, why);
  }
}

export class Notifier {
  readonly #view: View;
  readonly #listener: LossListener;
  /** Allocated with the first observation, as is the listening. */
  #watches: Watch[] | undefined;
  #stopListening: (() => void) | undefined;
  #reachable = false;

  constructor(view: View, listener: LossListener) {
    this.#view = view;
    this.#listener = listener;
  }

  get size(): number {
    return this.#watches?.length ?? 0;
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  now(): number {
    return this.#view.clock.monotonic();
  }

  /** The first answer to Observe: the reference for every condition. */
  observe(path: Path, found: Representation): Reply {
    const reply = contentReply(found.codec, timed(found, this.#view.clock), path);
    if (reply.code !== Code.Content) return reply;
    return { ...reply, observer: new Watch(this, path, found, this.#view.effective(path)) };
  }

  add(watch: Watch): void {
    // Neither `push` nor a spread: both leave room for many more, and most clients have one observation.
    this.#watches = this.#watches === undefined ? [watch] : this.#watches.concat(watch);
    this.#stopListening ??= this.#view.tree.onDifference((paths) => this.changed(paths));
    this.#schedule(watch);
  }

  remove(watch: Watch, why: ObservationEnd): void {
    if (!this.#drop(watch)) return;
    if (why !== "deregistered" && why !== "replaced") this.#listener.observationLost(why, this.size);
  }

  /** Forgets all: the server observes anew after a Register (LwM2M Core 1.1 §6.2.1). */
  clear(): void {
    for (const watch of [...(this.#watches ?? [])]) {
      watch.observation?.forget();
      this.#drop(watch);
    }
  }

  /** The server hears us: what was kept for it may be told. */
  online(): void {
    this.#reachable = true;
  }

  /** Nothing reaches the server for now. */
  offline(): void {
    this.#reachable = false;
  }

  /** Values at these paths are others than before, or are gone. */
  changed(paths: readonly Path[]): void {
    const watches = this.#watches;
    if (watches === undefined) return;
    // Backwards: a notification of an error takes its watch out of the list.
    for (let i = watches.length - 1; i >= 0; i--) {
      const watch = watches[i];
      for (const path of paths) {
        if (!watch) break;
        if (watch.path !== path && !contains(watch.path, path) && !contains(path, watch.path)) continue;
        this.#consider(watch);
        break;
      }
    }
  }

  /** Attributes were written at or above the watched paths. */
  attributesChanged(where: Path): void {
    for (const watch of this.#watches ?? []) {
      if (!contains(where, watch.path)) continue;
      watch.attributes = this.#view.effective(watch.path);
      this.#schedule(watch);
    }
  }

  #consider(watch: Watch): void {
    if (!this.#counts(watch)) {
      // Back where it was when last sent: nothing to tell any more.
      watch.held = false;
      return;
    }
    const pmin = minimumPeriod(watch.attributes);
    if (pmin === 0 || this.now() >= watch.sentAt + pmin) {
      this.#send(watch);
      return;
    }
    if (watch.held) return;
    watch.held = true;
    this.#schedule(watch);
  }

  #counts(watch: Watch): boolean {
    if (watch.type === undefined || watch.sent === undefined) return true;
    const entry = this.#view.tree.get(watch.path);
    return entry === undefined || isWorthTelling(entry.value, watch.sent, watch.attributes);
  }

  #send(watch: Watch): void {
    const now = this.now();
    const reply = this.#reply(watch);
    const failed = reply.code !== Code.Content;
    const confirmable = failed || now - watch.confirmedAt >= CONFIRM_EVERY_MS;
    watch.sentAt = now;
    watch.held = false;
    if (confirmable) watch.confirmedAt = now;
    if (failed) {
      this.#drop(watch);
      this.#listener.observationFailed(watch.path, reply);
    } else this.#schedule(watch);
    watch.observation?.notify(reply, confirmable ? CONFIRMABLE : NON_CONFIRMABLE);
  }

  #reply(watch: Watch): Reply {
    const entry = watch.type === undefined ? undefined : this.#view.tree.get(watch.path);
    if (entry === undefined || watch.type === undefined) return this.#several(watch);
    // The way that nearly all notifications take.
    const { path, type } = watch;
    const { value, at } = entry;
    watch.sent = value;
    const time = measuredAt(at, this.#view.clock.now());
    const node: Node = time === undefined ? { path, type, value } : { path, type, value, time };
    return contentReply(watch.codec, [node], path);
  }

  #several({ path, codec }: Watch): Reply {
    const contents = contentsOf(this.#view, path);
    if (contents.nodes.length === 0 && (depth(path) >= 3 || !this.#view.has(path))) return { code: Code.NotFound };
    return contentReply(codec, timed({ ...contents, codec }, this.#view.clock), path);
  }

  /** At most one timer: for the end of the minimum period if something is held, else for that of the maximum. */
  #schedule(watch: Watch): void {
    const wait = watch.held ? minimumPeriod(watch.attributes) : maximumPeriod(watch.attributes);
    const due = wait === undefined ? Infinity : watch.sentAt + wait;
    // A timer that comes too early asks again: cheaper than setting it anew with every notification.
    if (watch.timer !== undefined && watch.timerAt <= due && due !== Infinity) return;
    watch.timer?.cancel();
    watch.timer = undefined;
    watch.timerAt = due;
    if (due !== Infinity) watch.timer = this.#view.clock.after(due - this.now(), () => this.#due(watch));
  }

  #due(watch: Watch): void {
    watch.timer = undefined;
    watch.timerAt = Infinity;
    const wait = watch.held ? minimumPeriod(watch.attributes) : maximumPeriod(watch.attributes);
    if (wait !== undefined && this.now() >= watch.sentAt + wait) this.#send(watch);
    else this.#schedule(watch);
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
}
