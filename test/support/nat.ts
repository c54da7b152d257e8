/**
 * What stands between clients and a server on real networks: a socket towards the server for each client, as a NAT has,
 * which may get another port at any time, and a line that loses datagrams. It looks into none of them.
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { SeededRandom } from "./seeded-random.ts";

export interface NatOptions {
  /** The server's port on loopback. */
  readonly server: number;
  /** The share of datagrams that get lost, each way by itself: 0 unless given. */
  readonly loss?: number | { readonly up: number; readonly down: number };
  readonly seed?: number;
}

interface Mapping {
  readonly client: number;
  /** Each client has a fate of its own, which does not depend on what others do meanwhile. */
  readonly chance: { readonly up: SeededRandom; readonly down: SeededRandom };
  far: Socket;
  /** As the server sees it. */
  port: number;
}

export class Nat {
  /** Where clients send to. */
  port = 0;
  readonly passed = { up: 0, down: 0 };
  readonly lost = { up: 0, down: 0 };
  /** May be changed at any time. */
  loss: number | { readonly up: number; readonly down: number };
  readonly #near: Socket = createSocket({ type: "udp4", recvBufferSize: 4_000_000 });
  readonly #server: number;
  readonly #seed: number;
  /** By the client's port. */
  readonly #mappings = new Map<number, Promise<Mapping>>();
  #closed = false;

  constructor({ server, loss = 0, seed = 1 }: NatOptions) {
    this.#server = server;
    this.loss = loss;
    this.#seed = seed;
  }

  async open(): Promise<this> {
    this.#near.on("message", (datagram, sender) => void this.#up(datagram, sender));
    this.#near.on("error", () => undefined);
    this.port = await bound(this.#near);
    return this;
  }

  /** Ports by which the server knows the clients, one each. */
  async ports(): Promise<number[]> {
    return (await Promise.all(this.#mappings.values())).map(({ port }) => port);
  }

  /** All clients have other ports from now on: what the server sends to the old ones arrives nowhere. */
  async rebind(): Promise<void> {
    for (const made of this.#mappings.values()) {
      const mapping = await made;
      const { far, port } = await this.#socketFor(mapping.client);
      mapping.far.close();
      mapping.far = far;
      mapping.port = port;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#near.close();
    for (const made of this.#mappings.values()) (await made).far.close();
  }

  async #up(datagram: Uint8Array, { port: client }: RemoteInfo): Promise<void> {
    let made = this.#mappings.get(client);
    if (made === undefined) {
      made = this.#map(client, this.#seed + 2 * this.#mappings.size);
      this.#mappings.set(client, made);
    }
    const mapping = await made;
    if (!this.#closed && !this.#loses(mapping, "up")) mapping.far.send(datagram, this.#server, "127.0.0.1");
  }

  async #map(client: number, seed: number): Promise<Mapping> {
    const chance = { up: new SeededRandom(seed), down: new SeededRandom(seed + 1) };
    return { client, chance, ...(await this.#socketFor(client)) };
  }

  async #socketFor(client: number): Promise<{ far: Socket; port: number }> {
    const far = createSocket("udp4");
    far.on("message", (datagram) => void this.#down(datagram, client));
    far.on("error", () => undefined);
    return { far, port: await bound(far) };
  }

  async #down(datagram: Uint8Array, client: number): Promise<void> {
    const mapping = await this.#mappings.get(client);
    if (mapping && !this.#closed && !this.#loses(mapping, "down")) this.#near.send(datagram, client, "127.0.0.1");
  }

  #loses({ chance }: Mapping, direction: "up" | "down"): boolean {
    const share = typeof this.loss === "number" ? this.loss : this.loss[direction];
    const loses = chance[direction].unit() < share;
    (loses ? this.lost : this.passed)[direction] += 1;
    return loses;
  }
}

async function bound(socket: Socket): Promise<number> {
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket.address().port;
}
