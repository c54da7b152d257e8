/** All that was said in a handshake, in order, as both ends sign and hash it (RFC 5246 §7.4.9, RFC 6347 §4.2.6). */

import { createHash } from "node:crypto";
import type { HandshakeMessage } from "../reassembly.ts";

export class Transcript {
  #messages: Uint8Array[] = [];

  add({ raw }: HandshakeMessage): void {
    this.#messages.push(raw);
  }

  /** The first ClientHello and the HelloVerifyRequest are no part of it (RFC 6347 §4.2.1). */
  restart(): void {
    this.#messages = [];
  }

  /** SHA-256, the hash of every suite we speak. */
  hash(): Uint8Array {
    const hash = createHash("sha256");
    for (const message of this.#messages) hash.update(message);
    return hash.digest();
  }

  /** What CertificateVerify signs (RFC 5246 §7.4.8). */
  bytes(): Uint8Array {
    return Buffer.concat(this.#messages);
  }
}
