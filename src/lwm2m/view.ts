/** One client as its server sees it: the tree, the Server Object in front of it, and what is known of both. */

import type { Clock } from "../base/clock.ts";
import type { ObjectModel, ObjectRegistry, ResourceModel } from "../model/objects.ts";
import { child, contains, cut, depth, idAt, path, type Path, ROOT } from "../model/path.ts";
import type { ResourceType, ResourceValue } from "../model/value.ts";
import type { Attributes } from "./reporting/conditions.ts";
import { permits, Right } from "./access.ts";
import type { Version } from "./account.ts";
import { AttributeStore, completed } from "./reporting/attributes.ts";
import { SERVER_OBJECT } from "./provisioned.ts";
import type { ServerObject } from "./servers/server-object.ts";
import type { ObjectTree } from "./tree.ts";
import { comparePaths, type Entry } from "./values.ts";

/** Security and OSCORE hold keys: no server may touch them (LwM2M Core 1.1 §E.1). */
const FORBIDDEN_OBJECTS: ReadonlySet<number> = new Set([0, 21]);
/** Objects that come with the enabler: their version goes with the LwM2M version spoken. */
const LAST_CORE_OBJECT = 7;
/** Instances in a tree from which on they are no longer looked through one by one. */
const MANY = 64;

/** What is usual at a path, where the server has said nothing: periods and a step. */
export type UsualAttributes = (path: Path) => Attributes | undefined;

export interface ViewOptions {
  readonly tree: ObjectTree;
  readonly server: ServerObject;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly defaults?: UsualAttributes | undefined;
  /** Of a device behind a gateway: what names begin with. */
  readonly prefix?: string | undefined;
  /** Whether that is an alternate path of the client itself. */
  readonly alternate?: boolean;
}

export class View {
  readonly tree: ObjectTree;
  readonly server: ServerObject;
  readonly models: ObjectRegistry;
  readonly clock: Clock;
  readonly attributes = new AttributeStore();
  readonly prefix: string | undefined;
  readonly alternate: boolean;
  readonly #defaults: UsualAttributes | undefined;
  /** The version of the present registration, or of the attempt at it. */
  version: Version = "1.1";

  constructor({ tree, server, models, clock, defaults, prefix, alternate = false }: ViewOptions) {
    this.tree = tree;
    this.server = server;
    this.models = models;
    this.clock = clock;
    this.#defaults = defaults;
    this.prefix = prefix;
    this.alternate = alternate;
  }

  /** In ascending order. */
  instances(): readonly Path[] {
    return [...this.server.instances(), ...this.tree.instances().filter((instance) => isShown(objectOf(instance)))];
  }

  /** Objects that have no Instance yet, and of which servers may create one: they are announced, too (§6.2.1). */
  emptyObjects(): readonly Path[] {
    const instances = this.tree.instances();
    return [...this.tree.creatable()]
      .filter((id) => isShown(id) && !instances.some((instance) => idAt(instance, 0) === id))
      .map((id) => path(id));
  }

  /** Whether an Object with an Instance, or one that may have some, or an Instance, is there. */
  has(where: Path): boolean {
    if (contains(SERVER_OBJECT, where)) return where === SERVER_OBJECT || this.server.instances().includes(where);
    const object = objectOf(where);
    if (!isShown(object)) return false;
    if (depth(where) === 2) return this.tree.hasInstance(where);
    return (
      (object !== undefined && this.tree.creation(object) !== undefined) ||
      this.tree.instances().some((instance) => contains(where, instance))
    );
  }

  /** Whether an Object has an Instance, or something deeper lies in one. The same as `has` of that, and faster. */
  covers(where: Path): boolean {
    if (isServerObject(where) || depth(where) === 1) return this.has(instanceOf(where));
    return isShown(objectOf(where)) && this.tree.covers(where);
  }

  /**
   * Values at or below `where`, in ascending order. Left out are values outside any Instance, and of more than one
   * Instance those that this server may not read (LwM2M Core 1.1 §8.2).
   */
  entries(where: Path): readonly (readonly [Path, Entry])[] {
    const isObject = depth(where) === 1;
    if (isObject && this.tree.instances().length > MANY && !isServerObject(where)) return this.#entriesOf(where);
    if (where === ROOT || isObject)
      return this.instances()
        .filter((instance) => contains(where, instance) && this.permits(instance, Right.Read))
        .flatMap((instance) => this.entries(instance));
    if (isServerObject(where)) return this.server.entries(where, this.clock.now());
    return this.covers(where) ? this.tree.entries(where) : [];
  }

