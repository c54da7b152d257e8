/** Which ways of reading payloads there are; one line for each. */

import type { Definition } from "../definition/definition.ts";
import type { FrameSpec } from "../definition/frame.ts";
import { checkedRegExp } from "../language/names.ts";
import type { Complain } from "../source.ts";
import { bytesFraming } from "./bytes.ts";
import { d0Framing } from "./d0.ts";
import { dsmrFraming } from "./dsmr.ts";
import type { Framing } from "./framing.ts";
import { jsonFraming, type JsonReader } from "./json.ts";
import { mbusFraming } from "./mbus.ts";
import { nmeaFraming } from "./nmea.ts";
import { fieldsFraming } from "./named.ts";
import { registersFraming } from "./registers.ts";
import { smlFraming } from "./sml.ts";
import { compileLineCheck, csvFraming, lineFraming } from "./text.ts";
import { teleinfoFraming } from "./teleinfo.ts";
import { topicFraming } from "./topics.ts";
import { vedirectFraming } from "./vedirect.ts";

export interface FramingContext {
  readonly definition: Definition;
  readonly json: JsonReader;
  readonly complain: Complain;
}

/** Goes on with a framing, whatever its payloads are once they are opened. */
export type Use<Result> = <Opened>(framing: Framing<Opened>) => Result;

/** Undefined after a complaint. */
type Choose = <Result>(context: FramingContext, use: Use<Result>) => Result | undefined;

/** By the key of `frame` that chooses it. */
const FRAMINGS: readonly (readonly [kind: keyof FrameSpec, choose: Choose])[] = [
  ["bytes", (context, use) => use(bytesFraming(context))],
  [
    "json",
    ({ definition, json }, use) =>
      hasTopics(definition) ? use(topicFraming(json, definition.frame)) : use(jsonFraming(json, definition.frame)),
  ],
  ["csv", ({ definition: { frame } }, use) => use(csvFraming(frame.csv ?? { columns: [] }, checkOf(frame)))],
  ["line", chooseLine],
  ["nmea", (_context, use) => use(nmeaFraming())],
  ["registers", ({ definition: { frame } }, use) => use(registersFraming(frame.registers))],
  ["fields", (_context, use) => use(fieldsFraming())],
  ["dsmr", (_context, use) => use(dsmrFraming())],
  ["sml", (_context, use) => use(smlFraming())],
  ["mbus", (_context, use) => use(mbusFraming())],
  ["vedirect", (_context, use) => use(vedirectFraming())],
  ["d0", (_context, use) => use(d0Framing())],
  ["teleinfo", (_context, use) => use(teleinfoFraming())],
];

/** The keys of `frame` of which a definition has exactly one. */
export const framingKinds: readonly (keyof FrameSpec)[] = [...FRAMINGS.map(([kind]) => kind), "codec"];

/** Undefined after a complaint, or if the kind is a codec's. */
export function chooseFraming<Result>(
  kind: keyof FrameSpec,
  context: FramingContext,
  use: Use<Result>,
): Result | undefined {
  return FRAMINGS.find(([each]) => each === kind)?.[1](context, use);
}

/** Where the topic tells which field a message speaks of, that is another way of reading. */
function hasTopics({ fields = {} }: Definition): boolean {
  return Object.values(fields).some(({ topic }) => topic !== undefined);
}

function chooseLine<Result>({ definition, complain }: FramingContext, use: Use<Result>): Result | undefined {
  const pattern = checkedRegExp(definition.frame.line ?? "", ["frame", "line"], complain);
  return pattern && use(lineFraming(pattern, checkOf(definition.frame)));
}

const checkOf = ({ check }: FrameSpec) => (check === undefined ? undefined : compileLineCheck(check));
