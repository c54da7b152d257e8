/** The lab against a foreign client on real sockets: registration, operations, observation. */

import { afterEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import type { Client } from "../../src/lab/client.ts";
import type { Lab } from "../../src/lab/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";

let bench: LabBench;
afterEach(() => bench.stop());

const LINKS = "</1/0>,</3/0>,</3303/0>,</3306/0>";
const started = async (options: ConstructorParameters<typeof LabBench>[0] = {}) =>
  (bench = await new LabBench({ watch: false, ...options }).start());

const temperature = (value: number, time?: number) =>
  codecOf(Format.SenmlCbor)!.encode(
    [
      { path: path(3303, 0, 5700), type: "float", value, ...(time !== undefined && { time }) },
      { path: path(3303, 0, 5701), type: "string", value: "Cel" },
    ],
    path(3303, 0),
  );

/** vitest's own matcher is an `any`. */
const containing = (words: string): unknown => expect.stringContaining(words);

function clientOf(lab: Lab, endpoint: string): Client {
  const client = lab.client(endpoint);
  if (!client) throw new Error(`${endpoint} is not registered`);
  return client;
}

describe("registration at the lab", () => {
  it("is answered with 2.01 and a location, and listed", async () => {
    const { lab } = await started();
    const sensor = await bench.sensor();
    const answer = await sensor.register("ep=kitchen&lwm2m=1.1&lt=300&b=U", `${LINKS},</3303>;ver=1.1`);
    expect(answer.code).toBe("2.01");
    expect(sensor.location).toMatch(/^\/rd\/[\w-]+$/);
    expect(lab.clients()).toEqual([
      expect.objectContaining({
        endpoint: "kitchen",
        address: `127.0.0.1:${sensor.port}`,
        version: "1.1",
        lifetime: 300,
        binding: "U",
        objects: ["/1/0", "/3/0", "/3303/0", "/3306/0"],
        versions: { "3303": "1.1" },
        observations: [],
        values: {},
      }),
    ]);
  });

  it("lives as long as its lifetime, and an Update prolongs it", async () => {
    const clock = new FakeClock();
    const { lab } = await started({ clock });
    const sensor = await bench.sensor();
    await sensor.register("ep=kitchen&lwm2m=1.1&lt=60", LINKS);
    clock.tick(50_000);
    expect((await sensor.request("POST", sensor.location)).code).toBe("2.04");
    clock.tick(50_000);
    expect(lab.size).toBe(1);
    clock.tick(11_000);
    expect(lab.size).toBe(0);
    expect(bench.events.at(-1)).toEqual({ type: "gone", endpoint: "kitchen", reason: "expired" });
    expect((await sensor.request("POST", sensor.location)).code).toBe("4.04");
  });

  it("takes new Objects and a new lifetime from an Update", async () => {
    const { lab } = await started();
    const sensor = await bench.sensor();
    await sensor.register("ep=kitchen&lwm2m=1.1&lt=60", LINKS);
    await sensor.request("POST", sensor.location, { query: "lt=120&b=U", payload: "</3/0>,</3303/1>", format: 40 });
    expect(lab.clients()[0]).toMatchObject({ lifetime: 120, binding: "U", objects: ["/3/0", "/3303/1"] });
  });

  it("ends with De-register, and an unknown location is 4.04", async () => {
    const { lab } = await started();
    const sensor = await bench.sensor();
    await sensor.register("ep=kitchen&lwm2m=1.1", LINKS);
    expect((await sensor.request("DELETE", sensor.location)).code).toBe("2.02");
    expect(lab.clients()).toEqual([]);
    expect((await sensor.request("DELETE", sensor.location)).code).toBe("4.04");
    expect(bench.events.at(-1)).toMatchObject({ type: "gone", reason: "deregistered" });
  });

  it("replaces the registration of the same endpoint", async () => {
    const { lab } = await started();
    const first = await bench.sensor();
    const second = await bench.sensor();
    await first.register("ep=kitchen&lwm2m=1.1", LINKS);
    await second.register("ep=kitchen&lwm2m=1.1", LINKS);
    expect(lab.clients().map(({ address }) => address)).toEqual([`127.0.0.1:${second.port}`]);
    expect((await first.request("POST", first.location)).code).toBe("4.04");
  });

  it("refuses with a code and with words", async () => {
    await started();
    const sensor = await bench.sensor();
    const answer = await sensor.register("ep=kitchen&lwm2m=1.3", LINKS);
    expect(answer.code).toBe("4.12");
    expect(answer.payload.toString()).toContain("LwM2M 1.3");
    expect((await sensor.request("GET", "/rd")).code).toBe("4.05");
    expect((await sensor.request("GET", "/elsewhere")).code).toBe("4.04");
  });

  it("puts a Register in blocks together, even with a new token for each block (RFC 7959 §3.3)", async () => {
    const { lab } = await started();
    const sensor = await bench.sensor();
    const links = bytes(`</3/0>,${Array.from({ length: 30 }, (_, i) => `</3303/${i}>`).join(",")}`);
    const answers: Buffer[] = [];
    for (let at = 0, num = 0; at < links.length; at += 64, num++) {
      const more = at + 64 < links.length;
      answers.push(await sensor.exchange(registerBlock(num, more, links.subarray(at, at + 64))));
    }
    expect(answers.map((answer) => answer[1])).toEqual([0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x41]);
    expect(lab.clients()[0]?.objects).toHaveLength(31);
  });

  it("cannot share its port with another server", async () => {
    await started();
    const other = new LabBench({ port: bench.port });
    await expect(other.lab.start()).rejects.toThrow(/EADDRINUSE/);
    await other.lab.stop();
  });

  it("takes a thousand clients in a burst", async () => {
    const { lab } = await started();
    const sensors = await Promise.all(Array.from({ length: 1_000 }, () => bench.sensor()));
    await Promise.all(sensors.map((sensor, i) => sensor.register(`ep=burst-${i}&lwm2m=1.1&lt=60`, LINKS)));
    expect(lab.size).toBe(1_000);
  }, 30_000);
});

describe("asking a client", () => {
  async function registered(query = "ep=kitchen&lwm2m=1.1&lt=300", options = {}) {
    const { lab } = await started(options);
    const sensor = await bench.sensor();
    await sensor.register(query, LINKS);
    return { lab, sensor, client: clientOf(lab, "kitchen"), ask: lab.operations };
  }

  it("decodes what it reads, names it by the model, and remembers it", async () => {
    const { lab, sensor, client, ask } = await registered(undefined, { clock: new FakeClock() });
    sensor.answers.set("/3303/0", { format: 112, payload: temperature(21.5, 1_750_000_000) });
    const result = await ask.read(client, path(3303, 0));
    expect(result).toEqual({
      code: "2.05",
      values: {
        "/3303/0/5700": { value: 21.5, name: "Temperature", unit: "Cel", time: "2025-06-15T15:06:40.000Z" },
        "/3303/0/5701": { value: "Cel", name: "Sensor Units", time: "2026-06-01T12:00:00.000Z" },
      },
    });
    expect(lab.clients()[0]?.values["/3303/0/5700"]?.value).toBe(21.5);
    expect(sensor.seen[0]?.headers.Accept).toBe("application/senml+cbor");
  });

  it("asks a client of version 1.0 for TLV, and anyone for what is wanted", async () => {
    const { sensor, client, ask } = await registered("ep=kitchen&lwm2m=1.0");
    sensor.answers.set("/3303/0/5700", { format: 0, payload: "21.5" });
    await ask.read(client, path(3303, 0, 5700));
    const result = await ask.read(client, path(3303, 0, 5700), 0);
    expect(sensor.seen.map(({ headers }) => headers.Accept)).toEqual(["application/vnd.oma.lwm2m+tlv", "text/plain"]);
    expect(result).toMatchObject({ values: { "/3303/0/5700": { value: 21.5, name: "Temperature" } } });
  });

  it("writes a Resource as text, or as TLV if asked to", async () => {
    const { sensor, client, ask } = await registered();
    sensor.answers.set("/3306/0/5850", { code: "2.04" });
    expect(await ask.write(client, path(3306, 0, 5850), true)).toEqual({ code: "2.04" });
    expect(await ask.write(client, path(3306, 0, 5850), "false", Format.Tlv)).toEqual({ code: "2.04" });
    expect(sensor.seen.map(({ method, payload }) => [method, payload.toString("hex")])).toEqual([
      ["PUT", "31"],
      ["PUT", "e116da00"],
    ]);
  });

  it("does not send what cannot be a value of the Resource", async () => {
    const { sensor, client, ask } = await registered();
    expect(await ask.write(client, path(3306, 0, 5850), "maybe")).toMatchObject({ code: "refused" });
    expect(await ask.write(client, path(3306, 0), true)).toMatchObject({ code: "refused" });
    expect(await ask.execute(client, path(3303, 0))).toMatchObject({ code: "refused" });
    expect(sensor.seen).toEqual([]);
  });

  it("executes, with and without arguments", async () => {
    const { sensor, client, ask } = await registered();
    sensor.answers.set("/3303/0/5605", { code: "2.04" });
    expect(await ask.execute(client, path(3303, 0, 5605))).toEqual({ code: "2.04" });
    await ask.execute(client, path(3303, 0, 5605), "0='a'");
    expect(sensor.seen.map(({ method, payload }) => [method, payload.toString()])).toEqual([
      ["POST", ""],
      ["POST", "0='a'"],
    ]);
  });

  it("discovers", async () => {
    const { sensor, client, ask } = await registered();
    sensor.answers.set("/3303/0", { format: 40, payload: "</3303/0>;pmin=5,</3303/0/5700>,</3303/0/5605>" });
    expect(await ask.discover(client, path(3303, 0))).toEqual({
      code: "2.05",
      links: [
        { target: "/3303/0", attributes: { pmin: "5" } },
        { target: "/3303/0/5700", attributes: {} },
        { target: "/3303/0/5605", attributes: {} },
      ],
    });
  });

  it("tells refusals in the client's words", async () => {
    const { sensor, client, ask } = await registered();
    sensor.answers.set("/3306/0/5850", { code: "4.05", payload: "read only" });
    expect(await ask.write(client, path(3306, 0, 5850), true)).toEqual({
      code: "4.05",
      error: "Method Not Allowed: read only",
    });
    expect(await ask.read(client, path(3303, 7))).toEqual({ code: "4.04", error: "Not Found" });
  });

  it("never shows what it cannot decode", async () => {
    const { lab, sensor, client, ask } = await registered();
    sensor.answers.set("/3303/0", { format: 112, payload: "nonsense" });
    expect(await ask.read(client, path(3303, 0))).toMatchObject({
      error: containing("cannot be decoded"),
    });
    sensor.answers.set("/3303/0", { format: 60_000, payload: "x" });
    expect(await ask.read(client, path(3303, 0))).toMatchObject({ error: containing("60000") });
    expect(lab.clients()[0]?.values).toEqual({});
  });

  it("asks one thing at a time", async () => {
    const { sensor, client, ask } = await registered();
    sensor.answers.set("/3303/0", { format: 112, payload: temperature(21) });
    await Promise.all(Array.from({ length: 10 }, () => ask.read(client, path(3303, 0))));
    expect(sensor.seen).toHaveLength(10);
    expect(sensor.mostAtOnce).toBe(1);
  });

  it("gives up on a silent client, tells those who wait too long a queue at once, and goes on", async () => {
    const clock = new FakeClock();
    const { sensor, client, ask } = await registered(undefined, { clock });
    sensor.answers.set("/3303/0", "silent");
    sensor.answers.set("/3306/0", { format: 0, payload: "" });
    const silent = ask.read(client, path(3303, 0));
    const queue = Array.from({ length: 70 }, () => ask.read(client, path(3306, 1)));
    await sensor.received(1);
    clock.tick(15_000);
    expect(await silent).toEqual({ code: "timeout", error: "no answer in 15 s" });
    const codes = (await Promise.all(queue)).map(({ code }) => code);
    expect(codes.filter((code) => code === "4.04")).toHaveLength(63);
    expect(codes.filter((code) => code === "busy")).toHaveLength(7);
  });

  it("hears from nobody but the client asked", async () => {
    const { sensor, client, ask } = await registered();
    const stranger = await bench.sensor();
    sensor.answers.set("/3303/0/5700", ({ headers }) => {
      expect(headers.Accept).toBeDefined();
      return { format: 0, payload: "21" };
    });
    // A stranger guesses: answers to tokens that are not known are reset, and nothing else happens.
    stranger.raw(Uint8Array.of(0x58, 0x45, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0x39));
    expect(await ask.read(client, path(3303, 0, 5700), 0)).toMatchObject({
      values: { "/3303/0/5700": { value: 21 } },
    });
  });
});

const bytes = (text: string) => new TextEncoder().encode(text);

/** POST /rd?ep=big&lwm2m=1.1 with one block of 64 bytes, written by hand. */
function registerBlock(num: number, more: boolean, block: Uint8Array): Uint8Array {
  const block1 = (num << 4) | (more ? 8 : 0) | 2;
  return Buffer.concat([
    Uint8Array.of(0x42, 0x02, 0x77, num, 0xab, num),
    Uint8Array.of(0xb2, ...bytes("rd"), 0x11, 40, 0x36, ...bytes("ep=big"), 0x09, ...bytes("lwm2m=1.1")),
    Uint8Array.of(0xc1, block1, 0xff),
    block,
  ]);
}
