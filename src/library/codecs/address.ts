/** Addresses as bytes: they are part of what seals a message. */

import { DecodeError } from "../../base/bytes.ts";
import type { Frame } from "../../sdk/adapter.ts";

const ADDRESS = /^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}$/;

/** Most significant byte first, as it is written. @throws DecodeError if the host does not tell addresses. */
export function addressOf({ source }: Frame): Uint8Array {
  if (!ADDRESS.test(source)) throw new DecodeError("sealed with its address, which this host does not tell");
  const address = new Uint8Array(6);
  for (let i = 0; i < 6; i++) address[i] = Number.parseInt(source.slice(i * 3, i * 3 + 2), 16);
  return address;
}

/** From the order of the air to that of writing, or back. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}
