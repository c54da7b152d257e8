/** One definition file as text: its data, and the line and column of every part of it. */

import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { words } from "../base/errors.ts";
import type { Definition } from "./definition/definition.ts";
import { yamlWords } from "./files/yaml-words.ts";

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

/** What must be known of a definition before one of its devices is heard. */
export type Head = Pick<Definition, "id" | "vendor" | "model" | "use" | "instead_of" | "match" | "frame">;

/** A definition with all that it is made of, found to be sound. */
export interface Sound {
  readonly head: Head;
  /** Made anew with each call. */
  whole(): Definition;
}

/** What our own build has found in a file, so that nobody has to look again: see `files/prebuilt.ts`. */
export interface Checked {
  readonly definition?: Sound | undefined;
  readonly fragment?: Readonly<Record<string, unknown>> | undefined;
}

/** A file of a definition or a fragment, as it comes from disk. */
export interface DefinitionFile {
  readonly name: string;
  readonly text: string;
  /** Its group: it gives way to files of lower groups where they have a definition of the same id. */
  readonly yields?: number;
  readonly checked?: Checked | undefined;
  /** Why there is no text. */
  readonly unread?: Pick<DefinitionProblem, "message" | "hint">;
}

const MAX_TEXT = 200_000;

export class DefinitionSource {
  readonly file: string;
  readonly yields: number;
  readonly checked: Checked | undefined;
  readonly problems: DefinitionProblem[] = [];
  readonly #text: string;
  readonly #lines = new LineCounter();
  #document: Document.Parsed | undefined;
  #data: { readonly is: unknown } | undefined;

  constructor({ name, text, yields = 0, checked, unread }: DefinitionFile) {
    this.file = name;
    this.yields = yields;
    this.checked = checked;
    this.#text = text;
    if (unread) {
      this.problems.push({ file: name, line: 1, column: 1, ...unread });
      this.#data = { is: undefined };
    }
    if (checked?.fragment) this.#data = { is: checked.fragment };
  }

  /** What the file says; undefined after complaints if it is no YAML. Read when it is first asked for. */
  get data(): unknown {
    this.#data ??= { is: this.#parse() };
    return this.#data.is;
  }

  #parse(): unknown {
    const text = this.#text;
    if (text.length > MAX_TEXT) {
      const message = `longer than ${MAX_TEXT} characters`;
      this.problems.push({ file: this.file, line: 1, column: 1, message, hint: "one file holds one definition" });
      return undefined;
    }
    const document = this.#parsed();
    // What follows the first is mostly its consequence.
    for (const { pos, code, message } of document.errors.slice(0, 1))
      this.problems.push({ ...this.#at(pos[0]), ...yamlWords(code, message) });
    return document.errors.length > 0 ? undefined : this.#read(() => document.toJS({ maxAliasCount: 50 }));
  }

  #parsed(): Document.Parsed {
    this.#document ??= parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false });
    return this.#document;
  }

  /** The key at the end of `where`, or the nearest thing above that exists. */
  readonly complain: Complain = (where, message, hint) => {
    this.problems.push({ ...this.#at(this.#offset(where)), message, ...(hint !== undefined && { hint }) });
  };

  #read(toData: () => unknown): unknown {
    try {
      return toData();
    } catch (error) {
      // What is merely wrong is in `errors`: this is an alias that makes too much of itself.
      const isAlias = error instanceof ReferenceError;
      this.complain(
        [],
        isAlias ? "aliases (*) that repeat too much" : words(error),
        isAlias ? "write it out" : undefined,
      );
      return undefined;
    }
  }

  #at(offset: number): Pick<DefinitionProblem, "file" | "line" | "column"> {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #offset(where: Where): number {
    let node: unknown = this.#parsed().contents;
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
