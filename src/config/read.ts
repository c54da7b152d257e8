/** The configuration file as one typed value, and everything that is wrong with it. */

import { dirname, resolve } from "node:path";
import { glob } from "../base/glob.ts";
import type { Level } from "../base/log.ts";
import { nearest } from "../base/nearest.ts";
import { Secret } from "../base/secret.ts";
import type { ConfigProblem } from "./problem.ts";
import {
  AdapterName,
  AdapterSectionHead,
  AdoptRuleSection,
  type ConfigFile,
  FileSchema,
  isLoopback,
  parseListen,
} from "./schema.ts";
import { type DefinitionFacts, type SensorConfig, sensorConfig, sensorMistakes, SensorSection } from "./sensors.ts";
import { type BootstrapConfig, bootstrapConfig, contradictions, type ServerConfig, serverConfigs } from "./servers.ts";
import { readSource, type SecretSources, type Source, type ValuePath } from "./source.ts";
import { checkWith, type Finding, type SettingsSchema } from "./words.ts";

export interface Config {
  /** `endpoint` absent: the composition root makes one of the host's name. */
  readonly gateway: {
    readonly endpoint?: string;
    readonly allowReboot: boolean;
    /** Registers and Updates that go out in one second, of all sensors together. */
    readonly startsPerSecond?: number;
    /** How servers find the sensors; as endpoints of their own unless given. */
    readonly mode?: "endpoints" | "object25" | "both";
    /** Degrees north and east, and metres above the sea. */
    readonly place?: { readonly latitude: number; readonly longitude: number; readonly altitude?: number };
  };
  /** At least one, unless there is a Bootstrap-Server. */
  readonly servers: readonly ServerConfig[];
  readonly bootstrap?: BootstrapConfig;
  readonly http?: HttpConfig;
  readonly adapters: readonly AdapterConfig[];
  readonly adopt: readonly AdoptRuleConfig[];
  readonly sensors: readonly SensorConfig[];
  /** `bootstrapPort` absent: bootstrap is done on `port`. */
  readonly lab?: { readonly port: number; readonly bootstrapPort?: number; readonly securePort?: number };
  /** Bytes that values may take while servers are away, those of all sensors together. */
  readonly storage?: { readonly memory?: number };
  /** What DTLS is to be like, where that is not as usual. */
  readonly dtls?: DtlsConfig;
  /** DDF files with further Objects; absolute. */
  readonly objects: readonly string[];
  /** Folders of further device definitions, those that win first; absolute. */
  readonly devices?: readonly string[];
  /** The file's own: where relative paths in the settings of adapters start. */
  readonly folder?: string;
  readonly log: { readonly level: Level };
  /** Where a port is taken, the next free one will do: for the demonstration, which nobody else relies on. */
  readonly anyPort?: true;
}

export interface DtlsConfig {
  /** Who does the cryptography; our own unless given. */
  readonly backend?: "own" | "openssl";
  /** Bytes of our Connection ID; false: none is offered. */
  readonly ownCidLength?: number | false;
  readonly retransmitMs?: number;
  readonly allowCbc?: boolean;
  readonly requireExtendedMasterSecret?: boolean;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Never absent where others than this machine can reach the port. */
  readonly token?: Secret;
}

export interface AdapterConfig {
  readonly name: string;
  readonly type: string;
  /** As the adapter's own schema wants them; `type` is not among them. */
  readonly settings: unknown;
}

/** All that is said must fit; `definition` and `source` may hold `*`. */
export interface AdoptRuleConfig {
  readonly definition?: string;
  readonly adapter?: string;
  readonly source?: string;
  /** dBm at least. */
  readonly rssi?: number;
}

export interface ReadConfigOptions {
  /** The settings of each adapter type. */
  readonly adapters: ReadonlyMap<string, SettingsSchema>;
  readonly secrets: SecretSources;
  /** All device definitions by id; absent: names of definitions and of their fields are not looked at. */
  readonly definitions?: ReadonlyMap<string, DefinitionFacts>;
}

/**
 * Reads and checks a whole configuration file.
 *
 * `config` is absent if a problem is fatal. A problem that is not disables only the adapter, rule or sensor it stands in.
 * @param file its path: for messages, and the place that relative paths start from.
 */
