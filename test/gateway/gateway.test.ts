/** What becomes of what is heard: strangers, sensors, values, names. */

import { beforeEach, describe, expect, it } from "vitest";
import { fields, MemoryStore, Rig, ruuvi, TAG, unknownAdvert } from "./rig.ts";

const climate = (temperature: number, more = {}) => fields({ model: "climate", temperature, humidity: 40, ...more });
const RULES = [{ adapter: "sim", source: "sim-*" }];

describe("a sensor that a rule adopts", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start({ rules: RULES });
    await rig.heard("sim/sim-1", climate(21.5));
  });

  it("registers under the name that its definition mints", () => {
    expect(rig.server("sim-1").log[0]).toBe("POST /rd?lwm2m=1.1&ep=sim-1&lt=300");
    expect(rig.server("sim-1").requests[0]?.text).toContain("</3303/0>");
    expect(rig.gateway.sensor("sim-1")?.registration).toMatchObject({
      state: "registered",
      server: "coap://server",
      location: "/rd/r1",
      lifetimeSeconds: 300,
      localPort: 40_001,
    });
  });

  it("shows what it said, with time, unit and quality", () => {
    const sensor = rig.gateway.sensor("sim-1");
    expect(sensor).toMatchObject({
      endpoint: "sim-1",
      source: "sim/sim-1",
      definition: "isthmus.sim.climate",
      maker: "Isthmus",
      model: "Simulated climate sensor",
      liveness: "live",
      lastHeardAt: "2026-06-01T12:00:00.100Z",
    });
    expect(sensor?.values["/3303/0/5700"]).toEqual({
      value: 21.5,
      name: "Temperature",
      unit: "Cel",
      time: "2026-06-01T12:00:00.100Z",
      quality: 4,
    });
    expect(sensor?.main).toContain("/3303/0/5700");
  });

  it("answers a server that reads", async () => {
    const answer = await rig.server("sim-1").ask("GET", { path: "/3303/0/5700", accept: 0 });
    expect([answer.code, answer.text]).toEqual(["2.05", "21.5"]);
  });

  it("tells a server that observes of every new value", async () => {
    const server = rig.server("sim-1");
    const token = server.send("GET", { path: "/3303/0/5700", accept: 0, observe: 0 });
    await rig.clock.advance(10);
    for (const value of [22, 23.25]) {
      await rig.clock.advance(2_000);
      await rig.heard("sim/sim-1", climate(value));
    }
    expect(server.answers(token).map((each) => each.text)).toEqual(["21.5", "22.0", "23.25"]);
  });

  it("keeps its values where a reading says nothing of them, and doubts them where it says not available", async () => {
    await rig.heard("sim/sim-1", climate(99));
    expect(rig.value("sim-1", "/3303/0/5700")).toBe(21.5);
    expect(rig.value("sim-1", "/3303/0/6042")).toBe(1);
    await rig.heard("sim/sim-1", climate(20));
    expect(rig.value("sim-1", "/3303/0/6042")).toBe(4);
    expect(rig.value("sim-1", "/3303/0/5601")).toBe(20);
    expect(rig.value("sim-1", "/3303/0/5602")).toBe(21.5);
  });

  it("is de-registered at once when it is removed, and no rule brings it back", async () => {
    await rig.gateway.remove("sim-1");
    expect(rig.told("sim-1").at(-1)).toBe("DELETE /rd/r1");
    expect(rig.gateway.sensor("sim-1")).toBeUndefined();
    await rig.heard("sim/sim-1", climate(20));
    expect(rig.gateway.sensor("sim-1")).toBeUndefined();
    expect(rig.gateway.inbox().map((each) => each.source)).toEqual(["sim/sim-1"]);
    expect(await rig.gateway.remove("sim-1")).toBe(false);
  });

  it("can be taken in again by a person after its removal, also for after the next restart", async () => {
    await rig.gateway.remove("sim-1");
    await rig.heard("sim/sim-1", climate(20));
    expect(await rig.gateway.adopt("sim/sim-1")).toMatchObject({ ok: true });
    await rig.gateway.stop();
    const again = await Rig.start({ rules: RULES, store: rig.store });
    expect(again.gateway.sensor("sim-1")).toBeDefined();
  });

  it("is renamed without its servers noticing", async () => {
    const before = rig.server("sim-1").requests.length;
    expect(rig.gateway.rename("sim-1", "Cellar")).toBe(true);
    await rig.clock.advance(5_000);
    expect(rig.gateway.sensor("sim-1")).toMatchObject({ endpoint: "sim-1", label: "Cellar" });
    expect(rig.server("sim-1").requests.length).toBe(before);
    expect(rig.gateway.rename("nobody", "x")).toBe(false);
  });

  it("counts what it says", async () => {
    rig.hear("sim/sim-1", fields({ model: "relay", state: true }));
    expect(rig.gateway.status().counters).toMatchObject({ frames: 2, updated: 1, foreign: 1, strangers: 1 });
  });
});

