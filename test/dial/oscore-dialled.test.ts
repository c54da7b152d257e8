/** OSCORE through the dialler, on real sockets: over UDP and over DTLS, kept over a restart, and given by bootstrap. */

import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Secret } from "../../src/base/secret.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import type { Transport } from "../../src/base/transport.ts";
import { Code } from "../../src/coap/index.ts";
import { Format } from "../../src/content/index.ts";
import { Dialer } from "../../src/dial/index.ts";
import { oscoreOf } from "../../src/dial/security.ts";
import { OpensslDatagramServer } from "../../src/io/openssl/datagram-server.ts";
import { type Account, Lwm2mClient, ObjectTree, type Provision } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { encoded, server as serverObject } from "../support/bootstrap-bench.ts";
import { FakeServer } from "../support/fake-server.ts";
import { MemoryStore } from "../gateway/rig.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";
import { OscoreServer } from "../support/oscore-server.ts";
import { models } from "../support/station.ts";

const found = await findTestOpenssl();
const clock = new SystemClock();
const KEY = "00112233445566778899aabbccddeeff";
const OSCORE = {
  masterSecret: new Secret("0102030405060708090a0b0c0d0e0f10", "master secret of the test"),
  senderId: Uint8Array.of(1),
  recipientId: Uint8Array.of(2),
};
const MIRRORED = oscoreOf({ ...OSCORE, senderId: OSCORE.recipientId, recipientId: OSCORE.senderId });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** The far end of whatever carries datagrams: answers go to who spoke last. */
class FarEnd implements Transport {
  readonly maxDatagram = 1_280;
  #up: (datagram: Uint8Array) => void = () => undefined;
  send: (datagram: Uint8Array) => void = () => undefined;
  open = () => Promise.resolve();
  renew = () => Promise.resolve();
  close = () => Promise.resolve();
  onClose = () => undefined;
  /** All that was heard, as it travelled. */
  readonly heard: Uint8Array[] = [];

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#up = listener;
  }

  receive(datagram: Uint8Array, answer: (datagram: Uint8Array) => void): void {
    this.send = answer;
    this.heard.push(datagram);
    this.#up(datagram);
  }
}

async function bound(): Promise<{ socket: Socket; line: FarEnd; port: number }> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  undo.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const line = new FarEnd();
  socket.on("message", (datagram, { port, address }) =>
    line.receive(datagram, (answer) => socket.send(answer, port, address)),
  );
  return { socket, line, port: socket.address().port };
}

async function speaking(line: FarEnd): Promise<OscoreServer> {
  const server = await new OscoreServer({ clock, secrets: MIRRORED, line }).start();
  undo.push(() => server.close());
  return server;
}

/** A client as a program has it, with what its state folder holds. */
async function started(provision: Provision, sequences = new MemoryStore()): Promise<Lwm2mClient> {
  const random = systemRandom;
  const state = { sessions: new MemoryStore(), sequences };
  const dialer = await Dialer.open({ clock, random, log: silentLog, state });
  const tree = new ObjectTree();
  tree.addInstance(path(3303, 0));
  tree.set(path(3303, 0, 5700), 22, clock.now());
  const client = new Lwm2mClient({
    endpoint: "tag",
    tree,
    provision,
    models,
    connect: (account) => dialer.dial({ account, endpoint: "tag" }),
    clock,
    random,
    log: silentLog,
  });
  undo.push(() => dialer.close());
  undo.push(() => client.stop());
  client.start();
  return client;
}

const at = (uri: string, more: Partial<Account> = {}): Account => ({
  uri,
  lifetime: 300,
  shortServerId: 1,
  oscore: OSCORE,
  ...more,
});
const registered = (client: Lwm2mClient) =>
  vi.waitFor(() => expect(client.registration.state).toBe("registered"), { timeout: 5_000, interval: 10 });
const value = (server: OscoreServer) => server.ask({ code: Code.GET, path: "/3303/0/5700", accept: Format.Text });
const VALUE = { status: "answered", response: { code: Code.Content, payload: new Uint8Array(Buffer.from("22.0")) } };

