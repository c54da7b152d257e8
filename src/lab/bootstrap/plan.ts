/** What a bootstrap server is to do with a client, as people write it, and the requests that makes (LwM2M Core 1.2 §6.1.7). */

import type { Scalar } from "../../base/outcome.ts";
import { Format } from "../../content/index.ts";
import { contains, depth, type Path, parsePath, ROOT } from "../../model/path.ts";
import { isScalar, isValueTree, type ValueTree } from "../value-tree.ts";
import { type Dialect, encodeTree, encodeValue } from "../values.ts";
import type { Ask } from "../wire.ts";
import type { BootstrapStep } from "./result.ts";

/** Its parts are done in the order in which they stand; Finish comes last, unless it stands elsewhere or is false. */
export interface BootstrapPlan {
  /** True for the whole client, or a path such as `/0`. */
  readonly discover?: boolean | string;
  /** Paths to read: clients let Objects 1 and 2 be read. */
  readonly read?: readonly string[];
  /** Paths to delete: Instances, Objects, or `/` for all. */
  readonly delete?: readonly string[];
  /** Values by path of an Object, Instance or Resource; opaque values in hex. */
  readonly write?: ValueTree;
  /** Content-Format of what is written and read; the client's wish, or SenML CBOR, unless said otherwise. */
  readonly format?: number;
  readonly finish?: boolean;
  /** Whether the values may be fetched all at once from /bspack (since 1.2). */
  readonly pack?: boolean;
  /** Goes on where a client refuses a step; a plan ends there otherwise. */
  readonly carryOn?: boolean;
}

/** One request to come. */
export interface PlannedStep {
  readonly operation: BootstrapStep["operation"];
  readonly path: Path;
  readonly ask: Omit<Ask, "timeoutMs">;
}

const MAX_STEPS = 256;
const FLAGS = ["finish", "pack", "carryOn"];

/** Checks a plan from outside. @throws RangeError that says what is wrong with it. */
export function planOf(json: unknown, dialect: Dialect): BootstrapPlan {
  if (!isRecord(json)) throw new RangeError('a plan is an object such as {"delete": ["/0"], "write": {}}');
  for (const [key, value] of Object.entries(json))
    if (!isPart(key, value)) throw new RangeError(`${key} is not understood`);
  const plan: BootstrapPlan = json;
  stepsOf(plan, Format.SenmlCbor, dialect);
  return plan;
}

/**
 * The requests of a plan, in its order.
 * @param wish the Content-Format that the client would like.
 * @throws RangeError if a path is none, or a value does not fit.
 */
export function stepsOf(plan: BootstrapPlan, wish: number | undefined, dialect: Dialect): PlannedStep[] {
  const format = plan.format ?? wish ?? Format.SenmlCbor;
  const order = Object.keys("finish" in plan ? plan : { ...plan, finish: true });
  const steps = order.flatMap((part) => partSteps(part, plan, { format, dialect }));
  if (steps.length > MAX_STEPS) throw new RangeError(`more than ${MAX_STEPS} steps`);
  return steps;
}

/** All values in one body, for /bspack. @throws RangeError if the format cannot carry them. */
export function packOf({ write = {} }: BootstrapPlan, format: number, dialect: Dialect): Uint8Array {
  return encodeTree(write, { path: ROOT, format }, dialect);
}

function partSteps(part: string, plan: BootstrapPlan, how: { format: number; dialect: Dialect }): PlannedStep[] {
  switch (part) {
    case "discover":
      return plan.discover === undefined || plan.discover === false
        ? []
        : [
            step("discover", plan.discover === true ? ROOT : plan.discover, {
              method: "GET",
              accept: Format.LinkFormat,
            }),
          ];
    case "read":
      return (plan.read ?? []).map((path) => step("read", path, { method: "GET", accept: how.format }));
    case "delete":
      return (plan.delete ?? []).map((path) => step("delete", path, { method: "DELETE" }));
    case "write":
      return Object.entries(plan.write ?? {}).map(([path, values]) => write(path, values, how));
    case "finish":
      return plan.finish === false ? [] : [{ operation: "finish", path: ROOT, ask: { method: "POST", path: "/bs" } }];
    default:
      return [];
  }
}

function write(at: string, values: Scalar | ValueTree, { format, dialect }: { format: number; dialect: Dialect }) {
  const path = pathOf(at);
  if (depth(path) === 0 || (typeof values !== "object" && depth(path) < 3))
    throw new RangeError(`${at} is written with an object of values`);
  const payload =
    typeof values === "object"
      ? encodeTree(values, { path, format }, dialect)
      : encodeValue(values, { path, format }, dialect);
  return step("write", path, { method: "PUT", format, payload });
}

function step(operation: BootstrapStep["operation"], at: string, ask: Omit<Ask, "timeoutMs" | "path">): PlannedStep {
  const path = pathOf(at);
  return { operation, path, ask: { ...ask, path } };
}

function pathOf(text: string): Path {
  const path = parsePath(text);
  if (path === undefined || !contains(ROOT, path)) throw new RangeError(`${text.slice(0, 40)} is no path such as /0/1`);
  return path;
}

function isPart(key: string, value: unknown): boolean {
  if (FLAGS.includes(key)) return typeof value === "boolean";
  switch (key) {
    case "discover":
      return typeof value === "boolean" || typeof value === "string";
    case "read":
    case "delete":
      return Array.isArray(value) && value.every((path) => typeof path === "string");
    case "write":
      return isRecord(value) && Object.values(value).every((each) => isScalar(each) || isValueTree(each));
    case "format":
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_535;
    default:
      return false;
  }
}

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null && !Array.isArray(json);
