/** Ways to servers on real sockets: dialled by account, kept over restarts, and explained where there is none. */

import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Secret } from "../../src/base/secret.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import type { Transport } from "../../src/base/transport.ts";
import { Dialer, type DialerOptions } from "../../src/dial/index.ts";
import { OpensslDatagramServer } from "../../src/io/openssl/datagram-server.ts";
import type { Account } from "../../src/lwm2m/index.ts";
import { MemoryStore } from "../gateway/rig.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";

const found = await findTestOpenssl();
const KEY = "00112233445566778899aabbccddeeff";
const clock = new SystemClock();
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const account = (uri: string, more: Partial<Account> = {}): Account => ({
  uri,
  lifetime: 300,
  shortServerId: 1,
  ...more,
});
const psk = (port: number, key = KEY) =>
  account(`coaps://127.0.0.1:${port}`, {
    credentials: { mode: "psk", identity: Buffer.from("tag"), secretKey: new Secret(key, "key of the test") },
  });

async function dialer(options: Partial<DialerOptions> = {}): Promise<Dialer> {
  const one = await Dialer.open({ clock, random: systemRandom, log: silentLog, ...options });
  undo.push(() => one.close());
  return one;
}

/** Answers each payload with itself. */
async function echo() {
  const peers: string[] = [];
  const facts: boolean[] = [];
  const server = new OpensslDatagramServer(
    found.openssl!,
    { clock, random: systemRandom, log: silentLog, psk: () => Buffer.from(KEY, "hex") },
    {
      opened: (peer, { resumed }) => {
        peers.push(peer);
        facts.push(resumed);
      },
      received: (peer, payload) => void server.send(peer, payload),
      ended: () => undefined,
    },
  );
  const port = await server.open("127.0.0.1", 0);
  undo.push(() => server.close());
  return { server, port, peers, resumed: facts };
}

/** Opens it, says something, and gives what comes back. */
async function talk(line: Transport, words: string): Promise<string> {
  undo.push(() => line.close());
  const heard = new Promise<string>((resolve) => line.onDatagram((bytes) => resolve(Buffer.from(bytes).toString())));
  await line.open();
  line.send(Buffer.from(words));
  return heard;
}

describe("a dialler", () => {
  it("dials coap by UDP, from the port that the endpoint had, and says which that is", async () => {
    const far = createSocket("udp4");
    await new Promise<void>((resolve) => far.bind(0, "127.0.0.1", () => resolve()));
    undo.push(() => new Promise<void>((resolve) => far.close(() => resolve())));
    far.on("message", (datagram, { port }) => far.send(datagram, port, "127.0.0.1"));
    const bound: number[] = [];
    const one = await dialer();
    const wanted = { account: account(`coap://127.0.0.1:${far.address().port}`), endpoint: "tag" };
    const first = one.dial({ ...wanted, local: { onBound: (port) => bound.push(port) } });
    expect(await talk(first, "one")).toBe("one");
    expect(first.security).toBeUndefined();
    await first.close();
    const port = bound[0]!;
    const again = one.dial({ ...wanted, local: { port, onBound: (at) => bound.push(at) } });
    expect(await talk(again, "two")).toBe("two");
    expect(bound).toEqual([port, port]);
  });

  it.each([
    ["http://host", "is no address of a server"],
    ["coaps://host", "needs a key or a certificate"],
    ["coaps+tcp://host", "needs a key or a certificate"],
  ])("says in words why there is no way to %s", async (uri, words) => {
    const one = await dialer();
    expect(() => one.dial({ account: account(uri), endpoint: "tag" })).toThrow(words);
  });

  it("says in words that no cipher suite fits", async () => {
    const one = await dialer();
    const wrong = { ...psk(1), ciphersuites: [0xc02b] };
    expect(() => one.dial({ account: wrong, endpoint: "tag" })).toThrow("cipher suites");
  });

  it("dials streams too", async () => {
    const one = await dialer();
    const { credentials } = psk(1);
    for (const [uri, more] of [
      ["coap+tcp://127.0.0.1:1", {}],
      ["coaps+tcp://127.0.0.1:1", credentials ? { credentials } : {}],
    ] as const) {
      const line = one.dial({ account: account(uri, more), endpoint: "tag" });
      await expect(line.open()).rejects.toThrow("127.0.0.1:1");
      await line.close();
    }
  });

  it("puts OSCORE around any of them", async () => {
    const oscore = {
      masterSecret: new Secret(KEY, "master secret"),
      senderId: Uint8Array.of(1),
      recipientId: Uint8Array.of(2),
    };
    const disk = new MemoryStore();
    const one = await dialer({ state: { sessions: new MemoryStore(), sequences: disk } });
    const line = one.dial({ account: account("coap://127.0.0.1:9", { oscore }), endpoint: "tag" });
    await line.open();
    expect(line.security).toEqual({ protocol: "OSCORE", suite: "AES-CCM-16-64-128" });
    await line.close();
    const { credentials } = psk(9);
    const both = one.dial({
      account: account("coaps://127.0.0.1:9", { ...(credentials && { credentials }), oscore }),
      endpoint: "tag",
    });
    expect(both.security).toEqual({ protocol: "OSCORE over DTLS 1.2" });
    expect(disk.text).toContain("next");
    expect(disk.text).not.toContain(KEY.slice(0, 8));
  });
});

