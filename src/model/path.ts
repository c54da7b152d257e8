/** Where a value lives: `/3303/0/5700` (LwM2M Core 1.2 §7.2). */

declare const pathBrand: unique symbol;

/** A checked path of 0 to 4 numbers; `/` is the root. A Map key, and readable in a log. */
export type Path = string & { readonly [pathBrand]: never };

/**
 * The name of a value of a device behind a gateway: what `of` is there, seen from outside. No path of ours: for names in
 * messages alone (OMA-TS-LWM2M_Gateway 1.1).
 */
export function behind(prefix: string, of: Path): Path {
  return (of === ROOT ? `/${prefix}` : `/${prefix}${of}`) as Path;
}

/** What comes before the first number of such a name, "/d01"; "" if nothing does. */
export function prefixIn(name: string): string {
  return /^(?:\/(?!\d+(?:\/|$))[^/]+)+/.exec(name)?.[0] ?? "";
}

/** The numbers of a path; the deeper ones are absent where the path ends above them. */
export interface PathParts {
  readonly object?: number;
  readonly instance?: number;
  readonly resource?: number;
  readonly resourceInstance?: number;
}

/** 65535 is reserved and never an identifier (LwM2M Core 1.2 §7.2.1). */
export const MAX_ID = 65_534;
const MAX_DEPTH = 4;
const SHORTEST_OF_MAX_DEPTH = "/0/0/0/0".length;
const SLASH = 0x2f;
const ZERO = 0x30;

export const ROOT = "/" as Path;

/** Builds a path. @throws RangeError if a number is no identifier. */
export function path(...ids: readonly number[]): Path {
  if (ids.length > MAX_DEPTH || !ids.every(isId)) throw new RangeError(`no path: /${ids.join("/")}`);
  return `/${ids.join("/")}` as Path;
}

/** The path that `text` spells, or undefined. Leading zeros, empty segments and signs are refused. */
export function parsePath(text: string): Path | undefined {
  return isPathText(text) ? (text as Path) : undefined;
}

/** How many numbers: 0 root, 1 Object, 2 Instance, 3 Resource, 4 Resource Instance. */
export function depth(of: Path): number {
  if (of === ROOT) return 0;
  let count = 0;
  for (let i = 0; i < of.length; i++) if (of.charCodeAt(i) === SLASH) count += 1;
  return count;
}

/** The numbers of a path, outermost first. */
export function ids(of: Path): readonly number[] {
  return of === ROOT ? [] : of.slice(1).split("/").map(Number);
}

/** The number at `level` (0 Object to 3 Resource Instance), or undefined if the path ends above it; makes no array. */
export function idAt(of: Path, level: number): number | undefined {
  const { length } = of;
  let at = 1;
  // By character, as below: indexOf costs more than so few of them.
  for (let slashes = level; slashes > 0; at++) {
    if (at >= length) return undefined;
    if (of.charCodeAt(at) === SLASH) slashes -= 1;
  }
  if (at >= length) return undefined;
  let id = 0;
  for (; at < length; at++) {
    const code = of.charCodeAt(at);
    if (code === SLASH) break;
    id = id * 10 + code - ZERO;
  }
  return id;
}

/** The Object and the Resource of a path as one number, `object * 65536 + resource`; undefined above depth 3. */
export function definedBy(of: Path): number | undefined {
  const { length } = of;
  let object = 0;
  let id = 0;
  let level = 0;
  for (let at = 1; at < length; at++) {
    const code = of.charCodeAt(at);
    if (code !== SLASH) id = id * 10 + code - ZERO;
    else {
      if (level === 0) object = id;
      level += 1;
      if (level === 3) break;
      id = 0;
    }
  }
  return level < 2 ? undefined : object * 0x1_0000 + id;
}

export function parts(of: Path): PathParts {
  const [object, instance, resource, resourceInstance] = ids(of);
  return {
    ...(object !== undefined && { object }),
    ...(instance !== undefined && { instance }),
    ...(resource !== undefined && { resource }),
    ...(resourceInstance !== undefined && { resourceInstance }),
  };
}

export function child(of: Path, id: number): Path {
  // Too short a path cannot be too deep: every value that a server sends passes here.
  if (!isId(id) || (of.length >= SHORTEST_OF_MAX_DEPTH && depth(of) >= MAX_DEPTH))
    throw new RangeError(`no path: ${of} with ${id}`);
  if (of !== lastParent) {
    lastParent = of;
    lastPrefix = of === ROOT ? "/" : `${of}/`;
  }
  return `${lastPrefix}${id}` as Path;
}

/** Nearly always the one before was asked for another child: what all of them begin with is made once. */
let lastParent: Path = ROOT;
let lastPrefix = "/";

/** The path one level up; the root is its own parent. */
export function parent(of: Path): Path {
  const end = of.lastIndexOf("/");
  return end <= 0 ? ROOT : (of.slice(0, end) as Path);
}

/** The first `levels` numbers of a path; the path itself where it has no more. */
export function cut(of: Path, levels: number): Path {
  let slashes = 0;
  for (let i = 0; i < of.length; i++)
    if (of.charCodeAt(i) === SLASH && ++slashes > levels) return levels === 0 ? ROOT : (of.slice(0, i) as Path);
  return of;
}

/** Whether `inner` is `outer` or lies below it. */
export function contains(outer: Path, inner: Path): boolean {
  if (outer === ROOT || outer === inner) return true;
  const length = outer.length;
  if (inner.length <= length || inner.charCodeAt(length) !== SLASH) return false;
  // From the end, where paths differ; a loop over so few characters is faster than startsWith.
  for (let i = length - 1; i > 0; i--) if (inner.charCodeAt(i) !== outer.charCodeAt(i)) return false;
  return true;
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= MAX_ID;
}

/** Reads by character code and not by pattern: every value that a server sends passes here. */
function isPathText(text: string): boolean {
  const length = text.length;
  if (length === 0 || text.charCodeAt(0) !== SLASH) return false;
  if (length === 1) return true;
  let at = 0;
  for (let count = 0; at < length; count++) {
    if (count === MAX_DEPTH || text.charCodeAt(at) !== SLASH) return false;
    const start = at + 1;
    let id = 0;
    for (at = start; at < length; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      id = id * 10 + digit;
      if (id > MAX_ID) return false;
    }
    if (at === start || (at > start + 1 && text.charCodeAt(start) === ZERO)) return false;
  }
  return true;
}
