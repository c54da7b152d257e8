/** Objects that tell what is known: 4, 6, 7 and 16. */

import { describe, expect, it } from "vitest";
import { objects, ObjectTree } from "../../../src/lwm2m/index.ts";
import { path, ROOT } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { models, station } from "../../support/station.ts";
import { wire } from "../../support/virtual-network.ts";

const shown = (tree: ObjectTree) => Object.fromEntries(tree.entries(ROOT).map(([at, { value }]) => [at, value]));

describe("Connectivity Monitoring", () => {
  const facts = { bearer: objects.Bearer.Ethernet, addresses: ["192.0.2.7", "2001:db8::7"] };

  it("shows bearer, available bearers, signal and addresses, which are mandatory", () => {
    const tree = new ObjectTree(models);
    objects.tellConnectivity(tree, facts, new FakeClock().now());
    expect(shown(tree)).toEqual({
      "/4/0/0": 41,
      "/4/0/1/0": 41,
      "/4/0/2": 0,
      "/4/0/4/0": "192.0.2.7",
      "/4/0/4/1": "2001:db8::7",
    });
    for (const { id, mandatory } of models.object(4)!.resources.values())
      if (mandatory) expect(tree.entries(path(4, 0, id)).length).toBeGreaterThan(0);
  });

  it("shows all else that is known, each of its type", () => {
    const tree = new ObjectTree(models);
    const all = {
      ...facts,
      bearer: 6,
      available: [6, 21],
      signal: -87.4,
      linkQuality: 12,
      routers: ["192.0.2.1"],
      utilization: 40,
      apn: ["iot"],
      cell: 7,
      smnc: 1,
      smcc: 262,
    };
    objects.tellConnectivity(tree, all, new FakeClock().now());
    expect(shown(tree)).toMatchObject({
      "/4/0/1/1": 21,
      "/4/0/2": -87,
      "/4/0/3": 12,
      "/4/0/5/0": "192.0.2.1",
      "/4/0/6": 40,
      "/4/0/7/0": "iot",
      "/4/0/8": 7,
      "/4/0/9": 1,
      "/4/0/10": 262,
    });
  });

  it("takes out what is gone, and leaves alone what is as it was", () => {
    const clock = new FakeClock();
    const tree = new ObjectTree(models);
    objects.tellConnectivity(tree, { ...facts, linkQuality: 3 }, clock.now());
    const before = tree.get(path(4, 0, 0))?.at;
    const told: string[] = [];
    tree.onDifference((paths) => told.push(...paths));
    clock.tick(5_000);
    objects.tellConnectivity(tree, { ...facts, addresses: ["192.0.2.9"] }, clock.now());
    expect(told.sort()).toEqual(["/4/0/3", "/4/0/4/0", "/4/0/4/1"]);
    expect(tree.get(path(4, 0, 0))?.at).toEqual(before);
    expect(tree.get(path(4, 0, 4, 1))).toBeUndefined();
  });
});

describe("Location", () => {
  it("shows where it is, since when that is known, and no more than is known", () => {
    const tree = new ObjectTree(models);
    const clock = new FakeClock();
    objects.tellLocation(tree, { latitude: 48.137, longitude: 11.575, altitude: 519 }, clock.now());
    const at = clock.now().ms / 1_000;
    expect(shown(tree)).toEqual({ "/6/0/0": 48.137, "/6/0/1": 11.575, "/6/0/2": 519, "/6/0/5": at });
    objects.tellLocation(tree, { latitude: 48, longitude: 11, radius: 10, speed: 1.5 }, clock.now());
    expect(shown(tree)).toEqual({ "/6/0/0": 48, "/6/0/1": 11, "/6/0/3": 10, "/6/0/5": at, "/6/0/6": 1.5 });
  });

  it.each([
    [91, 0],
    [0, -181],
    [NaN, 0],
  ])("refuses %d, %d", (latitude, longitude) => {
    const tree = new ObjectTree(models);
    expect(() => objects.tellLocation(tree, { latitude, longitude }, new FakeClock().now())).toThrow(RangeError);
    expect(tree.instances()).toEqual([]);
  });
});

