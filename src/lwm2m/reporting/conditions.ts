/** When a change is worth telling, and when a value must be told again (LwM2M Core 1.2 §5.1.2, §6.4.2). */

import type { ResourceType, ResourceValue } from "../../model/value.ts";
import { sameValue } from "../tree.ts";

/** The attributes that a server may attach to a path. Periods in seconds; the others in the unit of the Resource. */
export interface Attributes {
  readonly pmin?: number;
  readonly pmax?: number;
  readonly gt?: number;
  readonly lt?: number;
  readonly st?: number;
  /** How often the sensor should at most, and at least, be asked (LwM2M Core 1.1 §5.1.2). */
  readonly epmin?: number;
  readonly epmax?: number;
  /** 1: only from false to true; 0: only from true to false. Since LwM2M 1.2, as are the next two. */
  readonly edge?: number;
  /** 1: notifications are confirmable. */
  readonly con?: number;
  /** How many values are kept of this while the server cannot be reached. */
  readonly hqmax?: number;
}

export const NO_ATTRIBUTES: Attributes = {};

/** Attributes that make sense for single numbers only. */
export const NUMERIC = ["gt", "lt", "st"] as const;
/** What only a Resource or a Resource Instance may be given; the other attributes are inherited from above. */
export const VALUE_CONDITIONS = [...NUMERIC, "edge"] as const;

const NUMBERS: ReadonlySet<ResourceType> = new Set(["integer", "unsigned", "float", "time"]);

/**
 * What is wrong with a set of attributes that belong together, or undefined.
 * A maximum period shorter than the minimum is no error: it is ignored when the time comes (§5.1.2).
 */
export function contradiction({ gt, lt, st, epmin, epmax }: Attributes): string | undefined {
  if (lt !== undefined && gt !== undefined && lt + 2 * (st ?? 0) >= gt) return "lt + 2 st must be below gt";
  if (epmin !== undefined && epmax !== undefined && epmin >= epmax) return "epmin must be below epmax";
  return undefined;
}

/** Which of `names` cannot be attached to a Resource of `type`, in words; undefined if all can (§5.1.2, Apply Condition). */
export function misplaced(type: ResourceType | undefined, names: Iterable<string>): string | undefined {
  if (type === undefined) return undefined;
  for (const name of names) {
    if (NUMERIC.some((numeric) => numeric === name) && !NUMBERS.has(type)) return `${name} is for numbers`;
    if (name === "edge" && type !== "boolean") return "edge is for booleans";
  }
  return undefined;
}

/** Without the thresholds that contradict each other, as those from two levels may: they are not valid (§5.1.2). */
export function heeded(attributes: Attributes): Attributes {
  const { gt, lt, st, ...rest } = attributes;
  return gt !== undefined && lt !== undefined && lt + 2 * (st ?? 0) >= gt ? rest : attributes;
}

/**
 * Whether a value differs enough from the one last sent. Thresholds count in both directions; one condition met is enough.
 * The value of the answer to Observe is the first one sent.
 */
export function isWorthTelling(value: ResourceValue, sent: ResourceValue, attributes: Attributes): boolean {
  const { gt, lt, st, edge } = attributes;
  if (gt === undefined && lt === undefined && st === undefined) {
    if (edge === undefined || typeof value !== "boolean") return !sameValue(value, sent);
    return value !== sent && value === (edge === 1);
  }
  const now = asNumber(value);
  const before = asNumber(sent);
  if (now === undefined || before === undefined) return !sameValue(value, sent);
  if (gt !== undefined && now > gt !== before > gt) return true;
  if (lt !== undefined && now < lt !== before < lt) return true;
  return st !== undefined && now !== before && Math.abs(now - before) >= st;
}

/** Milliseconds that must pass between two notifications. */
export function minimumPeriod({ pmin = 0 }: Attributes): number {
  return pmin * 1_000;
}

/** Milliseconds after which a value is told again; `pmax=0` and `pmax` below `pmin` are as good as none. */
export function maximumPeriod({ pmin = 0, pmax = 0 }: Attributes): number | undefined {
  return pmax === 0 || pmax < pmin ? undefined : pmax * 1_000;
}

function asNumber(value: ResourceValue): number | undefined {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}
