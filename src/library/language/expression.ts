/** The small pure language of definitions: parsed once, without loops, without access to anything but named values. */

import type { Scalar } from "../../base/outcome.ts";
import { applied, finite, FUNCTIONS, type Node } from "./functions.ts";

/** Gives the value of a name, or undefined where it is not known now. */
export type Lookup = (name: string) => Scalar | undefined;

export interface Expression {
  /** The names it speaks of, each once. */
  readonly names: readonly string[];
  /** Undefined where an operand is unknown or of the wrong type, or where the result is no finite number. */
  evaluate(lookup: Lookup): Scalar | undefined;
}

/** What was written is no expression. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/** An expression runs each of its nodes at most once, so a bound on its size bounds its steps. */
const MAX_LENGTH = 500;
const MAX_NODES = 200;
const MAX_NESTING = 40;

const TOKEN =
  /\s*(?:(0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|('[^']*'|"[^"]*")|(\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%&|^~!<>?:(),]))/y;

type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name" | "text" | "sign"; readonly value: string };

type Binary = (a: Scalar, b: Scalar) => Scalar | undefined;

const numeric =
  (compute: (a: number, b: number) => number): Binary =>
  (a, b) =>
    typeof a === "number" && typeof b === "number" ? finite(compute(a, b)) : undefined;

const ordered =
  (compare: (a: number, b: number) => boolean): Binary =>
  (a, b) =>
    typeof a === "number" && typeof b === "number" ? compare(a, b) : undefined;

/**
 * Bit operations are those of unsigned 32-bit words: what devices pack is never negative. They bind tighter than
 * comparisons, so that `flags & 1 == 1` asks what it seems to ask.
 */
const BINARY: Readonly<Record<string, { readonly strength: number; readonly apply: Binary }>> = {
  "|": { strength: 5, apply: numeric((a, b) => (a | b) >>> 0) },
  "^": { strength: 6, apply: numeric((a, b) => (a ^ b) >>> 0) },
  "&": { strength: 7, apply: numeric((a, b) => (a & b) >>> 0) },
  "==": { strength: 3, apply: (a, b) => a === b },
  "!=": { strength: 3, apply: (a, b) => a !== b },
  "<": { strength: 4, apply: ordered((a, b) => a < b) },
  "<=": { strength: 4, apply: ordered((a, b) => a <= b) },
  ">": { strength: 4, apply: ordered((a, b) => a > b) },
  ">=": { strength: 4, apply: ordered((a, b) => a >= b) },
  "<<": { strength: 8, apply: numeric((a, b) => (a << b) >>> 0) },
  ">>": { strength: 8, apply: numeric((a, b) => a >>> b) },
  "+": { strength: 9, apply: numeric((a, b) => a + b) },
  "-": { strength: 9, apply: numeric((a, b) => a - b) },
  "*": { strength: 10, apply: numeric((a, b) => a * b) },
  "/": { strength: 10, apply: numeric((a, b) => a / b) },
  "%": { strength: 10, apply: numeric((a, b) => a % b) },
};
const OR = 1;
const AND = 2;

/** @throws ExpressionError that says what is wrong, and where. */
export function parseExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`longer than ${MAX_LENGTH} characters`);
  const parser = new Parser(tokens(text));
  const node = parser.whole();
  return { names: [...parser.names], evaluate: node };
}

/** Whether a condition holds; what is unknown does not. */
export function truthy(value: Scalar | undefined): boolean {
  return value !== undefined && value !== false && value !== 0 && value !== "";
}

