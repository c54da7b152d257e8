/** The whole house over DTLS: two hundred simulated sensors, each with a key of its own, at the lab of the same process. */

import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lineLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { type Config, readConfig } from "../../src/config/index.ts";
import { adapterSettings, type Daemon, startDaemon } from "../../src/daemon.ts";
import { findTestOpenssl, titled } from "../support/openssl-server.ts";

const found = await findTestOpenssl();
const clock = new SystemClock();
const SENSORS = 200;
/** Looked for everywhere it must not be. */
const CANARY = "canary-7d1f0a-which-nobody-must-see";

let folder: string;
let daemon: Daemon | undefined;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-secured-"));
  lines = [];
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await rm(folder, { recursive: true });
});

function config(backend: "own" | "openssl", sensors = SENSORS): Config {
  const text = `
gateway: { endpoint: gw, starts_per_second: 1000 }
server:
  uri: coaps://127.0.0.1:1
  security: { mode: psk, derive: { secret: !env SECRET } }
dtls: { backend: ${backend} }
adapters: { sim: { type: simulator, sensors: ${sensors}, interval: 1s, seed: 1 } }
`;
  const secrets = { env: () => `text:${CANARY}`, file: () => "" };
  const read = readConfig(text, "isthmus.yaml", { adapters: adapterSettings(), secrets });
  if (!read.config) throw new Error(JSON.stringify(read.problems));
  const { servers } = read.config;
  // Ports that are free cannot be asked for in a file.
  return {
    ...read.config,
    lab: { port: 0, securePort: 0 },
    http: { host: "127.0.0.1", port: 0 },
    servers: servers.map((server) => ({ ...server, uri: "coaps://127.0.0.1:0" })),
  };
}

async function start(of: Config): Promise<Daemon> {
  const log = lineLog({ write: (line) => lines.push(line), clock, level: "debug", style: "human" });
  const started = await startDaemon({
    config: of,
    stateDir: join(folder, "state"),
    log,
    clock,
    random: systemRandom,
    environment: {},
  });
  daemon = started;
  return started;
}

/** Waits until what the gateway tells makes it so. */
async function until({ gateway }: Daemon, done: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = gateway.subscribe(() => {
      if (!done()) return;
      stop();
      resolve();
    });
  });
}

const registered = (one: Daemon) => one.gateway.status().servers[0]?.registered ?? 0;

describe.skipIf(!found.openssl)(titled("the house over DTLS", found), () => {
  it("registers two hundred sensors, keeps what resumes their sessions to itself, and gives no key away", async () => {
    const first = await start(config("own"));
    await until(first, () => registered(first) === SENSORS + 1);
    expect(first.gateway.status().counters).toMatchObject({ dtlsCompleted: SENSORS + 1, dtlsForged: 0 });
    const security = { protocol: "DTLS 1.2", suite: "TLS_PSK_WITH_AES_128_CCM_8", resumed: false };
    for (const { registration } of first.gateway.sensors()) expect(registration.security).toMatchObject(security);
    const api = await Promise.all(
      ["api/status", "api/sensors", "api/sensors/sim-1", "lab/clients", "lab/"].map(async (path) =>
        (await fetch(new URL(path, first.url))).text(),
      ),
    );
    expect(api[2]).toContain("TLS_PSK_WITH_AES_128_CCM_8");
    await first.stop();

    const state = join(folder, "state");
    const files = await readdir(state);
    expect(files).toContain("dtls-sessions");
    for (const name of files) expect([name, (await stat(join(state, name))).mode & 0o777]).toEqual([name, 0o600]);
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    const texts = await Promise.all(files.map((name) => readFile(join(state, name), "utf8")));
    for (const text of [...api, ...texts, ...lines]) expect(text).not.toContain(CANARY);
    const sessions = texts[files.indexOf("dtls-sessions")] ?? "";
    expect(sessions.match(/"coaps:[^"]+ [^"]+":/g)).toHaveLength(SENSORS + 1);
  }, 30_000);

  it("does so by OpenSSL's cryptography where that is asked for", async () => {
    const one = await start(config("openssl", 5));
    await until(one, () => registered(one) === 6);
    expect(one.gateway.sensor("sim-1")?.registration.security).toMatchObject({ connectionId: false });
  });
});
