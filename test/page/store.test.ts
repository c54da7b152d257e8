/** What the page knows, and how events change it. */

import { describe, expect, it } from "vitest";
import {
  agrees,
  battery,
  byInstance,
  byLabel,
  byNeed,
  type Change,
  isSensor,
  mainPaths,
  matches,
  Store,
} from "../../src/http/page/store.ts";
import type { LabClient, Sensor, Status, Value, Values } from "../../src/http/page/types.ts";

const value = (of: Value["value"], time = "2026-06-01T12:00:00Z"): Value => ({ value: of, name: "Temperature", time });

function sensor(endpoint: string, rest: Partial<Sensor> = {}): Sensor {
  return {
    endpoint,
    label: endpoint,
    source: `radio/${endpoint}`,
    definition: "ruuvi.tag.df5",
    liveness: "live",
    registration: { state: "registered", server: "coap://a", lifetimeSeconds: 300, observations: 1 },
    values: { "/3303/0/5700": value(21) },
    main: ["/3303/0/5700"],
    writable: [],
    executable: [],
    ...rest,
  };
}

const client = (endpoint: string, values: Values = {}): LabClient => ({
  endpoint,
  address: "127.0.0.1:1",
  version: "1.1",
  lifetime: 300,
  registeredAt: "2026-06-01T12:00:00Z",
  lastSeenAt: "2026-06-01T12:00:00Z",
  expiresAt: "2026-06-01T12:05:00Z",
  objects: ["/3303/0"],
  observations: [],
  values,
});

const status: Status = {
  name: "gateway",
  version: "0.1.0",
  startedAt: "2026-06-01T11:00:00Z",
  clockTrusted: true,
  summary: "All is well.",
  problems: [],
  sensors: { waiting: 0, live: 1, stale: 0, gone: 0, total: 1 },
  inbox: 0,
  adapters: [],
  servers: [],
  storage: { kept: 0, bytes: 0, budgetBytes: 33_554_432, dropped: 0 },
  memoryBytes: 1,
  counters: {},
};

function listening(): { store: Store; heard: Change[][] } {
  const store = new Store();
  const heard: Change[][] = [];
  store.subscribe((changes) => heard.push([...changes]));
  return { store, heard };
}

describe("the store", () => {
  it("takes sensors as they come, the newest snapshot wins, and tells", () => {
    const { store, heard } = listening();
    store.takeSensors([sensor("a"), sensor("b")]);
    store.takeSensors([sensor("a", { liveness: "gone" })]);
    expect([...store.sensors.values()].map(({ endpoint, liveness }) => [endpoint, liveness])).toEqual([
      ["a", "gone"],
      ["b", "live"],
    ]);
    expect(heard).toEqual([["sensors"], ["sensors"]]);
  });

  it("forgets what was removed, and what a new picture does not show, with its history", () => {
    const { store } = listening();
    store.takeSensors([sensor("a"), sensor("b"), sensor("c")]);
    store.removeSensor("a");
    store.keepOnly(new Set(["c"]));
    expect([...store.sensors.keys()]).toEqual(["c"]);
    expect(store.history.points("b", "/3303/0/5700")).toEqual([]);
    expect(store.history.points("c", "/3303/0/5700")).toHaveLength(1);
  });

  it("tells of a connection only when it changes", () => {
    const { store, heard } = listening();
    store.connect("open");
    store.connect("open");
    store.connect("lost");
    expect(heard).toEqual([["connection"], ["connection"]]);
  });

  it("keeps status and inbox", () => {
    const { store, heard } = listening();
    store.takeStatus(status);
    store.takeInbox([]);
    expect(store.status?.summary).toBe("All is well.");
    expect(heard.flat()).toEqual(["status", "inbox"]);
  });

  it("knows the lab's clients, adds values to them, and drops those that went", () => {
    const { store } = listening();
    store.takeLabValues("a", { "/3303/0/5700": value(1) });
    expect(store.lab).toBeUndefined();
    store.resetLab([client("a", { "/3/0/0": value("Isthmus") })]);
    store.takeLabValues("a", { "/3303/0/5700": value(22) });
    store.takeLabValues("nobody", { "/3303/0/5700": value(22) });
    expect(Object.keys(store.lab?.get("a")?.values ?? {})).toEqual(["/3/0/0", "/3303/0/5700"]);
    store.takeLabClient(client("b"));
    store.removeLabClient("a");
    expect([...(store.lab?.keys() ?? [])]).toEqual(["b"]);
  });

  it("remembers the last things asked, newest first, and not for ever", () => {
    const { store } = listening();
    for (let i = 0; i < 50; i++) store.note({ endpoint: "a", at: i, what: `Read ${i}`, ended: "2.05", failed: false });
    expect(store.log).toHaveLength(20);
    expect(store.log[0]?.what).toBe("Read 49");
  });
});

