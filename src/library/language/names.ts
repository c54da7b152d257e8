/** Expressions and templates of a definition, with every name in them checked. */

import { didYouMean } from "../check.ts";
import { type Expression, ExpressionError, parseExpression } from "./expression.ts";
import type { Complain, Where } from "../source.ts";
import { endless } from "./regexp.ts";
import { parseTemplate, type Template } from "./template.ts";

/** A set, or the keys of a map. */
export interface KnownNames {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

export interface Names {
  readonly known: KnownNames;
  /** Names that would be known further below. */
  readonly later?: ReadonlySet<string>;
  readonly complain: Complain;
}

/** Undefined after a complaint. */
export function checkedExpression(text: string, where: Where, names: Names): Expression | undefined {
  return checked(parseExpression, text, where, names);
}

/** Undefined after a complaint. */
export function checkedTemplate(text: string, where: Where, names: Names): Template | undefined {
  return checked(parseTemplate, text, where, names);
}

function checked<T extends { readonly names: readonly string[] }>(
  parse: (text: string) => T,
  text: string,
  where: Where,
  { known, later, complain }: Names,
): T | undefined {
  try {
    const parsed = parse(text);
    const strangers = parsed.names.filter((name) => !known.has(name));
    for (const name of strangers)
      complain(
        where,
        `unknown name "${name}" in "${text}"`,
        later?.has(name) === true ? "it stands further below: move it up" : didYouMean(name, known.keys()),
      );
    return strangers.length === 0 ? parsed : undefined;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    complain(where, `"${text}": ${error.message}`);
    return undefined;
  }
}

/** A regular expression, or undefined after a complaint. */
export function checkedRegExp(text: string, where: Where, complain: Complain): RegExp | undefined {
  try {
    const expression = new RegExp(text);
    const fault = endless(text);
    if (fault === undefined) return expression;
    complain(where, fault, "repeat single characters, and put others between two repetitions");
    return undefined;
  } catch (error) {
    complain(where, error instanceof Error ? error.message : "no regular expression");
    return undefined;
  }
}
