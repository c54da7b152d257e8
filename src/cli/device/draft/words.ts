/** What the registers of a block probably are, read in a certain order: whole numbers, floats, texts. */

import { type Block, type Order, type Place, type Said, said, valueAt, type WordType } from "./registers.ts";

/** A place in a block, and what it has said. Texts have no values. */
export interface Piece {
  readonly at: number;
  readonly words: number;
  readonly type: WordType | "ascii";
  readonly said: Said;
  /** How much speaks for it. */
  readonly weight: number;
}

/** Floats that a sensor may mean; those that stand still have to be more ordinary. */
const PLAUSIBLE: readonly [number, number] = [1e-3, 1e7];
const ORDINARY: readonly [number, number] = [0.1, 1e6];
/** The low half of a float is noise; small numbers there are whole numbers of their own. */
const NOISE = 0x400;
/** What a counter does not rise by from one poll to the next: its high half would not look like one. */
const FAST = 0x4000;
/** A text is at least so many registers long, and has as many letters and digits. */
const SHORTEST_TEXT = 3;
const STILL: Said = { values: [], invalid: undefined, moving: false, rising: false };

/** The cut of a block into pieces for which most speaks. */
export function piecesOf(block: Block, order: Order): Piece[] {
  const best: { readonly weight: number; readonly pieces: readonly Piece[] }[] = [{ weight: 0, pieces: [] }];
  for (let end = 1; end <= block.count; end++) {
    const ways = piecesEnding(block, order, end).flatMap((piece) => {
      const before = best[end - piece.words];
      return before ? [{ weight: before.weight + piece.weight, pieces: [...before.pieces, piece] }] : [];
    });
    best.push(ways.toSorted((a, b) => b.weight - a.weight)[0] ?? { weight: 0, pieces: [] });
  }
  return [...(best.at(-1)?.pieces ?? [])];
}

function piecesEnding(block: Block, order: Order, end: number): Piece[] {
  const pieces = [single(block, order, end - 1)];
  if (end >= 2) pieces.push(...doubles(block, order, end - 2));
  const length = textBefore(block, end);
  if (length >= SHORTEST_TEXT)
    pieces.push({ at: end - length, words: length, type: "ascii", said: STILL, weight: 2.5 * length });
  return pieces;
}

function single({ samples }: Block, order: Order, at: number): Piece {
  const unsigned = said(samples, { at, type: "u16", order });
  const type = isSigned(unsigned) ? "i16" : "u16";
  const it = type === "u16" ? unsigned : said(samples, { at, type, order });
  return { at, words: 1, type, said: it, weight: it.moving ? 1 : isZero(it) ? 0 : 0.5 };
}

/** Numbers on both sides of zero, or just below it; and marks that only signed numbers have. */
function isSigned({ values, invalid }: Said): boolean {
  if (invalid === 0x7fff || invalid === 0x8000) return true;
  const high = values.filter((value) => value >= 0x8000);
  return (
    high.length > 0 &&
    high.every((value) => value >= 0xc000) &&
    values.every((value) => value < 0x4000 || value >= 0xc000)
  );
}

const isZero = ({ values }: Said) => values.every((value) => value === 0);

function doubles(block: Block, order: Order, at: number): Piece[] {
  // Blocks mostly begin where a value begins.
  const even = at % 2 === 0 ? 0.1 : 0;
  const pieces: Piece[] = [];
  for (const type of ["f32", "i32", "u32"] as const) {
    const weight = type === "f32" ? floatWeight(block, { at, type, order }) : wholeWeight(block, { at, type, order });
    if (weight > 0)
      pieces.push({ at, words: 2, type, said: said(block.samples, { at, type, order }), weight: weight + even });
  }
  return pieces;
}

function floatWeight({ samples }: Block, place: Place): number {
  const { values, moving } = said(samples, place);
  const numbers = values.filter((value) => value !== 0).map(Math.abs);
  const [low, high] = moving ? PLAUSIBLE : ORDINARY;
  if (numbers.length === 0 || values.length * 2 < samples.length) return 0;
  if (numbers.some((value) => value < low || value > high)) return 0;
  const noise = samples.map((bytes) => valueAt(bytes, { ...place, type: "u32" }) % 0x10000);
  if (noise.every((word) => word > 0 && word < NOISE)) return 0;
  // Nothing but the high half says little: it may be a register of its own.
  const bare = noise.every((word) => word === 0);
  if (bare) return moving ? 1.2 : 1.1;
  return moving ? 3 : 2.3;
}

/** Numbers of two registers show where the high one carries, or is a sign; or where one pair follows another. */
function wholeWeight(block: Block, place: Place): number {
  const { values, moving, rising } = said(block.samples, place);
  if (values.length === 0 || !moving) return place.type === "u32" && paired(block, place) ? 0.6 : 0;
  const high = values.map((value) => Math.floor(value / 0x10000));
  if (place.type === "i32") {
    const around = high.includes(0) || values.every((value) => value >= -0x8000);
    return high.includes(-1) && around && high.every((word) => word === 0 || word === -1) ? 2.6 : 0;
  }
  if (high.some((word) => word >= 0x1000)) return 0;
  const slow = values.every((value, i) => value - (values[i - 1] ?? value) < FAST);
  if (rising && slow && high.some((word) => word > 0)) return 2.6;
  return high.every((word) => word === 0) && (rising || paired(block, place)) ? 1.3 : 0;
}

/** Whether the pair before or after looks like a number of two registers as well: zero above something. */
function paired({ samples, count }: Block, { at, order }: Place): boolean {
  const small = (from: number) => {
    if (from < 0 || from + 2 > count) return false;
    const { values } = said(samples, { at: from, type: "u32", order });
    return values.every((value) => value < 0x10000) && values.some((value) => value > 0);
  };
  return small(at) && (small(at - 2) || small(at + 2));
}

/** So many registers before `end` hold letters that stand still; 0 if they are too few, or no word begins there. */
function textBefore({ samples, count }: Block, end: number): number {
  const [first] = samples;
  if (!first) return 0;
  const still = (at: number) =>
    samples.every((bytes) => bytes[at * 2] === first[at * 2] && bytes[at * 2 + 1] === first[at * 2 + 1]);
  const isText = (at: number) => at >= 0 && at < count && still(at) && LETTERS.test(chars(first, at, at + 1));
  if (isText(end)) return 0;
  let begin = end;
  while (isText(begin - 1)) begin -= 1;
  return chars(first, begin, end).replaceAll(/[^A-Za-z0-9]/g, "").length >= SHORTEST_TEXT ? end - begin : 0;
}

/** Two characters that can be read; the last may be filled up. */
const LETTERS = /^[\x20-\x7e][\x20-\x7e\0]$/;
const chars = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from * 2, to * 2));

/** The order in which most makes sense; that of Modbus itself where another is no better. */
export function orderOf(blocks: readonly Block[], orders: readonly Order[]): Order {
  const weighed = orders.map((order) => ({
    order,
    weight: blocks.flatMap((block) => piecesOf(block, order)).reduce((sum, { weight }) => sum + weight, 0),
  }));
  return weighed.toSorted((a, b) => b.weight - a.weight)[0]?.order ?? "abcd";
}
