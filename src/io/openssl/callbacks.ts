/** What OpenSSL asks back in the middle of a call: keys, judgements, cookies, how long to wait. */

import type * as Koffi from "koffi";
import type { Pointer, Symbols } from "./symbols.ts";

/** The answers of one line, asked only while one of its calls runs. */
export interface Hooks {
  /** Milliseconds until a flight is repeated; `again` if that has happened already. */
  readonly wait: (again: boolean) => number;
  /** Who we are, and with which key. */
  readonly clientKey?: () => { readonly identity: Uint8Array; readonly key: Uint8Array };
  /** The key of an identity; undefined: unknown. */
  readonly serverKey?: (identity: Uint8Array) => Uint8Array | undefined;
  /** One of `VerifyError`. */
  readonly judge?: (chain: readonly Uint8Array[]) => number;
  /** Proves that whoever says it again receives what is sent there (RFC 6347 §4.2.1). */
  readonly cookie?: () => Uint8Array;
}

/** The addresses that OpenSSL calls. */
export interface CallbackPointers {
  readonly wait: bigint;
  readonly clientKey: bigint;
  readonly serverKey: bigint;
  readonly judge: bigint;
  readonly makeCookie: bigint;
  readonly checkCookie: bigint;
}

interface CallbackParts {
  readonly koffi: Pick<typeof Koffi, "proto" | "pointer" | "register">;
  readonly api: Symbols;
  readonly certificate: (x509: Pointer) => Uint8Array;
}

/** Longer ones are cut here; OpenSSL has no room for them either. */
const MAX_IDENTITY = 256;
const MAX_CHAIN = 10;
const END = Uint8Array.of(0);
/** What `DTLS1_COOKIE_LENGTH` allows. */
const MAX_COOKIE = 255;

/**
 * One set for all lines: JavaScript runs one call at a time, so that the line whose call runs is the one that is
 * asked. Nothing thrown gets into C: the line hears "no", and the fault is told afterwards.
 */
export class Callbacks {
  readonly pointers: CallbackPointers;
  readonly #parts: CallbackParts;
  #hooks: Hooks | undefined;
  #fault: unknown;

  constructor(parts: CallbackParts) {
    this.#parts = parts;
    const { koffi } = parts;
    const pointerTo = (result: string, takes: string[], callback: (...values: never[]) => number) =>
      koffi.register(callback, koffi.pointer(koffi.proto(result, takes)));
    const address = "void *";
    this.pointers = {
      wait: pointerTo("unsigned int", [address, "unsigned int"], (_: Pointer, before: number) => this.#wait(before)),
      clientKey: pointerTo(
        "unsigned int",
        [address, address, address, "unsigned int", address, "unsigned int"],
        (...[, , identity, identityRoom, key, keyRoom]: ClientKeyCall) =>
          this.#clientKey({ at: identity, room: identityRoom }, { at: key, room: keyRoom }),
      ),
      serverKey: pointerTo(
        "unsigned int",
        [address, address, address, "unsigned int"],
        (_: Pointer, identity: Pointer, key: Pointer, room: number) => this.#serverKey(identity, { at: key, room }),
      ),
      judge: pointerTo("int", [address, address], (judged: Pointer) => this.#judge(judged)),
      makeCookie: pointerTo("int", [address, address, address], (_: Pointer, cookie: Pointer, length: Pointer) =>
        this.#makeCookie(cookie, length),
      ),
      checkCookie: pointerTo("int", [address, address, "unsigned int"], (_: Pointer, cookie: Pointer, length: number) =>
        this.#checkCookie(cookie, length),
      ),
    };
  }

  /** Runs a call of a line, which may ask back. Calls may nest. */
  during<T>(hooks: Hooks, call: () => T): T {
    const before = this.#hooks;
    this.#hooks = hooks;
    try {
      return call();
    } finally {
      this.#hooks = before;
    }
  }

  /** What a hook threw since this was last asked. */
  takeFault(): unknown {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  #guarded(answer: (hooks: Hooks) => number): number {
    try {
      return this.#hooks ? answer(this.#hooks) : 0;
    } catch (error) {
      this.#fault ??= error;
      return 0;
    }
  }

  #wait(before: number): number {
    return this.#guarded((hooks) => hooks.wait(before !== 0) * 1_000);
  }

  #clientKey(identity: Room, key: Room): number {
    return this.#guarded((hooks) => {
      const mine = hooks.clientKey?.();
      // The identity ends with a zero byte: there must be room for it.
      if (!mine || mine.identity.length >= identity.room) return 0;
      this.#put(identity, Buffer.concat([mine.identity, END]));
      return this.#put(key, mine.key);
    });
  }

  #serverKey(identity: Pointer, key: Room): number {
    return this.#guarded((hooks) => {
      const found = identity === null ? undefined : hooks.serverKey?.(this.text(identity));
      return found ? this.#put(key, found) : 0;
    });
  }

  #judge(judged: Pointer): number {
    const { api, certificate } = this.#parts;
    return this.#guarded((hooks) => {
      const stack = api.X509_STORE_CTX_get0_untrusted(judged);
      const length = stack === null ? 0 : Math.min(api.OPENSSL_sk_num(stack), MAX_CHAIN);
      const chain = Array.from({ length }, (_, index) => certificate(api.OPENSSL_sk_value(stack, index)));
      const verdict = hooks.judge?.(chain) ?? 1;
      api.X509_STORE_CTX_set_error(judged, verdict);
      return verdict === 0 ? 1 : 0;
    });
  }

  #makeCookie(cookie: Pointer, length: Pointer): number {
    return this.#guarded((hooks) => {
      const made = hooks.cookie?.();
      if (!made) return 0;
      this.#put({ at: cookie, room: MAX_COOKIE }, made);
      this.#parts.api.memcpy(length, new Uint8Array(Uint32Array.of(made.length).buffer), 4);
      return 1;
    });
  }

  #checkCookie(cookie: Pointer, length: number): number {
    return this.#guarded((hooks) => {
      const made = hooks.cookie?.();
      const shown = this.bytes(cookie, length);
      // Not a secret of anybody's: it says where somebody is, and is said in the clear.
      return made !== undefined && Buffer.compare(made, shown) === 0 ? 1 : 0;
    });
  }

  /** A copy of what stands before the zero byte. */
  text(at: bigint): Uint8Array {
    return this.bytes(at, this.#parts.api.strnlen(at, MAX_IDENTITY));
  }

  /** A copy of bytes of C; a view of them would outlive them. */
  bytes(at: Pointer, length: number): Uint8Array {
    const copy = new Uint8Array(length);
    this.#parts.api.memcpy(copy, at, length);
    return copy;
  }

  /** How many bytes were put there; none if they do not fit. */
  #put({ at, room }: Room, bytes: Uint8Array): number {
    if (bytes.length > room) return 0;
    this.#parts.api.memcpy(at, bytes, bytes.length);
    return bytes.length;
  }
}

interface Room {
  readonly at: Pointer;
  readonly room: number;
}

/** `SSL *`, the server's hint, room for the identity, room for the key. */
type ClientKeyCall = [Pointer, Pointer, Pointer, number, Pointer, number];
