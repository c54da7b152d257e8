/** Leshan over DTLS, when something begins anew: clients that were started again, servers that were, strangers at the door. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Account } from "../../../src/lwm2m/index.ts";
import { authority } from "../../support/certificates.ts";
import { Nat } from "../../support/nat.ts";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import { Identities, type Mode, SUITE } from "../support/security/accounts.ts";
import { freePort } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";
import { type Backend, backends, Ways } from "../support/security/ways.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const clients = await backends();
const VALUE = "/3303/0/5700";
const PEER = "Leshan (Californium Scandium)";
const MODES: readonly Mode[] = ["PSK", "RPK", "X.509"];
const parameters = { ackTimeout: 100 };

/** What the usual suites of a mode agree on here: the first that we offer. */
const subject = (mode: Mode, client: Backend = "built-in") =>
  ({ peer: PEER, client, mode, suite: SUITE[mode === "PSK" ? "pskCcm8" : "ecdsaCcm8"][1] }) as const;

/** A text on a disk that outlives a restart of the gateway. */
function disk() {
  let text: string | undefined;
  return {
    read: () => Promise.resolve(text),
    write: (written: string) => {
      text = written;
      return Promise.resolve();
    },
  };
}

describe.skipIf(skipped !== undefined)("At Leshan, over DTLS,", () => {
  let ids: Identities;
  let rig: Rig;
  let nat: Nat;
  let ways: Ways;

  const start = async (cidLength?: number): Promise<void> => {
    ids = await Identities.make();
    const port = await freePort();
    rig = await Rig.start({ secured: { ids, port, ...(cidLength !== undefined && { cidLength }) } });
    nat = await new Nat({ server: port }).open();
  };
  const end = async (): Promise<void> => {
    await rig.end();
    await nat.close();
    await ids.discard();
  };
  const joined = async (endpoint: string, mode: Mode): Promise<[Sensor, LeshanClient]> => {
    const accounts = [await rig.trusted(endpoint, mode, { port: nat.port })];
    const sensor = rig.sensor({ endpoint, accounts, dialer: ways.dialer, parameters });
    await sensor.start();
    const client = rig.server.client(endpoint);
    await client.heard("registered");
    return [sensor, client];
  };
  /** Waits until the server sees a value of now. */
  const observed = async (sensor: Sensor, client: LeshanClient, value: number, ms?: number): Promise<void> => {
    sensor.set(VALUE, value);
    await client.heard("notified", ({ values }) => values?.[VALUE] === value, ms);
  };

  /** What a client reads that may shake hands, and not register. */
  const rejected = async (endpoint: string, account: Account): Promise<string> => {
    const sensor = rig.sensor({ endpoint, accounts: [account], dialer: ways.dialer, parameters });
    sensor.client.start();
    const error = await eventually("a refusal", () => sensor.client.registration.lastError);
    await sensor.stop();
    return error;
  };

  beforeEach(async () => {
    ways = await Ways.of();
  });
  afterEach(() => ways.end());

  describe("with Connection IDs,", () => {
    beforeAll(() => start(6));
    afterAll(end);

    it.each(MODES)("%s: a gateway that was started again takes up its session", async (mode) => {
      const state = { sessions: disk(), sequences: disk() };
      const account = await rig.trusted(`again ${mode}`, mode);
      const seen = [];
      for (let i = 0; i < 2; i++) {
        const own = await Ways.of("built-in", { state });
        const sensor = rig.sensor({ endpoint: `again ${mode}`, accounts: [account], dialer: own.dialer, parameters });
        await sensor.start();
        const client = rig.server.client(`again ${mode}`);
        await client.observe(VALUE);
        await observed(sensor, client, 30 + i);
        seen.push(sensor.client.registration.security?.resumed);
        await sensor.stop();
        await own.end();
      }
      expect(seen).toEqual([false, true]);
      proved(subject(mode), { resumed: "yes" });
    });

    it.each(MODES)("%s: all is as before when the server comes back with its store", async (mode) => {
      const [sensor, client] = await joined(`kept ${mode}`, mode);
      await client.observe(VALUE);
      await rig.server.ask("stop", {});
      await rig.server.ask("start", {});
      await observed(sensor, client, 41, 30_000);
      await eventually("an answer", async () => (await client.read(VALUE)).values, 20_000);
      expect(client.all("registered")).toHaveLength(1);
      await sensor.stop();
    });

    it("they are back, and observed anew, when the server comes back with nothing", async () => {
      const all = await Promise.all(MODES.map((mode) => joined(`back ${mode}`, mode)));
      await Promise.all(all.map(([, client]) => client.observe(VALUE)));
      const began = performance.now();
      await rig.restart();
      await Promise.all(
        all.map(async ([sensor], i) => {
          // An Update that nobody understands: the association went down with the server.
          sensor.tree.addInstance(sensor.path("/3303/2"));
          const client = rig.server.client(`back ${MODES[i]}`);
          await client.heard("registered", undefined, 40_000);
          await client.observe(VALUE);
          await observed(sensor, client, 50 + i);
        }),
      );
      console.log(`Leshan started again with nothing: all back after ${Math.round(performance.now() - began)} ms`);
      for (const mode of MODES) proved(subject(mode), { restart: "yes" });
      await Promise.all(all.map(([sensor]) => sensor.stop()));
    }, 60_000);
  });

  describe("without Connection IDs,", () => {
    beforeAll(() => start());
    afterAll(end);

    it("a client whose port has changed shakes hands anew, keeps its registration, and is observed", async () => {
      const [sensor, client] = await joined("moved", "PSK");
      expect(sensor.client.registration.security).toMatchObject({ connectionId: false });
      await client.observe(VALUE);
      await nat.rebind();
      sensor.tree.addInstance(sensor.path("/3303/2"));
      await client.heard("updated", undefined, 40_000);
      expect((await client.read(VALUE)).code).toBe("2.05");
      await observed(sensor, client, 71);
      expect(client.all("registered")).toHaveLength(1);
      await sensor.stop();
    }, 60_000);

    it.each(clients.filter((client) => client !== "built-in"))(
      "%s as the client is read and observed",
      async (client) => {
        const other = await Ways.of(client);
        for (const mode of ["PSK", "X.509"] as const) {
          const endpoint = `openssl ${mode}`;
          const accounts = [await rig.trusted(endpoint, mode, { port: nat.port })];
          const sensor = rig.sensor({ endpoint, accounts, dialer: other.dialer, parameters });
          await sensor.start();
          const seen = rig.server.client(endpoint);
          expect((await seen.read(VALUE)).code).toBe("2.05");
          await seen.observe(VALUE);
          await observed(sensor, seen, 61);
          proved(subject(mode, client), { data: "yes" });
          await sensor.stop();
        }
        await other.end();
      },
    );

    it("a wrong key, an identity that nobody knows, and somebody else's are refused, and that is said", async () => {
      const { uri } = await rig.trusted("honest", "PSK");
      const wrong = ids.psk("honest", Buffer.alloc(16, 0x5a));
      const said = await Promise.all([ways.refusal(uri, wrong), ways.refusal(uri, ids.psk("nobody"))]);
      for (const [i, name] of ["honest", "nobody"].entries())
        expect(said[i]).toMatch(new RegExp(`silence after our Finished: wrong key, or it does not know.*"${name}"`));
      proved(subject("PSK"), { words: "yes" });
      expect(await rejected("impostor", await rig.trusted("honest", "PSK"))).toMatch(/4\.0[03]/);
    }, 60_000);

    it("a certificate by nobody and an unknown public key are refused, and that is said", async () => {
      const account = await rig.trusted("honest too", "X.509");
      const forged = ids.x509("honest too", { issuer: authority({ subject: "Nobody" }) });
      expect(await ways.refusal(account.uri, forged)).toMatch(/certificate/);
      proved(subject("X.509"), { words: "yes" });
      // Scandium lets every public key in, and Leshan then refuses its Register.
      expect(await rejected("honest too", { ...account, ...ids.rpk() })).toMatch(/4\.0[03]/);
      proved(subject("RPK"), { words: "yes" });
    }, 60_000);
  });
});
