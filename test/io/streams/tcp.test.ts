/** TCP as a stream of bytes: it opens, carries, breaks and closes in words, and never holds more than it may. */

import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { tcp } from "../../../src/io/streams/tcp.ts";
import type { SocketStream } from "../../../src/io/streams/socket-stream.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  readonly stream: SocketStream;
  readonly server: Server;
  readonly port: number;
  readonly sockets: Socket[];
  /** All that the server has read. */
  readonly heard: () => string;
  /** Told by `onClose`. */
  readonly closed: string[];
  /** Resolves when `look` says so. */
  until(look: () => boolean): Promise<void>;
}

async function scene(options: { host?: string; paused?: boolean } = {}): Promise<Scene> {
  const sockets: Socket[] = [];
  let heard = "";
  let poke: () => void = () => undefined;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => poke());
    if (options.paused === true) socket.pause();
    else
      socket.on("data", (bytes) => {
        heard += bytes.toString();
        poke();
      });
    poke();
  });
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((resolve) => server.listen(0, host.replace(/^\[(.*)\]$/, "$1"), resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stream = tcp({ host, port });
  const closed: string[] = [];
  stream.onClose((reason) => {
    closed.push(reason);
    poke();
  });
  closing.push(async () => {
    await stream.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const until = (look: () => boolean) =>
    new Promise<void>((resolve) => {
      poke = () => {
        if (look()) resolve();
      };
      poke();
    });
  return { stream, server, port, sockets, heard: () => heard, closed, until };
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe("a TCP stream", () => {
  it("carries bytes both ways", async () => {
    const { stream, sockets, heard, until } = await scene();
    const back = new Promise<string>((resolve) => stream.onBytes((found) => resolve(Buffer.from(found).toString())));
    await stream.open();
    expect(stream.write(bytes("hello"))).toBe(true);
    await until(() => heard() === "hello");
    sockets[0]?.write("and back");
    expect(await back).toBe("and back");
  });

  it("goes to addresses of both families, brackets and all", async () => {
    const { stream, heard, until } = await scene({ host: "[::1]" });
    await stream.open();
    stream.write(bytes("six"));
    await until(() => heard() === "six");
  });

  it("sends what is written in one turn together, in order", async () => {
    const { stream, sockets, until } = await scene({ paused: true });
    await stream.open();
    for (let i = 0; i < 100; i++) stream.write(bytes(`${i} `));
    await until(() => sockets.length > 0);
    const first = new Promise<string>((resolve) => sockets[0]?.once("data", (data) => resolve(data.toString())));
    sockets[0]?.resume();
    const chunk = await first;
    expect(chunk).toBe(Array.from({ length: 100 }, (_, i) => `${i} `).join(""));
  });

  it("takes nothing before it is open, nor after it is closed", async () => {
    const { stream } = await scene();
    expect(stream.write(bytes("x"))).toBe(false);
    await stream.open();
    await stream.close();
    expect(stream.write(bytes("x"))).toBe(false);
  });

  it("takes no more than its bound while the peer does not read", async () => {
    const { stream } = await scene({ paused: true });
    await stream.open();
    const chunk = new Uint8Array(16_384);
    let taken = 0;
    // The kernel takes some megabytes at first, then nothing more.
    for (let turn = 0; turn < 2_000; turn++) {
      if (stream.write(chunk)) taken += 1;
      if (turn % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(taken).toBeLessThan(2_000);
    expect(stream.write(chunk)).toBe(false);
    // Whoever closes it then does not wait for the peer for long.
    const before = performance.now();
    await stream.close();
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it("says that nobody listens there, and who that would be", async () => {
    const { stream, server, port } = await scene();
    await new Promise((resolve) => server.close(resolve));
    await expect(stream.open()).rejects.toThrow(`127.0.0.1:${port}: nobody listens there (TCP)`);
  });

  it("says that a name has no address", async () => {
    await expect(tcp({ host: "no-such-host.invalid", port: 5_683 }).open()).rejects.toThrow("this name has no address");
  });

  it("tells once that the server has closed it, or broken it", async () => {
    for (const [how, reason] of [
      ["end", "the server closed the connection"],
      ["resetAndDestroy", "the server broke the connection"],
    ] as const) {
      const { stream, sockets, closed, until } = await scene();
      await stream.open();
      await until(() => sockets.length > 0);
      sockets[0]?.[how]();
      await until(() => closed.length > 0);
      await new Promise((resolve) => setImmediate(resolve));
      expect(closed).toEqual([reason]);
      expect(stream.write(bytes("x"))).toBe(false);
    }
  });

  it("tells nothing when it was we who closed it, sends what was written before, and opens again", async () => {
    const { stream, heard, closed, until, sockets } = await scene();
    await stream.open();
    stream.write(bytes("bye"));
    await stream.close();
    await stream.close();
    await until(() => heard() === "bye");
    await stream.open();
    stream.write(bytes("again"));
    await until(() => heard() === "byeagain");
    expect([closed, sockets.length]).toEqual([[], 2]);
  });

  it("can be closed while it opens, and by a signal", async () => {
    const { stream } = await scene();
    const opening = expect(stream.open()).rejects.toThrow("closed while opening");
    await Promise.resolve();
    await stream.close();
    await opening;
    const controller = new AbortController();
    const aborted = expect(stream.open(controller.signal)).rejects.toThrow("closed while opening");
    await Promise.resolve();
    controller.abort();
    await aborted;
    await expect(stream.open(controller.signal)).rejects.toThrow();
  });
});