describe("rules", () => {
  it("take only what fits all that they say", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*", rssi: -70 }] });
    await rig.heard(`radio/${TAG}`, ruuvi(), -80);
    expect(rig.gateway.status()).toMatchObject({ inbox: 1, sensors: { total: 0 } });
    await rig.heard(`radio/${TAG}`, ruuvi(206), -60);
    expect(rig.gateway.status()).toMatchObject({ inbox: 0, sensors: { total: 1 } });
  });

  it("cannot take a name that somebody has, and say so once", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi(1));
    await rig.heard(`sim/${TAG}`, ruuvi(2));
    await rig.heard(`sim/${TAG}`, ruuvi(3));
    expect(rig.gateway.status()).toMatchObject({ inbox: 1, sensors: { total: 1 } });
    const said = rig.log.lines.filter((line) => line.event === "not-adopted");
    expect(said.map(({ fields }) => fields["reason"])).toEqual([
      `the endpoint name ruuvi-cbb8334c884f belongs to radio/${TAG}`,
    ]);
  });

  it("stop where enough are adopted", async () => {
    const rig = await Rig.start({ rules: RULES, maxSensors: 3 });
    for (let i = 1; i <= 5; i++) rig.hear(`sim/sim-${i}`, climate(20));
    expect(rig.gateway.status()).toMatchObject({ inbox: 2, sensors: { total: 3 } });
  });
});

describe("a stranger", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
    await rig.heard(`radio/${TAG}`, ruuvi(), -64);
  });

  it("waits in the inbox with its values, its best guess and the name it would get", () => {
    const [entry] = rig.gateway.inbox();
    expect(entry).toMatchObject({
      source: `radio/${TAG}`,
      definition: "ruuvi.tag.df5",
      maker: "Ruuvi",
      endpoint: "ruuvi-cbb8334c884f",
      rssi: -64,
      heard: 1,
    });
    expect(entry?.readings["temperature"]).toEqual({ value: 24.3, unit: "Cel" });
    expect(entry?.objects).toContain("/3303/0");
  });

  it("becomes a sensor when somebody adopts it, with what it said last", async () => {
    const result = await rig.gateway.adopt(`radio/${TAG}`, { label: "Freezer 2" });
    expect(result).toMatchObject({
      ok: true,
      sensor: { endpoint: "ruuvi-cbb8334c884f", label: "Freezer 2", rssi: -64 },
    });
    expect(rig.value("ruuvi-cbb8334c884f", "/3303/0/5700")).toBe(24.3);
    expect(rig.gateway.inbox()).toEqual([]);
    await rig.clock.advance(100);
    expect(rig.told("ruuvi-cbb8334c884f")).toEqual(["POST /rd"]);
    expect(rig.store.text).toContain("Freezer 2");
  });

  it("takes another endpoint name if one is given", async () => {
    expect(await rig.gateway.adopt(`radio/${TAG}`, { endpoint: "freezer" })).toMatchObject({
      ok: true,
      sensor: { endpoint: "freezer" },
    });
  });

  it.each([
    [{ endpoint: "gw" }, "conflict", "the endpoint name gw belongs to the gateway itself"],
    [{ endpoint: "a b" }, "invalid", '"a b" is no endpoint name: 1 to 128 letters, digits or any of . _ : ~ @ + -'],
    [{ definition: "ruuvi.tag.df4" }, "invalid", "there is no definition ruuvi.tag.df4; did you mean ruuvi.tag.df"],
  ])("is not adopted as %j", async (wish, why, reason) => {
    const result = await rig.gateway.adopt(`radio/${TAG}`, wish);
    expect(result).toMatchObject({ ok: false, why });
    expect(result.ok ? "" : result.reason).toContain(reason);
    expect(rig.gateway.inbox()).toHaveLength(1);
  });

  it("must be heard before it can be adopted, and is adopted once", async () => {
    expect(await rig.gateway.adopt("radio/nobody")).toEqual({
      ok: false,
      why: "unknown",
      reason: "nothing is heard from radio/nobody",
    });
    await rig.gateway.adopt(`radio/${TAG}`);
    expect(await rig.gateway.adopt(`radio/${TAG}`)).toMatchObject({ ok: false, why: "conflict" });
  });

  it("that nobody can decode must be given a definition", async () => {
    await rig.heard("radio/11:22:33:44:55:66", unknownAdvert, -40);
    expect(await rig.gateway.adopt("radio/11:22:33:44:55:66")).toMatchObject({
      ok: false,
      why: "invalid",
      reason: "no definition fits what it says: name one",
    });
  });
});

