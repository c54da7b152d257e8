/** Keys of each endpoint in a gateway: none is stored that the configuration has, and another one holds after a restart. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { GatewayOptions } from "../../src/gateway/index.ts";
import type { Account } from "../../src/lwm2m/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { fields, MemoryStore, Rig } from "./rig.ts";

const ACCOUNT: Account = { uri: "coaps://one", lifetime: 300, shortServerId: 1 };
const keysOf =
  (salt: string): NonNullable<GatewayOptions["provisionFor"]> =>
  (endpoint, source) => ({
    accounts: [
      {
        ...ACCOUNT,
        credentials: {
          mode: "psk",
          identity: new Uint8Array(Buffer.from(endpoint)),
          secretKey: new Secret(Buffer.from(`${salt}${endpoint}${source ?? ""}`).toString("hex"), "test"),
        },
      },
    ],
  });

async function gateway(salt: string, store: MemoryStore) {
  const clock = new FakeClock();
  const fleet = new Fleet(clock);
  const keys = new Map<string, string>();
  const connect: GatewayOptions["connect"] = (account, local) => {
    const { identity, secretKey } = account.credentials ?? {};
    expect(Buffer.from(identity ?? []).toString()).toBe(local.endpoint);
    keys.set(local.endpoint, Buffer.from(secretKey?.reveal() ?? "", "hex").toString());
    return fleet.connect(account, local);
  };
  const rig = await Rig.start({
    rules: [{}],
    clock,
    store,
    accounts: [ACCOUNT],
    provisionFor: keysOf(salt),
    connect,
  });
  return { rig, clock, fleet, keys };
}

async function stopped(rig: Rig): Promise<void> {
  const stopping = rig.gateway.stop();
  await rig.clock.advance(5_000);
  await stopping;
}

describe("endpoints with keys of their own", () => {
  it("connect with them, the gateway as well, and nobody with another's", async () => {
    const { rig, keys } = await gateway("x", new MemoryStore());
    await rig.heard("sim/sim-1", fields({ model: "relay", state: true }));
    await rig.clock.advance(2_000);
    expect(keys.get("gw")).toBe("xgw");
    expect(keys.get("sim-1")).toBe("xsim-1sim/sim-1");
    await stopped(rig);
  });

  it("keep what a server wrote to its account through a change of keys, and store no key", async () => {
    const store = new MemoryStore();
    const first = await gateway("old-", store);
    await first.clock.advance(2_000);
    const { code } = await first.fleet.server("gw").ask("PUT", { path: "/1/0/1", format: 0, payload: "900" });
    expect(code).toBe("2.04");
    await stopped(first.rig);
    expect(store.text).toContain("900");
    expect(store.text).not.toContain(Buffer.from("old-").toString("hex"));
    expect(store.text).not.toContain("<secret");

    const second = await gateway("new-", store);
    await second.clock.advance(2_000);
    expect(second.keys.get("gw")).toBe("new-gw");
    expect(second.fleet.server("gw").log[0]).toContain("lt=900");
    await stopped(second.rig);
  });
});
