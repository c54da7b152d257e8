/** The 16-bit checksums of serial wires that take the lowest bit first: ARC, Modbus, X-25. */

/** How one of them begins and ends; all of these go through their bytes in the same way, with another polynomial. */
export interface Crc16 {
  /** With its bits in reverse. */
  readonly polynomial: number;
  readonly start: number;
  readonly final: number;
}

/** DSMR P1 telegrams (P1 companion standard §5.2). */
export const ARC: Crc16 = { polynomial: 0xa001, start: 0, final: 0 };
/** Modbus RTU (Modbus over serial line §2.5.1.2). */
export const MODBUS: Crc16 = { polynomial: 0xa001, start: 0xffff, final: 0 };
/** SML and HDLC (ITU-T X.25 §2.2.7.4). */
export const X25: Crc16 = { polynomial: 0x8408, start: 0xffff, final: 0xffff };

const TABLES = new Map<number, Uint16Array>();

export function crc16({ polynomial, start, final }: Crc16, bytes: Uint8Array, from = 0, to = bytes.length): number {
  const table = tableOf(polynomial);
  let crc = start;
  for (let i = from; i < to; i++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc ^ final;
}

function tableOf(polynomial: number): Uint16Array {
  const known = TABLES.get(polynomial);
  if (known) return known;
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  TABLES.set(polynomial, table);
  return table;
}
