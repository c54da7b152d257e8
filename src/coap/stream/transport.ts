/**
 * CoAP on a stream of bytes, as a Transport: above it messages are datagrams, as everywhere; below it they are frames
 * (RFC 8323).
 *
 * What a stream does by itself never reaches it: acknowledgements, resets and repetitions end here (§3.3, §3.4). A request
 * of ours is acknowledged as soon as it is written, since its answer will tell the rest. Anything else that asks for an
 * acknowledgement, a notification above all, is followed by a Ping with Custody, and acknowledged when the Pong comes
 * back: until then it may still be lost with the stream (§5.4.1).
 */

import { DecodeError } from "../../base/bytes.ts";
import type { ByteStream } from "../../base/byte-stream.ts";
import type { Timer } from "../../base/clock.ts";
import { RefusedError, words } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { LineSecurity, Transport } from "../../base/transport.ts";
import { encodeEmpty } from "../codec.ts";
import { Code, isRequest } from "../message.ts";
import { encodeFrame, FrameReader, frameOf } from "./frame.ts";
import { Greeting } from "./greeting.ts";
import { Liveness, type LivenessOptions } from "./liveness.ts";
import {
  encodeAbort,
  encodePing,
  encodePong,
  encodeRelease,
  encodeSettings,
  isSignal,
  readSignal,
  type Signal,
  USUAL_MAX_MESSAGE,
} from "./signal.ts";

export interface StreamTransportOptions extends LivenessOptions {
  readonly log: Log;
  /** Bytes of the longest message that is taken, 1,152 at least; 16,384 unless given. */
  readonly maxMessage?: number;
  /** How long the peer may take to introduce itself, in milliseconds; 10,000 unless given. */
  readonly greetingMs?: number;
}

/** What one record of TLS carries (RFC 8446 §5.1): some peers never see the rest of a message that takes two. */
const MAX_MESSAGE = 16_384;
const GREETING_MS = 10_000;
/** Longer than this, nobody can ask us to stay away (RFC 8323 §5.5). */
const MAX_HOLD_OFF_S = 3_600;
/** A frame may be two bytes longer than its datagram: four bytes of length and one of lead, in place of type and id. */
const GROWTH = 2;
/** Messages that wait for their Pong; there are no more than NSTART at once, and those that have taken their place. */
const MAX_UNCONFIRMED = 16;
/** Of a datagram, before its token. */
const HEADER_LENGTH = 4;
const CONFIRMABLE = 0;
const RESET = 3;
const NOTHING = new Uint8Array(0);

/** How far it has come: `greeting` until the peer has introduced itself. */
type Phase = "closed" | "opening" | "greeting" | "open";

export class StreamTransport implements Transport {
  /** Messages that the stream would not take, or the peer could not. */
  dropped = 0;
  readonly #stream: ByteStream;
  readonly #options: StreamTransportOptions;
  #phase: Phase = "closed";
  #reader: FrameReader | undefined;
  readonly #liveness: Liveness;
  #greeting: Greeting | undefined;
  #peerMax = USUAL_MAX_MESSAGE;
  #peerBlockwise = false;
  /** Counts openings and closings, so that one under way notices that it is not wanted any more. */
  #epoch = 0;
  /** Of what came last; datagrams have one. */
  #messageId = 0;
  /** What the layers above are just being given. */
  #delivering: Uint8Array | undefined;
  #unconfirmed: number[] | undefined;
  /** Until we may come back. */
  #away: Timer | undefined;
  #onDatagram: ((datagram: Uint8Array) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;

