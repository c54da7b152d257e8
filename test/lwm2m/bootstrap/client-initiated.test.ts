import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { BootstrapBench, encoded, ENDPOINT, security, server } from "../../support/bootstrap-bench.ts";
import { MemoryLog } from "../../support/memory-log.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const ACCOUNT = { uri: ONE, lifetime: 300, shortServerId: 1 };

describe("a client that knows its Bootstrap-Server only", () => {
  it("asks it, is given a server, and registers there (ETS int-0)", async () => {
    const bench = await new BootstrapBench().started();
    expect(bench.bs.log).toEqual([`POST /bs?ep=${ENDPOINT}&pct=112`]);
    expect(bench.client.state).toBe("bootstrapping");
    expect((await bench.write("/0/1", security(1, 123, ONE))).code).toBe("2.04");
    expect((await bench.write("/1/0", server(0, 123))).code).toBe("2.04");
    expect(bench.connected).toEqual(["coap://bs:5783"]);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(10);
    const [register, ...more] = bench.server(ONE).requests;
    expect(more).toEqual([]);
    expect(register?.path).toBe("/rd");
    for (const item of [`ep=${ENDPOINT}`, "lt=300", "lwm2m=1.1"]) expect(register?.query).toContain(item);
    expect(bench.client.registrations).toMatchObject([{ state: "registered", server: ONE, shortServerId: 123 }]);
    expect(bench.client.state).toBe("registered");
  });

  it("says so, and what is wrong, in words", async () => {
    const log = new MemoryLog();
    const bench = new BootstrapBench({ log });
    const states: string[] = [];
    bench.client.onState((state) => states.push(state));
    bench.bs.verdict = () => ({ code: 0x83, text: "unknown endpoint" });
    expect(bench.client.registration).toMatchObject({ state: "off", server: "coap://bs:5783" });
    await bench.started();
    expect(bench.client.registration).toMatchObject({
      state: "waiting",
      server: "coap://bs:5783",
      lastError: "4.03 Forbidden: unknown endpoint",
    });
    expect(bench.client.bootstrapSnapshot?.nextAttemptAt).toBeGreaterThan(bench.clock.now().ms);
    expect(states).toContain("bootstrapping");
    expect(log.lines.filter(({ event }) => event === "bootstrap-failed")).toHaveLength(1);
  });

  it("answers Finish before it goes anywhere else", async () => {
    const bench = await new BootstrapBench().started();
    await bench.provide(1, ONE);
    bench.bs.send("POST", { path: "/bs" });
    expect(bench.bs.responses.at(-1)?.code).toBe("2.04");
    expect(bench.server(ONE).log).toEqual([]);
    await bench.clock.advance(10);
    expect(bench.server(ONE).log).toHaveLength(1);
  });

  it("takes what is written before the answer to its request has come", async () => {
    const bench = new BootstrapBench();
    bench.bs.verdict = () => undefined;
    await bench.started();
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(10);
    expect(bench.client.registrations).toMatchObject([{ state: "registered" }]);
  });

  it("takes a Finish again whose answer was lost, and then closes the way", async () => {
    const bench = await new BootstrapBench().started();
    await bench.provide(1, ONE);
    await bench.finish();
    expect(bench.wire("coap://bs:5783").near.isOpen).toBe(true);
    await bench.clock.advance(46_000);
    expect(bench.wire("coap://bs:5783").near.isOpen).toBe(false);
  });

  it("asks again with growing waits, for ever", async () => {
    const bench = new BootstrapBench();
    bench.bs.verdict = () => ({ code: 0x83 });
    await bench.started();
    const counts: number[] = [];
    for (let hour = 0; hour < 6; hour++) {
      const before = bench.bs.log.length;
      await bench.clock.advance(3_600_000);
      counts.push(bench.bs.log.length - before);
    }
    expect(counts[0]).toBeGreaterThan(8);
    for (const count of counts.slice(1)) expect(count).toBeGreaterThanOrEqual(4);
    for (const count of counts.slice(1)) expect(count).toBeLessThanOrEqual(9);
  });

  it("asks without pct where that is refused", async () => {
    const bench = new BootstrapBench();
    bench.bs.verdict = ({ query }) => ({ code: query.length > 1 ? 0x8f : 0x44 });
    await bench.started();
    expect(bench.bs.log).toEqual([`POST /bs?ep=${ENDPOINT}&pct=112`, `POST /bs?ep=${ENDPOINT}`]);
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("names no format where LwM2M 1.0 is spoken", async () => {
    const bench = await new BootstrapBench({ bootstrap: { version: "1.0" } }).started();
    expect(bench.bs.log).toEqual([`POST /bs?ep=${ENDPOINT}`]);
  });

  it("holds off first, as /0/x/11 says", async () => {
    const bench = await new BootstrapBench({ bootstrap: { holdOff: 20 } }).started();
    await bench.clock.advance(19_000);
    expect(bench.bs.log).toEqual([]);
    await bench.clock.advance(2_000);
    expect(bench.bs.log).toHaveLength(1);
  });

  it("takes its turn where many start together", async () => {
    const waiting: (() => void)[] = [];
    const bench = new BootstrapBench({ pace: (work) => (waiting.push(work), () => undefined) });
    await bench.started();
    expect(bench.bs.log).toEqual([]);
    for (const work of waiting) work();
    await bench.clock.advance(10);
    expect(bench.bs.log).toHaveLength(1);
  });

  it("stops in the middle, and nothing of it holds", async () => {
    const bench = await new BootstrapBench().started();
    await bench.provide(1, ONE);
    await bench.client.stop();
    await bench.clock.advance(600_000);
    expect(bench.provisions).toEqual([]);
    expect(bench.bs.log).toHaveLength(1);
    expect(bench.client.state).toBe("off");
  });
});

describe("a Bootstrap-Server that begins by itself (LwM2M 1.0 §5.2.3.4)", () => {
  it("is heard during the hold-off", async () => {
    const bench = await new BootstrapBench({ bootstrap: { holdOff: 60 } }).started();
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(120_000);
    expect(bench.bs.log).toEqual([]);
    expect(bench.client.registrations).toMatchObject([{ state: "registered", server: ONE }]);
  });

  it("is heard at any time where its account says that we listen", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT], bootstrap: { listen: true } }).started();
    await bench.provide(2, TWO);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(10);
    expect(bench.server(TWO).log).toHaveLength(1);
    await bench.clock.advance(60_000);
    expect((await bench.bs.ask("GET", { path: "/", accept: Format.LinkFormat })).code).toBe("2.05");
  });

  it("may begin again as soon as it has finished, where we listen (LwM2M 1.0.2 §5.2.3.4)", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT], bootstrap: { listen: true } }).started();
    await bench.provide(2, TWO);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(10);
    expect((await bench.bs.ask("DELETE", { path: "/1" })).code).toBe("2.02");
    await bench.provide(1, ONE);
    expect((await bench.finish()).code).toBe("2.04");
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("is not heard otherwise: that would cost a socket for each client", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT] }).started();
    expect(bench.connected).toEqual([ONE]);
  });
});

