/** One device heard in several formats is one device; one that changes its format for good is named. */

import { describe, expect, it } from "vitest";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { Rig, type RigOptions, unknownAdvert } from "../rig.ts";
import { device, devicesOf, KEY, like, says, sealing } from "./stage.ts";

const PLAIN = device("acme.plain");
const RICH = device("acme.rich", {
  fields: "t: { unit: Cel }\nh: { unit: '%RH' }",
  objects: "3303/0: { value: t }\n3304/0: { value: h }",
});
const NEWEST = like(device("acme.newest"), { insteadOf: ["acme.rich"] });
const SEALED = sealing(device("acme.sealed"));
const ALL = devicesOf(PLAIN, RICH, NEWEST, SEALED);

const plain = (t: number) => says("acme.plain", { t });
const rich = (t: number, h: number) => says("acme.rich", { t, h });
const newest = (t: number) => says("acme.newest", { t });
const start = (options: RigOptions = {}) => Rig.start({ devices: ALL, ...options });

describe("a stranger in two formats", () => {
  it("is one entry, proposed as the definition that tells more, whichever came first", async () => {
    for (const order of [
      [plain(20), rich(20, 50)],
      [rich(20, 50), plain(20)],
    ]) {
      const rig = await start();
      for (const payload of order) await rig.heard("radio/a", payload, -60);
      expect(rig.gateway.inbox()).toMatchObject([
        {
          source: "radio/a",
          definition: "acme.rich",
          also: ["acme.plain"],
          heard: 2,
          objects: ["/3/0", "/3303/0", "/3304/0"],
        },
      ]);
    }
  });

  it("stays with its first where the other tells no more", async () => {
    const other = device("acme.other");
    const rig = await start({ devices: devicesOf(PLAIN, other) });
    await rig.heard("radio/a", plain(20));
    await rig.heard("radio/a", says("acme.other", { t: 21 }));
    await rig.heard("radio/a", plain(22));
    expect(rig.gateway.inbox()[0]).toMatchObject({ definition: "acme.plain", readings: { t: { value: 22 } } });
  });

  it("is proposed as the definition that stands instead of the other, however little it has said", async () => {
    for (const order of [
      [rich(20, 50), newest(20)],
      [newest(20), rich(20, 50)],
    ]) {
      const rig = await start();
      for (const payload of order) await rig.heard("radio/a", payload);
      expect(rig.gateway.inbox()[0]?.definition).toBe("acme.newest");
    }
  });

  it("is proposed as what can be read before what is sealed", async () => {
    const rig = await start();
    await rig.heard("radio/a", says("acme.sealed", { seal: 0, t: 20 }));
    expect(rig.gateway.inbox()[0]).toMatchObject({ definition: "acme.sealed", key: { needed: true } });
    await rig.heard("radio/a", plain(20));
    expect(rig.gateway.inbox()[0]).toMatchObject({ definition: "acme.plain" });
    expect(rig.gateway.inbox()[0]).not.toHaveProperty("key");
  });

  it("is adopted as what a person names, with what it said in that format", async () => {
    const rig = await start();
    await rig.heard("radio/a", plain(19));
    await rig.heard("radio/a", rich(20, 50));
    expect(await rig.gateway.adopt("radio/a", { definition: "acme.plain" })).toMatchObject({ ok: true });
    expect(rig.value("acme-a", "/3303/0/5700")).toBe(19);
    const other = await start();
    await other.heard("radio/a", says("acme.sealed", { seal: 0, t: 21 }));
    await other.heard("radio/a", plain(19));
    await other.gateway.adopt("radio/a", { definition: "acme.sealed", key: KEY });
    expect(other.value("acme-a", "/3303/0/5700")).toBe(21);
  });

  it("has room for a few formats, and no more", async () => {
    const many = Array.from({ length: 10 }, (_, i) => device(`acme.m${i}`));
    const rig = await start({ devices: devicesOf(...many) });
    for (let i = 0; i < 10; i++) await rig.heard("radio/a", says(`acme.m${i}`, { t: 20 }));
    expect(rig.gateway.inbox()[0]).toMatchObject({ definition: "acme.m0", heard: 10 });
    expect(rig.gateway.inbox()[0]?.also).toHaveLength(3);
  });
});

