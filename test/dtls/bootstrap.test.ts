/** Bootstrap over coaps, in virtual time: asked for and unasked, and what it gives is used at once (LwM2M Core 1.2 §6.1.3). */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { codecOf, Format } from "../../src/content/index.ts";
import { keysOf } from "../../src/dial/security.ts";
import { dtls, DtlsTransport, HandshakeGate, SessionStore } from "../../src/dtls/index.ts";
import { type Account, type BootstrapAccount, Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { parsePath } from "../../src/model/path.ts";
import { encoded, server, type Values } from "../support/bootstrap-bench.ts";
import { FakeClock } from "../support/fake-clock.ts";
import type { Heard, Method, Question } from "../support/fake-server.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { RegistrationBook } from "../support/registration-book.ts";
import { SecuredNetwork } from "../support/secured-network.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { models, thermometer } from "../support/station.ts";
import { TestServer } from "./support/server/server.ts";

const ONE = "coaps://one:5684";
const BS = "coaps://bs:5684";
const OLD = "00".repeat(16);
const NEW = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const HOUR = 3_600_000;

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const psk = (identity: string, key: string) =>
  ({ mode: "psk", identity: Buffer.from(identity), secretKey: new Secret(key, "key of the test") }) as const;
const one = (key: string): Account => ({ uri: ONE, lifetime: 300, shortServerId: 1, credentials: psk("tag", key) });

/** What a Bootstrap-Server writes to make `key` the one for the server at ONE. */
const security = (key: string, more: Values = {}): Values => ({
  "/0/0/0": ONE,
  "/0/0/1": false,
  "/0/0/2": 0,
  "/0/0/3": Buffer.from("tag"),
  "/0/0/4": new Uint8Array(0),
  "/0/0/5": bytes(key),
  "/0/0/10": 1,
  ...more,
});

/** A client, its Bootstrap-Server and the server at ONE, which knows `keys` one after the other. */
function scene({ accounts = [], listen }: { accounts?: readonly Account[]; listen?: boolean } = {}) {
  const clock = new FakeClock();
  const random = new SeededRandom(4);
  const log = new MemoryLog();
  const book = new RegistrationBook();
  const world = { key: NEW };
  const shared = { clock, log, gate: new HandshakeGate({ clock, random }), sessions: new SessionStore({ clock, log }) };
  const network = (key: (identity: Uint8Array) => Uint8Array | undefined) => {
    const made = new SecuredNetwork(clock);
    made.end = new TestServer({ random: new SeededRandom(8), psk: key, resumes: true }, made);
    return made;
  };
  const atOne = network(() => bytes(world.key));
  const atBs = network(() => bytes(OLD));
  const at = (uri: string) => (uri === BS ? atBs : atOne);
  atOne.verdict = book.verdict;
  const tree = new ObjectTree();
  thermometer(tree, clock);
  const dialled: (Account | BootstrapAccount)[] = [];
  const client = new Lwm2mClient({
    endpoint: "tag",
    tree,
    provision: { accounts, bootstrap: { uri: BS, credentials: psk("tag", OLD), ...(listen && { listen }) } },
    models,
    connect: (account) => {
      dialled.push(account);
      const { uri } = account;
      return new DtlsTransport({
        dial: at(uri).dial("tag"),
        associate: dtls({ credentials: keysOf(account, "host"), random, now: () => clock.now(), name: uri }),
        server: uri,
        endpoint: "tag",
        shared,
      });
    },
    clock,
    random,
    log,
  });
  /** A question of the Bootstrap-Server, and its answer. */
  const ask = async (method: Method, question: Question): Promise<Heard> => {
    const bs = atBs.server("tag");
    const token = bs.send(method, question);
    await clock.advance(100);
    return bs.answers(token).at(-1)!;
  };
  const write = (path: string, values: Values) =>
    ask("PUT", { path, format: Format.Tlv, payload: encoded(path, values, Format.Tlv) });
  const heard = (uri: string) =>
    at(uri)
      .server("tag")
      .log.map((line) => line.replace(/[?].*/, ""));
  return { clock, client, book, world, log, dialled, ask, write, heard, atBs };
}

/** Numbers and values of the Resources of an Instance. */
function resources({ payload }: Heard, instance: string): Map<number, unknown> {
  const nodes = codecOf(Format.Tlv)?.decode(payload, parsePath(instance)!, (path) => models.resource(path)) ?? [];
  return new Map(nodes.map(({ path, value }) => [Number(path.split("/")[3]), value]));
}

describe("bootstrap over DTLS", () => {
  it("is asked for, gives a server with its key, and that is registered at by DTLS at once", async () => {
    const { client, clock, ask, write, heard, book, log } = scene();
    client.start();
    await clock.advance(1_000);
    expect(heard(BS)).toEqual(["POST /bs"]);
    expect((await write("/0/0", security(NEW))).code).toBe("2.04");
    expect((await write("/1/0", server(0, 1))).code).toBe("2.04");
    expect((await ask("POST", { path: "/bs" })).code).toBe("2.04");
    await clock.advance(1_000);
    expect(client.registration).toMatchObject({
      state: "registered",
      server: ONE,
      security: { protocol: "DTLS 1.2", suite: "TLS_PSK_WITH_AES_128_CCM_8" },
    });
    expect(book.endpoints).toEqual(["tag"]);
    expect(JSON.stringify(log.lines)).not.toContain(NEW);
  });

  it("begins by itself where the client listens, and gives another key without losing the registration", async () => {
    const { client, clock, ask, heard, book, world, dialled, atBs } = scene({ accounts: [one(NEW)], listen: true });
    client.start();
    await clock.advance(2_000);
    expect(client.registration.state).toBe("registered");
    // It speaks first, over the association that the client has opened for that.
    atBs.opened(atBs.way("tag").port);
    const next = "ff".repeat(16);
    expect((await ask("PUT", { path: "/0/0/5", format: Format.Opaque, payload: bytes(next) })).code).toBe("2.04");
    // Nothing of it holds before Finish.
    expect(client.provision.accounts[0]?.credentials?.secretKey.reveal()).toBe(NEW);
    world.key = next;
    expect((await ask("POST", { path: "/bs" })).code).toBe("2.04");
    await clock.advance(10_000);
    expect(dialled.at(-1)).toMatchObject({ uri: ONE });
    expect(dialled.at(-1)?.credentials?.secretKey.reveal()).toBe(next);
    expect(client.registration.state).toBe("registered");
    expect([...book.registered.keys()]).toEqual(["/rd/r1"]);
    expect(heard(ONE)).toEqual(["POST /rd/r1"]);
    await clock.advance(HOUR);
    expect([...book.registered.keys()]).toEqual(["/rd/r1"]);
  });

  it("is wanted where a server refuses the key, and is told with which alert (/1/x/11)", async () => {
    const { client, clock, ask, write } = scene({ accounts: [{ ...one(OLD), retryCount: 1, sequenceCount: 1 }] });
    client.start();
    await clock.advance(120_000);
    expect(client.registrations[0]).toMatchObject({ state: "waiting" });
    const seen = resources(await ask("GET", { path: "/1/0" }), "/1/0");
    // bad_record_mac: our Finished was sealed with another key.
    expect(seen.get(11)).toBe(20);
    expect((await write("/0/0", security(NEW))).code).toBe("2.04");
    expect((await ask("POST", { path: "/bs" })).code).toBe("2.04");
    await clock.advance(10_000);
    expect(client.registration.state).toBe("registered");
  });

  it("keeps Object 21 at Finish, and what /0/x/17 leads to is there for the very next way", async () => {
    const { client, clock, ask, write, dialled } = scene();
    client.start();
    await clock.advance(1_000);
    const link = { object: 21, instance: 3 };
    const context: Values = { "/21/3/0": bytes(NEW), "/21/3/1": bytes("01"), "/21/3/2": bytes("02") };
    expect((await write("/0/0", security(NEW, { "/0/0/17": link }))).code).toBe("2.04");
    expect((await write("/21/3", context)).code).toBe("2.04");
    expect((await write("/1/0", server(0, 1))).code).toBe("2.04");
    expect((await ask("POST", { path: "/bs" })).code).toBe("2.04");
    await clock.advance(1_000);
    const [account] = client.provision.accounts;
    expect(account?.oscore).toMatchObject({ instance: 3, senderId: bytes("01"), recipientId: bytes("02") });
    expect(account?.oscore?.masterSecret.reveal()).toBe(NEW);
    expect(dialled.at(-1)).toBe(account);
  });

  it("tells in words that the Bootstrap-Server does not know the key, and tries again", async () => {
    const { client, clock, atBs } = scene();
    atBs.end = new TestServer({ random: new SeededRandom(8), psk: () => bytes(NEW) }, atBs);
    client.start();
    await clock.advance(60_000);
    expect(client.bootstrapSnapshot).toMatchObject({ state: "waiting" });
    expect(client.bootstrapSnapshot?.lastError).toMatch(/^DTLS: .*`?tag`?/);
  });
});
