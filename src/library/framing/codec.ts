/** Payloads that a codec reads: the fields of a definition stand on top of the codec's values. */

import { FieldNames } from "../fields/names.ts";
import type { Codec } from "../codecs/codec.ts";
import { didYouMean } from "../check.ts";
import type { Values } from "../reading.ts";
import type { Framing } from "./framing.ts";

export function codecFraming(codec: Codec): Framing<Values> {
  const named = new FieldNames(codec.fields);
  return {
    open: (frame, session) => codec.decode(frame, session),
    reader(name, spec) {
      const key = spec.name ?? name;
      if (!named.has(key))
        return [`the codec has no field "${key}"`, didYouMean(key, codec.fields.keys())].filter(Boolean).join(": ");
      if (spec.type !== undefined) return "the codec knows the type";
      return {
        one(values) {
          const quantity = values.get(key);
          return quantity ? quantity.value : values.has(key) ? null : undefined;
        },
      };
    },
    values: (values) => values,
    named,
  };
}
