/** Builds the house from a config, starts it and stops it: the only file that knows every room. */

import { upstreamOf } from "./accounts.ts";
import { builtinAdapters, systemDrivers } from "./adapters/index.ts";
import type { Clock } from "./base/clock.ts";
import { words } from "./base/errors.ts";
import { type Log, silentLog } from "./base/log.ts";
import type { Outcome } from "./base/outcome.ts";
import { type Random, systemRandom } from "./base/random.ts";
import { SystemClock } from "./base/system-clock.ts";
import { Undo } from "./base/undo.ts";
import type { Config, DefinitionFacts, SettingsSchema } from "./config/index.ts";
import { factsOf, loadDevices, type LoadedDevices } from "./definitions.ts";
import { Dialer } from "./dial/index.ts";
import { type AdoptRule, AssignedNumbers, Gateway, type GatewayOptions, type SelfFacts } from "./gateway/index.ts";
import { AdapterHost } from "./host/index.ts";
import type { Mount, Served } from "./http/index.ts";
import { onFreePort } from "./free-port.ts";
import { assetPath, ownVersion, pageFiles, readText, bytesNow } from "./io/assets.ts";
import { StateFolder } from "./io/files.ts";
import { MachineWatch } from "./io/machine-watch.ts";
import { networkFacts, systemInterfaces } from "./io/network.ts";
import { rebootMachine } from "./io/reboot.ts";
import { tellSystemd } from "./io/systemd.ts";
import type { Lab, LabPorts, LabSecurity } from "./lab/index.ts";
import type { Library } from "./library/index.ts";
import type { ObjectModel, ObjectRegistry } from "./model/objects.ts";
import { loadRegistry } from "./model/registry.ts";

export interface DaemonOptions {
  readonly config: Config;
  /** Where sensors and ports are remembered; no other process may have it. */
  readonly stateDir: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Where systemd says how it wants to be told; the environment of the process, unless a test brings its own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Numbers of CoAP other than the usual ones, where servers are near. */
  readonly parameters?: NonNullable<GatewayOptions["parameters"]>;
}

export interface Daemon {
  /** The page, where there is one. */
  readonly url?: string;
  /** Where sensors register, and are bootstrapped; in the demonstration the lab's port may be another than configured. */
  readonly servers: readonly string[];
  readonly gateway: Gateway;
  /** De-registers all, and lets everything go: within 5 s. Safe to call twice; never rejects. */
  stop(): Promise<void>;
}

/** Another process works on the same state. */
export class SecondInstanceError extends Error {
  override readonly name = "SecondInstanceError";
}

const ROSTER = "roster";
/** They hold secrets, as the roster does: files of state are their owner's alone. */
const SESSIONS = "dtls-sessions";
const SEQUENCES = "oscore-sequences";

/** The settings that each type of adapter takes. */
export function adapterSettings(): ReadonlyMap<string, SettingsSchema> {
  const plugins = builtinAdapters(systemDrivers({ clock: new SystemClock(), random: systemRandom, log: silentLog }));
  return new Map([...plugins].map(([type, plugin]) => [type, plugin.config]));
}

/** The definitions that a gateway of this configuration knows: its own, those of packages, and those of Isthmus. */
export async function knownDefinitions(config: Config): Promise<KnownDefinitions> {
  const models = await loadModels(config.objects, silentLog);
  const { devices, faults } = loadDevices(config, { models, log: silentLog });
  return { definitions: new Map(Array.from(devices.devices(), (device) => [device.id, factsOf(device)])), faults };
}

export interface KnownDefinitions {
  readonly definitions: ReadonlyMap<string, DefinitionFacts>;
  /** Those that are left out: why, and what to do. */
  readonly faults: LoadedDevices["faults"];
}

