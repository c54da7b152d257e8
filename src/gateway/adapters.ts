/** All that the gateway wants of those who hear and speak: frames in, commands out, and how they fare. */

import type { Command, Frame, Health, Outcome, Stamp } from "../sdk/adapter.ts";

export type AdapterState = Health & { readonly type: string; readonly frames: number; readonly lastFrameAt?: Stamp };

/** How often servers want new values of a source. */
export interface Wish {
  /** None sooner than this after the one before. */
  readonly minSeconds?: number;
  /** One so often at least. */
  readonly maxSeconds?: number;
}

export interface Adapters {
  onFrame(listener: (adapter: string, frame: Frame) => void): void;
  /** Settles once, within the command's own time limit. Never rejects. */
  command(adapter: string, command: Command, signal: AbortSignal): Promise<Outcome>;
  /** How often new values of a source are wanted, in seconds; an absent limit is nobody's wish. */
  interest(adapter: string, source: string, wish: Wish): void;
  /** By name. */
  health(): ReadonlyMap<string, AdapterState>;
}

/** `adapter/address`, cut at the first stroke: addresses may hold more of them. */
export function splitSource(source: string): { adapter: string; address: string } | undefined {
  const stroke = source.indexOf("/");
  if (stroke < 1 || stroke === source.length - 1) return undefined;
  return { adapter: source.slice(0, stroke), address: source.slice(stroke + 1) };
}
