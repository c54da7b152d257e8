/** The master of a Modbus TCP connection: one question at a time, and each answer says by its number which one it answers. */

import type { Clock, Timer } from "../../base/clock.ts";
import { mbapBytes, MbapReader, type TcpAnswer } from "./mbap.ts";
import { type Answer, hearPdu, type Master, type Question } from "./pdu.ts";

export interface TcpBusSettings {
  readonly timeoutMs: number;
  /** How long a device is left alone between two questions, and before the first: some need it. */
  readonly pauseMs: number;
}

export interface TcpBusWire {
  write(bytes: Uint8Array): Promise<void>;
  /** This connection is of no use any more. */
  giveUp(reason: string): void;
}

interface Waiting {
  readonly question: Question;
  readonly settle: (answer: Answer) => void;
}

/** As on a line: polls of many devices and some writes. */
const MAX_WAITING = 256;
/** So many questions in a row, and not one byte: the other end may be gone without a word. */
const DEAF = 5;

export class TcpBus implements Master {
  readonly #clock: Clock;
  readonly #settings: TcpBusSettings;
  readonly #wire: TcpBusWire;
  readonly #reader = new MbapReader();
  readonly #waiting: Waiting[] = [];
  #asked: (Waiting & { readonly transaction: number }) | undefined;
  #transaction = 0;
  #unheard = 0;
  #timer: Timer | undefined;
  #resting = false;
  #closed = false;

  constructor(clock: Clock, settings: TcpBusSettings, wire: TcpBusWire) {
    this.#clock = clock;
    this.#settings = settings;
    this.#wire = wire;
    this.#rest();
  }

  ask(question: Question): Promise<Answer> {
    if (this.#closed || this.#waiting.length >= MAX_WAITING) return Promise.resolve({ kind: "closed" });
    const answer = new Promise<Answer>((settle) => this.#waiting.push({ question, settle }));
    this.#next();
    return answer;
  }

  onData(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#unheard = 0;
    for (const answer of this.#reader.push(chunk)) this.#hear(answer);
    const { broken } = this.#reader;
    if (broken !== undefined) this.#giveUp(broken);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    const left = [...(this.#asked ? [this.#asked] : []), ...this.#waiting.splice(0)];
    this.#asked = undefined;
    for (const { settle } of left) settle({ kind: "closed" });
  }

  /** An answer with another number is one that came too late: nobody waits for it any more (§4.4.1.3). */
  #hear({ transaction, unit, pdu }: TcpAnswer): void {
    const asked = this.#asked;
    if (transaction !== asked?.transaction || unit !== asked.question.unit) return;
    const heard = hearPdu(asked.question, pdu);
    if (heard.kind !== "foreign") this.#settle(heard);
  }

  #next(): void {
    if (this.#asked || this.#resting || this.#closed) return;
    const first = this.#waiting.shift();
    if (!first) return;
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const transaction = this.#transaction;
    this.#asked = { ...first, transaction };
    this.#timer = this.#clock.after(this.#settings.timeoutMs, () => this.#late(transaction));
    this.#wire.write(mbapBytes(transaction, first.question)).catch(() => this.#late(transaction));
  }

  #late(transaction: number): void {
    if (this.#asked?.transaction !== transaction) return;
    this.#unheard += 1;
    const isDeaf = this.#unheard >= DEAF;
    this.#settle({ kind: "timeout" });
    if (isDeaf) this.#giveUp("nothing is heard from there any more");
  }

  #settle(answer: Answer): void {
    const asked = this.#asked;
    this.#timer?.cancel();
    this.#asked = undefined;
    this.#rest();
    asked?.settle(answer);
    this.#next();
  }

  #giveUp(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#wire.giveUp(reason);
  }

  #rest(): void {
    const { pauseMs } = this.#settings;
    if (pauseMs === 0) return;
    this.#resting = true;
    this.#timer = this.#clock.after(pauseMs, () => {
      this.#resting = false;
      this.#next();
    });
  }
}
