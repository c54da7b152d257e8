/** Modbus registers and payloads of named values: what an adapter has already taken apart. */

import { DecodeError } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import { byteReader } from "./bytes.ts";
import { type Framing, isQuantity, readNumber, wrongType } from "./framing.ts";

/** The name of a register: function code and address, such as `4:0x0000`. */
export const registerKey = (fc: number, address: number) => `${fc}:0x${address.toString(16).padStart(4, "0")}`;

export function registersFraming(): Framing<ReadonlyMap<string, Uint8Array>> {
  return {
    open({ payload }) {
      if (payload.kind !== "registers") throw new DecodeError(`no registers in a frame of ${payload.kind}`);
      return payload.values;
    },
    reader(_name, spec) {
      if (spec.fc === undefined || spec.address === undefined) return '"fc" and "address" are missing: which register?';
      const inner = byteReader(spec, 0);
      if (typeof inner === "string" || !("one" in inner)) return typeof inner === "string" ? inner : "not a register";
      const key = registerKey(spec.fc, spec.address);
      return {
        one(values) {
          const bytes = values.get(key);
          return bytes && inner.one(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
        },
      };
    },
  };
}

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
