/** Polls of Modbus registers laid over one another: the blocks they come in, and what the bytes of one place say. */

import type { Frame } from "../../../library/index.ts";

export const ORDERS = ["abcd", "cdab", "badc", "dcba"] as const;
export type Order = (typeof ORDERS)[number];
export type WordType = "u16" | "i16" | "u32" | "i32" | "f32" | "u64" | "f64";

/** What was read under one function code and address, poll after poll: all of one length. */
export interface Block {
  readonly key: string;
  readonly fc: number;
  readonly address: number;
  /** Registers; of coils and inputs (function codes 1 and 2): bits, as far as whole bytes tell. */
  readonly count: number;
  readonly samples: readonly Uint8Array[];
}

/** One value in a block: `at` counts registers from its beginning. */
export interface Place {
  readonly at: number;
  readonly type: WordType;
  readonly order: Order;
}

/** What a place has said in all polls. */
export interface Said {
  /** Without the marks of absence. */
  readonly values: readonly number[];
  /** A raw value that probably means: not available. */
  readonly invalid: number | undefined;
  readonly moving: boolean;
  /** It never falls, and has risen often enough to be a counter. */
  readonly rising: boolean;
}

const KEY = /^([1-4]):0x([0-9a-f]{4})$/;
const ENOUGH_TO_RISE = 3;
/** More say no more. */
const MOST_POLLS = 200;

/** In the order of function codes and addresses. Blocks that the device has refused have no bytes, and are left out. */
export function blocksOf(frames: readonly Frame[]): Block[] {
  const polls = new Map<string, Uint8Array[]>();
  for (const { payload } of frames)
    if (payload.kind === "registers")
      for (const [key, bytes] of payload.values)
        if (KEY.test(key) && bytes.length > 0) polls.set(key, [...(polls.get(key) ?? []), bytes]);
  return [...polls].map(([key, all]) => blockOf(key, all)).toSorted((a, b) => a.fc - b.fc || a.address - b.address);
}

function blockOf(key: string, all: readonly Uint8Array[]): Block {
  const [, fc = "", address = ""] = KEY.exec(key) ?? [];
  const most = commonest(all.map(({ length }) => length));
  return {
    key,
    fc: Number(fc),
    address: Number.parseInt(address, 16),
    count: Number(fc) <= 2 ? most * 8 : Math.floor(most / 2),
    samples: thinned(all.filter(({ length }) => length === most)),
  };
}

/** Evenly, with the last one: it is what somebody has read off the device. */
function thinned<T>(all: readonly T[]): T[] {
  const step = Math.ceil(all.length / MOST_POLLS);
  return all.filter((_, i) => (all.length - 1 - i) % step === 0);
}

function commonest(numbers: readonly number[]): number {
  const times = new Map<number, number>();
  for (const each of numbers) times.set(each, (times.get(each) ?? 0) + 1);
  return [...times].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

/** Registers that a type takes. */
export const wordsOf = (type: WordType): number => Number(type.slice(1)) / 16;

export function said(samples: readonly Uint8Array[], place: Place): Said {
  const raw = samples.map((bytes) => valueAt(bytes, place));
  const invalid = place.type.startsWith("f") ? undefined : markOf(raw, place.type);
  const values = raw.filter((value) => value !== invalid && Number.isFinite(value));
  const steps = values.slice(1).map((value, i) => value - (values[i] ?? value));
  return {
    values,
    invalid,
    moving: raw.some((value) => !Object.is(value, raw[0])),
    rising: steps.every((step) => step >= 0) && steps.filter((step) => step > 0).length >= ENOUGH_TO_RISE,
  };
}

/** The first byte of the block's bytes is the high one of its first register (Modbus application protocol §4.2). */
export function valueAt(bytes: Uint8Array, { at, type, order }: Place): number {
  const words = wordsOf(type);
  const view = new DataView(inOrder(bytes.subarray(at * 2, (at + words) * 2), order).buffer);
  switch (type) {
    case "u16":
      return view.getUint16(0);
    case "i16":
      return view.getInt16(0);
    case "u32":
      return view.getUint32(0);
    case "i32":
      return view.getInt32(0);
    case "f32":
      return view.getFloat32(0);
    case "u64":
      return Number(view.getBigUint64(0));
    case "f64":
      return view.getFloat64(0);
  }
}

/** A copy, the most significant byte first. */
function inOrder(bytes: Uint8Array, order: Order): Uint8Array<ArrayBuffer> {
  const words = Array.from({ length: bytes.length / 2 }, (_, i) => [...bytes.subarray(i * 2, i * 2 + 2)]);
  const swapped = order === "badc" || order === "dcba" ? words.map((word) => word.toReversed()) : words;
  return Uint8Array.from((order === "cdab" || order === "dcba" ? swapped.toReversed() : swapped).flat());
}

/** The largest and smallest number, and minus one: what makers write where they have no value. */
function markOf(raw: readonly number[], type: WordType): number | undefined {
  const bits = wordsOf(type) * 16;
  const [half, all] = [2 ** (bits - 1), 2 ** bits];
  const marks = type.startsWith("i") ? [half - 1, -half] : [all - 1, half - 1, half];
  return marks.find((mark) => {
    const others = raw.filter((value) => value !== mark);
    // A value that has crept there is a value.
    return (
      others.length > 0 && others.length < raw.length && others.every((value) => Math.abs(value - mark) > half / 8)
    );
  });
}
