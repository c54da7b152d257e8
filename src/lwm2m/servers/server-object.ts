/** Object 1, LwM2M Server, made from the accounts whenever somebody looks (LwM2M Core 1.2 Appendix E.2). */

import type { Stamp } from "../../base/clock.ts";
import { child, contains, idAt, path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account } from "../account.ts";
import { type Attributes, NO_ATTRIBUTES } from "../reporting/conditions.ts";
import { type Provisioned, SERVER_OBJECT } from "../provisioned.ts";
import type { Entry } from "../values.ts";

/** Resources of Object 1. */
const SHORT_SERVER_ID = 0;
const LIFETIME = 1;
const MINIMUM_PERIOD = 2;
const MAXIMUM_PERIOD = 3;
const DISABLE = 4;
const DISABLE_TIMEOUT = 5;
const STORING = 6;
const BINDING = 7;
const UPDATE_TRIGGER = 8;
const WRITABLE: readonly number[] = [LIFETIME, MINIMUM_PERIOD, MAXIMUM_PERIOD, DISABLE_TIMEOUT, STORING, BINDING];

/** /1/x/5 where nothing is said. */
const DEFAULT_DISABLE_S = 86_400;
/** Reachable at any time over UDP. */
const UDP = "U";
/** Timers beyond 68 years mean nothing, and a registration that long is none. */
const MAX_SECONDS = 0x7fff_ffff;

/** What the server may do by executing Resources of its own Instance. */
export interface ServerActions {
  updateNow(): void;
  disable(seconds: number): void;
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
    return [child(this.instance, DISABLE), child(this.instance, UPDATE_TRIGGER)];
  }

  /** At or below `where`, in ascending order. */
  entries(where: Path, at: Stamp): (readonly [Path, Entry])[] {
    const found: (readonly [Path, Entry])[] = [];
    for (const [instance, account] of this.provisioned.servers()) {
      if (!contains(where, instance) && !contains(instance, where)) continue;
      for (const [resource, value] of resources(account)) {
        const here = child(instance, resource);
        if (value !== undefined && contains(where, here)) found.push([here, { value, at }]);
      }
    }
    return found;
  }

  /** Whether this Resource is offered for writing. */
  isWritable(where: Path): boolean {
    return contains(SERVER_OBJECT, where) && WRITABLE.includes(idAt(where, 2) ?? -1);
  }

  /** The account whose Instance this is, or lies above. */
  accountAt(where: Path): Account | undefined {
    return this.provisioned.servers().find(([instance]) => contains(instance, where))?.[1];
  }

  /** The account as it would be with `value` written, or why it cannot be. */
  with(account: Account, where: Path, value: ResourceValue): Account | string {
    const resource = idAt(where, 2);
    if (resource === STORING) return typeof value === "boolean" ? { ...account, storing: value } : "no boolean";
    if (resource === BINDING) return value === UDP ? account : "only binding U is supported";
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_SECONDS)
      return `${where} must be 0 to ${MAX_SECONDS}`;
    // Before LwM2M 1.2 a lifetime of 0 does not mean for ever: servers expire it at once.
    if (resource === LIFETIME)
      return value === 0 ? "a lifetime of 0 is not supported" : { ...account, lifetime: value };
    if (resource === MINIMUM_PERIOD) return { ...account, defaultMinimumPeriod: value };
    if (resource === MAXIMUM_PERIOD) return { ...account, defaultMaximumPeriod: value };
    return { ...account, disableTimeout: value };
  }

  adopt(account: Account, touched: readonly Path[]): void {
    this.provisioned.change(account, touched);
  }

  /** What to do once the Execute has been answered, or undefined if there is nothing to execute. */
  action(where: Path): (() => void) | undefined {
    if (!contains(this.instance, where)) return undefined;
    const resource = idAt(where, 2);
    if (resource === UPDATE_TRIGGER) return () => this.#actions.updateNow();
    if (resource === DISABLE) return () => this.#actions.disable(this.account.disableTimeout ?? DEFAULT_DISABLE_S);
    return undefined;
  }
}

function resources(account: Account): readonly (readonly [number, ResourceValue | undefined])[] {
  return [
    [SHORT_SERVER_ID, account.shortServerId],
    [LIFETIME, account.lifetime],
    [MINIMUM_PERIOD, account.defaultMinimumPeriod],
    [MAXIMUM_PERIOD, account.defaultMaximumPeriod],
    [DISABLE_TIMEOUT, account.disableTimeout ?? DEFAULT_DISABLE_S],
    [STORING, account.storing ?? true],
    [BINDING, account.binding ?? UDP],
  ];
}
