/** Many through one door, one after the other; and what makes two adverts one. */

import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/gateway/duplicates.ts";
import { Pacer } from "../../src/base/pacer.ts";
import { splitSource } from "../../src/gateway/adapters.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { fields, ruuvi, unknownAdvert } from "./rig.ts";

function scene(perSecond: number) {
  const clock = new FakeClock();
  const pacer = new Pacer(clock, new SeededRandom(), perSecond);
  const done: number[] = [];
  const add = (n: number) => pacer.add(() => done.push(n));
  return { clock, pacer, done, add };
}

describe("the pacer", () => {
  it("lets so many through in a second, in order", () => {
    const { clock, done, add } = scene(100);
    for (let n = 0; n < 500; n++) add(n);
    clock.tick(1_000);
    expect(done.length).toBeGreaterThan(80);
    expect(done.length).toBeLessThan(110);
    clock.tick(4_500);
    expect(done).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("does not let one wait that is alone", () => {
    const { clock, done, add } = scene(50);
    add(1);
    clock.tick(50);
    expect(done).toEqual([1]);
  });

  it("does not make up at once for what a busy process missed", () => {
    const { clock, done, add } = scene(1_000);
    for (let n = 0; n < 10_000; n++) add(n);
    clock.tick(40);
    clock.jump(0);
    const before = done.length;
    expect(before).toBeLessThan(150);
  });

  it("lets what is urgent go first, and no more of it than of others", () => {
    const { clock, pacer, done, add } = scene(100);
    for (let n = 0; n < 200; n++) add(n);
    for (let n = 1_000; n < 1_050; n++) pacer.add(() => done.push(n), true);
    clock.tick(1_000);
    expect(done.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, n) => 1_000 + n));
    expect(done.length).toBeLessThan(110);
    expect(done[50]).toBe(0);
    expect(pacer.waiting).toBe(250 - done.length);
  });

  it("forgets whoever withdraws, and everybody when it is cleared", () => {
    const { clock, pacer, done, add } = scene(1_000);
    const withdraw = add(1);
    add(2);
    withdraw();
    clock.tick(100);
    expect(done).toEqual([2]);
    for (let n = 0; n < 100; n++) add(n);
    pacer.clear();
    clock.tick(1_000);
    expect(done).toEqual([2]);
    expect(pacer.waiting).toBe(0);
    add(3);
    clock.tick(100);
    expect(done).toEqual([2, 3]);
  });
});

describe("the fingerprint of an advert", () => {
  it("is the same for the same bytes, and another for others", () => {
    expect(fingerprint(ruuvi(1))).toBe(fingerprint(ruuvi(1)));
    expect(fingerprint(ruuvi(1))).not.toBe(fingerprint(ruuvi(2)));
    expect(fingerprint(unknownAdvert)).not.toBe(fingerprint(ruuvi(1)));
  });

  it("sees services and companies too", () => {
    const services = (uuid: string, byte: number) =>
      fingerprint({
        kind: "advert",
        manufacturer: [],
        services: new Map([[uuid, Uint8Array.of(byte)]]),
        serviceUuids: [],
      });
    const company = (id: number) =>
      fingerprint({ kind: "advert", manufacturer: [[id, Uint8Array.of(1)]], services: new Map(), serviceUuids: [] });
    expect(services("a", 1)).not.toBe(services("b", 1));
    expect(services("a", 1)).not.toBe(services("a", 2));
    expect(company(1)).not.toBe(company(2));
  });

  it("does not exist for what came over a line", () => {
    expect(fingerprint(fields({ a: 1 }))).toBeUndefined();
    expect(fingerprint({ kind: "text", text: "$GPGGA" })).toBeUndefined();
  });
});

describe("a source", () => {
  it("is cut at its first stroke: addresses may hold more", () => {
    expect(splitSource("gnss//dev/ttyUSB0")).toEqual({ adapter: "gnss", address: "/dev/ttyUSB0" });
    expect(splitSource("broker/tele/n1/SENSOR")).toEqual({ adapter: "broker", address: "tele/n1/SENSOR" });
    for (const text of ["", "/", "a/", "/a", "a"]) expect(splitSource(text)).toBeUndefined();
  });
});
