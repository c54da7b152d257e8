/** Names that the Bluetooth SIG has given out with numbers: of companies, and of services with a UUID of 16 bits. */

/** Bluetooth's own UUIDs are 16 bits in this (Core Vol 3 Part B §2.5.1). */
const SHORT = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

/** The 16 bits of a UUID; undefined if it is not of those. */
export function shortUuid(uuid: string): number | undefined {
  const digits = SHORT.exec(uuid)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export class AssignedNumbers {
  readonly #read: () => string;
  /** One letter a byte, as the file has no others: some 120 kB, and only where a stranger was described. */
  #text: string | undefined;

  /** `read` gives the text of assigned-numbers.txt, or nothing; it is asked once, when the first name is. */
  constructor(read: () => string) {
    this.#read = read;
  }

  /** Undefined if the number is nobody's. */
  company(id: number): string | undefined {
    return this.#find("c", id);
  }

  /** Undefined if the number is nobody's, or not well known. */
  service(uuid: number): string | undefined {
    return this.#find("s", uuid);
  }

  /** Searched as it stands: an index of thousands of names would cost more memory than the few looked up are worth. */
  #find(kind: "c" | "s", id: number): string | undefined {
    this.#text ??= `\n${this.#read()}`;
    const key = `\n${kind}${id.toString(16).toUpperCase().padStart(4, "0")} `;
    const from = this.#text.indexOf(key);
    if (from < 0) return undefined;
    const begin = from + key.length;
    const end = this.#text.indexOf("\n", begin);
    return this.#text.slice(begin, end < 0 ? undefined : end);
  }
}
