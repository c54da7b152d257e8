/** `isthmus device test`: runs the golden frames of definitions and says, field by field, what differs. */

import {
  type Coverage,
  coverageOf,
  type DefinitionProblem,
  devicesFolder,
  type GoldenResult,
  testDefinitions,
} from "../../library/index.ts";
import { loadOwn, type Own } from "./own.ts";

/** Where the report goes, line by line. */
export type Out = (line: string) => void;

/** How one definition did. */
export interface Tested {
  readonly id: string;
  readonly results: readonly GoldenResult[];
  readonly coverage: Coverage;
}

/**
 * Tests the definitions in files or folders; without any, those that come with Isthmus.
 * Gives the exit code: 0 if every definition loads and every frame means what it should, else 1.
 */
export function deviceTest(paths: readonly string[], out: Out): Promise<number> {
  let failures = 0;
  const all: Tested[] = [];
  for (const path of paths.length > 0 ? paths : [devicesFolder]) {
    const own = load(path, out);
    if (!own) {
      failures += 1;
      continue;
    }
    for (const problem of own.problems) out(`FAIL ${describe(problem)}`);
    failures += own.problems.length;
    const tested = testOwn(own);
    for (const each of tested) tell(each, out);
    all.push(...tested);
  }
  failures += all.flatMap(({ results }) => results).filter(({ differences }) => differences.length > 0).length;
  out(summary(all, failures));
  return Promise.resolve(failures === 0 ? 0 : 1);
}

/** `file:line:column message (hint)`. */
export function describe({ file, line, column, message, hint }: DefinitionProblem): string {
  return `${file}:${line}:${column} ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

function load(path: string, out: Out): Own | undefined {
  try {
    return loadOwn(path);
  } catch (error) {
    out(`FAIL ${path}: ${error instanceof Error ? error.message : "cannot be read"}`);
    return undefined;
  }
}

export function testOwn({ library, ids }: Own): Tested[] {
  const results = [...testDefinitions(library, ids)];
  return [...library.compiled()]
    .filter(({ id }) => ids.has(id))
    .map((device) => ({
      id: device.id,
      results: results.filter(({ definition }) => definition === device.id),
      coverage: coverageOf(device),
    }));
}

function tell({ id, results, coverage }: Tested, out: Out): void {
  const failed = results.filter(({ differences }) => differences.length > 0);
  for (const { name, differences } of failed) {
    out(`FAIL ${id}: ${name}`);
    for (const difference of differences) out(`     ${difference}`);
  }
  if (failed.length > 0) return;
  const { fields, missing } = coverage;
  const proven = missing.length === 0 ? `${fields} fields` : `${fields - missing.length} of ${fields} fields`;
  const unproven = missing.length === 0 ? "" : `; no frame gives ${missing.join(", ")}`;
  out(`ok   ${id.padEnd(28)} ${counted(results.length, "frame")}, ${proven}${unproven}`);
}

function summary(all: readonly Tested[], failures: number): string {
  const frames = all.reduce((sum, { results }) => sum + results.length, 0);
  const unproven = all.reduce((sum, { coverage }) => sum + coverage.missing.length, 0);
  const what = `${counted(all.length, "definition")}, ${counted(frames, "frame")}`;
  if (failures > 0) return `${what}, ${failures} failed`;
  return `${what}, all as expected; ${unproven === 0 ? "every field proven" : `${counted(unproven, "field")} unproven`}`;
}

const counted = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
