/** Where both wings meet: frames come in, sensors turn them into values, and clients carry them to the servers. */

import type { Timer } from "../base/clock.ts";
import type { Device } from "../library/index.ts";
import type { Frame } from "../sdk/adapter.ts";
import { splitSource } from "./adapters.ts";
import {
  type Admission,
  type AdmissionOptions,
  admit,
  type Applicant,
  type ConfiguredSensor,
  enlist,
  type Refusal,
  unknownDefinition,
  wishOf,
} from "./adoption.ts";
import { leave } from "./departure.ts";
import { Neighbours } from "./end-devices.ts";
import { readKey } from "./hearing/key.ts";
import { Overhearing } from "./hearing/overhearing.ts";
import { Presence } from "./hearing/presence.ts";
import { Reception } from "./hearing/reception.ts";
import type { Introduction } from "./hearing/stranger.ts";
import { misfitsOf } from "./hearing/tuning.ts";
import { type GatewayListener, News } from "./status/events.ts";
import { Inbox } from "./inbox.ts";
import { BacklogPool } from "./kept/backlog-pool.ts";
import { type GatewayOptions, type SettledOptions, withDefaults } from "./options.ts";
import { Pacer } from "../base/pacer.ts";
import { Population } from "./population.ts";
import { Roster, type RosterEntry } from "./roster.ts";
import { compileRules, type Matcher } from "./rules.ts";
import { ownUpstream, plantSelf, refreshSelf, type Self } from "./self.ts";
import { Sensor, type SharedBySensors } from "./sensor.ts";
import { selfStatus, sensorStatus } from "./status/snapshot.ts";
import type { AdoptRequest, GatewayStatus, InboxEntry, SensorStatus } from "./status/status.ts";
import { StatusBoard } from "./status/status-board.ts";
import { factoryOf, Upstream, type UpstreamOptions } from "./upstream.ts";

export type AdoptResult =
  | { readonly ok: true; readonly sensor: SensorStatus }
  | Exclude<Admission, { readonly ok: true }>;

/** One look at every sensor's silence, whatever their number. */
const SWEEP_MS = 1_000;
/** Sweeps between two looks at what changes slowly: memory, forgotten strangers. */
const SLOW_EVERY = 10;
/** Leaves time for the rest of the house: all of it stops within 5 s. */
const LEAVE_MS = 4_000;
/** How long the removal of one sensor may wait for its server. */
const REMOVE_MS = 5_000;

export class Gateway {
  readonly #options: SettledOptions;
  readonly #population: Population;
  readonly #inbox: Inbox;
  readonly #news: News;
  readonly #pacer: Pacer;
  readonly #rules: Matcher;
  /** Named in the config, by source. */
  readonly #configured: ReadonlyMap<string, ConfiguredSensor>;
  /** Those of them that are not complete until they are heard. */
  readonly #expected = new Map<string, ConfiguredSensor>();
  readonly #board: StatusBoard;
  readonly #shared: SharedBySensors;
  readonly #upstream: UpstreamOptions;
  readonly #reception: Reception;
  readonly #overhearing = new Overhearing();
  #roster: Roster | undefined;
  #own: Self | undefined;
  #self: Upstream | undefined;
  #neighbours: Neighbours | undefined;
  #sweeping: Timer | undefined;
  #sweeps = 0;
  #sweptMs = -Infinity;

