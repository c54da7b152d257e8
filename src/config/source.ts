/** A YAML file as plain values, with the place of each of them and with its secrets still closed. */

import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Alias, Document, Node, Pair, ScalarTag, YAMLMap } from "yaml";
import { Secret } from "../base/secret.ts";
import { hideSecrets } from "./hidden.ts";

/** Keys and indices from the root to a value. */
export type ValuePath = readonly (string | number)[];

/** A stretch of the file. Line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly excerpt: string;
}

/** Something wrong with the file itself, before anyone asks what it means. */
export interface SourceProblem {
  readonly place: Place;
  readonly path: ValuePath;
  readonly message: string;
  readonly hint?: string;
}

/** How `!env`, `!file` and `!credential` are followed. */
export interface SecretSources {
  env(name: string): string | undefined;
  /** @throws Error, with words, if the file cannot be read. */
  file(path: string): string;
  /** What systemd handed over under this name. @throws Error, with words, if it has not. */
  credential?(name: string): string;
  /** In words, who else may read this file, or the configuration itself; undefined: nobody. */
  exposed?(path: string | undefined): Exposure | undefined;
}

/** A file that more than its owner may read. */
export interface Exposure {
  readonly what: string;
  readonly hint: string;
}

export interface Source {
  /** Plain values; what `!env`, `!file` and `!credential` name are `Secret`s. */
  readonly value: unknown;
  readonly problems: readonly SourceProblem[];
  /** False if the text is no YAML at all: `value` means nothing then. */
  readonly readable: boolean;
  /** Where a value stands; where it is absent, where the nearest thing around it stands. */
  placeOf(path: ValuePath): Place;
  /** Where the key of a value stands. */
  placeOfKey(path: ValuePath): Place;
}

/** A file larger than this is no configuration. */
const MAX_TEXT = 1_000_000;
/** Aliases may multiply: this many values are enough for ten thousand sensors. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 32;
const MAX_SECRET = 64_000;
/** Tables of keys, and what a machine trusts. */
const MAX_LONG = 4_000_000;
const LONG: ReadonlySet<unknown> = new Set(["table", "trust"]);
/** Keys below `security`, and of sensors, that nobody else must be able to read. */
const KEYS: ReadonlySet<unknown> = new Set(["key", "secret", "table"]);
/** What readers of UTF-8 put in the place of other bytes, and control characters. */
const NOT_TEXT = /(?![\t\n\r])[\p{Cc}\ufffd]/u;

type ReferenceKind = "env" | "file" | "credential";

/** A secret that was named but not yet looked up. */
class Reference {
  readonly kind: ReferenceKind;
  readonly name: string;

  constructor(kind: ReferenceKind, name: string) {
    this.kind = kind;
    this.name = name;
  }
}

const REFERENCES: ReadonlySet<string> = new Set(["!env", "!file", "!credential"]);

const TAGS: ScalarTag[] = [
  { tag: "!env", resolve: (text) => new Reference("env", text) },
  { tag: "!file", resolve: (text) => new Reference("file", text) },
  { tag: "!credential", resolve: (text) => new Reference("credential", text) },
];

