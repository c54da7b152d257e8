/** Words that every part of a definition uses: durations, numbers, bytes, names. */

import { z } from "zod";

const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/;

export const FIELD_NAME = /^_?[a-z][a-z0-9_]*$/;

export const duration = z.string().regex(DURATION, "a duration such as 10s, 5m, 1h");
export const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const range = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, "the lower limit comes first");
export const jsonPath = z.string().regex(/^\$/, "a path such as $.a.b");
export const hex = z.string().regex(/^(?:[0-9A-Fa-f]{2}\s*)+$/, "bytes in hex, blanks allowed");
/** Bytes in which a `?` stands for any digit. */
export const hexPattern = z.string().regex(/^(?:[0-9A-Fa-f?]{2}\s*)+$/, "bytes in hex; ? stands for any digit");
export const uuid = z.union([z.int().min(0).max(0xffff), z.string()]);

/** A payload's number of bytes: one, one of several, or from one to another. */
export const length = z.union([
  z.int().min(0).max(65_535),
  z.array(z.int().min(0).max(65_535)).min(1),
  z.strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
]);
export type LengthSpec = z.infer<typeof length>;

/** What bytes at a place must be, once the bits of the mask are taken. */
export const byteCondition = z
  .strictObject({
    at: z.int().min(-65_535).max(65_535).describe("offset in bytes; from the end if negative"),
    mask: z.int().min(1).max(0xff).optional(),
    is: z
      .union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1)])
      .describe("what the byte must be, or one of these")
      .optional(),
    not: z
      .union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1)])
      .describe("what the byte must not be")
      .optional(),
  })
  .describe("a condition on one byte");
export type ByteCondition = z.infer<typeof byteCondition>;
