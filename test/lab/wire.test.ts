/** The lab's socket among strangers and vandals: what node-coap would fall over. */

import type { OutgoingMessage } from "coap";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SystemClock } from "../../src/base/system-clock.ts";
import { path } from "../../src/model/path.ts";
import { Wire } from "../../src/lab/wire.ts";
import { silentLog } from "../../src/base/log.ts";
import { CoapSensor } from "../support/coap-sensor.ts";
import { LabBench } from "../support/lab-bench.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

let bench: LabBench | undefined;
afterEach(async () => {
  await bench?.stop();
  bench = undefined;
});

const REGISTER = Buffer.concat([
  Buffer.from([0x42, 0x02, 0x12, 0x34, 1, 2, 0xb2]),
  Buffer.from("rd"),
  Buffer.from([0x11, 40, 0x36]),
  Buffer.from("ep=kit"),
  Buffer.from([0x09]),
  Buffer.from("lwm2m=1.1"),
  Buffer.from([0xff]),
  Buffer.from("</3/0>,</3303/0>"),
]);

describe("the lab among vandals", () => {
  it("goes on after two thousand random and mutated datagrams", async () => {
    bench = await new LabBench({ watch: false }).start();
    const vandal = await bench.sensor();
    const honest = await bench.sensor();
    const random = new SeededRandom(5);
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 50; i++) {
        const datagram = random.unit() < 0.5 ? random.bytes(random.below(80)) : Uint8Array.from(REGISTER);
        for (let flips = 0; flips < 3 && datagram.length > 0; flips++)
          datagram[random.below(datagram.length)] = random.below(256);
        vandal.raw(datagram);
      }
      // An answer to somebody else shows that all of these were taken.
      await honest.request("POST", "/rd/nobody");
    }
    expect((await honest.register("ep=honest&lwm2m=1.1", "</3/0>")).code).toBe("2.01");
    expect(bench.lab.client("honest")).toBeDefined();
  }, 60_000);

  it("allocates nothing for a block far beyond any body", async () => {
    const log = new MemoryLog();
    bench = await new LabBench({ log }).start();
    const vandal = await bench.sensor();
    const before = process.memoryUsage().arrayBuffers;
    // Block1 with number 1048575: by its number a body of a gigabyte.
    for (let i = 0; i < 50; i++)
      vandal.raw(Uint8Array.of(0x41, 0x02, 0x20, i, i, 0xb2, 0x72, 0x64, 0xd3, 3, 0xff, 0xff, 0xf6));
    await vandal.request("POST", "/rd/nobody");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
    expect(log.lines.some((line) => JSON.stringify(line).includes("block beyond 64 kB"))).toBe(true);
  });

  it("answers a ping with RST and with nothing else (RFC 7252 §4.3)", async () => {
    bench = await new LabBench().start();
    const sensor = await bench.sensor();
    const pong = await sensor.exchange(Uint8Array.of(0x40, 0, 0x77, 0x88));
    expect([...pong]).toEqual([0x70, 0, 0x77, 0x88]);
  });

  it("answers a repeated Register with the same bytes, and registers once (RFC 7252 §4.5)", async () => {
    bench = await new LabBench({ watch: false }).start();
    const sensor = await bench.sensor();
    const first = await sensor.exchange(REGISTER);
    const second = await sensor.exchange(REGISTER);
    expect(first[1]).toBe(0x41);
    expect(second.equals(first)).toBe(true);
    expect(bench.events.filter(({ type }) => type === "client")).toHaveLength(1);
  });
});