/**
 * Starts a gateway: all of it, or nothing.
 * @throws SecondInstanceError if the state folder is in use; whatever the system says if a port or a folder cannot be had.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const undo = new Undo(options.log);
  try {
    return await build(options, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

async function build(options: DaemonOptions, undo: Undo): Promise<Daemon> {
  const { config, stateDir, log, clock, random, parameters } = options;
  const state = await openState(stateDir, log);
  undo.add("state", () => state.close());
  const dialer = await openDialer(options, state);
  undo.add("dialer", () => dialer.close());
  const models = await loadModels(config.objects, log);
  const version = await ownVersion();
  const machine = await MachineWatch.start({ stateDir, clock });
  undo.add("machine", () => machine.stop());

  const lab = await openLab(options, models);
  if (lab) undo.add("lab", () => lab.lab.stop());
  const upstream = upstreamOf(config, lab, log);

  const loaded = loadDevices(config, { near: [stateDir], models, log });
  const host = hostOf(options, loaded.devices);
  const gateway = new Gateway({
    endpoint: config.gateway.endpoint ?? `isthmus-${machine.facts.hostname}`,
    version,
    ...upstream,
    ...(parameters && { parameters }),
    ...loaded,
    models,
    adapters: host,
    store: { read: () => state.read(ROSTER), write: (text) => state.write(ROSTER, text) },
    ...(config.gateway.mode && { mode: config.gateway.mode }),
    self: selfFacts({ machine, version, config, clock, log }),
    clock,
    random,
    log,
    rules: [...config.adopt, ...simulatorRules(config)],
    sensors: config.sensors,
    connect: (account, { endpoint, ...local }) => {
      lab?.introduce(account);
      return dialer.dial({ account, endpoint, local });
    },
    lineCounters: () => dialer.counts,
    names: new AssignedNumbers(() => bytesNow("src/gateway/hearing/assigned-numbers.txt")),
    memoryBytes: () => process.memoryUsage.rss(),
    ...(config.storage?.memory !== undefined && { backlogBytes: config.storage.memory }),
    ...(config.gateway.startsPerSecond !== undefined && { startsPerSecond: config.gateway.startsPerSecond }),
  });
  await gateway.start();
  // Servers are told while adapters still let go of their devices: both together fit into 5 s.
  undo.add("gateway and adapters", () => Promise.all([gateway.stop(), host.stop()]));
  host.start();

  const mounts = lab ? [labMount(lab.lab)] : [];
  const http = config.http && (await startHttp({ config, http: config.http, gateway, mounts, log, clock, random }));
  if (http) undo.add("http", () => http.close());
  const alive = () => clock.monotonic() - gateway.sweptMs < STUCK_MS;
  const { environment = process.env } = options;
  undo.add("systemd", await tellSystemd({ environment, clock, log, words: () => wordsOf(gateway), alive }));
  log.info("started", { version, adapters: config.adapters.length, url: http?.url });
  return {
    ...(http && { url: http.url }),
    servers: [...upstream.accounts, upstream.bootstrap].flatMap((account) => account?.uri ?? []),
    gateway,
    stop: () => undo.all(),
  };
}

function hostOf({ config, clock, random, log }: DaemonOptions, devices: Library): AdapterHost {
  const { folder } = config;
  const registerReads = (definition: string) => devices.get(definition)?.reads;
  const drivers = systemDrivers({ clock, random, log, registerReads, ...(folder !== undefined && { folder }) });
  return new AdapterHost({ plugins: builtinAdapters(drivers), sections: config.adapters, clock, random, log });
}

/** How long the sweep over all sensors may be late before the process counts as stuck. */
const STUCK_MS = 5_000;

function wordsOf(gateway: Gateway): string {
  const { sensors, servers } = gateway.status();
  const registered = servers.map((each) => `${each.registered} of ${each.endpoints} registered`).join(", ");
  return `${sensors.live} of ${sensors.total} sensors live, ${registered}`;
}

export interface LabServerOptions {
  /** Of CoAP; 0: any that is free. */
  readonly port: number;
  /** Of bootstrap alone; on `port` as well unless given. 0: any that is free. */
  readonly bootstrapPort?: number;
  /** Of coaps; none unless given. 0: any that is free. */
  readonly securePort?: number;
  /** Of its page and API, on this machine only. */
  readonly http: number;
  /** Where CoAP listens. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RunningLab extends LabPorts {
  /** Whether there is coaps, or why not. */
  readonly security: LabSecurity;
  readonly url: string;
  stop(): Promise<void>;
}

/** The lab alone: an LwM2M server for other clients to register at. @throws whatever the system says of a port. */
export async function startLab(options: LabServerOptions): Promise<RunningLab> {
  const { aloneLab } = await import("./lab-server.ts");
  const { serve } = await import("./http/index.ts");
  const { clock, log, http, securePort, ...where } = options;
  const undo = new Undo(log);
  try {
    const models = await loadModels([], log);
    const lab = await aloneLab({ ...where, securePort, models, clock, random: systemRandom, log });
    const bound = await lab.start();
    undo.add("lab", () => lab.stop());
    const served = await serve({
      listen: { host: "127.0.0.1", port: http },
      mounts: [labMount(lab)],
      page: await pageFiles(),
      log,
      clock,
    });
    undo.add("http", () => served.close());
    return { ...bound, security: lab.security.state, url: `${served.url}lab/`, stop: () => undo.all() };
  } catch (error) {
    await undo.all();
    throw error;
  }
}