describe("OSCORE by the dialler", () => {
  it("is spoken over UDP, and goes on behind its numbers after a restart", async () => {
    const { line, port } = await bound();
    const server = await speaking(line);
    const disk = new MemoryStore();
    const client = await started({ accounts: [at(`coap://127.0.0.1:${port}`)] }, disk);
    await registered(client);
    expect(client.registration.security).toEqual({ protocol: "OSCORE", suite: "AES-CCM-16-64-128" });
    expect(await value(server)).toMatchObject(VALUE);
    expect(disk.text).toContain("next");
    await client.stop();
    const again = await started({ accounts: [at(`coap://127.0.0.1:${port}`)] }, new MemoryStore(disk.text));
    await registered(again);
    expect(await value(server)).toMatchObject(VALUE);
    expect(server.counters).toMatchObject({ replayed: 0, forged: 0, unprotected: 0 });
    for (const datagram of line.heard) expect(Buffer.from(datagram).toString("latin1")).not.toMatch(/ep=|tag|3303/);
  });

  it("comes by bootstrap, as an Instance of Object 21, and is spoken at once (LwM2M Core 1.2 Appendix E.1, /0/x/17)", async () => {
    const { line, port } = await bound();
    const server = await speaking(line);
    const { line: bsLine, port: bsPort } = await bound();
    const bs = new FakeServer(bsLine);
    bs.verdict = () => ({ code: Code.Changed });
    const client = await started({ accounts: [], bootstrap: { uri: `coap://127.0.0.1:${bsPort}` } });
    await vi.waitFor(() => expect(bs.requests).toHaveLength(1), { timeout: 5_000, interval: 10 });
    const security = {
      "/0/3/0": `coap://127.0.0.1:${port}`,
      "/0/3/1": false,
      "/0/3/2": 3,
      "/0/3/10": 1,
      "/0/3/17": { object: 21, instance: 5 },
    };
    const oscore = {
      "/21/5/0": new Uint8Array(Buffer.from(OSCORE.masterSecret.reveal(), "hex")),
      "/21/5/1": OSCORE.senderId,
      "/21/5/2": OSCORE.recipientId,
    };
    for (const [where, values] of [
      ["/0/3", security],
      ["/21/5", oscore],
      ["/1/0", serverObject(0, 1)],
    ] as const) {
      const token = bs.send("PUT", { path: where, format: Format.Tlv, payload: encoded(where, values, Format.Tlv) });
      await vi.waitFor(() => expect(bs.answers(token)[0]?.code).toBe("2.04"), { timeout: 5_000, interval: 5 });
    }
    bs.send("POST", { path: "/bs" });
    await registered(client);
    expect(client.registration.security?.protocol).toBe("OSCORE");
    expect(await value(server)).toMatchObject(VALUE);
  });
});

describe.skipIf(!found.openssl)(titled("OSCORE over DTLS, by the dialler", found), () => {
  it("is spoken inside: registered, read, and both are told of", async () => {
    const line = new FarEnd();
    const server = await speaking(line);
    const psk = () => new Uint8Array(Buffer.from(KEY, "hex"));
    const front = new OpensslDatagramServer(
      found.openssl!,
      { clock, random: systemRandom, log: silentLog, psk },
      {
        opened: () => undefined,
        received: (peer, payload) => line.receive(payload, (answer) => void front.send(peer, answer)),
        ended: () => undefined,
      },
    );
    const port = await front.open("127.0.0.1", 0);
    undo.push(() => front.close());
    const credentials = { mode: "psk", identity: Buffer.from("tag"), secretKey: new Secret(KEY, "test") } as const;
    const client = await started({ accounts: [at(`coaps://127.0.0.1:${port}`, { credentials })] });
    await registered(client);
    expect(client.registration.security).toMatchObject({
      protocol: "OSCORE over DTLS 1.2",
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
    });
    expect(await value(server)).toMatchObject(VALUE);
    const sent = await client.send([path(3303, 0, 5700)]);
    expect(sent.get(1)).toEqual({ status: "sent" });
  });
});
