/** A mosquitto broker of our own, and its command-line tools. */

import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { output, program, Running } from "./programs.ts";

export class Mosquitto {
  readonly port: number;
  readonly #running: Running;

  private constructor(port: number, running: Running) {
    this.port = port;
    this.#running = running;
  }

  /** Starts a broker that lets everybody in and keeps nothing, with its file in `folder`. */
  static async start(folder: string, more: readonly string[] = []): Promise<Mosquitto> {
    const port = await freeTcpPort();
    const file = join(folder, `mosquitto-${port}.conf`);
    const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "persistence false", ...more];
    await writeFile(file, `${lines.join("\n")}\n`);
    const running = new Running(program("mosquitto"), ["-v", "-c", file]);
    await running.said(/mosquitto version .* running/);
    return new Mosquitto(port, running);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** What the broker says of its clients. */
  get log(): string {
    return this.#running.output;
  }

  /** Waits until the broker has logged something. */
  async logged(pattern: RegExp): Promise<void> {
    await this.#running.said(pattern);
  }

  async publish(topic: string, payload: string): Promise<void> {
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-t", topic, "-m", payload];
    const { code, text } = await output(program("mosquitto_pub"), args);
    if (code !== 0) throw new Error(`mosquitto_pub: ${text}`);
  }

  /** A subscriber that prints topic and payload, a line each. */
  async subscribe(filter: string, name: string): Promise<Running> {
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-i", name, "-t", filter, "-F", "%t %p"];
    const subscriber = new Running(program("mosquitto_sub"), args);
    // What it prints itself waits in a buffer; the broker knows at once.
    await this.logged(new RegExp(`Sending SUBACK to ${name}`));
    return subscriber;
  }

  async stop(): Promise<void> {
    await this.#running.end();
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}
