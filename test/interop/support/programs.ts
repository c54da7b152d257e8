/** Foreign programs: found or clearly missed, started, listened to, and ended with the test. */

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const PACKAGES: Readonly<Record<string, string>> = {
  "coap-client-notls": "libcoap3-bin",
  "coap-server-openssl": "libcoap3-bin",
  "coap-server-gnutls": "libcoap3-bin",
  "gnutls-serv": "gnutls-bin",
  mosquitto: "mosquitto",
  mosquitto_pub: "mosquitto-clients",
  mosquitto_sub: "mosquitto-clients",
  socat: "socat",
  "systemd-analyze": "systemd",
  "systemd-sysusers": "systemd",
  "systemd-tmpfiles": "systemd",
  openssl: "openssl",
  java: "default-jdk-headless",
  javac: "default-jdk-headless",
  mvn: "maven",
};

/** The program's path. @throws Error that names the Debian package where the program is missing. */
export function program(name: string): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  const wanted = PACKAGES[name] ?? name;
  throw new Error(`${name} is missing: apt-get install ${wanted} (docs/interop.md lists all that these tests need)`);
}

/**
 * Why tests that need these programs cannot run here, said aloud; or undefined if they can.
 * @throws Error with that reason where `CI` is set: there, nothing may be skipped.
 */
export function without(...names: readonly string[]): string | undefined {
  try {
    for (const name of names) program(name);
    return undefined;
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    console.warn(`Tests are skipped: ${why}`);
    return why;
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs beside the test. */
export class Running {
  readonly process: ChildProcess;
  /** Everything written so far, both streams. */
  output = "";
  readonly ended: Promise<Ended>;
  #hasEnded = false;
  #onOutput = new Set<() => void>();

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.process = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString();
      for (const listener of this.#onOutput) listener();
    };
    this.process.stdout?.on("data", collect);
    this.process.stderr?.on("data", collect);
    this.process.stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#hasEnded = true;
        for (const listener of this.#onOutput) listener();
        resolve({ code, signal });
      };
      this.process.once("error", (error) => {
        this.output += `${error.message}\n`;
        end(null, null);
      });
      this.process.once("close", end);
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  write(text: string): void {
    this.process.stdin?.write(text);
  }

  /** Waits until something that matches was written. @throws Error with all output if it never is. */
  async said(pattern: RegExp, ms = 15_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.#onOutput.delete(look);
        done();
      };
      const look = () => {
        const match = pattern.exec(this.output);
        if (match) settle(() => resolve(match));
        else if (this.#hasEnded) settle(() => reject(new Error(`ended without saying ${pattern}:\n${this.output}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`not said in ${ms} ms: ${pattern}\n${this.output}`))),
        ms,
      );
      this.#onOutput.add(look);
      look();
    });
  }

  /** Ends it, gently at first. */
  async end(signal: NodeJS.Signals = "SIGTERM", ms = 5_000): Promise<Ended> {
    if (!this.#hasEnded) this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill("SIGKILL"), ms);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }
}

/** Runs a program to its end. */
export async function output(command: string, args: readonly string[]): Promise<{ text: string; code: number | null }> {
  const running = new Running(command, args);
  running.process.stdin?.end();
  const { code } = await running.ended;
  return { text: running.output, code };
}

/** Waits until `find` gives something; asks again and again. @throws Error if it never does. */
export async function eventually<T>(
  what: string,
  find: () => T | undefined | Promise<T | undefined>,
  ms = 15_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
