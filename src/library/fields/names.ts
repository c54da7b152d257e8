/** The names that a reading may have, with what is known of each. */

import type { FieldInfo } from "../codecs/codec.ts";

/**
 * Fields by name. A name with a number, such as `probe_2`, is known as well where `probe` stands for many, though it is
 * not among the keys.
 */
export class FieldNames extends Map<string, FieldInfo> {
  override get(name: string): FieldInfo | undefined {
    return super.get(name) ?? this.#oneOfMany(name);
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  #oneOfMany(name: string): FieldInfo | undefined {
    const field = /^(.+)_[1-9]\d?$/.exec(name)?.[1];
    const many = field === undefined ? undefined : super.get(field);
    return many?.many === true ? { ...many, many: false } : undefined;
  }
}
