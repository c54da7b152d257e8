/**
 * Bodies of the composite operations: values to set and to remove, and lists of paths (LwM2M Core 1.2 §6.3.8, §6.3.9, §6.4.4).
 *
 * SenML-ETCH (RFC 8790 §3) is SenML but for two things: a Fetch Record has a name and no value, and null in a Patch
 * Record removes. It is a format of requests alone: what is read that way is answered in SenML (RFC 8790 §3.1).
 */

import { DecodeError } from "../base/bytes.ts";
import { depth, type Path, ROOT } from "../model/path.ts";
import { lwm2mCbor, readNode, readTree } from "./lwm2m-cbor.ts";
import type { ModelOf, Node } from "./node.ts";
import { type Label, PackReader } from "./senml.ts";
import { readCborPack, senmlCbor } from "./senml-cbor.ts";
import { readJsonPack, senmlJson } from "./senml-json.ts";
import { modelAt } from "./typed.ts";

export const ETCH_JSON = 320;
export const ETCH_CBOR = 322;

const MAX_PATHS = 64;
const RESOURCE_INSTANCE_DEPTH = 4;

/** What a Write-Composite asks for: all of it or nothing (LwM2M Core 1.2 §6.3.9). */
export interface Patch {
  /** Each path once. */
  readonly set: readonly Node[];
  /** Resource Instances to remove, each once, and none that is also set. */
  readonly removed: readonly Path[];
}

type ReadPack = (bytes: Uint8Array, pack: PackReader) => void;

const PACKS: ReadonlyMap<number, { readonly read: ReadPack; readonly removes: boolean }> = new Map([
  [senmlJson.format, { read: readJsonPack, removes: false }],
  [senmlCbor.format, { read: readCborPack, removes: false }],
  [ETCH_JSON, { read: readJsonPack, removes: true }],
  [ETCH_CBOR, { read: readCborPack, removes: true }],
]);

/**
 * Reads the body of a Write-Composite; undefined: no format for one.
 * @param base where names begin: the root, or an alternate path.
 * @throws DecodeError if it is malformed, or names what the model does not know, one path twice, or something to
 * remove that is no Resource Instance.
 */
export function decodePatch(format: number, bytes: Uint8Array, model: ModelOf, base = ROOT): Patch | undefined {
  const pack = PACKS.get(format);
  if (pack) {
    const reader = new PatchReader(base, model, pack.removes);
    pack.read(bytes, reader);
    return patch(reader.nodes, reader.removed);
  }
  if (format !== lwm2mCbor.format) return undefined;
  const [set, removed]: [Node[], Path[]] = [[], []];
  readTree(bytes, (path, input) => {
    if (input.isNull()) removed.push(removable(path, model));
    else set.push(readNode(path, input, model));
  });
  return patch(set, removed);
}

/**
 * Reads the body of a Read-Composite or Observe-Composite: paths of any depth, in the order first named, each once.
 * Undefined: no format for them.
 * @param base where names begin: the root, or an alternate path.
 * @throws DecodeError if it is malformed, names no path, more than 64 of them, or carries a value.
 */
export function decodePaths(format: number, bytes: Uint8Array, base = ROOT): readonly Path[] | undefined {
  const paths = new Set<Path>();
  const add = (path: Path): void => {
    paths.add(path);
    if (paths.size > MAX_PATHS) throw new DecodeError(`${path}: more than ${MAX_PATHS} paths`);
  };
  const pack = PACKS.get(format);
  if (pack) pack.read(bytes, new FetchReader(base, add));
  else if (format !== lwm2mCbor.format) return undefined;
  else
    readTree(bytes, (path, input) => {
      if (!input.isNull()) throw input.error(`a value for ${path} where null belongs`);
      add(path);
    });
  return [...paths];
}

/** Patch Records (RFC 8790 §3.2). */
class PatchReader extends PackReader {
  readonly removed: Path[] = [];
  readonly #model: ModelOf;
  readonly #removes: boolean;
  #isNull = false;

  constructor(base: Path, model: ModelOf, removes: boolean) {
    super(base, model);
    this.#model = model;
    this.#removes = removes;
  }

  override begin(): void {
    super.begin();
    this.#isNull = false;
  }

  override takeNull(label: Label): void {
    if (!this.#removes) super.takeNull(label);
    this.take(label, false);
    this.#isNull = true;
  }

  override finish(): void {
    if (this.#isNull) this.removed.push(removable(this.path(), this.#model));
    else super.finish();
  }
}

/** Fetch Records (RFC 8790 §3.1), and the Records of SenML that LwM2M 1.1 uses for the same. */
class FetchReader extends PackReader {
  readonly #add: (path: Path) => void;

  constructor(base: Path, add: (path: Path) => void) {
    super(base, () => undefined);
    this.#add = add;
  }

  override finish(): void {
    const path = this.path();
    if (this.label !== undefined || this.baseValue !== undefined)
      throw new DecodeError(`${path}: a value where only a name belongs`);
    if (this.baseTime + this.time !== 0) throw new DecodeError(`${path}: a time where only a name belongs`);
    this.#add(path);
  }
}

/** Only Resource Instances can be removed that way (LwM2M Core 1.2 §6.3.9). */
function removable(path: Path, model: ModelOf): Path {
  if (depth(path) !== RESOURCE_INSTANCE_DEPTH)
    throw new DecodeError(`${path}: only a Resource Instance can be removed`);
  modelAt(path, model);
  return path;
}

function patch(set: readonly Node[], removed: readonly Path[]): Patch {
  const seen = new Set<Path>();
  for (const path of [...set.map((node) => node.path), ...removed])
    if (seen.size === seen.add(path).size) throw new DecodeError(`${path}: more than once`);
  return { set, removed };
}