describe("a session that goes wrong", () => {
  it("is rolled back when the server falls silent, and tried again", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT] }).started();
    expect(bench.client.bootstrap()).toBe(true);
    await bench.clock.advance(10);
    await bench.provide(2, TWO);
    await bench.clock.advance(246_000);
    expect(bench.client.bootstrapSnapshot?.state).toBe("provisioning");
    await bench.clock.advance(1_100);
    expect(bench.client.bootstrapSnapshot).toMatchObject({
      state: "waiting",
      lastError: "the Bootstrap-Server fell silent before Finish",
    });
    expect(bench.provisions).toEqual([]);
    await bench.clock.advance(12_000);
    expect(bench.bs.log).toHaveLength(2);
    // What was written before is forgotten: the second session has to say all of it.
    const { text } = await bench.bs.ask("GET", { path: "/1", accept: Format.LinkFormat });
    expect(text).toBe("</>;lwm2m=1.1,</1/0>;ssid=1");
  });

  it("goes on as long as the server asks something", async () => {
    const bench = await new BootstrapBench().started();
    await bench.provide(1, ONE);
    for (let i = 0; i < 5; i++) {
      await bench.clock.advance(200_000);
      await bench.bs.ask("GET", { path: "/1" });
    }
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("leaves the registrations alone that there are", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT] }).started();
    bench.client.bootstrap();
    await bench.clock.advance(10);
    await bench.bs.ask("DELETE", { path: "/" });
    expect((await bench.finish()).code).toBe("4.06");
    await bench.clock.advance(400_000);
    expect(bench.server(ONE).log.filter((line) => line.startsWith("DELETE"))).toEqual([]);
    expect(bench.client.registrations).toMatchObject([{ state: "registered" }]);
  });

  it("can be mended after a Finish that was refused", async () => {
    const bench = await new BootstrapBench().started();
    await bench.write("/1/1", server(1, 1));
    const refused = await bench.finish();
    expect([refused.code, refused.text]).toEqual(["4.06", "no Instance of Object 0 for server 1"]);
    await bench.write("/0/1", security(1, 1, ONE));
    expect((await bench.finish()).code).toBe("2.04");
  });
});

