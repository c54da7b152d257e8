/** Two servers for one gateway: each with its own registration, observations and attributes, both with the same values. */

import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { fields, MemoryStore, Rig } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Fleet } from "../support/fleet.ts";
import { links, observe, observeAll, readText, tag } from "../support/journey.ts";

const TAG = "radio/CB:B8:33:4C:88:4F";
const NAME = "ruuvi-cbb8334c884f";
const ACCOUNTS = [
  { uri: "coap://one", lifetime: 300, shortServerId: 1 },
  { uri: "coap://two", lifetime: 3_600, shortServerId: 2, defaultMinimumPeriod: 20 },
];

async function twoServers(store = new MemoryStore()) {
  const clock = new FakeClock();
  const [one, two] = [new Fleet(clock), new Fleet(clock)];
  const rig = await Rig.start({
    rules: [{}],
    clock,
    store,
    accounts: ACCOUNTS,
    connect: (account, local) => (account.uri === "coap://one" ? one : two).connect(account, local),
  });
  return { rig, clock, one, two };
}

describe("a tag at two servers", () => {
  let rig: Rig;
  let clock: FakeClock;
  let one: Fleet;
  let two: Fleet;
  let sequence = 0;
  const say = async (temperature: number) => {
    await clock.advance(2_500);
    await rig.heard(TAG, tag(temperature, ++sequence));
  };

  beforeEach(async () => {
    ({ rig, clock, one, two } = await twoServers());
    sequence = 0;
    await say(20);
  });

  it("is registered at both, with the lifetime of each", () => {
    expect(one.server(NAME).log[0]).toContain("lt=300");
    expect(two.server(NAME).log[0]).toContain("lt=3600");
    expect(one.server(NAME).requests[0]?.text).toBe(two.server(NAME).requests[0]?.text);
  });

  it("shows each its own short id, and not the other's account", async () => {
    expect(await readText(one.server(NAME), "/1/0/0")).toBe("1");
    expect(await readText(two.server(NAME), "/1/1/0")).toBe("2");
    expect((await one.server(NAME).ask("GET", { path: "/1/1" })).code).toBe("4.01");
    expect((await two.server(NAME).ask("PUT", { path: "/1/0/1", format: 0, payload: "60" })).code).toBe("4.01");
    for (const fleet of [one, two]) {
      expect(fleet.server(NAME).requests[0]?.text).toContain("</1/0>,</1/1>");
      const { text } = await fleet.server(NAME).ask("GET", { path: "/1", accept: Format.LinkFormat });
      expect([...links(text).keys()]).toEqual(expect.arrayContaining(["/1/0", "/1/1"]));
    }
    expect((await one.server(NAME).ask("GET", { path: "/0" })).code).toBe("4.01");
  });

  it("tells each what it asked for, at the pace it asked for", async () => {
    const every = await observeAll(one.server(NAME), "/3303/0/5700");
    const slowly = observe(two.server(NAME), "/3303/0/5700");
    for (const value of [21, 22, 23, 24, 25, 26, 27, 28]) await say(value);
    expect(every.texts()).toEqual(["20.0", "21.0", "22.0", "23.0", "24.0", "25.0", "26.0", "27.0", "28.0"]);
    // /1/1/2 of the second server is 20 s: what changes in between is told together.
    expect(slowly.texts()).toEqual(["20.0", "27.0"]);
    await clock.advance(20_000);
    expect(slowly.texts()).toEqual(["20.0", "27.0", "28.0"]);
  });

  it("keeps the attributes of the one from the other", async () => {
    await one.server(NAME).ask("PUT", { path: "/3303/0/5700", query: ["gt=30", "pmin=0", "pmax=600"] });
    const discovered = async (fleet: Fleet) =>
      links((await fleet.server(NAME).ask("GET", { path: "/3303/0", accept: Format.LinkFormat })).text);
    expect((await discovered(one)).get("/3303/0/5700")).toBe("pmin=0;pmax=600;gt=30");
    expect((await discovered(two)).get("/3303/0/5700")).toBe("");
    const hot = observe(one.server(NAME), "/3303/0/5700");
    const all = observe(two.server(NAME), "/3303/0/5700");
    await say(25);
    await clock.advance(20_000);
    expect(hot.texts()).toEqual(["20.0"]);
    expect(all.texts()).toEqual(["20.0", "25.0"]);
    await say(31);
    expect(hot.texts()).toEqual(["20.0", "31.0"]);
  });

  it("tells the one what the other has named it, and what the other has reset", async () => {
    const name = observe(two.server(NAME), "/3303/0/5750");
    expect(name.newest()?.code).toBe("4.04");
    await one.server(NAME).ask("PUT", { path: "/3303/0/5750", format: 0, payload: "kitchen" });
    expect(await readText(two.server(NAME), "/3303/0/5750")).toBe("kitchen");
    await say(30);
    await say(25);
    await two.server(NAME).ask("POST", { path: "/3303/0/5605" });
    expect(await readText(one.server(NAME), "/3303/0/5602")).toBe("25.0");
  });

  it("follows a lifetime written by one, and by that one only", async () => {
    await one.server(NAME).ask("PUT", { path: "/1/0/1", format: 0, payload: "1000" });
    await clock.advance(1_000);
    expect(one.server(NAME).log.at(-1)).toMatch(/^POST \/rd\/x\d+\?lt=1000$/);
    expect(await readText(two.server(NAME), "/1/1/1")).toBe("3600");
    expect(two.count("update", NAME)).toBe(0);
  });

  it("stays with the one while the other is away, and says which is which", async () => {
    two.up = false;
    const values = await observeAll(one.server(NAME), "/3303/0/5700");
    for (let i = 0; i < 6; i++) {
      await clock.advance(20 * 60_000);
      await say(21 + i);
    }
    // The last value before a silence is told once more, to be confirmed.
    expect([...new Set(values.texts())]).toEqual(["20.0", "21.0", "22.0", "23.0", "24.0", "25.0", "26.0"]);
    expect(one.expired).toEqual([]);
    expect(one.count("register", NAME)).toBe(1);
    expect(rig.gateway.status().servers).toMatchObject([
      { uri: "coap://one", registered: 2 },
      { uri: "coap://two", registered: 0 },
    ]);
    expect(rig.gateway.sensor(NAME)?.registration).toMatchObject({ server: "coap://two" });
    expect(rig.gateway.status().problems.map(({ what }) => what)).toContainEqual(expect.stringContaining("coap://two"));
    two.up = true;
    await clock.advance(7 * 60_000);
    expect(two.registered).toEqual(["gw", NAME]);
    expect(rig.gateway.status().problems.filter(({ what }) => what.includes("coap://"))).toEqual([]);
  });

  it("goes away from one that disables it, and from no other", async () => {
    await two.server(NAME).ask("PUT", { path: "/1/1/5", format: 0, payload: "120" });
    expect((await two.server(NAME).ask("POST", { path: "/1/1/4" })).code).toBe("2.04");
    await clock.advance(1_000);
    expect([one.registered, two.registered]).toEqual([["gw", NAME], ["gw"]]);
    await clock.advance(120_000);
    expect(two.registered).toEqual(["gw", NAME]);
    expect(one.count("register", NAME)).toBe(1);
  });

  it("takes its leave of both when it is removed", async () => {
    const removing = rig.gateway.remove(NAME);
    await clock.advance(1_000);
    await removing;
    expect([one.registered, two.registered]).toEqual([["gw"], ["gw"]]);
  });
});

