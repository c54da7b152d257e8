import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { fingerprint, type Provision } from "../../../src/lwm2m/index.ts";
import { BOOTSTRAP, BootstrapBench, ENDPOINT, security, server } from "../../support/bootstrap-bench.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemoryLog } from "../../support/memory-log.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const THREE = "coap://three:5683";
const account = (shortServerId: number, uri: string, more: object = {}) => ({
  uri,
  lifetime: 300,
  shortServerId,
  ...more,
});
const deregistered = (bench: BootstrapBench, uri: string) =>
  bench.server(uri).log.some((line) => line.startsWith("DELETE"));
const registers = (bench: BootstrapBench, uri: string) =>
  bench.server(uri).log.filter((line) => line.startsWith("POST /rd?")).length;

/** Registered at ONE, and in the middle of a bootstrap that somebody has asked for. */
async function inSession(accounts = [account(1, ONE)]): Promise<BootstrapBench> {
  const bench = await new BootstrapBench({ accounts }).started();
  bench.client.bootstrap();
  await bench.clock.advance(10);
  return bench;
}

async function finished(bench: BootstrapBench): Promise<void> {
  expect((await bench.finish()).code).toBe("2.04");
  await bench.clock.advance(1_000);
}

describe("after Finish", () => {
  it("registrations under accounts that are as they were go on", async () => {
    const bench = await inSession();
    await finished(bench);
    expect(deregistered(bench, ONE)).toBe(false);
    expect(registers(bench, ONE)).toBe(1);
    expect(bench.provisions).toHaveLength(1);
  });

  it("a server over TCP is still one whose binding is T, if nobody has said otherwise", async () => {
    const bench = await inSession([account(1, "coap+tcp://one:5683")]);
    const { text } = await bench.bs.ask("GET", { path: "/1/0", accept: Format.SenmlJson });
    expect(text).toContain('"n":"7","vs":"T"');
    await finished(bench);
    expect(bench.provisions[0]?.accounts[0]).toMatchObject({ uri: "coap+tcp://one:5683", binding: "T" });
    expect(registers(bench, "coap+tcp://one:5683")).toBe(1);
  });

  it("a new server is registered at, and the one before hears of its Instance", async () => {
    const bench = await inSession();
    await bench.provide(2, TWO);
    await finished(bench);
    expect(registers(bench, TWO)).toBe(1);
    expect(registers(bench, ONE)).toBe(1);
    expect(bench.server(ONE).requests.at(-1)?.text).toContain("</1/0>,</1/2>");
    expect(bench.client.registrations.map(({ state }) => state)).toEqual(["registered", "registered"]);
  });

  it("a server that is gone is taken leave of", async () => {
    const bench = await inSession([account(1, ONE), account(2, TWO)]);
    await bench.bs.ask("DELETE", { path: "/1/1" });
    await bench.bs.ask("DELETE", { path: "/0/1" });
    await finished(bench);
    expect([deregistered(bench, ONE), deregistered(bench, TWO)]).toEqual([false, true]);
    expect(bench.client.registrations.map(({ server: uri }) => uri)).toEqual([ONE]);
    const before = bench.server(TWO).log.length;
    await bench.clock.advance(600_000);
    expect(bench.server(TWO).log).toHaveLength(before);
  });

  it("a server that has moved is left at the old address, and found at the new one", async () => {
    const bench = await inSession();
    await bench.bs.ask("PUT", { path: "/0/0/0", format: Format.Text, payload: TWO });
    await finished(bench);
    expect(deregistered(bench, ONE)).toBe(true);
    expect(registers(bench, TWO)).toBe(1);
  });

  it("another lifetime is told by Update", async () => {
    const bench = await inSession();
    await bench.bs.ask("PUT", { path: "/1/0/1", format: Format.Text, payload: "900" });
    await finished(bench);
    expect(registers(bench, ONE)).toBe(1);
    expect(bench.server(ONE).log.at(-1)).toMatch(/^POST \/rd\/r1\?lt=900/);
  });

  it("a server that never answers does not keep others waiting for long", async () => {
    const bench = await inSession();
    bench.server(ONE).verdict = () => undefined;
    await bench.bs.ask("DELETE", { path: "/1" });
    await bench.bs.ask("DELETE", { path: "/0" });
    await bench.provide(2, TWO);
    await finished(bench);
    await bench.clock.advance(6_000);
    expect(registers(bench, TWO)).toBe(1);
  });

  it("a server is gone to with the keys that came for it, which are logged nowhere", async () => {
    const log = new MemoryLog();
    const bench = await new BootstrapBench({ log }).started();
    const psk = {
      "/0/1/0": "coaps://one:5684",
      "/0/1/2": 0,
      "/0/1/3": Uint8Array.of(1),
      "/0/1/5": Uint8Array.of(0xca, 0xfe),
    };
    await bench.write("/0/1", { ...security(1, 1, ONE), ...psk });
    await bench.write("/1/1", server(1, 1));
    await finished(bench);
    expect(bench.provisions[0]?.accounts[0]?.credentials?.secretKey.reveal()).toBe("cafe");
    expect(bench.connected.at(-1)).toBe("coaps://one:5684");
    expect(JSON.stringify(log.lines)).not.toContain("cafe");
  });

  it("the account of the Bootstrap-Server is forgotten when its time is over (/0/x/12)", async () => {
    const bench = await inSession();
    await bench.write("/0/1", { "/0/1/0": BOOTSTRAP.uri, "/0/1/1": true, "/0/1/2": 3, "/0/1/12": 600 });
    await finished(bench);
    expect(bench.client.bootstrap()).toBe(true);
    await bench.clock.advance(605_000);
    expect(bench.provisions.at(-1)?.bootstrap).toBeUndefined();
    expect(bench.client.bootstrap()).toBe(false);
    expect(bench.client.registrations).toMatchObject([{ state: "registered" }]);
    expect((await bench.server(ONE).ask("POST", { path: "/1/0/9" })).code).toMatch(/^4\.0[45]/);
  });
});

