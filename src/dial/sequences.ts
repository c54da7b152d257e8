/** The numbers that OSCORE contexts have set aside, all in one text on the disk (RFC 8613 Appendix B.1.1). */

import { createHash } from "node:crypto";
import type { OscoreSecrets, SequenceStore } from "../oscore/index.ts";
import type { StateText } from "./state-text.ts";

const FORMAT = 1;

export class SequenceBook {
  readonly #text: StateText | undefined;
  /** By context; undefined: not read yet. */
  #numbers: Promise<Map<string, number>> | undefined;

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
        // Those who write meanwhile are written with it; it settles when this number, or a later one, is safe.
        await this.#text?.write(JSON.stringify({ version: FORMAT, next: Object.fromEntries(numbers) }));
        return first;
      },
    };
  }

  #all(): Promise<Map<string, number>> {
    this.#numbers ??= this.#read();
    return this.#numbers;
  }

  /** @throws what the disk says: a number must not be used because it could not be read. */
  async #read(): Promise<Map<string, number>> {
    const text = await this.#text?.read();
    return new Map(text === undefined ? [] : entriesOf(text));
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
  return Object.entries(next).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]));
}
