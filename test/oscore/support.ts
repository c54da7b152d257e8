/** Two ends that share a secret, with a wire between them that a test can hold, cut and listen to. */

import { createSecretKey } from "node:crypto";
import { fromHex } from "../../src/base/bytes.ts";
import { Endpoint } from "../../src/coap/index.ts";
import { type OscoreSecrets, OscoreTransport, type SequenceStore } from "../../src/oscore/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Wire, wire } from "../support/virtual-network.ts";

export const hex = (text: string): Uint8Array => fromHex(text);

/** RFC 8613 Appendix C.1. */
export const SECRET = createSecretKey(hex("0102030405060708090a0b0c0d0e0f10"));
export const SALT = hex("9e7ca92223786340");

export const CLIENT: OscoreSecrets = {
  masterSecret: SECRET,
  masterSalt: SALT,
  senderId: hex(""),
  recipientId: hex("01"),
};
export const SERVER: OscoreSecrets = { ...CLIENT, senderId: hex("01"), recipientId: hex("") };

/** A disk that can be slow, and can refuse. */
export class MemorySequence implements SequenceStore {
  stored: number | undefined;
  writes = 0;
  /** Writes wait for it. */
  gate: Promise<void> = Promise.resolve();
  broken = false;

  read(): Promise<number | undefined> {
    return Promise.resolve(this.stored);
  }

  async reserve(least: number, count: number): Promise<number> {
    this.writes += 1;
    await this.gate;
    if (this.broken) throw new Error("disk full");
    const first = Math.max(this.stored ?? 0, least);
    this.stored = first + count;
    return first;
  }
}

export class End {
  readonly log = new MemoryLog();
  readonly transport: OscoreTransport;
  readonly endpoint: Endpoint;

  constructor(line: Wire["near"], clock: FakeClock, parts: EndParts) {
    const random = new SeededRandom(parts.seed ?? 1);
    const { log } = this;
    this.transport = new OscoreTransport(line, { secrets: parts.secrets, sequence: parts.disk, clock, random, log });
    this.endpoint = new Endpoint({ transport: this.transport, clock, random, log });
  }
}

interface EndParts {
  readonly secrets: OscoreSecrets;
  readonly disk: MemorySequence;
  readonly seed?: number;
}

/** Client and server, both with disks of their own, so that either can be restarted. */
export class Pair {
  readonly clock = new FakeClock();
  readonly line = wire();
  readonly clientDisk = new MemorySequence();
  readonly serverDisk = new MemorySequence();
  client: End;
  server: End;

  constructor(secrets: { client?: OscoreSecrets; server?: OscoreSecrets } = {}) {
    const { client = CLIENT, server = SERVER } = secrets;
    this.client = new End(this.line.near, this.clock, { secrets: client, disk: this.clientDisk, seed: 1 });
    this.server = new End(this.line.far, this.clock, { secrets: server, disk: this.serverDisk, seed: 2 });
  }

  async open(): Promise<this> {
    await this.client.endpoint.open();
    await this.server.endpoint.open();
    return this;
  }

  /** The client loses all but its disk. */
  async restartClient(): Promise<void> {
    this.client = new End(this.line.near, this.clock, { secrets: CLIENT, disk: this.clientDisk, seed: 3 });
    await this.client.endpoint.open();
  }

  async restartServer(): Promise<void> {
    this.server = new End(this.line.far, this.clock, { secrets: SERVER, disk: this.serverDisk, seed: 4 });
    await this.server.endpoint.open();
  }
}
