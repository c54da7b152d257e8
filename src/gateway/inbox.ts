/** What is heard but not adopted: bounded, the most useful first, never on disk. */

import type { Clock } from "../base/clock.ts";
import type { Device } from "../library/index.ts";
import type { AssignedNumbers } from "./hearing/assigned.ts";
import { type Introduction, Stranger } from "./hearing/stranger.ts";
import type { InboxEntry } from "./status/status.ts";

const MAX_ENTRIES = 200;
/** Phones change their random address every few minutes, for ever: they get a corner, not the room. */
const MAX_UNKNOWN = 40;
const FORGET_MS = 15 * 60_000;
const FORGET_UNKNOWN_MS = 2 * 60_000;
/** Added to the signal strength of what can be decoded: more than any signal, and than what being ignored costs. */
const KNOWN = 4_000;
const IGNORED = 1_000;
/** Without a radio there is no signal strength; what comes over a cable is near. */
const WIRED_RSSI = 0;

interface InboxOptions {
  /** Of companies and services; numbers alone unless given. */
  readonly names?: AssignedNumbers;
  /** Whether a person does not want to see a source. */
  readonly isIgnored?: (source: string) => boolean;
}

export class Inbox {
  readonly #clock: Clock;
  readonly #names: AssignedNumbers | undefined;
  readonly #entries = new Map<string, Stranger>();
  #unknown = 0;
  /** Frames that a definition claimed and could not read. */
  malformed = 0;

  readonly #isIgnored: (source: string) => boolean;

  constructor(clock: Clock, { names, isIgnored = () => false }: InboxOptions = {}) {
    this.#clock = clock;
    this.#names = names;
    this.#isIgnored = isIgnored;
  }

  /** Without those that are ignored. */
  get size(): number {
    let size = 0;
    for (const { ignored } of this.#entries.values()) if (!ignored) size += 1;
    return size;
  }

  get(source: string): Stranger | undefined {
    return this.#entries.get(source);
  }

  /** Notes a frame. Undefined if there is no room for one so faint. */
  hear(who: Introduction): Stranger | undefined {
    const source = `${who.adapter}/${who.address}`;
    const before = this.#entries.get(source);
    const stranger = before ?? new Stranger(who);
    if (!before) stranger.ignored = this.#isIgnored(source);
    if (!before && !this.#makeRoom(rank(stranger, { device: who.device, rssi: who.frame.rssi }))) return undefined;
    const wasUnknown = before !== undefined && before.device === undefined;
    if (!stranger.hear(who, this.#clock.monotonic())) this.malformed += 1;
    this.#unknown += Number(stranger.device === undefined) - Number(wasUnknown);
    this.#entries.set(stranger.source, stranger);
    return stranger;
  }

  delete(source: string): boolean {
    const entry = this.#entries.get(source);
    if (!entry) return false;
    if (!entry.device) this.#unknown -= 1;
    return this.#entries.delete(source);
  }

  /** Forgets who has fallen silent. Returns whether anyone was. */
  expire(): boolean {
    const now = this.#clock.monotonic();
    const silent = [...this.#entries.values()].filter(
      ({ device, lastMs }) => now - lastMs > (device ? FORGET_MS : FORGET_UNKNOWN_MS),
    );
    for (const { source } of silent) this.delete(source);
    return silent.length > 0;
  }

  /** The most useful first: those that can be decoded before those that cannot, ignored ones last of each, then by signal. */
  list(): InboxEntry[] {
    return [...this.#entries.values()]
      .toSorted((a, b) => rankOf(b) - rankOf(a) || (a.source < b.source ? -1 : 1))
      .map((stranger) => stranger.describe(this.#names));
  }

  /** Whether one of this rank may come in; someone of a lower one goes for it if need be. */
  #makeRoom(newcomer: number): boolean {
    const unknown = newcomer < KNOWN / 2;
    if (this.#entries.size < MAX_ENTRIES && !(unknown && this.#unknown >= MAX_UNKNOWN)) return true;
    let weakest: Stranger | undefined;
    let least = Infinity;
    for (const entry of this.#entries.values()) {
      const own = rankOf(entry);
      if (own < least) [weakest, least] = [entry, own];
    }
    return weakest !== undefined && least < newcomer && this.delete(weakest.source);
  }
}

const rankOf = (stranger: Stranger) => rank(stranger, stranger);

interface Standing {
  readonly device: Device | undefined;
  readonly rssi: number | undefined;
}

/** By what is heard of it now, which at first is more than it remembers. */
function rank({ ignored }: Stranger, { device, rssi = WIRED_RSSI }: Standing): number {
  return rssi + (device ? KNOWN : 0) - (ignored ? IGNORED : 0);
}
