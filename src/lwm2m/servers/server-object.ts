/** Object 1, LwM2M Server, made from the accounts whenever somebody looks (LwM2M Core 1.2 Appendix E.2). */

import type { Stamp } from "../../base/clock.ts";
import { child, contains, idAt, path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account, Version } from "../account.ts";
import { type Attributes, NO_ATTRIBUTES } from "../reporting/conditions.ts";
import { type Provisioned, SERVER_OBJECT } from "../provisioned.ts";
import type { Entry } from "../values.ts";
import { DISABLE_TIMEOUT_S, isWritable, readResources, vacated, writeResource } from "./server-resources.ts";

/** What is executed at Object 1. */
const DISABLE = 4;
const UPDATE_TRIGGER = 8;
const BOOTSTRAP_TRIGGER = 9;

/** What the server may do by executing Resources of its own Instance, and of others where it has the right to. */
export interface ServerActions {
  /** Spoken with the server at present. */
  readonly version: Version;
  updateNow(): void;
  /** Goes away as soon as the answer to the Execute has had its time to arrive. */
  disable(seconds: number): void;
  bootstrap(): void;
  updateOther(shortServerId: number): void;
  disableOther(shortServerId: number, seconds: number): void;
}

/** As one of the servers sees it. */
export class ServerObject {
  readonly provisioned: Provisioned;
  readonly #shortServerId: number;
  readonly #actions: ServerActions;

  constructor(provisioned: Provisioned, shortServerId: number, actions: ServerActions) {
    this.provisioned = provisioned;
    this.#shortServerId = shortServerId;
    this.#actions = actions;
  }

  /** That of the server that looks. @throws RangeError if bootstrap has taken it away, which ends the session before. */
  get account(): Account {
    const account = this.provisioned.account(this.#shortServerId);
    if (account === undefined) throw new RangeError(`no account ${this.#shortServerId}`);
    return account;
  }

  /** The Instance of the server that looks. */
  get instance(): Path {
    return path(1, this.provisioned.serverInstance(this.account));
  }

  instances(): readonly Path[] {
    return this.provisioned.servers().map(([instance]) => instance);
  }

  /** The periods that hold where no attribute says otherwise (LwM2M Core 1.1 §5.1.2). */
  get periods(): Attributes {
    const { defaultMinimumPeriod: pmin, defaultMaximumPeriod: pmax } = this.account;
    if (pmin === undefined && pmax === undefined) return NO_ATTRIBUTES;
    return { ...(pmin !== undefined && { pmin }), ...(pmax !== undefined && { pmax }) };
  }

  get executables(): readonly Path[] {
    const { instance } = this;
    const own = [child(instance, DISABLE), child(instance, UPDATE_TRIGGER)];
    return this.#mayBootstrap ? [...own, child(instance, BOOTSTRAP_TRIGGER)] : own;
  }

  /** At or below `where`, in ascending order. */
  entries(where: Path, at: Stamp): (readonly [Path, Entry])[] {
    const found: (readonly [Path, Entry])[] = [];
    for (const [instance, account] of this.provisioned.servers()) {
      if (!contains(where, instance) && !contains(instance, where)) continue;
      const alert = this.provisioned.alert(account.shortServerId);
      for (const [resource, value] of readResources(account, this.#actions.version, alert)) {
        const here = child(instance, resource);
        if (contains(where, here)) found.push([here, { value, at }]);
      }
    }
    return found;
  }

  /** Whether this Resource is offered for writing. */
  isWritable(where: Path): boolean {
    return contains(SERVER_OBJECT, where) && isWritable(idAt(where, 2), this.#actions.version);
  }

  /** The account whose Instance this is, or lies above. */
  accountAt(where: Path): Account | undefined {
    return this.provisioned.servers().find(([instance]) => contains(instance, where))?.[1];
  }

  /** The account as it would be with `value` written, or why it cannot be. */
  with(account: Account, where: Path, value: ResourceValue): Account | string {
    const changed = writeResource(account, idAt(where, 2), value, this.#actions.version);
    return typeof changed === "string" ? `${where}: ${changed}` : changed;
  }

  /** The account as it is before it is written anew. */
  vacated(account: Account): Account {
    return vacated(account, this.#actions.version);
  }

  /** What the server that looks answered to our handshake: an alert, or (undefined) none. */
  refused(alert: number | undefined): void {
    this.provisioned.refused(this.#shortServerId, alert);
  }

  adopt(account: Account, touched: readonly Path[]): void {
    this.provisioned.change(account, touched);
  }

  /** What to do once the Execute has been answered, or undefined if there is nothing to execute. */
  action(where: Path): (() => void) | undefined {
    if (!contains(this.instance, where)) return this.#actionOfOther(where);
    switch (idAt(where, 2)) {
      case UPDATE_TRIGGER:
        return () => this.#actions.updateNow();
      case DISABLE:
        return () => this.#actions.disable(this.account.disableTimeout ?? DISABLE_TIMEOUT_S);
      case BOOTSTRAP_TRIGGER:
        return this.provisioned.bootstrap === undefined ? undefined : () => this.#actions.bootstrap();
      default:
        return undefined;
    }
  }

  #actionOfOther(where: Path): (() => void) | undefined {
    const account = contains(SERVER_OBJECT, where) ? this.accountAt(where) : undefined;
    if (account === undefined) return undefined;
    const { shortServerId, disableTimeout = DISABLE_TIMEOUT_S } = account;
    switch (idAt(where, 2)) {
      case UPDATE_TRIGGER:
        return () => this.#actions.updateOther(shortServerId);
      case DISABLE:
        return () => this.#actions.disableOther(shortServerId, disableTimeout);
      default:
        return undefined;
    }
  }

  /** The trigger is shown since 1.1, and where there is somebody to ask. */
  get #mayBootstrap(): boolean {
    return this.#actions.version !== "1.0" && this.provisioned.bootstrap !== undefined;
  }
}
