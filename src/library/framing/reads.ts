/** What has to be asked of a Modbus device so that all its fields are known: few requests, none longer than it takes. */

import { parseDuration } from "../../base/duration.ts";
import type { Definition } from "../definition/definition.ts";
import type { RegisterRead } from "../device.ts";
import { widthOf } from "./word-order.ts";

/** What most devices take in one request, and registers between two fields that are cheaper than a second one. */
const MOST = 60;
const GAP = 8;
const POLL = "10s";
const DEFAULT_SECONDS = 10;

interface Wanted {
  readonly fc: number;
  readonly from: number;
  readonly to: number;
  readonly everySeconds: number;
}

/** Empty for devices that are not read by registers. */
export function planReads({ frame, fields = {} }: Definition): readonly RegisterRead[] {
  if (frame.registers === undefined) return [];
  const { most = MOST, gap = GAP, poll = POLL } = frame.registers === true ? {} : frame.registers;
  const wanted: Wanted[] = [];
  for (const field of Object.values(fields)) {
    const { fc, address } = field;
    if (fc === undefined || address === undefined) continue;
    const count = fc <= 2 ? 1 : Math.ceil(widthOf(field) / 2);
    const everySeconds = (parseDuration(field.poll ?? poll) ?? DEFAULT_SECONDS * 1_000) / 1_000;
    wanted.push({ fc, from: address, to: address + count, everySeconds });
  }
  wanted.sort((a, b) => a.fc - b.fc || a.everySeconds - b.everySeconds || a.from - b.from);
  return joined(wanted, gap, most);
}

function joined(wanted: readonly Wanted[], gap: number, most: number): readonly RegisterRead[] {
  const blocks: Wanted[] = [];
  for (const next of wanted) {
    const last = blocks.at(-1);
    const fits =
      last?.fc === next.fc &&
      last.everySeconds === next.everySeconds &&
      next.from - last.to <= gap &&
      Math.max(last.to, next.to) - last.from <= most;
    if (last && fits) blocks[blocks.length - 1] = { ...last, to: Math.max(last.to, next.to) };
    else blocks.push(next);
  }
  return blocks.map(({ fc, from, to, everySeconds }) => ({ fc, address: from, count: to - from, everySeconds }));
}
