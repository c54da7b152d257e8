/** Which of the last 64 numbered messages have been received already (RFC 6347 §4.1.2.6, RFC 8613 §7.4). */

const WIDTH = 64;

/**
 * A window that ends at the highest sequence number accepted. Its bits are two numbers of 32, since a shift by what
 * an attacker chose must cost nothing.
 */
export class ReplayWindow {
  #highest = -1;
  /** Bit i: `#highest` - i has been received; `#older` goes on from 32. */
  #recent = 0;
  #older = 0;

  /** Whether that record is new: neither received nor too old to tell. To be asked before it is opened. */
  fresh(sequence: number): boolean {
    const age = this.#highest - sequence;
    if (age < 0) return true;
    if (age >= WIDTH) return false;
    return ((age < 32 ? this.#recent : this.#older) & (1 << (age & 31))) === 0;
  }

  /** Takes note of a record. To be called only once it has proved authentic: a forged one must not move the window. */
  accept(sequence: number): void {
    const age = this.#highest - sequence;
    if (age < 0) {
      this.#shift(Math.min(-age, WIDTH));
      this.#highest = sequence;
      this.#recent |= 1;
    } else if (age < 32) this.#recent |= 1 << age;
    else if (age < WIDTH) this.#older |= 1 << (age - 32);
  }

  #shift(by: number): void {
    if (by >= 32) {
      this.#older = by === WIDTH ? 0 : this.#recent << (by - 32);
      this.#recent = 0;
    } else {
      this.#older = (this.#older << by) | (this.#recent >>> (32 - by));
      this.#recent <<= by;
    }
  }
}
