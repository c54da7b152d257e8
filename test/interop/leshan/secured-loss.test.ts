/** Three of ten datagrams lost each way between forty endpoints and Leshan: they shake hands all the same, and stay manageable. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Nat } from "../../support/nat.ts";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { Identities, type Mode, SUITE } from "../support/security/accounts.ts";
import { Handshakes, insist } from "../support/security/loss.ts";
import { freePort } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";
import { Ways } from "../support/security/ways.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";
const PEER = "Leshan (Californium Scandium)";
const COUNT = 40;
const ENOUGH = 39;

describe.skipIf(skipped !== undefined)("Over a line to Leshan that loses much each way", () => {
  let ids: Identities;
  let rig: Rig;
  let nat: Nat;
  let ways: Ways;

  beforeAll(async () => {
    ids = await Identities.make();
    const port = await freePort();
    rig = await Rig.start({ secured: { ids, port, cidLength: 6 } });
    nat = await new Nat({ server: port, seed: 30 }).open();
    ways = await Ways.of();
  });
  afterAll(async () => {
    nat.loss = 0;
    await rig.end();
    await ways.end();
    await nat.close();
    await ids.discard();
  });

  /** As many endpoints as there are, and how their handshakes went. */
  const opened = async (mode: Mode, loss: number) => {
    const names = Array.from({ length: COUNT }, (_, i) => `${mode} ${i}`);
    const accounts = await Promise.all(names.map((endpoint) => rig.trusted(endpoint, mode, { port: nat.port })));
    const handshakes = new Handshakes(ways.dialer);
    nat.loss = loss;
    const began = performance.now();
    const open = await Promise.all(accounts.map((account, i) => handshakes.open(account, names[i]!)));
    console.log(`Leshan, ${mode}, ${loss * 100} % lost: ${handshakes.words(open)}; ${seconds(began)}`);
    await handshakes.close();
    return { names, accounts, successes: open.filter((each) => each.open).length };
  };

  it("39 of 40 handshakes succeed, and each endpoint registers, is read and observed", async () => {
    const { names, accounts, successes } = await opened("PSK", 0.3);
    expect(successes).toBeGreaterThanOrEqual(ENOUGH);
    const began = performance.now();
    const sensors = accounts.map((account, i) =>
      rig.sensor({ endpoint: names[i]!, accounts: [account], dialer: ways.dialer, parameters: { ackTimeout: 200 } }),
    );
    for (const sensor of sensors) sensor.client.start();
    await Promise.all(sensors.map((sensor, i) => manageable(sensor, rig.server.client(names[i]!))));
    console.log(`Leshan, PSK, 30 % lost: all ${COUNT} registered, read and notified after ${seconds(began)}`);
    proved({ peer: PEER, client: "built-in", mode: "PSK", suite: SUITE.pskCcm8[1] }, { loss: "yes" });
    nat.loss = 0;
    await Promise.all(sensors.map((sensor) => sensor.stop()));
  }, 90_000);

  it("of 40 handshakes with certificates, in flights of many datagrams, 38 succeed where 20 % are lost", async () => {
    const { successes } = await opened("X.509", 0.2);
    expect(successes).toBeGreaterThanOrEqual(38);
  }, 90_000);
});

const seconds = (began: number): string => `${((performance.now() - began) / 1_000).toFixed(1)} s`;

/** Whatever is lost of it is asked for again. */
async function manageable(sensor: Sensor, client: LeshanClient): Promise<void> {
  await sensor.reached("registered", 50_000);
  const request = { path: VALUE, timeout: 3_000 };
  await insist(async () => (await client.ask("read", request)).code === "2.05");
  await insist(async () => (await client.ask("observe", request)).code === "2.05");
  await insist(async (turn) => {
    sensor.set(VALUE, 30 + turn);
    await client.heard("notified", ({ values }) => values?.[VALUE] === 30 + turn, 3_000);
    return true;
  });
}