describe("repetitions", () => {
  it("of an advert within two seconds change nothing, but show that the sensor lives", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi(7), -60);
    await rig.clock.advance(1_000);
    await rig.heard(`radio/${TAG}`, ruuvi(7), -55);
    const sensor = rig.gateway.sensor("ruuvi-cbb8334c884f");
    expect(sensor).toMatchObject({ rssi: -55, lastHeardAt: "2026-06-01T12:00:01.300Z" });
    expect(sensor?.values["/3303/0/5700"]?.time).toBe("2026-06-01T12:00:00.100Z");
    expect(rig.gateway.status().counters).toMatchObject({ updated: 1, repeated: 1 });
  });

  it("with the same count of messages are one message, also later", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi(7));
    await rig.clock.advance(3_000);
    await rig.heard(`radio/${TAG}`, ruuvi(7));
    const time = () => rig.gateway.sensor("ruuvi-cbb8334c884f")?.values["/3303/0/5700"]?.time;
    expect(time()).toBe("2026-06-01T12:00:00.100Z");
    await rig.heard(`radio/${TAG}`, ruuvi(8));
    expect(time()).toBe("2026-06-01T12:00:03.500Z");
    expect(rig.gateway.status().counters).toMatchObject({ updated: 2, repeated: 1 });
  });

  it("over a line or a broker are new words: whoever says a thing twice may mean it", async () => {
    const rig = await Rig.start({ rules: RULES });
    await rig.heard("sim/sim-1", climate(20));
    await rig.heard("sim/sim-1", climate(20));
    expect(rig.gateway.status().counters).toMatchObject({ updated: 2, repeated: 0 });
  });
});

