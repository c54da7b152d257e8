/** Who is registered, in virtual time and without a socket. */

import { describe, expect, it } from "vitest";
import type { Client } from "../../src/lab/client.ts";
import { Roster } from "../../src/lab/roster.ts";
import { FakeClock } from "../support/fake-clock.ts";

const PEER = { address: "127.0.0.1", port: 40_000 };
const LINKS = new TextEncoder().encode("</3/0>,</3303/0>");
const NOTHING = new Uint8Array(0);

function roster() {
  const clock = new FakeClock();
  const gone: string[] = [];
  const made = new Roster(clock, ({ endpoint }, why) => gone.push(`${endpoint} ${why}`));
  const register = (endpoint: string, lifetime = 60): Client => {
    const answer = made.register(PEER, `ep=${endpoint}&lwm2m=1.1&lt=${lifetime}`, LINKS);
    if (!("client" in answer)) throw new Error(answer.code);
    return answer.client;
  };
  return { clock, gone, roster: made, register };
}

describe("the roster", () => {
  it("forgets each client at the end of its own lifetime, within a second", () => {
    const { clock, gone, register, roster: known } = roster();
    register("short", 10);
    register("long", 3_600);
    clock.tick(9_500);
    expect(gone).toEqual([]);
    clock.tick(1_500);
    expect(gone).toEqual(["short expired"]);
    clock.tick(3_600_000);
    expect(gone).toEqual(["short expired", "long expired"]);
    expect(known.size).toBe(0);
  });

  it("counts lifetimes on a clock that does not jump with the wall clock", () => {
    const { clock, register, roster: known } = roster();
    register("steady", 300);
    clock.jump(86_400_000);
    clock.tick(200_000);
    expect(known.size).toBe(1);
    clock.jump(-2 * 86_400_000);
    clock.tick(101_000);
    expect(known.size).toBe(0);
  });

  it("takes a shorter lifetime from an Update, from then on", () => {
    const { clock, gone, register, roster: known } = roster();
    const client = register("a", 3_600);
    clock.tick(1_000);
    known.update(client.id, PEER, { query: "lt=5", payload: NOTHING });
    clock.tick(6_100);
    expect(gone).toEqual(["a expired"]);
  });

  it("takes a new address from an Update: requests follow the client", () => {
    const { register, roster: known } = roster();
    const client = register("a");
    const moved = { address: "10.0.0.7", port: 9 };
    expect(known.update(client.id, moved, { query: "", payload: NOTHING })).toMatchObject({ code: "2.04" });
    expect(client.peer).toEqual(moved);
  });

  it("says whether an Update changed the Instances", () => {
    const { register, roster: known } = roster();
    const { id } = register("a");
    const update = (payload: Uint8Array) => known.update(id, PEER, { query: "", payload });
    expect(update(NOTHING)).toMatchObject({ instancesChanged: false });
    expect(update(LINKS)).toMatchObject({ instancesChanged: true });
  });

  it("never gives one location twice, not even after a restart", () => {
    const first = roster();
    const ids = new Set(Array.from({ length: 100 }, (_, i) => first.register(`c-${i % 10}`).id));
    expect(ids.size).toBe(100);
    const later = new FakeClock();
    later.tick(5_000);
    const second = new Roster(later, () => undefined);
    const answer = second.register(PEER, "ep=a&lwm2m=1.1", LINKS);
    expect("client" in answer && ids.has(answer.client.id)).toBe(false);
  });

  it("has room for ten thousand clients, and says so to the next", () => {
    const { register, roster: known } = roster();
    for (let i = 0; i < 10_000; i++) register(`c-${i}`, 86_400);
    expect(known.register(PEER, "ep=one-more&lwm2m=1.1", LINKS)).toMatchObject({ code: "5.03" });
    expect(known.register(PEER, "ep=c-7&lwm2m=1.1", LINKS)).toMatchObject({ code: "2.01" });
    expect(known.size).toBe(10_000);
  });

  it("leaves no timer behind when everybody is gone, or when it stops", () => {
    const { clock, gone, register, roster: known } = roster();
    const { id } = register("a");
    known.deregister(id);
    clock.tick(10_000);
    register("b", 5);
    known.stop();
    clock.tick(100_000);
    expect(gone).toEqual(["a deregistered"]);
    expect(known.size).toBe(1);
  });

  it("ends the observations of whoever goes", () => {
    const { register, roster: known } = roster();
    const client = register("a");
    let closed = 0;
    client.observations.set("/3303/0", {
      token: Buffer.alloc(8),
      onNotification: () => undefined,
      close: () => (closed += 1),
    });
    known.deregister(client.id);
    expect([closed, client.gone, client.observations.size]).toEqual([1, true, 0]);
  });
});

describe("a client's turn", () => {
  it("comes after all that was asked before, and even after a failure", async () => {
    const { register } = roster();
    const client = register("a");
    const order: string[] = [];
    const task = (name: string, fails = false) =>
      client.inTurn(async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const first = task("first", true);
    const second = task("second");
    await expect(first).rejects.toThrow("first");
    await second;
    expect(order).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  it("is refused when sixty-four wait already, and given again when they are done", async () => {
    const { register } = roster();
    const client = register("a");
    let release: () => void = () => undefined;
    const blocked = client.inTurn(() => new Promise<void>((resolve) => (release = resolve)));
    const waiting = Array.from({ length: 63 }, () => client.inTurn(() => Promise.resolve()));
    expect(client.inTurn(() => Promise.resolve())).toBeUndefined();
    await Promise.resolve();
    release();
    await Promise.all([blocked, ...waiting]);
    expect(client.inTurn(() => Promise.resolve())).toBeDefined();
  });

  it("shows IPv6 addresses in brackets, and when it expires by the wall clock", () => {
    const { register, clock } = roster();
    const client = register("a", 300);
    client.peer = { address: "::1", port: 5_683 };
    const now = { wall: clock.now().ms, monotonic: clock.monotonic() };
    expect(client.snapshot(now)).toMatchObject({ address: "[::1]:5683", expiresAt: "2026-06-01T12:05:00.000Z" });
  });
});