class Parser {
  readonly names = new Set<string>();
  readonly #tokens: readonly Token[];
  #next = 0;
  #nodes = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#next < this.#tokens.length) throw this.#unexpected();
    return node;
  }

  #choice(): Node {
    if (++this.#nesting > MAX_NESTING) throw new ExpressionError("nested too deeply");
    const condition = this.#binary(OR);
    this.#nesting -= 1;
    if (!this.#take("?")) return condition;
    const yes = this.#choice();
    this.#expect(":");
    const no = this.#choice();
    return this.#node((lookup) => (truthy(condition(lookup)) ? yes(lookup) : no(lookup)));
  }

  #binary(strength: number): Node {
    let left = this.#unary();
    for (;;) {
      const sign = this.#peekSign();
      if (sign === "||" && strength <= OR) left = this.#or(left);
      else if (sign === "&&" && strength <= AND) left = this.#and(left);
      else {
        const operator = sign === undefined ? undefined : BINARY[sign];
        if (!operator || operator.strength < strength) return left;
        left = this.#operation(left, operator);
      }
    }
  }

  #or(left: Node): Node {
    this.#next += 1;
    const right = this.#binary(OR + 1);
    return this.#node((lookup) => {
      const first = left(lookup);
      return truthy(first) ? first : right(lookup);
    });
  }

  #and(left: Node): Node {
    this.#next += 1;
    const right = this.#binary(AND + 1);
    return this.#node((lookup) => (truthy(left(lookup)) ? right(lookup) : false));
  }

  #operation(left: Node, { strength, apply }: { strength: number; apply: Binary }): Node {
    this.#next += 1;
    const right = this.#binary(strength + 1);
    return this.#node((lookup) => {
      const a = left(lookup);
      const b = right(lookup);
      return a === undefined || b === undefined ? undefined : apply(a, b);
    });
  }

  #unary(): Node {
    const sign = this.#peekSign();
    if (sign !== "-" && sign !== "!" && sign !== "~") return this.#primary();
    if (++this.#nesting > MAX_NESTING) throw new ExpressionError("nested too deeply");
    this.#next += 1;
    const operand = this.#unary();
    this.#nesting -= 1;
    if (sign === "!") return this.#node((lookup) => !truthy(operand(lookup)));
    return this.#node((lookup) => {
      const value = operand(lookup);
      if (typeof value !== "number") return undefined;
      return sign === "-" ? -value : ~value >>> 0;
    });
  }

  #primary(): Node {
    const token = this.#tokens[this.#next];
    if (!token) throw new ExpressionError("ends too early");
    if (this.#take("(")) {
      const inner = this.#choice();
      this.#expect(")");
      return inner;
    }
    if (token.kind === "sign") throw this.#unexpected();
    this.#next += 1;
    const { value } = token;
    if (token.kind !== "name") return this.#node(() => value);
    if (value === "true" || value === "false") return this.#node(() => value === "true");
    const name = token.value;
    if (this.#take("(")) return this.#call(name);
    this.names.add(name);
    return this.#node((lookup) => lookup(name));
  }

  #call(name: string): Node {
    const known = FUNCTIONS.get(name);
    if (!known) throw new ExpressionError(`no function "${name}": there are ${[...FUNCTIONS.keys()].join(", ")}`);
    const args: Node[] = [];
    if (!this.#take(")")) {
      do args.push(this.#choice());
      while (this.#take(","));
      this.#expect(")");
    }
    if (args.length < known.least || args.length > known.most)
      throw new ExpressionError(`${name}() with ${args.length} arguments`);
    return this.#node(applied(known, args));
  }

  #node(node: Node): Node {
    if (++this.#nodes > MAX_NODES) throw new ExpressionError(`more than ${MAX_NODES} steps`);
    return node;
  }

  #peekSign(): string | undefined {
    const token = this.#tokens[this.#next];
    return token?.kind === "sign" ? token.value : undefined;
  }

  #take(sign: string): boolean {
    if (this.#peekSign() !== sign) return false;
    this.#next += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new ExpressionError(`"${sign}" expected${this.#where()}`);
  }

  #unexpected(): ExpressionError {
    return new ExpressionError(`unexpected${this.#where()}`);
  }

  #where(): string {
    const token = this.#tokens[this.#next];
    return token ? ` at "${token.value}"` : " at the end";
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new ExpressionError(`cannot read "${text.slice(at).trim().slice(0, 20)}"`);
    const [, number, name, quoted, sign] = match;
    if (number !== undefined) found.push({ kind: "number", value: Number(number) });
    else if (name !== undefined) found.push({ kind: "name", value: name });
    else if (quoted !== undefined) found.push({ kind: "text", value: quoted.slice(1, -1) });
    else found.push({ kind: "sign", value: sign! });
  }
  return found;
}
