/** Binary payloads: fields at fixed places, from the end, in other sections, in TLVs, behind flags, several in a row. */

import { DecodeError } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Definition } from "../definition/definition.ts";
import type { FieldSpec } from "../definition/field.ts";
import type { FormSpec } from "../definition/frame.ts";
import { advertBytes, type SectionName } from "../matching/advert.ts";
import { bytesTest } from "../matching/conditions.ts";
import type { Complain, Where } from "../source.ts";
import { layoutOf } from "./binary/layout.ts";
import { type Layout, NUMBERS } from "./binary/numbers.ts";
import { compilePacket } from "./binary/packet.ts";
import { placeMistake } from "./binary/mistakes.ts";
import { type Tagged, tlvReader } from "./binary/tlv.ts";
import type { Found, Framing, Raw, Reader } from "./framing.ts";

/** A payload made ready for its fields. */
export interface Bytes {
  /** The section that the definition reads, or the payload; absent if only another section was heard. */
  readonly view: DataView | undefined;
  /** Other sections that fields or forms name, in the order in which they were first named. */
  readonly others: readonly (DataView | undefined)[];
  readonly tags: readonly Tagged[];
  readonly flags: number;
  /** Where the next field that a flag announces would stand. */
  next: number;
}

interface Context {
  readonly definition: Pick<Definition, "frame" | "match">;
  readonly complain: Complain;
}

type Find = (opened: Bytes) => DataView | undefined;

/** Values of one tag that are told apart. */
const MAX_TAGS = 16;
const NO_TAGS: readonly Tagged[] = [];
const NO_SECTIONS: readonly (DataView | undefined)[] = [];

export function bytesFraming(context: Context): Framing<Bytes> {
  const { definition, complain } = context;
  const { frame } = definition;
  const main = payloadOf(context);
  const sections = otherSections(definition);
  const packet = frame.packet && compilePacket(frame.packet, complain);
  const tags = frame.tlv && tlvReader(frame.tlv);
  const flags = frame.flags && flagsReader(frame.flags);
  return {
    open(heard) {
      const payload = main(heard);
      const others = sections.open(heard);
      if (payload === undefined) return others.some(Boolean) ? { ...EMPTY, others } : undefined;
      const view = viewOf(packet ? packet(payload) : payload);
      return {
        view,
        others,
        tags: tags ? tags(view) : NO_TAGS,
        flags: flags ? flags(view) : 0,
        next: frame.flags?.start ?? 0,
      };
    },
    reader(_name, spec) {
      const mistake = placeMistake(spec, frame);
      if (mistake !== undefined) return mistake;
      const layout = layoutOf(spec);
      if (typeof layout === "string") return layout;
      return overlapsEnd(spec, layout) ?? readerOf(spec, layout, sections.find(spec.in));
    },
    form: (spec, where, complainOf) => formTest(spec, sections.find(spec.in), where, complainOf),
  };
}

/** Counted from the end, it must end there. */
function overlapsEnd({ at = 0, repeat = 1, step }: FieldSpec, { width }: Layout): string | undefined {
  const last = at + (repeat - 1) * (step ?? width) + width;
  return at < 0 && last > 0 ? `${last - at} bytes from ${at} on go beyond the end` : undefined;
}

const EMPTY = { view: undefined, tags: NO_TAGS, flags: 0, next: 0 };

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function payloadOf({ definition: { frame, match }, complain }: Context): (heard: Frame) => Uint8Array | undefined {
  const { bytes } = frame;
  const section = sectionOf(bytes);
  if (section?.startsWith("manufacturer") === true && match?.ble?.manufacturer === undefined)
    complain(["frame", "bytes"], "of which company? match.ble.manufacturer is missing");
  if (section === "service_data" && match?.ble?.service_data === undefined)
    complain(["frame", "bytes"], "of which service? match.ble.service_data is missing");
  if (section !== undefined) return advertBytes(section, match?.ble);
  return ({ payload }) =>
    payload.kind === "bytes" ? payload.bytes : payload.kind === "message" ? payload.body : undefined;
}

/** The section that is read unless a field says otherwise. */
function sectionOf(bytes: Definition["frame"]["bytes"]): Exclude<SectionName, number> | undefined {
  if (bytes === "ble.manufacturer") return "manufacturer";
  if (bytes === "ble.manufacturer.raw") return "manufacturer.raw";
  return bytes === "ble.service_data" ? "service_data" : undefined;
}

