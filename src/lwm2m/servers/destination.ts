/** Where requests of ours go on a server: below the path of its URI, with what its query says (LwM2M Core 1.2 §E.1, RFC 7252 §6.4). */

export interface Destination {
  readonly path: readonly string[];
  /** Before whatever else is asked there; mostly none. */
  readonly query: readonly string[];
}

/** `name` is "rd", "dp", "bs" or "bspack". */
export function destination(uri: string, name: string): Destination {
  const { pathname, search } = URL.canParse(uri) ? new URL(uri) : { pathname: "", search: "" };
  return { path: [...segments(pathname, "/"), name], query: segments(search.slice(1), "&") };
}

function segments(text: string, delimiter: string): string[] {
  return text.split(delimiter).flatMap((segment) => (segment === "" ? [] : [decoded(segment)]));
}

/** A lone % is what it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
