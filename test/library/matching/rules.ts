/** Libraries of thermometers that differ in what they ask of a frame: their ids are their places in the list. */

import { expect } from "vitest";
import type { Library } from "../../../src/library/index.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { changed, frameOf, load } from "../../support/definitions.ts";

const RULE = "{ ble: { manufacturer: 0x1234, length: 4 } }";
const FRAME = "{ bytes: ble.manufacturer }";

export function libraryOf(...list: readonly string[]): Library {
  const { library, problems } = load(
    ...list.map((rule, i) =>
      changed(
        ["acme.thermometer", `rule.${i}`],
        [RULE, rule],
        [FRAME, rule.includes("manufacturer") ? FRAME : "{ bytes: payload }"],
      ),
    ),
  );
  expect(problems).toEqual([]);
  return library;
}

/** The number of the rule that a payload is of. */
export function rules(...list: readonly string[]): (payload: Payload, source?: string) => number | undefined {
  const library = libraryOf(...list);
  return (payload, source) => {
    const id = library.match(frameOf(payload, source))?.id;
    return id === undefined ? undefined : Number(id.slice("rule.".length));
  };
}

interface Parts {
  readonly name?: string;
  readonly manufacturer?: readonly (readonly [company: number, bytes: readonly number[]])[];
  readonly services?: Readonly<Record<string, readonly number[]>>;
  readonly serviceUuids?: readonly string[];
}

export const fullOf = (short: string) => `0000${short}-0000-1000-8000-00805f9b34fb`;

/** An advert of these parts; short UUIDs stand for long ones. */
export function advertOf({ name, manufacturer = [], services = {}, serviceUuids = [] }: Parts): Payload {
  return {
    kind: "advert",
    manufacturer: manufacturer.map(([company, bytes]) => [company, Uint8Array.from(bytes)] as const),
    services: new Map(Object.entries(services).map(([uuid, bytes]) => [fullOf(uuid), Uint8Array.from(bytes)])),
    serviceUuids: serviceUuids.map(fullOf),
    ...(name !== undefined && { name }),
  };
}
