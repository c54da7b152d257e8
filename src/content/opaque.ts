/** Octets as they are: one value of type opaque, and of no other (LwM2M Core 1.2 §7.4.2). */

import { copyOf } from "../base/bytes.ts";
import type { Path } from "../model/path.ts";
import type { Codec, ModelOf, Node } from "./node.ts";
import { modelAt, onlyNode, refused } from "./typed.ts";

export const opaque: Codec = {
  format: 42,
  structured: false,
  timed: false,

  encode(nodes: readonly Node[], base: Path): Uint8Array {
    const { value } = onlyNode(nodes, base);
    if (!(value instanceof Uint8Array)) throw new RangeError(`${base}: only an opaque value travels as octets`);
    return copyOf(value);
  },

  decode(bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
    const { type } = modelAt(base, model);
    if (type !== "opaque") throw refused(base, `${type} as octets`);
    return [{ path: base, type, value: copyOf(bytes) }];
  },
};
