/** One client of the server: its line, from the ClientHello on. */

import type { SecurityFailure } from "../../base/association.ts";
import { Ctrl } from "./constants.ts";
import { failureOf, silence } from "./failure.ts";
import type { Openssl } from "./library.ts";
import type { Line } from "./line.ts";
import { overheadOf } from "./suites.ts";

/** What was agreed with a client, and who it proved to be. */
export interface PeerFacts {
  readonly suite: string;
  readonly resumed: boolean;
  readonly extendedMasterSecret: boolean;
  /** Of a pre-shared key. */
  readonly identity?: Uint8Array;
  /** DER of the certificate that it showed. */
  readonly certificate?: Uint8Array;
}

interface PeerParts {
  readonly openssl: Openssl;
  readonly line: Line;
  /** What its ClientHello began with: a repetition is known by it. */
  readonly clientRandom: string;
  readonly maxDatagram: number;
  readonly owner: {
    transmit(datagram: Uint8Array): void;
    opened(facts: PeerFacts): void;
    received(payload: Uint8Array): void;
    ended(failure: SecurityFailure): void;
  };
}

/** With a first wait of 1 s: about two minutes. */
const MAX_REPETITIONS = 6;
const WHO = "what we offered";

export class ServerPeer {
  readonly clientRandom: string;
  readonly #parts: PeerParts;
  #state: "handshaking" | "open" | "ended" = "handshaking";
  #maxPayload = 0;

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.clientRandom = parts.clientRandom;
  }

  get deadline(): number | undefined {
    return this.#state === "handshaking" ? this.#parts.line.deadline : undefined;
  }

  receive(datagram: Uint8Array, now: number): void {
    if (this.#state === "ended") return;
    this.#parts.line.feed(datagram);
    if (this.#state === "handshaking") this.#after(this.#parts.line.handshake(now));
    this.#read(now);
  }

  onTimeout(now: number): void {
    const { line } = this.#parts;
    if (this.deadline === undefined || now < this.deadline) return;
    if (line.repetitions >= MAX_REPETITIONS) {
      this.#end(silence({ heard: true, proved: false, who: WHO }));
      return;
    }
    this.#after(line.repeat(now));
  }

  send(payload: Uint8Array, now: number): boolean {
    if (this.#state !== "open" || payload.length > this.#maxPayload) return false;
    const progress = this.#parts.line.write(payload, now);
    this.#transmit();
    return progress.status === "done";
  }

  close(now: number): void {
    if (this.#state === "open") {
      this.#parts.line.shutdown(now);
      this.#transmit();
    }
    this.#end({ kind: "closed", reason: "closed by us" });
  }

  /** Ends without a word to the client. */
  vanish(): void {
    this.#end({ kind: "closed", reason: "forgotten" });
  }

  #after(progress: ReturnType<Line["handshake"]>): void {
    const { openssl, line } = this.#parts;
    this.#transmit();
    if (progress.status === "failed" || progress.status === "closed")
      this.#end(failureOf(progress, { judgement: undefined, who: WHO }));
    else if (this.#state === "handshaking" && openssl.api.SSL_is_init_finished(line.ssl) === 1) this.#open();
  }

  #open(): void {
    const { openssl, line, maxDatagram, owner } = this.#parts;
    const { api } = openssl;
    this.#state = "open";
    const cipher = api.SSL_get_current_cipher(line.ssl);
    this.#maxPayload = maxDatagram - overheadOf(api.SSL_CIPHER_get_protocol_id(cipher));
    const identity = api.SSL_get_psk_identity(line.ssl);
    const certificate = api.SSL_get1_peer_certificate(line.ssl);
    const facts: PeerFacts = {
      suite: api.SSL_CIPHER_standard_name(cipher) ?? "unknown",
      resumed: api.SSL_session_reused(line.ssl) === 1,
      extendedMasterSecret: api.SSL_ctrl(line.ssl, Ctrl.ExtendedMasterSecret, 0, null) === 1,
      ...(identity !== null && { identity: openssl.callbacks.text(identity) }),
      ...(certificate !== null && { certificate: openssl.certificate(certificate) }),
    };
    if (certificate !== null) api.X509_free(certificate);
    owner.opened(facts);
  }

  #read(now: number): void {
    while (this.#state === "open") {
      const read = this.#parts.line.read(now);
      this.#transmit();
      if (read instanceof Uint8Array) this.#parts.owner.received(read);
      else {
        if (read.status === "failed" || read.status === "closed")
          this.#end(failureOf(read, { judgement: undefined, who: WHO }));
        return;
      }
    }
  }

  #transmit(): void {
    for (const datagram of this.#parts.line.drain()) this.#parts.owner.transmit(datagram);
  }

  #end(failure: SecurityFailure): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#parts.line.free();
    this.#parts.owner.ended(failure);
  }
}
