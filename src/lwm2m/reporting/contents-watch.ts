/** An observation of several values: below one path, or at the several paths of an Observe-Composite. */

import { Code, type Reply } from "../../coap/index.ts";
import type { Codec, Node } from "../../content/index.ts";
import { depth, type Path, ROOT } from "../../model/path.ts";
import type { ResourceUpdate } from "../../model/value.ts";
import { contentReply, type Contents, contentsOf, timed } from "../representation.ts";
import type { View } from "../view.ts";
import { keyOf } from "./backlog.ts";
import {
  type Attributes,
  heeded,
  maximumPeriod,
  minimumPeriod,
  NO_ATTRIBUTES,
  VALUE_CONDITIONS,
} from "./conditions.ts";
import { readable } from "./past.ts";
import { Subject } from "./subject.ts";
import { Watch, type WatchOwner } from "./watch.ts";

export class ContentsWatch extends Watch {
  readonly base: Path;
  readonly paths: readonly Path[];
  readonly #subjects: readonly Subject[];
  readonly #composite: boolean;

  constructor(owner: WatchOwner, codec: Codec, own: Attributes | undefined, where: Path | readonly Path[]) {
    super(owner, codec, own);
    this.#composite = typeof where !== "string";
    this.paths = typeof where === "string" ? [where] : where;
    this.base = typeof where === "string" ? where : ROOT;
    this.#subjects = this.paths.map((path) => new Subject(path, NO_ATTRIBUTES));
    this.renew();
    this.told();
  }

  get key(): string {
    return keyOf(this.paths);
  }

  concerns(changed: readonly Path[]): boolean {
    return this.#subjects.some((subject) => subject.isTouchedBy(changed));
  }

  renew(): void {
    const { view } = this.owner;
    this.maximumMs = Infinity;
    this.hqmax = undefined;
    this.spoken = false;
    this.confirms = false;
    let evaluateMs = Infinity;
    for (const subject of this.#subjects) {
      const attributes = heeded(this.#attributesOf(subject.path));
      subject.renew(attributes, view);
      this.maximumMs = Math.min(this.maximumMs, maximumPeriod(attributes) ?? Infinity);
      evaluateMs = Math.min(evaluateMs, (attributes.epmin ?? 0) * 1_000);
      if (attributes.hqmax !== undefined) this.hqmax = Math.max(this.hqmax ?? 0, attributes.hqmax);
      // LwM2M Core 1.2 §5.1.2, con: one of the parts is enough.
      this.spoken ||= attributes.con !== undefined;
      this.confirms ||= attributes.con === 1 || (this.own === undefined && view.attributes.confirms(subject.path));
    }
    this.evaluateMs = evaluateMs === Infinity ? 0 : evaluateMs;
    if (!this.spoken) this.confirms ||= view.server.account.confirmNotifications === true;
    this.#holdShortest();
  }

  evaluate(changed: readonly Path[] | undefined): boolean {
    const { view } = this.owner;
    let any = false;
    for (const subject of this.#subjects) {
      if (changed === undefined || subject.isTouchedBy(changed)) subject.held = subject.counts(view);
      any ||= subject.held;
    }
    this.#holdShortest();
    return any;
  }

  told(): void {
    for (const subject of this.#subjects) subject.told(this.owner.view);
  }

  reply(): Reply {
    const { view } = this.owner;
    const contents = this.#composite ? compositeContents(view, this.paths) : contentsOf(view, this.base);
    const isThere = depth(this.base) >= 3 ? view.tree.isVacant(this.base) : view.has(this.base);
    if (!this.#composite && contents.nodes.length === 0 && !isThere) return { code: Code.NotFound };
    this.told();
    return contentReply(this.codec, timed({ ...contents, codec: this.codec }, view.clock), this.base);
  }

  fresh(): readonly ResourceUpdate[] {
    const { view, keptMs } = { view: this.owner.view, keptMs: this.keptMs };
    const fresh: ResourceUpdate[] = [];
    for (const update of this.paths.flatMap((path) => readable(view, path))) {
      if (update.at.ms <= keptMs) continue;
      this.keptMs = Math.max(this.keptMs, update.at.ms);
      fresh.push(update);
    }
    return fresh;
  }

  /** Of a composite, each path keeps its conditions for values, whatever Observe said of the periods (Core 1.2 §6.4.4). */
  #attributesOf(path: Path): Attributes {
    const { view } = this.owner;
    if (this.own === undefined || !this.#composite) return view.effective(path, this.own);
    const kept = Object.entries(view.attributes.effective(path)).filter(([name]) =>
      VALUE_CONDITIONS.some((condition) => condition === name),
    );
    return view.effective(path, { ...Object.fromEntries(kept), ...this.own });
  }

  /** The first whose minimum period ends takes all the others along: one notification tells all. */
  #holdShortest(): void {
    let minimum = Infinity;
    for (const { held, attributes } of this.#subjects)
      if (held || this.#subjects.length === 1) minimum = Math.min(minimum, minimumPeriod(attributes));
    this.minimumMs = minimum === Infinity ? 0 : minimum;
  }
}

/** All that is there of several paths, each value once; what is missing is left out (LwM2M Core 1.1 §6.3.7). */
export function compositeContents(view: View, paths: readonly Path[]): Contents {
  const nodes = new Map<Path, Node>();
  let newest: Contents["newest"];
  for (const path of paths) {
    const contents = contentsOf(view, path);
    for (const node of contents.nodes) nodes.set(node.path, node);
    if (contents.newest !== undefined && (newest === undefined || contents.newest.ms > newest.ms))
      newest = contents.newest;
  }
  return { nodes: [...nodes.values()], newest };
}
