/** One Bootstrap-Server for the gateway and all its sensors. */

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { Format } from "../../src/content/index.ts";
import type { Memory } from "../../src/gateway/memory.ts";
import { memoryFromJson, memoryToJson } from "../../src/gateway/memory.ts";
import { Roster } from "../../src/gateway/roster.ts";
import { StateFolder } from "../../src/io/files.ts";
import { encoded, security, server, type Values } from "../support/bootstrap-bench.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeServer } from "../support/fake-server.ts";
import { Fleet } from "../support/fleet.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { wire } from "../support/virtual-network.ts";
import { fields, MemoryStore, Rig, type RigOptions } from "./rig.ts";

const BS = "coap://bs:5783";
const BOOTSTRAP = { uri: BS };

/** A Bootstrap-Server that gives everybody who asks the same server, and a fleet of servers by URI. */
class Field {
  readonly clock: FakeClock;
  readonly fleets = new Map<string, Fleet>();
  /** Endpoints in the order in which they asked. */
  readonly asked: string[] = [];
  readonly ports: { endpoint: string; uri: string; port: number | undefined }[] = [];
  gives = "coap://one:5683";
  key: Uint8Array | undefined;
  #port = 40_000;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  fleet(uri: string): Fleet {
    const fleet = this.fleets.get(uri) ?? new Fleet(this.clock);
    this.fleets.set(uri, fleet);
    return fleet;
  }

  readonly connect: NonNullable<RigOptions["connect"]> = (account, local) => {
    const { uri } = account;
    this.ports.push({ endpoint: local.endpoint, uri, port: local.port });
    if (uri !== BS) return this.fleet(uri).connect(account, local);
    const { near, far } = wire();
    const bs = new FakeServer(far);
    bs.verdict = (request) => {
      this.asked.push(local.endpoint);
      void this.#provide(bs);
      return bs.grant(request);
    };
    local.onBound(local.port ?? this.#port++);
    return near;
  };

  async #provide(bs: FakeServer): Promise<void> {
    await Promise.resolve();
    const put = (path: string, values: Values) =>
      bs.ask("PUT", { path, format: Format.Tlv, payload: encoded(path, values, Format.Tlv) });
    const keys: Values = this.key ? { "/0/1/2": 0, "/0/1/3": Uint8Array.of(1), "/0/1/5": this.key } : {};
    await put("/0/1", { ...security(1, 101, this.gives), ...keys });
    await put("/1/1", server(1, 101, 300));
    await bs.ask("POST", { path: "/bs" });
  }
}

async function gateway(options: RigOptions = {}): Promise<{ rig: Rig; field: Field }> {
  const clock = options.clock ?? new FakeClock();
  const field = new Field(clock);
  const rig = await Rig.start({
    rules: [{}],
    accounts: [],
    bootstrap: BOOTSTRAP,
    connect: field.connect,
    ...options,
    clock,
  });
  return { rig, field };
}

const relay = (rig: Rig, n: number) => rig.heard(`sim/sim-${n}`, fields({ model: "relay", state: n % 2 === 0 }));

async function stopped({ gateway, clock }: Rig): Promise<void> {
  const stopping = gateway.stop();
  await clock.advance(5_000);
  await stopping;
}

