/** One client at one server: what it shows, what is observed of it, and how it stays registered, put together. */

import type { Transport } from "../../base/transport.ts";
import {
  type Answer,
  Code,
  codeText,
  type IncomingRequest,
  type ObservationEnd,
  type OutgoingRequest,
  type Reply,
  type UploadChooser,
} from "../../coap/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { type Path, ROOT } from "../../model/path.ts";
import type { Account, RegistrationSnapshot, Version } from "../account.ts";
import { supplyDevice } from "../device-object.ts";
import { type EndDevices, EndDeviceRoutes } from "../end-devices.ts";
import { chooseUpload } from "../operations/upload.ts";
import type { Provisioned } from "../provisioned.ts";
import { Notifier } from "../reporting/notifier.ts";
import type { LossListener, ReportingOptions } from "../reporting/offline.ts";
import { route } from "../router.ts";
import type { ObjectTree } from "../tree.ts";
import { instanceOf, type UsualAttributes, View } from "../view.ts";
import { Registrar, type RegistrarOptions, type RegistrarOwner } from "./registrar.ts";
import type { Outcome, State } from "./registration.ts";
import { belowRoot, nameOf } from "./root-path.ts";
import { type ServerActions, ServerObject } from "./server-object.ts";

/** Resets of notifications after which the server has probably lost its memory rather than its interest. */
const MANY_RESETS = 3;
/**
 * How long after the answer to a Disable the De-register leaves. Servers handle the two side by side, and one that sees
 * the De-register first tells its operator that the Execute has failed (LwM2M Core 1.2 §E.2, Disable: answer, then go).
 */
const ANSWER_LEAD_MS = 250;
const STOP_LIMIT_MS = 5_000;

/** What all sessions of a client share, and mostly those of all clients. */
export interface SessionOptions extends RegistrarOptions, ReportingOptions {
  readonly tree: ObjectTree;
  readonly models: ObjectRegistry;
  /** A transport to the server, not yet open. Called again if one broke. */
  connect(account: Account): Transport;
  /**
   * The periods and the step that hold at a path where the server has said nothing, by attributes or in its own Object.
   * Not shown in Discover: nobody has attached them.
   */
  readonly defaults?: UsualAttributes;
  /** Of a gateway: the devices behind it. */
  readonly endDevices?: EndDevices;
}

/** What a session asks of its client, and tells it: one for all its sessions, since a listener each would cost more. */
export interface ClientActions {
  bootstrap(): unknown;
  update(shortServerId: number): void;
  disable(shortServerId: number, seconds: number): void;
  /** The state of its registration is another. */
  registrationChanged(session: Session): void;
  /** With each Register that worked or did not, and at the end. */
  came(session: Session, outcome: SessionOutcome): void;
}

/** What a session is about. */
export interface SessionSubject {
  readonly provisioned: Provisioned;
  /** Which of the accounts. */
  readonly shortServerId: number;
  /** Who is asked when the server wants bootstrap (/1/x/9), or something of the account of another server. */
  readonly client?: ClientActions;
}

/** How a session fares, for those who order sessions: an attempt was refused or met silence; all that may be made have. */
export type SessionOutcome = Outcome | "stopped";

