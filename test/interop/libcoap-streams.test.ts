/** libcoap's servers over TCP, and over TLS with a pre-shared key, one port further up (RFC 8323). */

import { createSecretKey } from "node:crypto";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { type Answer, Code, Endpoint, type StreamTransport, streamTransport } from "../../src/coap/index.ts";
import { tcp } from "../../src/io/streams/tcp.ts";
import { tls } from "../../src/io/streams/tls.ts";
import { program, Running, without } from "./support/programs.ts";

const KEY = "secretkey16bytes";
const clock = new SystemClock();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A port that is free now, and so is the next. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 15_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on ${port}`);
}

interface Peer {
  readonly port: number;
  readonly server: Running;
}

async function peer(name: string): Promise<Peer> {
  const port = await freePorts();
  const args = ["-A", "127.0.0.1", "-p", String(port), "-k", KEY, "-h", "hint", "-d", "10", "-v", "7"];
  const server = new Running(program(name), args);
  closing.push(() => server.end("SIGKILL"));
  await listening(port);
  return { port, server };
}

interface Line {
  readonly endpoint: Endpoint;
  readonly transport: StreamTransport;
}

function line({ port }: Peer, secured: boolean, key = KEY): Line {
  const credentials = { mode: "psk", identity: Buffer.from("dev1"), key: createSecretKey(Buffer.from(key)) } as const;
  const stream = secured
    ? tls({ host: "127.0.0.1", port: port + 1, clock, credentials })
    : tcp({ host: "127.0.0.1", port });
  const options = { clock, random: systemRandom, log: silentLog };
  const transport = streamTransport(stream, options);
  const endpoint = new Endpoint({ transport, ...options });
  closing.push(() => endpoint.close());
  return { endpoint, transport };
}

const textOf = (answer: Answer) =>
  answer.status === "answered" ? Buffer.from(answer.response.payload).toString() : JSON.stringify(answer);
const codeOf = (answer: Answer) => (answer.status === "answered" ? answer.response.code : answer.status);

describe.each(["coap-server-openssl", "coap-server-gnutls"])("%s", (name) => {
  const missing = without(name);

  describe.skipIf(missing !== undefined).each([
    ["coap+tcp", false],
    ["coaps+tcp", true],
  ])("over %s", (_, secured) => {
    it("introduces itself, and answers", async () => {
      const there = await peer(name);
      const { endpoint, transport } = line(there, secured);
      await endpoint.open();
      expect(transport.maxDatagram).toBeGreaterThan(1_150);
      if (secured) expect(transport.security).toMatchObject({ protocol: "TLS 1.2" });
      expect(textOf(await endpoint.request({ code: Code.GET, path: ["time"] }))).toMatch(/\d\d:\d\d:\d\d/);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => endpoint.request({ code: Code.GET, path: ["time"] })),
      );
      expect(answers.map(codeOf)).toEqual(Array.from({ length: 50 }, () => Code.Content));
      expect(codeOf(await endpoint.request({ code: Code.GET, path: ["nowhere"] }))).toBe(Code.NotFound);
    });

    it.each([500, 1_024, 3_000, 16_000, 50_000])("takes a body of %i bytes and gives it back", async (length) => {
      const there = await peer(name);
      const { endpoint } = line(there, secured);
      await endpoint.open();
      const payload = Uint8Array.from({ length }, (_each, i) => 97 + (i % 26));
      const put = await endpoint.request({ code: Code.PUT, path: ["store"], format: 42, payload });
      expect(codeOf(put)).toBe(Code.Created);
      const got = await endpoint.request({ code: Code.GET, path: ["store"] });
      expect(got.status === "answered" && Buffer.compare(got.response.payload, payload)).toBe(0);
    });

    it("hears that we go, and is told so when it is we who come back", async () => {
      const there = await peer(name);
      const { endpoint, transport } = line(there, secured);
      await endpoint.open();
      await transport.renew();
      expect(codeOf(await endpoint.request({ code: Code.GET, path: ["time"] }))).toBe(Code.Content);
      await endpoint.close();
      await there.server.said(/Release/);
    });

    it("that is gone is noticed at once", async () => {
      const there = await peer(name);
      const { endpoint } = line(there, secured);
      await endpoint.open();
      const lost = new Promise<void>((resolve) => endpoint.onLost(resolve));
      await there.server.end("SIGKILL");
      await lost;
    });
  });

  it.skipIf(missing !== undefined)("does not take a wrong key, and it is said which identity had it", async () => {
    const there = await peer(name);
    await expect(line(there, true, "another16byteskey").endpoint.open()).rejects.toThrow(/"dev1"/);
  });
});
