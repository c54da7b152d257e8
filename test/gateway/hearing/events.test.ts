/** Presses and counts from the radio to the server: once for each press, and on after a restart. */

import { describe, expect, it } from "vitest";
import { Library } from "../../../src/library/index.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { changed, message } from "../../support/definitions.ts";
import { MemoryStore, models, Rig } from "../rig.ts";

/** A button: one byte says what was pressed, another counts messages where there is one. */
const BUTTON = changed(
  ["length: 4", "length: [2, 3]"],
  [
    "  temperature: { at: 0, type: i16be, invalid: -32768, scale: 0.01, unit: Cel, range: [-40, 85] }",
    "  press: { at: 0, type: u8, event: true }\n  light: { at: 1, type: u8, unit: lx }",
  ],
  ["  counter:     { at: 2, type: u8 }\n", ""],
  [
    "3303/0: { value: temperature }",
    "3347/0: { 5500: { pulse: press == 1 }, 5501: { count: press == 1 } }\n  3301/0: { value: light }\n  3348/0: { 5547: press }",
  ],
  ["    hex: 08F2 01 00\n    expect: { temperature: 22.9, counter: 1 }", "    hex: 01 05\n    expect: { press: 1 }"],
);
const COUNTED = BUTTON.replace(
  "frame:    { bytes: ble.manufacturer }",
  "frame:    { bytes: ble.manufacturer, sequence: packet }",
).replace("  light:", "  packet: { at: 2, type: u8 }\n  light:");

const heard = (...bytes: number[]): Payload => ({
  kind: "advert",
  manufacturer: [[0x1234, Uint8Array.from(bytes)]],
  services: new Map(),
  serviceUuids: [],
});

async function scene(text = BUTTON, store = new MemoryStore(), clock = new FakeClock()) {
  const { library, problems } = Library.load([{ name: "acme.yaml", text }], models);
  expect(problems).toEqual([]);
  const rig = await Rig.start({ rules: [{}], devices: library, store, clock });
  return {
    rig,
    store,
    clock,
    async hear(payload: Payload, wait = 100) {
      rig.hear("radio/b", payload);
      await clock.advance(wait);
    },
    count: () => rig.value("acme-b", "/3347/0/5501"),
    light: () => rig.value("acme-b", "/3301/0/5700"),
  };
}

describe("a button without a count of its messages", () => {
  it("that repeats its advert for seconds was pressed once", async () => {
    const { hear, count } = await scene();
    for (let i = 0; i < 50; i++) await hear(heard(1, 5), 200);
    expect(count()).toBe(1);
  });

  it("was pressed again when it says so after a pause", async () => {
    const { hear, count } = await scene();
    for (let i = 0; i < 5; i++) await hear(heard(1, 5), 200);
    await hear(heard(1, 5), 3_000);
    await hear(heard(1, 5));
    expect(count()).toBe(2);
  });

  it("was pressed once though it says other things in between", async () => {
    const { hear, count } = await scene();
    for (let i = 0; i < 20; i++) {
      await hear(heard(1, 5), 300);
      await hear(heard(0, 6), 300);
    }
    expect(count()).toBe(1);
  });

  it("goes on telling its states while it repeats itself", async () => {
    const { hear, light, rig } = await scene();
    for (let i = 0; i < 40; i++) await hear(heard(1, 7), 200);
    expect(light()).toBe(7);
    const time = rig.gateway.sensor("acme-b")?.values["/3301/0/5700"]?.time;
    expect(Date.parse(time ?? "") - Date.parse("2026-06-01T12:00:00Z")).toBeGreaterThan(5_000);
  });
});

describe("a button that counts its messages", () => {
  it("was pressed as often as the count has changed, however soon", async () => {
    const { hear, count } = await scene(COUNTED);
    for (const packet of [7, 7, 8, 8, 9]) await hear(heard(1, 5, packet), 50);
    expect(count()).toBe(3);
  });

  it("was not pressed again when the same message is heard after a long silence", async () => {
    const { hear, count } = await scene(COUNTED);
    await hear(heard(1, 5, 7), 200_000);
    await hear(heard(1, 5, 7));
    expect(count()).toBe(1);
  });
});

