/** Which definition a frame belongs to: scored by how much of what it asks for is there. */

import type { Scalar } from "../../base/outcome.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { JsonReader } from "../framing/json.ts";
import type { Complain, Head } from "../source.ts";
import { compileBle, SURE } from "./ble.ts";
import { compileMessage } from "./message.ts";
import { compileSerial } from "./serial.ts";
import type { TopicPattern } from "./topic.ts";

/** What a definition asks of a frame, for each kind of frame. */
export interface Matcher {
  /** 0: not mine. */
  score(frame: Frame): number;
  /** For a source that has been ours: what an advert does not speak of counts as shown. Undefined: nothing is remembered. */
  readonly scoreRemembered: ((frame: Frame) => number) | undefined;
  readonly topics: readonly TopicPattern[];
  /** The score of a message whose topic is known to be one of these. */
  readonly scoreBody: (body: Uint8Array, literals: number) => number;
  /** Binary frames from a wire, and their first byte if it is always the same; undefined: it has none. */
  readonly binary: { readonly first: number | undefined } | undefined;
}

const NEVER = () => 0;

export function compileMatcher({ id, match, frame }: Head, json: JsonReader, complain: Complain): Matcher {
  const ble = match?.ble && compileBle(match.ble, frame, complain);
  const serial = match?.serial && compileSerial(match.serial, complain);
  const message = match?.mqtt && compileMessage(match.mqtt, json, complain);
  const values = valuesScore(match?.fields ?? {});
  return {
    topics: message?.topics ?? [],
    scoreBody: message ? message.scoreBody : NEVER,
    binary: serial?.binary,
    scoreRemembered:
      ble && match.ble?.remember
        ? ({ payload, source }) => (payload.kind === "advert" ? ble.scoreRemembered(payload, source) : 0)
        : undefined,
    score({ payload, source }) {
      switch (payload.kind) {
        case "advert":
          return ble ? ble.score(payload, source) : 0;
        case "text":
          return serial ? serial.text(payload.text) : 0;
        case "bytes":
          return serial ? serial.bytes(payload.bytes) : 0;
        case "message":
          return message ? message.score(payload) : 0;
        case "fields":
          return values(payload.fields);
        case "registers":
          return payload.device === id ? SURE : 0;
        default:
          return 0;
      }
    },
  };
}

type Fields = Readonly<Record<string, Scalar>>;

function valuesScore(wanted: Fields): (fields: Fields) => number {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return NEVER;
  return (fields) => {
    for (const [name, value] of entries) if (!Object.hasOwn(fields, name) || fields[name] !== value) return 0;
    return SURE * entries.length;
  };
}
