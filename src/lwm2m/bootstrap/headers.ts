/** Which Instances a TLV of an Object is about, those without a single Resource too (LwM2M Core 1.2 §7.4.4). */

import { child, MAX_ID, type Path } from "../../model/path.ts";

/** Of a payload that has been decoded already: what is malformed in it was refused there, and here ends the list. */
export function instancesIn(object: Path, payload: Uint8Array): Path[] {
  const found: Path[] = [];
  let at = 0;
  while (at < payload.length) {
    const type = payload[at] ?? 0;
    const idEnd = at + ((type & 0x20) === 0 ? 2 : 3);
    const contentAt = idEnd + ((type >> 3) & 0b11);
    const id = number(payload.subarray(at + 1, idEnd));
    // Anything but an Object Instance on this level would have been refused.
    if (type >> 6 !== 0 || contentAt > payload.length || id > MAX_ID) return found;
    found.push(child(object, id));
    at = contentAt + (contentAt === idEnd ? type & 0b111 : number(payload.subarray(idEnd, contentAt)));
  }
  return found;
}

function number(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}
