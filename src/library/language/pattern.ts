/** What a regular expression begins with, letter by letter: by that it can be found without trying it. */

const SPECIAL = /[\\^$.*+?()[\]{}|]/;

/**
 * The beginnings that a text must have one of, for `^abc...`, `^(?:ab|cd)...` and `^ab|^cd`.
 * Undefined if it may begin with something else.
 */
export function literalBeginnings(pattern: string): string[] | undefined {
  const found: string[] = [];
  for (const branch of alternatives(pattern)) {
    if (!branch.startsWith("^")) return undefined;
    const rest = branch.slice(1);
    const group = /^\((?:\?:|\?<[A-Za-z_]\w*>)?([^()[\]\\]*)\)(?![*?{])/.exec(rest);
    const beginnings = group ? group[1]!.split("|").map(literal) : [literal(rest)];
    if (beginnings.includes("")) return undefined;
    found.push(...beginnings);
  }
  return found;
}

/** The parts between bars that stand in no group and no class. */
function alternatives(pattern: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  // A bracket of another kind in a class is a letter.
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === "\\") {
      part += char + (pattern[++i] ?? "");
      continue;
    }
    if (inClass) inClass = char !== "]";
    else if (char === "[") inClass = true;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    if (char !== "|" || inClass || depth > 0) part += char;
    else {
      parts.push(part);
      part = "";
    }
  }
  return [...parts, part];
}

/** The letters before anything that is not one, or that is not sure to be there. */
function literal(text: string): string {
  let found = "";
  for (let i = 0; i < text.length; i++) {
    let char = text[i]!;
    if (char === "\\" && /[^A-Za-z0-9]/.test(text[i + 1] ?? "")) char = text[++i]!;
    else if (SPECIAL.test(char)) break;
    if (/[*?{]/.test(text[i + 1] ?? "")) break;
    found += char;
  }
  return found;
}
