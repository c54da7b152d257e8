/** One LwM2M client, as the rooms above see it: a tree of Objects, kept registered at its servers. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Pace } from "../base/pacer.ts";
import type { Random } from "../base/random.ts";
import type { Transport } from "../base/transport.ts";
import type { Parameters } from "../coap/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import { type Path, ROOT } from "../model/path.ts";
import type { ResourceUpdate } from "../model/value.ts";
import { AccessObject } from "./access-object.ts";
import type { Account, BootstrapAccount, BootstrapSnapshot, Provision, RegistrationSnapshot } from "./account.ts";
import { Bootstrapper } from "./bootstrap/bootstrapper.ts";
import { supplyDevice } from "./device-object.ts";
import type { EndDevices } from "./end-devices.ts";
import { fingerprint, sameAccount } from "./provision-json.ts";
import { Provisioned, type ProvisionChange, SERVER_OBJECT } from "./provisioned.ts";
import { type Interest, NO_INTEREST, tightest } from "./reporting/interest.ts";
import type { ReportingOptions } from "./reporting/notifier.ts";
import type { SendOptions, SendOutcome } from "./reporting/send.ts";
import { mayStart, needsBootstrap, type Standing } from "./servers/order.ts";
import type { RegistrarOptions } from "./servers/registrar.ts";
import { Session, type SessionOutcome } from "./servers/session.ts";
import { succession } from "./servers/succession.ts";
import type { ObjectTree } from "./tree.ts";
import type { UsualAttributes } from "./view.ts";

export interface Lwm2mClientOptions
  extends Pick<ReportingOptions, "backlog" | "quietMs" | "attributes">,
    Pick<RegistrarOptions, "announceMs"> {
  /** The endpoint client name, unique at each server. */
  readonly endpoint: string;
  readonly tree: ObjectTree;
  /** Where to register, and where to be provisioned; either may be missing, not both (LwM2M Core 1.2 §6.1.2). */
  readonly provision: Provision;
  /** What `onProvision` gave last: goes before `provision`, unless that is another than it was then. */
  readonly saved?: SavedProvision;
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
  /** Where the Objects stand at this client, such as "/lwm2m"; at the root unless given (LwM2M Core 1.2 §6.2.1). */
  readonly rootPath?: string;
  /** Of a gateway: the devices behind it, found below their prefixes. */
  readonly endDevices?: EndDevices;
  /** Runs work when its turn comes, where many clients start together; returns how to withdraw it. */
  readonly pace?: Pace;
}

export interface SavedProvision {
  readonly provision: Provision;
  /** `fingerprint` of the provision that the client was made with. */
  readonly factory: string;
}

/** How a client is, as a person would say it. */
export type ClientState = "off" | "bootstrapping" | RegistrationSnapshot["state"];

/** One server of the client. */
interface Place {
  account: Account;
  readonly session: Session;
  standing: Standing;
}

type Listener<T> = (value: T) => void;

/** States from bad to good. */
const WELL: readonly RegistrationSnapshot["state"][] = ["off", "waiting", "registering", "updating", "registered"];
const NOBODY: readonly never[] = [];
const STANDING = { registered: "registered", "attempt-failed": "failed", "given-up": "given-up" } as const;

/**
 * Shows `tree` to its servers under the name `endpoint`.
 *
 * Object 1 is made from the provision, and so is Object 2 where there are several servers. Object 3 comes from the tree;
 * an Error Code (/3/0/11) and a Binding (/3/0/16) are added to it if they are lacking. Nothing happens before `start`.
 */
export class Lwm2mClient {
  readonly #options: Lwm2mClientOptions;
  readonly #provisioned: Provisioned;
  #places: readonly Place[];
  /** Made when bootstrap is first wanted: most clients never want it. */
  #bootstrapper: Bootstrapper | undefined;
  /** Made with the first rule. */
  #access: AccessObject | undefined;
  #phase: "new" | "started" | "stopped" = "new";
  #paused = false;
  /** While sessions of accounts that are gone take their leave. */
  #leaving: Promise<unknown> | undefined;
  #onRegistration: readonly Listener<RegistrationSnapshot>[] = NOBODY;
  #onState: readonly Listener<ClientState>[] = NOBODY;
  #onInterest: readonly Listener<Path>[] = NOBODY;