/** Reads YAML text. Never throws: what is wrong is in `problems`. */
export function readSource(text: string, secrets: SecretSources): Source {
  const lines = new LineCounter();
  const tooLong = text.length > MAX_TEXT;
  const document = parse(tooLong ? "" : text, lines);
  const rows = hideSecrets(tooLong ? "" : text).split(/\r?\n/, lines.lineStarts.length + 1);

  const placeAt = (start: number, end: number): Place => {
    const { line, col } = lines.linePos(start);
    const excerpt = (rows[Math.max(0, line - 1)] ?? "").replaceAll("\t", " ");
    const column = Math.max(1, col);
    const length = Math.max(1, Math.min(end - start, excerpt.length - column + 1));
    return { line: Math.max(1, line), column, length, excerpt };
  };
  const placeOfNode = (node: Node | undefined): Place => {
    const [start = 0, end = start] = node?.range ?? [];
    return placeAt(start, end);
  };

  const problems: SourceProblem[] = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    place: placeAt(pos[0], pos[1]),
    path: [],
    message: plainYamlMessage(message),
  }));
  if (tooLong) problems.push({ place: placeAt(0, 0), path: [], message: `longer than ${MAX_TEXT} characters` });
  const notText = tooLong ? -1 : text.search(NOT_TEXT);
  if (notText >= 0)
    problems.unshift({
      place: placeAt(notText, notText + 1),
      path: [],
      message: "a character that is no text stands here",
      hint: "save the file as UTF-8",
    });
  const readable = problems.length === 0;
  const reader = new PlainReader(document, secrets, (path, node, message, hint) =>
    problems.push({ place: placeOfNode(node), path, message, ...(hint !== undefined && { hint }) }),
  );
  const finder = new Finder(document);
  return {
    value: readable ? reader.read(document.contents, []) : undefined,
    problems,
    readable: readable && !reader.exhausted,
    placeOf: (path) => placeOfNode(finder.find(path).value),
    placeOfKey: (path) => {
      const { key, value } = finder.find(path);
      return placeOfNode(key ?? value);
    },
  };
}

/** Keys are compared by ourselves, once each: the parser compares each with each. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed {
  const options = { lineCounter, customTags: TAGS, prettyErrors: false, uniqueKeys: false };
  try {
    return parseDocument(text, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // So many brackets in one another that the stack was full: to the parser, they never end.
    return parseDocument("[", options);
  }
}

type Report = (path: ValuePath, node: Node, message: string, hint?: string) => void;

/** Turns nodes into plain values, follows secrets, and stops where aliases multiply without end. */
class PlainReader {
  readonly #document: Document.Parsed;
  readonly #secrets: SecretSources;
  readonly #report: Report;
  readonly #resolved = new Map<Alias, Node>();
  #left = MAX_VALUES;

  constructor(document: Document.Parsed, secrets: SecretSources, report: Report) {
    this.#document = document;
    this.#secrets = secrets;
    this.#report = report;
  }

  get exhausted(): boolean {
    return this.#left <= 0;
  }

  read(node: unknown, path: ValuePath): unknown {
    if (!isNode(node)) return node ?? undefined;
    this.#left -= 1;
    if (this.#left <= 0) {
      if (this.#left === 0) this.#report([], node, "too many values", "do aliases refer to one another?");
      return undefined;
    }
    if (path.length > MAX_DEPTH) {
      this.#report(path.slice(0, 2), node, "nested too deep", "does an alias refer to what it stands in?");
      this.#left = 0;
      return undefined;
    }
    if (isAlias(node)) {
      const meant = this.#resolve(node);
      if (!meant) this.#report(path, node, `no anchor is called ${node.source}`, `define it before: &${node.source}`);
      return this.read(meant, path);
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    if (isMap(node)) {
      return this.#readMap(node, path);
    }
    if (!isScalar(node)) return undefined;
    if (node.value instanceof Reference) return this.#open(node.value, node, path);
    if (typeof node.value === "string") this.#guard(path, node, undefined);
    return node.value ?? undefined;
  }

  #readMap(node: YAMLMap, path: ValuePath): Readonly<Record<string, unknown>> {
    const entries = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = String(key);
      const at = isNode(key) ? key : node;
      if (entries.has(name)) this.#report([...path, name], at, "this key stands here twice", "keep one of them");
      else if (name === "__proto__") this.#report([...path, name], at, "this name cannot be used here");
      else entries.set(name, this.read(value, [...path, name]));
    }
    // A key without a value says as little as no key.
    return Object.fromEntries([...entries].filter(([, value]) => value !== undefined));
  }

