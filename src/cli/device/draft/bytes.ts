/** Frames of bytes laid over one another: which bytes stand still, which move, and what a known value may be. */

/** A run of bytes that all stand still, or all move. */
export interface Run {
  readonly at: number;
  readonly length: number;
  readonly moving: boolean;
  /** Hex of the first and the last frame. */
  readonly first: string;
  readonly last: string;
}

/** A place, type and scale that give the value somebody has read off the device. */
export interface Fit {
  readonly at: number;
  readonly type: string;
  readonly scale: number;
}

const TYPES: readonly (readonly [type: string, width: number, read: (view: DataView, at: number) => number])[] = [
  ["i16le", 2, (view, at) => view.getInt16(at, true)],
  ["i16be", 2, (view, at) => view.getInt16(at)],
  ["u16le", 2, (view, at) => view.getUint16(at, true)],
  ["u16be", 2, (view, at) => view.getUint16(at)],
  ["u8", 1, (view, at) => view.getUint8(at)],
  ["i8", 1, (view, at) => view.getInt8(at)],
  ["u32le", 4, (view, at) => view.getUint32(at, true)],
  ["u32be", 4, (view, at) => view.getUint32(at)],
  ["f32le", 4, (view, at) => view.getFloat32(at, true)],
  ["f32be", 4, (view, at) => view.getFloat32(at)],
];
/** The commonest first. */
export const SCALES = [1, 0.1, 0.01, 0.001, 0.5, 0.05, 0.005, 1 / 16, 1 / 256, 0.25, 0.0025, 10, 100] as const;
const MOST_FITS = 6;

/** All frames must have the same length, and there must be one at least. */
export function runsOf(frames: readonly Uint8Array[]): Run[] {
  const [first = new Uint8Array(0)] = frames;
  const last = frames.at(-1) ?? first;
  const runs: Run[] = [];
  let start = 0;
  const moves = Array.from(first, (byte, at) => frames.some((frame) => frame[at] !== byte));
  for (let at = 1; at <= first.length; at++) {
    if (at < first.length && moves[at] === moves[start]) continue;
    const length = at - start;
    const hex = (bytes: Uint8Array) => Buffer.from(bytes.subarray(start, at)).toString("hex").toUpperCase();
    runs.push({ at: start, length, moving: moves[start] === true, first: hex(first), last: hex(last) });
    start = at;
  }
  return runs;
}

/** What makes a fit unlikely, in steps of the list of scales. */
const ODD = 0.25;
const STANDS_STILL = 2;
const BYTES_TAKEN = 20;
const OUT_OF_RANGE = 20;

export interface Sought {
  readonly value: number;
  readonly range?: readonly [number, number];
  /** Bytes that something else stands in already. */
  readonly taken: ReadonlySet<number>;
}

/**
 * Where in the newest frame a value may stand that somebody reads off the device now, the likeliest first: common
 * scales before rare ones, what moves before what stands still, what makes sense in every frame before what does not.
 */
export function fitsOf(frames: readonly Uint8Array[], sought: Sought, runs: readonly Run[]): Fit[] {
  const newest = frames.at(-1);
  if (!newest) return [];
  const view = viewOf(newest);
  const half = halfOfLastDigit(sought.value);
  const found: { readonly fit: Fit; readonly doubt: number }[] = [];
  for (const [rank, scale] of SCALES.entries())
    for (const [type, width, read] of TYPES)
      for (let at = 0; at + width <= newest.length; at++) {
        if (type.startsWith("f") && scale !== 1) continue;
        if (!(Math.abs(read(view, at) * scale - sought.value) <= half)) continue;
        const fit = { at, type, scale };
        found.push({ fit, doubt: rank + doubtOf(fit, frames, sought, runs) });
      }
  return found
    .toSorted((a, b) => a.doubt - b.doubt)
    .map(({ fit }) => fit)
    .slice(0, MOST_FITS);
}

function doubtOf(
  { at, type, scale }: Fit,
  frames: readonly Uint8Array[],
  sought: Sought,
  runs: readonly Run[],
): number {
  const [low, high] = sought.range ?? [-Infinity, Infinity];
  const end = at + widthOf(type);
  const moves = runs.some((run) => run.moving && at < run.at + run.length && run.at < end);
  const overlaps = Array.from({ length: end - at }, (_, i) => at + i).some((byte) => sought.taken.has(byte));
  const read = TYPES.find(([name]) => name === type)?.[2];
  const absurd = frames.some((frame) => {
    const value = (read?.(viewOf(frame), at) ?? 0) * scale;
    return value < low || value > high;
  });
  // Whole numbers up to 255 need no second byte, others are seldom in one; a sign is there for what can be negative.
  const odd = (type.endsWith("8") ? scale !== 1 : scale === 1 && sought.value < 256) ? ODD : 0;
  const sign = type.startsWith("i") === low < 0 ? 0 : ODD;
  return odd + sign + (moves ? 0 : STANDS_STILL) + (overlaps ? BYTES_TAKEN : 0) + (absurd ? OUT_OF_RANGE : 0);
}

const viewOf = (frame: Uint8Array) => new DataView(frame.buffer, frame.byteOffset, frame.byteLength);

/** A byte or two that count messages: each frame one more than the one before, or a few. */
export function counterOf(frames: readonly Uint8Array[], taken: ReadonlySet<number>): Fit | undefined {
  if (frames.length < 4) return undefined;
  for (const type of ["u16be", "u16le", "u8"]) {
    const found = TYPES.find(([name]) => name === type);
    if (!found) continue;
    const [, width, read] = found;
    for (let at = 0; at + width <= (frames[0]?.length ?? 0); at++) {
      if (taken.has(at) || taken.has(at + width - 1)) continue;
      const values = frames.map((frame) => read(viewOf(frame), at));
      const steps = values.slice(1).map((value, i) => (value - (values[i] ?? 0) + 256 ** width) % 256 ** width);
      if (steps.every((step) => step >= 1 && step <= 5)) return { at, type, scale: 1 };
    }
  }
  return undefined;
}

export function widthOf(type: string): number {
  return TYPES.find(([name]) => name === type)?.[1] ?? 1;
}

/** What may be lost where a value is shown with so many digits. */
export function halfOfLastDigit(value: number): number {
  const [, decimals = ""] = String(value).split(".");
  return 0.5 * 10 ** -decimals.length * 1.000_001;
}
