import { describe, expect, it } from "vitest";
import type { Hooks } from "../../../src/io/openssl/callbacks.ts";
import { VerifyError } from "../../../src/io/openssl/constants.ts";
import { contextOf, pskClientContext } from "../../../src/io/openssl/context.ts";
import { Line, realTiming, type LineOptions } from "../../../src/io/openssl/line.ts";
import { offerSession, saveSession } from "../../../src/io/openssl/session.ts";
import { findTestOpenssl, titled, virtualTiming } from "../../support/openssl-server.ts";

const found = await findTestOpenssl();
const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const CCM8 = "PSK-AES128-CCM8:@SECLEVEL=0";

describe.skipIf(!found.openssl)(titled("what OpenSSL asks back", found), () => {
  const openssl = found.openssl!;

  function line(role: "client" | "server", hooks: LineOptions["hooks"], more: Partial<LineOptions> = {}): Line {
    const context = role === "client" ? pskClientContext(openssl, CCM8) : contextOf(openssl, { role, ciphers: CCM8 });
    const options = { role, hooks, mtu: 1_232, retransmitMs: 1_000, timing: virtualTiming(openssl), ...more };
    return new Line(openssl, context, options);
  }

  const asClient = { clientKey: () => ({ identity: Buffer.from("dev1"), key: KEY }) };
  const asServer = { serverKey: () => KEY };

  /** Datagrams back and forth until both have nothing more to say. */
  function shake(client: Line, server: Line): { client: string; server: string } {
    let ends = { client: client.handshake(0).status, server: "waiting" };
    for (let turn = 0; turn < 8; turn++) {
      for (const datagram of client.drain()) {
        server.feed(datagram);
        ends = { ...ends, server: server.handshake(0).status };
      }
      for (const datagram of server.drain()) {
        client.feed(datagram);
        ends = { ...ends, client: client.handshake(0).status };
      }
    }
    return ends;
  }

  it("goes to the line whose call runs, although all share the same functions", () => {
    const asked: string[] = [];
    const pairs = ["a", "b", "c"].map((name) => {
      const clientKey = () => {
        asked.push(`client ${name}`);
        return { identity: Buffer.from(name), key: Buffer.from(name.repeat(16)) };
      };
      const serverKey = (identity: Uint8Array) => {
        asked.push(`server ${name} hears ${Buffer.from(identity).toString()}`);
        return Buffer.from(name.repeat(16));
      };
      return [line("client", { clientKey }), line("server", { serverKey })] as const;
    });
    for (const [client, server] of pairs) expect(shake(client, server)).toEqual({ client: "done", server: "done" });
    expect(asked).toEqual(["a", "b", "c"].flatMap((name) => [`client ${name}`, `server ${name} hears ${name}`]));
    for (const each of pairs.flat()) each.free();
  });

  it("may lead to another line's calls, and comes back to the first", () => {
    const inner = [line("client", asClient), line("server", asServer)] as const;
    let nested: unknown;
    const outer = [
      line("client", asClient),
      line("server", {
        serverKey: () => {
          nested = shake(...inner);
          return KEY;
        },
      }),
    ] as const;
    expect(shake(...outer)).toEqual({ client: "done", server: "done" });
    expect(nested).toEqual({ client: "done", server: "done" });
    for (const each of [...inner, ...outer]) each.free();
  });

  it("never lets anything thrown into C, and tells it afterwards", () => {
    const thrown = () => {
      throw new Error("no such table");
    };
    const pair = [line("client", asClient), line("server", { serverKey: thrown })] as const;
    expect(shake(...pair).server).not.toBe("done");
    for (const each of pair) each.free();
    expect(openssl.callbacks.takeFault()).toBeUndefined();
  });

  it.each([
    { what: "an identity that is longer than OpenSSL has room for", identity: new Uint8Array(400).fill(65), key: KEY },
    { what: "a key that is longer than OpenSSL has room for", identity: Buffer.from("a"), key: new Uint8Array(5_000) },
    { what: "a key without bytes", identity: Buffer.from("a"), key: new Uint8Array(0) },
  ])("is answered with no rather than beyond the end of the memory: $what", ({ identity, key }) => {
    const pair = [line("client", { clientKey: () => ({ identity, key }) }), line("server", asServer)] as const;
    expect(shake(...pair).client).toBe("failed");
    for (const each of pair) each.free();
  });

  it("is no to everybody when nobody's call runs", () => {
    const hooks: Hooks = { wait: () => 1 };
    expect(openssl.callbacks.during(hooks, () => 7)).toBe(7);
    expect(() =>
      openssl.callbacks.during(hooks, () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(VerifyError.Ok).toBe(0);
  });

  it("takes a line that is freed for one that is closed, whatever is asked of it", () => {
    const client = line("client", asClient);
    client.free();
    client.free();
    expect(client.freed).toBe(true);
    client.feed(new Uint8Array(20));
    expect(client.handshake(0).status).toBe("closed");
    expect(client.read(0)).toEqual({ status: "closed" });
    expect(client.write(KEY, 0).status).toBe("closed");
    expect(client.repeat(0).status).toBe("closed");
    expect(client.drain()).toEqual([]);
    client.shutdown(0);
    expect(client.deadline).toBeUndefined();
  });

  it("leaves no error behind in the queue that Node's own cryptography looks into", () => {
    const server = line("server", asServer);
    server.feed(Buffer.from("16fefd0000000000000000000affffffffffffffffffff", "hex"));
    server.handshake(0);
    server.free();
    const missing = line("client", {});
    const other = line("server", asServer);
    shake(missing, other);
    for (const each of [missing, other]) each.free();
    expect(Number(openssl.api.ERR_get_error())).toBe(0);
  });

  it("doubles the wait before each repetition up to a minute, and travels in smaller pieces from the third on", () => {
    if (!found.canLose) return;
    const client = line("client", asClient);
    client.handshake(0);
    expect(client.deadline).toBe(1_000);
    const waits: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const now = client.deadline!;
      expect(client.repeat(now).status).toBe("done");
      waits.push(client.deadline! - now);
      expect(client.repetitions).toBe(turn + 1);
      client.drain();
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    client.free();
  });

  it("asks again a little later where OpenSSL's clock is not there yet", () => {
    const client = line("client", asClient, { timing: realTiming, retransmitMs: 30_000 });
    client.handshake(0);
    client.drain();
    client.repeat(30_000);
    expect(client.drain()).toEqual([]);
    expect(client.deadline).toBe(30_010);
    client.free();
  });

  it("saves nothing of a line that has no session yet, and offers none that OpenSSL cannot read", () => {
    const client = line("client", asClient);
    expect(saveSession(openssl, client.ssl, "x")).toBeUndefined();
    const saved = { masterSecret: new Uint8Array(48), suite: 0xc0a8, extendedMasterSecret: true, credentials: "x" };
    expect(offerSession(openssl, client.ssl, { ...saved, id: new Uint8Array(32) }, 1_800_000_000)).toBe(true);
    expect(offerSession(openssl, client.ssl, { ...saved, id: new Uint8Array(32), suite: 0xffff }, 1)).toBe(false);
    expect(Number(openssl.api.ERR_get_error())).toBe(0);
    client.free();
  });

  it("gives a session that says the same when it is offered again", () => {
    const pair = [line("client", asClient), line("server", asServer)] as const;
    expect(shake(...pair).client).toBe("done");
    const saved = saveSession(openssl, pair[0].ssl, "mine")!;
    expect(saved).toMatchObject({ suite: 0xc0a8, extendedMasterSecret: true, credentials: "mine" });
    const next = line("client", asClient);
    expect(offerSession(openssl, next.ssl, saved, 1_800_000_000)).toBe(true);
    next.handshake(0);
    const hello = Buffer.concat(next.drain());
    // RFC 5246 §7.4.1.2: the session id stands behind version and random.
    if (saved.id.length > 0) expect(hello.includes(Buffer.from(saved.id))).toBe(true);
    for (const each of [...pair, next]) each.free();
  });
});
