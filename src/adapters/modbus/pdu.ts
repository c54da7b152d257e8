/** Modbus questions and answers without their envelope (Modbus application protocol 1.1b3 §4.1, §6, §7). */

/** A read has a count, a write has data. */
export interface Question {
  readonly unit: number;
  readonly fc: number;
  readonly address: number;
  /** Registers, or coils. */
  readonly count: number;
  /** What is written: two bytes for each register, one bit for each coil. */
  readonly data?: Uint8Array;
}

export type Heard =
  /** What was read; empty for a write that was done. */
  | { readonly kind: "answer"; readonly data: Uint8Array }
  | { readonly kind: "exception"; readonly code: number }
  /** Not an answer to this question: nothing of it may be used. */
  | { readonly kind: "foreign"; readonly why: string };

export type Answer = Exclude<Heard, { kind: "foreign" }> | { readonly kind: "timeout" } | { readonly kind: "closed" };

/** Whoever asks, on whatever wire. */
export interface Master {
  /** Settles once for each question, in the order in which they were asked. Never rejects. */
  ask(question: Question): Promise<Answer>;
  onData(chunk: Uint8Array): void;
  close(): void;
}

export const EXCEPTION = 0x80;
export const NOTHING = new Uint8Array(0);

export const foreign = (why: string): Heard => ({ kind: "foreign", why });

/** Function code, address, and what is read or written: reads 1 to 4, writes 5, 6, 15, 16 (§6). */
export function questionPdu({ fc, address, count, data }: Question): readonly number[] {
  const head = [fc, address >> 8, address & 0xff];
  if (!data) return [...head, count >> 8, count & 0xff];
  if (fc === 5 || fc === 6) return [...head, ...data];
  return [...head, count >> 8, count & 0xff, data.length, ...data];
}

/** Bytes of data that the answer to a read has. */
export const dataLength = ({ fc, count }: Question): number => (fc <= 2 ? Math.ceil(count / 8) : count * 2);

/** Of a whole answer, from its function code on. */
export function hearPdu(question: Question, pdu: Uint8Array): Heard {
  const [fc = 0, second = 0] = pdu;
  if ((fc & 0x7f) !== question.fc) return foreign(`function code ${fc}`);
  if (fc & EXCEPTION) return pdu.length === 2 ? { kind: "exception", code: second } : foreign("a broken exception");
  if (question.data) return echoes(question, pdu) ? { kind: "answer", data: NOTHING } : foreign("another write's echo");
  const length = dataLength(question);
  if (second !== length || pdu.length !== length + 2) return foreign(`${pdu.length - 2} bytes of data`);
  return { kind: "answer", data: pdu.slice(2) };
}

/** The answer to a write repeats where, and what or how much: five bytes. */
function echoes(question: Question, pdu: Uint8Array): boolean {
  const asked = questionPdu(question);
  return pdu.length === 5 && pdu.every((byte, i) => byte === asked[i]);
}

/** What a device says, by the name that the specification has for it, and what that means (§7). */
const EXCEPTIONS: Readonly<Record<number, readonly [name: string, words: string]>> = {
  1: ["illegal function", "it does not know this function"],
  2: ["illegal data address", "it has no such register"],
  3: ["illegal data value", "it does not take this value"],
  4: ["server device failure", "it has failed"],
  5: ["acknowledge", "it needs more time"],
  6: ["server device busy", "it is busy"],
  8: ["memory parity error", "its memory is damaged"],
  10: ["gateway path unavailable", "the way to it is not there"],
  11: ["gateway target device failed to respond", "the device behind it does not answer"],
};

/** Such as `exception 2 (illegal data address): it has no such register`. */
export function exceptionWords(code: number): string {
  const known = EXCEPTIONS[code];
  return known ? `exception ${code} (${known[0]}): ${known[1]}` : `exception ${code}`;
}

/** What an exception says of the registers that were asked for. */
export function verdictOf(code: number): "refused" | "later" | "silent" {
  // Acknowledge and busy: the same question may be answered the next time; 10 and 11 come from a gateway before the device.
  if (code === 5 || code === 6) return "later";
  return code === 10 || code === 11 ? "silent" : "refused";
}
