/** A draft from polls of Modbus registers: values that somebody has named, then whatever else moves. */

import { toHex } from "../../../base/bytes.ts";
import type { Frame } from "../../../library/index.ts";
import { chosen } from "./chosen.ts";
import type { Draft, DraftField } from "./draft.ts";
import { expectOf, type Wanted } from "./from-bytes.ts";
import { type Kind, kindFor } from "./quantity.ts";
import { type RegisterFit, registerFits } from "./register-fits.ts";
import { notesOf, remarkOf, shortHex } from "./register-words.ts";
import { type Block, blocksOf, ORDERS, type Order, type Place, said, valueAt, wordsOf } from "./registers.ts";
import { orderOf, type Piece, piecesOf } from "./words.ts";

const COIL: Kind = { name: "coil", object: 3200 };
const MOST_FIELDS = 60;
/** What registers and bits are called in a draft, by function code. */
const NAMES: Readonly<Record<number, string>> = { 1: "coil", 2: "input_bit", 3: "holding", 4: "input" };

/** A proposed field, and where in the polls it stands. */
interface Found {
  readonly field: DraftField;
  readonly block: Block;
  /** Undefined for texts and bits. */
  readonly place?: Place;
}

/** What has been found out about all blocks. */
interface Seen {
  readonly order: Order;
  readonly blocks: readonly Block[];
  readonly pieces: ReadonlyMap<Block, readonly Piece[]>;
  /** `key` of a block and a register in it, once a field stands there. */
  readonly taken: Set<string>;
}

/** Undefined if there is not one frame with registers. */
export function draftFromRegisters(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const blocks = blocksOf(frames);
  if (blocks.length === 0) return undefined;
  const words = blocks.filter(({ fc }) => fc >= 3);
  const order = orderOf(words, ORDERS);
  const pieces = new Map(words.map((block) => [block, piecesOf(block, order)]));
  const found = foundIn({ order, blocks, pieces, taken: new Set() }, wanted.now);
  const expect = expectOf(frames);
  const ordered = order !== "abcd" && found.some(({ place }) => place?.order === order && wordsOf(place.type) > 1);
  return {
    ...wanted,
    notes: notesOf(frames, pieces, order),
    match: undefined,
    endpoint: `${wanted.id.replaceAll(".", "-")}-{source}`,
    frame: { registers: { ...(ordered && { order }), poll: expect } },
    expect,
    fields: found.map(({ field }) => field),
    tests: testsOf(frames, found),
  };
}

function foundIn(seen: Seen, now: Wanted["now"]): Found[] {
  const found = [
    ...[...now].flatMap(([name, value]) => named(seen, name, value)),
    ...[...seen.pieces].flatMap(([block, pieces]) => pieces.flatMap((piece) => unnamed(seen, block, piece))),
    ...seen.blocks.filter(({ fc }) => fc <= 2).flatMap(bits),
  ];
  const [block] = seen.blocks;
  if (found.length === 0 && block) {
    const spec = { fc: block.fc, address: block.address, type: block.fc <= 2 ? "bool" : "u16" };
    const kind = block.fc <= 2 ? COIL : undefined;
    return [{ block, field: { name: nameOf(block, 0), spec, kind, remark: "nothing moves in these frames" } }];
  }
  // Blocks may overlap: a register is a field once.
  const names = found.map(({ field }) => field.name);
  return found.filter((_, i) => names.indexOf(names[i] ?? "") === i).slice(0, MOST_FIELDS);
}

/** What somebody has read off the device, where it fits best. */
function named(seen: Seen, name: string, value: number): Found[] {
  const kind = kindFor(name, value);
  const [best, ...others] = registerFits(seen.blocks, { value, ...seen, ...(kind?.range && { range: kind.range }) });
  if (!best) return [];
  const { block, at, type, order, scale } = best;
  for (let i = at; i < at + wordsOf(type); i++) seen.taken.add(`${block.key} ${i}`);
  const { invalid } = said(block.samples, best);
  const spec = {
    ...addressOf(block, at),
    type,
    ...(wordsOf(type) > 1 && order !== seen.order && { order }),
    ...(invalid !== undefined && { invalid }),
    ...(scale !== 1 && { scale }),
    ...(kind?.unit !== undefined && { unit: kind.unit }),
    ...(kind?.range && { range: kind.range }),
    ...(kind?.name === "energy" && { monotonic: true }),
  };
  const alternatives = others.slice(0, 2).map((fit) => inWords(fit, seen.order));
  const remark = alternatives.length === 0 ? {} : { remark: `or ${alternatives.join("; ")}` };
  return [{ block, place: best, field: { name, spec, kind, ...remark } }];
}

