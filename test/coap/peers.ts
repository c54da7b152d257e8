/** Two endpoints of ours on one wire in virtual time, and a bare far end that says exactly what a test wants. */

import { silentLog } from "../../src/base/log.ts";
import { decodeMessage, encodeMessage } from "../../src/coap/codec.ts";
import { Endpoint } from "../../src/coap/endpoint.ts";
import type { Message, Option } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import type { Parameters } from "../../src/coap/parameters.ts";
import type { IncomingRequest, NotificationFate, Observation, ObservationEnd, Reply } from "../../src/coap/request.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type VirtualTransport, wire } from "../support/virtual-network.ts";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const asText = (value: Uint8Array): string => new TextDecoder().decode(value);
export const NOTHING = new Uint8Array(0);

export interface Pair {
  readonly clock: FakeClock;
  readonly near: Endpoint;
  readonly far: Endpoint;
  readonly nearWire: VirtualTransport;
  readonly farWire: VirtualTransport;
}

/** Two endpoints, each the other's peer. */
export function pair(parameters: Partial<Parameters> = {}, maxDatagram = 1_280): Pair {
  const clock = new FakeClock();
  const { near, far } = wire(maxDatagram);
  const endpoint = (transport: VirtualTransport, seed: number) =>
    new Endpoint({ transport, clock, random: new SeededRandom(seed), log: silentLog, parameters });
  return { clock, near: endpoint(near, 1), far: endpoint(far, 2), nearWire: near, farWire: far };
}

/** One endpoint, and a far end that a test plays by hand. */
export class Stage {
  readonly clock = new FakeClock();
  readonly endpoint: Endpoint;
  readonly wire: VirtualTransport;
  readonly #far: VirtualTransport;
  #heard: Message[] = [];

  constructor(parameters: Partial<Parameters> = {}, maxDatagram = 1_280) {
    const { near, far } = wire(maxDatagram);
    this.wire = near;
    this.#far = far;
    far.onDatagram((datagram) => this.#heard.push(decodeMessage(datagram)));
    this.endpoint = new Endpoint({
      transport: near,
      clock: this.clock,
      random: new SeededRandom(7),
      log: silentLog,
      parameters,
    });
  }

  /** What the endpoint has sent since the last look. */
  heard(): Message[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  /** The one message that the endpoint has sent since the last look. */
  only(): Message {
    const heard = this.heard();
    if (heard.length !== 1) throw new Error(`${heard.length} messages: ${heard.map(show).join(", ")}`);
    return heard[0]!;
  }

  say(message: Partial<Message>): void {
    this.#far.send(
      encodeMessage({ type: "CON", code: 0, messageId: 0, token: NOTHING, options: [], payload: NOTHING, ...message }),
    );
  }

  sayBytes(datagram: Uint8Array): void {
    this.#far.send(datagram);
  }
}

/** "CON 2.05 #17 observe=3". */
export function show({ type, code, messageId }: Message): string {
  return `${type} ${code >> 5}.${String(code & 31).padStart(2, "0")} #${messageId}`;
}

export function pathOptions(path: string): Option[] {
  return path
    .split("/")
    .filter(Boolean)
    .map((segment) => stringOption(OptionNumber.UriPath, segment));
}

export function uintOf(message: Message, number: number): number | undefined {
  const option = message.options.find((other) => other.number === number);
  if (option === undefined) return undefined;
  return option.value.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function bytesOf(message: Message, number: number): Uint8Array | undefined {
  return message.options.find((other) => other.number === number)?.value;
}

/** "number/more/size", as RFC 7959 writes its figures. */
export function blockOf(message: Message, number: number): string | undefined {
  const value = uintOf(message, number);
  return value === undefined ? undefined : `${value >> 4}/${(value >> 3) & 1}/${16 << (value & 7)}`;
}

/** The option that "number/more/size" means. */
export function block(option: number, figure: string): Option {
  const [number = 0, more = 0, size = 16] = figure.split("/").map(Number);
  return uintOption(option, (number << 4) | (more << 3) | Math.log2(size / 16));
}

/** A resource that can be observed: keeps what the observer was told. */
export class Observable {
  observation: Observation | undefined;
  readonly ends: ObservationEnd[] = [];
  readonly asked: IncomingRequest[] = [];
  reply: Reply = { code: 0x45, format: 0, payload: text("first") };
  outlivesSilence = false;

  readonly handler = (request: IncomingRequest): Reply => {
    this.asked.push(request);
    return {
      ...this.reply,
      observer: {
        started: (observation) => (this.observation = observation),
        ended: (why) => {
          this.ends.push(why);
          this.observation = undefined;
        },
        outlivesSilence: this.outlivesSilence,
      },
    };
  };

  notify(value: string, confirmable = true, settled?: (fate: NotificationFate) => void): void {
    const options = settled === undefined ? { confirmable } : { confirmable, settled };
    this.observation?.notify({ code: 0x45, format: 0, payload: text(value) }, options);
  }
}