describe("when bootstrap begins", () => {
  it("because a server says so (/1/x/9, ETS int-5)", async () => {
    const bench = await new BootstrapBench({ accounts: [account(1, ONE)], bootstrap: { holdOff: 100 } }).started();
    expect((await bench.server(ONE).ask("POST", { path: "/1/0/9" })).code).toBe("2.04");
    await bench.clock.advance(100);
    expect(bench.bs.log).toEqual([`POST /bs?ep=${ENDPOINT}&pct=112`]);
  });

  it("because no server takes us (ETS int-7)", async () => {
    const bench = new BootstrapBench({ accounts: [account(1, ONE), account(2, TWO)] });
    for (const uri of [ONE, TWO]) bench.server(uri).verdict = () => ({ code: 0x83 });
    await bench.started();
    expect(bench.bs.log).toHaveLength(1);
    await bench.provide(3, THREE);
    await finished(bench);
    expect(registers(bench, THREE)).toBe(1);
  });

  it("not as long as one server has us", async () => {
    const bench = new BootstrapBench({ accounts: [account(1, ONE), account(2, TWO)] });
    bench.server(ONE).verdict = () => ({ code: 0x83 });
    await bench.started();
    await bench.clock.advance(3_600_000);
    expect(bench.bs.log).toEqual([]);
  });

  it("not if the servers do not want it (/1/x/16)", async () => {
    const bench = new BootstrapBench({ accounts: [account(1, ONE, { bootstrapOnFailure: false })] });
    bench.server(ONE).verdict = () => ({ code: 0x83 });
    await bench.started();
    await bench.clock.advance(3_600_000);
    expect(bench.bs.log).toEqual([]);
  });

  it("when one server has been given up that must not be", async () => {
    const given = { retryCount: 2, retryTimer: 10, sequenceDelay: 10, sequenceCount: 1 };
    const bench = new BootstrapBench({ accounts: [account(1, ONE), account(2, TWO, given)] });
    bench.server(TWO).verdict = () => ({ code: 0x83 });
    await bench.started();
    expect(bench.bs.log).toEqual([]);
    await bench.clock.advance(120_000);
    expect(bench.bs.log.length).toBeGreaterThan(0);
  });

  it("not in haste where what it gave leads nowhere either", async () => {
    const bench = new BootstrapBench({ accounts: [account(1, ONE)] });
    bench.server(ONE).verdict = () => ({ code: 0x83 });
    await bench.started();
    let asked = 0;
    for (let minute = 0; minute < 120; minute++) {
      if (bench.bs.log.length > asked) {
        asked = bench.bs.log.length;
        await bench.finish();
      }
      await bench.clock.advance(60_000);
    }
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(25);
  });

  it("and ends by itself when a server has us again before it has begun", async () => {
    const bench = new BootstrapBench({ accounts: [account(1, ONE)], bootstrap: { holdOff: 3_600 } });
    let refuse = true;
    const one = bench.server(ONE);
    one.verdict = (request) => (refuse ? { code: 0x83 } : one.grant(request));
    await bench.started();
    expect(bench.client.state).toBe("bootstrapping");
    refuse = false;
    await bench.clock.advance(600_000);
    expect(bench.client.state).toBe("registered");
    await bench.clock.advance(4_000_000);
    expect(bench.bs.log).toEqual([]);
  });
});

