/** How a port's settings say that its bytes become frames, and the cutter for each way. */

import { z } from "zod";
import { Cutter, type Find } from "./cutter.ts";
import { findPacket, longestPacket, packetSpec } from "./packets.ts";
import { findD0, findDsmr, findMbus, findSml, findTeleinfo, findVedirect } from "./telegrams.ts";

export const framesSpec = z.union(
  [z.enum(["lines", "dsmr", "sml", "mbus", "vedirect", "d0", "teleinfo"]), packetSpec],
  {
    error: "Expected lines, dsmr, sml, mbus, vedirect, d0, teleinfo, or { start, end, length } of a packet",
  },
);
export type FramesSpec = z.infer<typeof framesSpec>;

export interface Frames {
  /** Telegrams that are text, one character per byte; the others are bytes. */
  readonly text: boolean;
  readonly cutter: Cutter;
}

/** Bytes of the longest telegram of each kind. */
const TELEGRAMS: Readonly<Record<string, { text: boolean; most: number; find: () => Find }>> = {
  dsmr: { text: true, most: 8_192, find: () => findDsmr },
  sml: { text: false, most: 8_192, find: () => findSml },
  mbus: { text: false, most: 261, find: () => findMbus },
  vedirect: { text: true, most: 4_096, find: findVedirect },
  d0: { text: true, most: 8_192, find: () => findD0 },
  teleinfo: { text: true, most: 4_096, find: () => findTeleinfo },
};

/** Undefined for lines, which have a splitter of their own. A fresh one for each opening of the port. */
export function framesOf(spec: FramesSpec): Frames | undefined {
  if (typeof spec === "object") return { text: false, cutter: new Cutter(findPacket(spec), longestPacket) };
  const kind = TELEGRAMS[spec];
  return kind && { text: kind.text, cutter: new Cutter(kind.find(), kind.most) };
}
