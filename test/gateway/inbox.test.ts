/** What is heard but not adopted. */

import { describe, expect, it } from "vitest";
import { Inbox } from "../../src/gateway/inbox.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { library, Rig, ruuvi, TAG, unknownAdvert } from "./rig.ts";

function scene() {
  const clock = new FakeClock();
  const inbox = new Inbox(clock);
  const hear = (address: string, known: boolean, rssi?: number) => {
    const payload = known ? ruuvi() : unknownAdvert;
    const frame: Frame = { source: address, at: clock.now(), payload, ...(rssi !== undefined && { rssi }) };
    const device = library.match(frame);
    return inbox.hear({ adapter: "radio", address, device, endpoint: device?.identify(frame)?.endpoint, frame });
  };
  return { clock, inbox, hear, sources: () => inbox.list().map((each) => each.source) };
}

describe("the inbox", () => {
  it("shows first what can be decoded, then what is near", () => {
    const { hear, sources } = scene();
    hear("far", true, -90);
    hear("phone", false, -30);
    hear("near", true, -50);
    hear("other phone", false, -80);
    expect(sources()).toEqual(["radio/near", "radio/far", "radio/phone", "radio/other phone"]);
  });

  it("counts, and keeps the first and the last time", async () => {
    const { clock, inbox, hear } = scene();
    hear("a", true, -50);
    await clock.advance(5_000);
    hear("a", true, -60);
    expect(inbox.list()).toMatchObject([
      { heard: 2, rssi: -60, firstHeardAt: "2026-06-01T12:00:00.000Z", lastHeardAt: "2026-06-01T12:00:05.000Z" },
    ]);
  });

  it("shows a value that the device calls not available as null", () => {
    const { inbox, clock } = scene();
    const data = new Uint8Array(Buffer.from("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF", "hex"));
    const payload = {
      kind: "advert" as const,
      manufacturer: [[0x0499, data]] as const,
      services: new Map<string, Uint8Array>(),
      serviceUuids: [],
    };
    const frame: Frame = { source: TAG, at: clock.now(), payload };
    inbox.hear({ adapter: "radio", address: TAG, device: library.match(frame), endpoint: undefined, frame });
    expect(inbox.list()[0]?.readings).toMatchObject({ temperature: null, humidity: null });
  });

  it("lets strangers that nobody can decode have a corner, not the room", () => {
    const { hear, inbox, sources } = scene();
    for (let i = 0; i < 1_000; i++) hear(`phone ${i}`, false, -40 - (i % 50));
    expect(inbox.size).toBe(40);
    for (let i = 0; i < 300; i++) hear(`tag ${i}`, true, -60);
    expect(inbox.size).toBe(200);
    hear("strong tag", true, -20);
    expect(sources()[0]).toBe("radio/strong tag");
    expect(inbox.size).toBe(200);
    expect(hear("weak tag", true, -99)).toBeUndefined();
  });

  it("does not grow by a million addresses", () => {
    const { hear, inbox } = scene();
    for (let i = 0; i < 1_000_000; i++) hear(String(i), false, -70);
    expect(inbox.size).toBe(40);
  });

  it("keeps whom a person ignores apart, and lets them go first where room is short", async () => {
    const clock = new FakeClock();
    const inbox = new Inbox(clock, { isIgnored: (source) => source.endsWith("!") });
    const hear = (address: string, rssi: number) =>
      inbox.hear({
        ...{ adapter: "radio", address, device: undefined, endpoint: undefined },
        frame: { source: address, at: clock.now(), payload: unknownAdvert, rssi },
      });
    for (let i = 0; i < 39; i++) hear(`phone ${i}`, -90);
    hear("neighbour!", -20);
    expect(inbox.size).toBe(39);
    expect(inbox.list().at(-1)).toMatchObject({ source: "radio/neighbour!", ignored: true });
    expect(inbox.list()[0]).not.toHaveProperty("ignored");
    hear("visitor", -95);
    expect(inbox.get("radio/neighbour!")).toBeUndefined();
    expect(inbox.size).toBe(40);
    expect(hear("neighbour!", -20)).toBeUndefined();
  });

  it("remembers across a restart whom a person ignores; no rule takes them in, until the person says otherwise", async () => {
    const rules = [{ adapter: "radio" }];
    const rig = await Rig.start();
    await rig.heard(`radio/${TAG}`, ruuvi());
    expect(rig.gateway.ignore("radio/nobody", true)).toBe(false);
    expect(rig.gateway.ignore(`radio/${TAG}`, true)).toBe(true);
    expect(rig.gateway.inbox()).toMatchObject([{ source: `radio/${TAG}`, ignored: true }]);
    expect(rig.gateway.status().inbox).toBe(0);
    await rig.gateway.stop();

    const again = await Rig.start({ rules, store: rig.store });
    expect(again.gateway.ignore(`radio/${TAG}`, true)).toBe(true);
    await again.heard(`radio/${TAG}`, ruuvi());
    expect(again.gateway.sensors()).toHaveLength(1);
    expect(again.gateway.inbox()).toMatchObject([{ ignored: true }]);
    expect(again.gateway.ignore(`radio/${TAG}`, false)).toBe(true);
    expect(again.gateway.inbox()[0]).not.toHaveProperty("ignored");
    await again.heard(`radio/${TAG}`, ruuvi());
    expect(again.gateway.sensors()).toHaveLength(2);
    expect(again.gateway.inbox()).toEqual([]);
  });

  it("forgets who has fallen silent, strangers sooner", async () => {
    const { clock, inbox, hear, sources } = scene();
    hear("tag", true, -60);
    hear("phone", false, -60);
    await clock.advance(121_000);
    expect(inbox.expire()).toBe(true);
    expect(sources()).toEqual(["radio/tag"]);
    await clock.advance(14 * 60_000);
    expect(inbox.expire()).toBe(true);
    expect(inbox.expire()).toBe(false);
    expect(inbox.size).toBe(0);
  });

  it("keeps what it knows of a device when it says something unreadable", () => {
    const { hear, inbox } = scene();
    hear("a", true, -60);
    hear("a", false, -60);
    expect(inbox.list()).toMatchObject([{ definition: "ruuvi.tag.df5", heard: 2 }]);
    expect(inbox.list()[0]?.readings["temperature"]?.value).toBe(24.3);
  });

  it("counts its corner right when a stranger turns out to be known", () => {
    const { hear, inbox } = scene();
    for (let i = 0; i < 40; i++) hear(`phone ${i}`, false, -50);
    for (let i = 0; i < 40; i++) hear(`phone ${i}`, true, -50);
    for (let i = 0; i < 60; i++) hear(`new phone ${i}`, false, -50);
    expect(inbox.size).toBe(80);
    for (const { source } of inbox.list()) inbox.delete(source);
    expect(inbox.size).toBe(0);
    expect(inbox.delete("radio/nobody")).toBe(false);
  });

  it("is empty again after a while, in a gateway at work", async () => {
    const rig = await Rig.start();
    await rig.heard("radio/11:22:33:44:55:66", unknownAdvert, -40);
    expect(rig.gateway.inbox()).toHaveLength(1);
    await rig.clock.advance(140_000);
    expect(rig.gateway.inbox()).toEqual([]);
  });
});