describe("a gateway that knows a Bootstrap-Server only", () => {
  it("has it provide for itself and for every sensor, each by its own name", async () => {
    const { rig, field } = await gateway();
    for (const n of [1, 2, 3]) await relay(rig, n);
    await rig.clock.advance(1_000);
    expect(field.asked).toEqual(["gw", "sim-1", "sim-2", "sim-3"]);
    expect(field.fleet(field.gives).registered).toEqual(["gw", "sim-1", "sim-2", "sim-3"]);
    expect(rig.gateway.sensor("sim-2")?.registration).toMatchObject({ state: "registered", server: field.gives });
    expect(rig.gateway.status().servers).toMatchObject([{ uri: field.gives, registered: 4, endpoints: 4 }]);
  });

  it("remembers what it gave: after a restart nobody asks again", async () => {
    const store = new MemoryStore();
    const first = await gateway({ store });
    await relay(first.rig, 1);
    await first.rig.clock.advance(5_000);
    await stopped(first.rig);
    const second = await gateway({ store });
    await second.rig.clock.advance(2_000);
    expect(second.field.asked).toEqual([]);
    expect(second.field.fleet("coap://one:5683").registered).toEqual(["gw", "sim-1"]);
    // Each from the port that it had.
    const port = ({ field }: typeof first, endpoint: string) =>
      field.ports.findLast((each) => each.endpoint === endpoint && each.uri !== BS)?.port;
    expect(port(second, "sim-1")).toBeDefined();
    expect(port(first, "sim-1")).toBeUndefined();
  });

  it("asks anew when the configuration names another", async () => {
    const store = new MemoryStore();
    const first = await gateway({ store });
    await first.rig.clock.advance(5_000);
    await stopped(first.rig);
    const second = await gateway({ store, bootstrap: { ...BOOTSTRAP, holdOff: 1 } });
    await second.rig.clock.advance(5_000);
    expect(second.field.asked).toEqual(["gw"]);
  });

  it("keeps what servers write to what was provisioned", async () => {
    const store = new MemoryStore();
    const first = await gateway({ store });
    await first.rig.clock.advance(1_000);
    const one = first.field.fleet(first.field.gives).server("gw");
    expect((await one.ask("PUT", { path: "/1/1/1", format: 0, payload: "900" })).code).toBe("2.04");
    await stopped(first.rig);
    const second = await gateway({ store });
    await second.rig.clock.advance(2_000);
    expect(second.field.fleet("coap://one:5683").server("gw").log[0]).toContain("lt=900");
  });

  it("says in words that nobody provides for its sensors", async () => {
    const clock = new FakeClock();
    const { rig } = await gateway({
      clock,
      connect: (_, { onBound }) => {
        const { near, far } = wire();
        new FakeServer(far).verdict = () => ({ code: 0x83, text: "unknown endpoint" });
        onBound(40_000);
        return near;
      },
    });
    await relay(rig, 1);
    await clock.advance(5_000);
    const now = () => rig.gateway.sensor("sim-1")?.registration;
    for (let tenths = 0; now()?.state !== "waiting" && tenths < 600; tenths++) await clock.advance(100);
    expect(now()).toMatchObject({ state: "waiting", server: BS, bootstrap: { state: "waiting", server: BS } });
    expect(now()?.lastError).toContain("4.03");
    expect(now()?.bootstrap?.lastError).toContain("4.03");
    const next = now()?.nextAttemptAt;
    expect(Date.parse(next ?? "")).toBeGreaterThan(clock.now().ms);
    expect(now()?.bootstrap?.nextAttemptAt).toBe(next);
    expect(rig.gateway.status().servers).toMatchObject([{ uri: BS, registered: 0, endpoints: 2 }]);
    expect(rig.gateway.status().problems.map(({ what }) => what)).toContainEqual(expect.stringContaining(BS));
    expect(rig.gateway.sensors()).toHaveLength(2);
  });

  it("has servers of its own first, and asks only if they fail", async () => {
    const accounts = [{ uri: "coap://own", lifetime: 300, shortServerId: 1 }];
    const { rig, field } = await gateway({ accounts });
    await rig.clock.advance(60_000);
    expect(field.asked).toEqual([]);
    field.fleet("coap://own").up = false;
    await rig.clock.advance(3_600_000);
    expect(field.asked.length).toBeGreaterThan(0);
    expect(field.fleet(field.gives).registered).toEqual(["gw"]);
  });
});

describe("keys that bootstrap gave", () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  it("stand in the state file, which its owner alone may read, and in no log and no status", async () => {
    const { rig, field } = await gateway();
    field.gives = "coaps://one:5684";
    field.key = Uint8Array.of(0xc0, 0xff, 0xee, 0x01);
    await relay(rig, 1);
    await rig.clock.advance(5_000);
    expect(rig.store.text).toContain("c0ffee01");
    expect(JSON.stringify([rig.log.lines, rig.gateway.status(), rig.gateway.sensors()])).not.toContain("c0ffee01");

    const folder = await mkdtemp(join(tmpdir(), "isthmus-bootstrap-"));
    folders.push(folder);
    const opened = await StateFolder.open(folder, { log: silentLog });
    if (opened.status !== "open") throw new Error(opened.status);
    const state = opened.folder;
    await state.write("roster", rig.store.text ?? "");
    expect((await stat(join(folder, "roster"))).mode & 0o777).toBe(0o600);
    const again = await Roster.load(
      { read: () => state.read("roster"), write: (text) => state.write("roster", text) },
      new FakeClock(),
      new MemoryLog(),
    );
    const { provision } = again.holder("sim-1")?.memory.provision ?? {};
    expect(provision?.accounts[0]?.credentials?.secretKey.reveal()).toBe("c0ffee01");
    await state.close();
    expect(await readFile(join(folder, "roster"), "utf8")).toContain("c0ffee01");
  });

  it("come back from JSON with all else, or not at all", () => {
    const memory: Memory = {
      ports: { "coap://one": 40_000 },
      provision: { factory: "f", provision: { accounts: [{ uri: "coap://one", lifetime: 300, shortServerId: 1 }] } },
    };
    const json = memoryToJson(memory);
    expect(memoryFromJson(json)).toEqual(memory);
    expect(memoryFromJson({ ...json, provision: { accounts: [{}], factory: "f" } }).provision).toBeUndefined();
    expect(memoryFromJson({ ...json, provision: { accounts: [] } }).provision).toBeUndefined();
    expect(memoryFromJson({ ...json, provision: 5 }).provision).toBeUndefined();
  });
});
