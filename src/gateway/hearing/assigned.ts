/** Names that the Bluetooth SIG has given out with numbers: of companies, and of services with a UUID of 16 bits. */

/** Bluetooth's own UUIDs are 16 bits in this (Core Vol 3 Part B §2.5.1). */
const SHORT = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

/** The 16 bits of a UUID; undefined if it is not of those. */
export function shortUuid(uuid: string): number | undefined {
  const digits = SHORT.exec(uuid)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

const NEWLINE = 0x0a;
const utf8 = new TextDecoder();

export class AssignedNumbers {
  readonly #read: () => Uint8Array;
  /** Some 120 kB, and only where a stranger was described. */
  #bytes: Uint8Array | undefined;

  /** `read` gives the bytes of assigned-numbers.txt, or none; it is asked once, when the first name is. */
  constructor(read: () => Uint8Array) {
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

  /** The lines are in order, and searched as they stand: an index would cost more than the few looked up are worth. */
  #find(kind: "c" | "s", id: number): string | undefined {
    const bytes = (this.#bytes ??= this.#read());
    const key = `${kind}${id.toString(16).toUpperCase().padStart(4, "0")}`;
    let low = 0;
    let high = bytes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const start = middle === 0 ? 0 : bytes.lastIndexOf(NEWLINE, middle - 1) + 1;
      const next = bytes.indexOf(NEWLINE, middle);
      const end = next < 0 ? bytes.length : next;
      const found = utf8.decode(bytes.subarray(start, start + key.length));
      if (found === key) return utf8.decode(bytes.subarray(start + key.length + 1, end));
      if (found < key) low = end + 1;
      else high = start;
    }
    return undefined;
  }
}
