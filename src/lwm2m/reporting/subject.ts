/** One observed path of an observation of several values, and what was last told of it. */

import { contains, depth, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { View } from "../view.ts";
import { type Attributes, isWorthTelling, VALUE_CONDITIONS } from "./conditions.ts";

export class Subject {
  readonly path: Path;
  attributes: Attributes;
  /** A change here counts, and waits for its minimum period. */
  held = false;
  /** Values last told, where attributes compare with them; without such attributes every difference counts. */
  #sent: Map<Path, ResourceValue> | undefined;

  constructor(path: Path, attributes: Attributes) {
    this.path = path;
    this.attributes = attributes;
  }

  isTouchedBy(changed: readonly Path[]): boolean {
    return changed.some((path) => contains(this.path, path) || contains(path, this.path));
  }

  /** gt, lt, st and edge of a multiple Resource hold for each of its Instances (LwM2M Core 1.2 §5.1.1, rule 3). */
  get #compares(): boolean {
    return depth(this.path) >= 3 && VALUE_CONDITIONS.some((name) => this.attributes[name] !== undefined);
  }

  /** Attributes came or went: what stands there now is the reference for them. */
  renew(attributes: Attributes, view: View): void {
    this.attributes = attributes;
    if (!this.#compares) this.#sent = undefined;
    else if (this.#sent === undefined) this.told(view);
  }

  told(view: View): void {
    this.held = false;
    this.#sent = this.#compares
      ? new Map(view.entries(this.path).map(([path, { value }]) => [path, value] as const))
      : undefined;
  }

  counts(view: View): boolean {
    const sent = this.#sent;
    if (sent === undefined) return true;
    const entries = view.entries(this.path);
    let counts = entries.length !== sent.size;
    for (const [path, { value }] of entries) {
      const before = sent.get(path);
      if (before === undefined || isWorthTelling(value, before, this.attributes)) counts = true;
      else if (this.attributes.edge !== undefined) sent.set(path, value);
    }
    return counts;
  }
}
