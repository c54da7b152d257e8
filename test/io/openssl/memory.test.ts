/** What is asked of OpenSSL is given back, however a line ends: counted, since nothing else would ever tell. */

import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Associate } from "../../../src/base/association.ts";
import type { Judgement } from "../../../src/base/credentials.ts";
import { contextOf } from "../../../src/io/openssl/context.ts";
import { Line, realTiming } from "../../../src/io/openssl/line.ts";
import { OpensslServer } from "../../../src/io/openssl/server.ts";
import { certificate, family } from "../../support/certificates.ts";
import { counted, NOTHING_LEFT } from "../../support/counted-openssl.ts";
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

const found = await findTestOpenssl();
const people = family();
const trusting = (): Judgement => ({ status: "trusted", publicKey: people.server.publicKey });

describe.skipIf(!found.openssl)(titled("the memory of OpenSSL", found), () => {
  const real = found.openssl!;
  /** Clients with pre-shared keys share one context as long as the process runs. */
  const SHARED = { ...NOTHING_LEFT, contexts: 1 };

  const x509 = (judge: () => Judgement) =>
    ({ mode: "x509", privateKey: people.client.privateKey, chain: people.client.chain, judge }) as const;
  const byCertificate = {
    certificate: { privateKey: people.server.privateKey, chain: people.server.chain },
    authorities: [people.root.der],
  };

  it("is given back after a hundred lives with pre-shared keys, resumed ones among them", () => {
    const { openssl, alive, doubleFrees, made } = counted(real);
    const first = new SecureScene(openssl).shake();
    const resume = first.client.session();
    first.leave();
    for (let seed = 2; seed <= 100; seed++) {
      const associate = opensslClient(openssl, pskOf("dev1", KEY));
      const scene = new SecureScene(openssl, {
        at: first,
        seed,
        associate,
        ...(seed % 2 && resume && { resume }),
      }).shake();
      expect(scene.facts?.resumed).toBe(seed % 2 === 1);
      expect(scene.say(`hello ${seed}`).payloads).toEqual([`hello ${seed}`]);
      scene.leave();
    }
    expect(alive().lines).toBe(0);
    first.end();
    expect(alive()).toEqual(SHARED);
    expect(doubleFrees()).toBe(0);
    expect(made()).toBeGreaterThan(600);
  });

  it("is given back after certificates, accepted and refused", () => {
    const { openssl, alive, doubleFrees } = counted(real);
    const refusing = (): Judgement => ({ status: "refused", reason: "of another name", fault: "bad" });
    for (const judge of [trusting, refusing]) {
      const scene = new SecureScene(openssl, { associate: opensslClient(openssl, x509(judge)), server: byCertificate });
      scene.shake();
      expect(scene.facts !== undefined).toBe(judge === trusting);
      scene.end();
    }
    expect(alive()).toEqual(NOTHING_LEFT);
    expect(doubleFrees()).toBe(0);
  });

  it("is given back when one end falls silent at any step of the handshake", () => {
    const { openssl, alive, doubleFrees } = counted(real);
    for (let after = 0; after < 10; after++) {
      const scene = new SecureScene(openssl);
      let passed = 0;
      const limited = (datagram: Uint8Array) => (passed++ < after ? [datagram] : []);
      scene.network.toServer = limited;
      scene.shake(100);
      scene.client.close();
      scene.server.close(scene.network.now);
    }
    expect(alive()).toEqual(SHARED);
    expect(doubleFrees()).toBe(0);
  });

  it("is given back when the server makes room, forgets, and drops, in any order", () => {
    const { openssl, alive, doubleFrees } = counted(real);
    const random = new SeededRandom(5);
    const first = new SecureScene(openssl, { server: { psk: keyOf("dev1", KEY), maxPeers: 4 } }).shake();
    for (let seed = 2; seed < 60; seed++) {
      const scene = new SecureScene(openssl, { at: first, seed }).shake();
      const what = random.below(4);
      if (what === 0) first.server.forget();
      if (what === 1) first.server.drop(`client ${seed}`, scene.network.now);
      if (what === 2) scene.client.close();
      // Twice, and of nobody: all the same.
      first.server.drop(`client ${seed}`, scene.network.now);
      first.server.drop("nobody", scene.network.now);
      scene.client.close();
      scene.client.close();
      expect(alive().lines).toBeLessThanOrEqual(4 + 1 + 1);
    }
    first.end();
    first.server.close(0);
    expect(alive()).toEqual(SHARED);
    expect(doubleFrees()).toBe(0);
  });

  it("does not grow by strangers: four thousand of them leave one line that asks for cookies", () => {
    const { openssl, alive } = counted(real);
    const server = testServer(openssl, { psk: keyOf("dev1", KEY) }, new EchoServer());
    const hello = helloOf(opensslClient(openssl, pskOf("dev1", KEY)));
    const random = new SeededRandom(8);
    for (let i = 0; i < 2_000; i++) {
      server.receive(`10.0.${i >> 8}.${i & 0xff} 5684`, hello, i);
      const broken = hello.slice();
      broken[13 + random.below(hello.length - 13)]! ^= 1 << random.below(8);
      server.receive(`10.1.${i >> 8}.${i & 0xff} 5684`, broken, i);
    }
    expect(server.size).toBe(0);
    expect(alive().lines).toBeLessThanOrEqual(1);
    server.close(0);
    expect(alive()).toEqual(SHARED);
  });

  it("is given back by a server that could not be made, which says what was wrong with it", () => {
    const { openssl, alive, doubleFrees } = counted(real);
    const make = (options: Partial<ConstructorParameters<typeof OpensslServer>[1]>) => () =>
      new OpensslServer(openssl, { cookieSecret: new Uint8Array(32), ...options }, new EchoServer());
    const { privateKey, chain } = people.server;
    const other = certificate({ issuer: people.root, subject: "somebody else" });
    const none = Uint8Array.of(0x30, 0x03, 1, 2, 3);
    expect(make({ certificate: { privateKey, chain: [] } })).toThrow("no certificate to show");
    expect(make({ certificate: { privateKey, chain: [none] } })).toThrow("does not take our certificate");
    expect(make({ certificate: { privateKey, chain: [chain[0]!, none] } })).toThrow("cannot read a certificate");
    expect(make({ certificate: { privateKey: other.privateKey, chain } })).toThrow("does not take our private key");
    expect(make({ certificate: { privateKey, chain }, authorities: [none] })).toThrow("cannot read a certificate");
    expect(make({ psk: () => KEY, suites: [0xffff] })).toThrow("suite");
    expect(alive()).toEqual(NOTHING_LEFT);
    expect(doubleFrees()).toBe(0);
    // What went wrong is not found later by Node's own cryptography, which looks into the same queue.
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    expect(createPrivateKey(pem).asymmetricKeyType).toBe("ec");
  });

  it("of a line is its own: freed twice is freed once, and nothing is touched behind that", () => {
    const { openssl, alive, doubleFrees } = counted(real);
    const context = contextOf(openssl, { role: "server", ciphers: "PSK-AES128-CCM8:@SECLEVEL=0" });
    const options = { role: "server", mtu: 1_232, retransmitMs: 1_000, timing: realTiming, hooks: {} } as const;
    const lines = Array.from({ length: 50 }, () => new Line(openssl, context, options));
    // The lines keep it alive.
    openssl.api.SSL_CTX_free(context);
    expect(alive()).toEqual({ ...NOTHING_LEFT, lines: 50, wires: 100 });
    for (const line of lines) {
      line.feed(KEY);
      line.free();
      line.free();
      line.feed(KEY);
      expect([line.handshake(1).status, line.write(KEY, 1).status, line.repeat(1).status]).toEqual(
        Array.from({ length: 3 }, () => "closed"),
      );
      expect([line.drain(), line.deadline]).toEqual([[], undefined]);
    }
    expect(alive()).toEqual(NOTHING_LEFT);
    expect(doubleFrees()).toBe(0);
  });
});

