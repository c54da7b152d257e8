/** Text files read line by line, however long they are. */

import { createReadStream } from "node:fs";
import { LineSplitter } from "../base/lines.ts";

/** Longer lines are left out. */
const MAX_LINE = 1_000_000;

/** The lines of a UTF-8 file, one after the other. Iterating throws Error if the file cannot be read. */
export type ReadLines = (path: string) => AsyncIterable<string>;

export const readLines: ReadLines = async function* (path) {
  const splitter = new LineSplitter("\n", MAX_LINE);
  for await (const chunk of createReadStream(path)) {
    if (chunk instanceof Uint8Array) for (const line of splitter.push(chunk)) yield fromLatin1(line);
  }
  // The last line may lack its end.
  for (const line of splitter.push(Buffer.from("\n"))) if (line !== "") yield fromLatin1(line);
};

/** The splitter keeps every byte as one character; what they spell is UTF-8. */
const fromLatin1 = (line: string): string => Buffer.from(line, "latin1").toString("utf8");
