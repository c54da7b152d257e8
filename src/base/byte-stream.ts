/** A way that carries bytes in order, and may break: TCP, TLS over it, and the test network look like this. */

import type { LineSecurity } from "./transport.ts";

export interface ByteStream {
  /** Of a stream that is secured, or is to be: how that stands. */
  readonly security?: LineSecurity | undefined;
  /** Of TLS: the alert by which the peer ended the last handshake, by its number (RFC 5246 §7.2). */
  readonly alert?: number | undefined;
  /** Fails if nobody listens there, the peer is not who it should be, or `signal` is aborted. */
  open(signal?: AbortSignal): Promise<void>;
  /** Never throws. False: it could not be taken, because the stream is closed or too much waits to be sent already. */
  write(bytes: Uint8Array): boolean;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Told once, with the reason in words. */
  onClose(listener: (reason: string) => void): void;
  /** Safe to call twice. */
  close(): Promise<void>;
}
