/** What a Bootstrap-Server has written so far: nothing of it holds before Finish, all of it does after. */

import { Code, CoapError } from "../../coap/index.ts";
import type { Node } from "../../content/index.ts";
import { contains, cut, depth, idAt, path, type Path, ROOT } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Provision } from "../account.ts";
import { comparePaths } from "../values.ts";
import { ACCESS_CONTROL, type Configuration, configurationOf, Server, SERVER } from "./configuration.ts";
import { provisionOf } from "./consistency.ts";
import { OSCORE, SECURITY } from "./security.ts";

/** A Bootstrap-Server may fill the memory of a client: this far. */
const MAX_VALUES = 1_000;
const MAX_BYTES = 65_536;
const TOO_MUCH = "more than a bootstrap may bring";
/** Beside what a string or an opaque takes. */
const BYTES_OF_VALUE = 16;

/** Objects that configure the client itself. */
const CONFIGURATION: ReadonlySet<number | undefined> = new Set([SECURITY, SERVER, ACCESS_CONTROL, OSCORE]);

/** A value of another Object, on its way into the tree. */
export type Written = readonly [Path, ResourceValue];

/** The Instances of the client that are no configuration. */
export interface Surroundings {
  instances(): readonly Path[];
  /** Whether an Instance may go: one that a server created, not one that stands for a part of the device. */
  isRemovable(instance: Path): boolean;
  /** /1/x/11 of a server, which no provision has: what may have led to this bootstrap (Appendix E.2). */
  alert(shortServerId: number): number | undefined;
}

export class Draft {
  readonly #before: Provision;
  readonly #values: Configuration["values"];
  readonly #bootstrapInstance: number | undefined;
  readonly #bootstrapOscore: number | undefined;
  readonly #others = new Map<Path, ResourceValue>();
  readonly #removed = new Set<Path>();
  readonly #created = new Set<Path>();
  readonly #tree: Surroundings;
  #bytes = 0;

  constructor(before: Provision, tree: Surroundings) {
    const { values, bootstrapInstance, bootstrapOscore } = configurationOf(before);
    this.#before = before;
    this.#values = values;
    for (const [index, { shortServerId, serverInstance = index }] of before.accounts.entries()) {
      const alert = tree.alert(shortServerId);
      if (alert !== undefined) values.set(path(SERVER, serverInstance, Server.alert), alert);
    }
    this.#bootstrapInstance = bootstrapInstance;
    this.#bootstrapOscore = bootstrapOscore;
    this.#tree = tree;
  }

  /**
   * Writes to a Resource, or takes the place of the Instances that `nodes` name: what they had before and are not given
   * again is gone (LwM2M Core 1.2 §6.1.7.5). @throws CoapError 4.13 if that is too much, with nothing changed.
   */
  write(where: Path, nodes: readonly Node[]): void {
    this.#reserve(nodes);
    const replaced = new Set(depth(where) >= 3 ? [cut(where, 3)] : nodes.map(({ path }) => cut(path, 2)));
    for (const each of replaced) this.#drop(each);
    for (const { path, value } of nodes) this.#of(path).set(path, value);
  }

  /** An Instance that is there whether it has been given values or not. @throws CoapError 4.13 if they are too many. */
  create(instance: Path): void {
    if (this.#created.size >= MAX_VALUES) throw new CoapError(Code.RequestEntityTooLarge, TOO_MUCH);
    this.#created.add(instance);
  }

  /**
   * Takes Instances away; at the root, of all Objects. The account of the Bootstrap-Server and the Device stay whatever
   * is asked (§6.1.7.6, E73), and so does what the device itself provides: facts are no configuration.
   */
  delete(where: Path): void {
    for (const at of [...this.#values.keys()])
      if (contains(where, at) && !this.isBootstrapInstance(at)) this.#values.delete(at);
    for (const at of [...this.#others.keys()]) if (contains(where, at)) this.#others.delete(at);
    for (const instance of this.#created) if (contains(where, instance)) this.#created.delete(instance);
    for (const instance of this.#tree.instances())
      if (contains(where, instance) && this.#tree.isRemovable(instance)) this.#removed.add(instance);
  }

  /** Whether an Instance is there that Delete leaves alone. */
  keeps(instance: Path): boolean {
    return depth(instance) === 2 && this.#tree.instances().includes(instance) && !this.#tree.isRemovable(instance);
  }

  /** As they would be after Finish, ascending. */
  instances(): Path[] {
    const found = new Set(this.#tree.instances().filter((instance) => !this.#removed.has(instance)));
    for (const at of [...this.#values.keys(), ...this.#others.keys(), ...this.#created]) found.add(cut(at, 2));
    return [...found].sort(comparePaths);
  }

  /** Values of the configuration at or below `where`, ascending. */
  entries(where: Path): Written[] {
    return [...this.#values].filter(([at]) => contains(where, at)).sort(([a], [b]) => comparePaths(a, b));
  }

  get(where: Path): ResourceValue | undefined {
    return this.#values.get(where);
  }

  /** Of the account under which this draft is written: its Instance of Object 0, and that of Object 21 that it needs. */
  isBootstrapInstance(instance: Path): boolean {
    const id = idAt(instance, 1);
    return idAt(instance, 0) === OSCORE
      ? id === this.#bootstrapOscore
      : idAt(instance, 0) === SECURITY && id === this.#bootstrapInstance;
  }

  /** @throws Inconsistent if nobody could live with it. */
  provision(): Provision {
    return provisionOf(this.#values, { provision: this.#before, bootstrapInstance: this.#bootstrapInstance });
  }

  /** What is not configuration: Instances to remove from the tree, Instances to put there, and values to store in it. */
  get others(): Readonly<Record<"removed" | "created", Iterable<Path>>> & { readonly written: Iterable<Written> } {
    return { removed: this.#removed, created: this.#created, written: this.#others };
  }

  #of(at: Path): Map<Path, ResourceValue> {
    return CONFIGURATION.has(idAt(at, 0)) ? this.#values : this.#others;
  }

  #drop(where: Path): void {
    const values = this.#of(where);
    for (const at of [...values.keys()]) if (contains(where, at)) values.delete(at);
  }

  /** Counts all that was ever written, not what is left of it: a server has no business with more in one session. */
  #reserve(nodes: readonly Node[]): void {
    const bytes = nodes.reduce((sum, { value }) => sum + BYTES_OF_VALUE + sizeOf(value), this.#bytes);
    if (bytes > MAX_BYTES || nodes.length + this.#values.size + this.#others.size > MAX_VALUES)
      throw new CoapError(Code.RequestEntityTooLarge, TOO_MUCH);
    this.#bytes = bytes;
  }
}

export function isConfiguration(where: Path): boolean {
  return where !== ROOT && CONFIGURATION.has(idAt(where, 0));
}

function sizeOf(value: ResourceValue): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.length : 0;
}
