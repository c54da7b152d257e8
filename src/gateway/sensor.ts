/** One adopted device: what it is, what it last said, and how it stands upstream. */

import { DecodeError } from "../base/bytes.ts";
import type { Clock, Stamp } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { type Device, type Mapping, type Reading, type Saying, SealedError, type Session } from "../library/index.ts";
import { ObjectTree } from "../lwm2m/index.ts";
import { ids, path, type Path } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";
import type { Frame } from "../sdk/adapter.ts";
import type { Adapters } from "./adapters.ts";
import { Commands, type Order } from "./commands.ts";
import { Echoes, fingerprint, REPETITION_MS } from "./duplicates.ts";
import { digitsOf, keyState, type KeyStatus, openSession } from "./hearing/key.ts";
import { mappingOptions, patienceOf, type Tuning } from "./hearing/tuning.ts";
import { next } from "./liveness.ts";
import { rememberAppeared } from "./memory.ts";
import type { RosterEntry } from "./roster.ts";
import type { Liveness } from "./status/status.ts";
import { Upstream, type UpstreamOptions } from "./upstream.ts";

/** What became of a frame. */
export type Hearing =
  /** The tree has new values. */
  | "updated"
  /** The device lives, and said nothing new. */
  | "repeated"
  /** It could not be read. */
  | "malformed"
  /** It stays closed: for want of the right key, or because it was said before. */
  | "sealed";

export interface SensorOptions {
  readonly entry: RosterEntry;
  readonly adapter: string;
  readonly address: string;
  readonly device: Device;
  readonly tuning?: Tuning;
  readonly shared: SharedBySensors;
}

/** What all sensors use. */
export interface SharedBySensors {
  readonly adapters: Adapters;
  readonly clock: Clock;
  readonly log: Log;
  readonly upstream: UpstreamOptions;
  /** An Instance has appeared. */
  readonly grown: (sensor: Sensor) => void;
  /** Something was counted, and should be kept. */
  readonly counted: () => void;
}

/** Another format than the one it was adopted with. */
interface Other {
  readonly definition: string;
  readonly ms: number;
}

/** Thousands of these stand idle: plain fields, and everything else only when it is needed. */
export class Sensor {
  readonly entry: RosterEntry;
  readonly adapter: string;
  readonly address: string;
  readonly device: Device;
  readonly alive: Device["alive"];
  readonly mapping: Mapping;
  readonly upstream: Upstream;
  liveness: Liveness = "waiting";
  /** Gone not for its silence: its device, or who speaks for it, has said so. */
  offline: true | undefined;
  heardAt: Stamp | undefined;
  rssi: number | undefined;
  /** By the clock that never jumps: when it was heard last, or adopted. */
  #heardMs: number;
  #sequence: number | undefined;
  #fingerprint: number | undefined;
  #newsMs = -Infinity;
  #commands: Commands | undefined;
  /** Absent for all whose frames stand alone. */
  #session: Session | undefined;
  #echoes: Echoes | undefined;
  #other: Other | undefined;
  readonly #tuning: Tuning | undefined;
  readonly #shared: SharedBySensors;

  constructor({ entry, adapter, address, device, tuning, shared }: SensorOptions) {
    this.entry = entry;
    this.adapter = adapter;
    this.address = address;
    this.device = device;
    this.alive = patienceOf(device, tuning);
    this.mapping = device.createMapping(mappingOptions(tuning, entry.memory));
    this.#tuning = tuning;
    this.#shared = shared;
    this.#heardMs = shared.clock.monotonic();
    const defaults = tuning?.report ? device.reportWith(tuning.report) : device.report;
    this.upstream = new Upstream(
      {
        endpoint: entry.endpoint,
        source: entry.source,
        tree: this.#plant(),
        memory: entry.memory,
        ...(defaults && { defaults }),
      },
      shared.upstream,
    );
  }

  get endpoint(): string {
    return this.entry.endpoint;
  }

  get tree(): ObjectTree {
    return this.upstream.tree;
  }