/** What moves; floats and texts also if they stand still. */
function unnamed(seen: Seen, block: Block, piece: Piece): Found[] {
  const { at, words, type } = piece;
  const free = Array.from({ length: words }, (_, i) => at + i).filter(
    (word) => !seen.taken.has(`${block.key} ${word}`),
  );
  // Of a piece that a named field has cut, the registers that are left are looked at one by one.
  if (free.length < words) return free.flatMap((word) => unnamed(seen, block, oneWord(block, word, seen.order)));
  const address = addressOf(block, at);
  const kind = undefined;
  if (type === "ascii") {
    const spec = { ...address, type, length: words * 2 };
    return [{ block, field: { name: `text_${shortHex(address.address).toLowerCase()}`, spec, kind, shown: false } }];
  }
  const { moving, values, invalid, rising } = piece.said;
  if (values.length === 0 || (!moving && type !== "f32")) return [];
  const spec = {
    ...address,
    type,
    ...(invalid !== undefined && { invalid }),
    // A single register, and a float, may rise for a while without being a counter.
    ...(rising && type === "u32" && { monotonic: true }),
  };
  const place = { at, type, order: seen.order };
  return [{ block, place, field: { name: nameOf(block, at), spec, kind, remark: remarkOf(type, piece.said) } }];
}

function oneWord({ samples }: Block, at: number, order: Order): Piece {
  return { at, words: 1, type: "u16", said: said(samples, { at, type: "u16", order }), weight: 0 };
}

function bits(block: Block): Found[] {
  const { fc, address, count, samples } = block;
  const bit = (bytes: Uint8Array, i: number) => ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => samples.some((bytes) => bit(bytes, i) !== bit(samples[0] ?? bytes, i)))
    .map((i) => {
      const spec = { fc, address: address + i, type: "bool" };
      return { block, field: { name: nameOf(block, i), spec, kind: COIL, remark: "moves; what is it?" } };
    });
}

const addressOf = ({ fc, address }: Block, at: number) => ({ fc, address: address + at });
const nameOf = ({ fc, address }: Block, at: number) =>
  `${NAMES[fc] ?? "register"}_${shortHex(address + at).toLowerCase()}`;

function inWords({ block, at, type, order, scale }: RegisterFit, usual: Order): string {
  const words = wordsOf(type) > 1 && order !== usual ? [type, order] : [type];
  return [`at 0x${shortHex(block.address + at)}`, ...words, ...(scale === 1 ? [] : [`x ${scale}`])].join(" ");
}

/** A few polls; among them for every field one that tells it, and one that has its mark of absence, if it has one. */
function testsOf(frames: readonly Frame[], found: readonly Found[]): Draft["tests"] {
  const polls = frames.filter((frame) => Object.keys(registersOf(frame)).length > 0 && !refuses(frame, found));
  const picked = new Set(chosen(polls, (poll) => JSON.stringify(registersOf(poll))));
  for (const each of found) {
    const marked = polls.find((poll) => tells(poll, each) === "absence");
    const plain = [...picked, ...polls].find((poll) => tells(poll, each) === "value");
    for (const poll of [marked, plain]) if (poll) picked.add(poll);
  }
  return polls
    .filter((poll) => picked.has(poll))
    .map((poll, i) => ({ name: `recorded poll ${i + 1}`, registers: registersOf(poll) }));
}

/** Whether the device refused, this once, what it tells at other times: a golden frame cannot say so. */
const refuses = ({ payload }: Frame, found: readonly Found[]) =>
  payload.kind === "registers" &&
  [...payload.values.keys()].some((key) => found.some(({ block }) => key.startsWith(`${block.key}+`)));

function tells({ payload }: Frame, { block, place, field }: Found): "value" | "absence" | undefined {
  const bytes = payload.kind === "registers" ? payload.values.get(block.key) : undefined;
  if (bytes?.length !== block.samples[0]?.length) return undefined;
  if (!bytes || !place) return "value";
  const value = valueAt(bytes, place);
  return value === field.spec["invalid"] || !Number.isFinite(value) ? "absence" : "value";
}

/** As a golden frame has them: four digits for each register. Blocks that were refused have none. */
export function registersOf({ payload }: Frame): Readonly<Record<string, string>> {
  if (payload.kind !== "registers") return {};
  const inFours = (bytes: Uint8Array) =>
    toHex(bytes)
      .toUpperCase()
      .replaceAll(/(.{4})(?=.)/g, "$1 ");
  const told = [...payload.values].filter(([, bytes]) => bytes.length > 0);
  return Object.fromEntries(told.map(([key, bytes]) => [key, inFours(bytes)]));
}