describe("Portfolio", () => {
  it("shows who the host is, and lets servers put their own words for it", async () => {
    const identity = { id: "gw-7", manufacturer: "Acme", model: "G1", softwareVersion: "1.2" };
    const here = station({ fill: (tree, clock) => objects.tellPortfolio(tree, identity, clock.now()) });
    await here.registered();
    expect(shown(here.tree)).toMatchObject({
      "/16/0/0/0": "gw-7",
      "/16/0/0/1": "Acme",
      "/16/0/0/2": "G1",
      "/16/0/0/3": "1.2",
    });
    const answer = await here.server.ask("PUT", { path: "/16/0/0/0", format: 0, payload: "hall 3" });
    expect([answer.code, here.tree.get(path(16, 0, 0, 0))?.value]).toEqual(["2.04", "hall 3"]);
  });
});

describe("Connectivity Statistics", () => {
  function counting() {
    const clock = new FakeClock();
    const tree = new ObjectTree(models);
    const statistics = new objects.ConnectivityStatistics(tree, clock);
    const { near, far } = wire();
    const line = statistics.counted(near);
    line.onDatagram(() => undefined);
    const counters = () => {
      statistics.refresh();
      return [2, 3, 4, 5].map((id) => tree.get(path(7, 0, id))?.value);
    };
    return { clock, tree, statistics, line, far, counters };
  }

  it("counts nothing before Start, then kilobytes each way, the longest message and the average", () => {
    const { statistics, line, far, counters } = counting();
    line.send(new Uint8Array(500));
    expect(counters()).toEqual([0, 0, 0, 0]);
    statistics.start();
    for (let i = 0; i < 4; i++) line.send(new Uint8Array(600));
    for (let i = 0; i < 6; i++) far.send(new Uint8Array(200));
    expect(counters()).toEqual([2, 1, 600, 360]);
  });

  it("keeps its counters at Stop, and forgets them at the next Start", () => {
    const { statistics, line, counters } = counting();
    statistics.start();
    line.send(new Uint8Array(1_200));
    statistics.stop();
    line.send(new Uint8Array(1_200));
    expect(counters()).toEqual([1, 0, 1_200, 1_200]);
    statistics.start();
    expect(counters()).toEqual([0, 0, 0, 0]);
  });

  it("stops by itself after the Collection Period, if there is one", async () => {
    const { statistics, line, counters, clock, tree } = counting();
    tree.store(path(7, 0, 8), 60, clock.now());
    statistics.start();
    line.send(new Uint8Array(1_000));
    await clock.advance(61_000);
    line.send(new Uint8Array(1_000));
    expect(counters()[0]).toBe(1);
    tree.store(path(7, 0, 8), 0, clock.now());
    statistics.start();
    await clock.advance(86_400_000);
    line.send(new Uint8Array(3_000));
    expect(counters()[0]).toBe(3);
  });

  it("is started, read and stopped by a server, and counts what both say", async () => {
    let statistics: objects.ConnectivityStatistics | undefined;
    const { near, far } = wire();
    const here = station({
      fill: (tree, clock) => (statistics = new objects.ConnectivityStatistics(tree, clock)),
    });
    await here.registered();
    const line = statistics!.counted(near);
    line.onDatagram(() => undefined);
    expect((await here.server.ask("PUT", { path: "/7/0/8", format: 0, payload: "30" })).code).toBe("2.04");
    expect((await here.server.ask("POST", { path: "/7/0/6" })).code).toBe("2.04");
    line.send(new Uint8Array(5_000));
    far.send(new Uint8Array(2_500));
    // Made when it is asked for: nobody has refreshed it.
    expect((await here.server.ask("GET", { path: "/7/0/2", accept: 0 })).text).toBe("5");
    expect((await here.server.ask("GET", { path: "/7/0/3", accept: 0 })).text).toBe("2");
    expect((await here.server.ask("POST", { path: "/7/0/7" })).code).toBe("2.04");
    line.send(new Uint8Array(5_000));
    expect((await here.server.ask("GET", { path: "/7/0/2", accept: 0 })).text).toBe("5");
  });

  it("leaves the line as it is otherwise", async () => {
    const { line } = counting();
    const { near } = wire();
    const counted = new objects.ConnectivityStatistics(new ObjectTree(), new FakeClock()).counted(near);
    const closed: string[] = [];
    counted.onClose((reason) => closed.push(reason));
    await counted.open(new AbortController().signal);
    expect([near.isOpen, counted.maxDatagram]).toEqual([true, near.maxDatagram]);
    await counted.renew();
    expect(near.renewed).toBe(1);
    let unreachable = 0;
    counted.onUnreachable?.(() => (unreachable += 1));
    near.unreachable();
    near.fail("gone");
    await counted.close();
    expect([closed, unreachable, near.isOpen]).toEqual([["gone"], 1, false]);
    expect(line.maxDatagram).toBe(1_280);
  });
});