  /** A frame of this device: the hot path. */
  hear(frame: Frame): Hearing {
    const now = this.#shared.clock.monotonic();
    if ("retained" in frame.payload && frame.payload.retained) return this.#hearOld(frame);
    if (frame.rssi !== undefined) this.rssi = frame.rssi;
    const print = fingerprint(frame.payload);
    const echo = print !== undefined && this.device.happens && this.#isEcho(print, now);
    if (
      print !== undefined &&
      print === this.#fingerprint &&
      now - this.#newsMs < REPETITION_MS &&
      this.liveness === "live"
    ) {
      this.#hearLife(frame, now);
      return "repeated";
    }
    const reading = this.#decode(frame);
    if (typeof reading === "string") return reading;
    if (reading && this.#isAboutPresence(reading)) return "repeated";
    this.#hearLife(frame, now);
    this.#fingerprint = print;
    if (reading === undefined) return "repeated";
    // The same message goes on telling states; what happened has happened once.
    const past = echo || (this.device.happens && reading.sequence !== undefined && reading.sequence === this.#sequence);
    const repeated = this.#isRepetition(reading, now);
    if (!repeated) this.#store(this.mapping.updates(reading, past));
    // Also what says nothing new may confirm: a relay that was on already.
    this.#commands?.heard(reading);
    return repeated ? "repeated" : "updated";
  }

  /**
   * Whether a message on this sensor's own topic, which fits no definition at all, is broken; the log says how.
   * Of other wires nobody knows whether it was meant for this definition.
   */
  cannotRead(frame: Frame): boolean {
    return frame.payload.kind === "message" && this.#decode(frame) === "malformed";
  }

  /** Looks whether it has been silent for too long. Returns whether its liveness has changed. */
  look(now: number): boolean {
    const silent = now - this.#heardMs;
    const before = this.liveness;
    const { alive } = this;
    if (before === "gone" || silent <= (before === "live" ? alive.staleMs : alive.goneMs)) return false;
    const [liveness, effect] = next(before, { type: "silent", ms: silent }, alive);
    this.liveness = liveness;
    if (effect) this.tree.setAll(this.mapping.silence(effect.tell, this.#shared.clock.now()));
    return liveness !== before;
  }

  /** It is said to be there, or not to be. Returns whether that has changed anything. */
  isTold(saying: Saying): boolean {
    const { offline } = this;
    if ((saying === "gone") === (offline === true)) return false;
    this.offline = saying === "gone" ? true : undefined;
    const event = { type: "told", saying, heard: this.heardAt !== undefined } as const;
    const [liveness, effect] = next(this.liveness, event, this.alive);
    this.liveness = liveness;
    // What it says next is news, even if it is what it said last.
    this.#sequence = undefined;
    this.#fingerprint = undefined;
    if (effect) this.tree.setAll(this.mapping.silence(effect.tell, this.#shared.clock.now()));
    return true;
  }

  /** How long it has not been heard, in milliseconds. */
  silentFor(now: number): number {
    return now - this.#heardMs;
  }

  /** What its frames are sealed with: as the configuration says, or a person. */
  get key(): Secret | undefined {
    return this.#tuning?.key ?? this.entry.memory.key;
  }

  /** Undefined for devices that seal nothing. */
  get keyStatus(): KeyStatus | undefined {
    const { device } = this;
    const need = device.key;
    if (!need) return undefined;
    const state = keyState(device, this.key, this.#session);
    const configured = this.#tuning?.key !== undefined;
    const status = { where: need.where, digits: digitsOf(need) };
    return { ...(state && { state }), ...status, ...(configured && { configured }) };
  }

  /** A person knows another key; what was heard last is tried with it. */
  changeKey(key: Secret): void {
    this.entry.memory.key = key;
    this.#session = undefined;
    this.#fingerprint = undefined;
  }

  /** Heard from the same place, and read by another definition: it may have been given other firmware. */
  hearOther(definition: string): void {
    this.#other = { definition, ms: this.#shared.clock.monotonic() };
  }

  /** The definition that reads what it says now, once it has given up what it was adopted with. */
  speaks(now: number): string | undefined {
    const other = this.#other;
    const { staleMs } = this.alive;
    const recent = other && other.ms > this.#heardMs && now - other.ms <= staleMs;
    return recent && this.silentFor(now) > staleMs ? other.definition : undefined;
  }

  #hearLife(frame: Frame, now: number): void {
    this.liveness = "live";
    this.offline = undefined;
    this.#heardMs = now;
    this.heardAt = frame.at;
  }

  /**
   * What a broker kept from before says nothing of now: it is better than nothing while nothing else was heard, and is
   * shown as suspicious.
   */
  #hearOld(frame: Frame): Hearing {
    const unheard = this.heardAt === undefined && (this.liveness === "waiting" || this.offline === true);
    if (!unheard && this.device.told?.inside !== true) return "repeated";
    const reading = this.#decode(frame);
    if (reading === undefined || typeof reading === "string") return reading ?? "repeated";
    if (this.#isAboutPresence(reading) || !unheard) return "repeated";
    this.#store(this.mapping.updates(reading, true));
    this.tree.setAll(this.mapping.silence(this.offline ? "gone" : "stale", reading.at));
    return "updated";
  }

  /** Whether a reading says that it is gone, or nothing but that it is there: neither is a sign of life of its values. */
  #isAboutPresence(reading: Reading): boolean {
    const told = this.device.told?.read(reading);
    if (!told || (told.saying === "here" && !told.alone)) return false;
    this.isTold(told.saying);
    return true;
  }

  #decode(frame: Frame): Reading | undefined | "malformed" | "sealed" | "repeated" {
    const session = (this.#session ??= openSession(this.device, this.key));
    const before = session?.state;
    const vain = session?.vain;
    try {
      const reading = this.device.decode(frame, session);
      // Whoever recorded a sealed message can say it again for ever: it keeps nothing alive but what is still fresh.
      const isVain = reading === undefined && session?.vain !== vain;
      return isVain && this.#shared.clock.monotonic() - this.#newsMs > this.alive.staleMs ? "repeated" : reading;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const sealed = error instanceof SealedError;
      const about = { source: this.entry.source, definition: this.device.id, reason: error.message };
      if (!sealed) this.#shared.log.warn("frame-malformed", about);
      else if (session?.state !== before) this.#shared.log.warn("frame-sealed", about);
      return sealed ? "sealed" : "malformed";
    }
  }

  #isEcho(print: number, now: number): boolean {
    this.#echoes ??= new Echoes();
    return this.#echoes.isEcho(print, now);
  }

  /** A counter that stands still marks one message sent again; if it does so for too long, the counter is broken. */
  #isRepetition({ sequence }: Reading, now: number): boolean {
    const repeated = sequence !== undefined && sequence === this.#sequence && now - this.#newsMs < this.alive.staleMs;
    this.#sequence = sequence;
    if (!repeated) this.#newsMs = now;
    return repeated;
  }

  #plant(): ObjectTree {
    const tree = new ObjectTree();
    const { device, mapping } = this;
    for (const instance of device.instances) tree.addInstance(instance);
    const at = this.#shared.clock.now();
    tree.setAll(mapping.constants.map(({ path, value }) => ({ path, value, at })));
    this.#obey(device, tree);
    if (device.grows && this.entry.memory.appeared) this.#restore(this.entry.memory.appeared, tree, at);
    for (const [path, count] of mapping.counts ?? []) if (tree.covers(path)) tree.set(path, count, at);
    return tree;
  }

  /** A server that knew an Instance before a restart finds it again, though the device has not spoken yet. */
  #restore(appeared: Map<Path, string>, tree: ObjectTree, at: Stamp): void {
    const { instances, constants } = this.mapping.restore(appeared);
    for (const instance of instances) {
      tree.addInstance(instance);
      this.#obey(this.mapping.handlers(instance), tree);
    }
    tree.setAll(constants.map(({ path, value }) => ({ path, value, at })));
    // What a newer definition does not know leaves room for what it does.
    for (const instance of [...appeared.keys()]) if (!instances.includes(instance)) appeared.delete(instance);
  }

  /** Hands what a server writes and executes there to the device. */
  #obey({ writable, executable }: Pick<Device, "writable" | "executable">, tree: ObjectTree): void {
    if (writable.length + executable.length === 0) return;
    const write = (path: Path, value: ResourceValue, signal: AbortSignal) => this.#order({ path, value }, signal);
    const execute = (path: Path, args: string, signal: AbortSignal) => this.#order({ path, args }, signal);
    for (const path of writable) tree.onWrite(path, write);
    for (const path of executable) tree.onExecute(path, execute);
  }

