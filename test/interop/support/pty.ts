/** A pseudo terminal made by socat: a serial port whose other end is in our hands. */

import { existsSync } from "node:fs";
import { VirtualController } from "../../support/virtual-controller.ts";
import { eventually, program, Running } from "./programs.ts";

export class Pty {
  readonly path: string;
  readonly #socat: Running;

  private constructor(path: string, socat: Running) {
    this.path = path;
    this.#socat = socat;
  }

  /** Makes the port at `path`; it is there until `stop`. */
  static async open(path: string): Promise<Pty> {
    const socat = new Running(program("socat"), ["-", `pty,raw,echo=0,link=${path},ignoreeof`]);
    await eventually(`${path} (${socat.output})`, () => (existsSync(path) ? true : undefined));
    return new Pty(path, socat);
  }

  write(data: string | Uint8Array): void {
    this.#socat.process.stdin?.write(data);
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#socat.process.stdout?.on("data", listener);
  }

  async stop(): Promise<void> {
    await this.#socat.end();
  }
}

/** A Bluetooth controller behind a serial line (H4): a byte says what kind of packet follows. */
export function attachController(pty: Pty, controller = new VirtualController({ extended: true })): VirtualController {
  let pending = Buffer.alloc(0);
  pty.onData((chunk) => {
    pending = Buffer.concat([pending, chunk]);
    // A command: its kind, two bytes of opcode, a length, and so many parameters.
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt8(3)) {
      const length = 4 + pending.readUInt8(3);
      controller.write(pending.subarray(0, length));
      pending = pending.subarray(length);
    }
  });
  controller.on("data", (packet: Buffer) => pty.write(packet));
  return controller;
}
