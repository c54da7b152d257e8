/** The schema of devices/*.yaml: every key a definition may have, and the words that editors show for it. */

import { z } from "zod";
import { duration, FIELD_NAME, hex, jsonPath, scalar } from "./common.ts";
import { fieldSchema } from "./field.ts";
import { formSchema, frameSchema } from "./frame.ts";
import { matchSchema } from "./match.ts";
import { commandSchema, instanceSchema } from "./objects.ts";

const ID = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;
/** A number after the star tells several fields apart that have many Instances of one Object. */
const OBJECT_KEY = /^\d{1,5}\/(?:\d{1,5}|\*\d{0,2})$/;

const id = z.string().regex(ID, "lower-case words joined by dots or dashes");

const advert = z
  .strictObject({
    name: z.string().optional(),
    address: z.string().optional(),
    manufacturer: z
      .record(
        z.string().regex(/^0x[0-9A-Fa-f]{4}$/, "a company such as 0x0499"),
        z.union([hex, z.literal(""), z.array(hex).min(2).max(4)]),
      )
      .describe("data of a company; several sections of it in a list, the newest last")
      .optional(),
    service_data: z.record(z.string(), z.union([hex, z.literal("")])).optional(),
    services: z.array(z.union([z.int(), z.string()])).optional(),
  })
  .describe("a whole advert, where hex alone does not say enough");

/** What was heard before, for devices that say in one message what they are and in others what they measure. */
const heardBefore = z.strictObject({
  topic: z.string().optional(),
  advert: advert.optional(),
  text: z.string().optional(),
  hex: hex.optional(),
  json: z.unknown().optional(),
});

const words = z.union([scalar, z.array(scalar).min(1).max(4)]);

/** Where it is said whether the device is there. */
const told = z
  .strictObject({
    topic: z
      .string()
      .describe("topic under which it is said; +name as in match: of the device of that name; without one: of all")
      .optional(),
    json: jsonPath.describe("where the word stands; a body that is no JSON document is the word itself").optional(),
    field: z.string().describe("or the field that says it").optional(),
    here: words.describe("what means: it is there. That alone makes no value fresh"),
    gone: words.describe("what means: it is not"),
  })
  .describe("Where it is said whether the device is there: its sensor is offline at once, without waiting for silence");

const golden = z.strictObject({
  name: z.string(),
  hex: hex.optional(),
  text: z.string().optional(),
  topic: z.string().optional(),
  json: z.unknown().optional(),
  advert: advert.optional(),
  key: hex.describe("key of an encrypted payload").optional(),
  before: z.array(heardBefore).max(8).describe("messages heard before this one").optional(),
  fields: z.record(z.string(), scalar).optional(),
  registers: z
    .record(z.string().regex(/^\d:0x[0-9A-Fa-f]{4}$/, "function code and address such as 4:0x0000"), hex)
    .optional(),
  expect: z.record(z.string(), z.union([scalar, z.null()])).optional(),
  error: z.string().describe("part of the refusal").optional(),
  state: z.enum(["no-key", "wrong-key", "replayed"]).describe("why an encrypted payload gives nothing").optional(),
  told: z.enum(["here", "gone"]).describe("it is about whether the device is there, and says this").optional(),
  match: z.literal(false).describe("this frame must not be taken for this device").optional(),
  updates: z
    .record(z.string().regex(/^\/\d+\/\d+\/\d+(?:\/\d+)?$/, "a Resource such as /3303/0/5700"), scalar)
    .describe("what the server sees of it")
    .optional(),
});
export type GoldenFrame = z.infer<typeof golden>;

export const schema = z.strictObject({
  schema: z.literal("device/v1"),
  id,
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, "a version such as 1.0.0")
    .optional(),
  vendor: z.string().min(1),
  model: z.string().min(1),
  family: z.string().min(1).describe("what its makers or its users call all of its kind, if not the vendor").optional(),
  also: z
    .array(z.string().min(1))
    .min(1)
    .max(16)
    .describe("other names and makers under which it is sold, for whoever looks for those")
    .optional(),
  link: z
    .string()
    .regex(/^https?:\/\//, "a web address")
    .describe("where the format is described")
    .optional(),
  proof: z
    .enum(["recorded", "published", "computed"])
    .describe(
      "how far it is proven: at least one golden frame was recorded from a device (recorded), is an example of those who describe the format (published), or none is either, all are made after the format (computed)",
    )
    .optional(),
  use: z
    .union([id, z.array(id).min(1).max(4)])
    .describe("fragments that this definition is made of: what it says itself wins")
    .optional(),
  instead_of: z.array(id).min(1).max(4).describe("definitions of the same device that say less").optional(),
  match: matchSchema.optional(),
  identity: z.strictObject({
    from: z.string().describe("what must be known: source, ble.address, serial.port, topic.<name>").optional(),
    endpoint: z.string().describe("template of the endpoint name"),
    split: z
      .union([z.string(), z.array(z.string()).min(2).max(4)])
      .describe("field that tells several sensors of one source apart, or several fields: {part} is what they say")
      .optional(),
  }),
  frame: frameSchema,
  time: z
    .strictObject({ from: z.string(), within: duration })
    .describe("field with the time of measurement, believed if it is that close to the time of reception")
    .optional(),
  alive: z.strictObject({
    ...{ expect: duration, stale: duration, gone: duration },
    told: z.array(told).min(1).max(8).optional(),
  }),
  fields: z.record(z.string().regex(FIELD_NAME, "lower-case letters, digits and _"), fieldSchema).optional(),
  forms: z
    .array(formSchema)
    .min(1)
    .max(32)
    .describe("forms of the payload: the first that fits adds its fields to those above")
    .optional(),
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

/** What several definitions have in common: any part of one but its tests. */
export const fragmentSchema = z.looseObject({ schema: z.literal("fragment/v1"), id });

/** The same, for editors: JSON Schema 2020-12. */
export function definitionSchema(): Readonly<Record<string, unknown>> {
  return { title: "Isthmus device definition", ...z.toJSONSchema(schema) };
}