describe("a Finish that was refused", () => {
  const refusedBench = async () => {
    const bench = await new BootstrapBench().started();
    await bench.write("/1/1", server(1, 1));
    expect((await bench.finish()).code).toBe("4.06");
    return bench;
  };

  it("is not waited on for EXCHANGE_LIFETIME: the server is asked again by the schedule, and people read why", async () => {
    const bench = await refusedBench();
    await bench.clock.advance(44_000);
    expect(bench.client.bootstrapSnapshot?.state).toBe("provisioning");
    await bench.clock.advance(1_100);
    expect(bench.client.bootstrapSnapshot).toMatchObject({
      state: "waiting",
      lastError: "no Instance of Object 0 for server 1",
    });
    await bench.clock.advance(12_000);
    expect(bench.bs.log).toHaveLength(2);
  });

  it("is waited on for longer once the server has begun to mend it", async () => {
    const bench = await refusedBench();
    await bench.clock.advance(40_000);
    await bench.write("/0/1", security(1, 1, ONE));
    await bench.clock.advance(200_000);
    expect((await bench.finish()).code).toBe("2.04");
  });
});

describe("outside of a session", () => {
  it("nobody may do anything, not even the Bootstrap-Server", async () => {
    const bench = await new BootstrapBench().started();
    await bench.provide(1, ONE);
    await bench.finish();
    expect((await bench.write("/1/5", server(5, 5))).code).toBe("4.01");
    expect((await bench.bs.ask("GET", { path: "/1" })).code).toBe("4.01");
    expect((await bench.bs.ask("DELETE", { path: "/" })).code).toBe("4.01");
    expect((await bench.finish()).code).toBe("4.01");
  });

  it("other servers have no part in it", async () => {
    const bench = await new BootstrapBench({ accounts: [ACCOUNT] }).started();
    bench.client.bootstrap();
    await bench.clock.advance(10);
    const one = bench.server(ONE);
    const payload = encoded("/0/7", security(7, 7, TWO), Format.Tlv);
    expect((await one.ask("PUT", { path: "/0/7", format: Format.Tlv, payload })).code).toBe("4.01");
    expect((await one.ask("DELETE", { path: "/" })).code).toMatch(/^4/);
    expect((await one.ask("POST", { path: "/bs" })).code).toMatch(/^4/);
    expect((await one.ask("GET", { path: "/3303/0/5700" })).text).toBe("22.0");
  });
});
