/** The bootstrap server with clients of bytes (LwM2M Core 1.2 §6.1): asked, telling by itself, refused, and left alone. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf } from "../../../src/content/index.ts";
import type { BootstrapServer } from "../../../src/lab/bootstrap/server.ts";
import { type Path, path, ROOT } from "../../../src/model/path.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { LabBench, models } from "../../support/lab-bench.ts";
import {
  block,
  type Draft,
  Opt,
  option,
  pathOf,
  queryOf,
  type RawClient,
  type RawMessage,
} from "../../support/raw-client.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

let bench: LabBench;
let client: RawClient;
let server: BootstrapServer;
let clock: FakeClock;

async function started(options: ConstructorParameters<typeof LabBench>[0] = {}): Promise<void> {
  clock = new FakeClock();
  bench = await new LabBench({ watch: false, clock, ...options }).start();
  client = await bench.raw(bench.bootstrapPort);
  server = bench.lab.bootstrap;
}
beforeEach(() => started());
afterEach(() => bench.stop());

const PLAN = {
  delete: ["/0", "/1"],
  write: {
    "/0/1": { "0": "coap://127.0.0.1:5683", "1": false, "2": 3, "10": 101 },
    "/1/0": { "0": 101, "1": 300, "6": false, "7": "U" },
  },
};
const CODES: Readonly<Record<string, string>> = { "0.04": "2.02", "0.03": "2.04", "0.02": "2.04" };

/** A client that takes everything, but for what `otherwise` says. */
const obey = (otherwise: (request: RawMessage) => Draft | undefined = () => undefined) => {
  client.onRequest = (request) => otherwise(request) ?? { code: CODES[request.code] ?? "2.05" };
};
const ask = (query = "ep=a", { from = client, path: at = "bs", code = "0.02", more = [] as [number, number][] } = {}) =>
  from.exchange({ code, options: [[Opt.UriPath, at], ...queryOf(query), ...more] });
const over = (endpoint = "a") => bench.event("bootstrap", ({ result }) => result.endpoint === endpoint);
const model = (at: Path) => models.resource(at);

describe("a bootstrap that the client asked for", () => {
  it("is 2.04 at once, then the steps of the plan, then Finish", async () => {
    server.plan("a", PLAN);
    obey();
    expect((await ask("ep=a&pct=112")).code).toBe("2.04");
    const { result } = await over();
    expect(client.asked.map((request) => `${request.code} ${pathOf(request)}`)).toEqual([
      "0.04 /0",
      "0.04 /1",
      "0.03 /0/1",
      "0.03 /1/0",
      "0.02 /bs",
    ]);
    expect(result).toMatchObject({
      endpoint: "a",
      address: `127.0.0.1:${client.port}`,
      initiated: "client",
      preferredFormat: 112,
      startedAt: "2026-06-01T12:00:00.000Z",
      state: "finished",
      steps: [
        { operation: "delete", path: "/0", code: "2.02", duration: 0 },
        { operation: "delete", path: "/1", code: "2.02" },
        { operation: "write", path: "/0/1", code: "2.04" },
        { operation: "write", path: "/1/0", code: "2.04" },
        { operation: "finish", path: "/", code: "2.04" },
      ],
    });
    expect(server.result("a")).toEqual(result);
  });

  it("writes what the plan says, in the format that the client wishes", async () => {
    server.plan("a", PLAN);
    obey();
    await ask("ep=a&pct=11542");
    await over();
    const write = client.asked.find((request) => pathOf(request) === "/1/0")!;
    expect(option(write, Opt.ContentFormat)!.readUInt16BE()).toBe(11_542);
    const nodes = codecOf(11_542)!.decode(write.payload, path(1, 0), model);
    expect(nodes.map(({ value }) => value)).toEqual([101, 300, false, "U"]);
  });

  it("shows what was discovered and read", async () => {
    server.plan("a", { discover: "/", read: ["/1"] });
    const links = '</>;lwm2m=1.2,</0/0>;uri="coap://bs",</1/0>;ssid=101';
    const settings = codecOf(112)!.encode([{ path: path(1, 0, 1), type: "integer", value: 300 }], path(1));
    obey(({ options: asked, code }) => {
      if (code !== "0.01") return undefined;
      const accept = asked.find(([number]) => number === Opt.Accept)![1];
      return accept[0] === 40
        ? { options: [[Opt.ContentFormat, 40]], payload: links }
        : { options: [[Opt.ContentFormat, 112]], payload: settings };
    });
    await ask();
    expect((await over()).result.steps).toMatchObject([
      {
        operation: "discover",
        links: [{ target: "/" }, { target: "/0/0" }, { target: "/1/0", attributes: { ssid: "101" } }],
      },
      { operation: "read", values: { "/1/0/1": 300 } },
      { operation: "finish" },
    ]);
  });

  it("has a plan for one endpoint, and another for all that have none", async () => {
    server.plan("*", { delete: ["/"] });
    server.plan("a", { finish: true });
    const other = await bench.raw();
    obey();
    other.onRequest = client.onRequest;
    await ask("ep=a");
    await ask("ep=b", { from: other });
    await Promise.all([over("a"), over("b")]);
    expect([client.asked.length, other.asked.length]).toEqual([1, 2]);
    expect(server.planned).toEqual(["*", "a"]);
    expect(server.forget("*")).toBe(true);
    expect(server.forget("*")).toBe(false);
    expect((await ask("ep=c")).code).toBe("4.00");
  });

  it.each([
    ["without a name", "pct=112", "4.00"],
    ["with a name that nobody planned for", "ep=stranger", "4.00"],
    ["with a wish that is no format", "ep=a&pct=x", "4.00"],
    ["with a wish that nobody can write", "ep=a&pct=9999", "4.15"],
    ["with a wish for text, which carries one value", "ep=a&pct=0", "4.15"],
  ])("is refused %s", async (_what, query, code) => {
    server.plan("a", {});
    expect((await ask(query)).code).toBe(code);
    expect(server.results).toEqual([]);
  });

  it("is 4.04 where there is no bootstrap server at all, and 4.05 by GET", async () => {
    expect((await ask()).code).toBe("4.04");
    server.plan("a", {});
    expect((await ask("ep=a", { code: "0.01" })).code).toBe("4.05");
  });
});

