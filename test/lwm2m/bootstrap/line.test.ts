import { describe, expect, it } from "vitest";
import { BOOTSTRAP, BootstrapBench } from "../../support/bootstrap-bench.ts";
import { MemoryLog } from "../../support/memory-log.ts";

const ONE = "coap://one:5683";

describe("the way to a Bootstrap-Server", () => {
  it("that cannot be opened is tried again, and the reason is told", async () => {
    const bench = new BootstrapBench();
    bench.wire(BOOTSTRAP.uri).near.refuse = "no such host";
    await bench.started();
    expect(bench.client.bootstrapSnapshot).toMatchObject({ state: "waiting", lastError: "no such host" });
    bench.wire(BOOTSTRAP.uri).near.refuse = undefined;
    await bench.clock.advance(20_000);
    expect(bench.bs.log).toHaveLength(1);
    expect(bench.client.bootstrapSnapshot?.state).toBe("provisioning");
  });

  it("for which there is no transport is named once in the log, however often it is tried", async () => {
    const log = new MemoryLog();
    const bench = await new BootstrapBench({ log, refuse: () => "no transport" }).started();
    await bench.clock.advance(3_600_000);
    expect(log.lines.filter(({ event }) => event === "bootstrap-failed")).toMatchObject([
      { level: "warn", fields: { server: BOOTSTRAP.uri, error: "no transport" } },
    ]);
  });

  it.each([
    ["coaps://bs:5684", "coaps needs a key"],
    ["mqtt://bs", "mqtt"],
  ])("%s is refused in words, and never opened", async (uri, word) => {
    const bench = await new BootstrapBench({ bootstrap: { uri } }).started();
    expect(bench.client.bootstrapSnapshot?.lastError).toContain(word);
    expect(bench.connected).toEqual([]);
  });

  it("that breaks while the client asks is another one next time", async () => {
    const bench = new BootstrapBench();
    bench.bs.verdict = () => undefined;
    await bench.started();
    bench.wire(BOOTSTRAP.uri).near.fail("network is down");
    await bench.clock.advance(100);
    expect(bench.client.bootstrapSnapshot?.lastError).toContain("network is down");
    bench.bs.verdict = (request) => bench.bs.grant(request);
    await bench.clock.advance(20_000);
    expect(bench.connected).toEqual([BOOTSTRAP.uri, BOOTSTRAP.uri]);
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("is closed when the server is silent, and with the client", async () => {
    const bench = new BootstrapBench();
    bench.bs.verdict = () => undefined;
    await bench.started();
    expect(bench.wire(BOOTSTRAP.uri).near.isOpen).toBe(true);
    for (let second = 0; second < 94 && bench.client.bootstrapSnapshot?.state !== "waiting"; second++)
      await bench.clock.advance(1_000);
    expect(bench.client.bootstrapSnapshot?.lastError).toMatch(/^no answer in \d+ s$/);
    expect(bench.wire(BOOTSTRAP.uri).near.isOpen).toBe(false);
    await bench.clock.advance(12_000);
    expect(bench.wire(BOOTSTRAP.uri).near.isOpen).toBe(true);
    await bench.client.stop();
    expect(bench.wire(BOOTSTRAP.uri).near.isOpen).toBe(false);
    await bench.clock.advance(3_600_000);
    expect(bench.connected).toHaveLength(2);
  });
});