describe.skipIf(!found.openssl)(titled("a dialler of coaps", found), () => {
  it.each(["own", "openssl"] as const)("talks with a pre-shared key, by %s cryptography", async (backend) => {
    const { port } = await echo();
    const one = await dialer({ backend });
    const line = one.dial({ account: psk(port), endpoint: "tag" });
    expect(await talk(line, "hello")).toBe("hello");
    expect(line.security).toMatchObject({ protocol: "DTLS 1.2", suite: "TLS_PSK_WITH_AES_128_CCM_8" });
    expect(one.counters.completed).toBe(backend === "own" ? 1 : 0);
    if (backend === "own") expect(one.counts).toMatchObject({ dtlsHandshakes: 1, dtlsCompleted: 1, dtlsForged: 0 });
    else expect(one.counts).toEqual({});
  });

  it("takes up the session of before a restart, from the same port, and keeps no key in the clear", async () => {
    const { port, peers, resumed } = await echo();
    const sessions = new MemoryStore();
    const state = { sessions, sequences: new MemoryStore() };
    const bound: number[] = [];
    const local = { onBound: (at: number) => bound.push(at) };
    const before = await dialer({ state });
    const line = before.dial({ account: psk(port), endpoint: "tag", local });
    await talk(line, "one");
    await line.close();
    await before.close();
    expect(sessions.text).toContain("tag");
    expect(sessions.text).not.toContain(KEY.slice(0, 8));
    const after = await dialer({ state });
    const again = after.dial({ account: psk(port), endpoint: "tag", local: { ...local, port: bound[0]! } });
    expect(await talk(again, "two")).toBe("two");
    expect(resumed).toEqual([false, true]);
    expect(bound).toEqual([bound[0], bound[0]]);
    expect(peers[0]).toBe(peers[1]);
  });

  it("shakes hands in full when the key is another than that of the session", async () => {
    const { port, resumed } = await echo();
    const one = await dialer();
    const line = one.dial({ account: psk(port), endpoint: "tag" });
    await talk(line, "one");
    await line.close();
    const rotated = { ...psk(port), credentials: { ...psk(port).credentials!, identity: Buffer.from("tag 2") } };
    expect(await talk(one.dial({ account: rotated, endpoint: "tag" }), "two")).toBe("two");
    expect(resumed).toEqual([false, false]);
  });

  it("is renewed after a server has forgotten it", async () => {
    const { port, server } = await echo();
    const one = await dialer();
    const line = one.dial({ account: psk(port), endpoint: "tag" });
    await talk(line, "one");
    server.forget();
    await line.renew();
    const heard = new Promise<string>((resolve) => line.onDatagram((bytes) => resolve(Buffer.from(bytes).toString())));
    line.send(Buffer.from("two"));
    expect(await heard).toBe("two");
    expect(one.counters.resumed).toBe(1);
  });

  it("says that OpenSSL was asked for and is not there, and never takes another instead", async () => {
    const log = new MemoryLog();
    const missing = () => Promise.resolve({ status: "missing", reason: "OpenSSL is not there: no koffi" } as const);
    const one = await dialer({ backend: "openssl", log, findOpenssl: missing });
    expect(log.events("error")).toEqual(["openssl-missing"]);
    expect(() => one.dial({ account: psk(1), endpoint: "tag" })).toThrow("no koffi");
  });
});
