/** The paths of a definition as one tree: where they part, and which of them end where. */

import type { Raw } from "../framing.ts";
import { componentOf, type JsonPath } from "../path.ts";

/** A path with a `*`, where it ends. */
export interface Many {
  /** The place of what it finds among that of all such paths. */
  readonly slot: number;
  /** How far from the root its `*` stands: what is found there belongs to that key. */
  readonly depth: number;
  readonly read: (value: unknown) => Raw;
}

/** A `*`, or `a*`. */
interface Star {
  readonly begins: string;
  readonly step: Step;
}

/** Where a key leads by name and by all stars that it fits, together. */
export interface Known {
  readonly component: string;
  readonly step: Step;
}

/** What a path with a `*` asks for. */
export interface Wanted {
  readonly above: JsonPath;
  /** What stands before the `*`: how the keys begin. */
  readonly begins: string;
  readonly below: JsonPath;
  readonly read: (value: unknown) => Raw;
}

/** A component's name is remembered for as long as its sensor lives: no document may make it long. */
const MAX_COMPONENT = 64;
/** Keys whose way is remembered, at each place with a star: devices use the same ones over and over. */
const MAX_KNOWN = 256;

type Items = readonly (readonly [index: number, step: Step])[];

/** One place in a document. The tree grows until the first document is read by it, and never after. */
export class Step {
  /** The slot of the path that ends here; -1: none does. */
  end = -1;
  readonly manys: Many[] = [];
  readonly below = new Map<string, Step>();
  readonly stars: Star[] = [];
  /** What the items of a list are called: `sensors_1` and so on. */
  listed = "item";
  #items: Items | undefined;
  #known: Map<string, Known> | undefined;
  #numbered: Known[] | undefined;

  #leaf: boolean | undefined;

  /** Nothing is asked of what is inside. */
  get isLeaf(): boolean {
    return (this.#leaf ??= this.below.size === 0 && this.stars.length === 0);
  }

  /** The keys that may as well be items of a list. */
  get items(): Items {
    return (this.#items ??= [...this.below].flatMap(([key, step]) =>
      /^\d{1,4}$/.test(key) ? [[Number(key), step] as const] : [],
    ));
  }

  child(key: string): Step {
    const known = this.below.get(key);
    if (known) return known;
    const made = new Step();
    made.listed = key;
    this.below.set(key, made);
    return made;
  }

  reach(path: JsonPath): Step {
    return path.reduce<Step>((at, key) => at.child(key), this);
  }

  star(begins: string): Step {
    const known = this.stars.find((star) => star.begins === begins);
    if (known) return known.step;
    const step = new Step();
    this.stars.push({ begins, step });
    return step;
  }

  /** Where a key leads, if there are stars here. */
  known(key: string): Known {
    const known = this.#known?.get(key);
    if (known) return known;
    const learned = { component: componentOf(key), step: this.#merged(key, this.below.get(key)) };
    if (key.length > MAX_COMPONENT) return learned;
    if (!this.#known || this.#known.size >= MAX_KNOWN) this.#known = new Map();
    this.#known.set(key, learned);
    return learned;
  }

  /** Where an item of a list leads by the stars here. */
  numbered(index: number): Known {
    const numbered = (this.#numbered ??= []);
    const known = numbered[index];
    if (known) return known;
    const key = `${this.listed}_${index + 1}`;
    return (numbered[index] = { component: componentOf(key), step: this.#merged(key) });
  }

  /** That what stands under a key is gone through once, however many paths go there. */
  #merged(key: string, named?: Step): Step {
    const steps = this.stars.filter(({ begins }) => key.length <= MAX_COMPONENT && key.startsWith(begins));
    return merge([...(named ? [named] : []), ...steps.map(({ step }) => step)]);
  }

  /** Takes over what another place asks. */
  add(other: Step): void {
    if (other.end >= 0) this.end = other.end;
    this.manys.push(...other.manys);
    for (const { begins, step } of other.stars) this.stars.push({ begins, step });
    if (other.stars.length > 0) this.listed = other.listed;
    for (const [key, step] of other.below) {
      const own = this.below.get(key);
      this.below.set(key, own ? merge([own, step]) : step);
    }
  }
}

function merge(steps: readonly Step[]): Step {
  const [first, second] = steps;
  if (first && !second) return first;
  const merged = new Step();
  for (const step of steps) merged.add(step);
  return merged;
}