describe("the configuration", () => {
  const FREEZER = { source: `radio/${TAG}`, definition: "ruuvi.tag.df5", endpoint: "freezer", label: "Freezer 2" };

  it("brings a sensor upstream before it was ever heard", async () => {
    const rig = await Rig.start({ sensors: [FREEZER] });
    expect(rig.told("freezer")).toEqual(["POST /rd"]);
    expect(rig.gateway.sensor("freezer")).toMatchObject({ liveness: "waiting", label: "Freezer 2" });
    await rig.heard(`radio/${TAG}`, ruuvi());
    expect(rig.gateway.sensor("freezer")).toMatchObject({ liveness: "live" });
    expect(rig.gateway.inbox()).toEqual([]);
  });

  it("may leave name and definition to what is heard", async () => {
    const rig = await Rig.start({ sensors: [{ source: `radio/${TAG}`, label: "Freezer 2" }] });
    expect(rig.gateway.status().sensors.total).toBe(0);
    await rig.heard(`radio/${TAG}`, ruuvi());
    expect(rig.gateway.sensor("ruuvi-cbb8334c884f")).toMatchObject({ label: "Freezer 2", liveness: "live" });
  });

  it("changes a label, and not an endpoint name", async () => {
    const { store } = await Rig.start({ sensors: [FREEZER] }).then(async (rig) => {
      await rig.gateway.stop();
      return rig;
    });
    const rig = await Rig.start({ store, sensors: [{ ...FREEZER, endpoint: "icebox", label: "Icebox" }] });
    expect(rig.gateway.sensor("freezer")).toMatchObject({ label: "Icebox" });
    expect(rig.gateway.sensor("icebox")).toBeUndefined();
    expect(rig.gateway.status().problems.map((each) => each.what)).toEqual([
      `radio/${TAG} was adopted as freezer, which cannot become icebox.`,
    ]);
  });

  it("is told of what it names and nobody knows", async () => {
    const rig = await Rig.start({ sensors: [{ ...FREEZER, definition: "ruuvi.tag.df55" }] });
    const [problem] = rig.gateway.status().problems;
    expect(problem?.what).toContain("did you mean ruuvi.tag.df5?");
    expect(problem?.next).toBe("Correct it in the configuration.");
  });
});

describe("after a restart", () => {
  async function restarted(options = {}) {
    const first = await Rig.start({ rules: RULES });
    await first.heard("sim/sim-1", climate(20));
    await first.heard("sim/sim-2", climate(20));
    await first.server("sim-1").ask("PUT", { path: "/3303/0/5750", format: 0, payload: "kitchen" });
    await first.gateway.stop();
    return { first, second: await Rig.start({ store: first.store, ...options }) };
  }

  it("sensors register again at once, from the ports that servers know them by", async () => {
    const { first, second } = await restarted();
    const ports = (rig: Rig) =>
      rig.wires.map(({ endpoint }) => [endpoint, rig.gateway.sensor(endpoint)?.registration.localPort]).sort();
    expect(ports(second)).toEqual(ports(first));
    expect(second.wires.map(({ port }) => port).sort()).toEqual([40_000, 40_001, 40_002]);
    expect(second.gateway.sensor("sim-1")).toMatchObject({
      liveness: "waiting",
      registration: { state: "registered" },
    });
  });

  it("what a server stored with a sensor is there again", async () => {
    const { second } = await restarted();
    const answer = await second.server("sim-1").ask("GET", { path: "/3303/0/5750", accept: 0 });
    expect([answer.code, answer.text]).toEqual(["2.05", "kitchen"]);
  });

  it("a sensor whose adapter is not there any more is named, and kept", async () => {
    const first = new Rig({ rules: [{ definition: "isthmus.*" }] });
    first.adapters.states.set("old", { type: "test", state: "ok", frames: 0 });
    await first.gateway.start();
    await first.heard("old/sim-1", climate(20));
    await first.gateway.stop();
    const second = await Rig.start({ store: first.store });
    expect(second.gateway.sensor("sim-1")).toBeUndefined();
    expect(second.gateway.status().problems.map((each) => each.what)).toEqual([
      "Simulated climate sensor sim-1 is not heard: there is no adapter old.",
    ]);
    await second.gateway.stop();
    expect(second.store.text).toContain('"source":"old/sim-1"');
    expect(await second.gateway.remove("sim-1")).toBe(true);
    expect(second.gateway.status().problems).toEqual([]);
  });

  it("a roster that cannot be understood stops the start and stays as it is", async () => {
    const store = new MemoryStore('{"version":99}');
    await expect(Rig.start({ store })).rejects.toThrow("was a newer one here before?");
    expect(store).toMatchObject({ text: '{"version":99}', writes: 0 });
  });
});
