/**
 * Regular expressions that cannot run for ever. An engine that tries again and again takes, for hostile text, as many
 * steps as there are ways to share its letters out: each repetition, option or choice that can take letters of one
 * before it multiplies them. The square of our longest text is bearable; whatever repeats such a choice is not.
 */

/** Bits of characters: 128 of ASCII, and one for all others. */
type Letters = bigint;

interface Atom {
  readonly letters: Letters;
  /** In how many ways it can be taken where its letters stand: one, if it is neither optional nor repeated. */
  readonly ways: number;
  /** There in every text that fits. */
  readonly sure: boolean;
}

const OTHERS = 1n << 128n;
const ALL: Letters = (OTHERS << 1n) - 1n;
/** A repetition without a limit worth the name. */
const MANY = 100;
const MOST_LETTERS = 500;
/** Letters of the longest line that is held against an expression. */
const LONGEST = 4_096;
const MOST_STEPS = LONGEST ** 2;

const of = (code: number): Letters => (code < 128 ? 1n << BigInt(code) : OTHERS);

function between(low: number, high: number): Letters {
  let letters = high >= 128 ? OTHERS : 0n;
  for (let code = low; code <= Math.min(high, 127); code++) letters |= of(code);
  return letters;
}

/** From one character to another; whatever stands for several has no place in a range. */
function span(low: Letters, high: Letters): Letters {
  let letters = 0n;
  for (let bit = low; bit > 0n && bit <= high; bit <<= 1n) letters |= bit;
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
    // Where it may begin anywhere, it is tried everywhere.
    return steps(atoms) * (pattern.startsWith("^") ? 1 : LONGEST) > MOST_STEPS
      ? "repetitions that can take each other's letters: it could run for ever"
      : undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/**
 * The row with the most ways, of atoms of which each can take letters of the one before it; times the ways of all that
 * have few: many of these together are as bad, whether they share their letters in one row or in several.
 */
function steps(atoms: readonly Atom[]): number {
  const rows: number[] = [];
  const shared = new Set<Atom>();
  for (const [i, atom] of atoms.entries()) {
    rows.push(atom.ways);
    for (let j = 0; j < i && atom.ways > 1; j++) {
      const before = atoms[j]!;
      if (before.ways === 1 || (before.letters & atom.letters) === 0n) continue;
      if (atoms.slice(j + 1, i).some(({ sure, letters }) => sure && (letters & before.letters) === 0n)) continue;
      rows[i] = Math.max(rows[i] ?? 1, (rows[j] ?? 1) * atom.ways);
      for (const each of [before, atom]) if (each.ways < MANY) shared.add(each);
    }
  }
  return [...shared].reduce((product, { ways }) => product * ways, Math.max(1, ...rows));
}

/** What an alternative may begin with. */
function beginning(branch: readonly Atom[]): Letters {
  let letters = 0n;
  for (const atom of branch) {
    letters |= atom.letters;
    if (atom.sure) return letters;
  }
  return ALL;
}

/** One of several that may begin alike has to be chosen: in as many ways as one of them has rivals. */
function choice(branches: readonly (readonly Atom[])[]): Atom[] {
  const beginnings = branches.map(beginning);
  const rivals = beginnings.map((own) => beginnings.filter((each) => (each & own) !== 0n).length);
  const ways = Math.max(...rivals);
  return ways < 2 ? [] : [{ letters: beginnings.reduce((all, each) => all | each), ways, sure: false }];
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
    return branches.length === 1 ? (branches[0] ?? []) : [...choice(branches), ...branches.flat().map(unsure)];
  }

  #term(): Atom[] {
    const group = this.#text[this.#at] === "(";
    const atoms = group ? this.#group() : this.#atom();
    const [least, most] = this.#quantifier();
    if (group && most > 1) {
      if (atoms.some(isRepeated)) throw new Fault("a repetition of repetitions");
      // Each turn would have to choose anew, and all turns together in ways without end.
      if (steps([...atoms, ...atoms.map((atom) => ({ ...atom }))]) > steps(atoms))
        throw new Fault("a repetition of what can be taken in several ways");
    }
    const ways = Math.min(most - least + 1, LONGEST);
    return atoms.map((atom) => ({
      letters: atom.letters,
      ways: Math.max(atom.ways, ways),
      sure: atom.sure && least > 0,
    }));
  }

  #group(): Atom[] {
    const [opening = "("] = /^\((?:\?<?[=!]|\?:|\?<\w+>)?/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += opening.length;
    const atoms = this.#alternatives();
    this.#at += 1;
    if (!/[=!]$/.test(opening)) return atoms;
    if (steps(atoms) >= MANY) throw new Fault("a look ahead or behind that repeats something");
    return [];
  }

  #atom(): Atom[] {
    const char = this.#text[this.#at]!;
    if (char === "^" || char === "$") {
      this.#at += 1;
      return [];
    }
    const letters = char === "[" ? this.#class() : this.#letters();
    return letters === undefined ? [] : [{ letters, ways: 1, sure: true }];
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
      const low = this.#classLetters();
      letters |= low;
      if (this.#text[this.#at] !== "-" || this.#text[this.#at + 1] === "]") continue;
      this.#at += 1;
      const high = this.#classLetters();
      letters |= high | span(low, high);
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

const isRepeated = ({ ways }: Atom): boolean => ways >= MANY;
const unsure = (atom: Atom): Atom => ({ ...atom, sure: false });
