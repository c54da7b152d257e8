/**
 * A Modbus RTU line with its master: one question at a time. An answer says neither which question it answers nor which
 * register it is of, so that a late one must never be heard: after each question without an answer the line is left
 * alone until it is quiet, and the next question to that unit is one whose answer has another length.
 */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Answer, Master, Question } from "./pdu.ts";
import { answerLength, hear, questionBytes } from "./rtu.ts";

export interface BusSettings {
  readonly timeoutMs: number;
  /** So long the line has to be silent between two frames, and after nonsense. */
  readonly quietMs: number;
}

interface Waiting {
  readonly question: Question;
  readonly settle: (answer: Answer) => void;
}

/** Polls of many devices and some writes; whoever asks for more has to wait until these are done. */
const MAX_WAITING = 256;
/** The longest frame there is. */
const MAX_FRAME = 256;
/** A line that never falls silent is asked all the same: its answers are checked. */
const PATIENCE = 10;
/** No device answers later than this. */
const FORGET_MS = 30_000;
const MAX_OWED = 8;

export class Bus implements Master {
  readonly #clock: Clock;
  readonly #settings: BusSettings;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #waiting: Waiting[] = [];
  /** Units that owe answers: how long these would be, and since when they are owed. */
  readonly #owed = new Map<number, Map<number, number>>();
  #asked: Waiting | undefined;
  #heard = new Uint8Array(0);
  #timer: Timer | undefined;
  #resting = false;
  #lastHeardMs = -Infinity;
  #closed = false;

  constructor(clock: Clock, settings: BusSettings, write: (bytes: Uint8Array) => Promise<void>) {
    this.#clock = clock;
    this.#settings = settings;
    this.#write = write;
  }

  ask(question: Question): Promise<Answer> {
    if (this.#closed || this.#waiting.length >= MAX_WAITING) return Promise.resolve({ kind: "closed" });
    const answer = new Promise<Answer>((settle) => this.#waiting.push({ question, settle }));
    this.#next();
    return answer;
  }

  onData(chunk: Uint8Array): void {
    this.#lastHeardMs = this.#clock.monotonic();
    const asked = this.#asked;
    // Nobody has asked, or nobody waits any more: whatever it is, it is of no use.
    if (!asked) return;
    const all = new Uint8Array(this.#heard.length + chunk.length);
    all.set(this.#heard);
    all.set(chunk, this.#heard.length);
    this.#heard = all;
    const heard = all.length > MAX_FRAME ? ({ kind: "foreign", why: "too long" } as const) : hear(asked.question, all);
    if (!heard) return;
    if (heard.kind === "foreign") this.#fail();
    else this.#succeed(heard);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    const left = [...(this.#asked ? [this.#asked] : []), ...this.#waiting.splice(0)];
    this.#asked = undefined;
    for (const { settle } of left) settle({ kind: "closed" });
  }

  #next(): void {
    if (this.#asked || this.#resting || this.#closed) return;
    const first = this.#waiting[0];
    if (!first) return;
    const flush = this.#flushFor(first.question);
    if (flush) this.#send({ question: flush, settle: (answer) => this.#flushed(first, answer) });
    else {
      this.#waiting.shift();
      this.#send(first);
    }
  }

  /** A read whose answer cannot be taken for one that is owed. */
  #flushFor(question: Question): Question | undefined {
    const owed = this.#owedBy(question.unit);
    if (question.data || !owed?.has(answerLength(question))) return undefined;
    const perAnswer = question.fc <= 2 ? 8 : 1;
    for (let i = 1; i <= MAX_OWED + 1; i++) {
      const { unit, fc, address } = question;
      const other = { unit, fc, address, count: i * perAnswer };
      if (!owed.has(answerLength(other))) return other;
    }
    return undefined;
  }

  /** What is owed for too long will never come. */
  #owedBy(unit: number): Map<number, number> | undefined {
    const owed = this.#owed.get(unit);
    if (!owed) return undefined;
    const oldest = this.#clock.monotonic() - FORGET_MS;
    for (const [length, since] of owed) if (since < oldest || owed.size > MAX_OWED) owed.delete(length);
    if (owed.size === 0) this.#owed.delete(unit);
    return owed;
  }

  /** Units answer in the order in which they were asked: what came before has come, or never will. */
  #flushed(first: Waiting, answer: Answer): void {
    if (answer.kind === "answer" || answer.kind === "exception") this.#owed.delete(first.question.unit);
    else if (this.#waiting[0] === first) {
      this.#waiting.shift();
      first.settle(answer);
    }
  }

  #send(waiting: Waiting): void {
    this.#asked = waiting;
    this.#heard = new Uint8Array(0);
    this.#timer = this.#clock.after(this.#settings.timeoutMs, () => this.#fail());
    this.#write(questionBytes(waiting.question)).catch(() => this.#fail());
  }

  #succeed(answer: Answer): void {
    const asked = this.#asked;
    this.#timer?.cancel();
    this.#asked = undefined;
    this.#rest(this.#settings.quietMs);
    asked?.settle(answer);
  }

  /** No answer, or not one to this question: it may still come. */
  #fail(): void {
    const asked = this.#asked;
    if (!asked) return;
    this.#timer?.cancel();
    this.#asked = undefined;
    const { unit } = asked.question;
    const owed = this.#owed.get(unit) ?? new Map<number, number>();
    owed.set(answerLength(asked.question), this.#clock.monotonic());
    this.#owed.set(unit, owed);
    this.#rest(this.#settings.timeoutMs);
    asked.settle({ kind: "timeout" });
  }

  /** Lets the line fall silent before the next question. */
  #rest(ms: number): void {
    this.#resting = true;
    const latest = this.#clock.monotonic() + PATIENCE * this.#settings.timeoutMs;
    const look = () => {
      const now = this.#clock.monotonic();
      const left = this.#lastHeardMs + this.#settings.quietMs - now;
      if (left > 0 && now < latest) {
        this.#timer = this.#clock.after(left, look);
        return;
      }
      this.#resting = false;
      this.#next();
    };
    this.#timer = this.#clock.after(ms, look);
  }
}