  constructor(options: Lwm2mClientOptions) {
    const { provision, saved } = options;
    this.#options = options;
    const current = saved && saved.factory === fingerprint(provision) ? saved.provision : provision;
    this.#provisioned = new Provisioned(current);
    this.#places = current.accounts.map((account) => this.#place(account));
    this.#provisioned.onChange((change) => this.#provisionChanged(change));
  }

  /**
   * Registers at each server when its turn comes, and stays registered until `stop`: through lost answers, restarts of
   * servers and broken wires. Where there is no server, or none takes us, asks the Bootstrap-Server.
   */
  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "started";
    supplyDevice(this.#options.tree, this.#provisioned.accounts, this.#options.clock.now());
    this.#showAccess();
    this.#begin();
  }

  /**
   * De-registers, and waits for the answers no longer than `limitMs` (5 s unless said otherwise), then closes the transports.
   * Never rejects; safe to call twice. A client that was stopped does not start again.
   */
  async stop(limitMs?: number): Promise<void> {
    this.#phase = "stopped";
    const sessions = this.#places.map(({ session }) => session.stop(limitMs));
    await Promise.all([...sessions, this.#bootstrapper?.stop(), this.#leaving]);
  }

  /**
   * Falls silent without a word to any server, and closes all ways to them: before the network goes, or to save power.
   * What is measured meanwhile is kept for servers that want it. Nothing happens before `resume`.
   */
  pause(): void {
    this.#paused = true;
    for (const place of this.#places) {
      place.standing = "idle";
      void place.session.leave();
    }
    void this.#bootstrapper?.stop();
    this.#bootstrapper = undefined;
    this.#tellState();
  }

  /** Registers anew at each server. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#begin();
  }

  /** De-registers at one server, and stays away for so many seconds; Infinity: until `enable`. As /1/x/4, but ours. */
  disable(shortServerId: number, seconds: number): void {
    this.#session(shortServerId)?.away(seconds);
  }

  /** Registers at once at a server that was disabled, or that the next attempt is waited for. */
  enable(shortServerId: number): void {
    this.#session(shortServerId)?.enable();
  }

  /** All that is provisioned at present: what the client was made with, and what servers and bootstrap made of it. */
  get provision(): Provision {
    return this.#provisioned.provision;
  }

  /**
   * Puts other accounts, another Bootstrap-Server and other rules in the place of all there are, as bootstrap does.
   * Registrations under accounts that lead where they did go on; the others end, and only then others begin.
   */
  provide(provision: Provision): void {
    this.#provisioned.replace(provision);
  }

  /** Asks the Bootstrap-Server at once; false if there is none (any more), or the client is not running. */
  bootstrap(): boolean {
    if (this.#phase !== "started" || this.#paused || this.#provisioned.bootstrap === undefined) return false;
    this.#bootstrapping().want(true);
    return true;
  }

  /** Sends an Update to every server that has us, or to one of them. */
  update(shortServerId?: number): void {
    for (const { account, session } of this.#places)
      if (shortServerId === undefined || account.shortServerId === shortServerId) session.updateNow();
  }

  /** One for each server, in the order of the accounts. */
  get registrations(): readonly RegistrationSnapshot[] {
    return this.#places.map(({ session }) => session.registration);
  }

  /** The registration that is worst off; where there is no server yet, what has become of bootstrap instead. */
  get registration(): RegistrationSnapshot {
    let worst: RegistrationSnapshot | undefined;
    for (const { session } of this.#places) {
      const { registration } = session;
      if (!worst || WELL.indexOf(registration.state) < WELL.indexOf(worst.state)) worst = registration;
    }
    return worst ?? this.#unregistered();
  }

  /** What has become of bootstrap; undefined while nobody has wanted it. */
  get bootstrapSnapshot(): BootstrapSnapshot | undefined {
    return this.#bootstrapper?.snapshot;
  }

  /** Bootstrapping, as long as that goes on and no server has us; else how the registration is that is worst off. */
  get state(): ClientState {
    const bootstrap = this.#bootstrapper?.snapshot.state ?? "off";
    if (bootstrap !== "off" && !this.#places.some(({ standing }) => standing === "registered")) return "bootstrapping";
    return this.#places.length === 0 ? "off" : this.registration.state;
  }

  /** Called whenever the state of a registration changes. Returns how to stop listening. */
  onRegistration(listener: (snapshot: RegistrationSnapshot) => void): () => void {
    this.#onRegistration = this.#onRegistration.concat(listener);
    return () => (this.#onRegistration = this.#onRegistration.filter((other) => other !== listener));
  }

  /** Called when `state`, or what is known of bootstrap, may be another. Returns how to stop listening. */
  onState(listener: (state: ClientState) => void): () => void {
    this.#onState = this.#onState.concat(listener);
    return () => (this.#onState = this.#onState.filter((other) => other !== listener));
  }

  /**
   * Sends values unasked (LwM2M Core 1.2 §6.4.6): those that stand at paths now, or others with times of their own.
   * How it ended by Short Server ID. Never rejects.
   */
  async send(
    what: readonly Path[] | readonly ResourceUpdate[],
    options: SendOptions = {},
  ): Promise<ReadonlyMap<number, SendOutcome>> {
    const asked = this.#places
      .map(({ account, session }) => [account.shortServerId, session.notifier] as const)
      .filter(([shortServerId]) => options.server === undefined || options.server === shortServerId);
    return new Map(
      await Promise.all(asked.map(async ([id, notifier]) => [id, await notifier.send(what, options)] as const)),
    );
  }

  /** How closely servers follow a path, all of them together: a sensor may be asked more often, or less. */
  interest(path: Path): Interest {
    return this.#places.reduce((sum, { session }) => tightest(sum, session.notifier.interest(path)), NO_INTEREST);
  }

  /** Called with each path that servers follow more closely than before, or less. Returns how to stop listening. */
  onInterest(listener: (path: Path) => void): () => void {
    this.#onInterest = this.#onInterest.concat(listener);
    for (const { session } of this.#places) this.#listenTo(session);
    return () => (this.#onInterest = this.#onInterest.filter((other) => other !== listener));
  }

  #listenTo({ notifier }: Session): void {
    notifier.onInterest = (path) => {
      for (const listener of this.#onInterest) listener(path);
    };
  }

  /** Called with all that is provisioned when a server or bootstrap has changed it. Returns how to stop listening. */
  onProvision(listener: (provision: Provision, change: ProvisionChange) => void): () => void {
    return this.#provisioned.onChange((change) => listener(this.#provisioned.provision, change));
  }

  #session(shortServerId: number): Session | undefined {
    return this.#places.find(({ account }) => account.shortServerId === shortServerId)?.session;
  }

  #begin(): void {
    if (this.#phase !== "started" || this.#paused) return;
    const { bootstrap } = this.#provisioned;
    if (bootstrap?.listen || bootstrap?.purgeAt !== undefined) this.#bootstrapping().listen();
    this.#goOn(this.#places.length === 0);
  }

  #place(account: Account): Place {
    const { shortServerId } = account;
    const session = new Session(this.#options, { provisioned: this.#provisioned, shortServerId, client: this });
    const place: Place = { account, session, standing: "idle" };
    if (this.#onInterest.length > 0) this.#listenTo(session);
    return place;
  }

  /** Of its sessions alone. */
  registrationChanged(session: Session): void {
    if (this.#onRegistration.length > 0) {
      const { registration } = session;
      for (const listener of this.#onRegistration) listener(registration);
    }
    this.#tellState();
  }

  /** Of its sessions alone. */
  came(session: Session, outcome: SessionOutcome): void {
    const place = this.#places.find((each) => each.session === session);
    if (outcome === "stopped" || place === undefined) return;
    place.standing = STANDING[outcome];
    if (outcome === "registered") this.#bootstrapper?.recovered();
    this.#goOn(outcome !== "registered");
  }

  /** Lets those register whose turn it is; and asks for others if none of these will do, once one more has failed. */
  #goOn(failed: boolean): void {
    if (this.#phase !== "started" || this.#paused || this.#leaving) return;
    const candidates = () => this.#places.map((place) => ({ ...place.account, standing: place.standing, place }));
    for (const { place } of mayStart(candidates())) {
      place.standing = "trying";
      place.session.start();
    }
    if (failed && this.#provisioned.bootstrap !== undefined && needsBootstrap(candidates()))
      this.#bootstrapping().want(false);
  }

  #bootstrapping(): Bootstrapper {
    this.#bootstrapper ??= new Bootstrapper({
      ...this.#options,
      provisioned: this.#provisioned,
      changed: () => this.#tellState(),
    });
    return this.#bootstrapper;
  }

  #provisionChanged(change: ProvisionChange): void {
    if (change.type === "replaced") this.#reconcile();
    if (change.type === "account") this.#accountChanged(change.account, change.touched);
    if (change.type !== "account") this.#showAccess();
    // Who may no longer read may no longer observe.
    if (change.type === "access") for (const { session } of this.#places) session.notifier.attributesChanged(ROOT);
  }

  #accountChanged(account: Account, touched: readonly Path[]): void {
    for (const place of this.#places) {
      if (place.account.shortServerId === account.shortServerId) place.account = account;
      place.session.accountChanged(touched);
    }
  }

  /** Registrations under accounts that are as they were go on; the others end, and only then others begin. */
  #reconcile(): void {
    const { accounts } = this.#provisioned;
    const kept = new Set<Place>();
    const places = accounts.map((account) => {
      const place = this.#places.find((other) => other.account.shortServerId === account.shortServerId);
      if (place === undefined || place.standing === "given-up" || succession(place.account, account) === "another")
        return this.#place(account);
      kept.add(place);
      return place;
    });
    const gone = this.#places.filter((place) => !kept.has(place));
    this.#places = places;
    for (const [index, place] of places.entries()) {
      const account = accounts[index]!;
      if (kept.has(place) && (places.length !== 1 || gone.length > 0 || !sameAccount(place.account, account)))
        place.session.accountChanged([SERVER_OBJECT]);
      if (succession(place.account, account) === "rekeyed") place.session.rekeyed();
      place.account = account;
    }
    // Also without anybody to wait for: whoever gave us all this must hear first that it holds.
    const leaving = Promise.all(gone.map(({ session }) => session.stop())).then(() => {
      if (this.#leaving !== leaving) return;
      this.#leaving = undefined;
      this.#provisioned.forgetDeparted();
      this.#goOn(places.length === 0);
    });
    this.#leaving = leaving;
    this.#tellState();
  }

  #showAccess(): void {
    if (this.#provisioned.access !== undefined)
      this.#access ??= new AccessObject(this.#options.tree, this.#provisioned, this.#options.clock);
    this.#access?.show();
  }

  #tellState(): void {
    if (this.#onState.length === 0) return;
    const { state } = this;
    for (const listener of this.#onState) listener(state);
  }

  #unregistered(): RegistrationSnapshot {
    const { state = "off", lastError, nextAttemptAt } = this.#bootstrapper?.snapshot ?? {};
    return {
      state: state === "waiting" ? "waiting" : state === "off" ? "off" : "registering",
      server: this.#provisioned.bootstrap?.uri ?? "",
      shortServerId: 0,
      lifetime: 0,
      observations: 0,
      ...(lastError !== undefined && { lastError }),
      ...(nextAttemptAt !== undefined && { nextAttemptAt }),
    };
  }
}
