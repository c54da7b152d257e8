/** The compiled daemon as a process: started with a configuration or without, asked over HTTP, and stopped. */

import { createSocket } from "node:dgram";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InboxEntry, SensorStatus } from "../../../src/gateway/status/status.ts";
import { type Ended, eventually, Running } from "./programs.ts";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;

/** `isthmus <args>` as a user would start it. */
export function isthmus(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return new Running(process.execPath, [MAIN, ...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
}

export interface RunOptions {
  /** YAML; absent: the demonstration. */
  readonly config?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A running daemon with a state folder of its own. */
export class Daemon {
  readonly folder: string;
  readonly running: Running;
  readonly url: string;

  private constructor(folder: string, running: Running, url: string) {
    this.folder = folder;
    this.running = running;
    this.url = url;
  }

  static async start({ config, env }: RunOptions = {}): Promise<Daemon> {
    const folder = await mkdtemp(join(tmpdir(), "isthmus-run-"));
    const args = ["run", "--state", join(folder, "state")];
    if (config !== undefined) {
      const file = join(folder, "isthmus.yaml");
      await writeFile(file, config);
      args.push("--config", file);
    }
    const running = isthmus(args, env);
    try {
      const [, url = ""] = await running.said(/Open\s+(http:\S+)/, 20_000);
      return new Daemon(folder, running, url.replace(/\/$/, ""));
    } catch (error) {
      await running.end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get state(): string {
    return join(this.folder, "state");
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Sends JSON; the answer's code and body. */
  async send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** Everything with a source: the gateway's own endpoint is not among them. */
  async sensors(): Promise<SensorStatus[]> {
    const sensors = await this.get("/api/sensors");
    return isList(sensors) ? sensors.filter(isSensor).filter(({ source }) => source !== undefined) : [];
  }

  async inbox(): Promise<InboxEntry[]> {
    const inbox = await this.get("/api/inbox");
    return isList(inbox) ? inbox.filter(isInboxEntry) : [];
  }

  awaitRegistered(count: number, ms = 60_000): Promise<SensorStatus[]> {
    return eventually(
      `${count} registered sensors`,
      async () => {
        const registered = (await this.sensors()).filter(({ registration }) => registration.state === "registered");
        return registered.length >= count ? registered : undefined;
      },
      ms,
    );
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Ended & { ms: number }> {
    const began = performance.now();
    const ended = await this.running.end("SIGTERM", 10_000);
    return { ...ended, ms: performance.now() - began };
  }

  /** After the test, however it went. */
  async discard(): Promise<void> {
    await this.running.end("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

const has = (value: unknown, ...keys: string[]): boolean =>
  typeof value === "object" && value !== null && keys.every((key) => key in value);

function isSensor(value: unknown): value is SensorStatus {
  return has(value, "endpoint", "registration", "values", "liveness");
}

function isInboxEntry(value: unknown): value is InboxEntry {
  return has(value, "source", "readings", "heard");
}

/** A UDP port that is free now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
