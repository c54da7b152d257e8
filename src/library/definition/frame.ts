/** The schema of `frame` and `forms`: how a payload becomes named raw values. */

import { z } from "zod";
import { byteCondition, FIELD_NAME, hex, hexPattern, jsonPath, length } from "./common.ts";
import { fieldSchema, SECTIONS, WORD_ORDERS } from "./field.ts";

/** Formats that need code; each is a file in `codecs/`. */
export const CODECS = [
  ...["bthome.v1", "bthome.v2", "mibeacon", "pvvx", "victron", "ruuvi.df8", "govee.h512x"],
  ...["sensorpush", "mopeka", "enocean", "sparkplug.b", "homeassistant", "homie"],
] as const;

/** Sums that protect binary frames. */
export const CHECKS = [
  ...["sum8", "sum8.inverted", "sum8.negated", "sum16be", "sum16le", "xor8"],
  ...["crc8.sensirion", "crc16.modbus", "crc16.arc", "crc16.x25", "crc16.ccitt"],
] as const;

const tlv = z
  .strictObject({
    at: z.int().min(0).max(255).describe("where the first one begins"),
    tag: z.enum(["u8", "u16be", "u16le"]),
    length: z
      .union([
        z.enum(["u8"]),
        z.record(z.string().regex(/^(?:0x[0-9A-Fa-f]{2,4}|\d{1,5})$/, "a tag such as 0x01"), z.int().min(0)),
      ])
      .describe("in a byte after the tag, or by tag; then an unknown tag ends the reading"),
  })
  .describe("Tag, length and value, one after the other. The second value of a tag is name_2");

const flags = z
  .strictObject({
    at: z.int().min(0).max(255).describe("where the flags stand"),
    type: z.enum(["u8", "u16be", "u16le", "u24be", "u24le", "u32be", "u32le"]),
    start: z.int().min(0).max(255).describe("where the first of the optional fields would stand"),
  })
  .describe("Fields with `flag` are there if that bit is set, one after the other in the order of the definition");

const packet = z
  .strictObject({
    start: hexPattern.describe("how every packet begins").optional(),
    end: hex.describe("how every packet ends").optional(),
    stuffing: z.enum(["shdlc"]).describe("7D escapes, undone before anything else").optional(),
    check: z
      .strictObject({
        kind: z.enum(CHECKS),
        from: z.int().describe("first byte that counts; from the end if negative"),
        to: z.int().describe("first byte that does not count any more; from the end if negative"),
        at: z.int().describe("where the sum stands; from the end if negative"),
      })
      .optional(),
  })
  .describe("A binary frame with a beginning, an end and a sum. Offsets count from its first byte, once unstuffed");

const lineCheck = z
  .strictObject({
    kind: z.enum(CHECKS),
    after: z.string().length(1).describe("the last such character stands between what is summed and the sum"),
    from: z.int().min(0).max(16).describe("first character that counts, if not the very first").optional(),
  })
  .describe("Of csv and line: the sum that ends a line, in hexadecimal digits. Columns end before it");

export const frameSchema = z.strictObject({
  bytes: z
    .enum(["ble.manufacturer", "ble.manufacturer.raw", "ble.service_data", "payload"])
    .describe("raw: with the company identifier, two bytes, before the data")
    .optional(),
  tlv: tlv.optional(),
  flags: flags.optional(),
  packet: packet.optional(),
  json: z.literal(true).optional(),
  root: z.string().describe("key that may wrap the whole JSON document; what it holds may be JSON as text").optional(),
  key_from: z
    .string()
    .regex(/^(?:[^+#/]+\/)*\+$/, "the end of a topic, such as status/+")
    .describe("under such topics, a document holds what others have under the key that + takes")
    .optional(),
  each: jsonPath
    .describe("path with a * : every thing there is a sensor of its own, _key its key or number")
    .optional(),
  csv: z.strictObject({ columns: z.array(z.string()).min(1), separator: z.string().length(1).optional() }).optional(),
  line: z.string().describe("regular expression with named groups").optional(),
  check: lineCheck.optional(),
  nmea: z.literal(true).optional(),
  registers: z
    .union([
      z.literal(true),
      z.strictObject({
        order: z.enum(WORD_ORDERS).optional(),
        poll: z.string().describe("how often it is read").optional(),
        gap: z.int().min(0).max(64).describe("registers that may be read in vain to save a request").optional(),
        most: z.int().min(1).max(125).describe("registers that one request may ask for").optional(),
      }),
    ])
    .optional(),
  fields: z.literal(true).optional(),
  dsmr: z.literal(true).describe("P1 telegram: fields by OBIS code, such as 1-0:1.8.1").optional(),
  sml: z.literal(true).describe("SML file: fields by OBIS code").optional(),
  mbus: z.literal(true).describe("M-Bus long frame: fields by quantity, such as energy or volume").optional(),
  vedirect: z.literal(true).describe("VE.Direct text block: fields by label").optional(),
  d0: z.literal(true).describe("IEC 62056-21 readout: fields by OBIS code, such as 1.8.0").optional(),
  teleinfo: z.literal(true).describe("Teleinfo frame of a French meter: fields by label").optional(),
  codec: z.enum(CODECS).describe("a format that needs code").optional(),
  sequence: z.string().describe("field that counts messages").optional(),
});
export type FrameSpec = z.infer<typeof frameSchema>;

/** One of the forms that the payload of a device may have. */
export const formSchema = z.strictObject({
  name: z.string().min(1),
  in: z.enum(SECTIONS).describe("section of the advert that the conditions speak of").optional(),
  length: length.optional(),
  prefix: hexPattern.optional(),
  bytes: z.array(byteCondition).min(1).max(16).optional(),
  fields: z.record(z.string().regex(FIELD_NAME, "lower-case letters, digits and _"), fieldSchema),
});
export type FormSpec = z.infer<typeof formSchema>;