  constructor(given: GatewayOptions) {
    const options = withDefaults(given);
    const { clock, random, log, adapters, models, accounts, bootstrap, rules, parameters } = options;
    this.#options = options;
    this.#population = new Population(new Presence(options.devices, (who) => this.#news.sensorChanged(who.endpoint)));
    const isIgnored = (source: string) => this.#roster?.isIgnored(source) ?? false;
    this.#inbox = new Inbox(clock, { ...(options.names && { names: options.names }), isIgnored });
    this.#pacer = new Pacer(clock, random, options.startsPerSecond);
    this.#rules = compileRules(rules);
    this.#configured = new Map(options.sensors.map((sensor) => [sensor.source, sensor]));
    const backlogs = new BacklogPool({ budget: options.backlogBytes, clock, log });
    this.#news = new News(clock, {
      sensor: (endpoint) => this.sensor(endpoint),
      inbox: () => this.inbox(),
      status: () => this.status(),
    });
    this.#upstream = {
      // One object for all: thousands of clients point to it.
      ...factoryOf({ accounts, ...(bootstrap && { bootstrap }) }),
      models,
      clock,
      random,
      log,
      ...(parameters && { parameters }),
      pace: this.#pacer.add.bind(this.#pacer),
      ...(options.provisionFor && { factoryFor: options.provisionFor }),
      connect: options.connect,
      backlogs,
      remembered: () => this.#roster?.changed(),
      registrationChanged: (endpoint) => this.#news.sensorChanged(endpoint),
      interestChanged: (endpoint, wish) => {
        const sensor = this.#population.get(endpoint);
        if (sensor) adapters.interest(sensor.adapter, sensor.address, wish);
      },
    };
    const grown = (sensor: Sensor) => this.#neighbours?.changed(sensor);
    const counted = () => this.#roster?.counted();
    this.#shared = { adapters, clock, log, upstream: this.#upstream, grown, counted };
    this.#board = new StatusBoard(options, backlogs);
    this.#reception = new Reception({
      ...{ population: this.#population, devices: options.devices, counters: this.#board.counters },
      hear: (sensor, frame) => this.#hear(sensor, frame),
      meet: (who) => this.#meet(who),
    });
  }

  /** Takes up everybody on the roster, and begins to listen. @throws RosterError if the roster cannot be read. */
  async start(): Promise<void> {
    const { store, clock, log, self, endpoint, adapters, sensors, models, mode } = this.#options;
    const roster = await Roster.load(store, clock, log);
    this.#roster = roster;
    const own = plantSelf(self, clock, endpoint);
    const neighbours = new Neighbours(own.tree, models, { clock, mode });
    this.#own = own;
    this.#neighbours = neighbours;
    this.#self = new Upstream(
      { endpoint, tree: own.tree, memory: roster.self },
      ownUpstream(this.#upstream, own, mode === "endpoints" ? undefined : neighbours),
    );
    for (const sensor of sensors) this.#expect(sensor, roster);
    for (const entry of [...roster.entries()]) this.#takeUp(entry);
    neighbours.settle();
    this.#self.start();
    adapters.onFrame((adapter, frame) => {
      this.#overhearing.take(adapter, frame);
      this.#reception.take(adapter, frame);
    });
    this.#sweep();
    log.info("gateway-started", { endpoint, sensors: this.#population.size });
  }

  /** De-registers everybody and saves the roster: within 5 s, whether servers answer or not. Never rejects. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#sweeping?.cancel();
    this.#sweeping = undefined;
    this.#pacer.clear();
    this.#news.close();
    const upstreams = Array.from(this.#population.all(), (sensor) => sensor.upstream);
    if (this.#self) upstreams.push(this.#self);
    await leave(upstreams, clock, LEAVE_MS);
    await this.#roster?.flush();
  }

  /** Takes in what the inbox shows. @param source `adapter/address`. */
  async adopt(source: string, request: AdoptRequest = {}): Promise<AdoptResult> {
    const roster = this.#roster;
    const stranger = this.#inbox.get(source);
    if (!roster || !stranger) {
      const there = roster?.get(source);
      if (there) return { ok: false, why: "conflict", reason: `${source} is already adopted as ${there.endpoint}` };
      return { ok: false, why: "unknown", reason: `nothing is heard from ${source}` };
    }
    const { adapter, address, device, lastMs } = stranger;
    const frame = stranger.frameFor(request.definition);
    const admission = this.#admit({ adapter, address, device, frame, by: "api" }, request, roster);
    if (!admission.ok) return admission;
    if (this.#options.clock.monotonic() - lastMs < admission.device.alive.staleMs) this.#hear(admission.sensor, frame);
    await roster.flush();
    return { ok: true, sensor: this.#statusOf(admission.sensor) };
  }

  /** A person knows what the frames of a sensor are sealed with. Never rejects. */
  async changeKey(endpoint: string, text: string): Promise<{ readonly ok: true } | Refusal> {
    const sensor = this.#population.get(endpoint);
    if (!sensor) return { ok: false, why: "unknown", reason: `no sensor is called ${endpoint}` };
    if (sensor.keyStatus?.configured)
      return { ok: false, why: "conflict", reason: "its key stands in the configuration: change it there" };
    const read = readKey(text, sensor.device.key);
    if ("reason" in read) return { ok: false, why: "invalid", reason: read.reason };
    sensor.changeKey(read.key);
    this.#options.log.info("key-changed", { endpoint });
    this.#roster?.changed();
    this.#news.sensorChanged(endpoint);
    await this.#roster?.flush();
    return { ok: true };
  }

  /** De-registers a sensor at once and forgets it; no rule takes it in again. False if there is none of that name. */
  async remove(endpoint: string): Promise<boolean> {
    const sensor = this.#population.get(endpoint);
    const entry = this.#roster?.holder(endpoint);
    if (!entry) return false;
    this.#roster?.remove(entry, true);
    // The config's word counts again at the next start; until then the person's does.
    this.#expected.delete(entry.source);
    this.#board.forget(entry.source);
    this.#news.removed(endpoint);
    this.#options.log.info("removed", { endpoint, source: entry.source });
    const gone = sensor?.upstream.stop(REMOVE_MS);
    if (sensor && gone) {
      this.#population.delete(sensor);
      this.#neighbours?.leave(sensor, gone);
    }
    await Promise.all([gone, this.#roster?.flush()]);
    return true;
  }

  /** Changes what people call a sensor; servers do not notice. False if there is none of that endpoint name. */
  rename(endpoint: string, label: string): boolean {
    const entry = this.#roster?.holder(endpoint);
    if (!entry) return false;
    entry.label = label;
    this.#roster?.changed();
    this.#news.sensorChanged(endpoint);
    return true;
  }

  status(): GatewayStatus {
    return this.#board.status({ sensors: [...this.#population.all()], self: this.#self, inbox: this.#inbox });
  }

  /** The gateway itself first. */
  sensors(): SensorStatus[] {
    const { models, name } = this.#options;
    const all = Array.from(this.#population.all(), (sensor) => this.#statusOf(sensor));
    return this.#self ? [selfStatus(this.#self, name, models), ...all] : all;
  }

  sensor(endpoint: string): SensorStatus | undefined {
    const { models, name } = this.#options;
    if (this.#self?.endpoint === endpoint) return selfStatus(this.#self, name, models);
    const sensor = this.#population.get(endpoint);
    return sensor && this.#statusOf(sensor);
  }

  #statusOf(sensor: Sensor): SensorStatus {
    const { models, clock } = this.#options;
    return sensorStatus(sensor, models, clock.monotonic());
  }

  inbox(): InboxEntry[] {
    return this.#inbox.list();
  }

  /** A person does not want to see a stranger any more, or does again. False if there is none of that source. */
  ignore(source: string, wanted: boolean): boolean {
    const stranger = this.#inbox.get(source);
    if (!stranger && this.#roster?.isIgnored(source) !== true) return false;
    if (stranger) stranger.ignored = wanted;
    this.#roster?.ignore(source, wanted);
    this.#news.inboxChanged();
    return true;
  }

  /** Every frame as a line of JSON, whoever it is from, or of one source. Returns how to stop listening. */
  overhear(listener: (line: string) => void, source?: string): () => void {
    return this.#overhearing.add(listener, source);
  }

  /** Returns how to stop listening. */
  subscribe(listener: GatewayListener): () => void {
    return this.#news.subscribe(listener);
  }

  /** When the sensors' silence was looked at last, by the clock that never jumps: a sign that work moves. */
  get sweptMs(): number {
    return this.#sweptMs;
  }

  #hear(sensor: Sensor, frame: Frame): void {
    const hearing = sensor.hear(frame);
    this.#board.counters[hearing] += 1;
    if (hearing !== "malformed") this.#news.sensorChanged(sensor.endpoint);
  }

  #meet(who: Introduction): void {
    const { adapter, address, device, frame } = who;
    const roster = this.#roster;
    if (!roster) return;
    this.#board.counters.strangers += 1;
    const source = `${adapter}/${address}`;
    const expected = this.#expected.get(source);
    const tried = this.#inbox.get(source)?.refused;
    const wanted = device && tried === undefined && (expected !== undefined || this.#fitsRule(who, device, roster));
    const admission = wanted
      ? this.#admit(
          { adapter, address, device, frame, by: expected ? "config" : "rule" },
          expected ? wishOf(expected) : {},
          roster,
        )
      : undefined;
    if (admission?.ok) {
      this.#hear(admission.sensor, frame);
      return;
    }
    const stranger = this.#inbox.hear(who);
    if (stranger) this.#news.inboxChanged();
    if (!stranger || !admission) return;
    stranger.refused = admission.reason;
    this.#options.log.warn("not-adopted", { source, reason: admission.reason });
  }

  #fitsRule({ adapter, address, frame }: Introduction, device: Device, roster: Roster): boolean {
    const { rssi } = frame;
    const candidate = { adapter, address, definition: device.id, ...(rssi !== undefined && { rssi }) };
    const source = `${adapter}/${address}`;
    return this.#rules(candidate) && !roster.isDismissed(source) && !roster.isIgnored(source);
  }

  #admit(applicant: Applicant, wish: AdoptRequest, roster: Roster) {
    const admission = admit(applicant, wish, this.#admission(roster));
    if (!admission.ok) return admission;
    const { entry, device } = admission;
    roster.add(entry);
    this.#reception.forget(entry.source);
    this.#inbox.delete(entry.source);
    this.#news.inboxChanged();
    this.#options.log.info("adopted", {
      endpoint: entry.endpoint,
      source: entry.source,
      definition: entry.definition,
      by: entry.by,
    });
    return { ok: true as const, device, sensor: this.#settle(entry, device, applicant.adapter) };
  }

  /** A sensor named in the config: on the roster if it is complete, expected if it must be heard first. */
  #expect(sensor: ConfiguredSensor, roster: Roster): void {
    const { source } = sensor;
    const hindrance = enlist(sensor, this.#admission(roster));
    if (!roster.get(source)) this.#expected.set(source, sensor);
    if (hindrance) this.#board.refuse(source, hindrance.what, hindrance.next);
  }

  #admission(roster: Roster): AdmissionOptions {
    const { devices, clock, endpoint, maxSensors } = this.#options;
    return { roster, devices, clock, ownEndpoint: endpoint, maxSensors };
  }

  #takeUp(entry: RosterEntry): void {
    const { devices, adapters } = this.#options;
    const { adapter, address } = splitSource(entry.source) ?? { adapter: entry.source, address: "" };
    const device = devices.get(entry.definition);
    const { source, label } = entry;
    if (!device)
      this.#board.refuse(
        source,
        `${label} cannot be taken up: ${unknownDefinition(entry.definition, devices)}.`,
        "Bring the definition back, or remove the sensor.",
      );
    else if (!adapters.health().has(adapter))
      this.#board.refuse(
        source,
        `${label} is not heard: there is no adapter ${adapter}.`,
        "Bring the adapter back, or remove the sensor.",
      );
    else this.#settle(entry, device, adapter, address);
  }

  #settle(
    entry: RosterEntry,
    device: Device,
    adapter: string,
    address = entry.source.slice(adapter.length + 1),
  ): Sensor {
    const tuning = this.#configured.get(entry.source);
    const sensor = new Sensor({ entry, adapter, address, device, ...(tuning && { tuning }), shared: this.#shared });
    const [misfit] = tuning ? misfitsOf(tuning, device, entry.label) : [];
    if (misfit) this.#board.refuse(entry.source, misfit.what, misfit.next);
    this.#population.add(sensor);
    this.#news.sensorChanged(entry.endpoint);
    if (this.#neighbours?.join(sensor)) this.#roster?.changed();
    if (this.#options.mode !== "object25") sensor.upstream.start();
    return sensor;
  }

  #sweep(): void {
    const { clock, self } = this.#options;
    const now = clock.monotonic();
    this.#sweptMs = now;
    for (const sensor of this.#population.all()) if (sensor.look(now)) this.#news.sensorChanged(sensor.endpoint);
    this.#neighbours?.settle();
    this.#sweeps += 1;
    if (this.#sweeps % SLOW_EVERY === 0) {
      if (this.#inbox.expire()) this.#news.inboxChanged();
      this.#own?.statistics.refresh();
      if (this.#self) refreshSelf(this.#self, self, clock, this.#board.adaptersAreWell());
    }
    this.#sweeping = clock.after(SWEEP_MS, () => this.#sweep());
  }
}
