/** New keys by bootstrap: through one Resource or a whole Instance, for servers and for the Bootstrap-Server itself. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Account, OscoreMaterial } from "../../../src/lwm2m/index.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { BOOTSTRAP, BootstrapBench, security, server } from "../../support/bootstrap-bench.ts";

const ONE = "coaps://one:5684";
const KEY = Uint8Array.of(0xbe, 0xef);
const account = (): Account => ({
  uri: ONE,
  lifetime: 300,
  shortServerId: 1,
  securityInstance: 1,
  serverInstance: 1,
  credentials: { mode: "psk", identity: Uint8Array.of(1), secretKey: new Secret("cafe", "test") },
  serverName: "one.example",
});
const OSCORE: OscoreMaterial = {
  masterSecret: new Secret("0102", "test"),
  senderId: Uint8Array.of(1),
  recipientId: Uint8Array.of(2),
  instance: 3,
};

/** Registered at ONE, and in a session with the Bootstrap-Server. */
async function inSession(more: ConstructorParameters<typeof BootstrapBench>[0] = {}): Promise<BootstrapBench> {
  const bench = await new BootstrapBench({ accounts: [account()], ...more }).started();
  await bench.clock.advance(1_000);
  bench.client.bootstrap();
  await bench.clock.advance(1_000);
  return bench;
}

describe("a new key by bootstrap", () => {
  it("may come alone, as /0/x/5: the registration stays, and an Update goes out by a new way", async () => {
    const bench = await inSession();
    const before = bench.client.registration.location;
    const registers = bench.server(ONE).log.length;
    await bench.write("/0/1/5", { "/0/1/5": KEY });
    // Nothing of it holds before Finish.
    expect(bench.connected.filter((uri) => uri === ONE)).toHaveLength(1);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(3_000);
    expect(bench.client.provision.accounts[0]?.credentials?.secretKey.reveal()).toBe("beef");
    expect(bench.client.provision.accounts[0]).toMatchObject({ serverName: "one.example" });
    expect(bench.connected.filter((uri) => uri === ONE)).toHaveLength(2);
    expect(
      bench
        .server(ONE)
        .log.slice(registers)
        .every((line) => line.startsWith(`POST ${before}`)),
    ).toBe(true);
    expect(bench.server(ONE).log.length).toBeGreaterThan(registers);
    expect(bench.client.registration).toMatchObject({ state: "registered", location: before });
  });

  it("may come with the whole Instance, and another identity", async () => {
    const bench = await inSession();
    const before = bench.client.registration.location;
    const psk = { "/0/1/2": 0, "/0/1/3": Uint8Array.of(7), "/0/1/5": KEY };
    await bench.write("/0/1", { ...security(1, 1, ONE), ...psk });
    await bench.write("/1/1", server(1, 1));
    await bench.finish();
    await bench.clock.advance(3_000);
    expect(bench.client.provision.accounts[0]?.credentials?.identity).toEqual(Uint8Array.of(7));
    // What was not written again is gone (§6.1.7.5).
    expect(bench.client.provision.accounts[0]?.serverName).toBeUndefined();
    expect(bench.client.registration).toMatchObject({ state: "registered", location: before });
  });

  it("that nobody could live with is refused in words, and the old one holds", async () => {
    const log = new MemoryLog();
    const bench = await inSession({ log });
    await bench.write("/0/1/5", { "/0/1/5": new Uint8Array(65).fill(0xab) });
    const answer = await bench.finish();
    expect([answer.code, answer.text]).toEqual(["4.06", "/0/1/5 is a key of more than 64 bytes"]);
    await bench.clock.advance(3_000);
    expect(bench.client.provision.accounts[0]?.credentials?.secretKey.reveal()).toBe("cafe");
    expect(bench.connected.filter((uri) => uri === ONE)).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain("abab");
  });

  it("may be the Bootstrap-Server's own", async () => {
    const bench = await inSession({ bootstrap: { securityInstance: 0 } });
    const secured = { "/0/0/0": "coaps://bs:5784", "/0/0/1": true, "/0/0/2": 0, "/0/0/3": KEY, "/0/0/5": KEY };
    await bench.write("/0/0", secured);
    expect((await bench.finish()).code).toBe("2.04");
    await bench.clock.advance(300_000);
    expect(bench.client.provision.bootstrap).toMatchObject({ uri: "coaps://bs:5784", securityInstance: 0 });
    expect(bench.client.registration.state).toBe("registered");
    bench.client.bootstrap();
    await bench.clock.advance(1_000);
    expect(bench.connected.at(-1)).toBe("coaps://bs:5784");
  });

  it("is nobody else's business: a server may neither read nor write Objects 0 and 21", async () => {
    const bench = await inSession();
    for (const where of ["/0", "/0/1", "/0/1/5", "/21", "/21/0/0"]) {
      expect((await bench.server(ONE).ask("GET", { path: where })).code).toMatch(/^4\.0[145]$/);
      expect((await bench.server(ONE).ask("PUT", { path: where, format: 42, payload: KEY })).code).toMatch(
        /^4\.0[145]$/,
      );
    }
    expect(bench.client.provision.accounts[0]?.credentials?.secretKey.reveal()).toBe("cafe");
  });
});

describe("Object 21 in bootstrap", () => {
  it("comes with its server, by the link of /0/x/17", async () => {
    const bench = await inSession();
    await bench.write("/21/5", {
      "/21/5/0": KEY,
      "/21/5/1": Uint8Array.of(9),
      "/21/5/2": new Uint8Array(0),
      "/21/5/3": 10,
      "/21/5/4": -10,
    });
    await bench.write("/0/1", { ...security(1, 1, "coap://one"), "/0/1/17": { object: 21, instance: 5 } });
    await bench.write("/1/1", server(1, 1));
    expect((await bench.finish()).code).toBe("2.04");
    const [first] = bench.client.provision.accounts;
    expect(first?.oscore).toMatchObject({ senderId: Uint8Array.of(9), aead: 10, hkdf: -10, instance: 5 });
    expect(first?.oscore?.masterSecret.reveal()).toBe("beef");
  });

  it("that a link misses is asked for at Finish", async () => {
    const bench = await inSession();
    await bench.write("/0/1", { ...security(1, 1, "coap://one"), "/0/1/17": { object: 21, instance: 5 } });
    await bench.write("/1/1", server(1, 1));
    expect((await bench.finish()).text).toBe("/0/1/17 leads to /21/5, which has no secret");
  });

  it("E73: survives Delete where the Bootstrap-Server's own account needs it, and nowhere else", async () => {
    const bench = await inSession({ bootstrap: { uri: BOOTSTRAP.uri, securityInstance: 0, oscore: OSCORE } });
    await bench.write("/21/5", { "/21/5/0": KEY });
    await bench.bs.ask("DELETE", { path: "/" });
    const shown = (await bench.bs.ask("GET", { path: "/21", accept: 40 })).text;
    expect(shown).toContain("</21/3>");
    expect(shown).not.toContain("</21/5>");
    await bench.provide(2, "coap://two");
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.client.provision.bootstrap?.oscore?.masterSecret.reveal()).toBe("0102");
  });
});
