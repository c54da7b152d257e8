/** A client at a server made of bytes, over real TCP and TLS: it registers, is read and observed, and comes back. */

import { createSecretKey } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { ByteStream } from "../../src/base/byte-stream.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { streamTransport } from "../../src/coap/index.ts";
import { tcp } from "../../src/io/streams/tcp.ts";
import { tls } from "../../src/io/streams/tls.ts";
import { Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { ACCOUNT, models } from "../support/station.ts";
import { Code, StreamServer, type StreamServerOptions } from "../support/stream-server.ts";

const KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const PSK: StreamServerOptions = {
  tls: {
    ciphers: "PSK-AES128-CCM8:@SECLEVEL=0",
    maxVersion: "TLSv1.2",
    ALPNProtocols: ["coap"],
    pskCallback: () => KEY,
  },
};
const TEMPERATURE = path(3303, 0, 5700);
const clock = new SystemClock();

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(options: StreamServerOptions = {}): Promise<StreamServer> {
  const made = await new StreamServer(options).open();
  let isOpen = true;
  closing.push(() => (isOpen ? made.close() : undefined));
  const close = made.close.bind(made);
  made.close = () => {
    isOpen = false;
    return close();
  };
  return made;
}

function client(port: number, secured: boolean): { client: Lwm2mClient; tree: ObjectTree } {
  const tree = new ObjectTree();
  tree.addInstance(path(3303, 0));
  tree.set(TEMPERATURE, 21.5, clock.now());
  const stream = (): ByteStream =>
    secured
      ? tls({
          host: "127.0.0.1",
          port,
          clock,
          credentials: { mode: "psk", identity: Buffer.from("dev1"), key: createSecretKey(KEY) },
        })
      : tcp({ host: "127.0.0.1", port });
  const made = new Lwm2mClient({
    endpoint: "tcp-sensor",
    tree,
    provision: { accounts: [{ ...ACCOUNT, uri: `coap+tcp://127.0.0.1:${port}` }] },
    models,
    connect: () => streamTransport(stream(), { clock, random: systemRandom, log: silentLog }),
    clock,
    random: systemRandom,
    log: silentLog,
  });
  closing.push(() => made.stop());
  made.start();
  return { client: made, tree };
}

/** Looks again with every turn of the loop; the test's own time limit ends it. */
async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each([
  ["TCP", false],
  ["TLS with a pre-shared key", true],
])("over %s", (_, secured) => {
  const open = () => server(secured ? PSK : {});

  it("registers with b=T, is read, and tells what is observed, confirmed or not", async () => {
    const there = await open();
    const { client: here, tree } = client(there.port, secured);
    await until(() => here.registration.state === "registered");
    expect(there.requests[0]).toBe("POST /rd?lwm2m=1.1&ep=tcp-sensor&lt=300&b=T");

    const read = there.peer.ask(Code.GET, "/3303/0/5700");
    const answer = await until(() => there.peer.answers(read)[0]);
    expect([answer.code, answer.payload.toString()]).toEqual([Code.Content, "21.5"]);

    const observe = there.peer.ask(Code.GET, "/3303/0/5700", 0);
    await until(() => there.peer.answers(observe).length === 1);
    for (const value of [22, 23]) {
      tree.set(TEMPERATURE, value, clock.now());
      await until(() => there.peer.answers(observe).at(-1)?.payload.toString() === value.toFixed(1));
    }
    expect(
      there.peer.answers(observe).every(({ options }) => options.some(([n, value]) => n === 6 && value.length === 0)),
    ).toBe(true);
  });

  it("is back after the server was, with a Register on a line of its own", async () => {
    const there = await open();
    const { client: here } = client(there.port, secured);
    await until(() => here.registration.state === "registered");
    const { port } = there;
    await there.close();
    await until(() => here.registration.state !== "registered");
    const again = await server({ ...(secured ? PSK : {}), port });
    await until(() => again.requests.length > 0 && here.registration.state === "registered");
    expect(again.requests).toEqual(["POST /rd?lwm2m=1.1&ep=tcp-sensor&lt=300&b=T"]);
    const read = again.peer.ask(Code.GET, "/3303/0/5700");
    expect((await until(() => again.peer.answers(read)[0])).payload.toString()).toBe("21.5");
  });

  it("takes its leave: a De-register, then a Release", async () => {
    const there = await open();
    const { client: here } = client(there.port, secured);
    await until(() => here.registration.state === "registered");
    await here.stop();
    await until(() => there.peer.heard.some(({ code }) => code === Code.Release));
    expect(there.requests.at(-1)).toBe("DELETE /rd/t1");
  });
});

describe("two hundred clients over TCP", () => {
  it("register, and are all back after the server has been away", { timeout: 60_000 }, async () => {
    const there = await server();
    const clients = Array.from({ length: 200 }, () => client(there.port, false).client);
    const registered = () => clients.every(({ registration }) => registration.state === "registered");
    await until(registered);
    const { port } = there;
    await there.close();
    await until(() => clients.every(({ registration }) => registration.state !== "registered"));
    await server({ port });
    await until(registered);
  });
});
