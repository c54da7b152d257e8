import { describe, expect, it } from "vitest";
import { Bench, pskCredentials, rawPair, rpkCredentials } from "../support/bench.ts";

const ours = rawPair();
const theirs = rawPair();
const raw = { credentials: rpkCredentials(ours, theirs), server: { rawKey: theirs } };

describe("ways to prove who one is", () => {
  it("psk", () => {
    const bench = new Bench().shake().say("hi").answer("ho");
    expect(bench.failures).toEqual([]);
    expect(bench.server.payloads).toEqual(["hi"]);
    expect(bench.payloads).toEqual(["ho"]);
  });
  it("rpk", () => {
    const bench = new Bench(raw).shake().say("hi").answer("ho");
    expect(bench.failures).toEqual([]);
    expect(bench.server.payloads).toEqual(["hi"]);
    expect(bench.payloads).toEqual(["ho"]);
  });
  it("resume", () => {
    const first = new Bench().shake();
    const resume = first.association.session()!;
    const bench = new Bench({ at: first, resume, seed: 2 }).shake().say("hi").answer("ho");
    expect(bench.facts?.resumed).toBe(true);
    expect(bench.server.payloads).toEqual(["hi"]);
    expect(bench.payloads).toEqual(["ho"]);
  });
  it("cid", () => {
    const bench = new Bench({
      client: { ownCidLength: 3 },
      server: { issueCid: () => Uint8Array.of(1, 2, 3, 4, 5) },
      credentials: pskCredentials(),
    })
      .shake()
      .say("hi")
      .answer("ho");
    expect(bench.facts).toMatchObject({ peerCid: true, ownCid: true });
    expect(bench.server.payloads).toEqual(["hi"]);
    expect(bench.payloads).toEqual(["ho"]);
  });
});
