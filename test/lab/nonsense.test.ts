/** The lab among clients that answer nonsense, and names without end: nothing thrown, nothing believed, nothing hoarded. */

import { afterEach, describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { codecOf } from "../../src/content/index.ts";
import type { Client } from "../../src/lab/client.ts";
import { Asking } from "../../src/lab/asking.ts";
import { Operations, type OperationResult } from "../../src/lab/operations.ts";
import { Roster } from "../../src/lab/roster.ts";
import type { Ask, Notification, NotificationStream, WireAnswer } from "../../src/lab/wire.ts";
import { path } from "../../src/model/path.ts";
import type { ResourceType, ResourceValue } from "../../src/model/value.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench, models } from "../support/lab-bench.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const PEER = { address: "127.0.0.1", port: 40_000 };
const LINKS = new TextEncoder().encode("</3/0>,</3303/0>");
const VALUE = path(3303, 0, 5700);
const INSTANCE = path(3303, 0);

/** Operations on a client whose answers the test writes; there is no socket. */
function played(answers: readonly WireAnswer[] | ((ask: Ask) => WireAnswer)) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const asked: Ask[] = [];
  const roster = new Roster(clock, () => undefined);
  const registered = roster.register(PEER, "ep=a&lwm2m=1.1", LINKS);
  if (!("client" in registered)) throw new Error(registered.code);
  const told: unknown[] = [];
  const asking = new Asking({
    wire: {
      request: (_peer, ask) => {
        asked.push(ask);
        const answer = typeof answers === "function" ? answers(ask) : answers[asked.length - 1];
        return Promise.resolve(answer ?? { status: "timeout" });
      },
    },
    models,
    clock,
    log,
    onValues: (_client, values) => told.push(values),
    onObservations: () => undefined,
  });
  const operations = new Operations(asking);
  return { clock, log, asked, told, operations, client: registered.client, roster };
}

const answered = (payload: Uint8Array, format?: number, code = "2.05"): WireAnswer => ({
  status: "answered",
  code,
  payload,
  ...(format !== undefined && { format }),
});
const bytes = (text: string) => new TextEncoder().encode(text);
const errorOf = (result: OperationResult) => ("error" in result ? result.error : "");

describe("an answer in every format", () => {
  const values: readonly (readonly [ResourceType, number, ResourceValue, unknown])[] = [
    ["float", 5700, -21.25, -21.25],
    ["string", 5701, "Cel", "Cel"],
    ["time", 5518, 1_780_000_000, 1_780_000_000],
    ["integer", 6042, 4, 4],
  ];

  for (const format of [0, 60, 110, 112, 11542])
    it.each(values)(`is decoded from format ${format}: %s`, async (type, resource, value, shown) => {
      const at = path(3303, 0, resource);
      const payload = codecOf(format)!.encode([{ path: at, type, value }], at);
      const { operations, client } = played([answered(payload, format)]);
      expect(await operations.read(client, at)).toMatchObject({ code: "2.05", values: { [at]: { value: shown } } });
    });
});

