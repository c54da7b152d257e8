/** One secured line between two memory wires: datagrams in, datagrams out, and what OpenSSL made of them. */

import { words } from "../../base/errors.ts";
import type { Hooks } from "./callbacks.ts";
import { ALERT_REASON, BioCtrl, Ctrl, REASON_MASK, SHUT_DOWN, SslError } from "./constants.ts";
import { datagramsOf } from "./datagrams.ts";
import type { Openssl } from "./library.ts";
import type { Pointer } from "./symbols.ts";

/** How far a call came. */
export type Progress =
  | { readonly status: "done" }
  | { readonly status: "waiting" }
  /** The peer said close_notify, or the line is freed. */
  | { readonly status: "closed" }
  /** `alert`: the peer's, by its name in RFC 5246 §7.2. */
  | { readonly status: "failed"; readonly reason: string; readonly alert?: string };

/** Whose clock says when a flight is repeated: OpenSSL looks at the real one, tests have their own. */
export interface Timing {
  /** What OpenSSL is told to wait when `ms` is meant, in milliseconds. */
  readonly told: (ms: number) => number;
  readonly attach: (ssl: bigint, input: bigint) => void;
  /** The time has come: makes OpenSSL believe it. */
  readonly expire: (ssl: bigint) => void;
  readonly detach: (ssl: bigint) => void;
}

export const realTiming: Timing = {
  told: (ms) => ms,
  attach: () => undefined,
  expire: () => undefined,
  detach: () => undefined,
};

export interface LineOptions {
  readonly role: "client" | "server";
  /** Bytes of a datagram. */
  readonly mtu: number;
  /** Before a flight is repeated for the first time, milliseconds; doubled each time up to 60 s (RFC 6347 §4.2.4.1). */
  readonly retransmitMs: number;
  readonly timing: Timing;
  readonly hooks: Omit<Hooks, "wait">;
}

const MAX_WAIT_MS = 60_000;
/** OpenSSL believes that a time has come up to 15 ms early; where it does not, it is asked again after this. */
const ASK_AGAIN_MS = 10;
/** More than any record has (RFC 6347 §4.1); the rest of a longer datagram is nobody's. */
const MAX_INPUT = 17_000;
/** From the third silence on, a flight travels in smaller pieces. */
const SHRINK_AFTER = 2;
/** The least that OpenSSL accepts as MTU. */
const LEAST_MTU = 256;

const DONE: Progress = { status: "done" };
const WAITING: Progress = { status: "waiting" };
const CLOSED: Progress = { status: "closed" };

/** For what comes out of OpenSSL; copied before anybody else may run. */
const scratch = new Uint8Array(MAX_INPUT);

export class Line {
  readonly ssl: bigint;
  /** When the flight under way is repeated; undefined: nothing waits. */
  deadline: number | undefined;
  /** How often the flight under way has been repeated. */
  repetitions = 0;
  readonly #openssl: Openssl;
  readonly #options: LineOptions;
  readonly #input: bigint;
  readonly #output: bigint;
  readonly #hooks: Hooks;
  #mtu = 0;
  #wait = 0;
  #armed = false;
  #freed = false;

