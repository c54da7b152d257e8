/** LwM2M clients over our DTLS at OpenSSL's, in virtual time: they register, are observed, and come back from whatever happens. */

import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { dtls, DtlsTransport, HandshakeGate, SessionStore } from "../../src/dtls/index.ts";
import { Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { findTestOpenssl, testServer, titled } from "../support/openssl-server.ts";
import { RegistrationBook } from "../support/registration-book.ts";
import { type SecureEnd, SecuredNetwork } from "../support/secured-network.ts";
import type { OpensslServer } from "../../src/io/openssl/server.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ACCOUNT, models, thermometer } from "../support/station.ts";
import { TestServer } from "./support/server/server.ts";
import { Secret } from "../../src/base/secret.ts";

const found = await findTestOpenssl();
const KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const TEMPERATURE = path(3303, 0, 5700);
const HOUR = 3_600_000;
const URI = "coaps://server:5684";

/** Bare transports without anything above: how many of them open. */
async function openings(count: number, loss: number, ms: number) {
  const { clock, network, shared } = scene();
  const random = new SeededRandom(6);
  network.loss = loss;
  let open = 0;
  for (let n = 0; n < count; n++) {
    const credentials = { mode: "psk", identity: Buffer.from(`e${n}`), key: createSecretKey(KEY) } as const;
    const transport = new DtlsTransport({
      dial: network.dial(`e${n}`),
      associate: dtls({ credentials, random, now: () => clock.now(), name: URI }),
      server: URI,
      endpoint: `e${n}`,
      shared,
    });
    void transport.open().then(
      () => (open += 1),
      () => undefined,
    );
  }
  await clock.advance(ms);
  return { open, shared, network };
}

/** `far`: what terminates DTLS; OpenSSL unless given. */
function scene(key: Buffer = KEY, far?: (network: SecuredNetwork) => SecureEnd) {
  const clock = new FakeClock();
  const random = new SeededRandom(4);
  const log = new MemoryLog();
  const network = new SecuredNetwork(clock);
  const book = new RegistrationBook();
  network.verdict = book.verdict;
  network.end = far?.(network) ?? openssl(network);
  const shared = { clock, log, gate: new HandshakeGate({ clock, random }), sessions: new SessionStore({ clock, log }) };
  const tree = new ObjectTree();
  thermometer(tree, clock);
  const credentials = { mode: "psk", identity: Buffer.from("tag"), key: createSecretKey(key) } as const;
  const dial = network.dial("tag");
  const account = {
    ...ACCOUNT,
    uri: URI,
    credentials: { mode: "psk", identity: Buffer.from("tag"), secretKey: new Secret("00", "test") },
  } as const;
  const client = new Lwm2mClient({
    endpoint: "tag",
    tree,
    provision: { accounts: [account] },
    models,
    connect: () =>
      new DtlsTransport({
        dial,
        associate: dtls({ credentials, random, now: () => clock.now(), name: URI }),
        server: URI,
        endpoint: "tag",
        shared,
      }),
    clock,
    random,
    log,
  });
  const told = () => network.server("tag").log.map((line) => line.replace(/\?.*/, ""));
  const set = (value: number) => tree.set(TEMPERATURE, value, clock.now());
  const observed = async () => {
    const token = network.server("tag").send("GET", { path: "/3303/0/5700", observe: 0 });
    await clock.advance(100);
    return () =>
      network
        .server("tag")
        .answers(token)
        .map(({ text }) => text);
  };
  const registered = async () => {
    client.start();
    await clock.advance(2_000);
    expect(client.registration.state).toBe("registered");
  };
  return { clock, log, network, book, client, set, told, observed, registered, shared };
}

/** The same at OpenSSL's, which is at hand. */
function atOpenssl(key?: Buffer) {
  const servers: OpensslServer[] = [];
  const all = scene(key, (network) => {
    const server = openssl(network);
    servers.push(server);
    return server;
  });
  return { ...all, server: servers[0]! };
}

const openssl = (network: SecuredNetwork) => testServer(found.openssl!, { psk: () => KEY }, network);

describe.skipIf(!found.openssl)(titled("an endpoint over DTLS", found), () => {
  it("registers, is observed, and says how its way is secured", async () => {
    const { client, clock, set, observed, registered } = atOpenssl();
    await registered();
    expect(client.registration.security).toEqual({
      protocol: "DTLS 1.2",
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
      connectionId: false,
      resumed: false,
    });
    const texts = await observed();
    set(23);
    await clock.advance(2_000);
    expect(texts()).toEqual(["22.0", "23.0"]);
  });

  it("says goodbye to LwM2M and to DTLS when it stops", async () => {
    const { client, clock, book, server, registered } = atOpenssl();
    await registered();
    const stopping = client.stop();
    await clock.advance(1_000);
    await stopping;
    expect(book.registered.size).toBe(0);
    expect(server.size).toBe(0);
  });

  it("is back, and observed anew, when the server has been started again with nothing", async () => {
    const { client, clock, network, server, book, told, registered } = atOpenssl();
    await registered();
    server.forget();
    book.clear();
    await clock.advance(HOUR / 2);
    expect(client.registration.state).toBe("registered");
    expect(book.registered.size).toBe(1);
    expect(network.opens).toBe(2);
    expect(told().slice(0, 2)).toEqual(["POST /rd/r1", "POST /rd"]);
    expect(client.registration.security?.resumed).toBe(true);
  });

  it("keeps registration and observations when the server has lost the association alone", async () => {
    const { client, clock, network, server, book, set, observed, registered } = atOpenssl();
    await registered();
    await observed();
    server.forget();
    await clock.advance(HOUR / 2);
    expect([...book.registered.keys()]).toEqual(["/rd/r1"]);
    expect(network.opens).toBe(2);
    // The notification arrives over the new association.
    set(25);
    await clock.advance(2_000);
    expect(network.server("tag").responses.map(({ text }) => text)).toContain("25.0");
    expect(client.registration).toMatchObject({ state: "registered", observations: 1 });
  });

  it("registers anew at once when the server hangs up", async () => {
    const { client, clock, network, server, told, registered } = atOpenssl();
    await registered();
    server.drop(network.way("tag").port, clock.monotonic());
    await clock.advance(1_000);
    expect(client.registration.state).toBe("registered");
    expect(told()).toEqual(["POST /rd"]);
    expect(network.opens).toBe(2);
  });

  it("is back when the server was away for hours", async () => {
    const { client, clock, network, book, server, registered } = atOpenssl();
    await registered();
    network.down = true;
    await clock.advance(6 * HOUR);
    expect(client.registration.state).not.toBe("registered");
    expect(client.registration.lastError).toMatch(/^DTLS: coaps:\/\/server:5684 does not answer/);
    server.forget();
    book.clear();
    network.down = false;
    await clock.advance(HOUR);
    expect(client.registration).toMatchObject({ state: "registered" });
    expect(client.registration.lastError).toBeUndefined();
  });

  it("says in words that its key is another than the server's", async () => {
    const { client, clock, log } = scene(Buffer.alloc(16, 9));
    client.start();
    await clock.advance(10 * 60_000);
    expect(client.registration.lastError).toMatch(/^DTLS: coaps:\/\/server:5684 .*key.*"tag"/);
    expect(log.events("warn")).toEqual(["registration-failed"]);
    const warned = log.lines.find(({ level }) => level === "warn");
    expect(warned?.fields).toMatchObject({ endpoint: "tag", server: URI, error: client.registration.lastError });
    expect(JSON.stringify(log.lines)).not.toContain("0909090909");
  });

  it.skipIf(!found.canLose)("stays manageable where three datagrams in ten get lost, each way", async () => {
    const { client, clock, network, set, book } = scene();
    network.loss = 0.3;
    client.start();
    await clock.advance(HOUR / 6);
    expect(book.registered.size).toBeGreaterThan(0);
    let heard = 0;
    for (let round = 0; round < 40; round++) {
      set(round);
      const server = network.server("tag");
      // A server repeats what is not answered, as RFC 7252 §4.2 has it.
      const answered = async () => {
        for (let turn = 0; turn < 6; turn++) {
          const token = server.send("GET", { path: "/3303/0/5700" });
          await clock.advance(10_000);
          if (server.answers(token).some(({ text }) => Number(text) === round)) return 1;
        }
        return 0;
      };
      heard += await answered();
    }
    expect(heard).toBeGreaterThanOrEqual(39);
    network.loss = 0;
    await clock.advance(HOUR / 2);
    expect(client.registration.state).toBe("registered");
  });
});

describe("an endpoint over DTLS at a server with Connection IDs", () => {
  function withCid() {
    const servers: TestServer[] = [];
    let issued = 0;
    const all = scene(KEY, (network) => {
      const random = new SeededRandom(8);
      const issueCid = () => Uint8Array.of(0xc1, issued >> 8, issued & 0xff, issued++ & 1);
      const server = new TestServer({ random, psk: () => KEY, issueCid, resumes: true }, network);
      servers.push(server);
      network.identify = (peer) => server.peer(peer);
      return server;
    });
    return { ...all, server: servers[0]! };
  }

  it("is still registered and observed when its port has changed on the way (RFC 9146 §6)", async () => {
    const { client, clock, network, server, book, set, observed, registered } = withCid();
    await registered();
    expect(client.registration.security).toMatchObject({ connectionId: true });
    const texts = await observed();
    network.rebind("tag");
    set(24);
    await clock.advance(2_000);
    set(25);
    await clock.advance(HOUR);
    expect(texts().slice(0, 3)).toEqual(["22.0", "24.0", "25.0"]);
    expect([...book.registered.keys()]).toEqual(["/rd/r1"]);
    expect(server.handshakes).toBe(1);
  });

  it("begins anew where the server has forgotten its Connection ID", async () => {
    const { client, clock, server, book, registered } = withCid();
    await registered();
    server.forget(false);
    book.clear();
    await clock.advance(HOUR / 2);
    expect(client.registration).toMatchObject({ state: "registered", security: { resumed: false } });
    expect(server.handshakes).toBeGreaterThan(1);
  });
});

describe.skipIf(!found.openssl)(titled("many that open at once", found), () => {
  it("come through the gate in no time, each with a session to take up later", async () => {
    const { open, shared, network } = await openings(500, 0, 5_000);
    expect(open).toBe(500);
    expect(network.opens).toBe(500);
    expect(shared.sessions.size).toBe(500);
    expect([shared.gate.busy, shared.gate.waiting]).toEqual([0, 0]);
  });

  it.skipIf(!found.canLose)("open, 39 of 40, where three datagrams in ten get lost each way", async () => {
    const { open } = await openings(40, 0.3, 120_000);
    expect(open).toBeGreaterThanOrEqual(39);
  });
});
