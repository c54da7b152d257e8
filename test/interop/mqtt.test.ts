import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { builtinAdapters, systemDrivers } from "../../src/adapters/index.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { AdapterHost } from "../../src/host/index.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { eventually, needProgram, Program } from "../support/programs.ts";

let folder: string;
let cleanup: (() => Promise<void>)[];
const clock = new SystemClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-mqtt-"));
  cleanup = [];
});
afterEach(async () => {
  for (const each of cleanup.toReversed()) await each();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

interface Mosquitto {
  readonly port: number;
  readonly program: Program;
}

/** A mosquitto on loopback with these lines of configuration. */
async function mosquitto(lines: readonly string[] = ["allow_anonymous true"], port?: number): Promise<Mosquitto> {
  const chosen = port ?? (await freePort());
  await writeFile(file("mosquitto.conf"), [`listener ${chosen} 127.0.0.1`, ...lines, ""].join("\n"));
  const program = new Program("mosquitto", ["-v", "-c", file("mosquitto.conf")], "mosquitto");
  cleanup.push(() => program.end());
  await eventually("mosquitto runs", () => {
    if (!program.running) throw new Error(`mosquitto ended: ${program.output}`);
    return program.output.includes(" running");
  });
  return { port: chosen, program };
}

/** Runs mosquitto_pub to its end. */
function publish(port: number, topic: string, text: string, ...more: string[]): void {
  needProgram("mosquitto_pub", "mosquitto-clients");
  execFileSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(port), "-t", topic, "-m", text, ...more]);
}

function adapter(settings: object) {
  const host = new AdapterHost({
    plugins: builtinAdapters(systemDrivers({ clock, random: systemRandom, log: silentLog })),
    sections: [{ name: "broker", type: "mqtt", settings }],
    clock,
    random: systemRandom,
    log: silentLog,
  });
  const frames: Frame[] = [];
  host.onFrame((_adapter, frame) => frames.push(frame));
  host.start();
  cleanup.push(() => host.stop());
  const health = () => host.health().get("broker");
  return { host, frames, health, isWell: () => eventually("the adapter is well", () => health()?.state === "ok") };
}

const bodies = (frames: readonly Frame[]) =>
  frames.map(
    ({ source, payload }) => `${source} ${payload.kind === "message" ? new TextDecoder().decode(payload.body) : "?"}`,
  );

describe.each(["3.1.1", 5])("the mqtt adapter and mosquitto, MQTT %s", (protocol) => {
  it("hear and answer each other", async () => {
    const { port } = await mosquitto();
    publish(port, "zigbee2mqtt/kitchen", "kept", "-r");
    const topics = ["zigbee2mqtt/+", "stat/#"];
    const { host, frames, isWell } = adapter({ url: `mqtt://127.0.0.1:${port}`, topics, protocol });
    await isWell();
    await eventually("what was kept arrives", () => frames.length === 1);
    expect(frames[0]?.payload).toMatchObject({ retained: true });
    publish(port, "zigbee2mqtt/plug", '{"state":"ON"}');
    await eventually("the message arrives", () => frames.length === 2);
    const payload = { kind: "message", topic: "stat/plug/POWER", body: new TextEncoder().encode("ON") } as const;
    const command = { source: "stat/plug/POWER", payload, expect: "^ON$", timeoutMs: 5_000 };
    const outcome = await host.command("broker", command, new AbortController().signal);
    expect(outcome).toEqual({ status: "done", readBack: "ON" });
    expect(bodies(frames).slice(0, 2)).toEqual(["zigbee2mqtt/kitchen kept", 'zigbee2mqtt/plug {"state":"ON"}']);
  });

  it("find each other again after the broker was restarted", async () => {
    const { port, program } = await mosquitto();
    const { frames, health, isWell } = adapter({ url: `mqtt://127.0.0.1:${port}`, topics: ["a/+"], protocol });
    await isWell();
    await program.end();
    await eventually("the adapter is down", () => health()?.state === "down");
    await mosquitto(undefined, port);
    await isWell();
    publish(port, "a/b", "again");
    await eventually("the message arrives", () => frames.length === 1);
    expect(bodies(frames)).toEqual(["a/b again"]);
    expect(health()?.restarts).toBe(0);
  });

  it("agree on user name and password, or say that they do not", async () => {
    needProgram("mosquitto_passwd", "mosquitto");
    await writeFile(file("passwords"), "gateway:tops3cret\n", { mode: 0o600 });
    execFileSync("mosquitto_passwd", ["-U", file("passwords")]);
    // mosquitto started by root gives up its rights before it reads the file.
    const { port } = await mosquitto(["allow_anonymous false", `password_file ${file("passwords")}`, "user root"]);
    const settings = { url: `mqtt://127.0.0.1:${port}`, topics: ["a"], protocol, username: "gateway" };
    const wrong = adapter({ ...settings, password: "guess" });
    await eventually("the adapter is down", () => wrong.health()?.state === "down");
    expect(JSON.stringify(wrong.health())).toMatch(/not authorised|user name/);
    await adapter({ ...settings, password: "tops3cret" }).isWell();
  });
});

describe("the mqtt adapter and mosquitto over TLS", () => {
  /** A CA of our own, and what it has signed for 127.0.0.1 and for a client. */
  function certificates(): void {
    needProgram("openssl", "openssl");
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA");
    for (const name of ["server", "client"]) {
      openssl(
        "req",
        ...key,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
        "-subj",
        `/CN=${name}`,
        "-addext",
        "subjectAltName=IP:127.0.0.1",
      );
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-copy_extensions",
        "copy",
        "-out",
        `${name}.pem`,
      );
    }
  }
  const listener = () => [
    "allow_anonymous true",
    "user root",
    `cafile ${file("ca.pem")}`,
    `certfile ${file("server.pem")}`,
    `keyfile ${file("server.key")}`,
  ];

  it("trust each other by a CA of their own, and a client certificate", async () => {
    certificates();
    const { port } = await mosquitto([...listener(), "require_certificate true"]);
    const settings = { url: `mqtts://127.0.0.1:${port}`, topics: ["a/+"], protocol: 5, ca: file("ca.pem") };
    const { frames, isWell } = adapter({ ...settings, cert: file("client.pem"), key: file("client.key") });
    await isWell();
    publish(
      port,
      "a/b",
      "secret",
      "--cafile",
      file("ca.pem"),
      "--cert",
      file("client.pem"),
      "--key",
      file("client.key"),
    );
    await eventually("the message arrives", () => frames.length === 1);
    expect(bodies(frames)).toEqual(["a/b secret"]);
  });

  it("do not talk if the certificate is signed by nobody known, and the reason says what to do", async () => {
    certificates();
    const { port } = await mosquitto(listener());
    const { health } = adapter({ url: `mqtts://127.0.0.1:${port}`, topics: ["a/+"] });
    await eventually("the adapter is down", () => health()?.state === "down");
    expect(JSON.stringify(health())).toMatch(/signed by nobody known here.*`ca`/);
  });
});
