/** Object 5, Firmware Update, in a tree: packages pushed or fetched, and installed (LwM2M Core 1.1 Appendix E.6). */

import type { Timer } from "../../base/clock.ts";
import { words } from "../../base/errors.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { BodySink, NotAllowed, Verdict } from "../handlers.ts";
import type { ObjectTree } from "../tree.ts";
import { Delivery } from "./delivery.ts";
import { fetchable, protocolNumbers } from "./fetcher.ts";
import {
  CANCEL,
  DELIVERY_METHOD,
  FIRMWARE,
  type FirmwareRecord,
  firmwareRecord,
  firmwareText,
  firmwareValues,
  listed,
  MAXIMUM_DEFER,
  PACKAGE,
  PACKAGE_URI,
  PROTOCOLS,
  SEVERITY,
  UPDATE,
} from "./firmware-record.ts";
import { DEFERRED, type FirmwareEvent, type FirmwareStep, nextFirmware } from "./firmware-states.ts";
import { inspected, type InstallOutcome, type Inspector, type PackageOptions } from "./package.ts";
import { isNothing, whenKnown } from "./push.ts";

/** Who knows this device's firmware. */
export interface FirmwareInstaller extends Inspector {
  /** Begins once the server has been answered. What it throws counts as failed. */
  install(): Promise<InstallOutcome>;
  /** Asked after a restart amid an update: is what was to be installed what runs? */
  verify(expected: { readonly name?: string; readonly version?: string }): Promise<InstallOutcome>;
  /**
   * Asks whoever must agree; undefined: at once. The promise resolves when they do; until then the update is put off
   * (result 11), at most for the Maximum Defer Period. `severity`: 0 critical, 1 mandatory, 2 optional.
   */
  approve?(severity: number, signal: AbortSignal): Promise<void> | undefined;
}

export interface FirmwareOptions extends PackageOptions {
  readonly installer: FirmwareInstaller;
  /** Whether the server may push packages; true unless said otherwise. */
  readonly push?: boolean;
}

const PULL = 0;
const PUSH = 1;
const BOTH = 2;

/** Of a package that is gone, or has not come yet. */
const NOTHING_KNOWN = { known: {}, name: undefined, version: undefined, deferredAt: undefined };

/** Plants `/5/0`, and goes on with what was under way. Before the client starts. */
export function plantFirmware(tree: ObjectTree, options: FirmwareOptions): FirmwareUpdate {
  const update = new FirmwareUpdate(tree, options);
  update.resume();
  return update;
}

export class FirmwareUpdate {
  readonly #tree: ObjectTree;
  readonly #options: FirmwareOptions;
  readonly #delivery: Delivery;
  #record: FirmwareRecord;
  /** Of inspecting, and of waiting for somebody to agree. */
  #work = new AbortController();
  #timer: Timer | undefined;

