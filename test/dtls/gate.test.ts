import { describe, expect, it } from "vitest";
import { HandshakeGate, type Pass } from "../../src/dtls/gate.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

function gate(limit?: number) {
  const clock = new FakeClock();
  const random = new SeededRandom(5);
  return { clock, random, gate: new HandshakeGate({ clock, random, ...(limit !== undefined && { limit }) }) };
}

describe("the gate of handshakes", () => {
  it("lets as many through as agreed, in the order in which they came", () => {
    const { clock, gate: one } = gate(3);
    const begun: number[] = [];
    const passes = [0, 1, 2, 3, 4].map((n) => one.enter("coaps://a", () => begun.push(n)));
    expect(begun).toEqual([]);
    clock.tick(50);
    expect(begun.toSorted()).toEqual([0, 1, 2]);
    expect(one.waiting).toBe(2);
    passes[1]?.leave();
    clock.tick(50);
    expect(begun).toHaveLength(4);
    expect(begun[3]).toBe(3);
    passes[0]?.leave();
    clock.tick(50);
    expect(begun[4]).toBe(4);
  });

  it("spreads those that come together", () => {
    const { clock, gate: one } = gate();
    const at: number[] = [];
    for (let n = 0; n < 32; n++) one.enter("coaps://a", () => at.push(clock.monotonic()));
    clock.tick(50);
    expect(at).toHaveLength(32);
    expect(new Set(at).size).toBeGreaterThan(2);
  });

  it("gives a place back once, however often it is left", () => {
    const { clock, gate: one } = gate(1);
    const begun: string[] = [];
    const first = one.enter("coaps://a", () => begun.push("first"));
    for (const name of ["second", "third"]) one.enter("coaps://a", () => begun.push(name));
    clock.tick(50);
    first.leave();
    first.leave();
    first.quiet();
    first.heard();
    clock.tick(50);
    expect(begun).toEqual(["first", "second"]);
    expect(one.busy).toBe(1);
  });

  it("never begins what has left before its turn", () => {
    const { clock, gate: one } = gate(1);
    const begun: string[] = [];
    const passes = ["inside", "waiting"].map((name) => one.enter("coaps://a", () => begun.push(name)));
    passes[1]?.leave();
    passes[0]?.leave();
    clock.tick(50);
    expect(begun).toEqual([]);
    expect([one.busy, one.waiting]).toEqual([0, 0]);
  });

  it("lets others pass a handshake that meets silence, and counts it again when somebody answers", () => {
    const { clock, gate: one } = gate(1);
    const begun: string[] = [];
    const [first] = ["first", "second", "third"].map((name) => one.enter("coaps://a", () => begun.push(name)));
    clock.tick(50);
    first?.quiet();
    first?.quiet();
    clock.tick(50);
    expect(begun).toEqual(["first", "second"]);
    first?.heard();
    first?.heard();
    expect(one.busy).toBe(2);
    first?.leave();
    expect(one.busy).toBe(1);
    clock.tick(50);
    expect(begun).toEqual(["first", "second"]);
  });

  it("lets only some of a lane find out that nobody is there", () => {
    const { clock, gate: one } = gate(4);
    const inside: Pass[] = [];
    for (let n = 0; n < 1_000; n++) {
      const pass: Pass = one.enter("coaps://away", () => inside.push(pass));
    }
    for (let turn = 0; turn < 50; turn++) {
      clock.tick(50);
      for (const pass of inside) pass.quiet();
    }
    expect(inside.length).toBeLessThanOrEqual(36);
    const before = inside.length;
    for (const pass of inside.slice(0, 5)) pass.leave();
    clock.tick(50);
    expect(inside.length).toBeGreaterThan(before);
    expect(inside.length - 5).toBeLessThanOrEqual(36);
  });

  it("keeps the way to one server free while another is away", () => {
    const { clock, gate: one } = gate(4);
    const away: Pass[] = [];
    for (let n = 0; n < 1_000; n++) {
      const pass: Pass = one.enter("coaps://away", () => away.push(pass));
    }
    clock.tick(50);
    let there = 0;
    for (let n = 0; n < 100; n++) {
      const pass: Pass = one.enter("coaps://there", () => {
        there += 1;
        pass.leave();
      });
    }
    for (let turn = 0; turn < 100; turn++) {
      clock.tick(50);
      for (const pass of away) pass.quiet();
    }
    expect(there).toBe(100);
  });

  it("takes turns among servers", () => {
    const { clock, gate: one } = gate(1);
    const begun: string[] = [];
    for (const server of ["a", "a", "a", "b", "b"]) {
      const pass: Pass = one.enter(`coaps://${server}`, () => {
        begun.push(server);
        pass.leave();
      });
    }
    clock.tick(200);
    expect(begun).toEqual(["a", "a", "b", "a", "b"]);
  });

  it("comes to rest as empty as it began, whatever happened", () => {
    const { clock, random, gate: one } = gate(5);
    const passes: Pass[] = [];
    let begun = 0;
    for (let step = 0; step < 5_000; step++) {
      const which = random.below(passes.length + 1);
      const pass = passes[which];
      const act = random.below(4);
      if (act === 0 || pass === undefined) passes.push(one.enter(`coaps://${random.below(4)}`, () => (begun += 1)));
      else if (act === 1) pass.quiet();
      else if (act === 2) pass.heard();
      else {
        passes.splice(which, 1);
        pass.leave();
      }
      clock.tick(random.below(8));
      expect(one.busy).toBeGreaterThanOrEqual(0);
    }
    expect(begun).toBeGreaterThan(100);
    for (const pass of passes) pass.leave();
    clock.tick(1_000);
    expect([one.busy, one.waiting]).toEqual([0, 0]);
    one.enter("coaps://0", () => (begun = -1));
    clock.tick(50);
    expect(begun).toBe(-1);
  });
});
