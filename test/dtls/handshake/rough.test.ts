/** Handshakes over ways that lose, double, overtake and swallow, with a server that has Connection IDs and sessions. */

import { describe, expect, it } from "vitest";
import { family } from "../../support/certificates.ts";
import type { Roughness } from "../../support/rough-network.ts";
import { Bench, type BenchOptions, rawPair, rpkCredentials } from "../support/bench.ts";
import { X509Certificate } from "node:crypto";

const theirs = rawPair();
const people = family();
const MODES: Readonly<Record<string, BenchOptions>> = {
  psk: {},
  "psk with Connection IDs": { client: { ownCidLength: 4 }, server: { issueCid: () => Uint8Array.of(1, 2, 3) } },
  "ecdhe-psk": { client: { suites: [0xd003] } },
  rpk: { credentials: rpkCredentials(rawPair(), theirs), server: { rawKey: theirs } },
  x509: {
    credentials: {
      mode: "x509",
      privateKey: people.client.privateKey,
      chain: people.client.chain,
      judge: ([leaf]) => ({ status: "trusted", publicKey: new X509Certificate(leaf!).publicKey }),
    },
    server: { certificate: people.server },
  },
};
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

/** How many of 40 open, and that those talk both ways. */
function opens(options: BenchOptions, roughness: Roughness): number {
  const benches = SEEDS.map((seed) => new Bench({ ...options, seed, roughness }).shake());
  for (const bench of benches) {
    expect(bench.opened.length + bench.failures.length).toBe(1);
    expect(bench.failure?.kind ?? "silence").toMatch(/silence/);
  }
  return benches.filter(({ association }) => association.state === "open").length;
}

describe.each(Object.entries(MODES))("%s", (_, options) => {
  it.each<[string, Roughness, number]>([
    ["nothing lost", {}, 40],
    ["every fourth datagram doubled", { duplication: 0.25 }, 40],
    ["every third overtaken", { reordering: 0.33 }, 40],
    ["one in ten lost each way", { loss: 0.1 }, 40],
    ["all at once", { loss: 0.1, duplication: 0.2, reordering: 0.2 }, 39],
  ])("%s", (_name, roughness, least) => {
    expect(opens(options, roughness)).toBeGreaterThanOrEqual(least);
  });

  it("three in ten lost each way: nine in ten open at the first attempt", () => {
    expect(opens(options, { loss: 0.3 })).toBeGreaterThanOrEqual(34);
  });
});

describe("ways that carry short datagrams only", () => {
  it.each(["rpk", "x509"])("%s at 300 bytes that we know of, both ends fragmenting", (mode) => {
    const options = MODES[mode]!;
    const bench = new Bench({
      ...options,
      maxDatagram: 300,
      roughness: { mtu: 300 },
      server: { ...options.server, maxDatagram: 300 },
    }).shake();
    expect(bench.opened).toHaveLength(1);
    expect(Math.max(...bench.sent.map(({ length }) => length))).toBeLessThanOrEqual(300);
    expect(bench.counters.retransmissions).toBe(0);
  });

  it("at 600 bytes that we do not know of, datagrams are halved until they get through (RFC 6347 §4.1.1.1)", () => {
    const options = MODES["x509"]!;
    const bench = new Bench({ ...options, server: { ...options.server, maxDatagram: 300 } });
    bench.network.toServer = (datagram) => (datagram.length > 620 ? [] : [datagram]);
    bench.shake();
    expect(bench.opened).toHaveLength(1);
    // Once, twice, and the third time in halves: after 1, 3 and 7 seconds.
    expect(Math.round(bench.network.now / 1_000)).toBe(7);
  });

  it("a ClientHello is not cut while it is sent again: a server without memory could not put it together", () => {
    const bench = new Bench();
    bench.network.toServer = () => [];
    bench.shake();
    expect(new Set(bench.sent.map(({ length }) => length)).size).toBe(1);
  });
});

describe("lost flights", () => {
  it("our last one: the server repeats its own, and hears ours again at once (RFC 6347 §4.2.4)", () => {
    const bench = new Bench({ client: { retransmitMs: 1_500 } });
    bench.network.toServer = (datagram) => (bench.sent.length === 3 ? [] : [datagram]);
    bench.shake();
    expect(bench.opened).toHaveLength(1);
    expect(bench.network.now).toBeLessThan(1_500);
  });

  it("the server's last one: ours again makes it say it again", () => {
    const bench = new Bench();
    bench.network.toClient = (datagram) => (datagram[0] === 20 && bench.network.now < 500 ? [] : [datagram]);
    bench.shake();
    expect(bench.opened).toHaveLength(1);
    expect(bench.counters.retransmissions).toBe(1);
  });

  it("at a server that never says its last one twice, it is over after 15 seconds", () => {
    const bench = new Bench({ server: { forgetful: true } });
    bench.network.toClient = (datagram) => (datagram[0] === 20 ? [] : [datagram]);
    bench.shake();
    expect(bench.failure?.kind).toBe("silence-after-finished");
    expect(bench.network.now).toBeLessThan(16_000);
  });

  it("a server that changes its secret for cookies is asked again (RFC 6347 §4.2.1)", () => {
    const bench = new Bench();
    bench.association.start(0);
    bench.network.run(() => bench.answered.length === 1);
    bench.server.cookieSecret = "another";
    bench.network.run(() => bench.association.state !== "handshaking");
    expect(bench.opened).toHaveLength(1);
    expect(bench.network.now).toBeLessThan(1_500);
  });

  it("one that never takes its own cookie is given up: new cookies do not make us begin for ever", () => {
    const bench = new Bench();
    let secret = 0;
    bench.network.toServer = (datagram) => {
      bench.server.cookieSecret = `${secret++}`;
      return [datagram];
    };
    bench.shake();
    expect(bench.failure?.kind).toBe("silence");
    expect(bench.network.now).toBeLessThan(90_000);
  });
});