  /** Some devices are heard to have more than their definition is sure of: such Instances are shown from then on. */
  #store(updates: readonly ResourceUpdate[]): void {
    if (this.device.grows)
      for (const update of updates) {
        const [object = 0, id = 0] = ids(update.path);
        const instance = path(object, id);
        if (!this.tree.hasInstance(instance)) this.#grow(instance);
      }
    if (this.device.pulses) for (const batch of withoutTwice(updates)) this.tree.setAll(batch);
    else this.tree.setAll(updates);
    const { counts } = this.mapping;
    if (counts && updates.some(({ path }) => counts.has(path))) {
      this.entry.memory.counts = counts;
      this.#shared.counted();
    }
  }

  #grow(instance: Path): void {
    const { entry, mapping, tree } = this;
    tree.addInstance(instance);
    this.#obey(mapping.handlers(instance), tree);
    const heardAs = mapping.heardAs(instance);
    if (heardAs !== undefined && rememberAppeared(entry.memory, instance, heardAs)) this.#shared.upstream.remembered();
    this.#shared.grown(this);
  }

  #order(order: Order, signal: AbortSignal) {
    const { adapters, clock, log } = this.#shared;
    const { address, mapping, tree, adapter } = this;
    this.#commands ??= new Commands({
      address,
      mapping,
      tree,
      clock,
      log: log.with({ endpoint: this.endpoint }),
      send: (command, life) => adapters.command(adapter, command, life),
    });
    return this.#commands.run(order, signal);
  }
}

/** In order, but never the same Resource twice in one change: who observes it is told of both. */
function* withoutTwice(updates: readonly ResourceUpdate[]): Iterable<readonly ResourceUpdate[]> {
  let begin = 0;
  const seen = new Set<Path>();
  for (const [index, { path }] of updates.entries()) {
    if (seen.has(path)) {
      yield updates.slice(begin, index);
      begin = index;
      seen.clear();
    }
    seen.add(path);
  }
  yield updates.slice(begin);
}
