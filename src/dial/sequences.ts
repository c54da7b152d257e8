/** The numbers that OSCORE contexts have set aside, all in one text on the disk (RFC 8613 Appendix B.1.1). */

import { createHash } from "node:crypto";
import { BoundedMap } from "../base/bounded.ts";
import type { OscoreSecrets, SequenceStore } from "../oscore/index.ts";
import type { StateText } from "./state-text.ts";

const FORMAT = 1;
/**
 * Keys change, and contexts that nobody uses any more stay behind. Of more than this, those that were used longest ago are
 * forgotten; should one be used again after all, it begins at the clock, beyond all that it has used.
 */
const MAX_CONTEXTS = 16_384;
/** Numbers have 40 bits (RFC 8613 §5): twice as many were never set aside. */
const IMPOSSIBLE = 2 ** 41;

export class SequenceBook {
  readonly #text: StateText | undefined;
  /** By context; undefined: not read yet. */
  #numbers: Promise<BoundedMap<string, number>> | undefined;
  /** Settles when the disk is done with what it was given last. */
  #writing: Promise<void> = Promise.resolve();
  /** What is given to the disk next, for all who have asked for that since. */
  #waiting: Promise<void> | undefined;

  constructor(text: StateText | undefined) {
    this.#text = text;
  }

  /** The place of one context, known by what its keys are derived from and who uses them: other keys count anew. */
  of({ masterSecret, masterSalt, senderId, recipientId, idContext }: OscoreSecrets): SequenceStore {
    const hash = createHash("sha256").update("isthmus oscore context").update(masterSecret.export());
    for (const part of [masterSalt, senderId, recipientId, idContext])
      hash.update(`:${part?.length ?? "-"}:`).update(part ?? "");
    const name = hash.digest("base64url");
    return {
      read: async () => (await this.#all()).get(name),
      reserve: async (least, count) => {
        const numbers = await this.#all();
        // Two ways may count under one context: what was set aside for one is not for the other (RFC 8613 §7.2.1).
        const first = Math.max(numbers.get(name) ?? 0, least);
        numbers.set(name, first + count);
        await this.#save(numbers);
        return first;
      },
    };
  }

  #all(): Promise<BoundedMap<string, number>> {
    this.#numbers ??= this.#read();
    return this.#numbers;
  }

  /** @throws what the disk says: a number must not be used because it could not be read. It is asked anew the next time. */
  async #read(): Promise<BoundedMap<string, number>> {
    try {
      const text = await this.#text?.read();
      const numbers = new BoundedMap<string, number>(MAX_CONTEXTS);
      for (const [name, next] of text === undefined ? [] : entriesOf(text)) numbers.set(name, next);
      return numbers;
    } catch (error) {
      this.#numbers = undefined;
      throw error;
    }
  }

  /** Settles when all that is set aside by now is safe. Thousands begin at once: while the disk writes, they gather. */
  #save(numbers: BoundedMap<string, number>): Promise<void> {
    if (this.#text === undefined) return Promise.resolve();
    this.#waiting ??= this.#write(this.#text, numbers, this.#writing);
    return this.#waiting;
  }

  async #write(text: StateText, numbers: BoundedMap<string, number>, before: Promise<void>): Promise<void> {
    await before.catch(() => undefined);
    this.#waiting = undefined;
    this.#writing = text.write(JSON.stringify({ version: FORMAT, next: Object.fromEntries(numbers.entries()) }));
    await this.#writing;
  }
}

/** What is damaged is as good as lost: contexts then begin where the clock is, beyond all that they have used. */
function entriesOf(text: string): [string, number][] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  if (typeof json !== "object" || json === null || !("next" in json)) return [];
  const { next } = json;
  if (typeof next !== "object" || next === null) return [];
  return Object.entries(next).filter((entry): entry is [string, number] => isNumber(entry[1]));
}

const isNumber = (value: unknown): boolean =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < IMPOSSIBLE;
