/** The schema of devices/*.yaml: every key a definition may have, and the words that editors show for it. */

import { z } from "zod";

const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/;
const ID = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
const FIELD_NAME = /^_?[a-z][a-z0-9_]*$/;
const OBJECT_KEY = /^\d{1,5}\/(?:\d{1,5}|\*)$/;

const duration = z.string().regex(DURATION, "a duration such as 10s, 5m, 1h");
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, "the lower limit comes first");
const jsonPath = z.string().regex(/^\$/, "a path such as $.a.b");
const hex = z.string().regex(/^(?:[0-9A-Fa-f]{2}\s*)+$/, "bytes in hex, blanks allowed");

/** How a field's raw value lies in the payload. The names of integers: sign, bits, order of bytes. */
export const FIELD_TYPES = [
  ...["u8", "i8", "u16be", "u16le", "i16be", "i16le", "u24be", "u24le", "i24be", "i24le"],
  ...["u32be", "u32le", "i32be", "i32le", "u64be", "u64le", "i64be", "i64le", "f32be", "f32le", "f64be", "f64le"],
  ...["sm8", "sm16be", "sm16le", "ascii", "hex", "mac", "mac.le"],
  ...["number", "text", "boolean", "iso8601"],
  ...["nmea.lat", "nmea.lon", "nmea.time", "nmea.clock", "nmea.date", "nmea.variation"],
] as const;

export const fieldSchema = z
  .strictObject({
    at: z.int().min(0).max(65_535).describe("offset in bytes").optional(),
    length: z.int().min(1).max(255).describe("bytes of an ascii or hex field").optional(),
    bits: z.strictObject({ shift: z.int().min(0).max(63), width: z.int().min(1).max(53) }).optional(),
    json: jsonPath.describe("path such as $.a.b; one * stands for every key there").optional(),
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
    name: z.string().describe("key of a payload of named values, if not the field's own name").optional(),
    expr: z.string().describe("computed from the fields above it").optional(),
    type: z.enum(FIELD_TYPES).optional(),
    invalid: z
      .union([scalar, z.array(scalar).min(1)])
      .describe("raw value, before scaling, that means: not available")
      .optional(),
    map: z.record(z.string(), scalar).describe("raw value to value; all others mean: not available").optional(),
    scale: z.number().optional(),
    offset: z.number().describe("value = raw * scale + offset").optional(),
    unit: z.string().describe("SenML unit of the value").optional(),
    given: z
      .union([z.string(), z.strictObject({ json: jsonPath, map: z.record(z.string(), z.string()) })])
      .describe("unit the device speaks, if it is another one")
      .optional(),
    range: range.describe("values outside mean: not available").optional(),
    when: z.string().describe("condition over the fields above it; if it fails: not available").optional(),
  })
  .describe("A named quantity. A name that begins with _ is for other fields only");
export type FieldSpec = z.infer<typeof fieldSchema>;

const resourceSpec = z.strictObject({
  const: scalar.optional(),
  field: z.string().optional(),
  expr: z.string().optional(),
  time: z.literal(true).describe("when the Instance was last measured").optional(),
  quality: z.string().describe("quality of this field: 4 accepted, 3 stale, 1 rejected").optional(),
  read: z.string().describe("field that shows its state").optional(),
  write: z.string().describe("command that a Write runs").optional(),
  execute: z.string().describe("command that an Execute runs").optional(),
});
export type ResourceSpec = z.infer<typeof resourceSpec>;

export const instanceSchema = z
  .object({
    value: z
      .string()
      .describe("field shown as an IPSO sensor: value, unit, time, quality, minimum, maximum")
      .optional(),
    range: range.describe("what the sensor can measure: 5603 and 5604").optional(),
    type: z.string().describe("Application Type, 5750").optional(),
    when: z.literal("present").describe("the Instance appears when its field is first heard").optional(),
  })
  .catchall(z.union([z.string(), resourceSpec]))
  .describe("Resources by id: a field's name, or where the value comes from");
export type InstanceSpec = z.infer<typeof instanceSchema>;

export const commandSchema = z.strictObject({
  publish: z
    .strictObject({ topic: z.string(), text: z.string().optional(), json: z.record(z.string(), scalar).optional() })
    .optional(),
  send: z.string().describe("line of text").optional(),
  fields: z.record(z.string(), scalar).optional(),
  expect: z.string().describe("regular expression of the answer").optional(),
  range: range.describe("values the device takes").optional(),
  confirm: z
    .strictObject({ field: z.string(), equals: scalar.optional(), within: duration })
    .describe("done when this field is heard with the value written")
    .optional(),
  timeout: duration.optional(),
});
export type CommandSpec = z.infer<typeof commandSchema>;

