/** Every shipped definition on the whole way: heard, adopted, registered, and read by a server as it was measured. */

import { describe, expect, it } from "vitest";
import type { Scalar } from "../../src/base/outcome.ts";
import { goldenFrame } from "../../src/library/golden-frame.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { library, Rig } from "../gateway/rig.ts";
import { announced, plain, readSenml, typeOf } from "../support/journey.ts";

type Compiled = ReturnType<typeof library.compiled> extends Iterable<infer Each> ? Each : never;

interface Journey {
  readonly device: Compiled;
  /** What is heard, in its order: the last says something. */
  readonly frames: readonly Frame[];
  readonly key: string | undefined;
}

/** The first golden frame of a definition that is read. */
function journeyOf(device: Compiled): Journey | undefined {
  for (const test of device.definition.tests) {
    if (test.match === false || test.error !== undefined || test.state !== undefined) continue;
    if (!Object.values(test.expect ?? {}).some((value) => value !== null)) continue;
    const frames = [...(test.before ?? []), test].map((heard) => goldenFrame(device.definition, heard));
    const known = frames.flatMap((frame) => (frame ? [asAsked(device, frame)] : []));
    return { device, frames: known, key: test.key?.replaceAll(/\s/g, "") };
  }
  return undefined;
}

/** Registers come with the definition by which their adapter asked for them. */
function asAsked({ id }: Compiled, frame: Frame): Frame {
  return frame.payload.kind === "registers" ? { ...frame, payload: { ...frame.payload, device: id } } : frame;
}

const journeys = [...library.compiled()].flatMap((device) => journeyOf(device) ?? []);

/** What a server ought to see, without the times: those are the rig's. */
function wanted({ device, frames, key }: Journey): Map<string, Scalar> {
  const session = device.createSession(key === undefined ? undefined : new Uint8Array(Buffer.from(key, "hex")));
  const mapping = device.createMapping();
  const values = new Map<string, Scalar>();
  for (const frame of frames)
    for (const part of device.divides ? device.parts(frame) : [frame]) {
      const reading = device.match(part) > 0 ? device.decode(part, session) : undefined;
      for (const { path, value } of reading ? mapping.updates(reading) : [])
        if (typeof value !== "object" && typeof value !== "bigint" && typeOf(path) !== "time") values.set(path, value);
    }
  return values;
}

describe("a device of the library", () => {
  it("has a golden frame that a server sees something of, all but identities", () => {
    const silent = [...library.compiled()].filter(({ id }) => !journeys.some(({ device }) => device.id === id));
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it.each(journeys.map((journey) => [journey.device.id, journey] as const))("%s", async (id, journey) => {
    const { frames, key } = journey;
    // Before any frame is heard: conventions learn from what they are given.
    const rig = await Rig.start();
    for (const { source, payload } of frames) await rig.heard(`radio/${source}`, payload, -60);
    const inbox = rig.gateway.inbox();
    const entry = inbox.find(({ definition }) => definition === id) ?? inbox[0];
    const adopted = await rig.gateway.adopt(entry?.source ?? "", { definition: id, ...(key !== undefined && { key }) });
    if (!adopted.ok) throw new Error(adopted.reason);
    const { endpoint } = adopted.sensor;
    for (const { source, payload } of frames) await rig.heard(`radio/${source}`, payload, -60);
    await rig.clock.advance(3_000);
    expect(rig.gateway.sensor(endpoint)).toMatchObject({ definition: id, registration: { state: "registered" } });
    const seen: Record<string, unknown> = {};
    for (const instance of announced(rig.server(endpoint)).filter(
      (each) => /^\/\d+\/\d+$/.test(each) && !each.startsWith("/1/"),
    ))
      Object.assign(seen, plain(await readSenml(rig.server(endpoint), instance, 112)));
    for (const [path, value] of wanted(journey)) {
      // A pulse is over, and a count may have begun with the adoption.
      if (/\/(?:5500|5501)$/.test(path)) continue;
      if (typeof value === "number")
        expect([path, Number(seen[path]).toPrecision(6)]).toEqual([path, value.toPrecision(6)]);
      else expect([path, seen[path]]).toEqual([path, value]);
    }
  });
});
