/** What Objects 5 and 9 have in common: where a package is kept, who looks into it, and what may go wrong with it. */

import type { Clock } from "../../base/clock.ts";
import { words } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Fault } from "./fault.ts";
import type { Fetchers } from "./fetcher.ts";

/** One package and what is known of it, on a disk or wherever else it survives a restart. Never is all of it in memory. */
export interface PackageStore {
  /** What `save` was given last, by this process or one before it; undefined: nothing yet. */
  load(): string | undefined;
  /** Replaces what `load` gives, whole or not at all, and for good before it returns. */
  save(state: string): void;
  /** Bytes of the package that are there. */
  readonly size: number;
  /** Bytes that a package may have. */
  readonly capacity: number;
  /**
   * Keeps a copy of `bytes` at `offset`, which is never beyond `size`; of what was there before, the bytes before
   * `offset` stay. Anything but undefined refuses them.
   */
  write(bytes: Uint8Array, offset: number): "no-space" | "no-memory" | undefined;
  /** Throws the package away, not the state. */
  discard(): void;
}

/** What a package says of itself, or why it is of no use. */
export type Inspection =
  | { readonly status: "sound"; readonly name?: string; readonly version?: string }
  | { readonly status: "unfit"; readonly fault: "integrity" | "type" | "failed" };

/** How an installation ended. */
export type InstallOutcome =
  | { readonly status: "installed" }
  /** This process ends soon; whoever comes after it is asked how it went. */
  | { readonly status: "restarting" }
  /** `keep`: the package is good, and may be tried once more. */
  | { readonly status: "failed"; readonly fault?: Fault; readonly keep?: boolean };

export interface Inspector {
  /** Checks the whole package, signature and all. What it throws counts as "failed". */
  inspect(store: PackageStore, signal: AbortSignal): Promise<Inspection>;
}

/** What both Objects are made with. */
export interface PackageOptions {
  readonly store: PackageStore;
  /** Who fetches from a URI, by its scheme without the colon; without any, packages are only pushed. */
  readonly fetchers?: Fetchers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How the inspection ended: one that throws has found the package unfit. */
export async function inspected(
  inspector: Inspector,
  store: PackageStore,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<Inspection> {
  try {
    return await inspector.inspect(store, signal);
  } catch (error) {
    log.warn("package-not-inspected", { reason: words(error) });
    return { status: "unfit", fault: "failed" };
  }
}