describe("an answer that is nonsense", () => {
  it.each([
    ["a format that nobody speaks", 9_999, ""],
    ["TLV cut off in the middle", 11542, "e4 1644 41ac"],
    ["TLV that announces more than there is", 11542, "e8 1644 ff 41ac0000"],
    ["TLV of another Resource's type", 11542, "e1 1644 16"],
    ["SenML CBOR that is no array", 112, "a1 00 00"],
    ["SenML CBOR cut off", 112, "81 a2 21 69 2f"],
    ["SenML CBOR of another Object", 112, "81a2216b2f333330342f302f3537303002fa41ac0000"],
    ["SenML CBOR nested without end", 112, "81".repeat(2_000)],
    ["SenML JSON that is no JSON", 110, "5b7b"],
    ["CBOR that is text where a number belongs", 60, "63616263"],
    ["text where a number belongs", 0, "776172 6d"],
    ["bytes that are no text", 0, "ff fe"],
  ])("is refused and logged once: %s", async (_what, format, hex) => {
    const { operations, client, told, log } = played([answered(fromHex(hex), format)]);
    const result = await operations.read(client, VALUE);
    expect(errorOf(result)).toMatch(/cannot be decoded/);
    expect(told).toEqual([]);
    expect(client.value(VALUE)).toBeUndefined();
    expect(log.events("warn")).toEqual(["value refused"]);
  });

  it("a number that is none is shown as text: JSON would make a zero of it", async () => {
    const { operations, client } = played([answered(fromHex("e4 1644 7fc00000"), 11542)]);
    const result = await operations.read(client, INSTANCE);
    expect(JSON.stringify(result)).not.toContain("null");
    if ("values" in result) expect(result).toMatchObject({ values: { [VALUE]: { value: "NaN" } } });
    else expect(errorOf(result)).toMatch(/cannot be decoded/);
  });

  it("links that are no links are an error of Discover, and bytes that are no text too", async () => {
    const { operations, client } = played([
      answered(bytes("</3303/0"), 40),
      answered(bytes("hello"), 40),
      answered(Uint8Array.of(0xff, 0x3c), 40),
      answered(bytes(""), 40),
    ]);
    for (let i = 0; i < 3; i++)
      expect(errorOf(await operations.discover(client, INSTANCE))).toMatch(/cannot be decoded/);
    expect(await operations.discover(client, INSTANCE)).toEqual({ code: "2.05", links: [] });
  });

  it.each(["4.00", "4.01", "4.04", "4.05", "4.06", "5.00", "5.03", "5.04", "4.99", "7.31"])(
    "%s is told with its code, whatever was asked",
    async (code) => {
      const { operations, client } = played(() => answered(new Uint8Array(0), undefined, code));
      const results = [
        await operations.read(client, VALUE),
        await operations.write(client, path(3306, 0, 5850), true),
        await operations.execute(client, path(3303, 0, 5605)),
        await operations.discover(client, INSTANCE),
        await operations.observe(client, INSTANCE),
      ];
      for (const result of results) {
        expect(result.code).toBe(code);
        expect(errorOf(result)).not.toBe("");
      }
    },
  );

  it("words of the client are shown if they are short, and left out if they are a book", async () => {
    const { operations, client } = played([
      answered(bytes("no such relay"), 0, "4.04"),
      answered(new Uint8Array(5_000).fill(65), 0, "4.04"),
    ]);
    expect(errorOf(await operations.read(client, VALUE))).toBe("Not Found: no such relay");
    expect(errorOf(await operations.read(client, VALUE))).toBe("Not Found");
  });

  it("never throws and never shows a value of another Resource, whatever 5,000 answers say", async () => {
    const random = new SeededRandom(21);
    const formats = [undefined, 0, 40, 42, 60, 110, 112, 11542, 11543, 50];
    const model = codecOf(112)!.encode([{ path: VALUE, type: "float", value: 21.5 }], VALUE);
    const { operations, client } = played(() => {
      const payload = random.below(2) ? random.bytes(random.below(40)) : model.slice();
      if (payload.length > 0) payload[random.below(payload.length)] = random.below(256);
      return answered(payload, random.pick(formats), random.pick(["2.05", "2.05", "4.04"]));
    });
    for (let i = 0; i < 5_000; i++) {
      const result = await operations.read(client, VALUE);
      if ("values" in result) expect(Object.keys(result.values ?? {}).every((at) => at === VALUE)).toBe(true);
    }
  });
});

describe("a stream of nonsense", () => {
  function observed() {
    let notify: (notification: Notification) => void = () => undefined;
    let closed = 0;
    const stream: NotificationStream = {
      token: Buffer.alloc(4),
      onNotification: (listener) => (notify = listener),
      close: () => (closed += 1),
    };
    const first = codecOf(112)!.encode([{ path: VALUE, type: "float", value: 21.5 }], INSTANCE);
    const stage = played([{ status: "answered", code: "2.05", format: 112, payload: first, stream }]);
    return { ...stage, notify: (each: Notification) => notify(each), closed: () => closed };
  }

  it("changes no value and ends no observation", async () => {
    const { operations, client, notify, closed } = observed();
    await operations.observe(client, INSTANCE);
    const random = new SeededRandom(3);
    for (let i = 0; i < 2_000; i++) notify({ code: "2.05", format: 112, payload: random.bytes(random.below(30)) });
    expect(client.value(VALUE)?.value).toBe(21.5);
    expect([client.observations.size, closed()]).toEqual([1, 0]);
  });

  it("ends with an error, and what comes after it is heard by nobody", async () => {
    const { operations, client, notify, closed } = observed();
    await operations.observe(client, INSTANCE);
    notify({ code: "5.00", payload: new Uint8Array(0) });
    notify({ code: "2.05", format: 0, payload: bytes("99") });
    expect(client.value(VALUE)?.value).toBe(21.5);
    expect([client.observations.size, closed()]).toEqual([0, 1]);
  });

  it("that comes for a client who has gone is closed", async () => {
    const { operations, client, roster, closed } = observed();
    const observing = operations.observe(client, INSTANCE);
    roster.deregister(client.id);
    await observing;
    expect(client.observations.size).toBe(0);
    expect(closed()).toBe(0);
    expect(errorOf(await operations.read(client, VALUE))).toMatch(/no longer registered/);
  });

  it("is refused beyond sixty-four observations of one client", async () => {
    const { operations, client } = played(() => ({
      ...answered(bytes("1"), 0),
      stream: { token: Buffer.alloc(1), onNotification: () => undefined, close: () => undefined },
    }));
    for (let i = 0; i < 64; i++) await operations.observe(client, path(3303, i, 5700));
    expect(await operations.observe(client, path(3303, 64, 5700))).toMatchObject({ code: "refused" });
    expect(await operations.observe(client, path(3303, 0, 5700))).toMatchObject({ code: "2.05" });
    expect(client.observations.size).toBe(64);
  });
});

