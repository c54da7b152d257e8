/** Numbers whose bits stand in several bytes. */

import type { FieldSpec } from "../../definition/field.ts";
import type { Layout } from "./numbers.ts";

type Slices = NonNullable<FieldSpec["slices"]>;

const MAX_BITS = 53;

/** The first slice has the most significant bits. A complaint in words if they cannot be joined. */
export function sliceLayout(slices: Slices, { type, bits, signed = false }: FieldSpec): Layout | string {
  if (type !== undefined) return "a field of slices has no type: it is a number of as many bits as they have";
  if (bits) return '"slices" and "bits" both say which bits';
  const wrong = slices.find(({ shift, width }) => shift + width > 8);
  if (wrong) return `bits ${wrong.shift} to ${wrong.shift + wrong.width} of a byte`;
  const total = slices.reduce((sum, { width }) => sum + width, 0);
  if (total > MAX_BITS) return `${total} bits: a number has ${MAX_BITS} at most`;
  const parts = slices.map(({ at, shift, width }) => ({ at, shift, factor: 2 ** width, mask: 2 ** width - 1 }));
  const [modulus, sign] = [2 ** total, 2 ** (total - 1)];
  return {
    width: Math.max(...slices.map(({ at }) => at + 1), 0),
    least: Math.max(...slices.map(({ at }) => -at), 0),
    read(view, start) {
      let value = 0;
      for (const { at, shift, factor, mask } of parts) {
        const byte = view.getUint8(at < 0 ? view.byteLength + at : start + at);
        value = value * factor + ((byte >> shift) & mask);
      }
      return signed && value >= sign ? value - modulus : value;
    },
  };
}