export function readConfig(
  text: string,
  file: string,
  options: ReadConfigOptions,
): { config?: Config; problems: ConfigProblem[] } {
  const source = readSource(text, options.secrets);
  const reader = new Reader(source, file, options);
  const config = reader.read();
  const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { ...(config && !problems.some((each) => each.fatal) && { config }), problems: firstOf(problems) };
}

/** Nobody mends more mistakes at a time. */
const MAX_PROBLEMS = 100;

/** The first mistakes of the file, and how many follow. */
function firstOf(problems: ConfigProblem[]): ConfigProblem[] {
  const [next, ...others] = problems.slice(MAX_PROBLEMS);
  if (!next || others.length === 0) return problems;
  const { file, line, column, excerpt, length } = next;
  const message = `here and after this, ${others.length + 1} more problems`;
  const fatal = next.fatal || others.some((each) => each.fatal);
  const rest = { file, line, column, excerpt, length, path: "", message, fatal };
  return [...problems.slice(0, MAX_PROBLEMS), rest];
}

/** Sections that may fail alone: the first step of a path into one of their entries. */
const ISOLATED: ReadonlySet<string | number> = new Set(["adapters", "adopt", "sensors"]);

class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #source: Source;
  readonly #file: string;
  readonly #options: ReadConfigOptions;
  /** Values of which the file itself has said what is wrong. */
  readonly #unopened: ReadonlySet<string>;
  /** Sections in which the file itself is wrong, or a secret cannot be had. */
  readonly #closed: ReadonlySet<string>;

  constructor(source: Source, file: string, options: ReadConfigOptions) {
    this.#source = source;
    this.#file = file;
    this.#options = options;
    this.#unopened = new Set(source.problems.flatMap(({ path }) => (path.length > 0 ? [path.join("/")] : [])));
    this.#closed = new Set(source.problems.map(({ path }) => path.slice(0, 2).join("/")));
  }

  read(): Config | undefined {
    for (const { path, message, hint, place } of this.#source.problems)
      this.problems.push({ ...this.#head(path), ...place, message, ...(hint !== undefined && { hint }) });
    if (!this.#source.readable) return undefined;
    const top = checkWith(FileSchema, this.#source.value ?? {}, []);
    if (!top.ok) this.#add(top.findings);
    // What the first look refused must not hide what is wrong elsewhere in the file.
    const whole = top.ok ? FileSchema.parse(this.#source.value ?? {}) : lenient(this.#source.value);
    const adapters = this.#adapters(whole.adapters);
    const adopt = this.#rules(whole.adopt, whole.adapters);
    const sensors = this.#sensors(whole.sensors, whole);
    for (const { path, message, hint } of contradictions(whole))
      this.#say(path, message, { atKey: path.length === 1, ...(hint !== undefined && { hint }) });
    if (!top.ok) return undefined;
    const http = this.#http(whole.http);
    const { gateway, lab, storage, bootstrap, devices, dtls, log } = whole;
    return {
      gateway: gatewayConfig(gateway),
      servers: this.#servers(whole),
      ...(bootstrap && { bootstrap: bootstrapConfig(bootstrap) }),
      ...(http && { http }),
      adapters,
      adopt,
      sensors,
      ...(dtls && { dtls: dtlsConfig(dtls) }),
      ...(lab && { lab: labConfig(lab) }),
      ...(storage && { storage }),
      objects: whole.objects.map((each) => resolve(dirname(this.#file), each)),
      ...(devices !== undefined && { devices: [devices].flat().map((each) => resolve(dirname(this.#file), each)) }),
      folder: dirname(resolve(this.#file)),
      log,
    };
  }

  #servers(file: ConfigFile): ServerConfig[] {
    const { bootstrap, lab } = file;
    const all = serverConfigs(file);
    if (all.length > 0 || bootstrap) return all;
    if (lab) return [{ uri: `coap://127.0.0.1:${lab.port}`, lifetime: 300 }];
    this.#say([], "no server to register at", { hint: 'add server: { uri: "coap://host:5683" }' });
    return [];
  }

  #http(section: ConfigFile["http"]): HttpConfig | undefined {
    const listen = section && parseListen(section.listen);
    if (!listen) return undefined;
    const { token } = section;
    if (!isLoopback(listen.host) && token === undefined) {
      const hint = "add http.token: !env ISTHMUS_TOKEN, or listen on 127.0.0.1";
      this.#say(["http", "listen"], "listening where others can reach it demands a token", { hint });
    }
    if (token === undefined) return listen;
    return { ...listen, token: typeof token === "string" ? new Secret(token, "http.token") : token };
  }

  #adapters(sections: Readonly<Record<string, unknown>>): AdapterConfig[] {
    const good: AdapterConfig[] = [];
    for (const [name, section] of Object.entries(sections)) {
      const before = this.problems.length;
      const path = ["adapters", name];
      if (!AdapterName.safeParse(name).success) this.#add(checkFindings(AdapterName, name, path));
      const settings = this.#settings(section, path);
      if (settings && this.#sound(path, before)) good.push({ name, ...settings });
    }
    return good;
  }

  #settings(section: unknown, path: ValuePath): Omit<AdapterConfig, "name"> | undefined {
    const head = AdapterSectionHead.safeParse(section);
    if (!head.success) {
      this.#add(checkFindings(AdapterSectionHead, section, path));
      return undefined;
    }
    const { type, ...settings } = head.data;
    const schema = this.#options.adapters.get(type);
    if (!schema) {
      const types = [...this.#options.adapters.keys()];
      const candidate = nearest(type, types);
      const hint = candidate === undefined ? `known here: ${types.join(", ")}` : `did you mean \`${candidate}\`?`;
      this.#say([...path, "type"], `no adapter is called ${type}`, { hint });
      return undefined;
    }
    const checked = checkWith(schema, settings, path);
    if (!checked.ok) this.#add(checked.findings);
    return { type, settings };
  }

  #rules(entries: readonly unknown[], adapters: ConfigFile["adapters"]): AdoptRuleConfig[] {
    return this.#list("adopt", entries, AdoptRuleSection).flatMap(([index, rule]) => {
      const before = this.problems.length;
      if (rule.adapter !== undefined) this.#adapterExists(rule.adapter, adapters, ["adopt", index, "adapter"]);
      this.#definitionExists(rule.definition, ["adopt", index, "definition"]);
      return this.problems.length === before ? [rule] : [];
    });
  }

  #definitionExists(wanted: string | undefined, path: ValuePath): void {
    const definitions = this.#options.definitions && [...this.#options.definitions.keys()];
    if (wanted === undefined || definitions === undefined || definitions.some(glob(wanted))) return;
    const candidate = nearest(wanted, definitions);
    const hint = candidate === undefined ? "isthmus device test lists them all" : `did you mean \`${candidate}\`?`;
    this.#say(path, wanted.includes("*") ? `no definition fits ${wanted}` : `no definition is called ${wanted}`, {
      hint,
    });
  }

  #adapterExists(name: string, adapters: ConfigFile["adapters"], path: ValuePath): void {
    if (Object.hasOwn(adapters, name)) return;
    const candidate = nearest(name, Object.keys(adapters));
    const hint = candidate === undefined ? "add it under adapters" : `did you mean \`${candidate}\`?`;
    this.#say(path, `there is no adapter ${name}`, { hint });
  }

  #sensors(
    entries: readonly unknown[],
    { gateway, adapters }: Pick<ConfigFile, "gateway" | "adapters">,
  ): SensorConfig[] {
    const sources = new Set<string>();
    const endpoints = new Set([gateway.endpoint]);
    const good: SensorConfig[] = [];
    for (const [index, sensor] of this.#list("sensors", entries, SensorSection)) {
      const before = this.problems.length;
      const { source, endpoint } = sensor;
      const adapter = source.slice(0, source.indexOf("/"));
      this.#adapterExists(adapter, adapters, ["sensors", index, "source"]);
      this.#definitionExists(sensor.definition, ["sensors", index, "definition"]);
      if (sources.has(source)) this.#say(["sensors", index, "source"], "this sensor is already in the list");
      if (endpoint !== undefined && endpoints.has(endpoint))
        this.#say(["sensors", index, "endpoint"], "this endpoint name is already taken", { hint: "names are unique" });
      sources.add(source);
      if (endpoint !== undefined) endpoints.add(endpoint);
      const facts = sensor.definition === undefined ? undefined : this.#options.definitions?.get(sensor.definition);
      for (const { path, message, ...rest } of sensorMistakes(sensor, facts))
        this.#say(["sensors", index, ...path], message, rest);
      if (this.problems.length === before) good.push(sensorConfig(sensor));
    }
    return good;
  }

  /** The sound entries of a list, with their index in the file. */
  #list<T>(name: string, entries: readonly unknown[], schema: { parse(input: unknown): T }): [number, T][] {
    return entries.flatMap((entry, index): [number, T][] => {
      const before = this.problems.length;
      const path = [name, index];
      const checked = checkWith(schema, entry, path);
      if (!checked.ok) this.#add(checked.findings);
      return checked.ok && this.#sound(path, before) ? [[index, schema.parse(entry)]] : [];
    });
  }

  /** Whether nothing was said of this section: neither since `before`, nor when its secrets were opened. */
  #sound(path: ValuePath, before: number): boolean {
    return this.problems.length === before && !this.#closed.has(path.join("/"));
  }

  #add(findings: readonly Finding[]): void {
    for (const { path, message, ...rest } of findings) this.#say(path, message, rest);
  }

  #say(path: ValuePath, message: string, { hint, atKey = false }: { hint?: string; atKey?: boolean } = {}): void {
    // Of a secret that cannot be had, nothing more needs to be said.
    if (this.#unopened.has(path.join("/"))) return;
    const place = atKey || message === "missing" ? this.#source.placeOfKey(path) : this.#source.placeOf(path);
    this.problems.push({ ...this.#head(path), ...place, message, ...(hint !== undefined && { hint }) });
  }

  #head(path: ValuePath): Pick<ConfigProblem, "file" | "path" | "fatal"> {
    return { file: this.#file, path: path.join("."), fatal: path.length < 2 || !ISOLATED.has(path[0] ?? "") };
  }
}

function gatewayConfig(section: ConfigFile["gateway"]): Config["gateway"] {
  const { endpoint, allow_reboot, starts_per_second, mode, latitude, longitude, altitude } = section;
  return {
    ...(mode && { mode }),
    ...(latitude !== undefined &&
      longitude !== undefined && { place: { latitude, longitude, ...(altitude !== undefined && { altitude }) } }),
    ...(endpoint !== undefined && { endpoint }),
    allowReboot: allow_reboot,
    ...(starts_per_second !== undefined && { startsPerSecond: starts_per_second }),
  };
}

function dtlsConfig(section: NonNullable<ConfigFile["dtls"]>): DtlsConfig {
  const { backend, connection_id, retransmit, cbc, extended_master_secret } = section;
  return {
    ...(backend && { backend }),
    ...(connection_id !== undefined && { ownCidLength: connection_id }),
    ...(retransmit !== undefined && { retransmitMs: retransmit * 1_000 }),
    ...(cbc !== undefined && { allowCbc: cbc }),
    ...(extended_master_secret && { requireExtendedMasterSecret: extended_master_secret === "required" }),
  };
}

function labConfig(section: NonNullable<ConfigFile["lab"]>): NonNullable<Config["lab"]> {
  const { port, bootstrap_port: bootstrapPort, secure_port: securePort } = section;
  return {
    port,
    ...(bootstrapPort !== undefined && { bootstrapPort }),
    ...(securePort !== undefined && { securePort }),
  };
}

function checkFindings(schema: SettingsSchema, value: unknown, path: ValuePath): readonly Finding[] {
  const checked = checkWith(schema, value, path);
  return checked.ok ? [] : checked.findings;
}

/** The sections that can be looked at although the file as a whole was refused. */
function lenient(value: unknown): ConfigFile {
  const given: [string, unknown][] = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const keep: Record<string, unknown> = {};
  for (const key of ["gateway", "server", "servers", "bootstrap", "adapters", "adopt", "sensors"]) {
    const section = given.find(([name]) => name === key)?.[1];
    if (section !== undefined && FileSchema.safeParse({ [key]: section }).success) keep[key] = section;
  }
  return FileSchema.parse(keep);
}