  /** Takes the stream over. */
  constructor(stream: ByteStream, options: StreamTransportOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#liveness = new Liveness(options, {
      ask: () => this.#stream.write(encodePing(NOTHING, false)),
      lost: (reason) => this.#lose(reason),
    });
    stream.onBytes((bytes) => this.#receive(bytes));
    stream.onClose((reason) => this.#lose(reason));
  }

  /** What the peer takes, in bytes of a datagram (§5.3.1), and no more than we would take ourselves. */
  get maxDatagram(): number {
    return Math.min(this.#peerMax, this.#maxMessage) - GROWTH;
  }

  /** Messages may carry several blocks (§6): the peer knows blocks, and takes messages longer than one. */
  get bert(): boolean {
    return this.#peerBlockwise && this.#peerMax > USUAL_MAX_MESSAGE;
  }

  get security(): LineSecurity | undefined {
    return this.#stream.security;
  }

  /** @throws Error if the stream does not open, the peer does not introduce itself, or it is closed meanwhile. */
  async open(signal?: AbortSignal): Promise<void> {
    const closed = this.close();
    const epoch = this.#epoch;
    await closed;
    if (this.#epoch !== epoch) throw new Error("closed while opening");
    const { clock, greetingMs = GREETING_MS } = this.#options;
    this.#phase = "opening";
    this.#reader = new FrameReader(this.#maxMessage, (datagram) => this.#onMessage(datagram));
    try {
      await this.#stream.open(signal);
      if (this.#epoch !== epoch) throw new Error("closed while opening");
      this.#introduce();
      if (this.#greeted) return;
      this.#greeting = new Greeting(clock, greetingMs, signal);
      await this.#greeting.done;
    } catch (error) {
      if (this.#epoch === epoch) await this.#shut();
      const { alert } = this.#stream;
      throw alert === undefined ? error : new RefusedError(words(error), alert);
    }
  }

  send(datagram: Uint8Array): void {
    const code = datagram[1] ?? Code.Empty;
    const lead = datagram[0] ?? 0;
    const type = (lead >> 4) & 3;
    if (this.#phase !== "open" || datagram.length < HEADER_LENGTH + (lead & 0x0f)) return;
    if (code === Code.Empty) {
      if (type === RESET) this.#refuse();
      return;
    }
    const messageId = (datagram[2]! << 8) | datagram[3]!;
    // Sent again while the Pong is awaited: the stream repeats by itself what it has to (§3.4).
    if (type === CONFIRMABLE && this.#unconfirmed?.includes(messageId) === true) return;
    if (!this.#write(frameOf(datagram)) || type !== CONFIRMABLE) return;
    if (isRequest(code)) this.#acknowledge(messageId);
    else this.#confirm(messageId);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#onDatagram = listener;
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
  }

  /** The peer seems to have lost us: a stream of its own, with all that was agreed on the old one gone. */
  async renew(): Promise<void> {
    if (this.#phase === "open") await this.open();
  }

  /** Takes its leave (§5.5) and closes. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#phase === "open") this.#stream.write(encodeRelease());
    await this.#shut();
  }

  get #maxMessage(): number {
    return this.#options.maxMessage ?? MAX_MESSAGE;
  }

  /** §5.3: the first message of each side, and neither waits for the other's. */
  #introduce(): void {
    if (this.#phase !== "opening") return;
    this.#phase = "greeting";
    this.#stream.write(encodeSettings(this.#maxMessage));
  }

  /** Its introduction may be here before our own has left. */
  get #greeted(): boolean {
    return this.#phase === "open";
  }

  #write(frame: Uint8Array): boolean {
    if (frame.length > this.#peerMax || !this.#stream.write(frame)) {
      this.dropped += 1;
      return false;
    }
    this.#liveness.said();
    return true;
  }

  #acknowledge(messageId: number): void {
    this.#onDatagram?.(encodeEmpty("ACK", messageId));
  }

  #confirm(messageId: number): void {
    const token = new Uint8Array([messageId >> 8, messageId & 0xff]);
    this.#unconfirmed ??= [];
    if (this.#unconfirmed.length >= MAX_UNCONFIRMED) this.#unconfirmed.shift();
    // First the note: on a way without delay the Pong comes back before `write` returns.
    this.#unconfirmed.push(messageId);
    if (!this.#write(encodePing(token, true))) this.#take(messageId);
  }

  /** False: nobody waits for this one. */
  #take(messageId: number): boolean {
    const rest = this.#unconfirmed?.filter((each) => each !== messageId);
    if (rest === undefined || rest.length === this.#unconfirmed?.length) return false;
    this.#unconfirmed = rest.length === 0 ? undefined : rest;
    return true;
  }

  /** A stream has no Reset: the request that is being read and cannot be is answered, or its sender would wait for ever. */
  #refuse(): void {
    const request = this.#delivering;
    if (request === undefined || !isRequest(request[1]!)) return;
    const token = request.subarray(HEADER_LENGTH, HEADER_LENGTH + (request[0]! & 0x0f));
    this.#write(encodeFrame(Code.BadRequest, token, NOTHING));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#phase === "closed") return;
    this.#introduce();
    this.#liveness.heard();
    try {
      this.#reader?.push(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#abort(error.message);
    }
  }

  #onMessage(datagram: Uint8Array): void {
    const code = datagram[1]!;
    if (isSignal(code)) {
      this.#onSignal(readSignal(datagram));
      return;
    }
    // §3.4: an Empty message keeps middleboxes awake and means nothing.
    if (code === Code.Empty) return;
    if (this.#phase !== "open") {
      this.#abort("a message before the CSM"); // §5.3
      return;
    }
    this.#messageId = (this.#messageId + 1) & 0xffff;
    // A request is to be answered whatever is wrong with it: a non-confirmable one might be rejected without a word.
    if (isRequest(code)) datagram[0] = datagram[0]! & 0x4f;
    datagram[2] = this.#messageId >> 8;
    datagram[3] = this.#messageId & 0xff;
    this.#delivering = datagram;
    this.#onDatagram?.(datagram);
    this.#delivering = undefined;
  }

  #onSignal(signal: Signal): void {
    if (this.#phase !== "open" && signal.kind !== "csm" && signal.kind !== "abort" && signal.kind !== "release") {
      this.#abort("a message before the CSM");
      return;
    }
    switch (signal.kind) {
      case "csm":
        this.#peerMax = signal.maxMessage ?? this.#peerMax;
        this.#peerBlockwise ||= signal.blockwise === true;
        this.#phase = "open";
        this.#greeting?.meet();
        this.#greeting = undefined;
        return;
      case "ping":
        // §5.4. Without Custody: what came before has been handed up, but may not be dealt with yet.
        this.#write(encodePong(signal.token));
        return;
      case "pong":
        this.#onPong(signal.token);
        return;
      case "foreign":
        this.#abort(`option ${signal.option} is not understood`, signal.csm ? signal.option : undefined);
        return;
      case "release":
        this.#onRelease(signal);
        return;
      case "abort":
        this.#lose(`the server aborted the connection${after(signal.words)}`);
        return;
      case "unknown":
        return;
    }
  }

  #onPong(token: Uint8Array): void {
    if (token.length !== 2) return;
    const messageId = (token[0]! << 8) | token[1]!;
    if (this.#take(messageId)) this.#acknowledge(messageId);
  }

  /** §5.5: the peer wants to go, and may say when we may come back; where else we could go is not followed (§11.2). */
  #onRelease({ alternative, holdOff, words: why }: Signal & { kind: "release" }): void {
    const { clock, log } = this.#options;
    const reason = `the server released the connection${after(why)}`;
    const awayS = Math.min(holdOff, MAX_HOLD_OFF_S);
    if (alternative !== undefined || holdOff > 0) log.info("stream-released", { alternative, holdOff, reason });
    if (this.#phase !== "open" || awayS === 0) {
      this.#lose(reason);
      return;
    }
    void this.#shut();
    this.#away = clock.after(awayS * 1_000, () => this.#onClose?.(reason));
  }

  #abort(why: string, badOption?: number): void {
    this.#stream.write(encodeAbort(why, badOption));
    this.#lose(`the server broke RFC 8323: ${why}`);
  }

  /** The stream is of no use any more, or has ended by itself. */
  #lose(reason: string): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    void this.#shut(reason);
    if (wasOpen) this.#onClose?.(reason);
  }

  /** Never rejects. */
  async #shut(reason = "closed while opening"): Promise<void> {
    this.#epoch += 1;
    this.#phase = "closed";
    this.#away?.cancel();
    this.#greeting?.fail(reason);
    this.#greeting = undefined;
    this.#liveness.stop();
    this.#reader?.stop();
    this.#reader = undefined;
    this.#unconfirmed = undefined;
    this.#peerMax = USUAL_MAX_MESSAGE;
    this.#peerBlockwise = false;
    try {
      await this.#stream.close();
    } catch (error) {
      this.#options.log.debug("stream-close-failed", { reason: words(error) });
    }
  }
}

function after(why: string): string {
  return why === "" ? "" : `: ${why}`;
}

/** A Transport over a stream that is not open yet. */
export const streamTransport = (stream: ByteStream, options: StreamTransportOptions): StreamTransport =>
  new StreamTransport(stream, options);
