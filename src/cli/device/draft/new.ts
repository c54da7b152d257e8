/** `isthmus device new`: a draft of a definition from recorded frames, complete enough to be tested at once. */

import { DecodeError } from "../../../base/bytes.ts";
import { type Frame, Library, type Quantity, standardModels } from "../../../library/index.ts";
import { readFrameLine } from "../../frame-line.ts";
import { type Draft, writeDraft } from "./draft.ts";
import { draftFromBytes, type Wanted } from "./from-bytes.ts";
import { draftFromRegisters, registersOf } from "./from-registers.ts";
import { draftFromLines } from "./from-lines.ts";
import { draftFromMessages } from "./from-messages.ts";

export interface Drafted {
  readonly text: string;
  readonly frames: number;
  /** Lines that were no frames, with the first one's reason. */
  readonly skipped: { readonly count: number; readonly reason: string } | undefined;
  /** Values that somebody has read off the device, and that were found nowhere. */
  readonly missed: readonly string[];
}

/** Undefined if there is nothing in the lines that a draft could be made of. */
export function draftFrom(lines: readonly string[], wanted: Wanted, source?: string): Drafted | undefined {
  const frames: Frame[] = [];
  let skipped = 0;
  let reason = "";
  for (const line of lines.filter((each) => each.trim() !== ""))
    try {
      frames.push(readFrameLine(line).frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      skipped += 1;
      reason ||= error.message;
    }
  const own = source === undefined ? loudest(frames) : frames.filter((frame) => frame.source === source);
  const draft =
    draftFromBytes(own, wanted) ??
    draftFromRegisters(own, wanted) ??
    draftFromMessages(own, wanted) ??
    draftFromLines(own, wanted);
  if (!draft) return undefined;
  const text = writeDraft({ ...draft, tests: expectations(draft, own) });
  const found = new Set(draft.fields.map(({ name }) => name));
  const missed = [...wanted.now].flatMap(([name, value]) => (found.has(name) ? [] : [`${name}=${value}`]));
  return { text, frames: own.length, skipped: skipped === 0 ? undefined : { count: skipped, reason }, missed };
}

/** What is wrong with the first line that is no frame, as the end of a sentence; nothing if all are frames. */
export function whyNone(lines: readonly string[]): string {
  const first = lines.findIndex((line) => line.trim() !== "");
  try {
    if (first >= 0) readFrameLine(lines[first] ?? "");
    return first < 0 ? ": there are no lines" : "";
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `: line ${first + 1}: ${error.message}`;
  }
}

/** The frames of the source that says most; of MQTT, of all topics that look alike. */
function loudest(frames: readonly Frame[]): Frame[] {
  const groups = new Map<string, Frame[]>();
  for (const frame of frames) {
    const key = frame.payload.kind === "message" ? `message ${frame.source.split("/").length}` : frame.source;
    groups.set(key, [...(groups.get(key) ?? []), frame]);
  }
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

/** What the draft itself reads from its frames: a person only has to see whether it is true. */
function expectations(draft: Draft, frames: readonly Frame[]): Draft["tests"] {
  const { library } = Library.load([{ name: "draft.yaml", text: writeDraft(draft) }], standardModels());
  const device = library.get(draft.id);
  if (!device) return draft.tests;
  return draft.tests.map((test) => {
    const frame = frames.find((each) => isFrameOf(test, each));
    const fields = frame ? read(() => device.decode(frame)?.fields) : undefined;
    return fields === undefined ? test : { ...test, expect: shown(fields) };
  });
}

function isFrameOf(test: Readonly<Record<string, unknown>>, frame: Frame): boolean {
  const { hex, text, topic, json, registers } = test;
  const { payload } = frame;
  if (payload.kind === "registers") return JSON.stringify(registers) === JSON.stringify(registersOf(frame));
  if (payload.kind === "text") return payload.text.trimEnd() === text;
  if (payload.kind === "message")
    return payload.topic === topic && Buffer.from(payload.body).toString() === JSON.stringify(json);
  const bytes = payload.kind === "bytes" ? [payload.bytes] : payload.kind === "advert" ? sections(payload) : [];
  return bytes.some((each) => Buffer.from(each).toString("hex").toUpperCase() === hex);
}

const sections = (payload: Extract<Frame["payload"], { kind: "advert" }>) => [
  ...payload.manufacturer.map(([, bytes]) => bytes),
  ...payload.services.values(),
];

function read<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const shown = (fields: ReadonlyMap<string, Quantity | undefined>) =>
  Object.fromEntries([...fields].map(([name, quantity]) => [name, quantity?.value ?? null]));
