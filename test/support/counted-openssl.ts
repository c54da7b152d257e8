/** OpenSSL with its memory counted: what was asked of it, and not given back yet. */

import type { Openssl } from "../../src/io/openssl/library.ts";
import type { Pointer } from "../../src/io/openssl/symbols.ts";

export interface Alive {
  readonly lines: number;
  readonly contexts: number;
  /** Wires of lines are freed with these, and not counted from then on. */
  readonly wires: number;
  readonly certificates: number;
  readonly sessions: number;
  readonly addresses: number;
}

export const NOTHING_LEFT: Alive = { lines: 0, contexts: 0, wires: 0, certificates: 0, sessions: 0, addresses: 0 };

export interface Counted {
  readonly openssl: Openssl;
  /** What lives now. */
  readonly alive: () => Alive;
  /** Freed though it did not live: a second time, or never made. */
  readonly doubleFrees: () => number;
  /** All that was ever made. */
  readonly made: () => number;
}

/** The same library; only what goes through the `openssl` given here is counted. */
export function counted(real: Openssl): Counted {
  const { api } = real;
  const living = new Map<bigint, keyof Alive>();
  const wires = new Map<bigint, readonly Pointer[]>();
  let doubles = 0;
  let made = 0;
  const born = (kind: keyof Alive, pointer: Pointer): Pointer => {
    if (pointer === null) return pointer;
    made += 1;
    living.set(pointer, kind);
    return pointer;
  };
  const gone = (pointer: Pointer): void => {
    if (pointer !== null && !living.delete(pointer)) doubles += 1;
  };
  const openssl: Openssl = {
    ...real,
    api: {
      ...api,
      SSL_CTX_new: (method) => born("contexts", api.SSL_CTX_new(method)),
      SSL_CTX_free: (context) => {
        gone(context);
        api.SSL_CTX_free(context);
      },
      SSL_new: (context) => born("lines", api.SSL_new(context)),
      SSL_set_bio: (ssl, input, output) => {
        if (ssl !== null) wires.set(ssl, [input, output]);
        api.SSL_set_bio(ssl, input, output);
      },
      SSL_free: (ssl) => {
        gone(ssl);
        for (const wire of (ssl !== null && wires.get(ssl)) || []) gone(wire);
        if (ssl !== null) wires.delete(ssl);
        api.SSL_free(ssl);
      },
      BIO_new: (type) => born("wires", api.BIO_new(type)),
      BIO_free: (bio) => {
        gone(bio);
        return api.BIO_free(bio);
      },
      BIO_ADDR_new: () => born("addresses", api.BIO_ADDR_new()),
      BIO_ADDR_free: (address) => {
        gone(address);
        api.BIO_ADDR_free(address);
      },
      PEM_read_bio_SSL_SESSION: (...from) => born("sessions", api.PEM_read_bio_SSL_SESSION(...from)),
      SSL_SESSION_free: (session) => {
        gone(session);
        api.SSL_SESSION_free(session);
      },
      SSL_get1_peer_certificate: (ssl) => born("certificates", api.SSL_get1_peer_certificate(ssl)),
      X509_free: (certificate) => {
        if (certificate !== null && living.has(certificate)) gone(certificate);
        api.X509_free(certificate);
      },
    },
  };
  const alive = (): Alive => {
    const counts = { lines: 0, contexts: 0, wires: 0, certificates: 0, sessions: 0, addresses: 0 };
    for (const kind of living.values()) counts[kind] += 1;
    return counts;
  };
  return { openssl, alive, doubleFrees: () => doubles, made: () => made };
}
