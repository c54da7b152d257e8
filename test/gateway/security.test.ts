/** How the ways to servers are secured, as the API tells it, and what it says where they cannot be. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { DtlsTransport, HandshakeGate, SessionStore } from "../../src/dtls/index.ts";
import { FakeAssociations, FakeFar } from "../dtls/support/fake-association.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeServer } from "../support/fake-server.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { wire } from "../support/virtual-network.ts";
import { fields, Rig } from "./rig.ts";

const URI = "coaps://server:5684";
const WORDS = "coaps://server:5684 answered, then silence after our Finished: wrong key?";
const credentials = {
  mode: "psk",
  identity: Buffer.from("who"),
  secretKey: new Secret("00112233445566778899aabbccddeeff", "key of the test"),
} as const;

async function secured(welcome = true) {
  const clock = new FakeClock();
  const random = new SeededRandom(3);
  const log = new MemoryLog();
  const associations = new FakeAssociations();
  const shared = { clock, log, gate: new HandshakeGate({ clock, random }), sessions: new SessionStore({ clock, log }) };
  const fars: FakeFar[] = [];
  const rig = new Rig({
    clock,
    rules: [{ adapter: "sim" }],
    accounts: [{ uri: URI, lifetime: 300, shortServerId: 1, credentials }],
    connect: ({ uri }, { endpoint }) => {
      const { near, far: bare } = wire();
      const far = new FakeFar(bare);
      if (!welcome) far.welcome = undefined;
      fars.push(far);
      rig.servers.set(endpoint, new FakeServer(far));
      return new DtlsTransport({ dial: () => near, associate: associations.associate, server: uri, endpoint, shared });
    },
  });
  await rig.gateway.start();
  await clock.advance(500);
  await rig.heard("sim/sim-1", fields({ model: "climate", temperature: 20, humidity: 40 }));
  await clock.advance(500);
  const registration = () => rig.gateway.sensor("sim-1")?.registration;
  return { rig, clock, registration, associations, fars };
}

describe("an endpoint over a secured way", () => {
  it("says what was agreed", async () => {
    const { registration } = await secured();
    expect(registration()).toMatchObject({
      state: "registered",
      security: { protocol: "DTLS 1.2", suite: "TLS_PSK_WITH_AES_128_CCM_8", connectionId: true, resumed: false },
    });
  });

  it("says why it is not secured yet, while other ways are tried, and what to do once none is left", async () => {
    const { rig, registration, clock, associations } = await secured(false);
    const fail = async () => {
      for (const each of associations.made.filter(({ state }) => state === "handshaking"))
        each.fail({ kind: "silence-after-finished", reason: WORDS });
      await clock.advance(100);
    };
    await fail();
    expect(registration()).toMatchObject({
      state: "registering",
      security: { protocol: "DTLS 1.2", failure: WORDS },
    });
    await fail();
    expect(registration()).toMatchObject({ state: "waiting", lastError: `DTLS: ${WORDS}` });
    const [problem] = rig.gateway.status().problems;
    expect(problem?.what).toContain(WORDS);
    expect(problem?.next).toContain("Compare identity and key");
    const told = JSON.stringify([rig.gateway.status(), rig.gateway.sensors(), rig.log.lines]);
    expect(told).not.toContain("00112233");
  });

  it("is back at once when the server hangs up on it", async () => {
    const { rig, registration, clock, fars } = await secured();
    for (const far of fars) far.bye();
    await clock.advance(3_000);
    expect(registration()).toMatchObject({ state: "registered", security: { resumed: true } });
    expect(rig.told("sim-1")).toEqual(["POST /rd"]);
  });
});
