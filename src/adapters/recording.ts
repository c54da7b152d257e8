/** Frames as JSON lines, as those who record write them (sdk/recording.ts): read for those who replay. Bytes are hex. */

import { z } from "zod";
import { DecodeError, fromHex } from "../base/bytes.ts";
import { words } from "../base/errors.ts";
import type { Frame, Payload } from "../sdk/adapter.ts";

const Hex = z.string().regex(/^(?:[0-9a-fA-F]{2})*$/, { error: "expected hex" });
const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const RecordedPayload = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("advert"),
    name: z.string().optional(),
    /** Pairs of company identifier, four hex digits, and data. */
    manufacturer: z.array(z.tuple([z.string().regex(/^[0-9a-fA-F]{4}$/), Hex])).default([]),
    services: z.record(z.string(), Hex).default({}),
    serviceUuids: z.array(z.string()).default([]),
  }),
  z.strictObject({ kind: z.literal("bytes"), hex: Hex }),
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  z.strictObject({ kind: z.literal("message"), topic: z.string(), hex: Hex, retained: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("registers"), values: z.record(z.string(), Hex), device: z.string().optional() }),
  z.strictObject({ kind: z.literal("fields"), fields: z.record(z.string(), Scalar) }),
]);

const RecordedFrame = z.strictObject({
  /** Milliseconds since 1970 UTC. */
  at: z.number(),
  source: z.string().min(1),
  rssi: z.number().optional(),
  payload: RecordedPayload,
});

/** @throws DecodeError if the line is no recorded frame. */
export function readRecordedLine(line: string): Frame {
  const { at, source, rssi, payload } = parsed(line);
  const frame = { source, at: { ms: at, trusted: true }, payload: payloadOf(payload) };
  return rssi === undefined ? frame : { ...frame, rssi };
}

function parsed(line: string): z.infer<typeof RecordedFrame> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DecodeError(`no JSON: ${words(error)}`, { cause: error });
  }
  const result = RecordedFrame.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DecodeError(issue ? `${issue.path.join(".")}: ${issue.message}` : "no recorded frame");
}

function payloadOf(payload: z.infer<typeof RecordedPayload>): Payload {
  switch (payload.kind) {
    case "advert": {
      const { name, manufacturer, services, serviceUuids } = payload;
      const advert = {
        kind: "advert",
        manufacturer: manufacturer.map(([company, hex]) => [Number.parseInt(company, 16), fromHex(hex)] as const),
        services: bytesOf(services),
        serviceUuids,
      } as const;
      return name === undefined ? advert : { ...advert, name };
    }
    case "bytes":
      return { kind: "bytes", bytes: fromHex(payload.hex) };
    case "message": {
      const message = { kind: "message", topic: payload.topic, body: fromHex(payload.hex) } as const;
      return payload.retained === undefined ? message : { ...message, retained: payload.retained };
    }
    case "registers":
      return {
        kind: "registers",
        values: bytesOf(payload.values),
        ...(payload.device !== undefined && { device: payload.device }),
      };
    case "text":
    case "fields":
      return payload;
  }
}

const bytesOf = (values: Readonly<Record<string, string>>) =>
  new Map(Object.entries(values).map(([key, hex]) => [key, fromHex(hex)]));
