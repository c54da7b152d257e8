/** The Objects of the OMA registry, read from one compact file and from DDF files beside it. */

import { DecodeError } from "../base/bytes.ts";
import type { ObjectModel, ObjectRegistry, ResourceModel } from "./objects.ts";
import { definedBy, type Path } from "./path.ts";
import type { ResourceType } from "./value.ts";

/**
 * The compact file, in whole:
 *
 *     { "format": "...", "objects": [ [id, name, version, flags, [resource, ...]], ... ] }
 *     resource: [id, name, traits, unit?, [min, max]?]
 *
 * `flags` of an Object: `*` several Instances, `!` mandatory. `traits` of a Resource: operations (`R`, `W`, `RW`, `E` or
 * nothing), one letter for the type, then the same flags: `RWf!`. An empty unit stands for none where a range follows.
 */
export const TYPE_LETTERS: readonly (readonly [letter: string, type: ResourceType])[] = [
  ["s", "string"],
  ["i", "integer"],
  ["u", "unsigned"],
  ["f", "float"],
  ["b", "boolean"],
  ["o", "opaque"],
  ["t", "time"],
  ["l", "objlnk"],
  ["c", "corelnk"],
];

const OPERATIONS = { "": "", R: "R", W: "W", RW: "RW", E: "E" } as const;

type Traits = Pick<ResourceModel, "type" | "operations" | "multiple" | "mandatory">;
const TRAITS = allTraits();

/** One Object as it stands in the file, not yet made into a model. */
interface Row {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly flags: string;
  readonly resources: readonly ResourceRow[];
}

/** All versions of one Object, oldest first; a model is made when it is first asked for. */
type Versions = (Row | ObjectModel)[];

/**
 * Reads the compact file; Objects of `extra` are added, or replace the same version of the same Object.
 * @throws DecodeError naming the Object where the file is not as described above.
 */
export function loadRegistry(compact: unknown, extra: readonly ObjectModel[] = []): ObjectRegistry {
  if (!isRecord(compact) || !Array.isArray(compact["objects"])) throw new DecodeError("registry: no list of objects");
  const byId = new Map<number, Versions>();
  for (const entry of compact["objects"] as readonly unknown[]) add(byId, readRow(entry));
  for (const model of extra) add(byId, model);
  return new CompactRegistry(byId, new Set(extra.map(({ id }) => id)));
}

class CompactRegistry implements ObjectRegistry {
  readonly extra: ReadonlySet<number>;
  readonly #byId: ReadonlyMap<number, Versions>;
  /** Those asked for, by what `definedBy` says: every value that is read asks for its own. */
  readonly #resources = new Map<number, ResourceModel>();

  constructor(byId: ReadonlyMap<number, Versions>, extra: ReadonlySet<number>) {
    this.#byId = byId;
    this.extra = extra;
  }

  object(id: number, version?: string): ObjectModel | undefined {
    const versions = this.#byId.get(id);
    if (!versions) return undefined;
    const index = version === undefined ? versions.length - 1 : versions.findIndex((each) => each.version === version);
    return index < 0 ? undefined : modelAt(versions, index);
  }

  resource(path: Path): ResourceModel | undefined {
    const key = definedBy(path);
    if (key === undefined) return undefined;
    const known = this.#resources.get(key);
    if (known) return known;
    const found = this.object(key >>> 16)?.resources.get(key & 0xffff);
    if (found) this.#resources.set(key, found);
    return found;
  }

  *objects(): Iterable<ObjectModel> {
    for (const versions of this.#byId.values())
      for (let index = 0; index < versions.length; index++) yield modelAt(versions, index);
  }
}

/** Below 0 if version `a` came before `b`; both such as "1.1". */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

function add(byId: Map<number, Versions>, entry: Row | ObjectModel): void {
  const versions = byId.get(entry.id);
  if (!versions) {
    byId.set(entry.id, [entry]);
    return;
  }
  const index = versions.findIndex((each) => compareVersions(each.version, entry.version) >= 0);
  if (index < 0) versions.push(entry);
  else versions.splice(index, versions[index]!.version === entry.version ? 1 : 0, entry);
}

function modelAt(versions: Versions, index: number): ObjectModel {
  const entry = versions[index]!;
  if (!("flags" in entry)) return entry;
  const model: ObjectModel = {
    id: entry.id,
    name: entry.name,
    version: entry.version,
    multiple: entry.flags.includes("*"),
    mandatory: entry.flags.includes("!"),
    resources: new Map(entry.resources.map((row) => [row[0], readResource(row)])),
  };
  versions[index] = model;
  return model;
}

function readRow(entry: unknown): Row {
  if (!Array.isArray(entry)) throw new DecodeError("registry: an object is no list");
  const [id, name, version, flags, resources] = entry as readonly unknown[];
  if (!isId(id)) throw new DecodeError("registry: an object without id");
  if (typeof name !== "string") throw new DecodeError(`registry: object ${id} has no name`);
  if (typeof version !== "string" || !/^\d{1,3}\.\d{1,3}$/.test(version))
    throw new DecodeError(`registry: object ${id} has no version`);
  if (typeof flags !== "string" || !/^\*?!?$/.test(flags)) throw new DecodeError(`registry: object ${id} has no flags`);
  if (!Array.isArray(resources)) throw new DecodeError(`registry: object ${id} has no resources`);
  // Checked now, so that a broken file is seen at once; made into models later, so that starting is fast.
  const rows: readonly unknown[] = resources;
  if (!rows.every(isResourceRow)) throw new DecodeError(`registry: object ${id}: malformed resource ${badRow(rows)}`);
  return { id, name, version, flags, resources: rows };
}

/** One row, checked; of the same shape as in the file, but with its types known. */
type ResourceRow = readonly [
  id: number,
  name: string,
  traits: string,
  unit?: string,
  range?: readonly [number, number],
];

function isResourceRow(row: unknown): row is ResourceRow {
  if (!Array.isArray(row) || row.length < 3 || row.length > 5) return false;
  const cells: readonly unknown[] = row;
  return (
    isId(cells[0]) &&
    typeof cells[1] === "string" &&
    typeof cells[2] === "string" &&
    TRAITS.has(cells[2]) &&
    (cells.length < 4 || typeof cells[3] === "string") &&
    (cells.length < 5 || isRange(cells[4]))
  );
}

function readResource([id, name, traits, unit, range]: ResourceRow): ResourceModel {
  return { id, name, ...TRAITS.get(traits)!, ...(range && { range }), ...(unit && { unit }) };
}

/** Every spelling there is, so that reading thousands of Resources is a look-up each. */
function allTraits(): ReadonlyMap<string, Traits> {
  const all = new Map<string, Traits>();
  for (const operations of Object.values(OPERATIONS))
    for (const [letter, type] of TYPE_LETTERS)
      for (const flags of ["", "*", "!", "*!"]) {
        const traits = { type, operations, multiple: flags.includes("*"), mandatory: flags.includes("!") };
        all.set(operations + letter + flags, traits);
      }
  return all;
}

/** Operations as the registry spells them; anything else is none. */
export function operationsOf(text: string): ResourceModel["operations"] {
  return isOperations(text) ? OPERATIONS[text] : "";
}

const isOperations = (text: string): text is keyof typeof OPERATIONS => Object.hasOwn(OPERATIONS, text);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535;

const badRow = (rows: readonly unknown[]): string =>
  JSON.stringify(rows.find((row) => !isResourceRow(row))).slice(0, 60);

const isRange = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "number");
