/** Text with expressions in braces, such as `zigbee2mqtt/{name}/set`; doubled braces stand for themselves. */

import type { Scalar } from "../../base/outcome.ts";
import { type Expression, ExpressionError, type Lookup, parseExpression } from "./expression.ts";

export interface Template {
  readonly names: readonly string[];
  /** Undefined if an expression in it has no value now. */
  render(lookup: Lookup): string | undefined;
  /** Like `render`, but a template that is one expression and nothing else keeps the expression's type. */
  value(lookup: Lookup): Scalar | undefined;
}

const PIECE = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g;

/** @throws ExpressionError for a brace that does not close, or an expression that cannot be read. */
export function parseTemplate(text: string): Template {
  const pieces: (string | Expression)[] = [];
  for (const [piece, inner] of text.matchAll(PIECE)) {
    if (inner !== undefined) pieces.push(parseExpression(inner));
    else if (piece === "{" || piece === "}") throw new ExpressionError(`a lone "${piece}": write it twice`);
    else pieces.push(piece === "{{" ? "{" : piece === "}}" ? "}" : piece);
  }
  const [only] = pieces;
  const render = (lookup: Lookup) => {
    let written = "";
    for (const piece of pieces) {
      const part = typeof piece === "string" ? piece : piece.evaluate(lookup);
      if (part === undefined) return undefined;
      written += String(part);
    }
    return written;
  };
  return {
    names: [...new Set(pieces.flatMap((piece) => (typeof piece === "string" ? [] : piece.names)))],
    render,
    value: pieces.length === 1 && typeof only === "object" ? (lookup) => only.evaluate(lookup) : render,
  };
}
