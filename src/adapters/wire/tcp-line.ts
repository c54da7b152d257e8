/** A TCP connection in place of a serial line: devices and serial servers on the network, kept open as a port is. */

import type { ByteStream } from "../../base/byte-stream.ts";
import type { SerialLine } from "../../io/serial.ts";
import type { SerialDrivers } from "./port.ts";

export interface TcpPeer {
  readonly host: string;
  readonly port: number;
  /** How long connecting may take, in milliseconds. */
  readonly patienceMs?: number;
}

/** A stream that is not open yet. */
export type ConnectTcp = (peer: TcpPeer) => ByteStream;

/** Whether somebody is there shows only when it is tried. */
export const overTcp = (connect: ConnectTcp, peer: TcpPeer, random: SerialDrivers["random"]): SerialDrivers => ({
  random,
  deviceExists: () => Promise.resolve(true),
  openSerial: async () => {
    const stream = connect(peer);
    const line = new StreamLine(stream);
    await stream.open();
    return line;
  },
});

class StreamLine implements SerialLine {
  readonly #stream: ByteStream;
  #open = true;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#stream.onBytes(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.#stream.onClose((reason) => {
      this.#open = false;
      listener(reason);
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes) ? Promise.resolve() : Promise.reject(new Error("the connection takes no more"));
  }

  close(): Promise<void> {
    this.#open = false;
    return this.#stream.close();
  }
}
