/** DTLS in front of a plain server, over real sockets on loopback. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import type { Association, AssociationFacts, SecurityFailure } from "../../../src/base/association.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { opensslAssociate } from "../../../src/io/openssl/association.ts";
import { OpensslDatagramServer } from "../../../src/io/openssl/datagram-server.ts";
import { secureDoor } from "../../../src/io/openssl/door.ts";
import type { Openssl } from "../../../src/io/openssl/library.ts";
import { SecureRelay } from "../../../src/io/openssl/relay.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { findTestOpenssl, keyOf, pskOf, titled } from "../../support/openssl-server.ts";
import { KEY } from "../../support/secure-scene.ts";

const found = await findTestOpenssl();
const HOST = "127.0.0.1";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function bound(port = 0): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    ends.push(() => {
      socket.removeAllListeners("message");
      socket.close();
    });
    socket.bind(port, HOST, () => resolve(socket));
  });
}

/** A plain server that answers each datagram with itself and a mark. */
async function plainServer() {
  const socket = await bound();
  const heard: { text: string; from: RemoteInfo }[] = [];
  socket.on("message", (bytes, from) => {
    heard.push({ text: bytes.toString(), from });
    socket.send(`${bytes.toString()}!`, from.port, from.address);
  });
  return { socket, heard, port: socket.address().port };
}

/** A client of OpenSSL's on a socket of its own. */
class Client {
  readonly heard: string[] = [];
  failure: SecurityFailure | undefined;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #openssl: Openssl;
  #line: Association | undefined;
  #wake: () => void = () => undefined;

  constructor(openssl: Openssl, socket: Socket, port: number) {
    this.#openssl = openssl;
    this.#socket = socket;
    this.#port = port;
    socket.on("message", (datagram) => this.#line?.receive(datagram, 0));
  }

  shake(key = KEY): Promise<AssociationFacts | SecurityFailure> {
    const credentials = pskOf("dev1", key);
    const now = () => ({ ms: Date.UTC(2026, 5, 1), trusted: true });
    return new Promise((resolve) => {
      this.#line = opensslAssociate(this.#openssl, { credentials, now })(
        {
          transmit: (datagram) => this.#socket.send(datagram, this.#port, HOST),
          opened: resolve,
          received: (payload) => {
            this.heard.push(Buffer.from(payload).toString());
            this.#wake();
          },
          ended: (failure) => {
            this.failure = failure;
            resolve(failure);
            this.#wake();
          },
        },
        { maxDatagram: 1_232 },
      );
      this.#line.start(0);
    });
  }

  say(words: string): void {
    this.#socket.send(this.#line!.seal(Buffer.from(words))!, this.#port, HOST);
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#line?.close();
  }
}

describe.skipIf(!found.openssl)(titled("a relay of DTLS", found), () => {
  const openssl = found.openssl!;
  const clock = new FakeClock();
  const parts = { clock, random: systemRandom, log: silentLog };

  async function relayed() {
    const inner = await plainServer();
    const relay = new SecureRelay(openssl, {
      ...parts,
      psk: keyOf("dev1", KEY),
      inner: { address: HOST, port: inner.port },
    });
    const port = await relay.open(HOST, 0);
    ends.push(() => relay.close());
    return { inner, relay, port };
  }

  it("hands what it unsealed to the server behind it, and seals the answers", async () => {
    const { inner, relay, port } = await relayed();
    const socket = await bound();
    const client = new Client(openssl, socket, port);
    expect(await client.shake()).toMatchObject({ suite: "TLS_PSK_WITH_AES_128_CCM_8" });
    for (const words of ["one", "two", "three"]) client.say(words);
    await client.until(() => client.heard.length === 3);
    expect(client.heard).toEqual(["one!", "two!", "three!"]);
    const { from } = inner.heard[0]!;
    expect(relay.peerAt(from.port)?.peer).toBe(`${HOST} ${socket.address().port}`);
    expect(Buffer.from(relay.peerAt(from.port)?.facts.identity ?? []).toString()).toBe("dev1");
    expect(relay.peerAt(1)).toBeUndefined();
    client.close();
  });

  it("carries what the server behind it says by itself", async () => {
    const { inner, port } = await relayed();
    const client = new Client(openssl, await bound(), port);
    await client.shake();
    client.say("hello");
    await client.until(() => client.heard.length === 1);
    inner.socket.send("unasked", inner.heard[0]!.from.port, HOST);
    await client.until(() => client.heard.length === 2);
    expect(client.heard).toEqual(["hello!", "unasked"]);
    client.close();
  });

  it("keeps its place at the server behind for a client that begins anew from its port", async () => {
    const { inner, port } = await relayed();
    const socket = await bound();
    const client = new Client(openssl, socket, port);
    await client.shake();
    client.say("first");
    await client.until(() => client.heard.length === 1);
    await client.shake();
    client.say("second");
    await client.until(() => client.heard.length === 2);
    expect(new Set(inner.heard.map(({ from }) => from.port)).size).toBe(1);
    client.close();
  });

  it("gives the place up a minute after a client has gone", async () => {
    const { inner, relay, port } = await relayed();
    const client = new Client(openssl, await bound(), port);
    await client.shake();
    client.say("here");
    await client.until(() => client.heard.length === 1);
    const place = inner.heard[0]!.from.port;
    relay.forget();
    expect(relay.size).toBe(0);
    expect(relay.peerAt(place)).toBeDefined();
    clock.tick(61_000);
    expect(relay.peerAt(place)).toBeUndefined();
  });

  it("lets nobody through who has not the key", async () => {
    const { inner, relay, port } = await relayed();
    const client = new Client(openssl, await bound(), port);
    const plain = await bound();
    plain.send("let me in", port, HOST);
    void client.shake(Buffer.alloc(16, 1));
    const good = new Client(openssl, await bound(), port);
    await good.shake();
    good.say("in");
    await good.until(() => good.heard.length === 1);
    expect(inner.heard.map(({ text }) => text)).toEqual(["in"]);
    expect(relay.size).toBeLessThanOrEqual(2);
    client.close();
    good.close();
  });

  it("says close_notify to all when it closes, before the socket is gone", async () => {
    const { relay, port } = await relayed();
    const client = new Client(openssl, await bound(), port);
    await client.shake();
    await relay.close();
    await relay.close();
    await client.until(() => client.failure !== undefined);
    expect(client.failure).toMatchObject({ kind: "closed" });
  });

  it("fails to open where the port is taken", async () => {
    const taken = (await bound()).address().port;
    const owner = { opened() {}, received() {}, ended() {} };
    const server = new OpensslDatagramServer(openssl, { ...parts, psk: keyOf("dev1", KEY) }, owner);
    await expect(server.open(HOST, taken)).rejects.toThrow("EADDRINUSE");
    await server.close();
  });

  it("is a door that says who came through it, and where from", async () => {
    const inner = await plainServer();
    const door = await secureDoor(parts);
    if ("missing" in door) throw new Error(door.missing);
    ends.push(() => door.close());
    const where = { address: HOST, port: inner.port };
    const port = await door.open({ host: HOST, port: 0, inner: where, keyOf: keyOf("dev1", KEY) });
    const socket = await bound();
    const client = new Client(openssl, socket, port);
    await client.shake();
    client.say("knock");
    await client.until(() => client.heard.length === 1);
    expect(door.peerAt(inner.heard[0]!.from.port)).toEqual({
      identity: "dev1",
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
      address: `${HOST}:${socket.address().port}`,
    });
    client.close();
  });
});
