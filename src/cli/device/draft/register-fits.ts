/** Where in the newest registers a value stands that somebody has read off the device. */

import { halfOfLastDigit, SCALES } from "./bytes.ts";
import { type Block, ORDERS, type Order, type Place, said, valueAt, type WordType, wordsOf } from "./registers.ts";
import type { Piece } from "./words.ts";

export interface RegisterFit extends Place {
  readonly block: Block;
  readonly scale: number;
}

export interface SoughtRegister {
  readonly value: number;
  readonly range?: readonly [number, number];
  /** As `key` of a block and a register in it: something else stands there already. */
  readonly taken: ReadonlySet<string>;
  /** The order in which most registers make sense. */
  readonly order: Order;
  /** What they look like in that order, by block. */
  readonly pieces: ReadonlyMap<Block, readonly Piece[]>;
}

const TYPES: readonly WordType[] = ["f32", "u16", "i16", "u32", "i32", "f64", "u64"];
const MOST_FITS = 4;
/** What makes a fit unlikely, in steps of the list of scales. */
const NO_PIECE = 1.5;
const ODD_SIGN = 0.25;
const STANDS_STILL = 2;
const OTHER_ORDER = 6;
const TAKEN = 20;
const ABSURD = 20;

/** The likeliest first. */
export function registerFits(blocks: readonly Block[], sought: SoughtRegister): RegisterFit[] {
  const found: { readonly fit: RegisterFit; readonly doubt: number }[] = [];
  for (const block of blocks.filter(({ fc }) => fc >= 3)) {
    const newest = block.samples.at(-1);
    if (!newest) continue;
    for (const place of placesIn(block, sought.order)) {
      const raw = valueAt(newest, place);
      for (const [rank, scale] of SCALES.entries()) {
        if (place.type.startsWith("f") && scale !== 1) continue;
        if (!(Math.abs(raw * scale - sought.value) <= halfOfLastDigit(sought.value))) continue;
        const fit = { ...place, block, scale };
        found.push({ fit, doubt: rank + doubtOf(fit, sought) });
      }
    }
  }
  return found
    .toSorted((a, b) => a.doubt - b.doubt)
    .map(({ fit }) => fit)
    .slice(0, MOST_FITS);
}

function* placesIn({ count }: Block, usual: Order): Iterable<Place> {
  // A single register has no order of words.
  for (const type of TYPES)
    for (const order of wordsOf(type) === 1 ? [usual] : ORDERS)
      for (let at = 0; at + wordsOf(type) <= count; at++) yield { at, type, order };
}

function doubtOf({ block, at, type, order, scale }: RegisterFit, sought: SoughtRegister): number {
  const [low, high] = sought.range ?? [-Infinity, Infinity];
  const { values, moving } = said(block.samples, { at, type, order });
  const absurd = values.some((value) => value * scale < low || value * scale > high);
  const words = wordsOf(type);
  const looks = sought.pieces.get(block)?.some((piece) => piece.at === at && piece.words === words) === true;
  const taken = Array.from({ length: words }, (_, i) => sought.taken.has(`${block.key} ${at + i}`)).includes(true);
  const sign = type.startsWith("f") || type.startsWith("i") === low < 0 ? 0 : ODD_SIGN;
  return (
    sign +
    (looks ? 0 : NO_PIECE) +
    (moving ? 0 : STANDS_STILL) +
    (order === sought.order ? 0 : OTHER_ORDER) +
    (taken ? TAKEN : 0) +
    (absurd ? ABSURD : 0)
  );
}
