/**
 * The ceiling: endpoints without an engine, one connected socket each. They know one path, keep no state worth the name,
 * and never repeat anything. No real client can be faster in this runtime.
 */

import dgram from "node:dgram";
import { flooding } from "./flood.js";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";
import { isAcknowledgement, isRequest, register, Type, typeOf } from "./wire.js";

class Bare {
  #socket = dgram.createSocket("udp4");
  #messageId = 1;
  #sequence = 1;
  /** Header, token, Observe and Content-Format of a notification; only three fields change. */
  #template;
  #tokenLength = 0;

  open(port, name) {
    return new Promise((resolve) => {
      this.#socket.on("error", () => undefined);
      this.#socket.on("message", (datagram) => this.#receive(datagram));
      this.#socket.bind(0, "127.0.0.1", () =>
        this.#socket.connect(port, "127.0.0.1", () => {
          this.#socket.send(register(name, this.#messageId++));
          resolve();
        }),
      );
    });
  }

  notify(confirmable, value) {
    const template = this.#template;
    if (!template) return;
    const out = Buffer.allocUnsafe(template.length + 12);
    template.copy(out);
    const messageId = this.#messageId++ & 0xffff;
    const sequence = this.#sequence++ & 0xffffff;
    const at = 5 + this.#tokenLength;
    out[0] = (confirmable ? 0x40 : 0x50) | this.#tokenLength;
    out[2] = messageId >> 8;
    out[3] = messageId & 255;
    out[at] = sequence >> 16;
    out[at + 1] = (sequence >> 8) & 255;
    out[at + 2] = sequence & 255;
    const length = template.length + out.latin1Write(value, template.length);
    this.#socket.send(out.subarray(0, length));
  }

  #receive(datagram) {
    if (!isRequest(datagram[1])) {
      if (isAcknowledgement(datagram)) acknowledged(this);
      return;
    }
    const tokenLength = datagram[0] & 15;
    const observe = datagram[4 + tokenLength] >> 4 === 6;
    const token = datagram.subarray(4, 4 + tokenLength);
    if (observe) {
      this.#tokenLength = tokenLength;
      // Observe (6), three bytes; Content-Format (12), text; the payload marker.
      this.#template = Buffer.from([0, 0x45, 0, 0, ...token, 0x63, 0, 0, 0, 0x60, 0xff]);
    }
    const out = Buffer.allocUnsafe(32);
    out[0] = ((typeOf(datagram) === Type.CON ? Type.ACK : Type.NON) << 4) | 0x40 | tokenLength;
    out[1] = 0x45;
    out[2] = datagram[2];
    out[3] = datagram[3];
    token.copy(out, 4);
    let at = 4 + tokenLength;
    if (observe) {
      out[at++] = 0x61;
      out[at++] = this.#sequence++ & 255;
    }
    out[at++] = observe ? 0x60 : 0xc0;
    out[at++] = 0xff;
    at += out.latin1Write("21.5", at);
    this.#socket.send(out.subarray(0, at));
  }
}

const endpoints = [];
const { acknowledged, flood } = flooding(endpoints, (endpoint, value, confirmable) =>
  endpoint.notify(confirmable, String(value)),
);

serve({
  ...selfReport,
  start: async ({ count, port }) => {
    for (let i = 0; i < count; i++) {
      const endpoint = new Bare();
      endpoints.push(endpoint);
      await endpoint.open(port, `bare-${endpoints.length}`);
    }
  },
  pace: pace(
    () => endpoints.length,
    (index, value) => endpoints[index].notify(false, String(value)),
  ),
  flood,
});
