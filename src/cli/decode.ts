/** `isthmus decode`: one JSON line per thing heard in, one JSON line per reading out. */

import { DecodeError } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { Device, Frame, Library, Quantity, Session } from "../library/index.ts";
import { type FrameLine, readFrameLine } from "./frame-line.ts";

/** What every output line holds. A reading of null is one that the device said is not available. */
export interface Decoded {
  readonly definition: string | null;
  /** The endpoint name that adoption would mint; null if the frame does not say whose it is. */
  readonly identity: string | null;
  readonly readings: Readonly<Record<string, { readonly value: Scalar; readonly unit?: string } | null>>;
  readonly error?: string;
}

/** One line out for every line in, whatever the line is; blank lines are passed over. */
export async function* decodeLines(library: Library, lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) if (line.trim() !== "") yield JSON.stringify(decodeLine(library, line));
}

/** Never throws: what is wrong with a line is in its `error`. */
export function decodeLine(library: Library, line: string): Decoded {
  try {
    return decodeInput(library, readFrameLine(line));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { definition: null, identity: null, readings: {}, error: error.message };
  }
}

function decodeInput(library: Library, heard: FrameLine): Decoded {
  const { definition: wanted } = heard;
  const line = wanted === undefined ? asKnown(library, heard) : heard;
  const device = wanted === undefined ? library.match(line.frame) : library.get(wanted);
  if (device) return wanted === undefined ? decodeFrame(library, device, line) : decodeAs(library, device, line);
  const unknown: Decoded = { definition: null, identity: null, readings: {} };
  return wanted === undefined ? unknown : { ...unknown, error: `no definition "${wanted}"` };
}

/** Bytes that nobody knows may be a line or a telegram of text, taken down in hex: a serial port cannot tell either. */
function asKnown(library: Library, line: FrameLine): FrameLine {
  const { payload } = line.frame;
  if (payload.kind !== "bytes" || library.match(line.frame)) return line;
  const text = Buffer.from(payload.bytes).toString("latin1");
  const asText: Frame = { ...line.frame, payload: { kind: "text", text } };
  return library.match(asText) ? { ...line, frame: asText } : line;
}

/** All sensors that a frame speaks for, in one line: what they say together, and the first one's name. */
function decodeFrame(library: Library, device: Device, { frame, key }: FrameLine): Decoded {
  let decoded: Decoded = { definition: device.id, identity: null, readings: {} };
  try {
    for (const part of device.parts(frame)) {
      const own = (part.payload.kind === "fields" && part !== frame ? library.match(part) : undefined) ?? device;
      const readings = readingsOf(own.decode(part, sessionOf(own, key))?.fields ?? new Map());
      const identity = decoded.identity ?? nameOf(own, part);
      decoded = { definition: own.id, identity, readings: { ...decoded.readings, ...readings } };
    }
    return decoded;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { definition: device.id, identity: nameOf(device, frame), readings: {}, error: error.message };
  }
}

const nameOf = (device: Device, frame: Frame) => device.identify(frame)?.endpoint ?? null;

/** For this line alone: what was said before it does not count. @throws DecodeError if no such key can be. */
function sessionOf(device: Device, key: Uint8Array | undefined): Session | undefined {
  try {
    const session = key && device.createSession(key);
    return session?.alone?.() ?? session;
  } catch (error) {
    if (error instanceof RangeError) throw new DecodeError(`key: ${error.message}`);
    throw error;
  }
}

/** A definition that was asked for and finds nothing was the wrong one: an empty answer would look like a silent device. */
function decodeAs(library: Library, device: Device, line: FrameLine): Decoded {
  const decoded = decodeFrame(library, device, line);
  if (decoded.error !== undefined || Object.keys(decoded.readings).length > 0) return decoded;
  return { ...decoded, error: `${device.id} finds nothing in this ${line.frame.payload.kind}` };
}

function readingsOf(fields: ReadonlyMap<string, Quantity | undefined>): Decoded["readings"] {
  return Object.fromEntries([...fields].map(([name, quantity]) => [name, quantity ?? null]));
}
