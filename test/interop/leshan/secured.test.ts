/** Leshan over DTLS (Scandium): every mode, with Connection IDs, while ports change and servers are started again. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Nat } from "../../support/nat.ts";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { Identities, type Mode, SUITE, type SuiteName } from "../support/security/accounts.ts";
import { freePort } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";
import { Ways } from "../support/security/ways.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";
const PEER = "Leshan (Californium Scandium)";
/** As long as ThingsBoard's are. */
const CID_LENGTH = 8;

const SUITES: readonly (readonly [mode: Mode, suite: SuiteName])[] = [
  ["PSK", "pskCcm8"],
  ["PSK", "pskCcm"],
  ["PSK", "pskGcm"],
  ["PSK", "ecdhePskCcm8"],
  ["PSK", "ecdhePskGcm"],
  ["RPK", "ecdsaCcm8"],
  ["RPK", "ecdsaGcm"],
  ["X.509", "ecdsaCcm8"],
  ["X.509", "ecdsaCcm"],
  ["X.509", "ecdsaGcm"],
];

describe.skipIf(skipped !== undefined)("At Leshan, over DTLS,", () => {
  let ids: Identities;
  let rig: Rig;
  let nat: Nat;
  let ways: Ways;

  beforeAll(async () => {
    ids = await Identities.make();
    const port = await freePort();
    rig = await Rig.start({ secured: { ids, port, cidLength: CID_LENGTH } });
    nat = await new Nat({ server: port }).open();
    ways = await Ways.of("built-in");
  });
  afterAll(async () => {
    await rig.end();
    await ways.end();
    await nat.close();
    await ids.discard();
  });

  const joined = async (endpoint: string, mode: Mode, suite: SuiteName): Promise<[Sensor, LeshanClient]> => {
    const [id] = SUITE[suite];
    const account = await rig.trusted(endpoint, mode, { port: nat.port, ciphersuites: [id] });
    const sensor = rig.sensor({
      endpoint,
      accounts: [account],
      dialer: ways.dialer,
      parameters: { ackTimeout: 200 },
    });
    await sensor.start();
    const client = rig.server.client(endpoint);
    await client.heard("registered");
    return [sensor, client];
  };

  it.each(SUITES)("%s, %s: a client is read and observed, also when its port has changed", async (mode, name) => {
    const [, suite] = SUITE[name];
    const [sensor, client] = await joined(`${mode} ${name}`, mode, name);
    expect(sensor.client.registration.security).toMatchObject({ suite, connectionId: true, resumed: false });
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 22 });
    await client.observe(VALUE);
    sensor.set(VALUE, 23);
    await client.heard("notified", ({ values }) => values?.[VALUE] === 23);
    proved({ peer: PEER, client: "built-in", mode, suite }, { data: "yes", cid: "yes" });

    const { completed } = ways.dialer.counters;
    await nat.rebind();
    sensor.set(VALUE, 24);
    await client.heard("notified", ({ values }) => values?.[VALUE] === 24);
    expect((await client.read(VALUE)).values).toEqual({ [VALUE]: 24 });
    expect(client.all("registered")).toHaveLength(1);
    expect(ways.dialer.counters.completed).toBe(completed);
    proved({ peer: PEER, client: "built-in", mode, suite }, { nat: "yes" });
    await sensor.stop();
  });
});
