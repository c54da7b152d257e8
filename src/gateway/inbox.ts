/** What is heard but not adopted: bounded, the most useful first, never on disk. */

import { DecodeError } from "../base/bytes.ts";
import type { Clock, Stamp } from "../base/clock.ts";
import type { Device, Quantity } from "../library/index.ts";
import type { Frame } from "../sdk/adapter.ts";
import type { InboxEntry } from "./status/status.ts";

/** A stranger: who it says it is, and what it said. */
export interface Stranger {
  readonly adapter: string;
  /** Identity within the adapter. */
  readonly address: string;
  /** `adapter/address`. */
  readonly source: string;
  /** The best guess; absent if nobody can decode it. */
  readonly device: Device | undefined;
  /** The endpoint name that adoption would mint. */
  readonly endpoint: string | undefined;
  readonly frame: Frame;
  readonly heard: number;
  readonly firstAt: Stamp;
  /** By the clock that never jumps. */
  readonly lastMs: number;
  /** Why a rule that fits could not adopt it. */
  refused?: string;
  readonly readings: Map<string, Quantity | undefined>;
}

export type Introduction = Pick<Stranger, "adapter" | "address" | "device" | "endpoint" | "frame">;

const MAX_ENTRIES = 200;
/** Phones change their random address every few minutes, for ever: they get a corner, not the room. */
const MAX_UNKNOWN = 40;
const FORGET_MS = 15 * 60_000;
const FORGET_UNKNOWN_MS = 2 * 60_000;
const MAX_READINGS = 64;
/** Without a radio there is no signal strength; what comes over a cable is near. */
const WIRED_RSSI = 0;

export class Inbox {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Stranger>();
  #unknown = 0;
  /** Frames that a definition claimed and could not read. */
  malformed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(source: string): Stranger | undefined {
    return this.#entries.get(source);
  }

  /** Notes a frame. Undefined if there is no room for one so faint. */
  hear(who: Introduction): Stranger | undefined {
    const source = `${who.adapter}/${who.address}`;
    const before = this.#entries.get(source);
    // A frame that nobody can read does not make a known device unknown.
    const known = who.device ? who : { device: before?.device, endpoint: before?.endpoint };
    if (!before && !this.#makeRoom(rank(who.device, who.frame))) return undefined;
    const stranger: Stranger = {
      ...who,
      ...known,
      source,
      heard: (before?.heard ?? 0) + 1,
      firstAt: before?.firstAt ?? who.frame.at,
      lastMs: this.#clock.monotonic(),
      ...(before?.refused !== undefined && { refused: before.refused }),
      readings: before?.readings ?? new Map<string, Quantity | undefined>(),
    };
    this.#put(stranger);
    if (who.device) this.#decode(who.device, stranger);
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

  /** The most useful first: those that can be decoded, then by signal. */
  list(): InboxEntry[] {
    return [...this.#entries.values()]
      .toSorted((a, b) => rank(b.device, b.frame) - rank(a.device, a.frame) || (a.source < b.source ? -1 : 1))
      .map(describe);
  }

  #put(stranger: Stranger): void {
    const before = this.#entries.get(stranger.source);
    if (before && !before.device) this.#unknown -= 1;
    if (!stranger.device) this.#unknown += 1;
    this.#entries.set(stranger.source, stranger);
  }

  /** Whether one of this rank may come in; someone of a lower one goes for it if need be. */
  #makeRoom(newcomer: number): boolean {
    const unknown = newcomer < KNOWN;
    if (this.#entries.size < MAX_ENTRIES && !(unknown && this.#unknown >= MAX_UNKNOWN)) return true;
    let weakest: Stranger | undefined;
    let least = Infinity;
    for (const entry of this.#entries.values()) {
      const own = rank(entry.device, entry.frame);
      if (own < least) [weakest, least] = [entry, own];
    }
    return weakest !== undefined && least < newcomer && this.delete(weakest.source);
  }

  #decode(device: Device, { frame, readings }: Stranger): void {
    try {
      for (const [name, quantity] of device.decode(frame)?.fields ?? [])
        if (readings.has(name) || readings.size < MAX_READINGS) readings.set(name, quantity);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.malformed += 1;
    }
  }
}

/** Added to the signal strength of what can be decoded: more than any signal. */
const KNOWN = 1_000;

function rank(device: Device | undefined, { rssi = WIRED_RSSI }: Frame): number {
  return rssi + (device ? KNOWN * 2 : 0);
}

function describe(stranger: Stranger): InboxEntry {
  const { source, device, endpoint, frame, heard, firstAt, readings } = stranger;
  const name = frame.payload.kind === "advert" ? frame.payload.name : undefined;
  return {
    source,
    ...(name !== undefined && { name }),
    ...(device && { definition: device.id, maker: device.vendor, model: device.model, objects: [...device.instances] }),
    ...(endpoint !== undefined && { endpoint }),
    readings: Object.fromEntries(Array.from(readings, ([field, quantity]) => [field, quantity ?? null])),
    ...(frame.rssi !== undefined && { rssi: frame.rssi }),
    heard,
    firstHeardAt: new Date(firstAt.ms).toISOString(),
    lastHeardAt: new Date(frame.at.ms).toISOString(),
  };
}
