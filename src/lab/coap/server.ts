/** node-coap's server half, with what a peer could use against us filed off, and bodies put together here. */

import { type CoapPacket, type IncomingMessage, type OutgoingMessage, Server } from "coap";
import { BoundedMap } from "../../base/bounded.ts";
import type { Log } from "../../base/log.ts";
import type { Socket } from "./agent.ts";
import { type Block, blockOf, EMPTY } from "./block.ts";

export type RequestHandler = (request: IncomingMessage, response: OutgoingMessage) => void;
type Sender = Parameters<Server["_handle"]>[1];

/** A body on its way in, or just complete: its last block may be repeated. */
interface Incoming {
  readonly parts: Buffer[];
  length: number;
  /** Message id of the last block: with another one, the same number is another block. */
  lastId: number;
  complete: boolean;
}

const MAX_BODY = 65_536;
const MAX_BODIES = 64;
/** Bytes of answers kept for duplicates: some 3,000 answers to a Register. */
const CACHE_BYTES = 65_536;

const Code = { Continue: 0x5f, Incomplete: 0x88, TooLarge: 0x8d } as const;

export class LabServer extends Server {
  readonly #log: Log;
  readonly #bodies = new BoundedMap<string, Incoming>(MAX_BODIES);
  /** The Block1 option that the answer has to repeat. */
  readonly #blocks = new WeakMap<CoapPacket, Block>();

  constructor(onRequest: RequestHandler, log: Log) {
    // reuseAddr would let two servers share a port, each with half of the datagrams.
    super({ reuseAddr: false, cacheSize: CACHE_BYTES }, (request: IncomingMessage, response: OutgoingMessage) => {
      try {
        // node-coap forgets to repeat the option in the last answer (RFC 7959 §2.3).
        const block = this.#blocks.get(request._packet);
        if (block) response.setOption("Block1", block.raw);
        onRequest(request, response);
      } catch (error) {
        // Unanswered, node-coap would acknowledge later, perhaps on a closed socket: an exception that nobody catches.
        log.error("lab request failed", { from: request.rsinfo.address, reason: error });
        response.code = "5.00";
        response.end();
      }
    });
    this.#log = log;
  }

  /** node-coap acknowledges by a timer what it left unanswered: on a closed socket that is an exception nobody catches. */
  override close(done?: (error?: Error) => void): this {
    const socket = this._sock;
    if (isSocket(socket)) socket.send = () => undefined;
    return super.close(done);
  }

  /** Answers and empty messages are the agent's (node-coap takes a RST for a request). */
  override _handle(packet: CoapPacket, sender: Sender): void {
    if (packet.code === EMPTY || packet.code?.startsWith("0.") !== true) return;
    const block = blockOf(packet, "Block1");
    if (block) {
      const whole = this.#collect(packet, block, sender);
      if (!whole) return;
      packet.payload = whole;
      packet.options = (packet.options ?? []).filter(({ name }) => name !== "Block1");
      this.#blocks.set(packet, block);
    }
    super._handle(packet, sender);
  }

  /** node-coap sends this to localhost whoever asked: better not at all. */
  override _sendError(payload: Buffer, sender: Sender): void {
    this.#log.debug("lab datagram refused", { from: sender.address, reason: payload.toString() });
  }

  /** Blocks of one body may carry a new token each (RFC 7959 §3.3): what they share is peer, method and resource. */
  override _toCacheKey(request: IncomingMessage, packet: CoapPacket): string {
    return `${this._clientIdentifier(request)} ${packet.code ?? ""} ${request.url}`;
  }

  /** The whole body when this block was the last; else the block is answered, and there is nothing to handle yet. */
  #collect(packet: CoapPacket, block: Block, sender: Sender): Buffer | undefined {
    const key = bodyKey(packet, sender);
    const payload = packet.payload ?? Buffer.alloc(0);
    if (block.offset + payload.length > MAX_BODY) {
      this.#bodies.delete(key);
      this.#log.warn("lab request refused", { from: sender.address, reason: "block beyond 64 kB" });
      this.#answer(packet, Code.TooLarge, { block, sender });
      return undefined;
    }
    let body = this.#bodies.get(key);
    const again = body !== undefined && body.lastId === packet.messageId;
    // The last block once more: node-coap has its answer still (RFC 7252 §4.5).
    if (body?.complete === true && again) return Buffer.concat(body.parts);
    if (block.number === 0 && !again) {
      body = { parts: [], length: 0, lastId: -1, complete: false };
      this.#bodies.set(key, body);
    }
    // RFC 7959 §2.9.2: a block is missing.
    if (!body || (!again && (body.complete || block.offset !== body.length))) {
      this.#bodies.delete(key);
      this.#answer(packet, Code.Incomplete, { block, sender });
      return undefined;
    }
    if (!again) {
      body.parts.push(Buffer.from(payload));
      body.length += payload.length;
      body.lastId = packet.messageId ?? -1;
    }
    if (block.more) {
      this.#answer(packet, Code.Continue, { block, sender });
      return undefined;
    }
    body.complete = true;
    return Buffer.concat(body.parts);
  }

  #answer(packet: CoapPacket, code: number, { block, sender }: { block: Block; sender: Sender }): void {
    const { token = Buffer.alloc(0), messageId = 0 } = packet;
    const type = packet.confirmable === true ? 0x60 : 0x50;
    const head = Buffer.from([type | token.length, code, messageId >> 8, messageId & 0xff]);
    // Option 27: a delta of 13 and an extended byte of 14 (RFC 7252 §3.1).
    const option = Buffer.from([0xd0 | block.raw.length, 14]);
    const socket = this._sock;
    if (isSocket(socket)) socket.send(Buffer.concat([head, token, option, block.raw]), sender.port, sender.address);
  }
}

function bodyKey(packet: CoapPacket, { address, port }: Sender): string {
  const names = ["Uri-Path", "Uri-Query"];
  const parts = (packet.options ?? []).filter(({ name }) => names.includes(String(name))).map(({ value }) => value);
  return `${address}:${port} ${packet.code ?? ""} ${parts.join("\n")}`;
}

export function isSocket(candidate: Server["_sock"]): candidate is Socket {
  return candidate !== null && "bind" in candidate;
}
