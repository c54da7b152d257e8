/** A draft from frames of bytes: adverts, or packets of a serial line. */

import { toHex } from "../../../base/bytes.ts";
import type { Frame } from "../../../library/index.ts";
import { counterOf, type Fit, fitsOf, type Run, runsOf, widthOf } from "./bytes.ts";
import type { Draft, DraftField } from "./draft.ts";
import { chosen } from "./chosen.ts";
import { type PacketSum, packetSumOf } from "./sums.ts";
import { type Kind, kindFor } from "./quantity.ts";

export type Wanted = Pick<Draft, "id" | "vendor" | "model"> & {
  /** What the device shows now, by name. */
  readonly now: ReadonlyMap<string, number>;
};

/** A payload's bytes, and where in an advert they stand. */
interface Bytes {
  readonly place: "manufacturer" | "service_data" | "payload";
  /** Company identifier, or UUID. */
  readonly key: number | string;
  readonly bytes: Uint8Array;
  readonly frame: Frame;
}

/** Undefined if there is not one frame with bytes. */
export function draftFromBytes(frames: readonly Frame[], wanted: Wanted): Draft | undefined {
  const all = frames.flatMap(bytesOf);
  const family = mostCommon(all, ({ place, key }) => `${place} ${key}`);
  const same = mostCommon(family, ({ bytes }) => String(bytes.length));
  const [first] = same;
  if (!first) return undefined;
  const bytes = same.map((each) => each.bytes);
  const runs = runsOf(bytes);
  const sum = first.place === "payload" ? packetSumOf(bytes) : undefined;
  const fields = fieldsOf({ frames: bytes, runs, now: wanted.now, sum });
  const lengths = new Set(family.map((each) => each.bytes.length));
  return {
    ...wanted,
    notes: [
      `${same.length} frames of ${first.bytes.length} bytes${lengths.size > 1 ? `; also heard: ${[...lengths].filter((each) => each !== first.bytes.length).join(", ")} bytes` : ""}`,
      ...runs.map(noteOf),
      ...(sum ? [`byte ${first.bytes.length + sum.at} on is a sum, and right in every frame: ${sum.kind}`] : []),
    ],
    match: matchOf(first, runs),
    endpoint: `${wanted.id.replaceAll(".", "-")}-${first.place === "payload" ? "{source}" : "{address}"}`,
    frame: frameOf(first, fields, sum),
    expect: expectOf(frames),
    fields,
    tests: testsOf(same),
  };
}

function bytesOf(frame: Frame): Bytes[] {
  const { payload } = frame;
  if (payload.kind === "bytes") return [{ place: "payload", key: "", bytes: payload.bytes, frame }];
  if (payload.kind !== "advert") return [];
  const newest = payload.manufacturer.at(-1);
  if (newest) return [{ place: "manufacturer", key: newest[0], bytes: newest[1], frame }];
  return [...payload.services].map(([key, bytes]) => ({ place: "service_data", key, bytes, frame }));
}

function mostCommon<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

function noteOf({ at, length, moving, first, last }: Run): string {
  const where = length === 1 ? `byte ${at}` : `bytes ${at} to ${at + length - 1}`;
  return `${where.padEnd(16)} ${moving ? `moving    ${first} ... ${last}` : `constant  ${first}`}`;
}

/** Frames of one length, laid over one another. */
interface Laid {
  readonly frames: readonly Uint8Array[];
  readonly runs: readonly Run[];
  readonly now: Wanted["now"];
  readonly sum: PacketSum | undefined;
}

/** The bytes that hold a sum are no value. */
const placesOf = ({ kind, at }: PacketSum, length: number): number[] =>
  /16/.test(kind) ? [length + at, length + at + 1] : [length + at];

/** What somebody has read off the device, then a counter, then whatever else moves. */
function fieldsOf({ frames, runs, now, sum }: Laid): DraftField[] {
  const fields: DraftField[] = [];
  const covered = new Set(sum ? placesOf(sum, frames[0]?.length ?? 0) : []);
  const cover = ({ at, type }: Fit) => {
    for (let i = at; i < at + widthOf(type); i++) covered.add(i);
  };
  for (const [name, value] of now) {
    const kind = kindFor(name, value);
    const [best, ...others] = fitsOf(
      frames,
      { value, taken: covered, ...(kind?.range && { range: kind.range }) },
      runs,
    );
    if (!best) continue;
    cover(best);
    const remark = others.length === 0 ? undefined : `or ${others.slice(0, 2).map(inWords).join("; ")}`;
    fields.push({ ...field(name, best, kind), ...(remark !== undefined && { remark }) });
  }
  const counter = counterOf(frames, covered);
  if (counter) {
    cover(counter);
    fields.push(field("packet_id", counter, undefined));
  }
  for (const run of runs.filter(({ moving }) => moving))
    for (let at = run.at; at < run.at + run.length; at++)
      if (!covered.has(at))
        fields.push({ ...field(`byte_${at}`, { at, type: "u8", scale: 1 }, undefined), remark: "moves; what is it?" });
  if (fields.length > 0) return fields;
  return [{ ...field("byte_0", { at: 0, type: "u8", scale: 1 }, undefined), remark: "nothing moves in these frames" }];
}

const inWords = ({ at, type, scale }: Fit) => `at ${at} ${type}${scale === 1 ? "" : ` x ${scale}`}`;

function field(name: string, { at, type, scale }: Fit, kind: Kind | undefined): DraftField {
  const { unit, range } = kind ?? {};
  const spec = {
    at,
    type,
    ...(scale !== 1 && { scale }),
    ...(unit !== undefined && { unit }),
    ...(range && { range }),
  };
  return { name, spec, kind };
}

function matchOf({ place, key, bytes }: Bytes, runs: readonly Run[]): unknown {
  const [first] = runs;
  const prefix = first && !first.moving ? first.first.slice(0, 8) : undefined;
  const shape = { length: bytes.length, ...(prefix !== undefined && { prefix }) };
  if (place === "payload") return { serial: shape };
  if (place === "manufacturer") return { ble: { manufacturer: key, ...shape } };
  return { ble: { service_data: key, ...shape } };
}

function frameOf({ place }: Bytes, fields: readonly DraftField[], check: PacketSum | undefined): Draft["frame"] {
  const counted = fields.some(({ name }) => name === "packet_id");
  return {
    bytes: place === "payload" ? place : `ble.${place}`,
    ...(check && { packet: { check } }),
    ...(counted && { sequence: "packet_id" }),
  };
}

/** The usual time between two frames, in whole seconds; a minute if nobody knows. */
export function expectOf(frames: readonly Frame[]): string {
  const times = frames.map(({ at }) => at.ms).filter((ms) => ms > 0);
  const gaps = times
    .slice(1)
    .map((ms, i) => ms - (times[i] ?? ms))
    .filter((ms) => ms > 0);
  const middle = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return middle === undefined ? "1m" : `${Math.max(1, Math.round(middle / 1000))}s`;
}

/** Each different from the others. */
function testsOf(frames: readonly Bytes[]): Draft["tests"] {
  const hexes = frames.map(({ bytes }) => toHex(bytes).toUpperCase());
  return chosen(hexes, (hex) => hex).map((hex, i) => ({ name: `recorded frame ${i + 1}`, hex }));
}
