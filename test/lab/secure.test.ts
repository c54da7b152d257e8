/** The lab by coaps over real sockets: our own DTLS at the OpenSSL that is inside Node. */

import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Secret } from "../../src/base/secret.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { Dialer } from "../../src/dial/index.ts";
import { secureDoor } from "../../src/io/openssl/door.ts";
import type { Account } from "../../src/lwm2m/index.ts";
import { Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { LabBench, models } from "../support/lab-bench.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";

const found = await findTestOpenssl();
const clock = new SystemClock();
const parts = { clock, random: systemRandom, log: silentLog };
const VALUE = path(3303, 0, 5700);
const KEY = "000102030405060708090a0b0c0d0e0f";

let bench: LabBench;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await bench.stop();
});

async function securedLab(): Promise<void> {
  bench = await new LabBench({ secure: { port: 0, door: await secureDoor(parts) } }).start();
}

async function client(endpoint: string, key = KEY) {
  const tree = new ObjectTree();
  for (const instance of [path(3, 0), path(3303, 0)]) tree.addInstance(instance);
  tree.set(VALUE, 21.5, clock.now());
  const account: Account = {
    uri: `coaps://127.0.0.1:${bench.securePort}`,
    lifetime: 300,
    shortServerId: 1,
    credentials: { mode: "psk", identity: Buffer.from(endpoint), secretKey: new Secret(key, "key") },
  };
  const dialer = await Dialer.open(parts);
  const made = new Lwm2mClient({
    endpoint,
    tree,
    provision: { accounts: [account] },
    models,
    connect: (wanted) => dialer.dial({ account: wanted, endpoint }),
    ...parts,
  });
  ends.push(() => made.stop(2_000).then(() => dialer.close()));
  made.start();
  return { tree, client: made };
}

describe.skipIf(!found.openssl)(titled("the lab by coaps", found), () => {
  it("takes registrations of those whose key it has, observes them, and knows who they are", async () => {
    await securedLab();
    bench.lab.security.keys.set(Buffer.from("kitchen"), Buffer.from(KEY, "hex"));
    const { tree } = await client("kitchen");
    await bench.event("value", ({ values }) => values[VALUE]?.value === 21.5);
    expect(bench.lab.clients()[0]).toMatchObject({
      endpoint: "kitchen",
      secured: { identity: "kitchen", suite: "TLS_PSK_WITH_AES_128_CCM_8" },
    });
    expect(bench.lab.clients()[0]?.secured?.address).toMatch(/^127\.0\.0\.1:\d+$/);
    tree.set(VALUE, 22, clock.now());
    await bench.event("value", ({ values }) => values[VALUE]?.value === 22);
    expect(await bench.lab.operations.read(bench.known("kitchen"), VALUE)).toMatchObject({
      values: { [VALUE]: { value: 22 } },
    });
  });

  it("says nothing of security about those who came in the clear", async () => {
    await securedLab();
    const sensor = await bench.sensor();
    await sensor.register("ep=plain&lt=300&lwm2m=1.1", "</3/0>");
    expect(bench.lab.clients()[0]).not.toHaveProperty("secured");
  });

  it("takes keys by its API, names identities, and gives no key away", async () => {
    await securedLab();
    await bench.serve();
    expect((await bench.call("PUT", "keys/hall%20way", { key: KEY })).json).toEqual({ identity: "hall way" });
    const { json } = await bench.call("GET", "security");
    expect(json).toEqual({
      status: "open",
      uri: `coaps://127.0.0.1:${bench.securePort}`,
      identities: ["hall way"],
    });
    expect(await (await fetch(`${bench.url}/lab/`)).text()).toContain(`coaps://127.0.0.1:${bench.securePort}`);
    await client("hall way");
    await bench.event("client");
    expect((await bench.call("GET", "keys/hall%20way")).status).toBe(405);
    expect((await bench.call("DELETE", "keys/hall%20way")).status).toBe(200);
    expect((await bench.call("DELETE", "keys/hall%20way")).status).toBe(404);
  });

  it.each([
    { what: "a key that is no key", path: "keys/a", body: { key: "xyz" } },
    { what: "a key that is too long", path: "keys/a", body: { key: "00".repeat(65) } },
    { what: "no key at all", path: "keys/a", body: {} },
    { what: "an identity that is too long", path: `keys/${"a".repeat(129)}`, body: { key: KEY } },
    { what: "an identity with a zero byte", path: "keys/a%00b", body: { key: KEY } },
  ])("refuses $what in words, without repeating it", async ({ path: at, body }) => {
    await securedLab();
    await bench.serve();
    const { status, json } = await bench.call("PUT", at, body);
    expect(status).toBe(400);
    expect(JSON.stringify(json)).not.toContain("xyz");
    expect(bench.lab.security.keys.size).toBe(0);
  });

  it("hears when a client de-registers, and that nobody is there any more", async () => {
    await securedLab();
    bench.lab.security.keys.set(Buffer.from("kitchen"), Buffer.from(KEY, "hex"));
    const { client: made } = await client("kitchen");
    await bench.event("client");
    await made.stop(2_000);
    expect(await bench.event("gone")).toMatchObject({ endpoint: "kitchen", reason: "deregistered" });
  });

  it("opens nothing else when the secured port is taken", async () => {
    await securedLab();
    const second = new LabBench({ secure: { port: bench.securePort, door: await secureDoor(parts) } });
    await expect(second.start()).rejects.toThrow("EADDRINUSE");
    await expect(new LabBench({ port: second.port }).start().then((other) => other.stop())).resolves.toBeUndefined();
  });
});

describe("a lab without coaps", () => {
  it("says in its log and its API that OpenSSL is missing, and why", async () => {
    const log = new MemoryLog();
    const reason = "OpenSSL is not there: koffi cannot be loaded";
    bench = new LabBench({ log, secure: { port: 0, door: { missing: reason } } });
    await (await bench.start()).serve();
    expect(bench.securePort).toBe(0);
    expect((await bench.call("GET", "security")).json).toEqual({ status: "missing", reason });
    expect(JSON.stringify(log)).toContain(reason);
    expect(await (await fetch(`${bench.url}/lab/`)).text()).toContain(`Nobody can come by coaps: ${reason}.`);
  });

  it("says that none was asked for", async () => {
    bench = new LabBench();
    await (await bench.start()).serve();
    expect((await bench.call("GET", "security")).json).toMatchObject({ status: "off" });
  });
});