/** Sections are looked up once for a frame, and only those that somebody asks for. */
function otherSections({ frame, match }: Context["definition"]) {
  const own = sectionOf(frame.bytes);
  const names: SectionName[] = [];
  const lookups: ((heard: Frame) => Uint8Array | undefined)[] = [];
  return {
    find(name: SectionName | undefined): Find {
      if (name === undefined || name === own) return ({ view }) => view;
      if (!names.includes(name)) {
        names.push(name);
        lookups.push(advertBytes(name, match?.ble));
      }
      const place = names.indexOf(name);
      return ({ others }) => others[place];
    },
    open(heard: Frame): readonly (DataView | undefined)[] {
      if (lookups.length === 0 || heard.payload.kind !== "advert") return NO_SECTIONS;
      return lookups.map((lookup) => {
        const bytes = lookup(heard);
        return bytes && viewOf(bytes);
      });
    },
  };
}

function formTest(spec: FormSpec, find: Find, where: Where, complain: Complain): (opened: Bytes) => boolean {
  const test = bytesTest(spec, where, complain);
  return (opened) => {
    const view = find(opened);
    return view !== undefined && test.fits(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  };
}

function flagsReader({ at, type }: NonNullable<Definition["frame"]["flags"]>): (view: DataView) => number {
  const [width, read] = NUMBERS.get(type) ?? [1, (view, place) => view.getUint8(place)];
  return (view) => {
    if (at + width > view.byteLength) throw short(view, at + width);
    return Number(read(view, at));
  };
}

function readerOf(spec: FieldSpec, layout: Layout, find: Find): Reader<Bytes> {
  const { at = 0, tag, flag, repeat } = spec;
  if (flag !== undefined) return { one: flagged(flag, layout) };
  const read = placed(layout, at);
  if (repeat !== undefined) {
    const first = (opened: Bytes) => opened.tags.find((each) => each.tag === tag)?.value;
    return { many: repeated(spec, layout, tag === undefined ? find : first) };
  }
  if (tag !== undefined) return { many: ({ tags }) => tagged(tags, tag, read) };
  const needed = bytesNeeded(layout, at);
  if (spec.when === undefined && spec.in === undefined && at >= 0) return { one: fixed(layout, at, needed) };
  const sure = spec.when === undefined && spec.in === undefined;
  return {
    one(opened) {
      const view = find(opened);
      if (view === undefined) return undefined;
      if (sure && needed > view.byteLength) throw short(view, needed);
      return read(view);
    },
  };
}

/** What nearly all fields are: at one place of the section that the frame names, and sure to be there. */
function fixed({ read }: Layout, at: number, needed: number): (opened: Bytes) => Raw {
  return ({ view }) => {
    if (view === undefined) return undefined;
    if (needed > view.byteLength) throw short(view, needed);
    return read(view, at);
  };
}

/** Reads a field of the given type at the given place. Shared with registers, which are bytes too. */
export function byteReader(spec: FieldSpec, at: number): Reader<DataView> | string {
  const layout = layoutOf(spec);
  if (typeof layout === "string") return layout;
  const read = placed(layout, at);
  const needed = bytesNeeded(layout, at);
  return {
    one(view) {
      if (needed > view.byteLength) throw short(view, needed);
      return read(view);
    },
  };
}

const short = (view: DataView, end: number) => new DecodeError(`${view.byteLength} bytes, ${end} wanted`);

const bytesNeeded = ({ width, least }: Layout, at: number) => Math.max(least, at < 0 ? -at : at + width);

/** Undefined where the bytes do not reach so far. */
type TryRead = (view: DataView) => Raw;

function placed(layout: Layout, at: number): TryRead {
  const { read } = layout;
  const needed = bytesNeeded(layout, at);
  if (at < 0) return (view) => (needed > view.byteLength ? undefined : read(view, view.byteLength + at));
  return (view) => (needed > view.byteLength ? undefined : read(view, at));
}

/** A field that a flag announces begins where the one before it has ended. */
function flagged(flag: number, { width, read }: Layout): (opened: Bytes) => Raw {
  return (opened) => {
    const { view, flags, next } = opened;
    if (!view || ((flags >>> flag) & 1) === 0) return undefined;
    opened.next = next + width;
    return opened.next > view.byteLength ? undefined : read(view, next);
  };
}

function tagged(tags: readonly Tagged[], wanted: number, read: TryRead): readonly Found[] {
  const found: Found[] = [];
  let count = 0;
  for (const { tag, value } of tags) {
    if (tag !== wanted) continue;
    const suffix = ++count === 1 ? "" : `_${count}`;
    const raw = read(value);
    if (raw !== undefined) found.push(["", suffix, raw]);
    if (count === MAX_TAGS) break;
  }
  return found;
}

function repeated({ at = 0, repeat = 1, step }: FieldSpec, layout: Layout, find: Find): (opened: Bytes) => Found[] {
  const stride = step ?? layout.width;
  const reads = Array.from({ length: repeat }, (_, n) => placed(layout, at + n * stride));
  return (opened) => {
    const view = find(opened);
    const found: Found[] = [];
    for (let n = 0; view && n < repeat; n++) {
      const raw = reads[n]?.(view);
      if (raw === undefined) break;
      found.push(["", `_${n + 1}`, raw]);
    }
    return found;
  };
}
