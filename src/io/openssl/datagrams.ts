/** Where one datagram ends and the next begins: OpenSSL's memory wire forgets it, the headers of the records tell. */

/** RFC 6347 §4.1: type, version, epoch, sequence number and, in its last two bytes, the length. */
const HEADER = 13;
const EPOCH = 3;
const LENGTH = 11;

/**
 * Whole records packed into as few datagrams as hold them (RFC 6347 §4.1.1), each a copy.
 * A record that is longer than `max` goes alone.
 */
export function datagramsOf(bytes: Uint8Array, max: number): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let start = 0;
  let end = 0;
  while (end < bytes.length) {
    const next = recordEnd(bytes, end);
    if (next - start > max && end > start) {
      datagrams.push(bytes.slice(start, end));
      start = end;
    }
    end = next;
  }
  if (end > start) datagrams.push(bytes.slice(start, end));
  return datagrams;
}

/** Whether a datagram that we made has a record under keys in it. */
export function isProtected(datagram: Uint8Array): boolean {
  for (let at = 0; at + HEADER <= datagram.length; at = recordEnd(datagram, at))
    if (datagram[at + EPOCH] !== 0 || datagram[at + EPOCH + 1] !== 0) return true;
  return false;
}

/**
 * The random of the ClientHello that begins a datagram, as hex: it tells a repetition from a fresh start. Undefined if
 * it begins with anything else, such as a later fragment.
 */
export function clientRandomOf(datagram: Uint8Array): string | undefined {
  const isHello =
    datagram.length >= RANDOM_END &&
    datagram[0] === HANDSHAKE &&
    datagram[EPOCH] === 0 &&
    datagram[EPOCH + 1] === 0 &&
    datagram[HEADER] === CLIENT_HELLO &&
    datagram[FRAGMENT] === 0 &&
    datagram[FRAGMENT + 1] === 0 &&
    datagram[FRAGMENT + 2] === 0;
  return isHello ? Buffer.from(datagram.subarray(RANDOM_END - RANDOM, RANDOM_END)).toString("hex") : undefined;
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** RFC 6347 §4.2.2: the offset of the fragment, after type, length and message_seq. */
const FRAGMENT = HEADER + 6;
const RANDOM = 32;
/** RFC 5246 §7.4.1.2: after the handshake header (12 bytes) and the version (2). */
const RANDOM_END = HEADER + 12 + 2 + RANDOM;

function recordEnd(bytes: Uint8Array, at: number): number {
  const high = bytes[at + LENGTH] ?? 0;
  const low = bytes[at + LENGTH + 1] ?? 0;
  return Math.min(at + HEADER + high * 256 + low, bytes.length);
}