describe("a bootstrap that goes wrong", () => {
  it("ends at the first step that the client refuses, without Finish", async () => {
    server.plan("a", PLAN);
    obey((request) => (pathOf(request) === "/0/1" ? { code: "4.00", payload: "no URI" } : undefined));
    await ask();
    const { result } = await over();
    expect(result.state).toBe("failed");
    expect(result.steps.at(-1)).toMatchObject({ operation: "write", code: "4.00", error: "Bad Request: no URI" });
    expect(client.asked.map(pathOf)).not.toContain("/bs");
  });

  it("may carry on, and be finished all the same", async () => {
    server.plan("a", { ...PLAN, carryOn: true });
    obey((request) => (request.code === "0.04" ? { code: "4.05" } : undefined));
    await ask();
    const { result } = await over();
    expect([result.state, result.steps.map(({ code }) => code)]).toEqual([
      "finished",
      ["4.05", "4.05", "2.04", "2.04", "2.04"],
    ]);
  });

  it("has failed when the client does not accept the Finish, whoever carries on (§6.1.7.7)", async () => {
    server.plan("a", { carryOn: true });
    obey(() => ({ code: "4.06" }));
    await ask();
    expect((await over()).result).toMatchObject({ state: "failed", steps: [{ operation: "finish", code: "4.06" }] });
  });

  it("gives up a client that no longer answers", async () => {
    server.plan("a", { ...PLAN, carryOn: true });
    const reached = new Promise<void>((resolve) => {
      client.onRequest = () => {
        resolve();
        return undefined;
      };
    });
    await ask();
    await reached;
    clock.tick(15_000);
    expect((await over()).result).toMatchObject({
      state: "failed",
      duration: 15_000,
      steps: [{ code: "timeout", duration: 15_000 }],
    });
    expect(client.asked).toHaveLength(1);
  });

  it("is replaced by the next one of the same client, whose requests are its own", async () => {
    server.plan("a", { delete: ["/0"] });
    const reached = new Promise<void>((resolve) => {
      client.onRequest = () => {
        resolve();
        return undefined;
      };
    });
    await ask();
    await reached;
    obey();
    expect((await ask()).code).toBe("2.04");
    await bench.event("bootstrap", ({ result }) => result.state === "replaced");
    await bench.event("bootstrap", ({ result }) => result.state === "finished");
    expect(server.results).toHaveLength(1);
    clock.tick(15_000);
    await settle();
    expect(server.result("a")?.state).toBe("finished");
  });

  it("shows an answer that cannot be decoded as a failure of its step", async () => {
    server.plan("a", { read: ["/1"], carryOn: true });
    const random = new SeededRandom(3);
    obey(({ code }) =>
      code === "0.01" ? { options: [[Opt.ContentFormat, 112]], payload: random.bytes(30) } : undefined,
    );
    await ask();
    const { result } = await over();
    expect(result.steps[0]).toMatchObject({
      operation: "read",
      error: expect.stringMatching(/cannot be decoded/) as unknown,
    });
    expect(result.state).toBe("finished");
  });

  it("is over when the lab stops", async () => {
    server.plan("a", PLAN);
    client.onRequest = () => undefined;
    await ask();
    await bench.lab.stop();
    expect(server.result("a")?.state).toBe("failed");
  });
});

