/** Whether fields stand within the bytes that their device sends, where `match` says how many these are. */

import type { LengthSpec } from "../definition/common.ts";
import type { Definition } from "../definition/definition.ts";
import type { FieldSpec } from "../definition/field.ts";
import { widthOf } from "../framing/word-order.ts";
import type { Complain } from "../source.ts";

/** Complains about each field that no frame can reach: such a definition would refuse all that it takes. */
export function checkReach({ frame, match, fields = {} }: Definition, complain: Complain): void {
  const most = mostBytes({ frame, match });
  if (most === undefined) return;
  for (const [name, spec] of Object.entries(fields)) {
    const end = endOf(spec);
    if (end !== undefined && end > most)
      complain(
        ["fields", name, "at"],
        `it ends at byte ${end}, but "match" takes no frame of more than ${most}`,
        "bytes are counted from 0",
      );
  }
}

/** Of the bytes that fields count in; undefined if nothing limits them, or they are not counted from the beginning of these. */
function mostBytes({ frame, match }: Pick<Definition, "frame" | "match">): number | undefined {
  if (!match || frame.packet !== undefined || frame.tlv !== undefined) return undefined;
  if (frame.bytes === "payload") return longest(match.serial?.length);
  const named = [match.ble?.manufacturer, match.ble?.service_data].filter((each) => each !== undefined);
  const place = match.ble?.manufacturer === undefined ? "ble.service_data" : "ble.manufacturer";
  return named.length === 1 && frame.bytes === place ? longest(match.ble?.length) : undefined;
}

function longest(length: LengthSpec | undefined): number | undefined {
  if (length === undefined || typeof length === "number") return length;
  return Array.isArray(length) ? Math.max(...length) : length.max;
}

/** The byte behind the field's last; undefined if it may be absent, or is found in another way. */
function endOf(spec: FieldSpec): number | undefined {
  const { at, when, flag, tag, repeat } = spec;
  if (at === undefined || at < 0 || spec.in !== undefined || spec.type === undefined) return undefined;
  if (when !== undefined || flag !== undefined || tag !== undefined || repeat !== undefined) return undefined;
  return /^(?:[ui]\d|f\d|sm|medfloat)/.test(spec.type) || spec.length !== undefined ? at + widthOf(spec) : undefined;
}
