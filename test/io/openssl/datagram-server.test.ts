/** OpenSSL's server on a socket: many peers at once, what it does at its end, and where there is no port. */

import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dtls, DtlsTransport, HandshakeGate, SessionStore } from "../../../src/dtls/index.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { SystemClock } from "../../../src/base/system-clock.ts";
import type { Transport } from "../../../src/base/transport.ts";
import { OpensslDatagramServer } from "../../../src/io/openssl/datagram-server.ts";
import { udp } from "../../../src/io/udp.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { findTestOpenssl, pskOf, titled } from "../../support/openssl-server.ts";

const found = await findTestOpenssl();
const clock = new SystemClock();
const random = systemRandom;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const keyOf = (name: string) => new Uint8Array(Buffer.from(name.padEnd(16, "#")));

describe.skipIf(!found.openssl)(titled("the OpenSSL server on a socket", found), () => {
  const openssl = found.openssl!;

  async function serving(host = "127.0.0.1") {
    const log = new MemoryLog();
    const names = new Map<string, string>();
    const ended: string[] = [];
    const psk = (identity: Uint8Array) => {
      const name = Buffer.from(identity).toString();
      return name.startsWith("dev") ? keyOf(name) : undefined;
    };
    const server = new OpensslDatagramServer(
      openssl,
      { clock, random, log, psk },
      {
        opened: (peer, { identity }) => void names.set(peer, Buffer.from(identity ?? []).toString()),
        received: (peer, payload) =>
          void server.send(peer, Buffer.from(`${names.get(peer)} said ${String(payload.length)}`)),
        ended: (peer) => void ended.push(names.get(peer) ?? peer),
      },
    );
    const port = await server.open(host, 0);
    undo.push(() => server.close());
    return { server, port, log, names, ended, host };
  }

  /** A way of our own DTLS to it. */
  function way({ port, host }: { port: number; host: string }, name: string, key = keyOf(name)): Transport {
    const shared = {
      clock,
      log: silentLog,
      gate: new HandshakeGate({ clock, random }),
      sessions: new SessionStore({ clock, log: silentLog }),
    };
    const line = new DtlsTransport({
      dial: () => udp({ host, port, log: silentLog }),
      associate: dtls({ credentials: pskOf(name, key), random, now: () => clock.now(), name }),
      server: `coaps://${host}:${port}`,
      endpoint: name,
      shared,
    });
    undo.push(() => line.close());
    return line;
  }

  async function said(line: Transport, length: number): Promise<string> {
    const heard = new Promise<string>((resolve) => line.onDatagram((bytes) => resolve(Buffer.from(bytes).toString())));
    line.send(new Uint8Array(length));
    return heard;
  }

  it("keeps a hundred peers apart, each with a key of its own", async () => {
    const there = await serving();
    const lines = Array.from({ length: 100 }, (_, i) => way(there, `dev${i}`));
    await Promise.all(lines.map((line) => line.open()));
    expect(there.server.size).toBe(100);
    const answers = await Promise.all(lines.map((line, i) => said(line, i + 1)));
    expect(answers).toEqual(lines.map((_, i) => `dev${i} said ${i + 1}`));
    await Promise.all(lines.map((line) => line.close()));
    await vi.waitFor(() => expect(there.server.size).toBe(0), { timeout: 5_000, interval: 10 });
    expect(there.ended).toHaveLength(100);
  });

  it("says in its log who was refused and why, and goes on for the others", async () => {
    const there = await serving();
    await expect(way(there, "nobody").open()).rejects.toThrow("nobody");
    expect(there.log.events("warn")).toContain("coaps-refused");
    expect(JSON.stringify(there.log.lines)).not.toContain(Buffer.from(keyOf("nobody")).toString("hex"));
    const line = way(there, "dev1");
    await line.open();
    expect(await said(line, 3)).toBe("dev1 said 3");
  });

  it("serves by IPv6 too, where this machine has it", async (test) => {
    const there = await serving("::1").catch(() => undefined);
    if (!there) test.skip("no IPv6 here");
    else {
      const line = way(there, "dev6");
      await line.open();
      expect(await said(line, 6)).toBe("dev6 said 6");
    }
  });

  it("is not moved by datagrams of strangers, whatever they are", async () => {
    const there = await serving();
    const line = way(there, "dev1");
    await line.open();
    const stranger = createSocket("udp4");
    undo.push(() => new Promise<void>((resolve) => stranger.close(() => resolve())));
    for (let i = 0; i < 500; i++) stranger.send(random.bytes(1 + (i % 200)), there.port, "127.0.0.1");
    expect(await said(line, 2)).toBe("dev1 said 2");
    expect(there.server.size).toBe(1);
  });

  it("says that its port is taken, and can be closed all the same, twice", async () => {
    const there = await serving();
    const second = new OpensslDatagramServer(
      openssl,
      { clock, random, log: silentLog, psk: keyOf.bind(undefined, "x") },
      { opened: () => undefined, received: () => undefined, ended: () => undefined },
    );
    await expect(second.open("127.0.0.1", there.port)).rejects.toThrow("EADDRINUSE");
    await second.close();
    await second.close();
    expect(second.send("127.0.0.1 1", new Uint8Array(1))).toBe(false);
    expect(second.size).toBe(0);
  });

  it("says close_notify at its end, so that nobody waits for it", async () => {
    const there = await serving();
    const line = way(there, "dev1");
    await line.open();
    expect(await said(line, 1)).toBe("dev1 said 1");
    await there.server.close();
    expect(there.ended).toEqual(["dev1"]);
    expect(there.server.send("127.0.0.1 1", new Uint8Array(1))).toBe(false);
    await there.server.close();
  });
});
