/** Servers of coaps+tcp that are not what they should be: with the judge that is used, and each refusal in words (RFC 8323 §9, RFC 7925 §4.4). */

import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { keysOf } from "../../../src/dial/security.ts";
import { tls, type TlsStream } from "../../../src/io/streams/tls.ts";
import type { Account } from "../../../src/lwm2m/index.ts";
import { authority, certificate, EKU, type Issued } from "../../support/certificates.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const root = authority({ subject: "Root" });
const stranger = authority({ subject: "Stranger" });
const NAME = "lwm2m.example";
const good = certificate({ issuer: root, subject: "server", names: [NAME] });
const client = certificate({ issuer: root, subject: "tag" });
const KEY = new Secret(Buffer.from(client.privateKey.export({ format: "der", type: "pkcs8" })).toString("hex"), "test");
const OF_2021 = Date.UTC(2021, 0, 1);
const OF_2040 = Date.UTC(2040, 0, 1);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listening(server: Server): Promise<number> {
  const raw: Socket[] = [];
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => undefined);
    raw.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of raw) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A server with this certificate, and what it was told before it was refused. */
async function showing(shown: Issued, options: TlsOptions = {}) {
  const heard: number[] = [];
  const server = createServer(
    { cert: shown.chainPem, key: shown.keyPem, ALPNProtocols: ["coap"], ...options },
    (socket) => void socket.on("data", ({ length }: Uint8Array) => heard.push(length)).on("error", () => undefined),
  );
  server.on("tlsClientError", () => undefined);
  return { port: await listening(server), heard };
}

/** This very certificate is what /0/x/4 holds. */
function pinned(server: Issued): Pick<Account, "credentials"> {
  return {
    credentials: { mode: "x509", identity: client.der, serverKey: server.der, secretKey: KEY },
  };
}

/** Opened with the credentials of an account, as the dialler makes them. */
function opening(port: number, more: Partial<Account> = {}, clock = new FakeClock(), patienceMs?: number): TlsStream {
  const account: Account = {
    uri: `coaps+tcp://${NAME}:${port}`,
    lifetime: 300,
    shortServerId: 1,
    ...pinned(root),
    certificateUsage: 2,
    ...more,
  };
  const credentials = keysOf(account, NAME);
  const stream = tls({
    host: "127.0.0.1",
    port,
    credentials,
    clock,
    ...(patienceMs !== undefined && { patienceMs }),
  });
  closing.push(() => stream.close());
  return stream;
}

describe("a certificate that is shown over TLS", () => {
  it("is accepted where it is what the account says", async () => {
    const { port } = await showing(good);
    await opening(port).open();
    await opening(port, { certificateUsage: 3, ...pinned(good) }).open();
  });

  it.each([
    ["has expired", certificate({ issuer: root, names: [NAME], validUntil: OF_2021 }), /expired|2021/],
    ["does not hold yet", certificate({ issuer: root, names: [NAME], validFrom: OF_2040 }), /2040|not.*yet/],
    ["was issued by a stranger", certificate({ issuer: stranger, names: [NAME] }), /issue|authorit|trust/],
    ["is of another name", certificate({ issuer: root, names: ["other.example"] }), /other\.example|name/],
    [
      "is for clients alone",
      certificate({ issuer: root, names: [NAME], extendedKeyUsage: [EKU.clientAuth] }),
      /server|purpose|use/,
    ],
    [
      "was signed by somebody else in the authority's name",
      certificate({ issuer: root, names: [NAME], signWith: stranger.privateKey }),
      /sign/,
    ],
  ])("and %s is refused, in words, before anything is said", async (_, shown, words) => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const { port, heard } = await showing(shown, { maxVersion });
      const line = opening(port);
      await expect(line.open()).rejects.toThrow(words);
      await expect(line.open()).rejects.toThrow(`127.0.0.1:${port}: `);
      expect(line.security.failure).toMatch(words);
      expect(line.write(Uint8Array.of(1))).toBe(false);
      expect(heard).toEqual([]);
    }
  });

  it("is not judged while the clock is not set: the way opens once it is", async () => {
    const { port } = await showing(good);
    const clock = new FakeClock();
    clock.trusted = false;
    const line = opening(port, {}, clock);
    await expect(line.open()).rejects.toThrow(/clock/);
    clock.trusted = true;
    await line.open();
    expect(line.security.fingerprint).toHaveLength(64);
  });

  it("may be renewed and is then another: the pinned one is meant, and the words say which came", async () => {
    const { port } = await showing(certificate({ issuer: root, subject: "server", names: [NAME] }));
    const line = opening(port, { certificateUsage: 3, ...pinned(good) });
    await expect(line.open()).rejects.toThrow(/certificate/);
  });
});

describe("a server of TLS that is not there for us", () => {
  it.each(["TLSv1", "TLSv1.1"] as const)(
    "and speaks %s alone is refused: nothing below 1.2 is spoken (RFC 8323 §9.1)",
    async (version) => {
      const ciphers = "DEFAULT:@SECLEVEL=0";
      const { port } = await showing(good, { minVersion: version, maxVersion: version, ciphers });
      const line = opening(port);
      await expect(line.open()).rejects.toThrow(/version/);
      expect(line.security.failure).toMatch(/version/);
    },
  );

  it("and accepts, but never says a word, is given up in time", async () => {
    const port = await listening(createTcpServer((socket) => void socket.resume()));
    const line = opening(port, {}, new FakeClock(), 100);
    await expect(line.open()).rejects.toThrow("no answer in");
    expect(line.security.failure).toContain("no answer in");
  });

  it("and keeps the line alive with a byte now and then, but never gets on, is given up in time as well", async () => {
    let timer: NodeJS.Timeout | undefined;
    closing.push(() => clearInterval(timer));
    const port = await listening(
      createTcpServer((socket) => {
        socket.resume();
        // The head of a handshake record of 16 kB, which then comes drop by drop.
        socket.write(Buffer.from("1603034000", "hex"));
        timer = setInterval(() => socket.write(Uint8Array.of(2)), 20);
      }),
    );
    const began = performance.now();
    await expect(opening(port, {}, new FakeClock(), 150).open()).rejects.toThrow("no answer in");
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("and hangs up at once, or in the middle of its words, is told of as such", async () => {
    const now = await listening(createTcpServer((socket) => socket.end()));
    await expect(opening(now).open()).rejects.toThrow(`127.0.0.1:${now}: `);
    const soon = await listening(
      createTcpServer((socket) => void socket.once("data", () => socket.end(Buffer.from("160303004a0200", "hex")))),
    );
    await expect(opening(soon).open()).rejects.toThrow(`127.0.0.1:${soon}: `);
  });
});
