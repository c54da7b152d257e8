/** A Modbus device in a few lines: registers that answer, on a line with checksums or behind a TCP header. */

import { crc16, MODBUS } from "../../src/base/crc16.ts";

export class ModbusSlave {
  readonly unit: number;
  /** By function code and address, such as `4:0`: what a read gives, and what a write has left. */
  readonly registers = new Map<string, number>();
  /** Answers nothing at all. */
  mute = false;
  /** Exception codes by address: any read that touches it. */
  readonly refuses = new Map<number, number>();
  /** Function codes and addresses that were asked for. */
  readonly asked: string[] = [];
  #pending = new Uint8Array(0);

  constructor(unit: number) {
    this.unit = unit;
  }

  /** A golden frame of a definition, as its YAML has it: blocks of registers in hex. */
  hold(blocks: Readonly<Record<string, string>>): this {
    for (const [key, hex] of Object.entries(blocks)) {
      const [fc = "", first = "0"] = key.split(":");
      for (const [i, word] of hex.trim().split(/\s+/).entries())
        this.registers.set(`${fc}:${Number.parseInt(first, 16) + i}`, Number.parseInt(word, 16));
    }
    return this;
  }

  /** Of a whole PDU; undefined: it keeps silent. */
  answer(pdu: Uint8Array): Uint8Array | undefined {
    const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength);
    const [fc, address, count] = [view.getUint8(0), view.getUint16(1), view.getUint16(3)];
    this.asked.push(`${fc}:${address}`);
    if (this.mute) return undefined;
    for (const [refused, code] of this.refuses)
      if (refused >= address && refused < address + count) return Uint8Array.of(fc | 0x80, code);
    if (fc === 6) {
      this.registers.set(`3:${address}`, count);
      return pdu.slice();
    }
    if (fc !== 3 && fc !== 4) return Uint8Array.of(fc | 0x80, 1);
    const words = Array.from({ length: count }, (_, i) => this.registers.get(`${fc}:${address + i}`) ?? 0);
    return Uint8Array.of(fc, count * 2, ...words.flatMap((word) => [word >> 8, word & 0xff]));
  }

  /** On a line, every question that we know has eight bytes. */
  hearLine(chunk: Uint8Array, reply: (bytes: Uint8Array) => void): void {
    for (const frame of this.#frames(chunk, () => 8)) {
      const sum = crc16(MODBUS, frame, 0, 6);
      if (frame[0] !== this.unit || frame[6] !== (sum & 0xff) || frame[7] !== sum >> 8) continue;
      const pdu = this.answer(frame.subarray(1, 6));
      if (!pdu) continue;
      const bytes = Uint8Array.of(this.unit, ...pdu);
      const own = crc16(MODBUS, bytes);
      reply(Uint8Array.of(...bytes, own & 0xff, own >> 8));
    }
  }

  hearTcp(chunk: Uint8Array, reply: (bytes: Uint8Array) => void): void {
    for (const frame of this.#frames(chunk, (bytes) => (bytes.length < 6 ? 6 : 6 + bytes[4]! * 256 + bytes[5]!))) {
      if (frame[6] !== this.unit) continue;
      const pdu = this.answer(frame.subarray(7));
      if (pdu) reply(Uint8Array.of(...frame.subarray(0, 4), 0, pdu.length + 1, this.unit, ...pdu));
    }
  }

  #frames(chunk: Uint8Array, lengthOf: (bytes: Uint8Array) => number): Uint8Array[] {
    this.#pending = Uint8Array.from([...this.#pending, ...chunk]);
    const frames: Uint8Array[] = [];
    for (let length = lengthOf(this.#pending); this.#pending.length >= length; length = lengthOf(this.#pending)) {
      frames.push(this.#pending.slice(0, length));
      this.#pending = this.#pending.slice(length);
    }
    return frames;
  }
}