const ble = z.strictObject({
  manufacturer: z.int().min(0).max(0xffff).describe("company identifier").optional(),
  service_data: z
    .union([z.int().min(0).max(0xffff), z.string()])
    .describe("service UUID, 16 or 128 bits")
    .optional(),
  services: z.array(z.union([z.int().min(0).max(0xffff), z.string()])).optional(),
  name: z.string().describe("regular expression for the local name").optional(),
  length: z.int().min(0).max(255).describe("bytes after the company identifier or UUID").optional(),
  prefix: hex.describe("how those bytes begin").optional(),
});
export type BleMatch = z.infer<typeof ble>;

const match = z.strictObject({
  ble: ble.optional(),
  serial: z
    .strictObject({
      line: z.string().describe("regular expression of a line").optional(),
      sentences: z.array(z.string().regex(/^[A-Z]{3}$/, "a sentence such as RMC")).optional(),
    })
    .optional(),
  mqtt: z
    .strictObject({
      topic: z.union([z.string(), z.array(z.string()).min(1)]).describe("+name takes a level and calls it name"),
      json: z
        .strictObject({
          has: z.array(z.string()).describe("paths that must all be there").optional(),
          any: z.array(z.string()).describe("paths of which one must be there").optional(),
        })
        .optional(),
    })
    .optional(),
  fields: z.record(z.string(), scalar).describe("named values that must be there").optional(),
});
export type MatchSpec = z.infer<typeof match>;

const frame = z.strictObject({
  bytes: z.enum(["ble.manufacturer", "ble.service_data", "payload"]).optional(),
  json: z.literal(true).optional(),
  root: z.string().describe("key that may wrap the whole JSON document").optional(),
  csv: z.strictObject({ columns: z.array(z.string()).min(1), separator: z.string().length(1).optional() }).optional(),
  line: z.string().describe("regular expression with named groups").optional(),
  nmea: z.literal(true).optional(),
  registers: z.literal(true).optional(),
  fields: z.literal(true).optional(),
  codec: z.enum(["bthome.v2"]).optional(),
  sequence: z.string().describe("field that counts messages").optional(),
});
export type FrameSpec = z.infer<typeof frame>;

const golden = z.strictObject({
  name: z.string(),
  hex: hex.optional(),
  text: z.string().optional(),
  topic: z.string().optional(),
  json: z.unknown().optional(),
  fields: z.record(z.string(), scalar).optional(),
  registers: z
    .record(z.string().regex(/^\d:0x[0-9A-Fa-f]{4}$/, "function code and address such as 4:0x0000"), hex)
    .optional(),
  expect: z.record(z.string(), z.union([scalar, z.null()])).optional(),
  error: z.string().describe("part of the refusal").optional(),
});
export type GoldenFrame = z.infer<typeof golden>;

export const schema = z.strictObject({
  schema: z.literal("device/v1"),
  id: z.string().regex(ID, "lower-case words joined by dots or dashes"),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, "a version such as 1.0.0")
    .optional(),
  vendor: z.string().min(1),
  model: z.string().min(1),
  match: match.optional(),
  identity: z.strictObject({
    from: z.string().describe("what must be known: source, ble.address, serial.port, topic.<name>").optional(),
    endpoint: z.string().describe("template of the endpoint name"),
    split: z.string().describe("field that tells several sensors of one source apart").optional(),
  }),
  frame,
  time: z
    .strictObject({ from: z.string(), within: duration })
    .describe("field with the time of measurement, believed if it is that close to the time of reception")
    .optional(),
  alive: z.strictObject({ expect: duration, stale: duration, gone: duration }),
  fields: z.record(z.string().regex(FIELD_NAME, "lower-case letters, digits and _"), fieldSchema).optional(),
  objects: z.record(
    z.string().regex(OBJECT_KEY, "an Object and an Instance, such as 3303/0 or 3303/*"),
    instanceSchema,
  ),
  commands: z.record(z.string().regex(FIELD_NAME, "lower-case letters, digits and _"), commandSchema).optional(),
  report: z
    .record(
      z.string(),
      z.strictObject({ min: duration.optional(), max: duration.optional(), delta: z.number().positive().optional() }),
    )
    .describe("how often and after what change a server should be told, unless it says otherwise")
    .optional(),
  tests: z.array(golden).min(1, "at least one golden frame is needed"),
});
export type Definition = z.infer<typeof schema>;

/** The same, for editors: JSON Schema 2020-12. */
export function definitionSchema(): Readonly<Record<string, unknown>> {
  return { title: "Isthmus device definition", ...z.toJSONSchema(schema) };
}
