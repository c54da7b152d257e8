/** Paths for tests, from what one would write. */

import { parsePath, type Path } from "../../../src/model/path.ts";

export function testPath(text: string): Path {
  const path = parsePath(text);
  if (path === undefined) throw new Error(`no path: ${text}`);
  return path;
}
