/** The schema of `match`: what a frame must show to be of this device. */

import { z } from "zod";
import { byteCondition, hexPattern, length, scalar, uuid } from "./common.ts";

const company = z.int().min(0).max(0xffff);

const ble = z.strictObject({
  manufacturer: z
    .union([
      company,
      z.array(company).min(1).max(16),
      z.literal("any"),
      z.strictObject({ mask: z.int().min(1).max(0xffff), is: company }),
    ])
    .describe("company identifier, one of several, those with some bits in common, or any: then it may be data")
    .optional(),
  joined: z
    .literal(true)
    .describe("sections of that company in one advert are parts of one message, in their order; else the last counts")
    .optional(),
  service_data: z
    .union([uuid, z.array(uuid).min(1).max(16)])
    .describe("service UUID, 16 or 128 bits, or one of several")
    .optional(),
  services: z.array(uuid).describe("advertised services, all of them").optional(),
  name: z.string().describe("regular expression for the local name").optional(),
  address: z
    .string()
    .regex(/^[0-9A-F]{2}(?::[0-9A-F]{2}){0,5}$/, "the beginning of an address, such as A4:C1:38")
    .optional(),
  length: length.describe("bytes after the company identifier or UUID").optional(),
  prefix: hexPattern.describe("how those bytes begin; ? stands for any digit").optional(),
  bytes: z.array(byteCondition).min(1).max(16).describe("conditions on those bytes, all of them").optional(),
  remember: z
    .literal(true)
    .describe("an address that has matched once stays this device, though later adverts do not say so again")
    .optional(),
});
export type BleMatch = z.infer<typeof ble>;

const serial = z.strictObject({
  line: z.string().describe("regular expression of a line, or of a telegram of several").optional(),
  sentences: z.array(z.string().regex(/^[A-Z]{3}$/, "a sentence such as RMC")).optional(),
  length: length.describe("bytes of a binary frame").optional(),
  prefix: hexPattern.describe("how a binary frame begins; ? stands for any digit").optional(),
  bytes: z.array(byteCondition).min(1).max(16).describe("conditions on a binary frame, all of them").optional(),
});

const mqtt = z.strictObject({
  topic: z.union([z.string(), z.array(z.string()).min(1)]).describe("+name takes a level and calls it name"),
  json: z
    .strictObject({
      has: z.array(z.string()).describe("paths that must all be there").optional(),
      any: z.array(z.string()).describe("paths of which one must be there").optional(),
      is: z
        .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
        .describe("what must stand at a path, or one of these")
        .optional(),
    })
    .optional(),
});

export const matchSchema = z.strictObject({
  ble: ble.optional(),
  serial: serial.optional(),
  mqtt: mqtt.optional(),
  fields: z.record(z.string(), scalar).describe("named values that must be there").optional(),
});
export type MatchSpec = z.infer<typeof matchSchema>;
