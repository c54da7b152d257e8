/** What a server may ask of several places at once (LwM2M Core 1.2 §6.3.8, §6.3.9, §6.4.4): FETCH and iPATCH on the root. */

import { Format } from "../content/index.ts";
import { type Path, ROOT } from "../model/path.ts";
import { type Asking, type Observed, type OperationResult, refused } from "./asking.ts";
import { type Attributes, queryOf } from "./attributes.ts";
import type { Client } from "./client.ts";
import { byNumbers } from "./registration.ts";
import type { ValueTree } from "./value-tree.ts";
import { encodeTree } from "./values.ts";
import type { Ask } from "./wire.ts";

/** How paths are named, and values asked for. */
export interface CompositeFormats {
  /** SenML CBOR (112) unless said otherwise. */
  readonly format?: number | undefined;
  /** Of the paths in the request: 110, 112, or SenML-ETCH (320, 322; RFC 8790); that of the answer, if it can. */
  readonly pathsFormat?: number | undefined;
}

const MAX_PATHS = 256;
const PLAIN: Readonly<Record<number, number>> = {
  [Format.SenmlEtchJson]: Format.SenmlJson,
  [Format.SenmlEtchCbor]: Format.SenmlCbor,
};

export class Composite {
  readonly #asking: Asking;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  /** The values of all `paths` that the client has; the others are left out of the answer. */
  async read(client: Client, paths: readonly Path[], formats: CompositeFormats = {}): Promise<OperationResult> {
    const ask = fetchOf(paths, formats);
    return ask ? this.#asking.values(client, ROOT, ask) : NO_PATHS;
  }

  /** All of these or none. @param values by path; @param format SenML CBOR (112) unless said otherwise. */
  async write(client: Client, values: ValueTree, format: number = Format.SenmlCbor): Promise<OperationResult> {
    try {
      // Records that set values look the same in SenML-ETCH (RFC 8790 §3.2).
      const written = PLAIN[format] ?? format;
      const payload = encodeTree(values, { path: ROOT, format: written }, this.#asking.dialect(client));
      return await this.#asking.change(client, { method: "iPATCH", path: ROOT, format, payload });
    } catch (error) {
      if (error instanceof RangeError) return refused(error.message);
      throw error;
    }
  }

  /** Observes all `paths` as one. @param attributes for this observation alone (since 1.2). */
  async observe(
    client: Client,
    paths: readonly Path[],
    how: CompositeFormats & { readonly attributes?: Attributes } = {},
  ): Promise<OperationResult> {
    const observed = observedOf(paths, how);
    const query = queryOf(how.attributes ?? {});
    if (!observed || query === undefined) return NO_PATHS;
    const ask = query === "" ? observed.ask : { ...observed.ask, query };
    return this.#asking.observe(client, { ...observed, ask });
  }

  /** Ends the observation of exactly these paths, in any order. */
  async cancel(client: Client, paths: readonly Path[], formats: CompositeFormats = {}): Promise<OperationResult> {
    const observed = observedOf(paths, formats);
    return observed ? this.#asking.cancel(client, observed) : NO_PATHS;
  }
}

const NO_PATHS = refused(`from 1 to ${MAX_PATHS} paths are named, and attributes like pmin and 10`);

function observedOf(paths: readonly Path[], formats: CompositeFormats): Observed | undefined {
  const sorted = [...new Set(paths)].sort(byNumbers);
  const ask = fetchOf(sorted, formats);
  return ask && { key: sorted.join(","), base: ROOT, ask };
}

function fetchOf(paths: readonly Path[], formats: CompositeFormats): Omit<Ask, "timeoutMs"> | undefined {
  if (paths.length === 0 || paths.length > MAX_PATHS) return undefined;
  const accept = formats.format ?? Format.SenmlCbor;
  const format = formats.pathsFormat ?? (accept === Format.SenmlJson ? Format.SenmlJson : Format.SenmlCbor);
  const payload = (PLAIN[format] ?? format) === Format.SenmlJson ? namesAsJson(paths) : namesAsCbor(paths);
  return { method: "FETCH", path: ROOT, accept, format, payload };
}

/** Records with a name and no value (LwM2M Core 1.2 §7.4.5). */
function namesAsJson(paths: readonly Path[]): Uint8Array {
  return Buffer.from(JSON.stringify(paths.map((n) => ({ n }))));
}

/** The same in CBOR: an array of maps of one entry, whose key is 0 (RFC 8428 §6). */
function namesAsCbor(paths: readonly Path[]): Uint8Array {
  const records = paths.map((path) =>
    Buffer.concat([Buffer.of(0xa1, 0x00), head(0x60, path.length), Buffer.from(path)]),
  );
  return Buffer.concat([head(0x80, paths.length), ...records]);
}

/** Major type and a length below 65,536 (RFC 8949 §3). */
function head(major: number, length: number): Uint8Array {
  if (length < 24) return Buffer.of(major | length);
  return length < 256 ? Buffer.of(major | 24, length) : Buffer.of(major | 25, length >> 8, length & 0xff);
}
