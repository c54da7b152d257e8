/** TLS as a stream of bytes: pre-shared keys and certificates, and every refusal in words (RFC 8323 §8.2, §9). */

import { createSecretKey, createHash } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Credentials, Judgement, X509Credentials } from "../../../src/base/credentials.ts";
import { tls, TlsContexts, type TlsOptions as Options, type TlsStream } from "../../../src/io/streams/tls.ts";
import { authority, certificate } from "../../support/certificates.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const psk = (identity: string | Uint8Array, key: Uint8Array = KEY): Credentials => ({
  mode: "psk",
  identity: typeof identity === "string" ? new TextEncoder().encode(identity) : identity,
  key: createSecretKey(key),
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const PSK_SERVER: TlsOptions = {
  ciphers: "PSK-AES128-CCM8:PSK-AES128-GCM-SHA256:@SECLEVEL=0",
  maxVersion: "TLSv1.2",
  ALPNProtocols: ["coap"],
  pskCallback: (_socket: TLSSocket, identity: string) => (identity.startsWith("dev") ? KEY : null),
};

/** A server that says back what it hears. */
async function echo(options: TlsOptions): Promise<{ server: Server; port: number; sockets: TLSSocket[] }> {
  const sockets: TLSSocket[] = [];
  const server = createServer(options, (socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Uint8Array) => socket.write(bytes));
  });
  const raw: Socket[] = [];
  server.on("connection", (socket: Socket) => raw.push(socket));
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of raw) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0, sockets };
}

function stream(port: number, credentials: Credentials, more: Partial<Options> = {}): TlsStream {
  const made = tls({ host: "127.0.0.1", port, credentials, clock: new FakeClock(), ...more });
  closing.push(() => made.close());
  return made;
}

async function said(open: TlsStream, text: string): Promise<string> {
  const back = new Promise<string>((resolve) => open.onBytes((bytes) => resolve(Buffer.from(bytes).toString())));
  open.write(new TextEncoder().encode(text));
  return back;
}

