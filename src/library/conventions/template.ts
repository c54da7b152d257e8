/**
 * The simple kind of Jinja templates, as discovery uses them: `{{ value_json.temperature | float / 10 }}`. Paths, filters,
 * arithmetic, comparisons and `a if b else c`. Whatever else a template may say is refused, never guessed.
 */

import { member } from "../framing/path.ts";
import { readNumber } from "../framing/framing.ts";
import { significant } from "../language/decimal.ts";

/** What a template is applied to: the body as text, and as JSON if it is some. */
export interface TemplateInput {
  readonly value: string;
  readonly json: () => unknown;
}

/** Undefined: it gives nothing, as a path does that leads nowhere. */
export type Template = (input: TemplateInput) => unknown;

/** A template that says more than is understood here. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

const MAX_LENGTH = 500;
const MAX_NODES = 100;
const MAX_NESTING = 20;
const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|('[^']*'|"[^"]*")|(==|!=|<=|>=|[-+*/%<>|.,()[\]]))/y;

interface Token {
  readonly kind: "number" | "word" | "text" | "sign";
  readonly text: string;
}

/** Every filter takes what is before it, and perhaps a number or text. */
const FILTERS: Readonly<Record<string, (value: unknown, argument: unknown) => unknown>> = {
  float: (value, otherwise) => numberOf(value) ?? otherwise,
  int: (value, otherwise) => {
    const number = numberOf(value);
    return number === undefined ? otherwise : Math.trunc(number);
  },
  round: (value, digits) => {
    const number = numberOf(value);
    const power = 10 ** (typeof digits === "number" ? digits : 0);
    return number === undefined ? undefined : Math.round(number * power) / power;
  },
  abs: (value) => {
    const number = numberOf(value);
    return number === undefined ? undefined : Math.abs(number);
  },
  default: (value, otherwise) => (value === undefined ? otherwise : value),
  string: (value) => (value === undefined || value === null ? value : plain(value)),
  lower: (value) => (value === undefined || value === null ? value : plain(value).toLowerCase()),
  upper: (value) => (value === undefined || value === null ? value : plain(value).toUpperCase()),
  trim: (value) => (value === undefined || value === null ? value : plain(value).trim()),
  is_defined: (value) => value,
};

const plain = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "string" ? readNumber(value) : undefined;
}

/** @throws TemplateError that says what is not understood. */
export function parseDiscoveryTemplate(text: string): Template {
  if (text.length > MAX_LENGTH) throw new TemplateError(`longer than ${MAX_LENGTH} characters`);
  const inner = /^\s*\{\{-?([^{}]*?)-?\}\}\s*$/.exec(text)?.[1];
  if (inner === undefined) throw new TemplateError("more than one expression in {{ }}");
  return new Parser(tokensOf(inner)).whole();
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const [, number, word, quoted, sign] = pattern.exec(text) ?? [];
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.slice(1, -1) });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else throw new TemplateError(`cannot read "${text.slice(at).trim().slice(0, 20)}"`);
  }
  return tokens;
}

const CONSTANTS: ReadonlyMap<string, unknown> = new Map([
  ...([
    ["true", true],
    ["True", true],
    ["false", false],
    ["False", false],
  ] as const),
  ...([
    ["none", null],
    ["None", null],
  ] as const),
]);

type Compute = (a: number, b: number) => number;

const SUMS: Readonly<Record<string, Compute>> = { "+": (a, b) => a + b, "-": (a, b) => a - b };
const PRODUCTS: Readonly<Record<string, Compute>> = {
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a - b * Math.floor(a / b),
};
const COMPARISONS: Readonly<Record<string, (a: unknown, b: unknown) => boolean | undefined>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => ordered(a, b, (x, y) => x < y),
  "<=": (a, b) => ordered(a, b, (x, y) => x <= y),
  ">": (a, b) => ordered(a, b, (x, y) => x > y),
  ">=": (a, b) => ordered(a, b, (x, y) => x >= y),
};

