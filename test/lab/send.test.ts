/** Values that come unasked, and values of the past (LwM2M Core 1.2 §6.4.6, RFC 8428 §4.5.3). */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf, type Node } from "../../src/content/index.ts";
import type { LabEvent } from "../../src/lab/index.ts";
import { path, ROOT } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";
import { Opt, options, queryOf, type RawClient, Type } from "../support/raw-client.ts";
import { SeededRandom } from "../support/seeded-random.ts";

let bench: LabBench;
let client: RawClient;
let clock: FakeClock;
let location: readonly string[];

beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 5, 1, 12));
  bench = await new LabBench({ watch: false, clock }).start();
  client = await bench.raw();
  location = options(await client.register("ep=a&lwm2m=1.1&lt=300", "</3/0>,</3303/0>,</3304>"), Opt.LocationPath);
});
afterEach(() => bench.stop());

const VALUE = path(3303, 0, 5700);
const NOON = Date.UTC(2026, 5, 1, 12) / 1_000;
const at = (value: number, time?: number): Node => ({
  path: VALUE,
  type: "float",
  value,
  ...(time !== undefined && { time }),
});
const pack = (format: number, ...nodes: Node[]) => codecOf(format)!.encode(nodes, ROOT);
const send = (payload: Uint8Array | string, format: number | null = 112, from = client) =>
  from.exchange({
    code: "0.02",
    options: [[Opt.UriPath, "dp"], ...(format === null ? [] : [[Opt.ContentFormat, format] as const])],
    payload,
  });
const values = () => bench.lab.clients()[0]?.values ?? {};
const told = () =>
  bench.events
    .filter((event): event is Extract<LabEvent, { type: "value" }> => event.type === "value")
    .map((event) => [event.values[VALUE]?.value, event.values[VALUE]?.time, event.sent]);

describe("a Send", () => {
  it.each([110, 112])("is taken in format %i, with the times it names", async (format) => {
    expect((await send(pack(format, at(19.5, NOON - 60)), format)).code).toBe("2.04");
    expect(values()[VALUE]).toEqual({ value: 19.5, name: "Temperature", time: "2026-06-01T11:59:00.000Z" });
    expect(told()).toEqual([[19.5, "2026-06-01T11:59:00.000Z", true]]);
  });

  it("is taken in LwM2M CBOR, which came with 1.2 and knows no times", async () => {
    expect((await send(pack(11_544, at(19.5)), 11_544)).code).toBe("2.04");
    expect(told()).toEqual([[19.5, "2026-06-01T12:00:00.000Z", true]]);
  });

  it("without times is of now", async () => {
    await send(pack(112, at(19.5)));
    expect(told()).toEqual([[19.5, "2026-06-01T12:00:00.000Z", true]]);
  });

  it("of several times is told as several events, the oldest first", async () => {
    await send(pack(112, at(3, NOON - 10), at(1, NOON - 30), at(2, NOON - 20)));
    expect(told().map(([value]) => value)).toEqual([1, 2, 3]);
    expect(values()[VALUE]).toMatchObject({ value: 3 });
  });

  it("takes small and negative times as relative to now", async () => {
    await send('[{"n":"/3303/0/5700","v":1,"t":-90},{"n":"/3303/0/5700","v":2,"t":-30.5}]', 110);
    expect(told()).toEqual([
      [1, "2026-06-01T11:58:30.000Z", true],
      [2, "2026-06-01T11:59:29.500Z", true],
    ]);
  });

  it("of several Objects is told as one event if it is of one time", async () => {
    const humidity = { path: path(3304, 0, 5700), type: "float" as const, value: 40, time: NOON };
    expect((await send(pack(112, at(20, NOON), humidity))).code).toBe("2.04");
    expect(bench.events.filter(({ type }) => type === "value")).toHaveLength(1);
    expect(Object.keys(values())).toEqual(["/3303/0/5700", "/3304/0/5700"]);
  });

  it("is 4.04 for who is not registered at that address, and for who has left", async () => {
    const stranger = await bench.raw();
    expect(await send(pack(112, at(1)), 112, stranger)).toMatchObject({ code: "4.04" });
    await client.exchange({ code: "0.04", options: location.map((segment) => [Opt.UriPath, segment] as const) });
    expect(await send(pack(112, at(1)))).toMatchObject({ code: "4.04" });
    expect(told()).toEqual([]);
  });

  it("follows a client that moved, by its Update", async () => {
    const moved = await bench.raw();
    await moved.exchange({
      code: "0.02",
      options: [...location.map((segment) => [Opt.UriPath, segment] as const), ...queryOf("lt=300")],
    });
    expect((await send(pack(112, at(1)), 112, moved)).code).toBe("2.04");
    expect((await send(pack(112, at(1)))).code).toBe("4.04");
  });

  it("of an Instance that was never registered is 4.04, and nothing of it counts", async () => {
    const stray = { path: path(3315, 0, 5700), type: "float" as const, value: 1 };
    const answer = await send(pack(112, at(1), stray));
    expect(answer.code).toBe("4.04");
    expect(answer.payload.toString()).toBe("/3315/0/5700 is of no registered Object Instance");
    expect(values()).toEqual({});
    expect(told()).toEqual([]);
  });

  it.each([
    ["no format", null, "4.15"],
    ["text", 0, "4.15"],
    ["TLV, which has no root", 11_542, "4.15"],
    ["JSON that is none", 110, "4.00"],
  ])("in %s is refused", async (_what, format, code) => {
    expect((await send("hello", format)).code).toBe(code);
  });

  it("has POST and nothing else", async () => {
    for (const code of ["0.01", "0.03", "0.04"])
      expect((await client.exchange({ code, options: [[Opt.UriPath, "dp"]] })).code).toBe("4.05");
  });

  it("of two thousand noises ends in an answer each, and in no value", async () => {
    const random = new SeededRandom(12);
    const codes = new Set<string>();
    for (let i = 0; i < 2_000; i++) codes.add((await send(random.bytes(1 + random.below(60)))).code);
    expect([...codes].sort()).toEqual(["4.00"]);
    expect(values()).toEqual({});
  }, 20_000);
});

