/** PEM: DER as text, the way files hold keys and certificates (RFC 7468). */

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, … */
  readonly label: string;
  readonly content: Uint8Array;
}

/** Labels are text of others: what is longer is none. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([\s\S]*?)-----END \1-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const DASHES = Buffer.from("-----BEGIN ");

export function looksLikePem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(DASHES);
}

/** All blocks, whatever stands between them (RFC 7468 §2); those that are not base64 have no content. */
export function pemBlocks(bytes: Uint8Array): readonly PemBlock[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return [...text.matchAll(BLOCK)].map(([, label = "", body = ""]) => {
    const digits = body.replaceAll(/\s+/g, "");
    const readable = digits.length % 4 === 0 && BASE64.test(digits);
    return { label, content: readable ? new Uint8Array(Buffer.from(digits, "base64")) : new Uint8Array() };
  });
}