describe("what is asked for in vain", () => {
  const refused = async (run: (operations: Operations, client: Client) => Promise<OperationResult>) => {
    const { operations, client, asked } = played([]);
    const result = await run(operations, client);
    expect(asked).toEqual([]);
    return result.code;
  };

  it("is refused before anything is sent", async () => {
    expect(await refused((lab, client) => lab.write(client, INSTANCE, 1))).toBe("refused");
    expect(await refused((lab, client) => lab.execute(client, INSTANCE))).toBe("refused");
    expect(await refused((lab, client) => lab.execute(client, path(3303, 0, 5605, 0)))).toBe("refused");
    expect(await refused((lab, client) => lab.write(client, VALUE, "warm"))).toBe("refused");
    expect(await refused((lab, client) => lab.write(client, VALUE, 1, 9_999))).toBe("refused");
    expect(await refused((lab, client) => lab.write(client, path(3303, 0, 5750), "x".repeat(2_000_000)))).toBe(
      "refused",
    );
    expect(await refused((lab, client) => lab.cancel(client, INSTANCE))).toBe("4.04");
  });

  it("and a client that says nothing is a timeout, whatever was asked", async () => {
    const { operations, client } = played([]);
    for (const result of [
      await operations.read(client, VALUE),
      await operations.write(client, path(3306, 0, 5850), true),
      await operations.execute(client, path(3303, 0, 5605)),
      await operations.discover(client, INSTANCE),
      await operations.observe(client, INSTANCE),
    ])
      expect(result).toEqual({ code: "timeout", error: "no answer in 15 s" });
  });
});

describe("names without end", () => {
  it("fill the roster and no more: 20,000 that register, each with a long name", () => {
    const clock = new FakeClock();
    const roster = new Roster(clock, () => undefined);
    const codes = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const { code } = roster.register(PEER, `ep=${"n".repeat(200)}${i}&lwm2m=1.1&lt=60`, LINKS);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(codes)).toEqual({ "2.01": 10_000, "5.03": 10_000 });
    clock.tick(61_100);
    expect(roster.size).toBe(0);
    expect(roster.register(PEER, "ep=late&lwm2m=1.1", LINKS)).toMatchObject({ code: "2.01" });
  });

  it("of one client that registers again and again leave one registration and one timer", () => {
    const clock = new FakeClock();
    const gone: string[] = [];
    const roster = new Roster(clock, (_, why) => gone.push(why));
    for (let i = 0; i < 5_000; i++) roster.register(PEER, "ep=a&lwm2m=1.1&lt=60", LINKS);
    expect(roster.size).toBe(1);
    expect(new Set(gone)).toEqual(new Set(["replaced"]));
    clock.tick(70_000);
    expect(gone.at(-1)).toBe("expired");
  });
});

describe("twenty thousand datagrams", () => {
  let bench: LabBench | undefined;
  afterEach(() => bench?.stop());

  it("random and mutated, end nothing, and the next Register is answered", async () => {
    bench = await new LabBench({ watch: false }).start();
    const vandal = await bench.sensor();
    const random = new SeededRandom(9);
    const register = Buffer.from("41020001aab272644d0365703d76616e64616c096c776d326d3d312e31ff3c2f332f303e", "hex");
    for (let i = 0; i < 20_000; i++) {
      const datagram = random.below(2) ? random.bytes(random.below(64)) : Uint8Array.from(register);
      for (let flips = random.below(4); flips > 0 && datagram.length > 0; flips--)
        datagram[random.below(datagram.length)] = random.below(256);
      vandal.raw(datagram);
      // Now and then the lab gets its turn, or the kernel drops what it has not read.
      if (i % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const honest = await bench.sensor();
    const answer = await honest.register("ep=honest&lwm2m=1.1", "</3/0>");
    expect(answer.code).toBe("2.01");
    expect(bench.lab.client("honest")).toBeDefined();
    expect(bench.lab.size).toBeLessThanOrEqual(10_000);
  }, 20_000);
});