export class Session implements ServerActions, RegistrarOwner, LossListener {
  readonly #options: SessionOptions;
  readonly #client: SessionSubject["client"];
  readonly #registrar: Registrar;
  readonly view: View;
  readonly notifier: Notifier;
  readonly #beyond: EndDeviceRoutes | undefined;
  #resets = 0;
  #givenUp = false;
  #since: number | undefined;
  #stopListening: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: SessionOptions, { provisioned, shortServerId, client }: SessionSubject) {
    const { tree, models, clock, defaults } = options;
    this.#options = options;
    this.#client = client;
    const server = new ServerObject(provisioned, shortServerId, this);
    const prefix = options.rootPath === undefined ? undefined : nameOf(options.rootPath);
    this.view = new View({ tree, server, models, clock, defaults, prefix, alternate: prefix !== undefined });
    this.notifier = new Notifier(this.view, this, options);
    const { endDevices } = options;
    this.#beyond = endDevices && new EndDeviceRoutes(endDevices, this.view, this, options);
    this.#registrar = new Registrar(this.view, this, options);
  }

  /** Registers, and stays registered until `stop` or `pause`. */
  start(): void {
    if (this.#stopped) return;
    const { tree, clock } = this.#options;
    if (this.#stopListening === undefined) {
      supplyDevice(tree, this.view.server.provisioned.accounts, clock.now());
      this.#stopListening = tree.onInstances(() => this.#instancesChanged());
    }
    this.#registrar.feed({ type: "start" });
  }

  /** Neither Register nor Update until `start`; the server is told nothing, and its requests are answered. */
  pause(): void {
    this.#registrar.pause();
  }

  /** As `pause`, and not heard either. Never rejects. */
  leave(): Promise<void> {
    return this.#registrar.leave();
  }

  /** De-registers, and waits for the answer no longer than `limitMs`. Never rejects; safe to call twice. */
  stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    this.#stopped ??= this.#stop(limitMs);
    return this.#stopped;
  }

  get registration(): RegistrationSnapshot {
    const { uri, lifetime, shortServerId } = this.view.server.account;
    return {
      server: uri,
      shortServerId,
      lifetime,
      observations: this.notifier.size + (this.#beyond?.size ?? 0),
      ...(this.#since !== undefined && { since: this.#since }),
      ...(this.#givenUp && { givenUp: true }),
      ...this.#registrar.known,
    };
  }

  get version(): Version {
    return this.view.version;
  }

  connect(): Transport {
    return this.#options.connect(this.view.server.account);
  }

  updateNow(): void {
    this.#registrar.feed({ type: "update-now" });
  }

  /** The account has other keys, and leads to the same server. */
  rekeyed(): void {
    this.#registrar.rekeyed();
  }

  /** Ends what `disable` has begun, or any other wait for the next attempt. */
  enable(): void {
    this.#registrar.feed({ type: "enable" });
  }

  /** Goes away at once, and comes back after `seconds`. */
  away(seconds: number): void {
    this.#registrar.feed({ type: "disable", ms: seconds * 1_000 });
  }

  disable(seconds: number): void {
    this.#options.clock.after(ANSWER_LEAD_MS, () => this.away(seconds));
  }

  bootstrap(): void {
    this.#client?.bootstrap();
  }

  updateOther(shortServerId: number): void {
    this.#client?.update(shortServerId);
  }

  disableOther(shortServerId: number, seconds: number): void {
    this.#client?.disable(shortServerId, seconds);
  }

  /** A request of our own, such as Send. Never rejects; a line that breaks meanwhile ends in a Register. */
  request(request: OutgoingRequest): Promise<Answer> {
    return this.#registrar.connection.request(request);
  }

  /** Whether an Instance is part of the registration. */
  knows(instance: Path): boolean {
    return this.#registrar.knows(instance);
  }

  /** Requests are answered in every state: some servers ask before the answer to Register has arrived. */
  handle(request: IncomingRequest): Reply | Promise<Reply> {
    const { rootPath } = this.#options;
    const inside = rootPath === undefined ? request : belowRoot(request, rootPath);
    if (inside === undefined) return { code: Code.NotFound };
    try {
      const reply = this.#beyond?.handle(inside) ?? route(this.view, this.notifier, inside);
      return reply instanceof Promise ? reply.catch((error: unknown) => this.#fault(request, error)) : reply;
    } catch (error) {
      return this.#fault(request, error);
    }
  }

  get upload(): UploadChooser | undefined {
    const { tree, rootPath } = this.#options;
    if (!tree.takesUploads) return undefined;
    return (head) => {
      const inside = rootPath === undefined ? head : belowRoot(head, rootPath);
      return inside && chooseUpload(this.view, inside);
    };
  }

  /** Another way means another address, by which the server does not know us (NoSec). */
  lineLost(): void {
    this.#registrar.lineLost();
  }

  refused(alert: number | undefined): void {
    this.view.server.refused(alert);
  }

  /** The server drops what it observed with the old registration, and may begin anew before its answer arrives. */
  registering(): void {
    this.notifier.clear();
    this.#beyond?.clear();
  }

  entered(name: State["name"]): void {
    const { endpoint, log, clock } = this.#options;
    if (name === "registered") {
      this.notifier.online();
      this.#beyond?.online();
      this.#resets = 0;
      if (this.#since === undefined) log.info("registered", { endpoint, location: this.#registrar.known.location });
      this.#since ??= clock.now().ms;
    } else if (name !== "updating") {
      this.notifier.offline();
      this.#beyond?.offline();
      this.#since = undefined;
    }
    this.#client?.registrationChanged(this);
  }

  outcome(outcome: SessionOutcome): void {
    this.#givenUp = outcome === "given-up";
    this.#client?.came(this, outcome);
  }

  /** Objects 1 or 2 are not what they were. */
  accountChanged(touched: readonly Path[]): void {
    this.notifier.attributesChanged(ROOT);
    this.#beyond?.attributesChanged();
    this.notifier.changed(touched);
    this.#registrar.changed();
  }

  /** Nobody listens where we were heard before: an Update finds out whether we are still known. */
  observationLost(why: ObservationEnd, left: number): void {
    // It was we who closed the line, and know what follows from that.
    if (why === "closed") return;
    if (why === "reset") this.#resets += 1;
    if (why !== "reset" || left === 0 || this.#resets >= MANY_RESETS) {
      this.#resets = 0;
      this.updateNow();
    }
  }

  observationFailed(path: Path, { code, diagnostic }: Reply): void {
    const { endpoint, log } = this.#options;
    log.info("observation-ended", { endpoint, path, code: codeText(code), reason: diagnostic });
  }

  async #stop(limitMs: number): Promise<void> {
    this.#stopListening?.();
    await this.#registrar.stop(limitMs);
    this.notifier.close();
    this.#beyond?.close();
    await this.#registrar.connection.close();
    this.outcome("stopped");
  }

  #instancesChanged(): void {
    this.view.attributes.prune((path) => this.view.has(path) || this.view.has(instanceOf(path)));
    this.#registrar.changed();
  }

  #fault(request: IncomingRequest, error: unknown): Reply {
    const { endpoint, log } = this.#options;
    log.error("request-failed", { endpoint, path: `/${request.path.join("/")}`, error });
    return { code: Code.InternalServerError };
  }
}
