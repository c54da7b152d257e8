/** `isthmus device test`: runs the golden frames of definitions and says, field by field, what differs. */

import { type DefinitionProblem, devicesFolder, loadDevices, type Loaded, testDefinitions } from "../library/index.ts";

/** Where the report goes, line by line. */
export type Out = (line: string) => void;

/**
 * Tests the definitions in files or folders; without any, those that come with Isthmus.
 * Gives the exit code: 0 if every definition loads and every frame means what it should, else 1.
 */
export function deviceTest(paths: readonly string[], out: Out): Promise<number> {
  let failures = 0;
  let frames = 0;
  for (const path of paths.length > 0 ? paths : [devicesFolder]) {
    const loaded = load(path, out);
    if (!loaded) {
      failures += 1;
      continue;
    }
    for (const problem of loaded.problems) out(`FAIL ${describe(problem)}`);
    const tested = runTests(loaded, out);
    failures += loaded.problems.length + tested.failed;
    frames += tested.frames;
  }
  out(failures === 0 ? `${frames} frames, all as expected` : `${frames} frames, ${failures} failed`);
  return Promise.resolve(failures === 0 ? 0 : 1);
}

/** `file:line:column message (hint)`. */
export function describe({ file, line, column, message, hint }: DefinitionProblem): string {
  return `${file}:${line}:${column} ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

function load(path: string, out: Out): Loaded | undefined {
  try {
    return loadDevices(path);
  } catch (error) {
    out(`FAIL ${path}: ${error instanceof Error ? error.message : "cannot be read"}`);
    return undefined;
  }
}

function runTests({ library }: Loaded, out: Out): { frames: number; failed: number } {
  const passed = new Map<string, number>();
  let frames = 0;
  let failed = 0;
  for (const { definition, name, differences } of testDefinitions(library)) {
    frames += 1;
    passed.set(definition, (passed.get(definition) ?? 0) + (differences.length === 0 ? 1 : 0));
    if (differences.length === 0) continue;
    failed += 1;
    out(`FAIL ${definition}: ${name}`);
    for (const difference of differences) out(`     ${difference}`);
  }
  for (const [definition, count] of passed) if (count > 0) out(`ok   ${definition.padEnd(24)} ${count} frames`);
  return { frames, failed };
}
