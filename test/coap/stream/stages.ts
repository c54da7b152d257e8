/** A transport over a stream in memory, with a far end that a test plays byte by byte, and two endpoints with a stream between them. */

import { silentLog } from "../../../src/base/log.ts";
import { decodeMessage, encodeMessage } from "../../../src/coap/codec.ts";
import { Endpoint } from "../../../src/coap/endpoint.ts";
import type { Message, Option } from "../../../src/coap/message.ts";
import type { Parameters } from "../../../src/coap/parameters.ts";
import { FrameReader, frameOf } from "../../../src/coap/stream/frame.ts";
import { encodeSettings, isSignal, readSignal, type Signal } from "../../../src/coap/stream/signal.ts";
import { StreamTransport, type StreamTransportOptions } from "../../../src/coap/stream/transport.ts";
import { FakeClock, settle } from "../../support/fake-clock.ts";
import { MemoryLog } from "../../support/memory-log.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { line, type VirtualStream } from "../../support/virtual-stream.ts";

const NOTHING = new Uint8Array(0);

type Options = Partial<StreamTransportOptions>;

/** One transport of ours, and a peer made of bytes. */
export class StreamStage {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly transport: StreamTransport;
  readonly near: VirtualStream;
  readonly far: VirtualStream;
  /** What reached the layers above. */
  readonly up: Message[] = [];
  readonly closed: string[] = [];
  #messages: Message[] = [];
  #signals: Signal[] = [];

  constructor(options: Options = {}) {
    const { near, far } = line();
    this.near = near;
    this.far = far;
    this.transport = new StreamTransport(near, {
      clock: this.clock,
      random: new SeededRandom(3),
      log: this.log,
      ...options,
    });
    this.transport.onDatagram((datagram) => this.up.push(decodeMessage(datagram)));
    this.transport.onClose((reason) => this.closed.push(reason));
    this.#listen();
  }

  /** Opens both ends; the far end introduces itself with `settings`. */
  async open(settings = encodeSettings(16_640)): Promise<this> {
    const opening = this.begin();
    await settle();
    this.far.write(settings);
    await opening;
    this.signals();
    return this;
  }

  /** Opens the near end, and leaves the far end silent. */
  begin(): Promise<void> {
    void this.far.open();
    this.#listen();
    return this.transport.open();
  }

  say(message: Partial<Message>): void {
    this.far.write(frameOf(bytesOf(message)));
  }

  /** Hands a datagram to the transport, as the layers above would. */
  send(message: Partial<Message>): void {
    this.transport.send(bytesOf(message));
  }

  /** Messages that have arrived at the far end since the last look, signals apart. */
  messages(): Message[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  signals(): Signal[] {
    const signals = this.#signals;
    this.#signals = [];
    return signals;
  }

  #listen(): void {
    const reader = new FrameReader(100_000, (datagram) => {
      if (isSignal(datagram[1]!)) this.#signals.push(readSignal(datagram));
      else this.#messages.push(decodeMessage(datagram));
    });
    this.far.onBytes((bytes) => reader.push(bytes));
  }
}

export function bytesOf(message: Partial<Message>): Uint8Array {
  return encodeMessage({
    type: "CON",
    code: 0,
    messageId: 0,
    token: NOTHING,
    options: [],
    payload: NOTHING,
    ...message,
  });
}

export interface StreamPair {
  readonly clock: FakeClock;
  readonly near: Endpoint;
  readonly far: Endpoint;
  readonly nearStream: VirtualStream;
  readonly farStream: VirtualStream;
  readonly nearTransport: StreamTransport;
  readonly farTransport: StreamTransport;
}

/** Two endpoints, each the other's peer, open. */
export async function streamPair(
  parameters: Partial<Parameters> = {},
  nearOptions: Options = {},
  farOptions: Options = {},
): Promise<StreamPair> {
  const clock = new FakeClock();
  const { near, far } = line();
  const options = (seed: number) => ({ clock, random: new SeededRandom(seed), log: silentLog });
  const nearTransport = new StreamTransport(near, { ...options(1), ...nearOptions });
  const farTransport = new StreamTransport(far, { ...options(2), ...farOptions });
  const pair = {
    clock,
    nearStream: near,
    farStream: far,
    nearTransport,
    farTransport,
    near: new Endpoint({ transport: nearTransport, ...options(3), parameters }),
    far: new Endpoint({ transport: farTransport, ...options(4), parameters }),
  };
  // The far end is there before anybody knocks.
  const accepting = pair.far.open();
  await Promise.all([accepting, pair.near.open()]);
  return pair;
}

/** Bytes of payload in each message that a stream has carried, signals left out, with the code of each. */
export function traffic(stream: VirtualStream): { code: number; options: readonly Option[]; payload: number }[] {
  const found: { code: number; options: readonly Option[]; payload: number }[] = [];
  const reader = new FrameReader(1_000_000, (datagram) => {
    const { code, options, payload } = decodeMessage(datagram);
    if (!isSignal(code)) found.push({ code, options, payload: payload.length });
  });
  for (const bytes of stream.written) reader.push(bytes);
  return found;
}
