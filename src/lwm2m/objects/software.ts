/** Object 9, Software Management, in a tree: one Instance for each piece of software (OMA-TS-LWM2M_SwMgmt 1.0). */

import { words } from "../../base/errors.ts";
import { child, type Path, path } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Argument, BodySink, MaybeLater, NotAllowed, Verdict } from "../handlers.ts";
import type { ObjectTree } from "../tree.ts";
import { Delivery } from "./delivery.ts";
import { tell } from "./facts.ts";
import { fetchable } from "./fetcher.ts";
import { inspected, type InstallOutcome, type Inspector, type PackageOptions } from "./package.ts";
import { isNothing, whenKnown } from "./push.ts";
import { type SoftwareRecord, softwareRecord, softwareText } from "./software-record.ts";
import { nextSoftware, type SoftwareEvent, type SoftwareStep, UPDATE_STATES } from "./software-states.ts";

/** Who knows how one piece of software is installed. What these throw counts as failed. */
export interface SoftwareInstaller extends Inspector {
  /** Begins once the server has been answered. */
  install(): Promise<InstallOutcome>;
  uninstall(): Promise<InstallOutcome>;
  /** Asked after a restart amid an installation, or the opposite: is the software there? */
  verify(expected: { readonly name?: string; readonly version?: string }): Promise<InstallOutcome>;
  activate(): Promise<Verdict>;
  deactivate(): Promise<Verdict>;
}

export interface SoftwareOptions extends PackageOptions {
  readonly installer: SoftwareInstaller;
}

const PKG_NAME = 0;
const PKG_VERSION = 1;
const PACKAGE = 2;
const PACKAGE_URI = 3;
const INSTALL = 4;
const UNINSTALL = 6;
const UPDATE_STATE = 7;
const UPDATE_RESULT = 9;
const ACTIVATE = 10;
const DEACTIVATE = 11;
const ACTIVATION_STATE = 12;
const MAX_NAME = 255;
const NOTHING_KNOWN = { uri: "", known: {} };

/** Plants `/9/number`, and goes on with what was under way. Each Instance has a store of its own. */
export function plantSoftware(tree: ObjectTree, number: number, options: SoftwareOptions): Software {
  const software = new Software(tree, path(9, number), options);
  software.resume();
  return software;
}

export class Software {
  readonly #tree: ObjectTree;
  readonly #instance: Path;
  readonly #options: SoftwareOptions;
  readonly #delivery: Delivery;
  #record: SoftwareRecord;
  #work = new AbortController();

