/**
 * Names that begin with something: the prefix of a device behind a gateway (OMA-TS-LWM2M_Gateway 1.1), as in
 * `/d01/3303/0/5700`, or the alternate path of a client whose Objects do not stand at the root (LwM2M Core 1.2 §6.2.1).
 */

import { type Codec, Format, type Link } from "../content/index.ts";
import { behind, type Path, ROOT } from "../model/path.ts";

/** Formats that name their values; in all others, the path of the request says whose they are. */
const NAMING: ReadonlySet<number> = new Set([Format.SenmlJson, Format.SenmlCbor, Format.Json]);

/** What names begin with, and why. */
export interface Naming {
  readonly prefix: string | undefined;
  /** An alternate path: SenML names it (LwM2M Transport 1.2 §6.4.1); Leshan reads neither JSON of 1.0 nor links that do. */
  readonly alternate: boolean;
}

/** The codec whose names have the prefix, or the codec itself where there is none. */
export function namedBy({ prefix, alternate }: Naming, codec: Codec): Codec {
  if (prefix === undefined || !NAMING.has(codec.format)) return codec;
  return {
    ...codec,
    encode: (nodes, base) =>
      alternate && codec.format === Format.Json
        ? codec.encode(nodes, base)
        : codec.encode(
            nodes.map((node) => ({ ...node, path: behind(prefix, node.path) })),
            behind(prefix, base),
          ),
    decode: (bytes, base, model) => codec.decode(bytes, behind(prefix, base), model),
  };
}

/** Where names begin. */
export function baseOf(prefix: string | undefined): Path {
  return prefix === undefined ? ROOT : behind(prefix, ROOT);
}

/** Links whose targets have the prefix: without it, they would be the gateway's own. */
export function linksBy({ prefix, alternate }: Naming, links: readonly Link[]): readonly Link[] {
  return prefix === undefined || alternate
    ? links
    : links.map((link) => ({ ...link, target: `/${prefix}${link.target}` }));
}
