/** The schema of `objects` and `commands`: what a server sees of a device, and what it may ask of it. */

import { z } from "zod";
import { duration, hex, range, scalar } from "./common.ts";
import { FIELD_TYPES, WORD_ORDERS } from "./field.ts";

const resourceSpec = z.strictObject({
  const: scalar.optional(),
  field: z.string().optional(),
  expr: z.string().optional(),
  count: z
    .string()
    .describe("expression: how often it has become true; for an event, how often it was heard")
    .optional(),
  pulse: z.string().describe("expression over an event: true for a moment").optional(),
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
    type: z
      .string()
      .describe(
        "Application Type, 5750; {component} is the part of the device that the field was heard of, {name} the field with it",
      )
      .optional(),
    when: z.literal("present").describe("the Instance appears when its field is first heard").optional(),
  })
  .catchall(z.union([z.string(), resourceSpec]))
  .describe("Resources by id: a field's name, or where the value comes from");
export type InstanceSpec = z.infer<typeof instanceSchema>;

const modbusWrite = z.strictObject({
  fc: z.literal([5, 6, 15, 16]),
  address: z.int().min(0).max(65_535),
  type: z.enum(FIELD_TYPES).describe("how the value is written; u16 unless given").optional(),
  order: z.enum(WORD_ORDERS).optional(),
  value: z.union([z.string(), z.number(), z.boolean()]).describe("template or constant; {raw} unless given").optional(),
});

export const commandSchema = z.strictObject({
  publish: z
    .strictObject({ topic: z.string(), text: z.string().optional(), json: z.record(z.string(), scalar).optional() })
    .optional(),
  send: z.string().describe("line of text").optional(),
  bytes: hex.describe("bytes as they stand").optional(),
  modbus: modbusWrite.describe("what is written to a coil or registers").optional(),
  fields: z.record(z.string(), scalar).optional(),
  described: z
    .literal(true)
    .describe("as the device has said itself that what the Resource shows is to be set: of conventions")
    .optional(),
  expect: z.string().describe("regular expression of the answer").optional(),
  range: range.describe("values the device takes").optional(),
  confirm: z
    .strictObject({ field: z.string(), equals: scalar.optional(), within: duration })
    .describe("done when this field is heard with the value written")
    .optional(),
  timeout: duration.optional(),
});
export type CommandSpec = z.infer<typeof commandSchema>;