  constructor(tree: ObjectTree, instance: Path, options: SoftwareOptions) {
    this.#tree = tree;
    this.#instance = instance;
    this.#options = options;
    this.#record = softwareRecord(options.store.load());
    this.#delivery = new Delivery(options, {
      known: (known) => this.#keep({ known }),
      received: () => this.#received(),
      failed: (fault) => this.#feed({ type: "failed", fault }),
    });
    this.#show();
    this.#plant();
  }

  get record(): SoftwareRecord {
    return this.#record;
  }

  /** Goes on where the process before this one ended. */
  resume(): void {
    const { store, installer } = this.#options;
    const { state, uri, known } = this.#record;
    const isThere = known.total !== undefined && known.total === store.size;
    switch (state.phase) {
      case "download-started":
        if (isThere) this.#feed({ type: "received" });
        else if (uri === "") this.#feed({ type: "failed", fault: "lost" });
        else this.#fetch();
        return;
      case "downloaded":
        if (isThere) void this.#inspect();
        else this.#feed({ type: "failed", fault: "integrity" });
        return;
      case "delivered":
        if (!isThere) this.#feed({ type: "failed", fault: "integrity" });
        return;
      case "installing":
        void this.#settle("installed", () => installer.verify(this.#expected()));
        return;
      case "uninstalling":
        void this.#settle("uninstalled", () => installer.uninstall());
        return;
      default:
    }
  }

  /** Ends what goes on, to be gone on with by `resume`, mostly of another process. */
  stop(): void {
    this.#delivery.stop();
    this.#quiet();
  }

  #plant(): void {
    const tree = this.#tree;
    const { installer } = this.#options;
    const at = (id: number): Path => child(this.#instance, id);
    tree.onUpload(at(PACKAGE), (_, size) => this.#pushed(size));
    tree.onWrite(at(PACKAGE_URI), (_, value) => this.#uriWritten(value));
    tree.onExecute(at(INSTALL), () => this.#later({ type: "install" }));
    tree.onExecute(at(UNINSTALL), (_path, _args, _signal, list) => this.#uninstall(list));
    tree.onExecute(at(ACTIVATE), () => this.#switch("activated", () => installer.activate()));
    tree.onExecute(at(DEACTIVATE), () => this.#switch("deactivated", () => installer.deactivate()));
  }

  #pushed(size: number | undefined): BodySink | NotAllowed {
    if (isNothing(size))
      return whenKnown((isReset) => {
        if (isReset) return this.#feed({ type: "reset" }) ? undefined : this.#refusal();
        return { status: "rejected", reason: "a package of one byte" };
      });
    return this.#feed({ type: "push" }, NOTHING_KNOWN) ? this.#delivery.push(size) : this.#refusal();
  }

  /** The Write itself succeeds; what is wrong with the URI is told by the Update Result alone. */
  #uriWritten(value: ResourceValue): Verdict {
    const text = typeof value === "string" ? value : "";
    const uri = text === "" ? undefined : fetchable(text, this.#delivery.fetchers);
    const event: SoftwareEvent =
      uri === undefined
        ? { type: "reset" }
        : typeof uri === "string"
          ? { type: "unfit", fault: uri }
          : { type: "fetch" };
    return this.#feed(event, { known: {}, uri: text }) ? undefined : this.#refusal();
  }

  /** Argument 1 is "ForUpdate" (/9/x/6). */
  #uninstall(list: readonly Argument[]): Verdict {
    const [first, ...more] = list;
    if (more.length > 0 || (first !== undefined && first.id > 1)) return { status: "rejected", reason: "0 or 1" };
    return this.#later({ type: "uninstall", forUpdate: first?.id === 1 });
  }

  #switch(type: "activated" | "deactivated", act: () => Promise<Verdict>): MaybeLater<Verdict> {
    if (this.#record.state.phase !== "installed") return this.#refusal();
    return act().then((verdict) => {
      if (verdict !== undefined && verdict.status !== "done") return verdict;
      return this.#feed({ type }) ? verdict : this.#refusal();
    });
  }

  /** The server is answered before anything is done. */
  #later(event: SoftwareEvent): Verdict {
    const step = this.#step(event, {});
    return step === undefined ? this.#refusal() : { status: "done", after: () => this.#do(step) };
  }

  #received(): void {
    const { total = this.#options.store.size } = this.#record.known;
    this.#feed({ type: "received" }, { known: { ...this.#record.known, total } });
  }

  #feed(event: SoftwareEvent, change: Partial<SoftwareRecord> = {}): boolean {
    const step = this.#step(event, change);
    if (step !== undefined) this.#do(step);
    return step !== undefined;
  }

  #step(event: SoftwareEvent, change: Partial<SoftwareRecord>): SoftwareStep | undefined {
    const before = this.#record.state;
    const step = nextSoftware(before, event);
    if (step === undefined) return undefined;
    const [state] = step;
    if (state.phase !== before.phase) {
      this.#quiet();
      if (before.phase === "download-started") this.#delivery.stop();
    }
    this.#keep({ ...(state.phase === "initial" && NOTHING_KNOWN), ...change, state });
    this.#options.log.info("software", { at: this.#instance, state: state.phase, result: state.result });
    return step;
  }

  #do(step: SoftwareStep): void {
    const { installer, store } = this.#options;
    for (const effect of step.slice(1)) {
      if (effect === "fetch") this.#fetch();
      else if (effect === "inspect") void this.#inspect();
      else if (effect === "install") void this.#settle("installed", () => installer.install());
      else if (effect === "uninstall") void this.#settle("uninstalled", () => installer.uninstall());
      else if (effect === "discard") store.discard();
    }
  }

  #fetch(): void {
    const { uri, known } = this.#record;
    const url = fetchable(uri, this.#delivery.fetchers);
    if (typeof url === "string") this.#feed({ type: "failed", fault: url });
    else this.#delivery.pull(url, known);
  }

  async #inspect(): Promise<void> {
    const { store, installer, log } = this.#options;
    const { signal } = this.#work;
    const inspection = await inspected(installer, store, { signal, log });
    if (signal.aborted) return;
    if (inspection.status === "unfit") this.#feed({ type: "failed", fault: inspection.fault });
    else this.#feed({ type: "accepted" }, { name: inspection.name, version: inspection.version });
  }

  async #settle(type: "installed" | "uninstalled", act: () => Promise<InstallOutcome>): Promise<void> {
    const { signal } = this.#work;
    const outcome = await act().catch((error: unknown): InstallOutcome => {
      this.#options.log.warn("software-not-changed", { at: this.#instance, reason: words(error) });
      return { status: "failed" };
    });
    if (signal.aborted || outcome.status === "restarting") return;
    this.#feed(outcome.status === "installed" ? { type } : { type: "failed", fault: outcome.fault ?? "failed" });
  }

  #quiet(): void {
    this.#work.abort();
    this.#work = new AbortController();
  }

  #keep(change: Partial<SoftwareRecord>): void {
    this.#record = { ...this.#record, ...change };
    const { store, log } = this.#options;
    try {
      store.save(softwareText(this.#record));
    } catch (error) {
      log.error("software-state-not-saved", { error, next: "is there space, and may this user write?" });
    }
    this.#show();
  }

  #show(): void {
    const { state, name = "", version = "" } = this.#record;
    tell(
      this.#tree,
      this.#instance,
      [
        [PKG_NAME, name.slice(0, MAX_NAME)],
        [PKG_VERSION, version.slice(0, MAX_NAME)],
        [UPDATE_STATE, UPDATE_STATES[state.phase]],
        [UPDATE_RESULT, state.result],
        [ACTIVATION_STATE, state.active],
      ],
      this.#options.clock.now(),
    );
  }

  #expected(): { name?: string; version?: string } {
    const { name, version } = this.#record;
    return { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
  }

  #refusal(): NotAllowed {
    return { status: "not-allowed", reason: `not while ${this.#record.state.phase}` };
  }
}
