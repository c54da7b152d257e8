/** Objects 0, 1 and 2 of one client as they stand now, and who is told when they change. */

import { path, type Path } from "../model/path.ts";
import type { Account, AccessRule, BootstrapAccount, Provision } from "./account.ts";

export const SERVER_OBJECT = path(1);

/** How a provision became another one. */
export type ProvisionChange =
  /** A server wrote to an Instance of Object 1. */
  | { readonly type: "account"; readonly account: Account; readonly touched: readonly Path[] }
  | { readonly type: "access" }
  /** Bootstrap gave all of it anew. */
  | { readonly type: "replaced" };

export type ProvisionListener = (change: ProvisionChange) => void;

const NOBODY: readonly ProvisionListener[] = [];

/** One pointer while nothing is written to it. */
export class Provisioned {
  #provision: Provision;
  /** Accounts that are gone, for as long as their sessions take their leave. */
  #departed: readonly Account[] | undefined;
  /** Of servers that have refused us at the last handshake, by Short Server ID; mostly of none. */
  #alerts: Map<number, number> | undefined;
  #onChange = NOBODY;

  constructor(provision: Provision) {
    this.#provision = provision;
  }

  get provision(): Provision {
    return this.#provision;
  }

  get accounts(): readonly Account[] {
    return this.#provision.accounts;
  }

  get bootstrap(): BootstrapAccount | undefined {
    return this.#provision.bootstrap;
  }

  get access(): readonly AccessRule[] | undefined {
    return this.#provision.access;
  }

  /** Also one that is gone, until `forgetDeparted`. */
  account(shortServerId: number): Account | undefined {
    const isIt = (account: Account) => account.shortServerId === shortServerId;
    return this.accounts.find(isIt) ?? this.#departed?.find(isIt);
  }

  /** Where the Server Object Instance of an account stands. */
  serverInstance(account: Account): number {
    return account.serverInstance ?? Math.max(0, this.accounts.indexOf(account));
  }

  /** Instances of Object 1 and their accounts, in ascending order. */
  servers(): readonly (readonly [Path, Account])[] {
    return this.accounts
      .map((account) => [this.serverInstance(account), account] as const)
      .sort(([a], [b]) => a - b)
      .map(([instance, account]) => [path(1, instance), account] as const);
  }

  /** /1/x/11: with which alert a server refused us at the last handshake; undefined unless it did. */
  alert(shortServerId: number): number | undefined {
    return this.#alerts?.get(shortServerId);
  }

  /** Undefined: a way to the server has opened. */
  refused(shortServerId: number, alert: number | undefined): void {
    if (alert !== undefined) (this.#alerts ??= new Map()).set(shortServerId, alert);
    else this.#alerts?.delete(shortServerId);
  }

  /** Takes the place of the account with the same Short Server ID. */
  change(account: Account, touched: readonly Path[]): void {
    const accounts = this.accounts.map((other) => (other.shortServerId === account.shortServerId ? account : other));
    this.#become({ ...this.#provision, accounts }, { type: "account", account, touched });
  }

  changeAccess(access: readonly AccessRule[]): void {
    this.#become({ ...this.#provision, access }, { type: "access" });
  }

  replace(provision: Provision): void {
    this.#departed = this.accounts.concat(this.#departed ?? []);
    // They were about other keys.
    this.#alerts = undefined;
    this.#become(provision, { type: "replaced" });
  }

  /** All sessions of former accounts have ended. */
  forgetDeparted(): void {
    this.#departed = undefined;
  }

  onChange(listener: ProvisionListener): () => void {
    this.#onChange = this.#onChange.concat(listener);
    return () => (this.#onChange = this.#onChange.filter((other) => other !== listener));
  }

  #become(provision: Provision, change: ProvisionChange): void {
    this.#provision = provision;
    for (const listener of this.#onChange) listener(change);
  }
}
