/** Keys that must be seen nowhere: a house with canaries for keys, and everything that comes out of it. */

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hkdfSync } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfigFile } from "../../src/cli/config-file.ts";
import { formatProblem } from "../../src/config/index.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import { findOpenssl } from "../../src/io/openssl/library.ts";
import { MemoryLog } from "../support/memory-log.ts";

const SECRET = "ca9a11ca9a11ca9a11ca9a11ca9a11ca9a11ca9a11ca9a11ca9a11ca9a110001";
const ONE = "ca9a22ca9a22ca9a22ca9a22ca9a0002";
const TOKEN = "canary-token-0003";
const PORT = 40_684;
const clock = new SystemClock();
const openssl = await findOpenssl();

let folder: string;
let daemon: Daemon | undefined;
let log: MemoryLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-canary-"));
  log = new MemoryLog();
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await rm(folder, { recursive: true });
});

/** What is derived of SECRET for an endpoint, worked out without the program. */
const derived = (endpoint: string) =>
  Buffer.from(
    hkdfSync("sha256", Buffer.from(SECRET, "hex"), Buffer.alloc(0), `isthmus psk 1\0\0${endpoint}`, 16),
  ).toString("hex");

/** Each key as text, as bytes in other clothes, and half of it. */
function forms(key: string): string[] {
  const bytes = Buffer.from(key, "hex");
  const [few, start] = [bytes.subarray(0, 6), key.slice(0, 12)];
  return [
    start,
    start.toUpperCase(),
    bytes.toString("base64").slice(0, 8),
    [...few].join(","),
    [...few].join(", "),
  ].concat(
    // As Node prints a Buffer.
    start.replaceAll(/(..)(?=.)/g, "$1 "),
  );
}

function canaries(endpoints: readonly string[]): string[] {
  return [SECRET, ONE, ...endpoints.map(derived)].flatMap(forms).concat(TOKEN);
}

async function house(): Promise<{ text: string; file: string }> {
  const text = `gateway: { endpoint: canary-gateway }
servers:
  - uri: "coaps://127.0.0.1:${PORT}"
    security: { mode: psk, derive: { secret: !file master.key } }
  - uri: "coaps://127.0.0.1:9"
    security: { mode: psk, key: !credential one }
lab: { port: 0, secure_port: ${PORT} }
http: { listen: "127.0.0.1:0", token: "${TOKEN}" }
adapters:
  sim: { type: simulator, sensors: 2, interval: 100ms, seed: 1 }
log: { level: debug }
`;
  const file = join(folder, "isthmus.yaml");
  await writeFile(file, text, { mode: 0o600 });
  await writeFile(join(folder, "master.key"), `${SECRET}\n`, { mode: 0o600 });
  await writeFile(join(folder, "one"), ONE, { mode: 0o400 });
  return { text, file };
}

async function started(file: string): Promise<Daemon> {
  const { config, problems } = await readConfigFile(file, { env: { CREDENTIALS_DIRECTORY: folder }, folder });
  expect(problems.map(formatProblem)).toEqual([]);
  if (!config) throw new Error("no configuration");
  const stateDir = join(folder, "state");
  const started = await startDaemon({ config, stateDir, log, clock, random: systemRandom, environment: {} });
  daemon = started;
  return started;
}

/** In real time, since sockets are real. */
async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 200; tries++)
    await new Promise((resolve) => clock.after(50, () => resolve(0)));
  expect(done()).toBe(true);
}

async function everyPage({ url, gateway }: Daemon): Promise<string[]> {
  const endpoints = gateway.sensors().map(({ endpoint }) => endpoint);
  const paths = ["", "api/status", "api/sensors", "api/inbox", "lab/clients", "lab/security", "lab/bootstrap"];
  const all = [...paths, ...endpoints.map((endpoint) => `api/sensors/${endpoint}`)];
  const headers = { authorization: `Bearer ${TOKEN}` };
  return Promise.all(all.map(async (path) => (await fetch(new URL(path, url), { headers })).text()));
}

