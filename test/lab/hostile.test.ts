/** Clients that answer every question with noise of the right shape: each question ends, and the lab goes on. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import type { OperationResult } from "../../src/lab/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";
import { block, type Draft, Opt, type RawClient, type RawMessage } from "../support/raw-client.ts";
import { SeededRandom } from "../support/seeded-random.ts";

let bench: LabBench;
let hostile: RawClient;
let honest: RawClient;
const clock = new FakeClock();

beforeEach(async () => {
  bench = await new LabBench({ watch: false, clock }).start();
  hostile = await bench.raw();
  honest = await bench.raw();
});
afterEach(() => bench.stop());

const ROUNDS = 40;
const CODES = ["2.01", "2.02", "2.04", "2.05", "2.31", "4.04", "4.08", "4.13", "5.00", "7.31", "0.00", "0.01", "0.02"];
const VALUE = path(3303, 0, 5700);
const INSTANCE = path(3303, 0);

/** A block number, a size and a rest, as likely right as wrong. */
const anyBlock = (random: SeededRandom) =>
  block(random.below(random.below(2) ? 3 : 5_000), random.below(2) === 0, random.below(8));

function noise(random: SeededRandom): Draft {
  const maybe = (number: number, value: () => Uint8Array | number): [number, Uint8Array | number][] =>
    random.below(2) ? [[number, value()]] : [];
  return {
    type: random.below(4),
    code: CODES[random.below(CODES.length)]!,
    options: [
      ...maybe(Opt.Observe, () => random.bytes(random.below(5))),
      ...maybe(Opt.ETag, () => random.bytes(random.below(9))),
      ...maybe(Opt.LocationPath, () => random.bytes(random.below(20))),
      ...maybe(Opt.ContentFormat, () => [0, 40, 42, 60, 110, 112, 11_542, 11_543, 50, 70_000][random.below(10)]!),
      ...maybe(Opt.Block1, () => anyBlock(random)),
      ...maybe(Opt.Block2, () => anyBlock(random)),
    ],
    payload: random.bytes(random.below(60)),
  };
}

/** Answers with noise, sometimes twice, sometimes under a wrong id or token. */
function answer(random: SeededRandom, { id, token }: RawMessage): void {
  for (let times = random.below(3); times >= 0; times--)
    hostile.send({
      ...noise(random),
      id: random.below(4) ? id : random.below(65_536),
      token: random.below(6) ? token : Buffer.from(random.bytes(random.below(9))),
    });
}

const questions = (): Promise<OperationResult>[] => {
  const { operations } = bench.lab;
  const client = bench.known("hostile");
  return [
    operations.read(client, INSTANCE),
    operations.observe(client, VALUE),
    operations.write(client, path(5, 0, 0), "ab".repeat(2_500), Format.Opaque),
    operations.writeAll(client, INSTANCE, { "5750": "x" }, { mode: "update" }),
    operations.create(client, 3303, { "5750": "x" }),
    operations.delete(client, INSTANCE),
    operations.discover(client, INSTANCE, 1),
    operations.execute(client, path(3303, 0, 5605)),
    operations.writeAttributes(client, INSTANCE, { pmin: 1 }),
    operations.composite.read(client, [VALUE]),
    operations.composite.observe(client, [VALUE, path(3, 0)]),
    operations.composite.write(client, { "/3303/0/5750": "x" }),
    operations.cancel(client, VALUE),
  ];
};

/** Lets what is on its way arrive: whatever was sent before is taken when the honest client has its answer. */
const arrived = () => honest.exchange({ code: "0.02", options: [[Opt.UriPath, "nowhere"]] });

describe("a client that answers with noise", () => {
  it(`ends each of ${ROUNDS * 13} questions, with a result or in time`, async () => {
    const random = new SeededRandom(33);
    hostile.onRequest = (request) => {
      answer(random, request);
      return undefined;
    };
    for (let round = 0; round < ROUNDS; round++) {
      await hostile.exchange({
        code: "0.02",
        options: [
          [Opt.UriPath, "rd"],
          [Opt.UriQuery, "ep=hostile"],
          [Opt.UriQuery, "lwm2m=1.2"],
          [Opt.UriQuery, "lt=0"],
        ],
        payload: "</3303/0>",
      });
      let open = 0;
      const results = questions().map((question) => {
        open += 1;
        return question.finally(() => (open -= 1));
      });
      while (open > 0) {
        await arrived();
        await arrived();
        clock.tick(15_000);
      }
      for (const result of await Promise.all(results)) expect(result.code).toMatch(/^(\d\.\d\d|timeout|failed)$/);
    }
    expect((await honest.register("ep=honest&lwm2m=1.2&lt=300", "</3/0>")).code).toBe("2.01");
    expect(bench.lab.clients().map(({ endpoint }) => endpoint)).toEqual(["honest", "hostile"]);
  }, 60_000);

  it("does not get its bootstrap finished by it, and holds up no other", async () => {
    const random = new SeededRandom(34);
    const { bootstrap } = bench.lab;
    bootstrap.plan("*", { discover: true, read: ["/1"], delete: ["/"], write: { "/1/0": { "1": 60 } }, carryOn: true });
    hostile.onRequest = (request) => {
      answer(random, request);
      return undefined;
    };
    const begin = (from: RawClient, endpoint: string) =>
      from.exchange({
        code: "0.02",
        options: [
          [Opt.UriPath, "bs"],
          [Opt.UriQuery, `ep=${endpoint}`],
        ],
      });
    for (let round = 0; round < 20; round++) {
      await begin(hostile, `hostile-${round}`);
      const state = () => bootstrap.result(`hostile-${round}`)?.state ?? "running";
      for (let turn = 0; state() === "running"; turn++) {
        expect(turn).toBeLessThan(100);
        await arrived();
        await arrived();
        clock.tick(15_000);
        await Promise.resolve();
      }
      expect(state()).toMatch(/finished|failed/);
    }
    honest.onRequest = ({ code }) => ({ code: code === "0.01" ? "4.05" : "2.04" });
    expect((await begin(honest, "honest")).code).toBe("2.04");
    const { result } = await bench.event("bootstrap", (event) => event.result.endpoint === "honest");
    expect(result.state).toBe("finished");
  }, 60_000);
});
