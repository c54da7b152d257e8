/** The inbox among a crowd: random comers and goers, and what must hold after each of them. */

import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/gateway/duplicates.ts";
import { Inbox } from "../../src/gateway/inbox.ts";
import { Pacer } from "../../src/base/pacer.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { library, ruuvi, unknownAdvert } from "./rig.ts";

describe("an inbox among thousands", () => {
  it("keeps its bounds, its order and its count, whoever comes and goes", async () => {
    const random = new SeededRandom(3);
    const clock = new FakeClock();
    const inbox = new Inbox(clock);
    const known = library.match({ source: "x", at: clock.now(), payload: ruuvi() });
    for (let step = 0; step < 20_000; step++) {
      const address = `a${random.below(600)}`;
      if (random.below(12) === 0) inbox.delete(`radio/${address}`);
      else {
        const device = random.below(3) === 0 ? known : undefined;
        const payload = device ? ruuvi(step % 65_000) : unknownAdvert;
        const rssi = random.below(4) === 0 ? undefined : -random.below(100);
        const frame: Frame = { source: address, at: clock.now(), payload, ...(rssi !== undefined && { rssi }) };
        inbox.hear({ adapter: "radio", address, device, endpoint: device && `e-${address}`, frame });
      }
      if (step % 500 !== 0) continue;
      await clock.advance(random.below(60_000));
      inbox.expire();
      const list = inbox.list();
      expect(list).toHaveLength(inbox.size);
      expect(list.length).toBeLessThanOrEqual(200);
      expect(list.filter(({ definition }) => definition === undefined).length).toBeLessThanOrEqual(40);
      // Whoever can be decoded stands before whoever cannot, and the near before the far.
      const ranks = list.map(({ definition, rssi = 0 }) => (definition === undefined ? 0 : 2_000) + rssi);
      expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
      expect(new Set(list.map(({ source }) => source)).size).toBe(list.length);
      for (const { source } of list) expect(inbox.get(source)?.source).toBe(source);
    }
  });

  it("has room again for the corner of strangers when they leave", () => {
    const clock = new FakeClock();
    const inbox = new Inbox(clock);
    const hear = (address: string) =>
      inbox.hear({
        adapter: "radio",
        address,
        device: undefined,
        endpoint: undefined,
        frame: { source: address, at: clock.now(), payload: unknownAdvert, rssi: -70 },
      });
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 60; n++) hear(`${round}-${n}`);
      expect(inbox.size).toBe(40);
      for (const { source } of inbox.list()) inbox.delete(source);
      expect(inbox.size).toBe(0);
    }
  });

  it("says that nothing has a signal where there is no radio", () => {
    const clock = new FakeClock();
    const inbox = new Inbox(clock);
    const frame: Frame = { source: "t", at: clock.now(), payload: { kind: "text", text: "hello" } };
    inbox.hear({ adapter: "line", address: "t", device: undefined, endpoint: undefined, frame });
    const [entry] = inbox.list();
    expect(entry && "rssi" in entry).toBe(false);
    expect(entry).toMatchObject({ source: "line/t", heard: 1, readings: {} });
  });
});

describe("the print of an advert", () => {
  it("differs for every change of one bit", () => {
    const random = new SeededRandom(8);
    const bytes = random.bytes(24);
    const advert = (data: Uint8Array, company = 0x0499) => ({
      kind: "advert" as const,
      manufacturer: [[company, data]] as const,
      services: new Map<string, Uint8Array>(),
      serviceUuids: [],
    });
    const own = fingerprint(advert(bytes));
    const prints = new Set([own]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Uint8Array.from(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      prints.add(fingerprint(advert(other)));
    }
    expect(prints.size).toBe(bytes.length * 8 + 1);
    expect(fingerprint(advert(bytes, 0x0498))).not.toBe(own);
    expect(fingerprint(advert(Uint8Array.from(bytes)))).toBe(own);
  });
});

describe("the pacer under random work", () => {
  it("never lets more through than agreed, loses nobody, and calls nobody twice", () => {
    const clock = new FakeClock();
    const random = new SeededRandom(4);
    const pacer = new Pacer(clock, random, 100);
    const done = new Map<number, number>();
    const withdrawn = new Set<number>();
    const perSecond = new Map<number, number>();
    for (let n = 0; n < 1_000; n++) {
      const withdraw = pacer.add(() => {
        done.set(n, (done.get(n) ?? 0) + 1);
        const second = Math.floor(clock.monotonic() / 1_000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      });
      if (random.below(10) === 0) {
        withdraw();
        withdrawn.add(n);
      }
      clock.tick(random.below(5));
    }
    clock.tick(30_000);
    expect(pacer.waiting).toBe(0);
    for (const n of withdrawn) if (!done.has(n)) done.set(n, 1);
    expect(done.size).toBe(1_000);
    expect([...done.values()].every((times) => times === 1)).toBe(true);
    // The bucket holds five turns of 20 ms besides what a second brings.
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(111);
  });
});
