/** Lists of links, as Register and Discover send them (RFC 6690, LwM2M Core 1.2 §7.4.6). */

import { DecodeError } from "../base/bytes.ts";

export interface Link {
  /** What stands between the angle brackets. */
  readonly target: string;
  /** In the order written; an attribute without a value is `true`. */
  readonly attributes: ReadonlyMap<string, string | true>;
}

/** RFC 6690 §2, `ptoken`: what may stand without quotes. */
const TOKEN = /^[!#$%&'()*+\-./0-9:<=>?@A-Za-z[\]^_`{|}~]+$/;
const NAME = /^[!#$&+\-.^_`|~0-9A-Za-z]+$/;
/** Wakaama takes no root link but `rt="oma.lwm2m"`, in quotes; RFC 6690 and LwM2M quote these in all their examples. */
const ALWAYS_QUOTED: ReadonlySet<string> = new Set(["rt", "if", "rel", "rev", "title", "anchor", "uri"]);

/**
 * Links joined by commas without blanks, which some servers refuse; values in quotes only where they must be.
 * @throws RangeError if a target or an attribute name has characters that would break the list.
 */
export function writeLinks(links: readonly Link[]): string {
  return links.map(writeLink).join(",");
}

function writeLink({ target, attributes }: Link): string {
  if (/[<>\s\p{Cc}]/u.test(target)) throw new RangeError(`no link target: "${target.slice(0, 40)}"`);
  let text = `<${target}>`;
  for (const [name, value] of attributes) {
    if (!NAME.test(name)) throw new RangeError(`no link attribute: "${name.slice(0, 40)}"`);
    text += value === true ? `;${name}` : `;${name}=${writeValue(name, value)}`;
  }
  return text;
}

function writeValue(name: string, value: string): string {
  if (TOKEN.test(value) && !ALWAYS_QUOTED.has(name)) return value;
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}

/**
 * Reads what `writeLinks` writes, and the same with blanks around separators.
 * @throws DecodeError on anything else: an open bracket or quote, an empty link, a comma at the end.
 */
export function readLinks(text: string): Link[] {
  const input = new LinkReader(text);
  const links: Link[] = [];
  if (input.done) return links;
  do links.push(input.link());
  while (input.separator());
  return links;
}

class LinkReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#blanks();
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Takes the comma before another link. */
  separator(): boolean {
    if (this.done) return false;
    this.#expect(",");
    this.#blanks();
    return true;
  }

  link(): Link {
    this.#expect("<");
    const end = this.#text.indexOf(">", this.#at);
    if (end < 0) throw this.#error("a target without end");
    const target = this.#text.slice(this.#at, end);
    if (/[<\s"]/.test(target)) throw this.#error("a malformed target");
    this.#at = end + 1;
    return { target, attributes: this.#attributes() };
  }

  #attributes(): Map<string, string | true> {
    const attributes = new Map<string, string | true>();
    this.#blanks();
    while (this.#text[this.#at] === ";") {
      this.#at += 1;
      this.#blanks();
      const name = this.#token(NAME_AT, "an attribute without name");
      const value = this.#text[this.#at] === "=" ? this.#value() : true;
      // RFC 6690 §2.2: what comes again after the first is ignored.
      if (!attributes.has(name)) attributes.set(name, value);
      this.#blanks();
    }
    return attributes;
  }

  #value(): string {
    this.#at += 1;
    if (this.#text[this.#at] !== '"') return this.#token(TOKEN_AT, "an attribute without value");
    return this.#token(QUOTED_AT, "a quote without end").slice(1, -1).replaceAll(/\\(.)/gsu, "$1");
  }

  #token(pattern: RegExp, otherwise: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw this.#error(otherwise);
    this.#at += found.length;
    return found;
  }

  #blanks(): void {
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at += 1;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#error(`"${character}" wanted`);
    this.#at += 1;
  }

  #error(what: string): DecodeError {
    return new DecodeError(`link-format: ${what} at ${this.#at}`);
  }
}

const NAME_AT = /[!#$&+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN_AT = /[!#$%&'()*+\-./0-9:<=>?@A-Za-z[\]^_`{|}~]+/y;
const QUOTED_AT = /"(?:[^"\\]|\\.)*"/sy;
