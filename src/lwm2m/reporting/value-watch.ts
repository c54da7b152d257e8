/** An observation of one value, which is what nearly all observations are: the way that has to be short. */

import { Code, type Reply } from "../../coap/index.ts";
import type { Codec, Node } from "../../content/index.ts";
import { contains, type Path } from "../../model/path.ts";
import type { ResourceType, ResourceUpdate, ResourceValue } from "../../model/value.ts";
import { contentReply, contentsOf, measuredAt, timed } from "../representation.ts";
import { type Attributes, heeded, isWorthTelling, maximumPeriod, minimumPeriod } from "./conditions.ts";
import { Watch, type WatchOwner } from "./watch.ts";

export class ValueWatch extends Watch {
  readonly base: Path;
  readonly #type: ResourceType;
  #attributes: Attributes = {};
  /** What the conditions compare with: the value last told. */
  #sent: ResourceValue;

  constructor(owner: WatchOwner, codec: Codec, own: Attributes | undefined, { path, type, value }: Node) {
    super(owner, codec, own);
    this.base = path;
    this.#type = type;
    this.#sent = value;
    this.renew();
  }

  get key(): string {
    return this.base;
  }

  get paths(): readonly Path[] {
    return [this.base];
  }

  concerns(changed: readonly Path[]): boolean {
    for (const path of changed)
      if (path === this.base || contains(path, this.base) || contains(this.base, path)) return true;
    return false;
  }

  renew(): void {
    const { view } = this.owner;
    const attributes = heeded(view.effective(this.base, this.own));
    this.#attributes = attributes;
    this.minimumMs = minimumPeriod(attributes);
    this.maximumMs = maximumPeriod(attributes) ?? Infinity;
    this.evaluateMs = (attributes.epmin ?? 0) * 1_000;
    this.hqmax = attributes.hqmax;
    this.spoken = attributes.con !== undefined;
    this.confirms = this.spoken ? attributes.con === 1 : view.server.account.confirmNotifications === true;
  }

  evaluate(): boolean {
    const entry = this.owner.view.tree.get(this.base);
    if (entry === undefined || isWorthTelling(entry.value, this.#sent, this.#attributes)) return true;
    // An edge counts from the value before it, which need not have been told (LwM2M Core 1.2 §5.1.2, edge).
    if (this.#attributes.edge !== undefined) this.#sent = entry.value;
    return false;
  }

  told(): void {
    const entry = this.owner.view.tree.get(this.base);
    if (entry !== undefined) this.#sent = entry.value;
  }

  reply(): Reply {
    const { view } = this.owner;
    const path = this.base;
    const entry = view.tree.get(path);
    if (entry === undefined) {
      // It may have become several values, which are told as such; or it is gone.
      const contents = contentsOf(view, path);
      if (contents.nodes.length === 0) return { code: Code.NotFound };
      return contentReply(this.codec, timed({ ...contents, codec: this.codec }, view.clock), path);
    }
    const type = this.#type;
    const { value, at } = entry;
    this.#sent = value;
    const time = this.codec.timed ? measuredAt(at, view.clock.now()) : undefined;
    const node: Node = time === undefined ? { path, type, value } : { path, type, value, time };
    return contentReply(this.codec, [node], path);
  }

  fresh(): readonly ResourceUpdate[] {
    const entry = this.owner.view.tree.get(this.base);
    if (entry === undefined || entry.at.ms <= this.keptMs) return [];
    this.keptMs = entry.at.ms;
    return [{ path: this.base, value: entry.value, at: entry.at }];
  }
}
