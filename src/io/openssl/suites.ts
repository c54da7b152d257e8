/** The cipher suites that LwM2M needs, by the number that goes over the wire and by OpenSSL's name. */

interface OpensslSuite {
  readonly id: number;
  /** As `SSL_CTX_set_cipher_list` wants it. */
  readonly name: string;
  readonly keys: "psk" | "certificate";
  /** What a record costs at most: header, explicit nonce or IV, tag or MAC and padding. */
  readonly overhead: number;
}

const HEADER = 13;
/** RFC 6655 §3, RFC 5288 §3: 8 bytes of nonce travel with each record. */
const NONCE = 8;
/** RFC 5246 §6.2.3.2 with SHA-256: IV, MAC and a whole block of padding. */
const CBC = 16 + 32 + 16;

const SUITES: readonly OpensslSuite[] = [
  { id: 0xc0a8, name: "PSK-AES128-CCM8", keys: "psk", overhead: HEADER + NONCE + 8 },
  { id: 0xc0a4, name: "PSK-AES128-CCM", keys: "psk", overhead: HEADER + NONCE + 16 },
  { id: 0x00a8, name: "PSK-AES128-GCM-SHA256", keys: "psk", overhead: HEADER + NONCE + 16 },
  { id: 0xc0ae, name: "ECDHE-ECDSA-AES128-CCM8", keys: "certificate", overhead: HEADER + NONCE + 8 },
  { id: 0xc0ac, name: "ECDHE-ECDSA-AES128-CCM", keys: "certificate", overhead: HEADER + NONCE + 16 },
  { id: 0xc02b, name: "ECDHE-ECDSA-AES128-GCM-SHA256", keys: "certificate", overhead: HEADER + NONCE + 16 },
  { id: 0x00ae, name: "PSK-AES128-CBC-SHA256", keys: "psk", overhead: HEADER + CBC },
  { id: 0xc037, name: "ECDHE-PSK-AES128-CBC-SHA256", keys: "psk", overhead: HEADER + CBC },
  { id: 0xc023, name: "ECDHE-ECDSA-AES128-SHA256", keys: "certificate", overhead: HEADER + CBC },
];

/** Mandatory ones first (RFC 7925 §4.2, §4.4); none with CBC unless asked for. */
export const USUAL_SUITES: readonly number[] = [0xc0a8, 0xc0a4, 0x00a8, 0xc0ae, 0xc0ac, 0xc02b];

/**
 * The list for OpenSSL, in the order given. Level 0, because newer ones refuse an 8-byte tag at any other; what may
 * be agreed is this list and nothing else.
 * @throws RangeError if none of them is left.
 */
export function cipherList(ids: readonly number[], keys: OpensslSuite["keys"] | "both"): string {
  const names = ids.flatMap((id) =>
    SUITES.filter((suite) => suite.id === id && (keys === "both" || suite.keys === keys)),
  );
  if (names.length === 0) throw new RangeError("none of the cipher suites is one that OpenSSL has for such keys");
  return `${names.map(({ name }) => name).join(":")}:@SECLEVEL=0`;
}

/** Bytes that a record costs at most; the dearest one's as long as none has been agreed. */
export function overheadOf(id: number | undefined): number {
  return SUITES.find((suite) => suite.id === id)?.overhead ?? HEADER + CBC;
}
