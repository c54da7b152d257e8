/** Packages from file servers on real sockets, by each way of CoAP: with the keys of a server on that host, or not at all. */

import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Secret } from "../../src/base/secret.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import type { Transport } from "../../src/base/transport.ts";
import { Code, Endpoint } from "../../src/coap/index.ts";
import { Dialer, packageFetchers } from "../../src/dial/index.ts";
import { OpensslDatagramServer } from "../../src/io/openssl/datagram-server.ts";
import type { Account, objects } from "../../src/lwm2m/index.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";
import { Code as StreamCode, StreamServer } from "../support/stream-server.ts";

const found = await findTestOpenssl();
const KEY = "00112233445566778899aabbccddeeff";
const FILE = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7) & 0xff));
const clock = new SystemClock();
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const credentials = (key = KEY): Pick<Account, "credentials"> => ({
  credentials: { mode: "psk", identity: Buffer.from("tag"), secretKey: new Secret(key, "key of the test") },
});
const account = (uri: string, more: Partial<Account> = {}): Account => ({
  uri,
  lifetime: 300,
  shortServerId: 1,
  ...more,
});

/** Fetches a URI as Object 5 does, with the keys of these accounts. */
async function fetched(uri: string, accounts: readonly Account[]) {
  const dialer = await Dialer.open({ clock, random: systemRandom, log: silentLog });
  undo.push(() => dialer.close());
  const ways = { dialer, endpoint: "tag", accounts: () => accounts, clock, random: systemRandom, log: silentLog };
  const fetchers = packageFetchers(ways);
  const chunks: Uint8Array[] = [];
  const known: objects.Known[] = [];
  const sink = {
    begins: (each: objects.Known) => void known.push(each),
    chunk: (bytes: Uint8Array) => void chunks.push(bytes.slice()),
  };
  const url = new URL(uri);
  const { signal } = new AbortController();
  const ended = await fetchers.get(url.protocol.slice(0, -1))!({ uri: url, from: 0, tag: undefined, sink, signal });
  return { ended, file: Buffer.concat(chunks), known, fetchers };
}

/** A file server over coaps that knows one identity, and what it was asked for. */
async function files() {
  const asked: string[] = [];
  const ends = new Map<string, (datagram: Uint8Array) => void>();
  const server = new OpensslDatagramServer(
    found.openssl!,
    {
      clock,
      random: systemRandom,
      log: silentLog,
      psk: (id) => (String(Buffer.from(id)) === "tag" ? Buffer.from(KEY, "hex") : undefined),
    },
    {
      opened: (peer) => {
        const endpoint = new Endpoint({ transport: line(peer), clock, random: systemRandom, log: silentLog });
        endpoint.onRequest(({ path }) => {
          asked.push(`/${path.join("/")}`);
          return { code: Code.Content, format: 42, payload: FILE };
        });
        void endpoint.open();
        undo.push(() => endpoint.close());
      },
      received: (peer, payload) => ends.get(peer)?.(payload.slice()),
      ended: (peer) => void ends.delete(peer),
    },
  );
  /** What is inside of the association with a peer. */
  const line = (peer: string): Transport => ({
    maxDatagram: 1_152,
    open: () => Promise.resolve(),
    send: (datagram) => void server.send(peer, datagram),
    onDatagram: (listener) => void ends.set(peer, listener),
    onClose: () => undefined,
    renew: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const port = await server.open("127.0.0.1", 0);
  undo.push(() => server.close());
  return { port, asked };
}

describe.skipIf(!found.openssl)(titled("a package by coaps", found), () => {
  it("comes whole, with the keys of the server on that host (LwM2M Core 1.2 Appendix E.6)", async () => {
    const { port, asked } = await files();
    const keys = account("coaps://127.0.0.1:1", credentials());
    const { ended, file } = await fetched(`coaps://127.0.0.1:${port}/a/fw.bin`, [account("coap://127.0.0.1"), keys]);
    expect(ended).toEqual({ status: "complete" });
    expect(file.equals(FILE)).toBe(true);
    expect(new Set(asked)).toEqual(new Set(["/a/fw.bin"]));
  });

  it("takes the keys of the very server where there are others on its host", async () => {
    const { port } = await files();
    const other = account("coaps://127.0.0.1:1", credentials("ff".repeat(16)));
    const same = account(`coaps://127.0.0.1:${port}`, { ...credentials(), shortServerId: 2 });
    const { ended } = await fetched(`coaps://127.0.0.1:${port}/fw`, [other, same]);
    expect(ended).toEqual({ status: "complete" });
  });
});

describe("a package by a secured way", () => {
  it.each(["coaps", "coaps+tcp"])("is refused in words by %s from a host that we have no keys for", async (scheme) => {
    const accounts = [account("coaps://one.example", credentials()), account("coap://files.example")];
    const { ended, file } = await fetched(`${scheme}://files.example/fw`, accounts);
    expect(ended).toEqual({
      status: "refused",
      fault: "uri",
      reason: `no server of ours is at files.example: there are no keys to fetch from there by ${scheme}`,
    });
    expect(file).toHaveLength(0);
  });

  it("is refused in words where the keys are not fit for it", async () => {
    const accounts = [account("coaps://files.example", { ...credentials(), ciphersuites: [0xc02b] })];
    const { ended } = await fetched("coaps://files.example/fw", accounts);
    expect(ended).toMatchObject({ status: "refused", fault: "uri" });
    expect(JSON.stringify(ended)).toContain("cipher suites");
    expect(JSON.stringify(ended)).not.toContain(KEY);
  });
});

describe("a package by coap+tcp", () => {
  it("comes without keys, which nobody asks for there", async () => {
    const server = await new StreamServer().open();
    undo.push(() => server.close());
    server.onRequest = (peer) => {
      peer.send(StreamCode.Content, peer.heard.at(-1)!.token, [], "a whole package");
      return false;
    };
    const { ended, file } = await fetched(`coap+tcp://127.0.0.1:${server.port}/fw`, []);
    expect(ended).toEqual({ status: "complete" });
    expect(String(file)).toBe("a whole package");
  });

  it("is offered beside the other ways, by their numbers in /5/0/8", async () => {
    const { fetchers } = await fetched("coaps://nowhere.example/fw", []);
    expect([...fetchers.keys()]).toEqual(["coap", "coaps", "coap+tcp", "coaps+tcp"]);
  });
});
