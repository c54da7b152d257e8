/**
 * Whether an opened record can be one: what was opened with a wrong key is random, and seldom looks like a device. How
 * seldom is measured for each record in the tests.
 */

import type { BitField } from "./records.ts";

/** Least significant bit first. */
export function bitsAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; ) {
    const shift = (at + i) & 7;
    const take = Math.min(8 - shift, width - i);
    value += ((bytes[(at + i) >> 3]! >> shift) & ((1 << take) - 1)) * 2 ** i;
    i += take;
  }
  return value;
}

/** What a field holds, with its sign; undefined: it says that it is not available. */
export function numberOf({ width, signed, always, missing: mark }: BitField, raw: number): number | undefined {
  const missing = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1;
  if (!always && (raw === missing || raw === mark)) return undefined;
  return signed && raw > missing ? raw - 2 ** width : raw;
}

/**
 * What of a record hardly changes from one message to the next, the bits that it leaves unused included; undefined if
 * it cannot be a record. Unused bits may be anything: today they are ones, tomorrow they may be in use.
 */
export function steadyPart(opened: Uint8Array, fields: readonly BitField[]): string | undefined {
  const steady: number[] = [];
  const cells = new Cells();
  let at = 0;
  let aux = 0;
  for (const field of fields) {
    const raw = bitsAt(opened, at, field.width);
    at += field.width;
    if (field.name === "_aux") aux = raw;
    if (!isPossible(field, raw) || (field.name === "_aux_mode" && !isAux(aux, raw))) return undefined;
    if (!cells.fit(field, raw)) return undefined;
    if (field.steady) steady.push(raw);
  }
  return [...steady, (at & 7) === 0 ? 0 : bitsAt(opened, at, 8 - (at & 7))].join();
}

function isPossible(field: BitField, raw: number): boolean {
  const { scale = 1, offset = 0, reach, can } = field;
  const number = numberOf(field, raw);
  if (number === undefined) return true;
  if (can?.(number) === false) return false;
  const value = number * scale + offset;
  return !reach || (value >= reach[0] && value <= reach[1]);
}

/**
 * Hundredths of a volt from -2 to 100, of a kelvin from -50 to 150 degrees; a little below zero, as an integer, or the
 * marks for not available; anything where nothing is connected.
 */
function isAux(aux: number, mode: number): boolean {
  if (aux >= 0x1_0000 - 200 || aux === 0x7fff || mode === 3) return true;
  return mode === 2 ? aux >= 22_315 && aux <= 42_315 : aux <= 10_000;
}

/** The ends of a cell's scale, beyond which it may be as well. Hundredths of a volt, in all that follows. */
const [LOWEST, HIGHEST] = [0, 0x7e];
const SCALE_BEGINS = 260;
/** What a cell above its scale may have more than that. */
const BEYOND = 65;
/** Each cell is rounded, and the whole is measured at another moment and place. */
const SLACK = 50;

/** Where cells are told, and then their battery, it has the sum of their voltages. */
class Cells {
  #known = 0;
  #least = -SLACK;
  #most = SLACK;

  fit(field: BitField, raw: number): boolean {
    if (!field.cell && (this.#known === 0 || field.name !== "battery_voltage")) return true;
    const number = numberOf(field, raw);
    if (number === undefined) return true;
    if (!field.cell) return number >= this.#least && number <= this.#most;
    this.#known += 1;
    this.#least += number === LOWEST ? 0 : SCALE_BEGINS + number;
    this.#most += SCALE_BEGINS + number + (number === HIGHEST ? BEYOND : 0);
    return true;
  }
}
