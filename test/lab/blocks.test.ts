/** Bodies in blocks at the lab (RFC 7959), in both directions, as careful and as careless clients send them. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import { path, type Path } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";
import {
  block,
  type Draft,
  Opt,
  option,
  options,
  queryOf,
  type RawClient,
  type RawMessage,
  Type,
} from "../support/raw-client.ts";

let bench: LabBench;
let client: RawClient;
const clock = new FakeClock();

beforeEach(async () => {
  bench = await new LabBench({ watch: false, clock }).start();
  client = await bench.raw();
});
afterEach(() => bench.stop());

const LINKS = Array.from({ length: 40 }, (_, i) => `</3303/${i}>`).join(",");
const SZX_64 = 2;

/** One block of a Register. */
function part(number: number, draft: Draft & { szx?: number; body?: string; query?: string } = {}): Draft {
  const { szx = SZX_64, body = LINKS, query = "ep=a&lwm2m=1.1", ...rest } = draft;
  const size = 2 ** (szx + 4);
  const payload = body.slice(number * size, (number + 1) * size);
  const more = (number + 1) * size < body.length;
  return {
    code: "0.02",
    options: [[Opt.UriPath, "rd"], [Opt.ContentFormat, 40], ...queryOf(query), [Opt.Block1, block(number, more, szx)]],
    payload,
    ...rest,
  };
}
const last = Math.ceil(LINKS.length / 64) - 1;

describe("a Register in blocks", () => {
  it("is answered block by block, each with its own number, and registers at the last", async () => {
    for (let number = 0; number < last; number++) {
      const answer = await client.exchange(part(number));
      expect(answer).toMatchObject({ type: Type.Ack, code: "2.31" });
      expect(option(answer, Opt.Block1)).toEqual(block(number, true, SZX_64));
      expect(bench.lab.size).toBe(0);
    }
    const done = await client.exchange(part(last));
    expect(done.code).toBe("2.01");
    expect(option(done, Opt.Block1)).toEqual(block(last, false, SZX_64));
    expect(options(done, Opt.LocationPath)).toHaveLength(2);
    expect(bench.lab.clients()[0]?.objects).toHaveLength(40);
  });

  it("takes a repeated block once, the last one too (RFC 7252 §4.5)", async () => {
    for (let number = 0; number <= last; number++) {
      const first = await client.exchange(part(number, { id: number + 1 }));
      const again = await client.exchange(part(number, { id: number + 1 }));
      expect(again).toEqual(first);
    }
    expect(bench.lab.clients()[0]?.objects).toHaveLength(40);
    expect(bench.events.filter(({ type }) => type === "client")).toHaveLength(1);
  });

  it("is 4.08 where a block is missing, and where only the last one comes (§2.9.2)", async () => {
    expect(await client.exchange(part(last))).toMatchObject({ code: "4.08" });
    expect(await client.exchange(part(0))).toMatchObject({ code: "2.31" });
    expect(await client.exchange(part(2))).toMatchObject({ code: "4.08" });
    expect(await client.exchange(part(1))).toMatchObject({ code: "4.08" });
    expect(bench.lab.size).toBe(0);
  });

  it("may begin anew at any time with block 0", async () => {
    for (const number of [0, 1, 2, 0]) expect((await client.exchange(part(number))).code).toBe("2.31");
    for (let number = 1; number < last; number++) await client.exchange(part(number));
    expect((await client.exchange(part(last))).code).toBe("2.01");
    expect(bench.lab.clients()[0]?.objects).toHaveLength(40);
  });

  it("may follow one that was complete", async () => {
    for (let round = 0; round < 2; round++)
      for (let number = 0; number <= last; number++)
        expect((await client.exchange(part(number))).code).toBe(number === last ? "2.01" : "2.31");
    expect(bench.events.filter(({ type }) => type === "gone")).toHaveLength(1);
  });

  it("is kept apart from that of another client at the same time", async () => {
    const other = await bench.raw();
    for (let number = 0; number <= last; number++) {
      await client.exchange(part(number));
      await other.exchange(part(number, { query: "ep=b&lwm2m=1.1", body: LINKS.replaceAll("3303", "3304") }));
    }
    expect(bench.lab.clients().map(({ objects }) => objects[0])).toEqual(["/3303/0", "/3304/0"]);
  });

  it("of one block is a Register like any other", async () => {
    expect((await client.exchange(part(0, { body: "</3/0>" }))).code).toBe("2.01");
  });

  it("is 4.13 beyond 64 kB, whether it grows to that or says so at once", async () => {
    expect((await client.exchange(part(70, { szx: 6, body: "x".repeat(80_000) }))).code).toBe("4.13");
    const body = "x".repeat(70_000);
    let code = "2.31";
    for (let number = 0; code === "2.31"; number++) code = (await client.exchange(part(number, { szx: 6, body }))).code;
    expect(code).toBe("4.13");
    expect((await client.exchange(part(0))).code).toBe("2.31");
  });

  it("without end by many clients keeps the memory of sixty-four bodies and no more", async () => {
    const clients = await Promise.all(Array.from({ length: 70 }, () => bench.raw()));
    for (const each of clients) await each.exchange(part(0));
    expect((await clients[0]!.exchange(part(1))).code).toBe("4.08");
    expect((await clients[69]!.exchange(part(1))).code).toBe("2.31");
  });
});