  /** Of an Object with many Instances, as that of a gateway's devices: each value is looked at once. */
  #entriesOf(object: Path): readonly (readonly [Path, Entry])[] {
    if (!isShown(objectOf(object))) return [];
    const mine = this.tree.instances().filter((instance) => contains(object, instance));
    const readable = new Set<Path>(mine.filter((instance) => this.permits(instance, Right.Read)));
    return this.tree.entries(object).filter(([at]) => readable.has(instanceOf(at)));
  }

  /** The value at this very path. */
  entry(where: Path): Entry | undefined {
    if (isServerObject(where)) return this.server.entries(where, this.clock.now()).find(([at]) => at === where)?.[1];
    return this.covers(where) ? this.tree.get(where) : undefined;
  }

  hasValue(where: Path): boolean {
    return this.entries(where).length > 0;
  }

  /** Resources of an Instance that exist: with a value, or with something that can be done to them. In ascending order. */
  resources(instance: Path): readonly Path[] {
    const found = new Set<Path>();
    for (const [at] of this.entries(instance)) found.add(resourceOf(at));
    for (const at of this.tree.vacancies()) if (contains(instance, at)) found.add(at);
    for (const at of [...this.executables(instance), ...this.tree.writables()])
      if (contains(instance, at)) found.add(resourceOf(at));
    // Execute on what cannot be done is refused, but a mandatory Resource is shown nevertheless.
    for (const { id, mandatory, operations } of this.object(objectOf(instance))?.resources.values() ?? [])
      if (mandatory && operations === "E") found.add(child(instance, id));
    return [...found].sort(comparePaths);
  }

  /** Of a multiple Resource; a single value that was given for it counts as its first. */
  resourceInstances(resource: Path): readonly Path[] {
    const found = new Set<Path>();
    for (const [at] of this.entries(resource)) found.add(depth(at) === 3 ? child(at, 0) : at);
    return [...found];
  }

  /** Paths with something to execute behind them. */
  executables(instance: Path): readonly Path[] {
    return contains(SERVER_OBJECT, instance) ? this.server.executables : this.tree.executables();
  }

  /** Those that apply to `where`: written there, inherited, the server's default periods, or what is usual there. */
  effective(where: Path, written = this.attributes.effective(where)): Attributes {
    const { periods } = this.server;
    const said = Object.keys(periods).length === 0 ? written : { ...periods, ...written };
    const usual = this.#defaults?.(where);
    return usual === undefined ? said : completed(said, usual);
  }

  /** The model in the version that is announced, or the newest known. */
  object(id: number | undefined): ObjectModel | undefined {
    return id === undefined ? undefined : this.models.object(id, this.announcedVersion(id));
  }

  resource(where: Path): ResourceModel | undefined {
    return this.models.resource(where);
  }

  /** Whether the server may do what one of `Right` stands for to an Object Instance, or to what lies in it. */
  permits(where: Path, right: number): boolean {
    const { provisioned } = this.server;
    if (provisioned.access === undefined && !isServerObject(where)) return true;
    return permits(provisioned, this.server.account.shortServerId, instanceOf(where), right);
  }

  /** Whether the server may read at least one Instance of an Object. */
  readable(object: Path): boolean {
    if (this.server.provisioned.access === undefined && !isServerObject(object)) return true;
    const own = this.instances().filter((instance) => contains(object, instance));
    return own.length === 0 || own.some((instance) => this.permits(instance, Right.Read));
  }

  /** The version of an Object that Register and Discover name; a missing one means 1.0 (LwM2M Core 1.1 §7.2.2). */
  announcedVersion(id: number): string {
    if (id <= LAST_CORE_OBJECT && this.models.object(id, this.version) !== undefined) return this.version;
    if (id <= LAST_CORE_OBJECT && this.models.object(id, "1.0") !== undefined) return "1.0";
    return this.models.object(id)?.version ?? "1.0";
  }
}

/** Whether a path lies in an Object that no server may touch. */
export function isForbidden(where: Path): boolean {
  const object = objectOf(where);
  return object !== undefined && FORBIDDEN_OBJECTS.has(object);
}

/** The type of a value whose Object nobody has described. */
export function typeOfValue(value: ResourceValue): ResourceType {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "bigint":
      return "integer";
    case "number":
      return "float";
    default:
      return value instanceof Uint8Array ? "opaque" : "objlnk";
  }
}

/** The part of a path that names the Instance; the path itself where it is no deeper. */
export function instanceOf(where: Path): Path {
  return cut(where, 2);
}

/** The part of a path that names the Resource; the path itself where it is no deeper. */
export function resourceOf(where: Path): Path {
  return cut(where, 3);
}

function objectOf(where: Path): number | undefined {
  return idAt(where, 0);
}

function isServerObject(where: Path): boolean {
  return contains(SERVER_OBJECT, where);
}

/** What the tree may hold but this room answers for itself. */
function isShown(object: number | undefined): boolean {
  return object !== undefined && object !== 1 && !FORBIDDEN_OBJECTS.has(object);
}