describe("keys of a configuration", () => {
  it.skipIf(openssl.status !== "found")(
    "are used, and seen nowhere: not in logs, pages, the API, crashes or the state",
    async () => {
      const { file } = await house();
      const running = await started(file);
      const endpoints = () => running.gateway.sensors().map(({ endpoint }) => endpoint);
      // They work: the lab within lets in whom it has the keys of.
      await until(() => (running.gateway.status().servers[0]?.registered ?? 0) >= 3);
      expect(endpoints()).toHaveLength(3);
      const out = [
        ...(await everyPage(running)),
        JSON.stringify(log.lines),
        inspect(log.lines, { depth: Infinity }),
        JSON.stringify([running.gateway.status(), running.gateway.sensors()]),
        inspect(running, { depth: 12, showHidden: true }),
      ];
      await running.stop();
      daemon = undefined;
      const state = join(folder, "state");
      for (const name of await readdir(state)) out.push(await readFile(join(state, name), "utf8"));
      for (const canary of canaries(endpoints())) expect(out.filter((text) => text.includes(canary))).toEqual([]);
    },
  );

  it("print as their names, whoever prints them, and however a program ends", async () => {
    const { file } = await house();
    const { config } = await readConfigFile(file, { env: { CREDENTIALS_DIRECTORY: folder }, folder });
    const crash = new Error(`cannot go on with ${inspect(config?.servers[0])}`, { cause: config });
    const out = [JSON.stringify(config), inspect(config, { depth: Infinity, showHidden: true }), inspect(crash)].join();
    for (const canary of canaries(["canary-gateway"])) expect(out).not.toContain(canary);
    expect(out).toContain("<secret !file master.key>");
    expect(out).toContain("<secret !credential one>");
  });

  it("stand in a folder of state that its owner alone may enter, in files that he alone may read", async () => {
    const { file } = await house();
    await started(file);
    await daemon?.stop();
    const state = join(folder, "state");
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    const names = await readdir(state);
    expect(names).toContain("roster");
    for (const name of names) expect([name, (await stat(join(state, name))).mode & 0o077]).toEqual([name, 0]);
  });

  it.skipIf(process.platform === "win32")(
    "are refused where others may read them, with what to do about it",
    async () => {
      const { file } = await house();
      const wrong = async () =>
        (await readConfigFile(file, { env: { CREDENTIALS_DIRECTORY: folder }, folder })).problems.map(formatProblem);
      expect(await wrong()).toEqual([]);
      const key = join(folder, "master.key");
      for (const mode of [0o644, 0o604, 0o602]) {
        await chmod(key, mode);
        const [problem = "", ...others] = await wrong();
        expect(problem).toContain(`${key} has mode 0${mode.toString(8)}: a key that others can read is no key`);
        expect(problem).toContain(`chmod 600 ${key}`);
        expect(problem).toContain(`${file}:4:`);
        expect(others).toEqual([]);
        for (const canary of canaries([])) expect(problem).not.toContain(canary);
      }
    },
  );

  it("are refused in the configuration itself, if others may read that", async () => {
    const file = join(folder, "isthmus.yaml");
    await writeFile(file, `server: { uri: "coaps://a", security: { mode: psk, key: "${ONE}" } }\n`, { mode: 0o644 });
    await chmod(file, 0o644);
    const { config, problems } = await readConfigFile(file, { env: {}, folder });
    expect(config).toBeUndefined();
    expect(problems[0]?.hint).toBe(`chmod 600 ${file}`);
    for (const canary of canaries([])) expect(problems.map(formatProblem).join()).not.toContain(canary);
  });

  it("that systemd does not hand over are named with what is missing", async () => {
    const { file } = await house();
    const { problems } = await readConfigFile(file, { env: {}, folder });
    expect(problems.map(({ message }) => message)).toEqual([
      "the credential one cannot be used: $CREDENTIALS_DIRECTORY is not set: was this started by systemd?",
    ]);
  });
});
