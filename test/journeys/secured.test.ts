/** Two hundred sensors, each over DTLS with a key of its own: all registered, all observed, and all back whatever restarts. */

import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { dtls, DtlsCounters, DtlsTransport, HandshakeGate, SessionStore } from "../../src/dtls/index.ts";
import { fields, MemoryStore, Rig } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { findTestOpenssl, testServer, titled } from "../support/openssl-server.ts";
import { RegistrationBook } from "../support/registration-book.ts";
import { SecuredNetwork } from "../support/secured-network.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const found = await findTestOpenssl();
const SENSORS = 200;
const URI = "coaps://server:5684";
const MINUTE = 60_000;
const NAMES = Array.from({ length: SENSORS }, (_, n) => `sim-${n}`);
const EVERYBODY = ["gw", ...NAMES].sort();
const keyOf = (identity: string) =>
  createHmac("sha256", "secret of the test").update(identity).digest().subarray(0, 16);

/** A server, and the disk of a gateway; gateways come and go. */
function world() {
  const clock = new FakeClock();
  const network = new SecuredNetwork(clock);
  const book = new RegistrationBook();
  network.verdict = book.verdict;
  const psk = (identity: Uint8Array) => keyOf(Buffer.from(identity).toString());
  const startServer = () => testServer(found.openssl!, { psk }, network);
  let server = startServer();
  network.end = server;
  return {
    clock,
    network,
    book,
    disk: { roster: new MemoryStore(), sessions: new MemoryStore() },
    /** With nothing of what it knew: no associations, no sessions, no registrations. */
    restartServer: () => {
      book.clear();
      server.forget();
      server = startServer();
      network.end = server;
    },
  };
}

async function gateway({ clock, network, disk }: ReturnType<typeof world>) {
  const random = new SeededRandom(5);
  const log = new MemoryLog();
  const counters = new DtlsCounters();
  const gate = new HandshakeGate({ clock, random });
  const sessions = new SessionStore({ clock, log, file: disk.sessions });
  await sessions.load();
  const shared = { clock, log, gate, sessions };
  let busiest = 0;
  const credentials = { mode: "psk", identity: Buffer.from("?"), secretKey: new Secret("00", "unused") } as const;
  const rig = new Rig({
    clock,
    store: disk.roster,
    rules: [{ adapter: "sim" }],
    accounts: [{ uri: URI, lifetime: 300, shortServerId: 1, credentials }],
    connect: (_, { endpoint, ...local }) =>
      new DtlsTransport({
        dial: network.dial(endpoint, local),
        known: local.port !== undefined,
        associate: (owner, options) => {
          busiest = Math.max(busiest, gate.busy);
          const keys = { mode: "psk", identity: Buffer.from(endpoint), key: createSecretKey(keyOf(endpoint)) } as const;
          return dtls({ credentials: keys, random, now: () => clock.now(), name: URI, counters })(owner, options);
        },
        server: URI,
        endpoint,
        shared,
      }),
  });
  await rig.gateway.start();
  await clock.advance(1_000);
  const say = async (temperature: number) => {
    for (const name of NAMES) rig.hear(`sim/${name}`, fields({ model: "climate", temperature, humidity: 40 }));
    await clock.advance(30_000);
  };
  const stop = async () => {
    const stopping = rig.gateway.stop();
    await clock.advance(5_000);
    await stopping;
    await sessions.close();
  };
  return { rig, counters, say, stop, busiest: () => busiest };
}

/** Observes the temperature of each; what came of each since. */
async function observeEach({ network, clock }: ReturnType<typeof world>) {
  const tokens = NAMES.map((name) => network.server(name).send("GET", { path: "/3303/0/5700", observe: 0 }));
  await clock.advance(5_000);
  return () => NAMES.map((name, n) => network.server(name).answers(tokens[n]!).at(-1)?.text);
}

describe.skipIf(!found.openssl)(titled("two hundred sensors over DTLS", found), () => {
  it("are all registered, all observed, and all back when the server was started again with nothing", async () => {
    const here = world();
    const { rig, counters, say, busiest } = await gateway(here);
    await say(20);
    expect(here.book.endpoints).toEqual(EVERYBODY);
    expect(counters.completed).toBe(SENSORS + 1);
    // 32 that talk, and as many whose sockets have just opened.
    expect(busiest()).toBeLessThanOrEqual(64);
    const newest = await observeEach(here);
    await say(21);
    expect(newest()).toEqual(NAMES.map(() => "21.0"));

    here.restartServer();
    await here.clock.advance(15 * MINUTE);
    expect(here.book.endpoints).toEqual(EVERYBODY);
    const [status] = rig.gateway.status().servers;
    expect(status).toMatchObject({ registered: SENSORS + 1, endpoints: SENSORS + 1 });
    const again = await observeEach(here);
    await say(22);
    expect(again()).toEqual(NAMES.map(() => "22.0"));
    for (const name of NAMES)
      expect(rig.gateway.sensor(name)?.registration.security).toMatchObject({ protocol: "DTLS 1.2", resumed: false });
  });

  it("come back from the same ports with the sessions of before, when the gateway was started again", async () => {
    const here = world();
    const before = await gateway(here);
    await before.say(20);
    await before.stop();
    expect(here.book.endpoints).toEqual([]);
    const portsOf = (from: number) =>
      new Map(here.network.ports.slice(from).map(({ endpoint, port }) => [endpoint, port]));
    const ports = portsOf(0);
    const dialled = here.network.ports.length;

    const after = await gateway(here);
    await here.clock.advance(MINUTE);
    expect(here.book.endpoints).toEqual(EVERYBODY);
    expect(portsOf(dialled)).toEqual(ports);
    expect([after.counters.completed, after.counters.resumed]).toEqual([SENSORS + 1, SENSORS + 1]);
  });

  it("are back within minutes of a server that was away for an hour", async () => {
    const here = world();
    const { rig, say } = await gateway(here);
    await say(20);
    here.network.down = true;
    await here.clock.advance(60 * MINUTE);
    expect(rig.gateway.status().problems[0]?.what).toMatch(
      /registered at coaps:\/\/server:5684: DTLS: .*does not answer/,
    );
    here.restartServer();
    here.network.down = false;
    await here.clock.advance(20 * MINUTE);
    expect(here.book.endpoints).toEqual(EVERYBODY);
  });
});
