/** Definitions that somebody works on, among those that come with Isthmus: a frame must not be taken for another's. */

import { dirname, resolve } from "node:path";
import {
  type DefinitionFile,
  type DefinitionProblem,
  devicesFolder,
  Library,
  readDefinitions,
  standardModels,
} from "../../library/index.ts";

export interface Own {
  readonly library: Library;
  /** Mistakes in the files that were named; others speak for themselves. */
  readonly problems: readonly DefinitionProblem[];
  /** The definitions in these files, as far as they could be loaded. */
  readonly ids: ReadonlySet<string>;
}

/** Loads a file or folder before the library's own files, so that it wins. Throws what the file system throws. */
export function loadOwn(path: string): Own {
  const own = readDefinitions(path);
  const seen = new Set(own.map(({ name }) => resolve(name)));
  // A file alone may be made of fragments that stand beside it.
  const beside = own.length === 1 && resolve(own[0]?.name ?? "") === resolve(path) ? fragmentsIn(dirname(path)) : [];
  const files = [...own];
  for (const file of [...beside, ...readDefinitions(devicesFolder)]) {
    if (seen.has(resolve(file.name))) continue;
    seen.add(resolve(file.name));
    files.push(file);
  }
  const { library, problems } = Library.load(files, standardModels());
  const named = new Set(own.map(({ name }) => name));
  const ids = own.flatMap(({ text }) => /^id:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? []);
  return {
    library,
    problems: problems.filter(({ file }) => named.has(file)),
    ids: new Set(ids.filter((id) => library.get(id) !== undefined)),
  };
}

function fragmentsIn(folder: string): DefinitionFile[] {
  return readDefinitions(folder).filter(({ text }) => /^schema:\s*["']?fragment\//m.test(text));
}
