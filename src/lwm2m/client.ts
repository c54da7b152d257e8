/** One LwM2M client, as the rooms above see it: a tree of Objects, kept registered at a server. */

import type { Account, RegistrationSnapshot } from "./account.ts";
import { Session, type SessionOptions } from "./servers/session.ts";

export type Lwm2mClientOptions = SessionOptions;

/**
 * Shows `tree` to the server of `account` under the name `endpoint`.
 *
 * Object 1 is made from the account. Object 3 comes from the tree; an Error Code (/3/0/11) and a Binding (/3/0/16) are
 * added to it if they are lacking. Nothing happens before `start`.
 */
export class Lwm2mClient {
  readonly #session: Session;

  constructor(options: Lwm2mClientOptions) {
    this.#session = new Session(options);
  }

  /** Registers, and stays registered until `stop`: through lost answers, restarts of the server and broken wires. */
  start(): void {
    this.#session.start();
  }

  /**
   * De-registers, and waits for the answer no longer than `limitMs` (5 s unless said otherwise), then closes the transport.
   * Never rejects; safe to call twice. A client that was stopped does not start again.
   */
  stop(limitMs?: number): Promise<void> {
    return this.#session.stop(limitMs);
  }

  /** The registration as it stands now. */
  get registration(): RegistrationSnapshot {
    return this.#session.registration;
  }

  /** Called whenever the state of the registration changes. Returns how to stop listening. */
  onRegistration(listener: (snapshot: RegistrationSnapshot) => void): () => void {
    return this.#session.onRegistration(listener);
  }

  /** Called when the server has written to its own Object: lifetime, periods, storing. Returns how to stop listening. */
  onAccount(listener: (account: Account) => void): () => void {
    return this.#session.onAccount(listener);
  }
}