describe("a Bootstrap-Pack (since 1.2)", () => {
  const packs = (query: string, accept?: number) =>
    ask(query, { path: "bspack", code: "0.01", more: accept === undefined ? [] : [[Opt.Accept, accept]] });

  it("is everything at once, for whom the plan has one", async () => {
    server.plan("a", { ...PLAN, pack: true });
    const answer = await packs("ep=a", 112);
    expect([answer.code, option(answer, Opt.ContentFormat)?.[0]]).toEqual(["2.05", 112]);
    const nodes = codecOf(112)!.decode(answer.payload, ROOT, model);
    expect(nodes.map(({ path: at }) => at)).toEqual([
      "/0/1/0",
      "/0/1/1",
      "/0/1/2",
      "/0/1/10",
      "/1/0/0",
      "/1/0/1",
      "/1/0/6",
      "/1/0/7",
    ]);
    expect((await over()).result).toMatchObject({ state: "finished", steps: [{ operation: "pack", code: "2.05" }] });
  });

  it("is 4.04 otherwise, and the client asks at /bs (§6.1.7.2)", async () => {
    server.plan("a", PLAN);
    expect((await packs("ep=a", 112)).code).toBe("4.04");
    expect((await packs("ep=b", 112)).code).toBe("4.04");
    obey();
    expect((await ask()).code).toBe("2.04");
    await over();
  });

  it("is 4.06 in a format that cannot carry it", async () => {
    server.plan("a", { ...PLAN, pack: true });
    for (const format of [0, 40, 11_542, 9_999]) expect((await packs("ep=a", format)).code).toBe("4.06");
    expect((await packs("pct=1")).code).toBe("4.00");
    expect((await ask("ep=a", { path: "bspack" })).code).toBe("4.05");
  });

  it("comes in blocks when it is large (RFC 7959)", async () => {
    const instances = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`/1/${i}`, PLAN.write["/1/0"]]));
    server.plan("a", { write: instances, pack: true });
    const parts: Buffer[] = [];
    for (let number = 0, more = true; more; number++) {
      const answer = await client.exchange({
        code: "0.01",
        options: [
          [Opt.UriPath, "bspack"],
          ...queryOf("ep=a"),
          [Opt.Accept, 112],
          [Opt.Block2, block(number, false, 6)],
        ],
      });
      parts.push(answer.payload);
      more = (option(answer, Opt.Block2)!.at(-1)! & 8) !== 0;
    }
    expect(parts.length).toBeGreaterThan(2);
    expect(codecOf(112)!.decode(Buffer.concat(parts), ROOT, model)).toHaveLength(240);
  });
});

describe("a bootstrap that the server begins", () => {
  it("finds a client that is registered", async () => {
    await client.register("ep=a&lwm2m=1.1", "</1/0>,</3/0>");
    server.plan("a", { delete: ["/1"] });
    obey();
    expect(await server.start("a")).toMatchObject({
      initiated: "server",
      state: "finished",
      steps: [{ code: "2.02" }, { code: "2.04" }],
    });
  });

  it("finds a client where it is said to be, and afterwards where it was", async () => {
    server.plan("*", {});
    obey();
    expect(await server.start("a", { address: "127.0.0.1", port: client.port })).toMatchObject({ state: "finished" });
    expect(await server.start("a")).toMatchObject({ state: "finished" });
  });

  it("says why it cannot begin", async () => {
    expect(await server.start("a")).toEqual({ error: "nobody knows where a is" });
    expect(await server.start("a", { address: "127.0.0.1", port: client.port })).toEqual({
      error: "there is no plan for a",
    });
  });
});

describe("a bootstrap server with a port of its own", () => {
  beforeEach(async () => {
    await bench.stop();
    await started({ bootstrapPort: 0 });
  });

  it("listens there and not among the registrations, and asks from there", async () => {
    expect(bench.bootstrapPort).not.toBe(bench.port);
    server.plan("a", {});
    obey();
    expect((await ask()).code).toBe("2.04");
    await over();
    const other = await bench.raw();
    expect((await ask("ep=a", { from: other })).code).toBe("4.04");
    expect((await client.register("ep=a&lwm2m=1.1", "</3/0>")).code).toBe("4.04");
  });

  it("cannot share it, and then the lab does not start at all", async () => {
    const second = new LabBench({ bootstrapPort: bench.bootstrapPort });
    await expect(second.lab.start()).rejects.toThrow(/EADDRINUSE/);
    await second.lab.stop();
  });

  it("keeps answering after a thousand noises", async () => {
    server.plan("a", {});
    const honest = await bench.raw(bench.bootstrapPort);
    obey();
    honest.onRequest = client.onRequest;
    const random = new SeededRandom(4);
    for (let i = 0; i < 1_000; i++) {
      client.send(noise(random, i));
      // An answer to somebody else shows that all of these were taken.
      if (i % 50 === 49) expect((await ask("ep=b", { from: honest })).code).toBe("4.00");
    }
    expect((await ask("ep=a", { from: honest })).code).toBe("2.04");
    await bench.event(
      "bootstrap",
      ({ result }) => result.address.endsWith(`:${honest.port}`) && result.state === "finished",
    );
  });
});

/** A request that is almost right. */
function noise(random: SeededRandom, id: number): Draft {
  return {
    code: `0.0${1 + random.below(7)}`,
    id,
    options: [
      [Opt.UriPath, random.below(2) ? "bs" : "bspack"],
      [Opt.UriQuery, Buffer.from(random.bytes(random.below(20))).toString("latin1")],
      [random.below(40), random.bytes(random.below(8))],
    ],
    payload: random.bytes(random.below(20)),
  };
}