/** What few gateways have is loaded by those that have it, here and below: memory is scarce on a small computer. */
async function openLab({ config, clock, random, log }: DaemonOptions, models: ObjectRegistry) {
  if (!config.lab) return undefined;
  const { startLabServer } = await import("./lab-server.ts");
  return startLabServer({ ...config.lab, anyPort: config.anyPort, models, clock, random, log });
}

async function openState(stateDir: string, log: Log): Promise<StateFolder> {
  const opened = await StateFolder.open(stateDir, { log });
  if (opened.status === "open") return opened.folder;
  throw new SecondInstanceError(`another Isthmus (process ${opened.pid}) already works on ${stateDir}`);
}

/** The registry, and Objects of the user's own. A file with a mistake is left out, alone. */
async function loadModels(files: readonly string[], log: Log): Promise<ObjectRegistry> {
  const extra: ObjectModel[] = [];
  for (const file of files) {
    try {
      const { parseDdf } = await import("./model/ddf.ts");
      extra.push(...parseDdf(await readText(file)));
    } catch (error) {
      log.error("objects-left-out", { file, reason: words(error) });
    }
  }
  return loadRegistry(JSON.parse(await readText(assetPath("src/model/registry.json"))), extra);
}

/** Simulated sensors are nobody's property: they come in by themselves. */
function simulatorRules({ adapters }: Config): AdoptRule[] {
  return adapters.filter(({ type }) => type === "simulator").map(({ name }) => ({ adapter: name, source: "sim-*" }));
}

/** Ways to servers, with what makes them quick again after a restart. */
function openDialer({ config, clock, random, log }: DaemonOptions, state: StateFolder): Promise<Dialer> {
  const text = (name: string) => ({
    read: () => state.read(name),
    write: (content: string) => state.write(name, content),
  });
  const { backend, ...dtls } = config.dtls ?? {};
  return Dialer.open({
    clock,
    random,
    log,
    ...(backend && { backend }),
    dtls,
    state: { sessions: text(SESSIONS), sequences: text(SEQUENCES) },
  });
}

/** The machine as the gateway's own Device Object shows it. */
function selfFacts({ machine, version, config, clock, log }: SelfParts): SelfFacts {
  const { maker, model, serial, id, os, architecture } = machine.facts;
  const ownSerial = serial ?? id;
  // The server must hear that it will be done before it is done.
  const reboot = (): Promise<Outcome> => {
    clock.after(REBOOT_AFTER_MS, () => {
      rebootMachine().catch((error: unknown) => log.error("reboot-refused", { error }));
    });
    return Promise.resolve({ status: "done" });
  };
  return {
    ...(maker !== undefined && { maker }),
    ...(model !== undefined && { model }),
    ...(ownSerial !== undefined && { serial: ownSerial }),
    ...(os !== undefined && { firmware: os }),
    hardware: architecture,
    software: version,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    utcOffset: () => offsetText(-new Date(clock.now().ms).getTimezoneOffset()),
    memory: () => ({ free: machine.state.freeMemory / 1_024, total: machine.state.totalMemory / 1_024 }),
    network: () => networkFacts(systemInterfaces()),
    ...(config.gateway.place && { place: config.gateway.place }),
    ...(config.gateway.allowReboot && { reboot }),
  };
}

interface SelfParts {
  readonly machine: MachineWatch;
  readonly version: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

const REBOOT_AFTER_MS = 2_000;

/** Minutes east of Greenwich as ISO 8601 writes them. */
function offsetText(minutes: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function labMount(lab: Lab): Mount {
  return { prefix: "/lab/", handle: (request, response) => lab.handle(request, response) };
}

interface HttpParts {
  readonly config: Config;
  readonly http: NonNullable<Config["http"]>;
  readonly gateway: Gateway;
  readonly mounts: readonly Mount[];
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

async function startHttp({ config, http, ...rest }: HttpParts): Promise<Served> {
  const { serve } = await import("./http/index.ts");
  const { host, port, token } = http;
  const page = await pageFiles();
  return onFreePort(port, config.anyPort, (candidate) =>
    serve({ ...rest, listen: { host, port: candidate }, page, ...(token && { token }) }),
  );
}
