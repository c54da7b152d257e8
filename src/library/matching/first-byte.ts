/** Definitions of one service or company by the first byte of its data: a maker with forty models tells them apart there. */

import type { Frame } from "../../sdk/adapter.ts";
import type { FrameSpec } from "../definition/frame.ts";
import type { BleMatch } from "../definition/match.ts";
import { parsePattern } from "./conditions.ts";
import { type Candidate, put, type Search } from "./search.ts";

export class ByFirstByte<T extends Candidate> {
  readonly #byFirst = new Map<number, T[]>();
  readonly #others: T[] = [];

  /** Without bytes: the first may be any, or is not asked for. */
  add(device: T, bytes: readonly number[] = []): void {
    for (const byte of new Set(bytes)) put(this.#byFirst, byte, device);
    if (bytes.length === 0) this.#others.push(device);
  }

  /** Without data: the service is named, and nothing said of it. */
  consider(frame: Frame, search: Search<T>, data?: Uint8Array): void {
    search.consider(this.#others, frame);
    const first = data?.[0];
    if (first !== undefined) search.consider(this.#byFirst.get(first), frame);
  }
}

/** What the data of its service must begin with, whichever of several it is; undefined: that is not asked for. */
export function firstBytes(ble: BleMatch, frame: FrameSpec): readonly number[] | undefined {
  return ofService(ble, frame) ? askedFor(ble) : undefined;
}

/** What the data of its maker must begin with; undefined: that is not asked for. */
export function makersFirstBytes(ble: BleMatch, frame: FrameSpec): readonly number[] | undefined {
  return ble.manufacturer === undefined || ofService(ble, frame) ? undefined : askedFor(ble);
}

/** The conditions speak of the section that is read, if there are two. */
const ofService = (ble: BleMatch, frame: FrameSpec) =>
  ble.service_data !== undefined && (ble.manufacturer === undefined || frame.bytes === "ble.service_data");

function askedFor({ prefix = "", bytes = [] }: BleMatch): readonly number[] | undefined {
  const [byte] = parsePattern(prefix);
  if (byte?.mask === 0xff) return [byte.value];
  const condition = bytes.find(({ at, mask = 0xff, is }) => at === 0 && mask === 0xff && is !== undefined);
  return condition && [condition.is ?? []].flat();
}