  /** @throws Error if OpenSSL has no memory left. */
  constructor(openssl: Openssl, context: Pointer, options: LineOptions) {
    const { api, callbacks } = openssl;
    this.#openssl = openssl;
    this.#options = options;
    this.#input = wire(openssl);
    this.#output = wire(openssl);
    this.ssl = present(api.SSL_new(context));
    // From here on both wires are the line's, and are freed with it.
    api.SSL_set_bio(this.ssl, this.#input, this.#output);
    if (options.role === "client") api.SSL_set_connect_state(this.ssl);
    else api.SSL_set_accept_state(this.ssl);
    this.#travelIn(options.mtu);
    this.#hooks = { ...options.hooks, wait: (again) => this.#arm(again) };
    api.DTLS_set_timer_cb(this.ssl, callbacks.pointers.wait);
    options.timing.attach(this.ssl, this.#input);
  }

  get freed(): boolean {
    return this.#freed;
  }

  /** Puts one datagram where the next call finds it. */
  feed(datagram: Uint8Array): void {
    if (this.#freed || datagram.length === 0) return;
    // What the last call left of its datagram must not become the head of this one.
    this.#openssl.api.BIO_ctrl(this.#input, BioCtrl.Reset, 0, null);
    this.#openssl.api.BIO_write(this.#input, datagram, Math.min(datagram.length, MAX_INPUT));
  }

  handshake(now: number): Progress {
    return this.#call(now, () => this.#openssl.api.SSL_do_handshake(this.ssl));
  }

  /** Waits for a ClientHello with a cookie (RFC 6347 §4.2.1); `done`: it came, and must be fed once more. */
  listen(now: number, address: Pointer): Progress {
    return this.#call(now, () => {
      const result = this.#openssl.api.DTLSv1_listen(this.ssl, address);
      return result === 0 ? -1 : result;
    });
  }

  /** One payload that the peer sealed, as a copy, or how it stands. */
  read(now: number): Uint8Array | Progress {
    let length = 0;
    const progress = this.#call(now, () => {
      length = this.#openssl.api.SSL_read(this.ssl, scratch, scratch.length);
      return length;
    });
    return progress.status === "done" ? scratch.slice(0, length) : progress;
  }

  write(payload: Uint8Array, now: number): Progress {
    return this.#call(now, () => this.#openssl.api.SSL_write(this.ssl, payload, payload.length));
  }

  /** Everything that OpenSSL wants sent. */
  drain(): Uint8Array[] {
    if (this.#freed) return [];
    const length = this.#openssl.api.BIO_read(this.#output, scratch, scratch.length);
    if (length <= 0) return [];
    let bytes = scratch.slice(0, length);
    while (bytes.length % scratch.length === 0) {
      const more = this.#openssl.api.BIO_read(this.#output, scratch, scratch.length);
      if (more <= 0) break;
      bytes = Buffer.concat([bytes, scratch.subarray(0, more)]);
    }
    return datagramsOf(bytes, this.#mtu);
  }

  /** Repeats the flight under way, if OpenSSL agrees that it is time. */
  repeat(now: number): Progress {
    if (this.#freed) return CLOSED;
    // A way that swallows large datagrams may let smaller pieces of the messages through (RFC 6347 §4.1.1.1).
    if (this.repetitions >= SHRINK_AFTER) this.#travelIn(this.#mtu / 2);
    this.#options.timing.expire(this.ssl);
    const progress = this.#call(now, () => {
      const result = this.#openssl.api.SSL_ctrl(this.ssl, Ctrl.DtlsHandleTimeout, 0, null);
      if (result === 0) this.deadline = now + ASK_AGAIN_MS;
      return result === 0 ? 1 : result;
    });
    return progress;
  }

  /** Says close_notify; `drain` has it. */
  shutdown(now: number): void {
    this.#call(now, () => this.#openssl.api.SSL_shutdown(this.ssl));
  }

  /** Safe to call twice; nothing of OpenSSL's is touched afterwards. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.deadline = undefined;
    this.#options.timing.detach(this.ssl);
    // A line that only falls silent takes its session with it otherwise, and nobody could resume it.
    this.#openssl.api.SSL_set_shutdown(this.ssl, SHUT_DOWN);
    this.#openssl.api.SSL_free(this.ssl);
  }

  #travelIn(mtu: number): void {
    this.#mtu = Math.max(Math.floor(mtu), LEAST_MTU);
    this.#openssl.api.SSL_ctrl(this.ssl, Ctrl.Mtu, this.#mtu, null);
  }

  #arm(again: boolean): number {
    this.repetitions = again ? this.repetitions + 1 : 0;
    this.#wait = again ? Math.min(this.#wait * 2, MAX_WAIT_MS) : this.#options.retransmitMs;
    this.#armed = true;
    return this.#options.timing.told(this.#wait);
  }

  #call(now: number, call: () => number): Progress {
    if (this.#freed) return CLOSED;
    const { api, callbacks } = this.#openssl;
    // Node's own cryptography leaves its errors in the same queue.
    api.ERR_clear_error();
    const result = callbacks.during(this.#hooks, call);
    this.#schedule(now);
    return result > 0 ? DONE : this.#ending(result);
  }

  #schedule(now: number): void {
    if (this.#armed) this.deadline = now + this.#wait;
    else if (this.deadline !== undefined && this.#openssl.api.SSL_ctrl(this.ssl, Ctrl.DtlsTimeout, 0, TIMEVAL) === 0)
      this.deadline = undefined;
    this.#armed = false;
  }

  #ending(result: number): Progress {
    const { api, callbacks } = this.#openssl;
    const kind = api.SSL_get_error(this.ssl, result);
    if (kind === SslError.WantRead || kind === SslError.WantWrite) return WAITING;
    if (kind === SslError.ZeroReturn) return CLOSED;
    const code = Number(api.ERR_get_error());
    api.ERR_clear_error();
    const reason = code & REASON_MASK;
    const fault = callbacks.takeFault();
    if (fault !== undefined) return { status: "failed", reason: words(fault) };
    if (reason >= ALERT_REASON)
      return { status: "failed", reason: "the peer refused", alert: this.#alert(reason - ALERT_REASON) };
    return { status: "failed", reason: api.ERR_reason_error_string(code) ?? "OpenSSL gave up without a reason" };
  }

  /** OpenSSL's words for alerts are the RFC's, with spaces. */
  #alert(number: number): string {
    return this.#openssl.api.SSL_alert_desc_string_long(number).toLowerCase().replaceAll(" ", "_");
  }
}

/** Room for a `struct timeval` of any machine; what stands in it is not read. */
const TIMEVAL = new Uint8Array(32);

function wire({ api }: Openssl): bigint {
  const bio = present(api.BIO_new(api.BIO_s_mem()));
  // Empty is not over: else OpenSSL would take it for the end of the wire.
  api.BIO_ctrl(bio, BioCtrl.EofReturn, -1, null);
  return bio;
}

/** @throws Error where C answered null. */
export function present(pointer: Pointer): bigint {
  if (pointer === null) throw new Error("OpenSSL has no memory left");
  return pointer;
}
