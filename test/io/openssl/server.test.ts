import { describe, expect, it } from "vitest";
import { OpensslServer, type OpensslServerOptions } from "../../../src/io/openssl/server.ts";
import {
  EchoServer,
  findTestOpenssl,
  keyOf,
  opensslClient,
  pskOf,
  testServer,
  titled,
} from "../../support/openssl-server.ts";
import { KEY, SecureScene } from "../../support/secure-scene.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { authority, certificate, family } from "../../support/certificates.ts";

const found = await findTestOpenssl();
const people = family();

describe.skipIf(!found.openssl)(titled("the OpenSSL server", found), () => {
  const openssl = found.openssl!;

  /** A server whose datagrams are collected by peer. */
  function collecting(options: Partial<OpensslServerOptions> = {}) {
    const echo = new EchoServer();
    const sent: { peer: string; datagram: Uint8Array }[] = [];
    echo.carry = (peer, datagram) => void sent.push({ peer, datagram });
    return { echo, sent, server: testServer(openssl, { psk: keyOf("dev1", KEY), ...options }, echo) };
  }

  /** The first ClientHello of a client. */
  function hello(): Uint8Array {
    const sent: Uint8Array[] = [];
    const client = opensslClient(openssl, pskOf("dev1", KEY))(
      { transmit: (datagram) => void sent.push(datagram), opened() {}, received() {}, ended() {} },
      { maxDatagram: 1_232 },
    );
    client.start(0);
    client.close();
    return sent[0]!;
  }

  it("asks every stranger for a cookie, and remembers nothing of it", () => {
    const { server, sent } = collecting();
    for (let i = 0; i < 500; i++) server.receive(`stranger ${i}`, hello(), i);
    expect(server.size).toBe(0);
    expect(server.strangers).toBe(500);
    expect(server.deadline).toBeUndefined();
    // A HelloVerifyRequest is shorter than what asked for it: nobody is amplified (RFC 6347 §4.2.1).
    expect(sent).toHaveLength(500);
    expect(Math.max(...sent.map(({ datagram }) => datagram.length))).toBeLessThan(hello().length);
    server.close(1_000);
  });

  it("takes no cookie that was given to somebody else", () => {
    const { server, sent } = collecting();
    const echo = new EchoServer();
    const scene = new SecureScene(openssl, { associate: opensslClient(openssl, pskOf("dev1", KEY)) });
    let second: Uint8Array | undefined;
    scene.network.toServer = (datagram) => {
      // The ClientHello with the cookie has message_seq 1.
      if (datagram[13] === 1 && datagram[18] === 1) second ??= datagram;
      return [datagram];
    };
    scene.shake();
    server.receive("thief", second!, 0);
    expect(server.size).toBe(0);
    expect(sent.map(({ datagram }) => datagram[13])).toEqual([3]);
    expect(echo.opens).toEqual([]);
    scene.end();
    server.close(1);
  });

  it("drops what strangers send that is no ClientHello", () => {
    const { server, sent } = collecting();
    const random = new SeededRandom(3);
    for (let i = 0; i < 2_000; i++) server.receive("stranger", random.bytes(random.below(300)), i);
    const cut = hello();
    for (let length = 0; length < cut.length; length++) server.receive("stranger", cut.subarray(0, length), length);
    server.receive("stranger", new Uint8Array(0), 1);
    expect(server.size).toBe(0);
    expect(sent.length).toBeLessThan(cut.length);
    server.close(1);
  });

  it("keeps an association while somebody only says ClientHello in its name", () => {
    const scene = new SecureScene(openssl).shake();
    for (let i = 0; i < 20; i++) scene.server.receive("client 1", hello(), scene.network.now);
    expect(scene.server.size).toBe(1);
    expect(scene.say("still here").payloads).toEqual(["still here"]);
    scene.end();
  });

  it("lets a client begin anew from the same address once it has shown the cookie (RFC 6347 §4.2.8)", () => {
    const first = new SecureScene(openssl).shake();
    const second = new SecureScene(openssl, { at: first }).shake();
    expect(second.facts).toBeDefined();
    expect(second.say("me again").payloads).toEqual(["me again"]);
    expect(second.server.size).toBe(1);
    expect(first.echo.ends).toMatchObject([{ reason: "forgotten" }]);
    second.end();
  });

  it("says nothing when it forgets, and drops what then comes", () => {
    const scene = new SecureScene(openssl).shake();
    scene.server.forget();
    scene.say("anybody?").settle();
    expect(scene.payloads).toEqual([]);
    expect(scene.failure).toBeUndefined();
    expect(scene.server.size).toBe(0);
    scene.end();
  });

  it("makes room by letting go of the one that was silent longest", () => {
    const first = new SecureScene(openssl, { server: { psk: keyOf("dev1", KEY), maxPeers: 3 } }).shake();
    for (let seed = 2; seed <= 5; seed++) new SecureScene(openssl, { at: first, seed }).shake();
    expect(first.server.size).toBe(3);
    expect(first.echo.ends.map(({ peer }) => peer)).toEqual(["client 1", "client 2"]);
    first.end();
  });

  it.skipIf(!found.canLose)("gives up on a handshake that nobody finishes", () => {
    const scene = new SecureScene(openssl);
    // Its second flight never arrives.
    scene.network.toServer = (datagram) => (datagram[13] === 16 ? [] : [datagram]);
    scene.shake();
    expect(scene.failure).toBeDefined();
    for (let turn = 0; turn < 20 && scene.server.deadline !== undefined; turn++)
      scene.server.onTimeout(scene.server.deadline);
    expect(scene.server.size).toBe(0);
    expect(scene.echo.ends).toHaveLength(1);
    expect(scene.server.deadline).toBeUndefined();
    scene.end();
  });

  it("lives on when the lookup of a key throws, or gives one that is too long", () => {
    const ill = () => {
      throw new Error("the table is on fire");
    };
    for (const psk of [ill, () => new Uint8Array(1_000), () => new Uint8Array(0), () => undefined]) {
      const scene = new SecureScene(openssl, { server: { psk } }).shake();
      expect(scene.facts).toBeUndefined();
      expect(scene.failure).toBeDefined();
      scene.end();
    }
    const well = new SecureScene(openssl).shake();
    expect(well.facts).toBeDefined();
    well.end();
  });

  it("hears identities byte for byte, up to 128 of them", () => {
    for (const identity of ["d", "x".repeat(128), "ünï/cödé:😀"]) {
      const heard: string[] = [];
      const psk = (asked: Uint8Array) => {
        heard.push(Buffer.from(asked).toString());
        return KEY;
      };
      const associate = opensslClient(openssl, pskOf(identity, KEY));
      const scene = new SecureScene(openssl, { associate, server: { psk } }).shake();
      expect(scene.facts).toBeDefined();
      expect(new Set(heard)).toEqual(new Set([identity]));
      expect(Buffer.from(scene.echo.opens[0]?.facts.identity ?? []).toString()).toBe(identity);
      scene.end();
    }
  });

  it("takes keys of 1 to 64 bytes", () => {
    for (const length of [1, 16, 32, 64]) {
      const key = Buffer.alloc(length, 0x5a);
      const associate = opensslClient(openssl, pskOf("dev1", key));
      const scene = new SecureScene(openssl, { associate, server: { psk: keyOf("dev1", key) } }).shake();
      expect(scene.facts, `${length} bytes`).toBeDefined();
      scene.end();
    }
  });

  it("sends nothing to those whom it does not know, and nothing that is too long", () => {
    const scene = new SecureScene(openssl).shake();
    expect(scene.server.send("nobody", Buffer.from("a"), 0)).toBe(false);
    expect(scene.server.send("client 1", Buffer.alloc(1_300), 0)).toBe(false);
    expect(scene.server.send("client 1", Buffer.alloc(1_232 - 29), 0)).toBe(true);
    scene.end();
  });

  it("serves many at once, each with its own key", () => {
    const psk = (identity: Uint8Array) => Buffer.concat([Buffer.from(identity), KEY]);
    const first = new SecureScene(openssl, {
      server: { psk },
      associate: opensslClient(openssl, pskOf("dev-0", psk(Buffer.from("dev-0")))),
    }).shake();
    const scenes = [first];
    for (let seed = 2; seed <= 60; seed++) {
      const name = `dev-${seed}`;
      const associate = opensslClient(openssl, pskOf(name, psk(Buffer.from(name))));
      scenes.push(new SecureScene(openssl, { at: first, seed, associate }).shake());
    }
    expect(first.server.size).toBe(60);
    expect(scenes.every(({ facts }) => facts !== undefined)).toBe(true);
    first.end();
  });

  it("refuses a client whose certificate another authority issued", () => {
    const server = {
      certificate: people.server,
      authorities: [people.root.der],
      psk: keyOf("dev1", KEY),
      suites: [0xc0ae],
    };
    const stranger = certificate({ issuer: authority({ subject: "Elsewhere" }) });
    const associate = opensslClient(openssl, {
      mode: "x509",
      privateKey: stranger.privateKey,
      chain: stranger.chain,
      judge: () => ({ status: "trusted", publicKey: people.server.publicKey }),
    });
    const scene = new SecureScene(openssl, { associate, server }).shake();
    expect(scene.facts).toBeUndefined();
    expect(scene.echo.opens).toEqual([]);
    expect(scene.echo.ends).toHaveLength(1);
    scene.end();
  });

  it.each([
    {
      what: "a certificate that is none",
      options: { certificate: { ...people.server, chain: [Buffer.from("x")] } },
      words: "our certificate",
    },
    {
      what: "no certificate at all",
      options: { certificate: { ...people.server, chain: [] } },
      words: "no certificate",
    },
    {
      what: "a key of somebody else",
      options: { certificate: { ...people.server, privateKey: people.root.privateKey } },
      words: "private key",
    },
    { what: "an authority that is none", options: { authorities: [Buffer.from("x")] }, words: "certificate" },
    { what: "suites that it has not got", options: { suites: [0x1301] }, words: "none of the cipher suites" },
  ])("says at once that it cannot begin with $what", ({ options, words }) => {
    expect(() => new OpensslServer(openssl, { cookieSecret: KEY, ...options }, new EchoServer())).toThrow(words);
  });

  it("does nothing after its end", () => {
    const { server, sent } = collecting();
    server.close(0);
    server.close(0);
    server.receive("a", hello(), 1);
    server.onTimeout(2);
    server.forget();
    expect(server.send("a", KEY, 3)).toBe(false);
    expect(sent).toEqual([]);
  });
});