  constructor(tree: ObjectTree, options: FirmwareOptions) {
    this.#tree = tree;
    this.#options = options;
    this.#record = firmwareRecord(options.store.load());
    this.#delivery = new Delivery(options, {
      known: (known) => this.#keep({ known }),
      received: () => this.#received(),
      failed: (fault) => this.#feed({ type: "failed", fault }),
    });
    tree.addInstance(FIRMWARE);
    this.#plant();
    this.#show();
  }

  /** What is known, for those who show it to people. */
  get record(): FirmwareRecord {
    return this.#record;
  }

  /** Goes on where the process before this one ended. */
  resume(): void {
    const { store } = this.#options;
    const { state, uri, known } = this.#record;
    const isThere = known.total !== undefined && known.total === store.size;
    switch (state.phase) {
      case "idle":
        return;
      case "downloading":
        if (isThere) void this.#inspect();
        // A push cannot be gone on with: the server's blocks were for a process that is no more.
        else if (uri === "") this.#feed({ type: "failed", fault: "lost" });
        else this.#fetch();
        return;
      case "downloaded":
        if (!isThere) this.#feed({ type: "failed", fault: "integrity" });
        else if (state.result === DEFERRED) this.#ask();
        return;
      case "updating":
        void this.#settle(() => this.#options.installer.verify(this.#expected()));
    }
  }

  /** Ends what goes on, to be gone on with by `resume`, mostly of another process. */
  stop(): void {
    this.#delivery.stop();
    this.#quiet();
  }

  #plant(): void {
    const tree = this.#tree;
    const { clock, fetchers, push = true } = this.#options;
    tree.onUpload(PACKAGE, (_, size) => this.#pushed(size));
    tree.onWrite(PACKAGE_URI, (_, value) => this.#uriWritten(value));
    tree.onExecute(UPDATE, () => this.#update());
    tree.onExecute(CANCEL, () => (this.#feed({ type: "cancel" }) ? undefined : this.#refusal("cancelled")));
    tree.onWrite(SEVERITY, (_, value) => this.#set({ severity: Number(value) }));
    tree.onWrite(MAXIMUM_DEFER, (_, value) => this.#set({ maximumDefer: Number(value) }));
    const protocols = fetchers === undefined ? [] : protocolNumbers(fetchers);
    const now = clock.now();
    const method = protocols.length === 0 ? PUSH : push ? BOTH : PULL;
    tree.setAll([...listed(PROTOCOLS, protocols, now), { path: DELIVERY_METHOD, value: method, at: now }]);
  }

  /** An empty package, or one of a single zero, resets (/5/0/3). */
  #pushed(size: number | undefined): BodySink | NotAllowed {
    if (isNothing(size)) return this.#maybeReset();
    if (this.#options.push === false) return { status: "not-allowed", reason: "packages are fetched, not pushed" };
    if (!this.#feed({ type: "push" }, { ...NOTHING_KNOWN, uri: "" })) return this.#refusal("written");
    return this.#delivery.push(size);
  }

  #maybeReset(): BodySink {
    return whenKnown((isReset) => {
      if (isReset) return this.#feed({ type: "reset" }) ? undefined : this.#refusal("reset");
      return { status: "rejected", reason: "a package of one byte" };
    });
  }

  /** The Write itself succeeds; what is wrong with the URI is told by the Update Result alone. */
  #uriWritten(value: ResourceValue): Verdict {
    const text = typeof value === "string" ? value : "";
    const uri = text === "" ? undefined : fetchable(text, this.#delivery.fetchers);
    const event: FirmwareEvent =
      uri === undefined
        ? { type: "reset" }
        : typeof uri === "string"
          ? { type: "unfit", fault: uri }
          : { type: "fetch" };
    return this.#feed(event, { ...NOTHING_KNOWN, uri: text }) ? undefined : this.#refusal("written");
  }

  #update(): Verdict {
    const { installer } = this.#options;
    const { state, severity, maximumDefer } = this.#record;
    if (state.phase !== "downloaded") return this.#refusal("executed");
    this.#quiet();
    // A Maximum Defer Period of 0 allows no deferring (/5/0/13).
    const approval = maximumDefer === 0 ? undefined : installer.approve?.(severity, this.#work.signal);
    if (approval === undefined) return this.#later({ type: "update" });
    const deferredAt = state.result === DEFERRED ? this.#record.deferredAt : this.#options.clock.now().ms;
    const verdict = this.#later({ type: "defer" }, { deferredAt });
    this.#await(approval);
    return verdict;
  }

  /** The server is answered before anything is done: an installation may well end this process. */
  #later(event: FirmwareEvent, change: Partial<FirmwareRecord> = {}): Verdict {
    const step = this.#step(event, change);
    return step === undefined
      ? this.#refusal("executed")
      : { status: "done", after: () => this.#do(step.filter((effect) => effect === "install")) };
  }

  #received(): void {
    const { total = this.#options.store.size } = this.#record.known;
    this.#keep({ known: { ...this.#record.known, total } });
    this.#feed({ type: "received" });
  }

  /** Whether that can be now. The new state is saved before anything is done about it. */
  #feed(event: FirmwareEvent, change: Partial<FirmwareRecord> = {}): boolean {
    const step = this.#step(event, change);
    if (step === undefined) return false;
    this.#do(step);
    return true;
  }

  #step(event: FirmwareEvent, change: Partial<FirmwareRecord>): FirmwareStep | undefined {
    const before = this.#record.state;
    const step = nextFirmware(before, event);
    if (step === undefined) return undefined;
    const [state] = step;
    const { log, clock } = this.#options;
    if (state.phase !== before.phase) {
      this.#quiet();
      if (before.phase === "downloading") this.#delivery.stop();
    }
    const fresh = state.phase === "idle" ? { ...NOTHING_KNOWN, uri: "" } : {};
    const changedAt = state.phase === before.phase ? this.#record.changedAt : clock.now().ms;
    this.#keep({ ...fresh, ...change, state, changedAt });
    log.info("firmware", { state: state.phase, result: state.result, why: event.type });
    return step;
  }

  #do(step: readonly unknown[]): void {
    for (const effect of step) {
      if (effect === "fetch") this.#fetch();
      else if (effect === "inspect") void this.#inspect();
      else if (effect === "install") void this.#settle(() => this.#options.installer.install());
      else if (effect === "discard") this.#options.store.discard();
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

  async #settle(act: () => Promise<InstallOutcome>): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#work;
    let outcome: InstallOutcome;
    try {
      outcome = await act();
    } catch (error) {
      log.warn("firmware-not-installed", { reason: words(error) });
      outcome = { status: "failed" };
    }
    if (signal.aborted || outcome.status === "restarting") return;
    if (outcome.status === "installed") this.#feed({ type: "installed" });
    else this.#feed({ type: "failed", fault: outcome.fault ?? "failed", keep: outcome.keep ?? false });
  }

  /** Asks anew, as after a restart. */
  #ask(): void {
    this.#quiet();
    const { severity, maximumDefer } = this.#record;
    const approval = maximumDefer === 0 ? undefined : this.#options.installer.approve?.(severity, this.#work.signal);
    if (approval === undefined) this.#feed({ type: "update" });
    else this.#await(approval);
  }

  /** Until somebody agrees, or the Maximum Defer Period is over. */
  #await(approval: Promise<void>): void {
    const { clock, log } = this.#options;
    const { signal } = this.#work;
    const go = (): void => {
      if (!signal.aborted) this.#feed({ type: "update" });
    };
    approval.then(go, (error: unknown) => log.info("firmware-not-approved", { reason: words(error) }));
    const { maximumDefer, deferredAt = clock.now().ms } = this.#record;
    if (maximumDefer === undefined) return;
    // The wall clock, since a restart lies between; it may have jumped, so never longer than the whole period.
    const gone = Math.max(0, clock.now().ms - deferredAt);
    this.#timer = clock.after(Math.max(0, maximumDefer * 1_000 - gone), go);
  }

  #quiet(): void {
    this.#work.abort();
    this.#work = new AbortController();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #set(change: Partial<FirmwareRecord>): Verdict {
    this.#keep(change);
    return undefined;
  }

  #keep(change: Partial<FirmwareRecord>): void {
    this.#record = { ...this.#record, ...change };
    const { store, log } = this.#options;
    try {
      store.save(firmwareText(this.#record));
    } catch (error) {
      log.error("firmware-state-not-saved", { error, next: "is there space, and may this user write?" });
    }
    this.#show();
  }

  #show(): void {
    const now = this.#options.clock.now();
    const values = firmwareValues(this.#record);
    this.#tree.setAll(
      values.flatMap(([path, value]) =>
        value === undefined || this.#tree.get(path)?.value === value ? [] : [{ path, value, at: now }],
      ),
    );
    for (const [path, value] of values) if (value === undefined) this.#tree.delete(path);
  }

  #expected(): { name?: string; version?: string } {
    const { name, version } = this.#record;
    return { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
  }

  #refusal(what: string): NotAllowed {
    return { status: "not-allowed", reason: `cannot be ${what} while ${this.#record.state.phase}` };
  }
}
