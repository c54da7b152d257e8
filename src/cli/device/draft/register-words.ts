/** What was seen in polls of registers, in the words of a draft's comments. */

import { toHex } from "../../../base/bytes.ts";
import type { Frame } from "../../../library/index.ts";
import { type Block, type Order, type Said, type WordType } from "./registers.ts";
import type { Piece } from "./words.ts";

/** A comment that nobody reads to its end helps nobody. */
const MOST_LINES = 80;

export const shortHex = (address: number): string => address.toString(16).padStart(4, "0").toUpperCase();

/** One line for each value that moves, and for each run of registers that stand still. */
export function notesOf(
  frames: readonly Frame[],
  pieces: ReadonlyMap<Block, readonly Piece[]>,
  order: Order,
): readonly string[] {
  const lines = [...pieces].flatMap(([block, all]) => [
    `${block.key}, ${block.count} registers, read ${block.samples.length} times`,
    ...runsOf(block, all).map((run) => `  ${runInWords(block, run)}`),
  ]);
  const more = lines.length - MOST_LINES;
  return [
    `${frames.length} polls; numbers of two registers make most sense in the order ${order}`,
    ...refusedIn(frames).map((key) => `${key}: the device refused to tell`),
    ...lines.slice(0, MOST_LINES),
    ...(more > 0 ? [`and ${more} more such lines`] : []),
  ];
}

interface Run {
  readonly at: number;
  readonly words: number;
  /** Undefined: they stand still. */
  readonly moving: Piece | undefined;
}

function runsOf({ samples }: Block, pieces: readonly Piece[]): Run[] {
  const runs: Run[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    const moving = samples.length > 1 && piece.said.moving ? piece : undefined;
    if (last && !last.moving && !moving) runs[runs.length - 1] = { ...last, words: last.words + piece.words };
    else runs.push({ at: piece.at, words: piece.words, moving });
  }
  return runs;
}

function runInWords({ address, samples }: Block, { at, words, moving }: Run): string {
  const [from, to] = [address + at, address + at + words - 1].map(shortHex);
  const place = (words === 1 ? `0x${from}` : `0x${from} to 0x${to}`).padEnd(16);
  const hex = (bytes: Uint8Array | undefined) =>
    toHex((bytes ?? new Uint8Array()).subarray(at * 2, (at + words) * 2)).toUpperCase();
  if (!moving) return `${place} constant  ${hex(samples[0]).replaceAll(/(.{4})(?=.)/g, "$1 ")}`;
  return `${place} moving    ${hex(samples[0])} ... ${hex(samples.at(-1))}  ${moving.type}`;
}

function refusedIn(frames: readonly Frame[]): string[] {
  const keys = frames.flatMap(({ payload }) => (payload.kind === "registers" ? [...payload.values.keys()] : []));
  return [...new Set(keys.filter((key) => key.includes("+")))];
}

/** What numbers of the mains look like, in the steps in which meters give them. */
const MAINS: readonly (readonly [name: string, low: number, high: number])[] = [
  ["voltage", 210, 250],
  ["voltage", 110, 125],
  ["frequency", 49.8, 50.2],
  ["frequency", 59.8, 60.2],
];

/** Between what its values lie, and what that may be. */
export function remarkOf(type: WordType, { values, rising, moving }: Said): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const between = moving ? `${digits(low)} to ${digits(high)}` : `always ${digits(low)}`;
  const steps = type === "f32" ? [1] : [1, 0.1, 0.01];
  for (const step of steps)
    for (const [name, least, most] of MAINS)
      if (low * step >= least && high * step <= most) return `${between}: ${name}${step === 1 ? "" : ` x ${step}`}?`;
  if (!rising) return `${between}; what is it?`;
  return `${between}; ${type === "u32" ? "only rises: a counter of what?" : "only rises so far: what is it?"}`;
}

const digits = (value: number) => String(Number(value.toPrecision(6)));
