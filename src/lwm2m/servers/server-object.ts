/** Object 1, LwM2M Server, made from the account whenever somebody looks (LwM2M Core 1.1 §E.2). */

import type { Stamp } from "../../base/clock.ts";
import { path, type Path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Account } from "../account.ts";
import { type Attributes, NO_ATTRIBUTES } from "../reporting/conditions.ts";
import type { Entry } from "../values.ts";

export const SERVER_OBJECT = path(1);
export const SERVER_INSTANCE = path(1, 0);
export const DISABLE = path(1, 0, 4);
export const UPDATE_TRIGGER = path(1, 0, 8);

const EXECUTABLES: readonly Path[] = [DISABLE, UPDATE_TRIGGER];
const SHORT_SERVER_ID = path(1, 0, 0);
const LIFETIME = path(1, 0, 1);
const MINIMUM_PERIOD = path(1, 0, 2);
const MAXIMUM_PERIOD = path(1, 0, 3);
const DISABLE_TIMEOUT = path(1, 0, 5);
const STORING = path(1, 0, 6);
const BINDING = path(1, 0, 7);
const WRITABLE: readonly Path[] = [LIFETIME, MINIMUM_PERIOD, MAXIMUM_PERIOD, DISABLE_TIMEOUT, STORING, BINDING];

/** /1/x/5 where nothing is said (LwM2M Core 1.1 §E.2). */
const DEFAULT_DISABLE_S = 86_400;
/** Reachable at any time over UDP. */
const UDP = "U";
/** Timers beyond 68 years mean nothing, and a registration that long is none. */
const MAX_SECONDS = 0x7fff_ffff;

/** What the server may have done by way of its own Object. */
export interface ServerActions {
  accountChanged(account: Account, touched: readonly Path[]): void;
  updateNow(): void;
  disable(seconds: number): void;
}

export class ServerObject {
  #account: Account;
  readonly #actions: ServerActions;

  constructor(account: Account, actions: ServerActions) {
    this.#account = account;
    this.#actions = actions;
  }

  get account(): Account {
    return this.#account;
  }

  /** The periods that hold where no attribute says otherwise (LwM2M Core 1.1 §5.1.2). */
  get periods(): Attributes {
    const { defaultMinimumPeriod: pmin, defaultMaximumPeriod: pmax } = this.#account;
    if (pmin === undefined && pmax === undefined) return NO_ATTRIBUTES;
    return { ...(pmin !== undefined && { pmin }), ...(pmax !== undefined && { pmax }) };
  }

  get executables(): readonly Path[] {
    return EXECUTABLES;
  }

  entries(at: Stamp): (readonly [Path, Entry])[] {
    const { shortServerId, lifetime, defaultMinimumPeriod, defaultMaximumPeriod } = this.#account;
    const values: readonly (readonly [Path, ResourceValue | undefined])[] = [
      [SHORT_SERVER_ID, shortServerId],
      [LIFETIME, lifetime],
      [MINIMUM_PERIOD, defaultMinimumPeriod],
      [MAXIMUM_PERIOD, defaultMaximumPeriod],
      [DISABLE_TIMEOUT, this.#account.disableTimeout ?? DEFAULT_DISABLE_S],
      [STORING, this.#account.storing ?? false],
      [BINDING, UDP],
    ];
    const found: (readonly [Path, Entry])[] = [];
    for (const [where, value] of values) if (value !== undefined) found.push([where, { value, at }]);
    return found;
  }

  /** Whether this Resource is offered, and the server's to change. */
  isWritable(where: Path): boolean {
    return WRITABLE.includes(where);
  }

  /** The account as it would be with `value` written, or why it cannot be. */
  with(account: Account, where: Path, value: ResourceValue): Account | string {
    if (where === STORING) return typeof value === "boolean" ? { ...account, storing: value } : "no boolean";
    if (where === BINDING) return value === UDP ? account : "only binding U is supported";
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_SECONDS)
      return `${where} must be 0 to ${MAX_SECONDS}`;
    // Before LwM2M 1.2 a lifetime of 0 does not mean for ever: servers expire it at once.
    if (where === LIFETIME) return value === 0 ? "a lifetime of 0 is not supported" : { ...account, lifetime: value };
    if (where === MINIMUM_PERIOD) return { ...account, defaultMinimumPeriod: value };
    if (where === MAXIMUM_PERIOD) return { ...account, defaultMaximumPeriod: value };
    return { ...account, disableTimeout: value };
  }

  adopt(account: Account, touched: readonly Path[]): void {
    this.#account = account;
    this.#actions.accountChanged(account, touched);
  }

  /** What to do once the Execute has been answered, or undefined if there is nothing to execute. */
  action(where: Path): (() => void) | undefined {
    if (where === UPDATE_TRIGGER) return () => this.#actions.updateNow();
    if (where === DISABLE) return () => this.#actions.disable(this.#account.disableTimeout ?? DEFAULT_DISABLE_S);
    return undefined;
  }
}