describe("several servers in order (LwM2M Core 1.2 §6.2.1.1)", () => {
  const first = { priority: 1 };
  const second = { priority: 2 };

  it("are registered at one after the other", async () => {
    const bench = new BootstrapBench({ bootstrap: null, accounts: [account(1, ONE, second), account(2, TWO, first)] });
    bench.server(TWO).verdict = () => undefined;
    await bench.started();
    expect([registers(bench, TWO) > 0, registers(bench, ONE)]).toEqual([true, 0]);
    bench.server(TWO).verdict = (request) => bench.server(TWO).grant(request);
    await bench.clock.advance(10_000);
    expect([bench.client.registrations[1]?.state, registers(bench, ONE)]).toEqual(["registered", 1]);
  });

  it("wait for one that blocks", async () => {
    const bench = new BootstrapBench({
      bootstrap: null,
      accounts: [account(1, ONE, { ...first, failureBlock: true }), account(2, TWO, second)],
    });
    let refuse = true;
    const one = bench.server(ONE);
    one.verdict = (request) => (refuse ? { code: 0x83 } : one.grant(request));
    await bench.started();
    await bench.clock.advance(600_000);
    expect(registers(bench, TWO)).toBe(0);
    refuse = false;
    await bench.clock.advance(600_000);
    expect(registers(bench, TWO)).toBe(1);
  });

  it("do not wait for one that has failed and does not block", async () => {
    const bench = new BootstrapBench({ bootstrap: null, accounts: [account(1, ONE, first), account(2, TWO, second)] });
    bench.server(ONE).verdict = () => ({ code: 0x83 });
    await bench.started();
    expect(registers(bench, TWO)).toBe(1);
  });

  it("each get an Update when somebody asks for it", async () => {
    const bench = await new BootstrapBench({ bootstrap: null, accounts: [account(1, ONE), account(2, TWO)] }).started();
    bench.client.update();
    await bench.clock.advance(100);
    for (const uri of [ONE, TWO]) expect(bench.server(uri).log.at(-1)).toBe("POST /rd/r1");
  });
});

describe("what was provisioned", () => {
  const FACTORY: Provision = { accounts: [], bootstrap: BOOTSTRAP };
  const GIVEN: Provision = { accounts: [account(7, TWO)], bootstrap: BOOTSTRAP };

  it("goes before the factory's after a restart", async () => {
    const saved = { provision: GIVEN, factory: fingerprint(FACTORY) };
    const bench = await new BootstrapBench({ saved }).started();
    expect(bench.connected).toEqual([TWO]);
  });

  it("is void once the factory's is another", async () => {
    const saved = { provision: GIVEN, factory: fingerprint({ accounts: [account(1, ONE)] }) };
    const bench = await new BootstrapBench({ saved }).started();
    expect(bench.connected).toEqual([BOOTSTRAP.uri]);
  });

  it("ends on time though the client was restarted in between", async () => {
    const clock = new FakeClock();
    const bootstrap = { ...BOOTSTRAP, accountTimeout: 600, purgeAt: clock.now().ms + 60_000 };
    const saved = { provision: { accounts: [account(7, TWO)], bootstrap }, factory: fingerprint(FACTORY) };
    const bench = await new BootstrapBench({ saved, clock }).started();
    await clock.advance(61_000);
    expect(bench.provisions.at(-1)).toEqual({ accounts: [account(7, TWO)] });
  });

  it("may be nothing at all: then the client is off, and says so", async () => {
    const bench = await new BootstrapBench({ bootstrap: null }).started();
    expect(bench.client.state).toBe("off");
    expect(bench.client.registrations).toEqual([]);
    expect(bench.client.registration).toMatchObject({ state: "off", server: "" });
    expect(bench.client.bootstrap()).toBe(false);
  });
});
