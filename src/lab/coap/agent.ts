/** node-coap's client half on the server's socket, with what a peer could use against us filed off. */

import { Agent, type OutgoingMessage } from "coap";
import type { Log } from "../../base/log.ts";
import { blockOf, EMPTY } from "./block.ts";

export type Socket = NonNullable<Agent["_sock"]>;
type Arrival = Parameters<Agent["_handle"]>[0];
type Sender = Parameters<Agent["_handle"]>[1];
type Options = NonNullable<Arrival["options"]>;

/** What the first block of a body said, which holds for all of them. */
interface Body {
  readonly etag: string;
  readonly observe: Options;
}

/** A Device with a hundred Instances fits; a client that sends blocks without end does not. */
const MAX_BODY = 262_144;

export class LabAgent extends Agent {
  readonly #log: Log;
  readonly #bodies = new WeakMap<OutgoingMessage, Body>();

  constructor(socket: Socket, log: Log) {
    super({ socket });
    this.#log = log;
    this.on("error", () => undefined);
  }

  /** Takes nothing from a stranger, mistakes no message id of a client for one of ours, and lets nothing be thrown. */
  override _handle(packet: Arrival, sender: Sender, local: Sender): void {
    const own = packet.ack || packet.reset;
    const request = own ? this._msgIdToReq.get(packet.messageId) : this._tkToReq.get(packet.token.toString("hex"));
    if (request && (request.url.hostname !== sender.address || request.url.port !== sender.port)) {
      if (!own) this.#empty(0x70, packet.messageId, sender);
      return;
    }
    if (request && !this.#fits(request, packet)) {
      if (packet.confirmable) this.#empty(0x60, packet.messageId, sender);
      return;
    }
    // The id of a CON or NON is its sender's own: it may equal one of ours by chance (RFC 7252 §4.4).
    const namesake = own ? undefined : this._msgIdToReq.get(packet.messageId);
    if (namesake) this._msgIdToReq.delete(packet.messageId);
    try {
      super._handle(packet, sender, local);
    } catch (error) {
      this.#log.warn("lab answer refused", { from: sender.address, reason: error });
    } finally {
      if (namesake && namesake !== request) this._msgIdToReq.set(packet.messageId, namesake);
    }
  }

  /** The socket is the server's: an agent without requests has nothing to close. */
  override _cleanUp(): void {}

  giveUp(): void {
    for (const request of new Set([...this._tkToReq.values(), ...this._msgIdToReq.values()])) this.abort(request);
  }

  /** Whether node-coap may see an answer; made fit for it where it would misunderstand. */
  #fits(request: OutgoingMessage, packet: Arrival): boolean {
    if (packet.code === EMPTY) return true;
    // node-coap goes on sending blocks after a 4.13 until it throws; only 2.31 asks for more (RFC 7959 §2.9).
    if (packet.code !== "2.31") delete request.segmentedSender;
    const block = blockOf(packet, "Block2");
    if (!block) return true;
    const etag = bytesOf(packet, "ETag").toString("hex");
    if (block.offset === 0) {
      request._totalPayload = Buffer.alloc(0);
      this.#bodies.set(request, { etag, observe: packet.options.filter(({ name }) => name === "Observe") });
    }
    const body = this.#bodies.get(request);
    // A block that came twice, or none that was asked for.
    if (!body || block.offset !== request._totalPayload.length) return false;
    // Parts of two representations are none (RFC 7959 §2.4).
    if (body.etag !== etag) return this.#fail(request, "the representation changed between two blocks");
    if (block.offset + packet.payload.length > MAX_BODY) return this.#fail(request, "the answer never ends");
    if (block.offset > 0) packet.options.push(...body.observe);
    // The rest of a notification is asked for with an ordinary request (RFC 7959 §2.6).
    request._packet.options = (request._packet.options ?? []).filter(({ name }) => name !== "Observe");
    return true;
  }

  #fail(request: OutgoingMessage, reason: string): false {
    request._totalPayload = Buffer.alloc(0);
    request.sender.reset();
    this.#bodies.delete(request);
    // Of an observation, this one notification is lost; the next begins anew.
    if (!Object.hasOwn(request, "response")) request.emit("error", new Error(reason));
    return false;
  }

  #empty(type: number, messageId: number, to: Sender): void {
    this._sock?.send(Buffer.from([type, 0, messageId >> 8, messageId & 0xff]), to.port, to.address);
  }
}

function bytesOf(packet: Arrival, wanted: string): Buffer {
  const value = packet.options.find(({ name }) => name === wanted)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
