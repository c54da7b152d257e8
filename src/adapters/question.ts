/** Questions to a device that answers without saying which question it means: one at a time, and late answers belong to nobody. */

import type { Clock } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";

interface Asked {
  readonly expect: RegExp;
  readonly settle: (outcome: Outcome) => void;
}

export interface Asking {
  readonly expect: RegExp;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Sends the question. What it throws becomes the reason of the rejection. */
  readonly send: () => Promise<void>;
}

export class QuestionLine {
  readonly #clock: Clock;
  #asked: Asked | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a question, or its late answer, is still awaited. */
  get busy(): boolean {
    return this.#asked !== undefined;
  }

  /** Something was said: perhaps the answer. */
  hear(text: string): void {
    if (this.#asked?.expect.test(text)) this.#asked.settle({ status: "done", readBack: text });
  }

  /** The wire is gone: no answer will come. */
  fail(reason: string): void {
    this.#asked?.settle({ status: "rejected", reason });
  }

  async ask({ expect, timeoutMs, signal, send }: Asking): Promise<Outcome> {
    if (this.#asked) return { status: "rejected", reason: "busy with another question" };
    if (signal.aborted) return { status: "timeout" };
    const answer = new Promise<Outcome>((settle) => (this.#asked = { expect, settle }));
    const giveUp = () => this.#asked?.settle({ status: "timeout" });
    const timer = this.#clock.after(timeoutMs, giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    let outcome: Outcome | undefined;
    try {
      // The answer may be quicker than the news that the question has left; and a question may never leave.
      outcome = await Promise.race([answer, send().then(() => answer)]);
      return outcome;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", giveUp);
      this.#asked = undefined;
      if (outcome?.status === "timeout") this.#awaitLateAnswer(expect, timeoutMs);
    }
  }

  /** A late answer must not pass for the answer to the next question: the line stays taken until it comes, or as long again has gone by. */
  #awaitLateAnswer(expect: RegExp, ms: number): void {
    const free = () => {
      this.#asked = undefined;
      timer.cancel();
    };
    const timer = this.#clock.after(ms, free);
    this.#asked = { expect, settle: free };
  }
}

const MAX_PATTERN = 500;

/** The pattern of an expected answer, or what is wrong with it. */
export function pattern(source: string): RegExp | string {
  if (source.length > MAX_PATTERN) return `a pattern of ${source.length} characters`;
  try {
    return new RegExp(source, "u");
  } catch {
    return `"${source}" is no pattern`;
  }
}