/** A client with one big answer; the test writes how each block of it leaves. */
async function asking(answer: (request: RawMessage, number: number) => Draft | undefined) {
  await client.register("ep=a&lwm2m=1.1&lt=300", "</3303/0>");
  client.onRequest = (request) => {
    const asked = option(request, Opt.Block2);
    const field = asked ? asked.reduce((sum, byte) => sum * 256 + byte, 0) : 0;
    return answer(request, field >> 4);
  };
  return bench.known("a");
}

const CROWD: readonly { path: Path; type: "float"; value: number }[] = Array.from({ length: 60 }, (_, i) => ({
  path: path(3303, i, 5700),
  type: "float",
  value: i,
}));
const body = Buffer.from(codecOf(Format.SenmlCbor)!.encode(CROWD, path(3303)));
const piece = (number: number, etag = "v1"): Draft => ({
  options: [
    [Opt.ETag, etag],
    [Opt.ContentFormat, 112],
    [Opt.Block2, block(number, (number + 1) * 64 < body.length, SZX_64)],
  ],
  payload: body.subarray(number * 64, (number + 1) * 64),
});

describe("an answer in blocks", () => {
  it("is put together and decoded", async () => {
    const known = await asking((_, number) => piece(number));
    const result = await bench.lab.operations.read(known, path(3303));
    expect(Object.keys("values" in result ? result.values : {})).toHaveLength(60);
  });

  it("fails where the representation changes between two blocks (§2.4), and nothing is believed", async () => {
    const known = await asking((_, number) => piece(number, number < 3 ? "v1" : "v2"));
    expect(await bench.lab.operations.read(known, path(3303))).toEqual({
      code: "failed",
      error: "the representation changed between two blocks",
    });
    expect(bench.lab.clients()[0]?.values).toEqual({});
  });

  it("without end is given up", async () => {
    const known = await asking((_, number) => ({
      options: [
        [Opt.ContentFormat, 112],
        [Opt.Block2, block(number, true, 6)],
      ],
      payload: Buffer.alloc(1_024),
    }));
    expect(await bench.lab.operations.read(known, path(3303))).toEqual({
      code: "failed",
      error: "the answer never ends",
    });
    expect(client.asked.length).toBeLessThan(300);
  });

  it("with a block that nobody asked for waits for the right one", async () => {
    let strayed = false;
    const known = await asking((request, number) => {
      if (number === 2 && !strayed) {
        strayed = true;
        client.send({ type: Type.Non, code: "2.05", id: 9, token: request.token, ...piece(7) });
      }
      return piece(number);
    });
    const result = await bench.lab.operations.read(known, path(3303));
    expect(Object.keys("values" in result ? result.values : {})).toHaveLength(60);
  });

  it("to a Read-Composite is asked for with the same paths in each request (RFC 8132 §2)", async () => {
    const known = await asking((_, number) => piece(number));
    const result = await bench.lab.operations.composite.read(known, [path(3303)]);
    expect(Object.keys("values" in result ? result.values : {})).toHaveLength(60);
    const payloads = new Set(client.asked.map(({ payload }) => payload.toString("hex")));
    expect([client.asked.length, payloads.size]).toEqual([Math.ceil(body.length / 64), 1]);
  });
});

