/**
 * An Object in the manner of 33605, with which implementations of LwM2M test each other: every type, single and
 * multiple, something to execute, and ranges. What it does with it is written here through the public API alone.
 */

import type { ObjectTree } from "../../src/lwm2m/index.ts";
import type { ObjectModel, ResourceModel } from "../../src/model/objects.ts";
import { child, path, type Path } from "../../src/model/path.ts";
import type { ResourceType, ResourceValue } from "../../src/model/value.ts";
import type { FakeClock } from "./fake-clock.ts";
import { modelsWith, station, type Station, type StationOptions } from "./station.ts";

export const TEST = 33_605;

/** The Resources by name. */
export const R = {
  timestamp: 0,
  counter: 1,
  increment: 2,
  integers: 3,
  arguments: 4,
  bytes: 5,
  bytesSize: 6,
  empty: 8,
  fillIntegers: 9,
  rawBytes: 10,
  opaques: 11,
  integer: 12,
  boolean: 13,
  float: 14,
  string: 15,
  link: 16,
  double: 18,
  time: 20,
  unsigned: 21,
  strings: 22,
  coreLink: 23,
  percent: 30,
  label: 31,
  key: 32,
  secret: 33,
} as const;

type Traits = readonly [ResourceType, ResourceModel["operations"], string?, (readonly [number, number])?];

/** `*` multiple, `!` mandatory. */
const TRAITS: Readonly<Record<keyof typeof R, Traits>> = {
  timestamp: ["time", "R", "!"],
  counter: ["integer", "RW", "!"],
  increment: ["string", "E", "!"],
  integers: ["integer", "RW", "*"],
  arguments: ["string", "R", "*"],
  bytes: ["opaque", "R"],
  bytesSize: ["integer", "RW"],
  empty: ["string", "E"],
  fillIntegers: ["string", "E"],
  rawBytes: ["opaque", "RW"],
  opaques: ["opaque", "RW", "*"],
  integer: ["integer", "RW"],
  boolean: ["boolean", "RW"],
  float: ["float", "RW"],
  string: ["string", "RW"],
  link: ["objlnk", "RW"],
  double: ["float", "RW"],
  time: ["time", "RW"],
  unsigned: ["unsigned", "RW"],
  strings: ["string", "RW", "*"],
  coreLink: ["corelnk", "RW"],
  percent: ["integer", "RW", "", [0, 100]],
  label: ["string", "RW", "", [1, 8]],
  key: ["opaque", "RW", "", [0, 4]],
  secret: ["string", "W"],
};

const MODEL: ObjectModel = {
  id: TEST,
  name: "Test Object",
  version: "1.0",
  multiple: true,
  mandatory: false,
  resources: new Map(
    Object.entries(TRAITS).map(([name, [type, operations, flags = "", range]]) => {
      const id = Object.entries(R).find(([each]) => each === name)![1];
      const [multiple, mandatory] = [flags.includes("*"), flags.includes("!")];
      return [id, { id, name, type, operations, multiple, mandatory, ...(range && { range }) }];
    }),
  ),
};

export const testModels = modelsWith(MODEL);

/** What a new Instance begins with. */
export const BEGINNING: Record<number, ResourceValue | readonly ResourceValue[]> = {
  [R.counter]: 0,
  [R.integers]: [],
  [R.arguments]: [],
  [R.bytes]: new Uint8Array(0),
  [R.bytesSize]: 0,
  [R.rawBytes]: new Uint8Array(0),
  [R.integer]: 0,
  [R.boolean]: false,
  [R.float]: 0,
  [R.string]: "",
  [R.link]: { object: 0, instance: 0 },
  [R.double]: 0,
};

/** Servers may create it, delete it and write all of it; what is executed does what its name says. */
export function plant(tree: ObjectTree, clock: FakeClock): void {
  tree.addInstance(path(3, 0));
  tree.set(path(3, 0, 0), "Isthmus", clock.now());
  tree.allowWrite(path(TEST));
  tree.onDelete(TEST);
  tree.onCreate(TEST, (instance) => bring(tree, instance, clock), { defaults: BEGINNING, limit: 8 });
}

function bring(tree: ObjectTree, instance: Path, clock: FakeClock): undefined {
  const at = (id: number): Path => child(instance, id);
  tree.onRead(at(R.timestamp), () => Math.floor(clock.now().ms / 1_000));
  tree.onExecute(at(R.increment), (_, __, ___, list) => {
    const counter = tree.get(at(R.counter))?.value;
    tree.set(at(R.counter), typeof counter === "number" ? counter + 1 : 1, clock.now());
    tree.setInstances(at(R.arguments), new Map(list.map(({ id, value = "" }) => [id, value])), clock.now());
  });
  tree.onExecute(at(R.fillIntegers), (_, __, ___, list) => {
    const numbers = new Map(list.map(({ id, value }) => [id, Number(value ?? 0)]));
    if ([...numbers.values()].some((number) => !Number.isInteger(number)))
      return { status: "rejected", reason: "an integer for each, please" };
    tree.setInstances(at(R.integers), numbers, clock.now());
    return undefined;
  });
  return undefined;
}

/** A client with the Object and nothing else but a Device, registered; with one Instance of it, /33605/0. */
export async function testStation(options: StationOptions = {}): Promise<Station> {
  const here = await station({
    fill: plant,
    ...options,
    client: { models: testModels, ...options.client },
  }).registered();
  const answer = await here.server.ask("POST", { path: `/${TEST}` });
  if (answer.code !== "2.01") throw new Error(`no Instance: ${answer.code} ${answer.text}`);
  await here.clock.advance(1_000);
  here.server.requests.length = 0;
  here.server.responses.length = 0;
  return here;
}

/** `/33605/0/…`. */
export const at = (...ids: readonly number[]): Path => path(TEST, 0, ...ids);
