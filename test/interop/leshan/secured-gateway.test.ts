/**
 * A gateway of two hundred sensors at Leshan over DTLS, each with a key of its own out of one secret, as its file says. The
 * whole daemon runs in here, so that CoAP's numbers can be those of a server that is near.
 */

import { hkdfSync } from "node:crypto";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { SystemClock } from "../../../src/base/system-clock.ts";
import { formatProblem, readConfig } from "../../../src/config/index.ts";
import { adapterSettings, type Daemon, startDaemon } from "../../../src/daemon.ts";
import { type Leshan, wordsOf } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import { eventually } from "../support/programs.ts";
import { Identities, SUITE } from "../support/security/accounts.ts";
import { freePort } from "../support/security/peers.ts";
import { proved } from "../support/security/proofs.ts";

const skipped = await missing(DEVICE_SERVER);
const COUNT = 200;
const SECRET = "8f1d0c5b7a3e49268f1d0c5b7a3e4926";
const GATEWAY = "isthmus-crowd";
const VALUE = "/3303/0/5700";
/** All are sensors but the last, which is the gateway itself. */
const NAMES = [...Array.from({ length: COUNT }, (_, i) => `sim-${i + 1}`), GATEWAY];

/** As docs/security.md says that anybody can work it out (RFC 5869). */
const keyOf = (endpoint: string): string =>
  Buffer.from(hkdfSync("sha256", Buffer.from(SECRET, "hex"), "", `isthmus psk 1\0\0${endpoint}`, 16)).toString("hex");

const file = (port: number): string => `
gateway: { endpoint: ${GATEWAY} }
servers:
  - { uri: "coaps://127.0.0.1:${port}", lifetime: 16s, security: { mode: psk, derive: { secret: !env SECRET } } }
adapters:
  sim: { type: simulator, sensors: ${COUNT}, interval: 2s, value: seq }
`;

describe.skipIf(skipped !== undefined)("A gateway of 200 sensors at Leshan, over DTLS", () => {
  let ids: Identities;
  let rig: Rig;
  let daemon: Daemon | undefined;
  let state: string;

  beforeAll(async () => {
    ids = await Identities.make();
    state = await mkdtemp(join(tmpdir(), "isthmus-crowd-"));
    for (const ep of NAMES)
      await appendFile(ids.file("clients"), `${wordsOf({ ep, identity: ep, key: keyOf(ep) }).join(" ")}\n`);
    const port = await freePort();
    rig = await Rig.start({ secured: { ids, port, cidLength: 6 } });
    daemon = await started(port, state);
  });
  afterAll(async () => {
    await daemon?.stop();
    await rig.end();
    await ids.discard();
    await rm(state, { recursive: true, force: true });
  });

  it("has all of them registered and observed, also after the server was started again with nothing", async () => {
    const first = await all(rig.server);
    const began = performance.now();
    await rig.restart();
    const restarted = performance.now();
    await all(rig.server);
    const times = [first.registered, first.observed, restarted - began, performance.now() - began].map(Math.round);
    console.log(
      `${COUNT} sensors and their gateway: registered ${times[0]} ms after the look, observed after ${times[1]} ms;`,
      `server started again with nothing (${times[2]} ms): all back and observed after ${times[3]} ms`,
    );
    const secured = daemon?.gateway.sensors().map(({ registration }) => registration.security);
    expect(secured).toHaveLength(COUNT + 1);
    for (const each of secured ?? []) expect(each).toMatchObject({ suite: SUITE.pskCcm8[1], connectionId: true });
    proved(
      { peer: "Leshan (Californium Scandium)", client: "built-in", mode: "PSK", suite: SUITE.pskCcm8[1] },
      { restart: "yes" },
    );
  }, 90_000);
});

/** Waits until all are registered at a server that knew nobody, observes each, and hears of each. */
async function all(server: Leshan): Promise<{ registered: number; observed: number }> {
  const began = performance.now();
  await eventually("all registered", () => namesOf(server, "registered").size === NAMES.length || undefined, 60_000);
  const registered = performance.now();
  await Promise.all(
    NAMES.slice(0, COUNT).map(async (name) => {
      const { code, failed } = await server.client(name).observe(VALUE);
      if (code !== "2.05") throw new Error(`${name}: ${code ?? failed}`);
    }),
  );
  await eventually("all heard of", () => namesOf(server, "notified").size === COUNT || undefined, 20_000);
  return { registered: Math.round(registered - began), observed: Math.round(performance.now() - began) };
}

const namesOf = ({ events }: Leshan, kind: string): Set<string> =>
  new Set(events.flatMap(({ event, ep }) => (event === kind && ep !== undefined ? [ep] : [])));

function started(port: number, stateDir: string): Promise<Daemon> {
  const secrets = { env: () => SECRET, file: () => "" };
  const { config, problems } = readConfig(file(port), "isthmus.yaml", { adapters: adapterSettings(), secrets });
  if (!config) throw new Error(problems.map(formatProblem).join("\n"));
  return startDaemon({
    config,
    stateDir,
    log: silentLog,
    clock: new SystemClock(),
    random: systemRandom,
    environment: {},
    parameters: { ackTimeout: 200 },
  });
}
