/** Payloads of named values: what an adapter has already taken apart. */

import { DecodeError } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import { type Framing, isQuantity, readNumber, wrongType } from "./framing.ts";

export function fieldsFraming(): Framing<Readonly<Record<string, Scalar>>> {
  return {
    open({ payload }) {
      if (payload.kind !== "fields") throw new DecodeError(`no named values in a frame of ${payload.kind}`);
      return payload.fields;
    },
    reader(name, spec) {
      const wrong = wrongType(spec, "named values");
      if (wrong !== undefined) return wrong;
      const key = spec.name ?? name;
      const quantity = isQuantity(spec);
      return {
        one(fields) {
          const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
          if (!quantity || value === undefined || typeof value === "number") return value;
          return typeof value === "string" ? (readNumber(value) ?? null) : null;
        },
      };
    },
  };
}