describe("an observation in blocks", () => {
  const withObserve = (draft: Draft, sequence: number): Draft => ({
    ...draft,
    options: [...(draft.options ?? []), [Opt.Observe, sequence]],
  });
  const valueOf = (value: number) => bench.event("value", ({ values }) => values["/3303/59/5700"]?.value === value);

  it("begins, and the rest is asked for without the Observe option (RFC 7959 §2.6)", async () => {
    const known = await asking((_, number) => (number === 0 ? withObserve(piece(0), 1) : piece(number)));
    expect(await bench.lab.operations.observe(known, path(3303))).toMatchObject({ code: "2.05" });
    expect(bench.lab.clients()[0]?.observations).toEqual(["/3303"]);
    expect(client.asked.map((request) => option(request, Opt.Observe) !== undefined)).toEqual([
      true,
      ...Array.from({ length: client.asked.length - 1 }, () => false),
    ]);
  });

  it("delivers notifications that need several blocks", async () => {
    let crowd = body;
    const at = (number: number) => ({
      ...piece(number, String(crowd.at(-1))),
      payload: crowd.subarray(number * 64, (number + 1) * 64),
    });
    const known = await asking((_, number) => (number === 0 ? withObserve(at(0), 1) : at(number)));
    await bench.lab.operations.observe(known, path(3303));
    const token = client.asked[0]!.token;
    for (const value of [100, 101]) {
      crowd = Buffer.from(
        codecOf(112)!.encode([...CROWD.slice(0, 59), { path: path(3303, 59, 5700), type: "float", value }], path(3303)),
      );
      client.send({ type: Type.Non, code: "2.05", id: value, token, ...withObserve(at(0), value) });
      await valueOf(value);
    }
  });

  it("loses one notification whose blocks do not fit together, and not the observation", async () => {
    let etag: (number: number) => string = () => "v1";
    const at = (number: number) => piece(number, etag(number));
    const known = await asking((_, number) => (number === 0 ? withObserve(at(0), 1) : at(number)));
    await bench.lab.operations.observe(known, path(3303));
    const token = client.asked[0]!.token;
    const before = bench.events.filter(({ type }) => type === "value").length;
    etag = (number) => `v${number}`;
    client.send({ type: Type.Non, code: "2.05", id: 1, token, ...withObserve(at(0), 2) });
    client.onRequest = undefined;
    const request = await client.next();
    client.send({ type: Type.Ack, code: "2.05", id: request.id, token, ...at(1) });
    const small = codecOf(112)!.encode([{ path: path(3303, 59, 5700), type: "float", value: 7 }], path(3303));
    client.send({
      type: Type.Non,
      code: "2.05",
      id: 2,
      token,
      options: [
        [Opt.ContentFormat, 112],
        [Opt.Observe, 3],
      ],
      payload: small,
    });
    await valueOf(7);
    expect(bench.events.filter(({ type }) => type === "value").length).toBe(before + 1);
    expect(bench.lab.clients()[0]?.observations).toEqual(["/3303"]);
  });
});

