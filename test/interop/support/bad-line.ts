/** A line between one client and one server that loses, doubles and delays datagrams, by a plan that repeats. */

import { createSocket, type Socket } from "node:dgram";

/** What becomes of the datagram that is the `index`-th of its direction. */
export type Fate = "pass" | "lose" | "double" | "delay";

const DELAY_MS = 40;

export class BadLine {
  port = 0;
  readonly lost = { up: 0, down: 0 };
  readonly #near: Socket = createSocket("udp4");
  readonly #far: Socket = createSocket("udp4");
  readonly #server: number;
  readonly #fate: (index: number, direction: "up" | "down") => Fate;
  #client = 0;
  #up = 0;
  #down = 0;

  constructor(server: number, fate: (index: number, direction: "up" | "down") => Fate) {
    this.#server = server;
    this.#fate = fate;
  }

  async open(): Promise<this> {
    this.#near.on("message", (datagram, { port }) => {
      this.#client = port;
      this.#carry("up", this.#up++, () => this.#far.send(datagram, this.#server, "127.0.0.1"));
    });
    this.#far.on("message", (datagram) => {
      this.#carry("down", this.#down++, () => this.#near.send(datagram, this.#client, "127.0.0.1"));
    });
    for (const socket of [this.#near, this.#far])
      await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    this.port = this.#near.address().port;
    return this;
  }

  close(): void {
    this.#near.close();
    this.#far.close();
  }

  #carry(direction: "up" | "down", index: number, send: () => void): void {
    const fate = this.#fate(index, direction);
    if (fate === "lose") this.lost[direction] += 1;
    else if (fate === "delay") setTimeout(send, DELAY_MS).unref();
    else send();
    if (fate === "double") send();
  }
}
