/** A client and an OpenSSL server on a rough way between them, in virtual time. */

import type { Associate, AssociationFacts, SavedSession, SecurityFailure } from "../../src/base/association.ts";
import type { Openssl } from "../../src/io/openssl/library.ts";
import type { OpensslServer, OpensslServerOptions } from "../../src/io/openssl/server.ts";
import { EchoServer, keyOf, opensslClient, pskOf, testServer } from "./openssl-server.ts";
import { RoughNetwork, type Roughness } from "./rough-network.ts";

export const KEY: Uint8Array = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

export interface Meeting {
  readonly seed?: number;
  readonly roughness?: Roughness;
  /** Knows `dev1` with KEY unless said otherwise. */
  readonly server?: Partial<OpensslServerOptions>;
  /** Another server's, already there. */
  readonly at?: SecureScene;
  /** OpenSSL as `dev1` with KEY unless said otherwise. */
  readonly associate?: Associate;
  readonly resume?: SavedSession;
  readonly maxDatagram?: number;
}

export class SecureScene {
  readonly echo: EchoServer;
  readonly server: OpensslServer;
  readonly network: RoughNetwork;
  readonly client;
  readonly payloads: string[] = [];
  facts: AssociationFacts | undefined;
  failure: SecurityFailure | undefined;
  readonly #name: string;

  constructor(openssl: Openssl, meeting: Meeting = {}) {
    const { seed = 1, roughness = {}, at, resume, maxDatagram = 1_232 } = meeting;
    this.network = new RoughNetwork(seed, roughness);
    this.echo = at?.echo ?? new EchoServer();
    this.server = at?.server ?? testServer(openssl, { psk: keyOf("dev1", KEY), ...meeting.server }, this.echo);
    this.#name = `client ${seed}`;
    this.echo.server = this.server;
    this.echo.now = () => this.network.now;
    this.echo.carry = (_, datagram) => this.network.fromServer(datagram);
    const associate = meeting.associate ?? opensslClient(openssl, pskOf("dev1", KEY));
    const owner = {
      transmit: (datagram: Uint8Array) => this.network.fromClient(this.#name, datagram),
      opened: (facts: AssociationFacts) => (this.facts = facts),
      received: (payload: Uint8Array) => void this.payloads.push(Buffer.from(payload).toString()),
      ended: (failure: SecurityFailure) => (this.failure = failure),
    };
    this.client = associate(owner, { maxDatagram, ...(resume && { resume }) });
    this.network.connect(this.client, this.server);
  }

  /** Until the handshake has ended one way or the other, or `until` in virtual milliseconds. */
  shake(until?: number): this {
    this.client.start(this.network.now);
    this.network.run(() => this.facts !== undefined || this.failure !== undefined, until);
    return this;
  }

  /** Lets what is under way arrive. */
  settle(): this {
    this.network.run(() => false, this.network.now + 500);
    return this;
  }

  /** One payload to the server, and a second for its echo. */
  say(words: string): this {
    const sealed = this.client.seal(Buffer.from(words));
    if (sealed) this.network.fromClient(this.#name, sealed);
    this.network.run(() => this.payloads.includes(words), this.network.now + 1_000);
    return this;
  }

  /** Leaves nothing of OpenSSL's behind. */
  end(): void {
    this.leave();
    this.server.close(this.network.now);
  }

  /** The same, but the server stays for others, who find it as if nobody had been there. */
  leave(): void {
    this.client.close();
    this.server.drop(this.#name, this.network.now);
    this.echo.forget();
  }
}
