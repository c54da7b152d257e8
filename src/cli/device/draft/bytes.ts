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
const SCALES = [1, 0.1, 0.01, 0.001, 0.5, 0.25, 0.05, 0.005, 0.0025, 1 / 16, 1 / 256, 10, 100] as const;
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

/**
 * Where in the newest frame a value may stand that somebody reads off the device now, the likeliest first: what moves
 * before what stands still, common scales before rare ones.
 */
export function fitsOf(frames: readonly Uint8Array[], value: number, runs: readonly Run[]): Fit[] {
  const newest = frames.at(-1);
  if (!newest) return [];
  const view = new DataView(newest.buffer, newest.byteOffset, newest.byteLength);
  const half = halfOfLastDigit(value);
  const fits: Fit[] = [];
  for (const scale of SCALES)
    for (const [type, width, read] of TYPES)
      for (let at = 0; at + width <= newest.length; at++) {
        if (type.startsWith("f") && scale !== 1) continue;
        if (Math.abs(read(view, at) * scale - value) <= half) fits.push({ at, type, scale });
      }
  const isMoving = ({ at, type }: Fit) =>
    runs.some((run) => run.moving && at < run.at + run.length && run.at < at + widthOf(type));
  return [...fits.filter(isMoving), ...fits.filter((fit) => !isMoving(fit))].slice(0, MOST_FITS);
}

/** A byte or two that count messages: each frame one more than the one before, or a few. */
export function counterOf(frames: readonly Uint8Array[]): Fit | undefined {
  if (frames.length < 4) return undefined;
  for (const type of ["u16be", "u16le", "u8"]) {
    const found = TYPES.find(([name]) => name === type);
    if (!found) continue;
    const [, width, read] = found;
    for (let at = 0; at + width <= (frames[0]?.length ?? 0); at++) {
      const values = frames.map((frame) => read(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), at));
      const steps = values.slice(1).map((value, i) => (value - (values[i] ?? 0) + 256 ** width) % 256 ** width);
      if (steps.every((step) => step >= 1 && step <= 5)) return { at, type, scale: 1 };
    }
  }
  return undefined;
}

export function widthOf(type: string): number {
  return TYPES.find(([name]) => name === type)?.[1] ?? 1;
}

function halfOfLastDigit(value: number): number {
  const [, decimals = ""] = String(value).split(".");
  return 0.5 * 10 ** -decimals.length * 1.000_001;
}