  /** Looking an anchor up walks the document: once for each alias is enough. */
  #resolve(alias: Alias): Node | undefined {
    const known = this.#resolved.get(alias);
    if (known) return known;
    const node = alias.resolve(this.#document);
    if (node) this.#resolved.set(alias, node);
    return node;
  }

  #open({ kind, name }: Reference, node: Node, path: ValuePath): Secret {
    const title = `!${kind} ${name}`;
    if (name === "") {
      this.#report(path, node, `!${kind} takes one name: !${kind} NAME`);
      return new Secret("", title);
    }
    if (kind === "env") {
      const value = this.#secrets.env(name);
      if (value === undefined || value === "")
        this.#report(path, node, `the environment variable ${name} is not set`, `export ${name} before the start`);
      return new Secret(value ?? "", title);
    }
    try {
      const value = this.#read(kind, name).replace(/\r?\n$/, "");
      const most = LONG.has(path.at(-1)) ? MAX_LONG : MAX_SECRET;
      if (value.length > most) throw new Error(`longer than ${most} characters`);
      if (value === "") throw new Error("empty");
      if (kind === "file") this.#guard(path, node, name);
      return new Secret(value, title);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const hint = kind === "file" ? "does it exist, may this user read it?" : "LoadCredential= in the unit names it";
      this.#report(path, node, `the ${kind} ${name} cannot be used: ${reason}`, hint);
      return new Secret("", title);
    }
  }

  #read(kind: "file" | "credential", name: string): string {
    if (kind === "file") return this.#secrets.file(name);
    if (!this.#secrets.credential) throw new Error("systemd is not here");
    return this.#secrets.credential(name);
  }

  /** A key that others can read is no key: it stands in a file of its own, or this one is its owner's alone. */
  #guard(path: ValuePath, node: Node, file: string | undefined): void {
    const ofSensor = path[0] === "sensors" && path.length === 3;
    if (!KEYS.has(path.at(-1)) || !(ofSensor || path.includes("security"))) return;
    const exposure = this.#secrets.exposed?.(file);
    if (exposure) this.#report(path, node, exposure.what, exposure.hint);
  }
}

interface Found {
  readonly key?: Node;
  readonly value?: Node;
}

/** Finds the nodes of paths; each section is looked through once, however many paths lead into it. */
class Finder {
  readonly #document: Document.Parsed;
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  /** The node at `path`, or as near to it as the file goes. */
  find(path: ValuePath): Found {
    const { contents } = this.#document;
    let found: Found = isNode(contents) ? { value: contents } : {};
    for (const step of path) {
      const node = isAlias(found.value) ? found.value.resolve(this.#document) : found.value;
      if (isSeq(node) && typeof step === "number") {
        const item = node.items[step];
        if (!isNode(item)) return found;
        found = { value: item };
      } else if (isMap(node)) {
        const pair = this.#pairsOf(node).get(String(step));
        if (!pair) return found;
        found = { ...(isNode(pair.key) && { key: pair.key }), ...(isNode(pair.value) && { value: pair.value }) };
        if (!found.value && found.key) found = { key: found.key, value: found.key };
      } else return found;
    }
    return found;
  }

  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map);
    if (known) return known;
    // Of a key that stands twice, the first is meant.
    const pairs = new Map(map.items.map((pair): [string, Pair] => [String(pair.key), pair]).toReversed());
    this.#pairs.set(map, pairs);
    return pairs;
  }
}

function plainYamlMessage(message: string): string {
  const first = message.split("\n", 1)[0] ?? message;
  const tag = /^Unresolved tag: (\S+)/.exec(first);
  if (tag?.[1] !== undefined && REFERENCES.has(tag[1])) return `${tag[1]} takes one name: ${tag[1]} NAME`;
  if (tag) return `unknown tag ${tag[1] ?? ""}: only !env, !file and !credential mean something here`;
  if (first.startsWith("Source contains multiple documents"))
    return "a second document begins here: one file, one document";
  if (first.startsWith("Maximum call stack")) return "nested too deep";
  return `not YAML: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}