describe.skipIf(!found.openssl)(titled("the cookie of an OpenSSL server", found), () => {
  const openssl = found.openssl!;

  /** A client that has been asked for a cookie, and what it then says. */
  function asked(server: OpensslServer, echo: EchoServer, peer: string) {
    const said: Uint8Array[] = [];
    const client = opensslClient(openssl, pskOf("dev1", KEY))(
      { transmit: (datagram) => void said.push(datagram), opened() {}, received() {}, ended() {} },
      { maxDatagram: 1_232 },
    );
    echo.carry = (_, datagram) => client.receive(datagram, 0);
    client.start(0);
    server.receive(peer, said[0]!, 0);
    client.close();
    return said[1]!;
  }
  const fresh = (secret: number) => {
    const echo = new EchoServer();
    const cookieSecret = new Uint8Array(32).fill(secret);
    return { echo, server: testServer(openssl, { psk: keyOf("dev1", KEY), cookieSecret }, echo) };
  };

  it("holds as long as its secret does: after a restart with the same one, and for nobody else", () => {
    const first = fresh(1);
    const second = asked(first.server, first.echo, "client");
    first.server.close(0);
    const { server } = fresh(1);
    server.receive("another", second, 0);
    expect(server.size).toBe(0);
    server.receive("client", second, 0);
    expect(server.size).toBe(1);
    server.close(0);
  });

  it("is worth nothing once the secret is another, and then another one is given", () => {
    const first = fresh(1);
    const second = asked(first.server, first.echo, "client");
    first.server.close(0);
    const { server, echo } = fresh(2);
    const answers: Uint8Array[] = [];
    echo.carry = (_, datagram) => void answers.push(datagram);
    server.receive("client", second, 0);
    expect([server.size, server.strangers]).toEqual([0, 1]);
    // HelloVerifyRequest (RFC 6347 §4.3.2).
    expect(answers.map((datagram) => datagram[13])).toEqual([3]);
    const third = asked(server, echo, "client");
    server.receive("client", third, 0);
    expect(server.size).toBe(1);
    server.close(0);
  });
});

/** The first ClientHello of a client. */
function helloOf(associate: Associate): Uint8Array {
  const sent: Uint8Array[] = [];
  const client = associate(
    { transmit: (datagram) => void sent.push(datagram), opened() {}, received() {}, ended() {} },
    { maxDatagram: 1_232 },
  );
  client.start(0);
  client.close();
  return sent[0]!;
}
