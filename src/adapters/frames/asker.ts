/** Says the same thing again and again to devices that answer only when they are asked. */

import { z } from "zod";
import { fromHex } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { duration, milliseconds } from "../settings.ts";

export const askSpec = z
  .strictObject({
    every: duration(100, 86_400_000),
    hex: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{2}\s*){1,256}$/, { error: "Expected up to 256 bytes in hex" })
      .optional(),
    /** With the line end that the port's settings name. */
    text: z.string().max(256).optional(),
  })
  .refine(({ hex, text }) => (hex === undefined) !== (text === undefined), { error: "Expected hex or text" });
export type AskSpec = z.infer<typeof askSpec>;

/** One after the other at the start, so that answers do not meet. */
const APART_MS = 500;

export class Asker {
  readonly #clock: Clock;
  readonly #questions: readonly { readonly bytes: Uint8Array; readonly everyMs: number }[];
  #timers: (Timer | undefined)[] = [];

  constructor(clock: Clock, specs: readonly AskSpec[], end: string) {
    this.#clock = clock;
    this.#questions = specs.map(({ every, hex, text }) => ({
      bytes: hex === undefined ? new TextEncoder().encode((text ?? "") + end) : fromHex(hex),
      everyMs: milliseconds(every),
    }));
  }

  /** A write that fails is no news: the line says itself that it is gone. */
  start(write: (bytes: Uint8Array) => Promise<void>): void {
    this.stop();
    this.#questions.forEach(({ bytes, everyMs }, i) => {
      const ask = () => {
        this.#timers[i] = this.#clock.after(everyMs, ask);
        write(bytes).catch(() => undefined);
      };
      this.#timers[i] = this.#clock.after(i * APART_MS, ask);
    });
  }

  stop(): void {
    for (const timer of this.#timers) timer?.cancel();
    this.#timers = [];
  }
}
