/** The whole house by coaps: each sensor with a key of its own, and the lab of the same process, which knows them all. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { type Config, formatProblem, readConfig } from "../../src/config/index.ts";
import { adapterSettings, type Daemon, startDaemon, startLab } from "../../src/daemon.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";

const found = await findTestOpenssl();
const clock = new SystemClock();
const SECRET = "00112233445566778899aabbccddeeff";
let stateDir: string;
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "isthmus-secure-"));
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  await rm(stateDir, { recursive: true });
});

function config(backend: string): Config {
  const text = `
gateway: { endpoint: isthmus-secure }
server:
  uri: coaps://127.0.0.1:0
  security: { mode: psk, derive: { secret: "${SECRET}" } }
dtls: { backend: ${backend} }
lab: { port: 0, secure_port: 0 }
http: { listen: "127.0.0.1:0" }
adapters:
  sim: { type: simulator, sensors: 5, interval: 100ms, seed: 1 }
`;
  const secrets = { env: () => undefined, file: () => "" };
  const { config: read, problems } = readConfig(text, "/etc/isthmus/isthmus.yaml", {
    adapters: adapterSettings(),
    secrets,
  });
  if (!read) throw new Error(problems.map(formatProblem).join("\n"));
  return read;
}

async function start(backend: string): Promise<Daemon> {
  const parts = { config: config(backend), stateDir, log: silentLog, clock, random: systemRandom, environment: {} };
  const daemon = await startDaemon(parts);
  running.push(daemon);
  return daemon;
}

/** What the lab's API says of its clients. */
const parse: (text: string) => { readonly endpoint: string; readonly secured?: object }[] = JSON.parse;

const registered = (daemon: Daemon) => daemon.gateway.status().servers[0]?.registered ?? 0;

/** The gateway and its five sensors. */
function allRegistered(daemon: Daemon): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (registered(daemon) < 6) return;
      stop();
      resolve();
    };
    const stop = daemon.gateway.subscribe(look);
    look();
  });
}

describe.skipIf(!found.openssl)(titled("a house that speaks coaps", found), () => {
  it.each(["own", "openssl"])("brings all its sensors to its lab, each as itself, with backend %s", async (backend) => {
    const daemon = await start(backend);
    await allRegistered(daemon);
    expect(daemon.servers[0]).toMatch(/^coaps:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const clients = parse(await (await fetch(new URL("lab/clients", daemon.url))).text());
    expect(clients).toHaveLength(6);
    for (const { endpoint, secured } of clients)
      expect(secured).toMatchObject({ identity: endpoint, suite: "TLS_PSK_WITH_AES_128_CCM_8" });
    const page = await (await fetch(new URL("lab/security", daemon.url))).text();
    expect(page).toContain("isthmus-secure");
    expect(page).not.toContain(SECRET);
    for (const file of await readdir(stateDir))
      expect(await readFile(join(stateDir, file), "latin1").catch(() => "")).not.toContain(SECRET);
  });
});

describe.skipIf(!found.openssl)(titled("the lab alone, with coaps", found), () => {
  it("says on which port it is", async () => {
    const lab = await startLab({ port: 0, securePort: 0, http: 0, host: "127.0.0.1", clock, log: silentLog });
    running.push(lab);
    expect(lab.security).toEqual({ status: "open", uri: `coaps://127.0.0.1:${lab.securePort}`, identities: [] });
  });

  it("has none unless it is asked for", async () => {
    const lab = await startLab({ port: 0, http: 0, host: "127.0.0.1", clock, log: silentLog });
    running.push(lab);
    expect(lab.security.status).toBe("off");
    expect(lab.securePort).toBeUndefined();
  });
});