describe("a server that observes", () => {
  it("a button is told that it is pressed, and that it is no more", async () => {
    const { rig, hear } = await scene();
    await hear(heard(0, 5), 500);
    const server = rig.server("acme-b");
    const token = server.send("GET", { path: "/3347/0/5500", observe: 0, accept: 0 });
    await rig.clock.advance(0);
    await hear(heard(1, 5), 3_000);
    await hear(heard(1, 5), 3_000);
    expect(server.answers(token).map(({ text }) => text)).toEqual(["0", "1", "0", "1", "0"]);
  });

  it("a count is told each new one", async () => {
    const { rig, hear } = await scene();
    await hear(heard(0, 5), 500);
    const server = rig.server("acme-b");
    const token = server.send("GET", { path: "/3347/0/5501", observe: 0, accept: 0 });
    await rig.clock.advance(0);
    await hear(heard(1, 5), 3_000);
    await hear(heard(0, 5), 3_000);
    await hear(heard(1, 5), 3_000);
    expect(server.answers(token).map(({ text }) => text)).toEqual(["0", "1", "2"]);
  });
});

describe("after a restart", () => {
  it("counting goes on where it stood, and nothing is pressed", async () => {
    const first = await scene();
    for (let i = 0; i < 3; i++) await first.hear(heard(1, 5), 3_000);
    await first.rig.gateway.stop();
    const again = await scene(BUTTON, first.store);
    expect(again.count()).toBe(3);
    expect(again.rig.value("acme-b", "/3347/0/5500")).toBe(false);
    expect(again.rig.value("acme-b", "/3348/0/5547")).toBeUndefined();
    await again.hear(heard(1, 5));
    expect(again.count()).toBe(4);
  });

  it("counts are written with the next change, or after ten minutes, not with each press", async () => {
    const { hear, store, clock } = await scene();
    await hear(heard(1, 5), 5_000);
    const { writes } = store;
    await hear(heard(1, 5), 60_000);
    await hear(heard(1, 5), 60_000);
    expect(store.writes).toBe(writes);
    await clock.advance(600_000);
    expect(store.writes).toBe(writes + 1);
    expect(store.text).toContain('"counts":{"/3347/0/5501":3}');
  });

  it("counts of a file that somebody has touched are those that can be", async () => {
    const first = await scene();
    await first.hear(heard(1, 5), 3_000);
    await first.rig.gateway.stop();
    first.store.text = (first.store.text ?? "").replace('"/3347/0/5501":1', '"/3347/0/5501":-5,"x":3,"/9/9/9":2');
    const again = await scene(BUTTON, first.store);
    expect(again.count()).toBe(0);
    await again.hear(heard(1, 5));
    expect(again.count()).toBe(1);
  });
});

describe("what a broker has kept", () => {
  it("shows states, and presses nothing", async () => {
    const text = `schema: device/v1
id: acme.remote
vendor: Acme
model: R-1
match:    { mqtt: { topic: "remote/+id" } }
identity: { from: topic.id, endpoint: "acme-{id}" }
frame:    { json: true }
alive:    { expect: 10s, stale: 90s, gone: 15m }
fields:
  action:  { json: $.action, event: true }
  battery: { json: $.battery, unit: "%EL" }
objects:
  3347/0: { 5500: { pulse: action == 'single' }, 5501: { count: action == 'single' } }
  3/0: { 0: { const: Acme }, 9: battery }
tests: [{ name: press, topic: remote/b, json: { action: single } }]
`;
    const { library, problems } = Library.load([{ name: "acme.yaml", text }], models);
    expect(problems).toEqual([]);
    const rig = await Rig.start({ rules: [{}], devices: library });
    const said = message("remote/b", { action: "single", battery: 80 });
    await rig.heard("radio/remote/b", said.kind === "message" ? { ...said, retained: true } : said);
    expect([rig.value("acme-b", "/3347/0/5501"), rig.value("acme-b", "/3/0/9")]).toEqual([0, 80]);
    await rig.heard("radio/remote/b", said);
    await rig.heard("radio/remote/b", said);
    expect(rig.value("acme-b", "/3347/0/5501")).toBe(2);
  });
});
