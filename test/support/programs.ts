/** Foreign programs that interop tests run: started when found, named when missing, ended by their own process. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** @throws Error that says what to install. */
export function needProgram(name: string, debianPackage: string): void {
  const found = spawnSync(name, ["--help"], { stdio: "ignore" });
  if (found.error) throw new Error(`this test needs the program ${name}: apt-get install ${debianPackage}`);
}

export class Program {
  readonly #process: ChildProcess;
  output = "";

  constructor(name: string, args: readonly string[], debianPackage: string) {
    needProgram(name, debianPackage);
    this.#process = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Settles when the program has ended. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.running) return;
    const over = once(this.#process, "exit");
    this.#process.kill(signal);
    await over;
  }
}

/** Waits until something is so. @throws Error after `limitMs`, saying what was waited for. */
export async function eventually(what: string, so: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await so())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
