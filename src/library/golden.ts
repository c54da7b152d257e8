/** The golden frames of definitions: what a frame must mean, compared field by field. */

import { DecodeError, fromHex, toHex } from "../base/bytes.ts";
import type { Scalar } from "../base/outcome.ts";
import type { ResourceValue } from "../model/value.ts";
import type { Frame } from "../sdk/adapter.ts";
import { didYouMean } from "./check.ts";
import type { CompiledDevice } from "./compile.ts";
import type { GoldenFrame } from "./definition/definition.ts";
import type { Session } from "./codecs/codec.ts";
import type { Saying } from "./device.ts";
import { goldenFrame } from "./golden-frame.ts";
import type { Library } from "./library.ts";
import type { Reading } from "./reading.ts";
import { SealedError } from "./sealed.ts";

/** One golden frame and how it ended; no differences: passed. */
export interface GoldenResult {
  readonly definition: string;
  readonly name: string;
  readonly differences: readonly string[];
}

/** Relative; far below what any sensor resolves. */
const TOLERANCE = 1e-9;
const NO_FRAME = "no frame: hex, text, advert, topic with text, hex or json, fields or registers make one";

/** Runs every golden frame of every definition, the way a frame takes: matched, then decoded. */
export function* testDefinitions(library: Library, only?: ReadonlySet<string>): Iterable<GoldenResult> {
  for (const device of library.compiled())
    for (const test of only?.has(device.id) === false ? [] : device.definition.tests)
      yield { definition: device.id, name: test.name, differences: differences(library, device, test) };
}

function differences(library: Library, device: CompiledDevice, test: GoldenFrame): string[] {
  const { definition } = device;
  const frame = goldenFrame(definition, test);
  if (!frame) return [NO_FRAME];
  // Frames are strangers to one another, whatever address they share.
  library.forget();
  for (const heard of test.before ?? []) hear(library, goldenFrame(definition, heard));
  if (test.told !== undefined) return comparePresence(test.told, saidBy(device, frame));
  const matched = library.match(frame);
  if (test.match === false) return matched?.id === device.id ? [`recognised as ${device.id}, and must not be`] : [];
  const found: string[] = [];
  if (definition.match && matched?.id !== device.id)
    found.push(`recognised as ${matched?.id ?? "nothing"} instead of ${device.id}`);
  return [...found, ...outcome(device, frame, test)];
}

/** What a frame says of the device being there, whoever else understands it. */
function saidBy(device: CompiledDevice, frame: Frame): Saying | undefined {
  const { payload } = frame;
  const { told } = device;
  const saying = payload.kind === "message" ? told?.says(payload.topic, payload.body) : undefined;
  if (saying !== undefined || told?.inside !== true) return saying;
  for (const reading of read(device, frame, {})) {
    const found = told.read(reading);
    if (found) return found.saying;
  }
  return undefined;
}

const comparePresence = (expected: Saying, actual: Saying | undefined) =>
  actual === expected ? [] : [`of its being there: expected ${expected}, got ${actual ?? "nothing"}`];

/** Some messages only say what others mean. */
function hear(library: Library, frame: Frame | undefined): void {
  if (frame) library.match(frame)?.parts(frame);
}

function outcome(device: CompiledDevice, frame: Frame, test: GoldenFrame): string[] {
  const { expect = {}, error, state } = test;
  const wanted = state === undefined ? error : `${state}${error === undefined ? "" : `, ${error}`}`;
  let readings: Reading[];
  try {
    readings = read(device, frame, test);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    if (wanted !== undefined && isWanted(thrown, test)) return [];
    return [`refused: ${told(thrown)}${wanted === undefined ? "" : `, expected: ${wanted}`}`];
  }
  if (wanted !== undefined) return [`not refused, expected: ${wanted}`];
  return [
    ...Object.entries(expect).flatMap(([name, expected]) =>
      compare(name, expected, readings).map((each) => each + meant(device, name)),
    ),
    ...compareUpdates(device, readings, test.updates ?? {}),
  ];
}

/** What a frame says; of several sensors, what each of them says. @throws DecodeError as the device does. */
function read(device: CompiledDevice, frame: Frame, { key, state }: Pick<GoldenFrame, "key" | "state">): Reading[] {
  const session = sessionOf(device, key);
  const readAll = () =>
    device
      .parts(frame)
      .map((part) => device.decode(part, session))
      .filter((reading) => reading !== undefined);
  // Nothing has been said before until it has been said once.
  if (state === "replayed") readAll();
  return readAll();
}

function sessionOf(device: CompiledDevice, key: string | undefined): Session | undefined {
  if (key === undefined) return undefined;
  try {
    const session = device.createSession(fromHex(key));
    if (session) return session.alone?.() ?? session;
  } catch (error) {
    if (error instanceof RangeError) throw new DecodeError(`key: ${error.message}`);
    throw error;
  }
  throw new DecodeError("key: its frames are not sealed");
}

const isWanted = (thrown: DecodeError, { error = "", state }: GoldenFrame) =>
  thrown.message.includes(error) && (state === undefined || (thrown instanceof SealedError && thrown.state === state));

const told = (thrown: DecodeError) =>
  thrown instanceof SealedError ? `${thrown.state}, ${thrown.message}` : thrown.message;

/** Of a name that is no field, the field that was probably meant. */
function meant({ fields }: CompiledDevice, name: string): string {
  const hint = fields.has(name) ? undefined : didYouMean(name, fields.keys());
  return hint === undefined ? "" : ` (${hint})`;
}

function compare(name: string, expected: Scalar | null, readings: readonly Reading[]): string[] {
  const said = readings.filter(({ fields }) => fields.has(name)).map(({ fields }) => fields.get(name)?.value ?? null);
  if (said.length === 0) return [`${name}: expected ${show(expected)}, got nothing`];
  if (said.some((actual) => same(expected, actual))) return [];
  return [`${name}: expected ${show(expected)}, got ${said.map(show).join(" and ")}`];
}

/** What a server sees after this frame alone. */
function compareUpdates(
  device: CompiledDevice,
  readings: readonly Reading[],
  updates: Readonly<Record<string, Scalar>>,
): string[] {
  if (Object.keys(updates).length === 0) return [];
  const mapping = device.createMapping();
  const seen = new Map<string, ResourceValue>(mapping.constants.map(({ path, value }) => [path, value]));
  for (const reading of readings) for (const { path, value } of mapping.updates(reading)) seen.set(path, value);
  return Object.entries(updates).flatMap(([path, expected]) => {
    const actual = scalarOf(seen.get(path));
    if (actual === undefined) return [`${path}: expected ${show(expected)}, got nothing`];
    return same(expected, actual) ? [] : [`${path}: expected ${show(expected)}, got ${show(actual)}`];
  });
}

/** As a definition would write it. */
function scalarOf(value: ResourceValue | undefined): Scalar | undefined {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  return value instanceof Uint8Array ? toHex(value) : `${value.object}:${value.instance}`;
}

function same(expected: Scalar | null, actual: Scalar | null): boolean {
  if (typeof expected !== "number" || typeof actual !== "number") return expected === actual;
  return Math.abs(expected - actual) <= TOLERANCE * Math.abs(expected);
}

const show = (value: Scalar | null) => (value === null ? "null (not available)" : JSON.stringify(value));