describe("TLS with a pre-shared key", () => {
  it("is spoken with nobody who shows a certificate instead, though suites with certificates be named", async () => {
    const stranger = certificate({ subject: "anybody" });
    const { port } = await echo({
      ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
      maxVersion: "TLSv1.2",
      ALPNProtocols: ["coap"],
      cert: stranger.pem,
      key: stranger.keyPem,
    });
    // As /0/x/16 and `ciphersuites` may well have it: the mandatory ones of both modes (RFC 7925 §4.2, §4.4).
    const line = stream(port, psk("dev1"), { suites: [0xc0a8, 0xc02b] });
    await expect(line.open()).rejects.toThrow("no cipher suite in common");
    await expect(stream(port, psk("dev1"), { suites: [0xc02b] }).open()).rejects.toThrow("none of the cipher suites");
  });

  it("opens with the suite that LwM2M has as mandatory, and carries bytes", async () => {
    const { port } = await echo(PSK_SERVER);
    const line = stream(port, psk("dev1"));
    expect(line.security).toEqual({ protocol: "TLS" });
    await line.open();
    expect(line.security).toEqual({ protocol: "TLS 1.2", suite: "TLS_PSK_WITH_AES_128_CCM_8", resumed: false });
    expect(await said(line, "hello")).toBe("hello");
  });

  it("takes the suites it is told to take, in their order, and leaves out what it does not know", async () => {
    const { port } = await echo(PSK_SERVER);
    const line = stream(port, psk("dev1"), { suites: [0xffff, 0x00a8] });
    await line.open();
    expect(line.security.suite).toBe("TLS_PSK_WITH_AES_128_GCM_SHA256");
    await expect(stream(port, psk("dev1"), { suites: [0xffff] }).open()).rejects.toThrow("none of the cipher suites");
  });

  it("sends the identity as its bytes", async () => {
    const heard: string[] = [];
    const { port } = await echo({
      ...PSK_SERVER,
      pskCallback: (_socket, identity) => {
        heard.push(identity);
        return KEY;
      },
    });
    await stream(port, psk("sensor-ü")).open();
    expect(heard).toEqual(["sensor-ü"]);
  });

  it("refuses an identity that is no UTF-8, which would arrive as another one", async () => {
    const { port } = await echo(PSK_SERVER);
    await expect(stream(port, psk(Uint8Array.of(0xff, 0xfe))).open()).rejects.toThrow("no UTF-8");
  });

  it("says which identity has a wrong key, or is not known, and keeps it for those who look", async () => {
    const { port } = await echo(PSK_SERVER);
    const wrong = stream(port, psk("dev1", Buffer.alloc(16, 9)));
    await expect(wrong.open()).rejects.toThrow(/wrong key.*"dev1"/);
    expect(wrong.security.failure).toMatch(/wrong key/);
    expect(wrong.write(Uint8Array.of(1))).toBe(false);
    await expect(stream(port, psk("stranger")).open()).rejects.toThrow(/"stranger"/);
  });

  it("tells the alert by which it was refused, until it opens (LwM2M Core 1.2 Appendix E.2, /1/x/11)", async () => {
    const { port } = await echo({ ...PSK_SERVER, ciphers: "PSK-AES256-GCM-SHA384:@SECLEVEL=0" });
    const line = stream(port, psk("dev1"));
    await expect(line.open()).rejects.toThrow();
    expect(line.alert).toBe(40);
    const { port: better } = await echo(PSK_SERVER);
    const other = stream(better, psk("dev1"));
    await other.open();
    expect(other.alert).toBeUndefined();
  });

  it("says that the suites do not meet", async () => {
    const { port } = await echo({ ...PSK_SERVER, ciphers: "PSK-AES256-GCM-SHA384:@SECLEVEL=0" });
    await expect(stream(port, psk("dev1")).open()).rejects.toThrow("no cipher suite in common");
  });

  it("opens where the server leaves ALPN out, unless it must not", async () => {
    const { port } = await echo({ ...PSK_SERVER, ALPNProtocols: [] });
    await stream(port, psk("dev1")).open();
    await expect(stream(port, psk("dev1"), { requireAlpn: true }).open()).rejects.toThrow("ALPN");
  });

  it("does not speak CoAP to who wants another protocol", async () => {
    const { port } = await echo({ ...PSK_SERVER, ALPNProtocols: ["h2"] });
    await expect(stream(port, psk("dev1")).open()).rejects.toThrow(/not CoAP|broke off/);
  });

  it("says that what answers there does not speak TLS", async () => {
    const { createServer: plain } = await import("node:net");
    const server = plain((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      socket.end("\x00\xe1 no TLS here at all");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(stream(port, psk("dev1")).open()).rejects.toThrow("does not speak TLS");
  });

  it("shares what is heavy with others, but neither key nor identity", async () => {
    const heard: string[] = [];
    const { port } = await echo({
      ...PSK_SERVER,
      pskCallback: (_socket, identity) => {
        heard.push(identity);
        return identity === "dev2" ? Buffer.alloc(16, 2) : KEY;
      },
    });
    const contexts = new TlsContexts();
    await Promise.all([
      stream(port, psk("dev1"), { contexts }).open(),
      stream(port, psk("dev2", Buffer.alloc(16, 2)), { contexts }).open(),
      expect(stream(port, psk("dev3", Buffer.alloc(16, 2)), { contexts }).open()).rejects.toThrow('"dev3"'),
    ]);
    expect(heard.toSorted()).toEqual(["dev1", "dev2", "dev3"]);
    expect(contexts.psk("PSK-AES128-CCM8")).toBe(contexts.psk("PSK-AES128-CCM8"));
  });

  it("opens again after it was closed", async () => {
    const { port } = await echo(PSK_SERVER);
    const line = stream(port, psk("dev1"));
    await line.open();
    await line.close();
    await line.open();
    expect(await said(line, "again")).toBe("again");
  });
});

describe("TLS with certificates", () => {
  const root = authority({ subject: "Root" });
  const middle = authority({ subject: "Middle", issuer: root });
  const server = certificate({ issuer: middle, subject: "server", names: ["lwm2m.example"] });
  const client = certificate({ issuer: root, subject: "dev1" });
  const SERVER: TlsOptions = {
    cert: server.chainPem,
    key: server.keyPem,
    ca: root.pem,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["coap"],
  };

  function x509(judge: X509Credentials["judge"], more: Partial<X509Credentials> = {}): X509Credentials {
    return { mode: "x509", privateKey: client.privateKey, chain: client.chain, judge, ...more };
  }
  const trusting = (): Judgement => ({ status: "trusted", publicKey: server.publicKey });

  it("opens when the judge trusts the chain that the server shows, and shows our own", async () => {
    const { port, sockets } = await echo(SERVER);
    const seen: { chain: readonly Uint8Array[]; trusted: boolean }[] = [];
    const line = stream(
      port,
      x509((chain, now) => {
        seen.push({ chain, trusted: now.trusted });
        return trusting();
      }),
    );
    await line.open();
    expect(seen).toHaveLength(1);
    expect(seen[0]?.chain.slice(0, 2).map((der) => Buffer.from(der).toString("hex"))).toEqual(
      server.chain.map((der) => Buffer.from(der).toString("hex")),
    );
    expect(line.security.fingerprint).toBe(createHash("sha256").update(server.der).digest("hex"));
    expect(line.security.suite).toBeTypeOf("string");
    expect(await said(line, "hello")).toBe("hello");
    expect(sockets[0]?.authorized).toBe(true);
  });

  it("speaks the suites of LwM2M where the server has TLS 1.2 alone", async () => {
    const { port } = await echo({ ...SERVER, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0" });
    const line = stream(port, x509(trusting));
    await line.open();
    expect(line.security).toMatchObject({
      protocol: "TLS 1.2",
      suite: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
    });
  });

  it("does not open, and says nothing, when the judge refuses or cannot judge yet", async () => {
    const { port, sockets } = await echo(SERVER);
    const refused: Judgement = { status: "refused", reason: "the certificate is of another name", fault: "bad" };
    const wait: Judgement = { status: "wait", reason: "the clock is not set" };
    for (const judgement of [refused, wait]) {
      const line = stream(
        port,
        x509(() => judgement),
      );
      await expect(line.open()).rejects.toThrow(judgement.reason);
      expect(line.security.failure).toContain(judgement.reason);
      expect(line.write(Uint8Array.of(1))).toBe(false);
    }
    expect(sockets.every(({ bytesRead }) => bytesRead === 0)).toBe(true);
  });

  it("names the server that it wants (SNI): as the credentials say, or as the address does", async () => {
    const names: string[] = [];
    const { port } = await echo({
      ...SERVER,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    await stream(port, x509(trusting, { serverName: "lwm2m.example" })).open();
    await stream(port, x509(trusting), { serverName: "other.example" }).open();
    await stream(port, x509(trusting)).open();
    await stream(port, x509(trusting), { host: "localhost" }).open();
    expect(names).toEqual(["lwm2m.example", "other.example", "localhost"]);
  });

  it("says that the server does not accept our certificate", async () => {
    const stranger = certificate({ issuer: authority({ subject: "Nobody" }), subject: "dev1" });
    const { port } = await echo({ ...SERVER, maxVersion: "TLSv1.2" });
    const line = stream(port, x509(trusting, { privateKey: stranger.privateKey, chain: stranger.chain }));
    await expect(line.open()).rejects.toThrow(/does not accept our certificate|broke off the handshake/);
  });

  it("wants ALPN on ports other than 5684, where services may share a certificate (RFC 8323 §8.2)", async () => {
    const { port } = await echo({ ...SERVER, ALPNProtocols: [] });
    await expect(stream(port, x509(trusting)).open()).rejects.toThrow("ALPN");
    await stream(port, x509(trusting), { requireAlpn: false }).open();
  });

  it("has no raw public keys, and says what to take instead", async () => {
    const { port } = await echo(SERVER);
    const credentials: Credentials = {
      mode: "rpk",
      privateKey: client.privateKey,
      publicKey: client.spki,
      serverKey: server.spki,
    };
    await expect(stream(port, credentials).open()).rejects.toThrow("raw public keys are not to be had over TLS");
  });
});
