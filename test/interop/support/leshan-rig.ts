/** A Leshan server that knows the Objects of our sensor, for as long as a test file runs. */

import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../../src/lwm2m/index.ts";
import { writeDdf } from "./ddf.ts";
import { type Fields, Leshan, type LeshanClient, wordsOf } from "./leshan.ts";
import { DEVICE_SERVER, type Release } from "./leshan-jars.ts";
import type { Identities, Mode, Security } from "./security/accounts.ts";
import { foreignModels, Sensor, type SensorOptions } from "./sensor.ts";

export interface RigOptions {
  readonly release?: Release;
  /** How long a client in Queue Mode counts as awake after it was heard. */
  readonly awakeMs?: number;
  readonly port?: number;
  /** Listens for DTLS as well, with these keys. */
  readonly secured?: Secured;
}

export interface Secured {
  readonly ids: Identities;
  readonly port: number;
  /** Of the Connection IDs that clients put into what they send; absent: they put none. */
  readonly cidLength?: number;
}

/** Seconds; long enough that no Update comes by itself while a test runs. */
const LIFETIME = 300;

export class Rig {
  server: Leshan;
  readonly #options: RigOptions;
  readonly #folder: string;
  readonly #sensors: Sensor[] = [];

  private constructor(server: Leshan, folder: string, options: RigOptions) {
    this.server = server;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), "isthmus-leshan-"));
    await writeDdf(folder, foreignModels);
    return new Rig(await started(folder, options), folder, options);
  }

  account(more: Partial<Account> = {}): Account {
    return { uri: this.server.uri, lifetime: LIFETIME, shortServerId: 123, ...more };
  }

  /**
   * Believes an endpoint from now on, after a restart too.
   * @returns an account with its keys, to be reached at `port` where something stands between
   */
  async trusted(endpoint: string, mode: Mode, { port, ...more }: Partial<Account> & { port?: number } = {}) {
    const { secured } = this.#options;
    if (secured === undefined) throw new Error("this server has no DTLS");
    const { ids } = secured;
    const security = ids.of(mode, endpoint);
    const fields = trustOf(endpoint, security);
    await appendFile(ids.file("clients"), `${wordsOf(fields).join(" ")}\n`);
    const { failed } = await this.server.ask("trust", fields);
    if (failed !== undefined) throw new Error(failed);
    return this.account({ uri: `coaps://127.0.0.1:${port ?? secured.port}`, ...security, ...more });
  }

  /** A sensor that is not started yet; it is stopped with the rig at the latest. */
  sensor(options: Partial<SensorOptions> & Pick<SensorOptions, "endpoint">): Sensor {
    const sensor = new Sensor({ accounts: [this.account()], ...options });
    this.#sensors.push(sensor);
    return sensor;
  }

  /** A sensor that is registered, and how the server sees it. */
  async registered(endpoint: string, account: Partial<Account> = {}): Promise<[Sensor, LeshanClient]> {
    const sensor = this.sensor({ endpoint, accounts: [this.account(account)] });
    await sensor.start();
    const client = this.server.client(endpoint);
    await client.heard("registered");
    return [sensor, client];
  }

  /** Another server process on the same port, which knows of nobody. */
  async restart(): Promise<void> {
    const { port, counts } = this.server;
    await this.server.kill();
    this.server = await started(this.#folder, { ...this.#options, port });
    for (const [name, count] of counts) this.server.counts.set(name, count);
  }

  async end(): Promise<void> {
    await Promise.all(this.#sensors.map((sensor) => sensor.stop()));
    await this.server.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function started(folder: string, options: RigOptions): Promise<Leshan> {
  const { release = DEVICE_SERVER, awakeMs = 93_000, port, secured } = options;
  const args = [folder, String(awakeMs)];
  if (secured) args.push(String(secured.port), String(secured.cidLength ?? 0), secured.ids.folder);
  return Leshan.start({ release, args, ...(port !== undefined && { port }) });
}

/** What Leshan has to know of a client whose security that is. */
function trustOf(endpoint: string, { credentials }: Security): Fields {
  const ep = endpoint;
  if (credentials?.mode === "psk")
    return { ep, identity: Buffer.from(credentials.identity).toString(), key: credentials.secretKey.reveal() };
  if (credentials?.mode === "rpk") return { ep, publicKey: Buffer.from(credentials.identity).toString("hex") };
  return { ep };
}