describe("a relay that two servers switch at once", () => {
  it("hears one after the other, and each server hears how its own ended", async () => {
    const { rig, clock, one, two } = await twoServers();
    await rig.heard("sim/sim-1", fields({ model: "relay", state: false }));
    const write = (fleet: Fleet, payload: string) =>
      fleet.server("sim-1").send("PUT", { path: "/3306/0/5850", format: 0, payload });
    const first = write(one, "1");
    const second = write(two, "0");
    await clock.advance(500);
    expect(rig.adapters.commands).toHaveLength(1);
    await rig.heard("sim/sim-1", fields({ model: "relay", state: true }));
    expect(one.server("sim-1").answers(first)).toMatchObject([{ code: "2.04" }]);
    expect(two.server("sim-1").answers(second)).toEqual([]);
    await clock.advance(6_000);
    expect(two.server("sim-1").answers(second)).toMatchObject([{ code: "5.04" }]);
    expect(await readText(two.server("sim-1"), "/3306/0/5850")).toBe("1");
  });
});

describe("after a restart", () => {
  it("each server finds its clients at their ports, with the account that it wrote", async () => {
    const first = await twoServers();
    await first.rig.heard(TAG, tag(20, 1));
    await first.two.server(NAME).ask("PUT", { path: "/1/1/1", format: 0, payload: "900" });
    const stopping = first.rig.gateway.stop();
    await first.clock.advance(5_000);
    await stopping;
    const second = await twoServers(first.rig.store);
    await second.clock.advance(2_000);
    expect(second.one.server(NAME).log[0]).toContain("lt=300");
    expect(second.two.server(NAME).log[0]).toContain("lt=900");
    const ports = ({ ports }: Fleet) => Object.fromEntries(ports.map(({ endpoint, asked }) => [endpoint, asked]));
    expect(ports(second.one)).toEqual({ gw: 50_000, [NAME]: 50_001 });
    expect(ports(second.two)).toEqual({ gw: 50_000, [NAME]: 50_001 });
  });
});