function ordered(a: unknown, b: unknown, compare: (a: number, b: number) => boolean): boolean | undefined {
  return typeof a === "number" && typeof b === "number" ? compare(a, b) : undefined;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #nodes = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Template {
    const template = this.#choice();
    if (this.#next < this.#tokens.length) throw this.#unexpected();
    return template;
  }

  #choice(): Template {
    if (++this.#nesting > MAX_NESTING) throw new TemplateError("nested too deeply");
    const yes = this.#comparison();
    this.#nesting -= 1;
    if (!this.#takeWord("if")) return yes;
    const condition = this.#comparison();
    if (!this.#takeWord("else")) throw new TemplateError("an if without an else");
    const no = this.#choice();
    return this.#node((input) => (holds(condition(input)) ? yes(input) : no(input)));
  }

  #comparison(): Template {
    const left = this.#sum();
    const compare = this.#takeOneOf(COMPARISONS);
    if (!compare) return left;
    const right = this.#sum();
    return this.#node((input) => compare(left(input), right(input)));
  }

  #sum(): Template {
    let left = this.#product();
    for (let compute = this.#takeOneOf(SUMS); compute; compute = this.#takeOneOf(SUMS))
      left = this.#arithmetic(left, compute, this.#product());
    return left;
  }

  #product(): Template {
    let left = this.#filtered();
    for (let compute = this.#takeOneOf(PRODUCTS); compute; compute = this.#takeOneOf(PRODUCTS))
      left = this.#arithmetic(left, compute, this.#filtered());
    return left;
  }

  /** What comes as text is no number here, as in Jinja: a filter makes it one. */
  #arithmetic(left: Template, compute: Compute, right: Template): Template {
    return this.#node((input) => {
      const [a, b] = [left(input), right(input)];
      if (typeof a !== "number" || typeof b !== "number") return undefined;
      const result = compute(a, b);
      return Number.isFinite(result) ? significant(result) : undefined;
    });
  }

  #filtered(): Template {
    let value = this.#primary();
    while (this.#take("|")) {
      const word = this.#word();
      const filter = Object.hasOwn(FILTERS, word) ? FILTERS[word] : undefined;
      if (!filter) throw new TemplateError(`the filter ${word}`);
      value = this.#apply(value, filter);
    }
    return value;
  }

  #apply(before: Template, filter: (value: unknown, argument: unknown) => unknown): Template {
    let argument: Template | undefined;
    if (this.#take("(") && !this.#take(")")) {
      argument = this.#choice();
      this.#expect(")");
    }
    return this.#node((input) => filter(before(input), argument?.(input)));
  }

  #primary(): Template {
    if (this.#take("-")) {
      const operand = this.#primary();
      return this.#node((input) => {
        const value = operand(input);
        return typeof value === "number" ? -value : undefined;
      });
    }
    if (this.#take("(")) {
      const inner = this.#choice();
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens[this.#next];
    if (!token || token.kind === "sign") throw this.#unexpected();
    this.#next += 1;
    const { kind, text } = token;
    if (kind === "number") return this.#node(() => Number(text));
    if (kind === "text") return this.#node(() => text);
    if (text === "value") return this.#node(({ value }) => value);
    if (text === "value_json") return this.#path();
    if (!CONSTANTS.has(text)) throw new TemplateError(`"${text}"`);
    const constant = CONSTANTS.get(text);
    return this.#node(() => constant);
  }

  /** `.key`, `['key']` and `[0]`, as many as there are. */
  #path(): Template {
    const steps: string[] = [];
    for (;;) {
      if (this.#take(".")) steps.push(this.#word());
      else if (this.#take("[")) {
        const token = this.#tokens[this.#next];
        if (!token || (token.kind !== "text" && token.kind !== "number")) throw this.#unexpected();
        this.#next += 1;
        steps.push(token.text);
        this.#expect("]");
      } else break;
    }
    return this.#node(({ json }) => {
      let found = json();
      for (const step of steps) found = member(found, step);
      return found;
    });
  }

  #node(template: Template): Template {
    if (++this.#nodes > MAX_NODES) throw new TemplateError(`more than ${MAX_NODES} steps`);
    return template;
  }

  #word(): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "word") throw this.#unexpected();
    this.#next += 1;
    return token.text;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "word" || token.text !== word) return false;
    this.#next += 1;
    return true;
  }

  #takeOneOf<T>(table: Readonly<Record<string, T>>): T | undefined {
    const token = this.#tokens[this.#next];
    const found = token?.kind === "sign" && Object.hasOwn(table, token.text) ? table[token.text] : undefined;
    if (found !== undefined) this.#next += 1;
    return found;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#next += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected();
  }

  #unexpected(): TemplateError {
    const token = this.#tokens[this.#next];
    return new TemplateError(token ? `"${token.text}"` : "its end");
  }
}

const holds = (value: unknown) =>
  value !== undefined && value !== null && value !== false && value !== 0 && value !== "";
