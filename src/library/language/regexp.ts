/**
 * Regular expressions that cannot run for ever. An engine that tries again and again takes, for hostile text, time that
 * grows with a power of its length: each repetition that can share its letters with one before it adds one. Two are
 * bearable for texts as long as ours; whatever repeats repetitions is not.
 */

/** Bits of characters: 128 of ASCII, and one for all others. */
type Letters = bigint;

interface Atom {
  readonly letters: Letters;
  /** Repeated without a limit worth the name. */
  readonly repeated: boolean;
  /** There in every text that fits. */
  readonly sure: boolean;
}

const OTHERS = 1n << 128n;
const ALL: Letters = (OTHERS << 1n) - 1n;
const MANY = 100;
const MOST_LETTERS = 500;
const MOST_POWER = 2;

const of = (code: number): Letters => (code < 128 ? 1n << BigInt(code) : OTHERS);

function between(low: number, high: number): Letters {
  let letters = high >= 128 ? OTHERS : 0n;
  for (let code = low; code <= Math.min(high, 127); code++) letters |= of(code);
  return letters;
}

const DIGITS = between(0x30, 0x39);
const WORD = DIGITS | between(0x41, 0x5a) | between(0x61, 0x7a) | of(0x5f);
const BLANKS = between(0x09, 0x0d) | of(0x20) | OTHERS;
const LINE_ENDS = of(0x0a) | of(0x0d);
const CLASSES: Readonly<Record<string, Letters>> = {
  ...{ d: DIGITS, w: WORD, s: BLANKS, D: ALL & ~DIGITS, W: ALL & ~WORD, S: (ALL & ~BLANKS) | OTHERS },
  ...{ t: of(9), n: of(10), v: of(11), f: of(12), r: of(13), "0": of(0) },
};

class Fault extends Error {}

/** What is wrong with an expression that is otherwise one; undefined if it is harmless. */
export function endless(pattern: string): string | undefined {
  if (pattern.length > MOST_LETTERS) return `an expression of more than ${MOST_LETTERS} letters`;
  try {
    const atoms = new Reader(pattern).read();
    return power(atoms) + (pattern.startsWith("^") ? 0 : 1) > MOST_POWER
      ? "repetitions that can take each other's letters: it could run for ever"
      : undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** The longest row of repetitions of which each can take letters of the next. */
function power(atoms: readonly Atom[]): number {
  const rows: number[] = [];
  for (const [i, atom] of atoms.entries()) {
    rows.push(0);
    if (!atom.repeated) continue;
    rows[i] = 1;
    for (let j = 0; j < i; j++) {
      const before = atoms[j]!;
      const parted = atoms.slice(j + 1, i).some(({ sure, letters }) => sure && (letters & before.letters) === 0n);
      if (before.repeated && !parted && (before.letters & atom.letters) !== 0n)
        rows[i] = Math.max(rows[i], rows[j]! + 1);
    }
  }
  return Math.max(0, ...rows);
}

/** Reads an expression that the engine has accepted: one row of atoms, whatever groups they stand in. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Atom[] {
    const atoms: Atom[] = [];
    while (this.#at < this.#text.length) {
      atoms.push(...this.#alternatives());
      this.#at += 1;
    }
    return atoms;
  }

  #alternatives(): Atom[] {
    const branches: Atom[][] = [[]];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === ")") break;
      if (char === "|") {
        this.#at += 1;
        branches.push([]);
      } else branches.at(-1)?.push(...this.#term());
    }
    return branches.length === 1 ? (branches[0] ?? []) : branches.flat().map(unsure);
  }

  #term(): Atom[] {
    const group = this.#text[this.#at] === "(";
    const atoms = group ? this.#group() : this.#atom();
    const [least, most] = this.#quantifier();
    const repeated = most >= MANY;
    if (group && most > 1 && atoms.some((atom) => atom.repeated)) throw new Fault("a repetition of repetitions");
    return atoms.map((atom) => ({
      letters: atom.letters,
      repeated: atom.repeated || repeated,
      sure: atom.sure && least > 0,
    }));
  }

  #group(): Atom[] {
    const [opening = "("] = /^\((?:\?<?[=!]|\?:|\?<\w+>)?/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += opening.length;
    const atoms = this.#alternatives();
    this.#at += 1;
    if (!/[=!]$/.test(opening)) return atoms;
    if (atoms.some((atom) => atom.repeated)) throw new Fault("a look ahead or behind that repeats something");
    return [];
  }

  #atom(): Atom[] {
    const char = this.#text[this.#at]!;
    if (char === "^" || char === "$") {
      this.#at += 1;
      return [];
    }
    const letters = char === "[" ? this.#class() : this.#letters();
    return letters === undefined ? [] : [{ letters, repeated: false, sure: true }];
  }

  /** One character, or an escape; undefined for what takes no letter. */
  #letters(): Letters | undefined {
    const char = this.#text[this.#at++]!;
    if (char === ".") return ALL & ~LINE_ENDS;
    if (char !== "\\") return of(char.charCodeAt(0));
    const escape = this.#text[this.#at++] ?? "";
    if (escape === "b" || escape === "B") return undefined;
    if (/[1-9k]/.test(escape)) throw new Fault("a reference to what was matched before");
    if (escape === "p" || escape === "P") return ALL;
    const [, hex] = (escape === "x" ? /^([\dA-Fa-f]{2})/ : /^([\dA-Fa-f]{4})/).exec(this.#text.slice(this.#at)) ?? [];
    if ((escape === "x" || escape === "u") && hex !== undefined) {
      this.#at += hex.length;
      return of(Number.parseInt(hex, 16));
    }
    return CLASSES[escape] ?? of(escape.charCodeAt(0));
  }

  #class(): Letters {
    this.#at += 1;
    const negated = this.#text[this.#at] === "^";
    if (negated) this.#at += 1;
    let letters = 0n;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "]") {
      const low = this.#at;
      letters |= this.#classLetters();
      if (this.#text[this.#at] !== "-" || this.#text[this.#at + 1] === "]") continue;
      const from = this.#codeAt(low);
      this.#at += 1;
      const start = this.#at;
      letters |= this.#classLetters();
      letters |= between(from, this.#codeAt(start));
    }
    this.#at += 1;
    return negated ? (ALL & ~letters) | OTHERS : letters;
  }

  /** A dot or a `b` in a class is itself. */
  #classLetters(): Letters {
    if (this.#text[this.#at] !== ".") return this.#letters() ?? of(0x08);
    this.#at += 1;
    return of(0x2e);
  }

  #codeAt(place: number): number {
    return this.#text.charCodeAt(this.#text[place] === "\\" ? place + 1 : place);
  }

  #quantifier(): readonly [least: number, most: number] {
    const [all, braces = "", sign] = /^(?:\{(\d+(?:,\d*)?)\}|([*+?]))\??/.exec(this.#text.slice(this.#at)) ?? [""];
    this.#at += all.length;
    if (sign === "*") return [0, Infinity];
    if (sign === "+") return [1, Infinity];
    if (sign === "?") return [0, 1];
    if (all === "") return [1, 1];
    const [least = "", most = least] = braces.split(",");
    return [Number(least), most === "" ? Infinity : Number(most)];
  }
}

const unsure = (atom: Atom): Atom => ({ ...atom, sure: false });
