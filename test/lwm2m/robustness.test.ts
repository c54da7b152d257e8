import { describe, expect, it } from "vitest";
import type { Log } from "../../src/base/log.ts";
import { encodeMessage, type Option } from "../../src/coap/index.ts";
import { path } from "../../src/model/path.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Station, station, thermometer } from "../support/station.ts";

const ROUNDS = 20_000;
const PATHS = ["/", "/1", "/1/0/1", "/1/0/2", "/3", "/3/0", "/3/0/7", "/3/0/7/0", "/3/0/14", "/3303/0", "/3303/0/5700"];
const MORE = [
  "/3303/0/5605",
  "/3303/0/5750",
  "/3306/0/5850",
  "/3306/0",
  "/0/0/5",
  "/9999/0",
  "/65535/1",
  "/a/b",
  "//",
  "/rd",
];
const QUERIES = [
  "pmin=1",
  "pmin",
  "pmax=0",
  "gt=1e9",
  "st=-1",
  "lt=5",
  "gt=4",
  "foo",
  "=",
  "pmin=99999999999999",
  "pmax=3",
];
const TEXTS = ["", "1", "22.5", "0='x'", "true", "[]", '[{"n":"/3303/0/5750","vs":"x"}]', '{"e":[]}', "\u0000\u00ff"];

/** Errors in the log: a request that nobody foresaw. */
function complaining(): { log: Log; complaints: string[] } {
  const complaints: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (event, fields) =>
      complaints.push(`${event} ${JSON.stringify(fields?.["path"])} ${String(fields?.["error"])}`),
    with: () => log,
  };
  return { log, complaints };
}

async function target(log: Log): Promise<Station> {
  return station({
    log,
    account: { lifetime: 86_400 },
    fill: (tree, clock) => {
      thermometer(tree, clock);
      tree.addInstance(path(3306, 0));
      tree.set(path(3306, 0, 5850), false, clock.now());
      tree.onWrite(path(3306, 0, 5850), () => Promise.resolve({ status: "done" }));
    },
  }).registered();
}

/** A request such as no server would send, but every network may. */
function request(random: SeededRandom, messageId: number): Uint8Array {
  const number = (of: number, values: readonly number[]): Option[] => {
    if (random.unit() < 0.5) return [];
    const value = random.pick(values);
    return [{ number: of, value: value < 256 ? Uint8Array.of(value) : Uint8Array.of(value >> 8, value & 0xff) }];
  };
  const segments = random
    .pick([...PATHS, ...MORE])
    .split("/")
    .slice(1);
  const queries = Array.from({ length: random.below(3) }, () => random.pick(QUERIES));
  const encoder = new TextEncoder();
  return encodeMessage({
    type: random.pick(["CON", "NON"] as const),
    code: random.pick([1, 1, 1, 2, 3, 3, 4, 5, 6, 7]),
    messageId,
    token: random.bytes(random.below(9)),
    options: [
      ...number(6, [0, 1, 7]),
      ...segments.map((segment) => ({ number: 11, value: encoder.encode(segment) })),
      ...number(12, [0, 40, 42, 60, 110, 112, 11542, 9999]),
      ...queries.map((query) => ({ number: 15, value: encoder.encode(query) })),
      ...number(17, [0, 40, 42, 60, 110, 112, 11542, 9999]),
    ],
    payload: random.unit() < 0.5 ? encoder.encode(random.pick(TEXTS)) : random.bytes(random.below(40)),
  });
}

describe("a client under strange requests", () => {
  it("answers each of them, and lives on", async () => {
    const { log, complaints } = complaining();
    const here = await target(log);
    const random = new SeededRandom(11);
    for (let i = 0; i < ROUNDS; i++) {
      here.wires[0]!.near.receive(request(random, i & 0xffff));
      if (i % 50 === 0) here.set([3303, 0, 5700], random.below(100));
      if (i % 200 === 0) await here.clock.advance(20);
    }
    await here.clock.advance(1_000);
    expect(complaints).toEqual([]);
    expect(here.client.registration.observations).toBeLessThanOrEqual(64);
    expect(await here.server.ask("GET", { path: "/3303/0/5701" })).toMatchObject({ code: "2.05", text: "Cel" });
    expect(here.server.responses.length).toBeGreaterThan(ROUNDS / 2);
  });

  it("survives requests with bytes changed, cut and added", async () => {
    const { log, complaints } = complaining();
    const here = await target(log);
    const random = new SeededRandom(12);
    for (let i = 0; i < ROUNDS; i++) {
      const datagram = [...request(random, i & 0xffff)];
      for (let change = random.below(4); change >= 0; change--) {
        const at = random.below(datagram.length + 1);
        const kind = random.below(3);
        if (kind === 0) datagram.splice(at, 1, random.below(256));
        else if (kind === 1) datagram.splice(at, random.below(4));
        else datagram.splice(at, 0, random.below(256));
      }
      here.wires[0]!.near.receive(Uint8Array.from(datagram));
      if (i % 200 === 0) await here.clock.advance(20);
    }
    await here.clock.advance(1_000);
    expect(complaints).toEqual([]);
    expect(await here.server.ask("GET", { path: "/3303/0/5701" })).toMatchObject({ code: "2.05", text: "Cel" });
  });

  it("is not led by random answers to its own requests", async () => {
    const random = new SeededRandom(13);
    const { log, complaints } = complaining();
    const here = station({ log });
    here.server.verdict = (heard) => {
      const code = random.pick([0x41, 0x44, 0x45, 0x80, 0x84, 0x8c, 0xa0, 0xa3, 0x9f]);
      const location = random.unit() < 0.7 ? ["rd", String(random.below(100))] : undefined;
      return random.unit() < 0.2 ? undefined : heard.path === "/" ? undefined : { code, ...(location && { location }) };
    };
    here.client.start();
    await here.clock.advance(6 * 3_600_000);
    expect(complaints).toEqual([]);
    here.server.verdict = (heard) => here.server.grant(heard);
    await here.clock.advance(700_000);
    expect(here.client.registration.state).toBe("registered");
    // Back-off held: not thousands of requests in six hours.
    expect(here.server.requests.length).toBeLessThan(5_000);
  });
});
