/** New keys of an account: the registration and what is observed outlive them, and bad ones do no harm that cannot be mended. */

import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { Secret } from "../../../src/base/secret.ts";
import { type Account, Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { succession } from "../../../src/lwm2m/servers/succession.ts";
import { path } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeServer } from "../../support/fake-server.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { models, thermometer } from "../../support/station.ts";
import { type VirtualTransport, wire } from "../../support/virtual-network.ts";

const TEMPERATURE = path(3303, 0, 5700);
const account = (key: string, more: Partial<Account> = {}): Account => ({
  uri: "coaps://one",
  lifetime: 300,
  shortServerId: 1,
  securityInstance: 0,
  serverInstance: 0,
  credentials: { mode: "psk", identity: Uint8Array.of(1), secretKey: new Secret(key, "test") },
  ...more,
});

interface Line {
  readonly key: string | undefined;
  readonly near: VirtualTransport;
  readonly server: FakeServer;
}

let clock: FakeClock;
let tree: ObjectTree;
let client: Lwm2mClient;
/** In the order in which they were opened. */
let lines: Line[];
/** Keys that the server does not know. */
let unknown: Set<string>;
/** The server knows no location. */
let forgetful: boolean;

async function started(first: Account): Promise<void> {
  clock = new FakeClock();
  tree = new ObjectTree();
  lines = [];
  unknown = new Set();
  forgetful = false;
  thermometer(tree, clock);
  client = new Lwm2mClient({
    endpoint: "tag",
    tree,
    provision: { accounts: [first] },
    models,
    connect: ({ credentials }) => {
      const { near, far } = wire();
      const key = credentials?.secretKey.reveal();
      if (key !== undefined && unknown.has(key)) near.refuse = "wrong key";
      const server = new FakeServer(far);
      server.verdict = (request) => (forgetful && request.path !== "/rd" ? { code: 0x84 } : server.grant(request));
      lines.push({ key, near, server });
      return near;
    },
    clock,
    random: new SeededRandom(3),
    log: silentLog,
  });
  client.start();
  await clock.advance(100);
}

const line = (at: number): Line => {
  const found = lines.at(at);
  if (!found) throw new Error("no such line");
  return found;
};

async function rotated(next: Account): Promise<void> {
  client.provide({ accounts: [next] });
  await clock.advance(2_000);
}

describe("a registration whose key is another", () => {
  beforeEach(() => started(account("aa")));

  it("goes on: an Update over a new association, under the same location", async () => {
    expect(line(0).server.log).toEqual(["POST /rd?lwm2m=1.1&ep=tag&lt=300"]);
    await rotated(account("bb"));
    expect(lines.map(({ key }) => key)).toEqual(["aa", "bb"]);
    expect(line(0).near.isOpen).toBe(false);
    expect(line(0).server.log).toHaveLength(1);
    expect(line(1).server.log).toEqual(["POST /rd/r1"]);
    expect(client.registration).toMatchObject({ state: "registered", location: "/rd/r1" });
  });

  it("keeps what is observed, which is told over the new association", async () => {
    const token = line(0).server.send("GET", { path: "/3303/0/5700", observe: 0 });
    await clock.advance(100);
    await rotated(account("bb"));
    tree.set(TEMPERATURE, 25.5, clock.now());
    await clock.advance(2_000);
    expect(client.registration.observations).toBe(1);
    expect(line(1).server.answers(token).at(-1)).toMatchObject({ code: "2.05", observe: expect.any(Number) as number });
  });

  it("may change together with the lifetime, which the same Update tells", async () => {
    await rotated(account("bb", { lifetime: 900 }));
    expect(line(1).server.log[0]).toBe("POST /rd/r1?lt=900");
    expect(client.registration).toMatchObject({ state: "registered", lifetime: 900 });
  });

  it("begins anew where the server has forgotten it under the old key", async () => {
    forgetful = true;
    await rotated(account("bb"));
    expect(line(1).server.log).toEqual(["POST /rd/r1", "POST /rd?lwm2m=1.1&ep=tag&lt=300"]);
    expect(client.registration.state).toBe("registered");
  });

  it("takes the newest of several keys that come at once", async () => {
    client.provide({ accounts: [account("bb")] });
    await rotated(account("cc"));
    expect(line(-1).key).toBe("cc");
    expect(client.registration).toMatchObject({ state: "registered", location: "/rd/r1" });
  });

  it("tries a key that the server does not know again and again, and says why", async () => {
    unknown.add("bb");
    await rotated(account("bb"));
    await clock.advance(60_000);
    expect(client.registration.state).not.toBe("registered");
    expect(client.registration.lastError).toContain("wrong key");
    // As when the server's side is rotated a little later.
    unknown.clear();
    await clock.advance(3_600_000);
    expect(client.registration.state).toBe("registered");
  });

  it("is mended at once by a key that the server knows", async () => {
    unknown.add("bb");
    await rotated(account("bb"));
    await clock.advance(200_000);
    await rotated(account("cc"));
    expect(line(-1).key).toBe("cc");
    expect(client.registration.state).toBe("registered");
  });

  it("is not touched by a provision that says the same", async () => {
    await rotated(account("aa"));
    expect(lines).toHaveLength(1);
    expect(line(0).server.log).toHaveLength(1);
  });

  it("may change while its Register is under way, and is shown as soon as that is answered", async () => {
    await started(account("aa"));
    lines.length = 0;
    await rotated(account("bb"));
    client.provide({ accounts: [account("cc")] });
    await clock.advance(3_000);
    expect(line(-1).key).toBe("cc");
    expect(client.registration.state).toBe("registered");
  });
});

describe("what follows when another account takes the place of one", () => {
  const nosec: Account = { uri: "coap://one", lifetime: 300, shortServerId: 1 };

  it.each<[string, Account, Account]>([
    ["same", account("aa"), account("aa", { lifetime: 900 })],
    ["rekeyed", account("aa"), account("bb")],
    ["rekeyed", account("aa"), account("aa", { serverName: "b", ciphersuites: [0xc0a8] })],
    ["another", account("aa"), account("aa", { uri: "coaps://two" })],
    ["another", account("aa"), account("aa", { version: "1.2" })],
    // Over a stream, observations end with the connection (RFC 8323 §6), and so does what could go on.
    ["another", account("aa", { uri: "coaps+tcp://one" }), account("bb", { uri: "coaps+tcp://one" })],
    ["same", nosec, { ...nosec }],
    ["another", nosec, account("aa")],
  ])("is %s", (outcome, before, after) => {
    expect(succession(before, after)).toBe(outcome);
  });
});