describe("an adopted sensor that speaks in another format besides", () => {
  async function adopted(): Promise<Rig> {
    const rig = await start({ rules: [{ definition: "acme.rich" }] });
    await rig.heard("radio/a", rich(20, 50));
    return rig;
  }

  it("keeps its definition, and nobody else is adopted or waits", async () => {
    const rig = await adopted();
    await rig.heard("radio/a", newest(30));
    await rig.heard("radio/a", plain(31));
    expect(rig.gateway.sensors().map(({ endpoint }) => endpoint)).toEqual(["gw", "acme-a"]);
    expect(rig.gateway.inbox()).toEqual([]);
    expect(rig.gateway.status().counters).toMatchObject({ foreign: 2, updated: 1 });
    expect(rig.value("acme-a", "/3303/0/5700")).toBe(20);
    await rig.heard("radio/a", rich(21, 50));
    expect(rig.gateway.sensor("acme-a")).toMatchObject({ definition: "acme.rich", liveness: "live" });
  });

  it("is not said to have changed while it goes on with its own", async () => {
    const rig = await adopted();
    for (let i = 0; i < 20; i++) {
      await rig.clock.advance(30_000);
      await rig.heard("radio/a", newest(30));
      if (i % 2 === 0) await rig.heard("radio/a", rich(20 + i, 50));
    }
    expect(rig.gateway.sensor("acme-a")?.speaks).toBeUndefined();
    expect(rig.gateway.status().problems).toEqual([]);
  });

  it("is named once it has given up its own: what it speaks now, and what to do", async () => {
    const rig = await adopted();
    for (let i = 0; i < 4; i++) {
      await rig.clock.advance(30_000);
      await rig.heard("radio/a", newest(30));
    }
    expect(rig.gateway.sensor("acme-a")).toMatchObject({ speaks: "acme.newest", liveness: "stale" });
    expect(rig.gateway.status().problems).toMatchObject([
      { what: "F-1 a now speaks acme.newest, and no longer what it was adopted with." },
    ]);
    await rig.heard("radio/a", rich(20, 50));
    expect(rig.gateway.sensor("acme-a")?.speaks).toBeUndefined();
  });

  it("is silent like any other when nothing at all is heard of it any more", async () => {
    const rig = await adopted();
    await rig.heard("radio/a", newest(30));
    await rig.clock.advance(1_200_000);
    expect(rig.gateway.sensor("acme-a")?.speaks).toBeUndefined();
    expect(rig.gateway.status().problems[0]?.what).toContain("is gone");
  });

  it("is adopted again under its old name, in its new format", async () => {
    const rig = await adopted();
    const removed = rig.gateway.remove("acme-a");
    await rig.clock.advance(6_000);
    await removed;
    await rig.heard("radio/a", newest(30));
    expect(await rig.gateway.adopt("radio/a")).toMatchObject({ ok: true, sensor: { definition: "acme.newest" } });
    expect(rig.value("acme-a", "/3303/0/5700")).toBe(30);
  });
});

describe("a stranger that nobody can read", () => {
  const raw = async (payload: Payload) => {
    const rig = await start();
    await rig.heard("radio/x", payload);
    return rig.gateway.inbox()[0]?.raw;
  };

  it("shows its companies, services, lengths and bytes", async () => {
    expect(await raw(unknownAdvert)).toEqual(["company 0xFFFE, 3 bytes: 01 02 03"]);
    const uuid = (short: string) => `0000${short}-0000-1000-8000-00805f9b34fb`;
    expect(
      await raw({
        kind: "advert",
        name: "X-1",
        manufacturer: [
          [0x0059, Uint8Array.of(1)],
          [0x004c, new Uint8Array(100).fill(255)],
        ],
        services: new Map([[uuid("fcd2"), Uint8Array.of(0x40)]]),
        serviceUuids: [uuid("fcd2"), uuid("180f"), "6e400001-b5a3-f393-e0a9-e50e24dcca9e"],
      }),
    ).toEqual([
      "company 0x0059, 1 byte: 01",
      `company 0x004C, 100 bytes: ${Array(64).fill("ff").join(" ")} …`,
      "service 0xFCD2, 1 byte: 40",
      "services 0x180F 6e400001-b5a3-f393-e0a9-e50e24dcca9e",
    ]);
  });

  it("shows its text, topic, registers or values, on one line each and cut", async () => {
    expect(await raw({ kind: "text", text: `A,\u001b[2J${"1,".repeat(200)}` })).toEqual([
      `A, [2J${"1,".repeat(200)}`.slice(0, 200) + "…",
    ]);
    const body = new TextEncoder().encode('{"a":\n1}');
    expect(await raw({ kind: "message", topic: "x/y", body })).toEqual(["topic x/y", '{"a": 1}']);
    expect(await raw({ kind: "message", topic: "x/y", body: Uint8Array.of(0, 159, 255) })).toEqual([
      "topic x/y",
      "3 bytes: 00 9f ff",
    ]);
    expect(await raw({ kind: "bytes", bytes: Uint8Array.of(1, 2) })).toEqual(["2 bytes: 01 02"]);
    expect(await raw({ kind: "registers", values: new Map([["4:0x0000", Uint8Array.of(1, 2)]]) })).toEqual([
      "4:0x0000 2 bytes: 01 02",
    ]);
    expect(await raw({ kind: "fields", fields: { model: "q", t: 1 } })).toEqual(['model "q"', "t 1"]);
  });

  it("shows it no longer once a definition reads it", async () => {
    const rig = await start();
    await rig.heard("radio/x", unknownAdvert);
    await rig.heard("radio/x", plain(20));
    expect(rig.gateway.inbox()[0]).not.toHaveProperty("raw");
    await rig.heard("radio/x", unknownAdvert);
    expect(rig.gateway.inbox()[0]).toMatchObject({ definition: "acme.plain", heard: 3 });
  });

  it("never shows more than some lines of some hundred characters", async () => {
    const services = new Map(Array.from({ length: 100 }, (_, i) => [`${i}`.repeat(100), new Uint8Array(250)] as const));
    const shown = await raw({ kind: "advert", manufacturer: [], services, serviceUuids: [] });
    expect(shown?.length).toBeLessThanOrEqual(8);
    expect(JSON.stringify(shown).length).toBeLessThan(5_000);
  });
});
