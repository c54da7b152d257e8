import { describe, expect, it } from "vitest";
import { type Candidate, mayStart, needsBootstrap, type Standing } from "../../src/lwm2m/servers/order.ts";

const server = (shortServerId: number, standing: Standing, more: Partial<Candidate> = {}): Candidate => ({
  shortServerId,
  standing,
  ...more,
});
const starting = (...servers: Candidate[]) => mayStart(servers).map(({ shortServerId }) => shortServerId);

describe("the order of registrations (LwM2M Core 1.2 §6.2.1.1)", () => {
  it("lets all servers without a priority start at once", () => {
    expect(starting(server(1, "idle"), server(2, "idle"))).toEqual([1, 2]);
  });

  it("starts with the lowest number, wherever it stands in the list", () => {
    expect(starting(server(1, "idle", { priority: 20 }), server(2, "idle", { priority: 10 }))).toEqual([2]);
  });

  it("lets servers of the same priority start together", () => {
    const servers = [1, 2].map((id) => server(id, "idle", { priority: 5 }));
    expect(starting(...servers, server(3, "idle", { priority: 6 }))).toEqual([1, 2]);
  });

  it("keeps servers without a priority out of it", () => {
    expect(
      starting(server(1, "trying", { priority: 1 }), server(2, "idle"), server(3, "idle", { priority: 2 })),
    ).toEqual([2]);
  });

  it.each<[Standing, boolean, number[]]>([
    ["trying", false, []],
    ["registered", false, [2]],
    ["registered", true, [2]],
    ["failed", false, [2]],
    ["failed", true, []],
    ["given-up", false, [2]],
    ["given-up", true, []],
  ])("after a first that is %s, blocking: %s, starts %j", (standing, failureBlock, then) => {
    expect(starting(server(1, standing, { priority: 1, failureBlock }), server(2, "idle", { priority: 2 }))).toEqual(
      then,
    );
  });

  it("waits for each of several that go together", () => {
    const next = server(3, "idle", { priority: 2 });
    expect(starting(server(1, "registered", { priority: 1 }), server(2, "trying", { priority: 1 }), next)).toEqual([]);
    expect(starting(server(1, "registered", { priority: 1 }), server(2, "failed", { priority: 1 }), next)).toEqual([3]);
  });

  it("starts nobody twice", () => {
    expect(starting(server(1, "registered"), server(2, "failed"), server(3, "trying"))).toEqual([]);
  });
});

describe("the need of bootstrap (LwM2M Core 1.2 §6.1.4)", () => {
  it.each<[string, boolean, Candidate[]]>([
    ["there is no server", true, []],
    ["nobody has been asked", false, [server(1, "idle")]],
    ["one is being asked", false, [server(1, "trying"), server(2, "failed")]],
    ["one has us", false, [server(1, "registered"), server(2, "failed")]],
    ["the only one has failed", true, [server(1, "failed")]],
    ["all have failed", true, [server(1, "failed"), server(2, "given-up")]],
    ["none of those that failed wants it", false, [server(1, "failed", { bootstrapOnFailure: false })]],
    [
      "one of those that failed wants it",
      true,
      [server(1, "failed", { bootstrapOnFailure: false }), server(2, "failed")],
    ],
    ["one is given up that must not be", true, [server(1, "registered"), server(2, "given-up")]],
    [
      "one is given up that may be",
      false,
      [server(1, "registered"), server(2, "given-up", { bootstrapOnFailure: false })],
    ],
    [
      "the first has failed and blocks all others",
      true,
      [server(1, "failed", { priority: 1, failureBlock: true }), server(2, "idle", { priority: 2 })],
    ],
    [
      "the first has failed and lets the next try",
      false,
      [server(1, "failed", { priority: 1 }), server(2, "idle", { priority: 2 })],
    ],
  ])("when %s: %s", (_, needed, servers) => {
    expect(needsBootstrap(servers)).toBe(needed);
  });
});
