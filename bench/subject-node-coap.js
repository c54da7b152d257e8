/** node-coap doing the same: a server for each endpoint on its own socket, which answers reads and serves observers. */

import dgram from "node:dgram";
import coap from "coap";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";
import { register } from "./wire.js";

class Peer {
  #socket = dgram.createSocket("udp4");
  #observers = new Set();
  #value = "21.5";

  async open(port, name) {
    await new Promise((resolve) => this.#socket.bind(0, "127.0.0.1", resolve));
    const server = coap.createServer((request, response) => {
      if (request.headers.Observe === 0) {
        this.#observers.add(response);
        response.on("finish", () => this.#observers.delete(response));
        response.write(this.#value);
      } else response.end(this.#value);
    });
    server.on("error", () => undefined);
    await new Promise((resolve) => server.listen(this.#socket, resolve));
    this.#socket.send(register(name, 1), port, "127.0.0.1");
  }

  /** The newest observer: an older one was replaced by the peer's second Observe. */
  notify(value) {
    this.#value = value;
    let newest;
    for (const observer of this.#observers) newest = observer;
    newest?.write(value);
  }
}

const endpoints = [];

serve({
  ...selfReport,
  start: async ({ count, port }) => {
    for (let i = 0; i < count; i++) {
      const endpoint = new Peer();
      endpoints.push(endpoint);
      await endpoint.open(port, `coap-${endpoints.length}`);
    }
  },
  pace: pace(
    () => endpoints.length,
    (index, value) => endpoints[index].notify(String(value)),
  ),
  flood: ({ ms }) =>
    new Promise((resolve) => {
      const end = performance.now() + ms;
      let i = 0;
      const turn = () => {
        for (let k = 0; k < 16; k++) endpoints[i++ % endpoints.length].notify((i % 9_973) / 10 + "");
        if (performance.now() < end) setImmediate(turn);
        else resolve();
      };
      turn();
    }),
});
