/**
 * Lets a few handshakes at a time through, however many wait: a handshake is arithmetic, and arithmetic of thousands at
 * once would leave no time for anybody's readings.
 *
 * Each server has a lane of its own, and lanes take turns, so that a server that is away cannot keep those from another
 * that is there. A handshake that meets silence costs nothing while it waits: it gives its place away, and only so many
 * of a lane may be out in the silence together.
 */

import type { Clock, Timer } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

export interface GateOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Handshakes that talk at once, of all lanes together; 32 unless given. */
  readonly limit?: number;
}

/** What one handshake has of the gate, from its place in the line on. */
export interface Pass {
  /** Nobody has answered for a while. */
  quiet(): void;
  /** Somebody has. */
  heard(): void;
  /** It is over, however it ended, or not wanted any more. Safe to call twice. */
  leave(): void;
}

const LIMIT = 32;
/** Handshakes of one lane that may wait in silence; the others need not find out for themselves that nobody is there. */
const MAX_QUIET = 32;
/** Those whose turn has come begin within so many milliseconds, each at a moment of its own. */
const SPREAD_MS = 30;

export class HandshakeGate {
  readonly #options: GateOptions;
  readonly #limit: number;
  /** By server; a lane is gone when nobody is in it. The order is that of the turns. */
  readonly #lanes = new Map<string, Lane>();
  /** Places taken: by those who talk, and by those who are about to begin. */
  #busy = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
  }

  /** Those whose turn has not come. */
  get waiting(): number {
    let count = 0;
    for (const { line } of this.#lanes.values()) count += line.size;
    return count;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Calls `begin` when there is a place, never before this returns. */
  enter(server: string, begin: () => void): Pass {
    const lane = this.#lanes.get(server) ?? { server, line: new Set(), inside: 0, quiet: 0 };
    this.#lanes.set(server, lane);
    const visit = new Visit(this, lane, begin);
    lane.line.add(visit);
    this.#admit();
    return visit;
  }

  /** A place is given back, or taken again by somebody who was quiet: then there may be more than the limit for a while. */
  shift(by: 1 | -1): void {
    this.#busy += by;
    this.#admit();
  }

  gone({ server, line, inside }: Lane): void {
    if (line.size === 0 && inside === 0) this.#lanes.delete(server);
    this.#admit();
  }

  #admit(): void {
    while (this.#busy < this.#limit) {
      const lane = this.#next();
      if (lane === undefined) return;
      // Behind all others: each lane has its turn.
      this.#lanes.delete(lane.server);
      this.#lanes.set(lane.server, lane);
      for (const visit of lane.line) {
        lane.line.delete(visit);
        lane.inside += 1;
        this.#busy += 1;
        const { clock, random } = this.#options;
        visit.admit(clock.after(random.unit() * SPREAD_MS, () => visit.begin()));
        break;
      }
    }
  }

  #next(): Lane | undefined {
    for (const lane of this.#lanes.values()) if (lane.line.size > 0 && lane.quiet < MAX_QUIET) return lane;
    return undefined;
  }
}

interface Lane {
  readonly server: string;
  /** In the order in which they came. */
  readonly line: Set<Visit>;
  /** Those whose turn has come and who have not left. */
  inside: number;
  /** Those inside who hear nothing. */
  quiet: number;
}

class Visit implements Pass {
  readonly #gate: HandshakeGate;
  readonly #lane: Lane;
  readonly #begin: () => void;
  #state: "waiting" | "inside" | "quiet" | "gone" = "waiting";
  #timer: Timer | undefined;

  constructor(gate: HandshakeGate, lane: Lane, begin: () => void) {
    this.#gate = gate;
    this.#lane = lane;
    this.#begin = begin;
  }

  admit(timer: Timer): void {
    this.#state = "inside";
    this.#timer = timer;
  }

  begin(): void {
    this.#timer = undefined;
    this.#begin();
  }

  quiet(): void {
    if (this.#state !== "inside") return;
    this.#state = "quiet";
    this.#lane.quiet += 1;
    this.#gate.shift(-1);
  }

  heard(): void {
    if (this.#state !== "quiet") return;
    this.#state = "inside";
    this.#lane.quiet -= 1;
    this.#gate.shift(1);
  }

  leave(): void {
    const lane = this.#lane;
    const before = this.#state;
    this.#state = "gone";
    this.#timer?.cancel();
    if (before === "gone") return;
    if (before === "waiting") lane.line.delete(this);
    else lane.inside -= 1;
    if (before === "quiet") lane.quiet -= 1;
    if (before === "inside") this.#gate.shift(-1);
    this.#gate.gone(lane);
  }
}
