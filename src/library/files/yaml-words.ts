/** What is wrong with a text that is no YAML, in words that say what to change. */

import type { ErrorCode } from "yaml";

interface Words {
  readonly message: string;
  readonly hint?: string;
}

const FLOW = "each { and [ is closed on its line, parts stand between commas, and text with signs in it in quotes";

/** The mistakes that people make; the parser's own words say enough of the others. */
const WORDS: Partial<Record<ErrorCode, Words>> = {
  TAB_AS_INDENT: { message: "a tab before the first word of a line", hint: "indent with blanks" },
  BAD_INDENT: { message: "the indentation is wrong", hint: "keys of one part begin in the same column" },
  DUPLICATE_KEY: { message: "this key stands here twice", hint: "keep one of the two" },
  MULTIPLE_DOCS: { message: "a second definition begins here", hint: "one file, one definition: no --- in it" },
  BLOCK_IN_FLOW: { message: "what stands between { } or [ ] cannot be read", hint: FLOW },
  BAD_SCALAR_START: { message: "a text cannot begin with this sign", hint: 'put it in quotes, such as "%EL"' },
  MISSING_CHAR: { message: "a bracket, quote or comma is missing", hint: FLOW },
};

/** @param message the parser's own */
export function yamlWords(code: ErrorCode, message: string): Words {
  if (code === "BAD_INDENT" && message.startsWith("Flow "))
    return { message: "a { or [ above is not closed", hint: FLOW };
  return WORDS[code] ?? { message };
}
