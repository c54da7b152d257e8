/** One LwM2M client, as the rooms above see it: a tree of Objects, kept registered at its servers. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import type { Parameters } from "../coap/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Account, BootstrapAccount, Provision, RegistrationSnapshot } from "./account.ts";
import { supplyDevice } from "./device-object.ts";
import { Provisioned, type ProvisionChange } from "./provisioned.ts";
import { Session } from "./servers/session.ts";
import type { ObjectTree } from "./tree.ts";
import type { UsualAttributes } from "./view.ts";

export interface Lwm2mClientOptions {
  /** The endpoint client name, unique at each server. */
  readonly endpoint: string;
  readonly tree: ObjectTree;
  /** Where to register, and where to be provisioned; either may be missing, not both (LwM2M Core 1.2 §6.1.3). */
  readonly provision: Provision;
  readonly models: ObjectRegistry;
  /** A transport to a server, not yet open. Called again if one broke. */
  readonly connect: (account: Account | BootstrapAccount) => Transport;
  /**
   * The periods and the step that hold at a path where the server has said nothing, by attributes or in its own Object.
   * Not shown in Discover: nobody has attached them.
   */
  readonly defaults?: UsualAttributes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly parameters?: Partial<Parameters>;
}

/** States from bad to good. */
const WELL: readonly RegistrationSnapshot["state"][] = ["off", "waiting", "registering", "updating", "registered"];

/**
 * Shows `tree` to its servers under the name `endpoint`.
 *
 * Object 1 is made from the provision. Object 3 comes from the tree; an Error Code (/3/0/11) and a Binding (/3/0/16) are
 * added to it if they are lacking. Nothing happens before `start`.
 */
export class Lwm2mClient {
  readonly #options: Lwm2mClientOptions;
  readonly #provisioned: Provisioned;
  readonly #sessions: readonly Session[];
  #onRegistration: readonly ((snapshot: RegistrationSnapshot) => void)[] = [];

  constructor(options: Lwm2mClientOptions) {
    const { provision } = options;
    this.#options = options;
    this.#provisioned = new Provisioned(provision);
    this.#sessions = provision.accounts.map(({ shortServerId }) => this.#session(shortServerId));
    this.#provisioned.onChange((change) => this.#provisionChanged(change));
  }

  /** Registers, and stays registered until `stop`: through lost answers, restarts of the server and broken wires. */
  start(): void {
    supplyDevice(this.#options.tree, this.#options.clock.now());
    for (const session of this.#sessions) session.start();
  }

  /**
   * De-registers, and waits for the answers no longer than `limitMs` (5 s unless said otherwise), then closes the transports.
   * Never rejects; safe to call twice. A client that was stopped does not start again.
   */
  async stop(limitMs?: number): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.stop(limitMs)));
  }

  /** One for each server, in the order of the accounts. */
  get registrations(): readonly RegistrationSnapshot[] {
    return this.#sessions.map(({ registration }) => registration);
  }

  /** The registration that is worst off. @throws RangeError if there is no account. */
  get registration(): RegistrationSnapshot {
    let worst: RegistrationSnapshot | undefined;
    for (const { registration } of this.#sessions)
      if (!worst || WELL.indexOf(registration.state) < WELL.indexOf(worst.state)) worst = registration;
    if (worst === undefined) throw new RangeError("no account");
    return worst;
  }

  /** Called whenever the state of a registration changes. Returns how to stop listening. */
  onRegistration(listener: (snapshot: RegistrationSnapshot) => void): () => void {
    this.#onRegistration = this.#onRegistration.concat(listener);
    return () => (this.#onRegistration = this.#onRegistration.filter((other) => other !== listener));
  }

  /** Called with all that is provisioned when a server or bootstrap has changed it. Returns how to stop listening. */
  onProvision(listener: (provision: Provision, change: ProvisionChange) => void): () => void {
    return this.#provisioned.onChange((change) => listener(this.#provisioned.provision, change));
  }

  #session(shortServerId: number): Session {
    const { connect } = this.#options;
    const session = new Session({
      ...this.#options,
      provisioned: this.#provisioned,
      shortServerId,
      connect,
    });
    session.onRegistration((snapshot) => {
      for (const listener of this.#onRegistration) listener(snapshot);
    });
    return session;
  }

  #provisionChanged(change: ProvisionChange): void {
    if (change.type === "account") for (const session of this.#sessions) session.accountChanged(change.touched);
  }
}
