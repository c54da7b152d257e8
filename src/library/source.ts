/** One definition file as text: its data, and the line and column of every part of it. */

import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";

/** What is wrong with a definition, and where. */
export interface DefinitionProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What was probably meant, or what to do. */
  readonly hint?: string;
}

/** A way down into the data; the last step may be the key itself (see `of`). */
export type Where = readonly PropertyKey[];

/** Takes down what is wrong with the part at `where`. */
export type Complain = (where: Where, message: string, hint?: string) => void;

const MAX_TEXT = 200_000;

export class DefinitionSource {
  readonly file: string;
  readonly data: unknown;
  readonly problems: DefinitionProblem[] = [];
  readonly #root: unknown;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    if (text.length > MAX_TEXT) {
      this.problems.push({ file, line: 1, column: 1, message: `longer than ${MAX_TEXT} characters` });
      return;
    }
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.#root = document.contents;
    for (const { pos, message } of document.errors) this.problems.push({ ...this.#at(pos[0]), message });
    if (this.problems.length === 0) this.data = this.#read(() => document.toJS({ maxAliasCount: 50 }));
  }

  /** The key at the end of `where`, or the nearest thing above that exists. */
  readonly complain: Complain = (where, message, hint) => {
    this.problems.push({ ...this.#at(this.#offset(where)), message, ...(hint !== undefined && { hint }) });
  };

  #read(toData: () => unknown): unknown {
    try {
      return toData();
    } catch (error) {
      this.complain([], error instanceof Error ? error.message : "cannot be read");
      return undefined;
    }
  }

  #at(offset: number): Pick<DefinitionProblem, "file" | "line" | "column"> {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #offset(where: Where): number {
    let node = this.#root;
    let offset = startOf(node) ?? 0;
    for (const step of where) {
      const below = descend(node, step);
      if (!below) break;
      node = isPair(below) ? below.value : below;
      offset = startOf(isPair(below) ? below.key : below) ?? offset;
    }
    return offset;
  }
}

function descend(node: unknown, step: PropertyKey): Pair | Node | undefined {
  if (isMap(node)) return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (!isSeq<Node>(node)) return undefined;
  return node.items[Number(step)];
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
