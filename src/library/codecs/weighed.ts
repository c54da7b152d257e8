/** Sealed adverts that prove nothing: a key is believed for what it makes of several messages (docs/decisions/022). */

import { SealedError } from "../sealed.ts";
import type { KeyNeed, Session } from "./codec.ts";
import { checkKey, refuseWithout } from "./seal.ts";

/** A counter that is this little behind is a message that came late, over a slower receiver. */
const LATE = 8;
const COUNTERS = 0x1_0000;

/** What a key makes of a message that looks like one of a device. */
export interface Likely<Opened> {
  readonly opened: Opened;
  /** What of it hardly changes from one message to the next. */
  readonly steady: string;
}

/** Of one sensor, from frame to frame. One unlikely message, and the key is wrong until enough likely ones follow. */
export class WeighedSession implements Session {
  readonly key: Uint8Array | undefined;
  vain = 0;
  #state: Session["state"];
  #alone = false;
  #last = -1;
  /** Counters of the likely messages in a row that agree with one another, while the key is not believed. */
  #agreeing: number[] = [];
  #steady = "";

  /** @throws RangeError for a key of another length. */
  constructor(key: Uint8Array | undefined, need: KeyNeed) {
    this.key = checkKey(key, need);
  }

  get state(): Session["state"] {
    return this.#state;
  }

  /** From now on, a message is believed for itself: nobody will hear a second one. */
  alone(): this {
    this.#alone = true;
    return this;
  }

  /**
   * What `attempt` makes of a message with the key; undefined for one that was heard already, and while the key is not
   * believed yet: that takes so many messages in a row, all of them likely, that agree in what is steady.
   * @param counter of 16 bits
   * @throws SealedError if there is no key, or if it is the wrong one.
   */
  open<Opened>(
    counter: number,
    messages: number,
    attempt: (key: Uint8Array) => Likely<Opened> | undefined,
  ): Opened | undefined {
    const key = refuseWithout(this.key, () => (this.#state = "no-key"));
    if (this.#wasHeard(counter)) {
      this.vain += 1;
      return undefined;
    }
    const likely = attempt(key);
    if (!likely) return this.#doubt();
    if (this.#state !== "opened" && !this.#agrees(counter, likely.steady, messages)) {
      this.#refuseWrong();
      this.vain += 1;
      return undefined;
    }
    this.#state = "opened";
    this.#last = counter;
    return likely.opened;
  }

  #wasHeard(counter: number): boolean {
    if (this.#state !== "opened") return this.#agreeing.includes(counter);
    return this.#last >= 0 && (this.#last - counter + COUNTERS) % COUNTERS <= LATE;
  }

  #agrees(counter: number, steady: string, messages: number): boolean {
    if (this.#alone) return true;
    if (steady !== this.#steady) this.#agreeing = [];
    this.#steady = steady;
    return this.#agreeing.push(counter) >= messages;
  }

  #doubt(): never {
    this.#state = "wrong-key";
    this.#agreeing = [];
    throw new SealedError("wrong-key", "sealed: the key does not fit");
  }

  /** A key that was wrong stays so until it is believed. */
  #refuseWrong(): void {
    if (this.#state === "wrong-key") throw new SealedError("wrong-key", "sealed: the key did not fit, and is doubted");
  }
}

/** The session of a sealed frame. @throws SealedError without one: nobody could have told the key. */
export function weighedFor(session: Session | undefined): WeighedSession {
  if (session instanceof WeighedSession) return session;
  throw new SealedError("no-key", "sealed: a key is needed");
}
