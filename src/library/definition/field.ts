/** The schema of `fields`: where a quantity stands in a payload, and what its raw value means. */

import { z } from "zod";
import { jsonPath, range, scalar } from "./common.ts";

/** How a field's raw value lies in the payload. The names of integers: sign, bits, order of bytes. */
export const FIELD_TYPES = [
  ...["u8", "i8", "u16be", "u16le", "i16be", "i16le", "u24be", "u24le", "i24be", "i24le"],
  ...["u32be", "u32le", "i32be", "i32le", "u48be", "u48le", "u64be", "u64le", "i64be", "i64le"],
  ...["f32be", "f32le", "f64be", "f64le"],
  // Sign and magnitude; packed decimals (`length` in bytes); IEEE 11073 with 16 and 32 bits; IEEE 754 with 16.
  ...["sm8", "sm16be", "sm16le", "bcd", "bcd.le", "medfloat16", "medfloat32", "f16be", "f16le"],
  ...["ascii", "utf8", "hex", "hex.le", "mac", "mac.le", "eddystone.url"],
  // Of Modbus, in the order of words that the frame or the field gives.
  ...["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bool"],
  ...["number", "text", "boolean", "iso8601"],
  ...["nmea.lat", "nmea.lon", "nmea.time", "nmea.clock", "nmea.date", "nmea.variation", "nmea.mode"],
] as const;

/** Sections of an advert: what follows the company identifier, that with the identifier before it, service data. */
export const SECTIONS = ["manufacturer", "manufacturer.raw", "service_data"] as const;

/** Orders of bytes in a Modbus value of several registers; `a` is the most significant. */
export const WORD_ORDERS = ["abcd", "cdab", "badc", "dcba"] as const;

const bits = z.strictObject({
  shift: z.int().min(0).max(63),
  width: z.int().min(1).max(53),
  signed: z.boolean().describe("two's complement over these bits").optional(),
});

const slice = z.strictObject({
  at: z.int().min(-65_535).max(65_535).describe("the byte"),
  shift: z.int().min(0).max(7).default(0),
  width: z.int().min(1).max(8).default(8),
});

/** Places in binary payloads. */
const binaryPlace = {
  at: z.int().min(-65_535).max(65_535).describe("offset in bytes; from the end if negative").optional(),
  in: z
    .union([z.enum(SECTIONS), z.int().min(0).max(0xffff)])
    .describe("section of the advert, if not the one that frame names; a number is a service, and its data are meant")
    .optional(),
  length: z.int().min(1).max(255).describe("bytes of an ascii, utf8, hex or bcd field").optional(),
  bits: bits.describe("only these bits of the integer").optional(),
  slices: z
    .array(slice)
    .min(1)
    .max(8)
    .describe("bits of several bytes joined into one number, the most significant first")
    .optional(),
  signed: z.boolean().describe("the joined slices are two's complement").optional(),
  tag: z.int().min(0).max(65_535).describe("tag of the TLV it stands in; `at` counts within its value").optional(),
  flag: z.int().min(0).max(31).describe("bit that says whether it is there; such fields follow one another").optional(),
  repeat: z.int().min(2).max(32).describe("so many of them follow: name_1, name_2, ...").optional(),
  step: z.int().min(1).max(255).describe("bytes from one to the next, if not its own width").optional(),
  index: z.string().describe("expression that gives the number of the probe: 1 stands for name_1").optional(),
};

/** Places in payloads that somebody has already taken apart. */
const namedPlace = {
  json: z
    .union([jsonPath, z.array(jsonPath).min(2).max(16)])
    .describe("path such as $.a.b or $.a[0]; one * stands for every key there; of several, the first that is there")
    .optional(),
  topic: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(2).max(16)])
    .describe("end of the topic that this field alone is told under; one + gives a field for every level there")
    .optional(),
  column: z.string().describe("column of a CSV line").optional(),
  group: z
    .union([z.string(), z.int().min(1)])
    .describe("group of the regular expression")
    .optional(),
  nmea: z
    .record(
      z.string().regex(/^[A-Z]{3}$/, "a sentence such as RMC"),
      z.union([z.int().min(1), z.array(z.int().min(1)).min(1).max(16)]),
    )
    .describe("part number by sentence, such as { RMC: 7 }; part 0 is the address")
    .optional(),
  fc: z.int().min(1).max(4).describe("Modbus function code that reads it").optional(),
  address: z.int().min(0).max(65_535).describe("Modbus register, counted from 0").optional(),
  order: z.enum(WORD_ORDERS).describe("order of bytes, if not that of the frame").optional(),
  poll: z.string().describe("how often it is read, if not as often as the frame says").optional(),
  name: z.string().describe("key of a payload of named values, if not the field's own name").optional(),
  expr: z.string().describe("computed from the fields above it").optional(),
};

/** In the order in which they are applied. */
const meaning = {
  invalid: z
    .union([scalar, z.array(scalar).min(1)])
    .describe("raw value, before scaling, that means: not available")
    .optional(),
  map: z.record(z.string(), scalar).describe("raw value to value; all others mean: not available").optional(),
  table: z
    .array(z.tuple([z.number(), z.number()]))
    .min(2)
    .max(64)
    .describe("points of a curve, rising; between them a straight line, beyond them its end")
    .optional(),
  scale: z.number().optional(),
  offset: z.number().describe("value = raw * scale + offset").optional(),
  unit: z.string().describe("SenML unit of the value").optional(),
  given: z
    .union([z.string(), z.strictObject({ json: jsonPath, map: z.record(z.string(), z.string()) })])
    .describe("unit the device speaks, if it is another one")
    .optional(),
  range: range.describe("values outside mean: not available").optional(),
  when: z.string().describe("condition over the fields above it; if it fails: not available").optional(),
  monotonic: z
    .literal(true)
    .describe("a counter that never falls: a lower value is believed only once it has been confirmed")
    .optional(),
  event: z.literal(true).describe("something that happens, such as a press: each new message counts once").optional(),
};

export const fieldSchema = z
  .strictObject({
    ...binaryPlace,
    ...namedPlace,
    type: z.enum(FIELD_TYPES).optional(),
    ...meaning,
  })
  .describe("A named quantity. A name that begins with _ is for other fields only");
export type FieldSpec = z.infer<typeof fieldSchema>;