describe("a lab that stops", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** Resolves when the second block was asked for, which is never answered. */
  const unanswered = () =>
    new Promise<void>((resolve) => {
      client.onRequest = (request) => {
        if (!option(request, Opt.Block2)) return piece(0);
        resolve();
        return undefined;
      };
    });
  /** node-coap would ask again after two seconds, on a socket that is closed: an exception that nobody catches. */
  const expectSilence = () => expect(() => vi.advanceTimersByTime(120_000)).not.toThrow();

  it("in the middle of an answer asks for nothing more", async () => {
    await client.register("ep=a&lwm2m=1.1&lt=300", "</3303/0>");
    const reached = unanswered();
    const reading = bench.lab.operations.read(bench.known("a"), path(3303));
    await reached;
    await bench.lab.stop();
    expectSilence();
    clock.tick(15_000);
    expect(await reading).toMatchObject({ code: "timeout" });
  });

  it("in the middle of a notification asks for nothing more", async () => {
    const known = await asking((_, number) => ({
      ...piece(number),
      options: [...(piece(number).options ?? []), [Opt.Observe, 1]],
    }));
    await bench.lab.operations.observe(known, path(3303));
    const reached = unanswered();
    client.send({ type: Type.Non, code: "2.05", id: 1, token: client.asked[0]!.token, ...piece(0) });
    await reached;
    await bench.lab.stop();
    expectSilence();
  });

  it("with a notification whose blocks do not fit together asks for nothing more", async () => {
    const known = await asking((_, number) => ({
      ...piece(number),
      options: [...(piece(number).options ?? []), [Opt.Observe, 1]],
    }));
    await bench.lab.operations.observe(known, path(3303));
    client.onRequest = undefined;
    const { token } = client.asked[0]!;
    client.send({ type: Type.Non, code: "2.05", id: 1, token, ...piece(0) });
    const { id } = await client.next();
    client.send({ type: Type.Ack, code: "2.05", id, token, ...piece(1, "v2") });
    await client.exchange({ code: "0.00", token: Buffer.alloc(0) });
    expectSilence();
    expect(client.asked.filter((request) => request.id === id)).toHaveLength(1);
  });
});

describe("a Write in blocks", () => {
  const PACKAGE = path(5, 0, 0);
  const hex = "ab".repeat(3_000);

  it("leaves in blocks of 1,024 bytes, each after the one before was taken", async () => {
    await client.register("ep=a&lwm2m=1.1&lt=300", "</5/0>");
    client.onRequest = (request) => ({
      code: request.payload.length === 1_024 ? "2.31" : "2.04",
      options: [[Opt.Block1, option(request, Opt.Block1)!]],
    });
    expect(await bench.lab.operations.write(bench.known("a"), PACKAGE, hex, 42)).toEqual({ code: "2.04" });
    expect(Buffer.concat(client.asked.map(({ payload }) => payload))).toEqual(Buffer.from(hex, "hex"));
    expect(client.asked.map((request) => option(request, Opt.Block1))).toEqual([
      block(0, true, 6),
      block(1, true, 6),
      block(2, false, 6),
    ]);
  });

  it.each(["4.13", "4.05", "4.08"])("stops at the first %s, which is the answer", async (code) => {
    await client.register("ep=a&lwm2m=1.1&lt=300", "</5/0>");
    client.onRequest = (request) => ({ code, options: [[Opt.Block1, option(request, Opt.Block1)!]] });
    expect(await bench.lab.operations.write(bench.known("a"), PACKAGE, hex, 42)).toMatchObject({ code });
    expect(client.asked).toHaveLength(1);
  });

  it("survives a client that acknowledges other blocks than were sent", async () => {
    await client.register("ep=a&lwm2m=1.1&lt=300", "</5/0>");
    const stray = { code: "2.31", options: [[Opt.Block1, block(9, true, 6)]] } as const;
    const tired = new Promise<void>((resolve) => {
      client.onRequest = () => {
        if (client.asked.length < 6) return stray;
        resolve();
        return undefined;
      };
    });
    const writing = bench.lab.operations.write(bench.known("a"), PACKAGE, hex, 42);
    await tired;
    clock.tick(15_000);
    expect(await writing).toMatchObject({ code: "timeout" });
    expect((await client.register("ep=a&lwm2m=1.1&lt=300", "</5/0>")).code).toBe("2.01");
  });
});
