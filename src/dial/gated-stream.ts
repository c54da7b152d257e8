/** A stream whose opening waits for its turn: TLS is arithmetic too, and that of a thousand at once would stop all else. */

import type { ByteStream } from "../base/byte-stream.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { LineSecurity } from "../base/transport.ts";
import type { HandshakeGate } from "../dtls/index.ts";

type Pass = ReturnType<HandshakeGate["enter"]>;

export interface Turns {
  readonly gate: HandshakeGate;
  readonly clock: Clock;
  /** In whose lane it waits. */
  readonly server: string;
}

/** What takes longer than this is a long way, or a server that does not answer. Waiting costs nothing: others may begin. */
const QUIET_MS = 100;

export class GatedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #turns: Turns;
  #pass: Pass | undefined;
  /** Ends an opening that waits for its turn. */
  #giveUp: (() => void) | undefined;

  constructor(stream: ByteStream, turns: Turns) {
    this.#stream = stream;
    this.#turns = turns;
  }

  get security(): LineSecurity | undefined {
    return this.#stream.security;
  }

  get alert(): number | undefined {
    return this.#stream.alert;
  }

  /** @throws what the stream's own `open` throws; Error if it is closed, or `signal` aborted, before its turn has come. */
  async open(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#leave();
    const pass = await this.#turn(signal);
    const timer: Timer = this.#turns.clock.after(QUIET_MS, () => pass.quiet());
    try {
      await this.#stream.open(signal);
    } finally {
      timer.cancel();
      pass.leave();
    }
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes);
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#stream.onBytes(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.#stream.onClose(listener);
  }

  close(): Promise<void> {
    this.#leave();
    return this.#stream.close();
  }

  #turn(signal: AbortSignal | undefined): Promise<Pass> {
    const { gate, server } = this.#turns;
    return new Promise((resolve, reject) => {
      const ended = () => {
        signal?.removeEventListener("abort", giveUp);
        this.#giveUp = undefined;
      };
      const giveUp = () => {
        ended();
        pass.leave();
        reject(new Error("closed while opening"));
      };
      const pass = gate.enter(server, () => {
        ended();
        resolve(pass);
      });
      this.#pass = pass;
      this.#giveUp = giveUp;
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #leave(): void {
    this.#giveUp?.();
    this.#pass?.leave();
    this.#pass = undefined;
  }
}
