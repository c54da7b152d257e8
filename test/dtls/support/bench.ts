/** A client of ours and the server for tests, on a rough way between them, in virtual time. */

import { createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { AssociationFacts, SavedSession, SecurityFailure } from "../../../src/base/association.ts";
import type { Credentials, PskCredentials, RpkCredentials } from "../../../src/base/credentials.ts";
import { DtlsCounters, type DtlsOptions, dtls } from "../../../src/dtls/index.ts";
import { RoughNetwork, type Roughness } from "../../support/rough-network.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { TestServer, type TestServerOptions } from "./server/server.ts";

export const KEY: Uint8Array = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
export const IDENTITY = "dev1";
export const STAMP = { ms: Date.UTC(2026, 5, 1, 12), trusted: true };

export const pskCredentials = (key = KEY, identity = IDENTITY): PskCredentials => ({
  mode: "psk",
  identity: Buffer.from(identity),
  key: createSecretKey(key),
});

export const knows = (identity: Uint8Array): Uint8Array | undefined =>
  Buffer.from(identity).toString() === IDENTITY ? KEY : undefined;

export interface RawPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

export function rawPair(namedCurve = "prime256v1"): RawPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  return { privateKey, publicKey: new Uint8Array(publicKey.export({ format: "der", type: "spki" })) };
}

export const rpkCredentials = (own: RawPair, server: RawPair): RpkCredentials => ({
  mode: "rpk",
  ...own,
  serverKey: server.publicKey,
});

export interface BenchOptions {
  readonly seed?: number;
  readonly roughness?: Roughness;
  readonly credentials?: Credentials;
  readonly client?: Partial<DtlsOptions>;
  readonly server?: Partial<TestServerOptions>;
  /** Another bench's, already there. */
  readonly at?: Bench;
  readonly resume?: SavedSession;
  readonly maxDatagram?: number;
}

export class Bench {
  readonly network: RoughNetwork;
  readonly server: TestServer;
  readonly association;
  readonly counters = new DtlsCounters();
  readonly payloads: string[] = [];
  /** All that the client put on the way, delivered or not. */
  readonly sent: Uint8Array[] = [];
  /** All that the server did. */
  readonly answered: Uint8Array[] = [];
  opened: AssociationFacts[] = [];
  failures: SecurityFailure[] = [];
  /** Which address the client writes from. */
  address: string;

  constructor(options: BenchOptions = {}) {
    const { seed = 1, roughness = {}, credentials = pskCredentials(), at, resume, maxDatagram = 1_232 } = options;
    this.address = `client ${seed}`;
    this.network = new RoughNetwork(seed, roughness);
    const psk = credentials.mode === "psk" ? { psk: knows } : {};
    const owner = {
      transmit: (_: string, datagram: Uint8Array) => {
        this.answered.push(datagram);
        this.network.fromServer(datagram);
      },
    };
    this.server = new TestServer({ random: new SeededRandom(seed + 1_000), ...psk, ...options.server }, owner);
    if (at) for (const [id, session] of at.server.sessions) this.server.sessions.set(id, session);
    const associate = dtls({
      credentials,
      random: new SeededRandom(seed),
      now: () => STAMP,
      counters: this.counters,
      name: "the test server",
      ...options.client,
    });
    this.association = associate(
      {
        transmit: (datagram) => {
          this.sent.push(datagram);
          this.network.fromClient(this.address, datagram);
        },
        opened: (facts) => void this.opened.push(facts),
        received: (payload) => void this.payloads.push(Buffer.from(payload).toString()),
        ended: (failure) => void this.failures.push(failure),
      },
      { maxDatagram, ...(resume && { resume }) },
    );
    this.network.connect(this.association, this.server);
  }

  get facts(): AssociationFacts | undefined {
    return this.opened[0];
  }

  get failure(): SecurityFailure | undefined {
    return this.failures[0];
  }

  get peer() {
    return this.server.peer(this.address);
  }

  /** Until the handshake has ended one way or the other. */
  shake(): this {
    this.association.start(this.network.now);
    this.network.run(() => this.association.state !== "handshaking");
    return this;
  }

  /** Lets what is on its way arrive. */
  settle(ms = 1_000): this {
    this.network.run(() => false, this.network.now + ms);
    return this;
  }

  /** What the client says, and how the server answers: with the same words. */
  say(words: string): this {
    const record = this.association.seal(Buffer.from(words));
    if (record) this.network.fromClient(this.address, record);
    return this.settle();
  }

  answer(words: string): this {
    this.server.send(this.address, Buffer.from(words));
    return this.settle();
  }

  /** Hands a datagram to the client, as if it had come from the server's address. */
  inject(datagram: Uint8Array): this {
    this.association.receive(datagram, this.network.now);
    return this;
  }
}