describe("the lab among strangers", () => {
  async function asked(answer: (sensor: CoapSensor, stranger: CoapSensor, token: Buffer, id: Buffer) => void) {
    bench = await new LabBench({ watch: false }).start();
    const [sensor, stranger] = [await bench.sensor(), await bench.sensor()];
    await sensor.register("ep=kitchen&lwm2m=1.1", "</3303/0>");
    sensor.answers.set("/3303/0/5700", "silent");
    const raw = sensor.next();
    const reading = bench.lab.operations.read(bench.lab.client("kitchen")!, path(3303, 0, 5700), 0);
    const request = await raw;
    const [id, token] = [request.subarray(2, 4), request.subarray(4, 4 + (request[0]! & 15))];
    answer(sensor, stranger, token, id);
    return { reading, token, sensor, stranger };
  }
  const text = (type: number, token: Buffer, id: Uint8Array, payload: string) =>
    Buffer.concat([
      Uint8Array.of(type | token.length, 0x45, ...id),
      token,
      Uint8Array.of(0xc0, 0xff),
      Buffer.from(payload),
    ]);

  it("believes only the client it asked, even if somebody guessed the token", async () => {
    const { reading } = await asked((sensor, stranger, token, id) => {
      stranger.raw(text(0x60, token, id, "99"));
      stranger.raw(text(0x50, token, Uint8Array.of(9, 9), "99"));
      setImmediate(() => sensor.raw(text(0x60, token, id, "21")));
    });
    expect(await reading).toMatchObject({ values: { "/3303/0/5700": { value: 21 } } });
  });

  it("takes a separate answer, and acknowledges it (RFC 7252 §5.2.2)", async () => {
    const { reading, sensor } = await asked((asker, _, token, id) => {
      asker.raw(Buffer.concat([Uint8Array.of(0x60, 0), id]));
      asker.raw(text(0x40, token, Uint8Array.of(0x55, 0x66), "22"));
    });
    const acknowledgement = sensor.next();
    expect(await reading).toMatchObject({ values: { "/3303/0/5700": { value: 22 } } });
    expect([...(await acknowledgement)]).toEqual([0x60, 0, 0x55, 0x66]);
  });

  it("takes a notification whose message id is by chance that of a request under way (RFC 7252 §4.4)", async () => {
    bench = await new LabBench({ watch: false }).start();
    const sensor = await bench.sensor();
    await sensor.register("ep=kitchen&lwm2m=1.1", "</3303/0>");
    sensor.answers.set("/3303/0/5701", { format: 0, payload: "Cel" });
    sensor.answers.set("/3303/0/5700", "silent");
    const client = bench.lab.client("kitchen")!;
    const [observe] = await Promise.all([sensor.next(), bench.lab.operations.observe(client, path(3303, 0, 5701))]);
    const [read, reading] = [sensor.next(), bench.lab.operations.read(client, path(3303, 0, 5700), 0)];
    const request = await read;
    const [id, token] = [request.subarray(2, 4), observe.subarray(4, 4 + (observe[0]! & 15))];
    const notification = [Uint8Array.of(0x40 | token.length, 0x45, ...id), token, Uint8Array.of(0x61, 99, 0x60, 0xff)];
    sensor.raw(Buffer.concat([...notification, Buffer.from("K")]));
    await bench.event("value", ({ values }) => values["/3303/0/5701"]?.value === "K");
    const asked = request.subarray(4, 4 + (request[0]! & 15));
    sensor.raw(text(0x60, asked, id, "23"));
    expect(await reading).toMatchObject({ values: { "/3303/0/5700": { value: 23 } } });
  });

  it("tells that a client answered with RST", async () => {
    const { reading } = await asked((sensor, _stranger, _token, id) => {
      sensor.raw(Buffer.concat([Uint8Array.of(0x70, 0), id]));
    });
    expect(await reading).toEqual({ code: "failed", error: "the client answered with RST" });
  });
});

describe("the wire itself", () => {
  it("answers 5.00 where the house behind it fails, and lives", async () => {
    const log = new MemoryLog();
    const wire = new Wire({
      clock: new SystemClock(),
      log,
      onRequest: () => {
        throw new Error("on fire");
      },
    });
    const port = await wire.open("127.0.0.1", 0);
    const sensor = await new CoapSensor(port).open();
    expect((await sensor.request("POST", "/rd")).code).toBe("5.00");
    expect((await sensor.request("POST", "/rd")).code).toBe("5.00");
    await sensor.close();
    await wire.close();
    expect(String(log.lines[0]?.fields["reason"])).toContain("on fire");
  });

  it("is closed under a request that nobody answers, whose acknowledgement is due later", async () => {
    let unanswered: OutgoingMessage | undefined;
    const onRequest = (_request: unknown, response: OutgoingMessage) => {
      unanswered = response;
    };
    const wire = new Wire({ clock: new SystemClock(), log: silentLog, onRequest });
    const sensor = await new CoapSensor(await wire.open("127.0.0.1", 0)).open();
    sensor.raw(REGISTER);
    await vi.waitFor(() => expect(unanswered).toBeDefined());
    await wire.close();
    await sensor.close();
    // node-coap forgets its timer after it has sent: an exception on the way leaves it there, and ends the run.
    await vi.waitFor(() => expect(unanswered?._ackTimer).toBe(null));
  });

  it("asks nothing after it was closed, and closes twice", async () => {
    const wire = new Wire({ clock: new SystemClock(), log: silentLog, onRequest: () => undefined });
    await wire.open("127.0.0.1", 0);
    await wire.close();
    await wire.close();
    const answer = await wire.request(
      { address: "127.0.0.1", port: 9 },
      { method: "GET", path: "/3", timeoutMs: 1_000 },
    );
    expect(answer).toEqual({ status: "failed", reason: "the lab is closed" });
  });

  it("speaks IPv6 as well", async () => {
    bench = await new LabBench({ host: "::1" }).start();
    expect(bench.port).toBeGreaterThan(0);
  });
});