describe("the order of sensors", () => {
  const { source, ...gateway } = sensor("gateway");

  it("is that of their labels, numbers as numbers, the gateway itself first", () => {
    const sorted = byLabel([sensor("z", { label: "Freezer 10" }), sensor("y", { label: "Freezer 2" }), gateway]);
    expect(sorted.map(({ label }) => label)).toEqual(["gateway", "Freezer 2", "Freezer 10"]);
    expect(sorted.map(isSensor)).toEqual([false, true, true]);
    expect(source).toBeDefined();
  });

  it("by need puts the gone first", () => {
    const sorted = byNeed([sensor("a"), sensor("b", { liveness: "waiting" }), sensor("c", { liveness: "gone" })]);
    expect(sorted.map(({ endpoint }) => endpoint)).toEqual(["c", "b", "a"]);
  });
});

describe("finding sensors", () => {
  it("takes every word, anywhere", () => {
    const freezer = sensor("ruuvi-1", { label: "Freezer 2", maker: "Ruuvi", liveness: "stale" });
    expect(["freez", "ruuvi stale", "RADIO/", "2 freezer"].every((query) => matches(freezer, query))).toBe(true);
    expect(matches(freezer, "freezer 3")).toBe(false);
  });
});

describe("what of a sensor is shown large", () => {
  it("leaves out the battery, which has its own place", () => {
    const withBattery = sensor("a", {
      main: ["/3303/0/5700", "/3/0/9"],
      values: { "/3303/0/5700": value(21), "/3/0/9": value(80) },
    });
    expect(mainPaths(withBattery)).toEqual(["/3303/0/5700"]);
    expect(battery(withBattery)).toBe(80);
    expect(mainPaths(sensor("b", { main: ["/3/0/9"] }))).toEqual(["/3/0/9"]);
  });

  it("says where something is only once", () => {
    const main = ["/6/0/0", "/3336/0/6051", "/3336/0/6052", "/3336/0/5705"];
    expect(mainPaths(sensor("a", { main, values: {} }))).toEqual(["/6/0/0", "/3336/0/5705"]);
    expect(mainPaths(sensor("a", { main: main.slice(1), values: {} }))).toEqual(main.slice(1));
  });

  it("completes a position", () => {
    const values = { "/6/0/0": value(37.9), "/6/0/1": value(22.9) };
    expect(mainPaths(sensor("a", { main: ["/6/0/0"], values }))).toEqual(["/6/0/0", "/6/0/1"]);
    expect(mainPaths(sensor("a", { main: ["/6/0/0", "/6/0/1"], values }))).toEqual(["/6/0/0", "/6/0/1"]);
    expect(mainPaths(sensor("a", { main: ["/6/0/0"], values: { "/6/0/0": value(1) } }))).toEqual(["/6/0/0"]);
  });
});

describe("Resources", () => {
  it("are grouped by Instance, what matters first, all else by number", () => {
    const paths = ["/3/0/9", "/3303/1/5700", "/3303/0/5701", "/3303/0/5700", "/3/0/13", "/3303/0/5601"];
    expect([...byInstance(paths, ["/3303/0/5700"])]).toEqual([
      ["/3303/0", ["/3303/0/5700", "/3303/0/5601", "/3303/0/5701"]],
      ["/3/0", ["/3/0/9", "/3/0/13"]],
      ["/3303/1", ["/3303/1/5700"]],
    ]);
  });

  it("agree at both ends but for the last digit of a float", () => {
    expect(agrees(21.05, Math.fround(21.05))).toBe(true);
    expect(agrees(21.05, 21.06)).toBe(false);
    expect(agrees("a", "a")).toBe(true);
    expect(agrees(true, 1)).toBe(false);
  });
});
