import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { BootstrapBench, encoded, security, server } from "../../support/bootstrap-bench.ts";
import { settle } from "../../support/fake-clock.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const ONE = "coap://one:5683";
const FORMATS = [
  Format.Text,
  Format.Opaque,
  Format.Cbor,
  Format.SenmlJson,
  Format.SenmlCbor,
  Format.Tlv,
  11_543,
  11_544,
];
const PATHS = ["/0", "/0/1", "/0/1/0", "/1", "/1/1", "/1/1/1", "/2", "/2/0", "/21/0", "/3303/0", "/3303/0/5750", "/"];

let bench: BootstrapBench;
let log: MemoryLog;
beforeEach(async () => {
  log = new MemoryLog();
  bench = await new BootstrapBench({ log }).started();
});

describe("a Bootstrap-Server that means no good", () => {
  it("is answered 4.xx to any bytes, and nothing breaks", async () => {
    const random = new SeededRandom(11);
    for (let i = 0; i < 3_000; i++) {
      const payload = Uint8Array.from({ length: Math.floor(random.unit() * 40) }, () =>
        Math.floor(random.unit() * 256),
      );
      const format = FORMATS[i % FORMATS.length] ?? 0;
      const path = PATHS[Math.floor(random.unit() * PATHS.length)] ?? "/";
      bench.bs.send("PUT", { path, format, payload, type: "NON" });
    }
    await settle();
    expect(bench.bs.responses).toHaveLength(3_000);
    for (const { code } of bench.bs.responses) expect(code).toMatch(/^(2\.04|4\.)/);
    expect(log.events("error")).toEqual([]);
    expect(bench.provisions).toEqual([]);
  });

  it("is answered 4.xx to spoiled accounts, and what is taken can be lived with", async () => {
    const random = new SeededRandom(12);
    const good = encoded("/", { ...security(1, 1, ONE), ...server(1, 1) }, Format.SenmlCbor);
    for (let i = 0; i < 1_000; i++) {
      const payload = good.slice();
      payload[Math.floor(random.unit() * payload.length)] = Math.floor(random.unit() * 256);
      for (const path of ["/0", "/1"]) bench.bs.send("PUT", { path, format: Format.SenmlCbor, payload, type: "NON" });
    }
    await settle();
    for (const { code } of bench.bs.responses) expect(code).toMatch(/^(2\.04|4\.)/);
    expect((await bench.finish()).code).toMatch(/^(2\.04|4\.06)$/);
    expect(log.events("error")).toEqual([]);
  });

  it("fills no memory with Resources that nobody knows", async () => {
    const records = Array.from({ length: 400 }, (_, i) => ({ n: String(30_000 + i), v: i }));
    const payload = JSON.stringify([{ bn: "/1/1/", n: "0", v: 1 }, ...records]);
    const { code, text } = await bench.bs.ask("PUT", { path: "/1/1", format: Format.SenmlJson, payload });
    expect([code, text]).toEqual(["4.00", expect.stringContaining("too much that is unknown")]);
  });

  it("writes no thousand Instances", async () => {
    const codes = new Set<string>();
    for (let i = 0; i < 200; i++) codes.add((await bench.write(`/1/${i}`, server(i, i + 1))).code);
    for (let i = 200; i < 400; i++) codes.add((await bench.write(`/1/${i}`, server(i, i + 1))).code);
    expect([...codes]).toEqual(["2.04", "4.13"]);
    expect((await bench.finish()).code).toBe("4.06");
  });
});
