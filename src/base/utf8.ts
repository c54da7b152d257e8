/** Text to bytes of UTF-8 (RFC 3629), fast where it is short and ASCII: what a sensor says nearly always is. */

const UTF8 = new TextEncoder();
/** Arrays up to this size live in the ordinary heap; beyond it the pool is cheaper than an array of its own. */
const SMALL = 64;

/** A call into the platform's encoder costs ten times as much as a loop over a few characters. */
export function toUtf8(text: string): Uint8Array {
  const { length } = text;
  const bytes = length <= SMALL ? new Uint8Array(length) : pooled(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return UTF8.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

function pooled(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length);
  return new Uint8Array(buffer, byteOffset, length);
}
