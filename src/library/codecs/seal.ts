/** Sealed adverts: what one sensor's key and counter have been through, and the three ciphers that sensors use. */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { DecodeError } from "../../base/bytes.ts";
import { SealedError } from "../sealed.ts";
import type { KeyNeed, Session } from "./codec.ts";

/** Failures in a row before a key that has opened something is no longer believed: until then, the air was to blame. */
const FAILURES = 3;
/** Messages in a row, each later than the one before, until a counter that fell is believed: the battery was changed. */
const RESTARTED = 3;
/** Messages that one receiver may be behind another, and still be known to repeat it. */
const RECENT = 16;

/** What a sealed frame says openly of itself. */
export interface Numbered {
  /** The sender's count of its messages. */
  readonly counter: number;
  /** Width of the counter in bits, after which it begins anew. */
  readonly bits: 8 | 16 | 32;
  /** Whether what is opened proves who sealed it. What does not, proves nothing about its counter either. */
  readonly authentic: boolean;
  /** What tells two messages of one counter apart: see `markOf`. */
  readonly mark?: number;
}

/** Four bytes of a message that no other one has, such as its tag. */
export const markOf = ([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number =>
  a + b * 0x100 + c * 0x1_0000 + d * 0x100_0000;

/** @throws RangeError for a key of a length that such devices do not have. */
export function checkKey(key: Uint8Array | undefined, { lengths }: KeyNeed): Uint8Array | undefined {
  if (key && !lengths.includes(key.length))
    throw new RangeError(`the key has ${lengths.join(" or ")} bytes, not ${key.length}`);
  return key;
}

/** @throws SealedError without a key, after taking note of that. */
export function refuseWithout(key: Uint8Array | undefined, note: () => void): Uint8Array {
  if (key) return key;
  note();
  throw new SealedError("no-key", "sealed: a key is needed");
}

/** Of one sensor, from frame to frame. Nothing of it outlives the process (docs/decisions/021). */
export class KeySession implements Session {
  readonly key: Uint8Array | undefined;
  vain = 0;
  #state: Session["state"];
  #failures = 0;
  #last = -1;
  #lastMark: number | undefined;
  /** The last of those that came after a counter fell, and how many they are. */
  #lower = -1;
  #lowerSeen = 0;
  /** Counters and marks of those accepted lately, in turn, as a ring. */
  readonly #recent: number[] = [];
  #next = 0;

  /** @throws RangeError for a key of another length. */
  constructor(key: Uint8Array | undefined, need: KeyNeed) {
    this.key = checkKey(key, need);
  }

  get state(): Session["state"] {
    return this.#state;
  }

  /**
   * What `attempt` finds with the key; undefined for a message that was opened already, heard again.
   * @throws SealedError if there is no key, if it is the wrong one, or if a later message has been opened before.
   * @throws DecodeError if this one message cannot be opened by a key that has opened others.
   */
  open<Opened>(numbered: Numbered, attempt: (key: Uint8Array) => Opened | undefined): Opened | undefined {
    const key = refuseWithout(this.key, () => (this.#state = "no-key"));
    if (numbered.counter === this.#last && numbered.mark === this.#lastMark) {
      if (numbered.authentic) this.vain += 1;
      return undefined;
    }
    const opened = attempt(key);
    if (opened === undefined) throw this.#failed();
    this.#failures = 0;
    this.#state = "opened";
    if (!this.#follows(numbered)) throw new SealedError("replayed", "sealed: an older message, said again");
    return opened;
  }

  #failed(): DecodeError {
    this.#failures += 1;
    if (this.#state === "opened" && this.#failures < FAILURES)
      return new DecodeError("sealed: damaged on its way, or not from this sensor");
    this.#state = "wrong-key";
    return new SealedError("wrong-key", "sealed: the key does not fit");
  }

  /** Whether a message is later than all before, as far as that can be told; takes note of it. */
  #follows({ counter, bits, authentic, mark }: Numbered): boolean {
    if (!authentic || this.#last < 0 || isLater(counter, this.#last, bits)) return this.#accept(counter, mark);
    if (counter === this.#lower || this.#isRecent(counter, mark)) return false;
    this.#lowerSeen = this.#lower >= 0 && isLater(counter, this.#lower, bits) ? this.#lowerSeen + 1 : 1;
    this.#lower = counter;
    return this.#lowerSeen >= RESTARTED && this.#accept(counter, mark);
  }

  /** Heard and accepted a moment ago: it comes over a slower receiver, and says nothing of a changed battery. */
  #isRecent(counter: number, mark = 0): boolean {
    for (let i = 0; i < this.#recent.length; i += 2)
      if (this.#recent[i] === counter && this.#recent[i + 1] === mark) return true;
    return false;
  }

  #accept(counter: number, mark: number | undefined): true {
    this.#recent[this.#next] = counter;
    this.#recent[this.#next + 1] = mark ?? 0;
    this.#next = (this.#next + 2) % (2 * RECENT);
    this.#last = counter;
    this.#lastMark = mark;
    this.#lower = -1;
    this.#lowerSeen = 0;
    return true;
  }
}

/** Serial numbers go round: the half of them that lies ahead is later (RFC 1982 §3.2). */
function isLater(counter: number, than: number, bits: Numbered["bits"]): boolean {
  const ahead = (counter - than + 2 ** bits) % 2 ** bits;
  return ahead > 0 && ahead < 2 ** (bits - 1);
}

/** The session of a sealed frame. @throws SealedError without one: nobody could have told the key. */
export function sessionFor(session: Session | undefined): KeySession {
  if (session instanceof KeySession) return session;
  throw new SealedError("no-key", "sealed: a key is needed");
}

export interface CcmMessage {
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
  readonly aad?: Uint8Array;
}

/** AES-128-CCM (RFC 3610); undefined if the tag does not fit. */
export function openCcm(key: Uint8Array, { nonce, sealed, tag, aad }: CcmMessage): Uint8Array | undefined {
  const cipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: tag.length });
  cipher.setAuthTag(tag);
  if (aad) cipher.setAAD(aad, { plaintextLength: sealed.length });
  try {
    const opened = cipher.update(sealed);
    cipher.final();
    return opened;
  } catch {
    return undefined;
  }
}

/** AES-128-CTR with a counter of 16 bytes, the least significant one first: for one block that is the whole message. */
export function openCtr(key: Uint8Array, counter: Uint8Array, sealed: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", key, counter);
  return cipher.update(sealed);
}

/** One block of AES-128-ECB. */
export function openBlock(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const cipher = createDecipheriv("aes-128-ecb", key, null);
  cipher.setAutoPadding(false);
  return cipher.update(sealed);
}
