/** The Block options of CoAP (RFC 7959 §2.2), as far as node-coap has to be watched over. */

import type { CoapPacket } from "coap";

export const EMPTY = "0.00";

export interface Block {
  readonly number: number;
  readonly more: boolean;
  /** Where the block begins in its body. */
  readonly offset: number;
  /** The option as it came. */
  readonly raw: Buffer;
}

/** Undefined: there is no such option, or one that cannot be read. */
export function blockOf(packet: Pick<CoapPacket, "options">, name: "Block1" | "Block2"): Block | undefined {
  const raw = packet.options?.find((option) => option.name === name)?.value;
  if (!Buffer.isBuffer(raw) || raw.length > 3) return undefined;
  const field = raw.reduce((sum, byte) => sum * 256 + byte, 0);
  const number = Math.floor(field / 16);
  return { number, more: (field & 8) !== 0, offset: number * 2 ** ((field & 7) + 4), raw };
}