describe("values of the past", () => {
  it("do not replace a value that is newer, but are told", async () => {
    await send(pack(112, at(20, NOON)));
    await send(pack(112, at(10, NOON - 3_600)));
    expect(values()[VALUE]).toMatchObject({ value: 20, time: "2026-06-01T12:00:00.000Z" });
    expect(told().map(([value]) => value)).toEqual([20, 10]);
  });

  it("give way to what is measured now, even if the client's clock was ahead", async () => {
    await send(pack(112, at(20, NOON + 86_400)));
    await send(pack(112, at(21)));
    expect(values()[VALUE]).toMatchObject({ value: 21 });
  });

  it("come in one notification, and leave as one event each, in order", async () => {
    client.onRequest = () => ({
      options: [
        [Opt.ContentFormat, 112],
        [Opt.Observe, 1],
      ],
      payload: pack(112, at(0)),
    });
    await bench.lab.operations.observe(bench.known("a"), VALUE);
    const { token } = client.asked[0]!;
    client.send({
      type: Type.Non,
      code: "2.05",
      token,
      options: [
        [Opt.ContentFormat, 112],
        [Opt.Observe, 2],
      ],
      payload: pack(112, at(3, NOON - 1), at(2, NOON - 2), at(1, NOON - 3)),
    });
    await bench.event("value", ({ values: now }) => now[VALUE]?.value === 3);
    expect(told().map(([value, , sent]) => [value, sent])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ]);
  });

  it("carry the unit that came with the newest of them", async () => {
    const unit: Node = { path: path(3303, 0, 5701), type: "string", value: "K" };
    await send(pack(112, at(290, NOON - 60), at(291, NOON), unit));
    expect(values()[VALUE]).toMatchObject({ value: 291, unit: "K" });
  });

  it("before all calendars are shown at their edge, and do no harm", async () => {
    expect((await send('[{"n":"/3303/0/5700","v":1,"t":-1e300}]', 110)).code).toBe("2.04");
    expect((await send('[{"n":"/3303/0/5700","v":2,"t":1e300}]', 110)).code).toBe("2.04");
    expect(told()).toHaveLength(2);
  });
});
