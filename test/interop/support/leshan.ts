/** Leshan servers under test's control: requests are sent through them, and what they hear is collected. */

import { createSocket } from "node:dgram";
import { z } from "zod";
import { exercised } from "./exercised.ts";
import { classPath, DEVICE_SERVER, type Release } from "./leshan-jars.ts";
import { program, Running } from "./programs.ts";

/** A value as Leshan understood it; Object Links as `/3/0`, whole numbers of more than 15 digits as text. */
const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.object({ hex: z.string() }),
  z.object({ time: z.number() }),
]);
const values = z.record(z.string(), value);
const times = z.array(z.object({ at: z.number().nullable(), values }));

const said = z.object({
  code: z.string().optional(),
  /** The diagnostic payload, or what went wrong in the server. */
  error: z.string().nullish(),
  /** CON, NON or ACK: how the message came. */
  type: z.string().optional(),
  format: z.number().nullish(),
  observe: z.number().nullish(),
  /** By path. */
  values: values.optional(),
  /** Values with the time of their measurement, in milliseconds since 1970 UTC. */
  times: times.optional(),
  links: z.array(z.string()).optional(),
  location: z.string().nullish(),
});

const answer = said.extend({
  id: z.number(),
  /** The request was not answered, or its answer not understood. */
  failed: z.string().optional(),
  observations: z.array(z.array(z.string())).optional(),
  cancelled: z.number().optional(),
});

const event = said.extend({
  event: z.string(),
  ep: z.string().optional(),
  registration: z.string().optional(),
  before: z.string().nullish(),
  version: z.string().optional(),
  lifetime: z.number().optional(),
  binding: z.array(z.string()).optional(),
  queue: z.boolean().nullish(),
  root: z.string().optional(),
  port: z.number().optional(),
  expired: z.boolean().optional(),
  replaced: z.boolean().optional(),
  withLinks: z.boolean().optional(),
  withLifetime: z.boolean().optional(),
  paths: z.array(z.string()).optional(),
  request: z.string().optional(),
  path: z.string().optional(),
  preferred: z.string().nullish(),
});

export type Answer = Omit<z.infer<typeof answer>, "id">;
export type Heard = z.infer<typeof event>;
export type Format = "TEXT" | "OPAQUE" | "TLV" | "JSON" | "CBOR" | "SENML_JSON" | "SENML_CBOR";
/** Type names as Leshan spells them. */
export type ValueType =
  | "STRING"
  | "INTEGER"
  | "UNSIGNED_INTEGER"
  | "FLOAT"
  | "BOOLEAN"
  | "OPAQUE"
  | "TIME"
  | "OBJLNK"
  | "CORELINK";
export type Writing = readonly [path: string, type: ValueType, text: string | number | boolean];
type Field = string | number | undefined | readonly (string | number)[];
export type Fields = Readonly<Record<string, Field>>;

export interface LeshanOptions {
  readonly release?: Release;
  /** Further arguments of the program. */
  readonly args?: readonly string[];
  /** The port of a server that was there before. */
  readonly port?: number;
}

export class Leshan {
  readonly port: number;
  readonly events: Heard[] = [];
  /** How often each operation was used, and each kind of event heard. */
  readonly counts = new Map<string, number>();
  readonly #release: Release;
  readonly #running: Running;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Set<() => void>();
  #lastId = 0;
  #rest = "";

  private constructor(port: number, release: Release, running: Running) {
    this.port = port;
    this.#release = release;
    this.#running = running;
    running.process.stdout?.on("data", (chunk: Buffer) => this.#collect(chunk.toString()));
  }

  static async start({ release = DEVICE_SERVER, args = [], port }: LeshanOptions = {}): Promise<Leshan> {
    const chosen = port ?? (await freeUdpPort());
    const flags = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"];
    const path = await classPath(release);
    const running = new Running(program("java"), [...flags, "-cp", path, release.main, String(chosen), ...args]);
    const server = new Leshan(chosen, release, running);
    await running.said(/"event":"ready"/, 60_000);
    return server;
  }

  get uri(): string {
    return `coap://127.0.0.1:${this.port}`;
  }

  /** What the server's libraries complained of. */
  get log(): string {
    return this.#running.output;
  }

  client(endpoint: string): LeshanClient {
    return new LeshanClient(this, endpoint);
  }

  /** Kills it at once: whatever it knew is gone. */
  async kill(): Promise<void> {
    await this.#running.end("SIGKILL");
  }

  /** Ends the server, and adds what was exercised of it to the sum. */
  async end(): Promise<void> {
    exercised(`Leshan ${this.#release.version}`, this.counts);
    await this.kill();
  }

  /** Sends one command. @throws Error if the server did not carry it out within 30 s. */
  async ask(verb: string, fields: Fields): Promise<Answer> {
    const id = ++this.#lastId;
    const words = wordsOf(fields);
    if (!ASIDE.has(verb)) this.#count(verb);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${verb} ${words.join(" ")}: no word from Leshan\n${this.log}`));
      }, 30_000);
      this.#waiting.set(id, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
      this.#running.write(`${[id, verb, ...words].join(" ")}\n`);
    });
  }

  /** Waits for an event at or after `from`; gives its place. @throws Error with the latest events if it never comes. */
  async awaitEvent(where: (heard: Heard) => boolean, from: number, ms: number): Promise<number> {
    const find = () => this.events.findIndex((each, at) => at >= from && where(each));
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        done();
      };
      const look = () => {
        const at = find();
        if (at >= 0) settle(() => resolve(at));
      };
      const timer = setTimeout(() => {
        const latest = this.events.slice(-8).map((each) => JSON.stringify(each));
        settle(() => reject(new Error(`not heard in ${ms} ms, but\n${latest.join("\n")}\n${this.log}`)));
      }, ms);
      this.#listeners.add(look);
      look();
    });
  }

  #collect(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    const parsed: unknown = JSON.parse(line);
    const heard = event.safeParse(parsed);
    if (heard.success) {
      this.events.push(heard.data);
      const { event: name, request } = heard.data;
      if (name === "answered") this.#count(`bootstrap ${request?.toLowerCase()}`);
      else if (UPLINK.has(name)) this.#count(name);
      for (const listener of this.#listeners) listener();
      return;
    }
    const { id, ...rest } = answer.parse(parsed);
    this.#waiting.get(id)?.(rest);
    this.#waiting.delete(id);
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** Events that are operations of the client. */
const UPLINK = new Set(["registered", "updated", "unregistered", "notified", "sent", "bootstrapping"]);
/** Commands to the server itself, of which the client hears nothing. */
const ASIDE = new Set(["start", "stop", "forget", "config", "plan", "trust"]);

/** One endpoint, as its server sees it. */
export class LeshanClient {
  readonly #server: Leshan;
  readonly #ep: string;
  /** Up to which event each kind was handed out. */
  readonly #handed = new Map<string, number>();

  constructor(server: Leshan, endpoint: string) {
    this.#server = server;
    this.#ep = endpoint;
  }

  /** Waits for the next event of a kind that nobody has waited for yet; those before it are passed over. */
  async heard(name: string, where: (heard: Heard) => boolean = () => true, ms = 10_000): Promise<Heard> {
    const from = this.#handed.get(name) ?? 0;
    const wanted = (each: Heard) => each.event === name && each.ep === this.#ep && where(each);
    const at = await this.#server.awaitEvent(wanted, from, ms);
    this.#handed.set(name, at + 1);
    return this.#server.events[at]!;
  }

  /** All events of a kind so far. */
  all(name: string): readonly Heard[] {
    return this.#server.events.filter((each) => each.event === name && each.ep === this.#ep);
  }

  /** Any command, with any field. */
  ask(verb: string, fields: Fields = {}): Promise<Answer> {
    return this.#server.ask(verb, { ep: this.#ep, ...fields });
  }

  read(path: string, format?: Format): Promise<Answer> {
    return this.ask("read", { path, format });
  }

  discover(path: string, ...query: readonly string[]): Promise<Answer> {
    return this.ask("discover", { path, query });
  }

  /** Replaces what stands at a path (PUT). */
  replace(path: string, format: Format, ...values: readonly Writing[]): Promise<Answer> {
    return this.ask("write", { path, format, mode: "REPLACE", value: values.map(spelled) });
  }

  /** Changes an Instance in part (POST). */
  update(path: string, format: Format, ...values: readonly Writing[]): Promise<Answer> {
    return this.ask("write", { path, format, mode: "UPDATE", value: values.map(spelled) });
  }

  execute(path: string, args?: string): Promise<Answer> {
    return this.ask("execute", { path, args });
  }

  attributes(path: string, ...attribute: readonly string[]): Promise<Answer> {
    return this.ask("attributes", { path, attribute });
  }

  /** Further `query` items go along with the Observe. */
  observe(path: string, format?: Format, ...query: readonly string[]): Promise<Answer> {
    return this.ask("observe", { path, format, query });
  }

  /** Cancels with Observe 1; an observation that is only forgotten is cancelled by RST. */
  cancel(path: string): Promise<Answer> {
    return this.ask("cancel", { path });
  }

  create(path: string, format: Format, instance: number | undefined, ...values: readonly Writing[]): Promise<Answer> {
    return this.ask("create", { path, format, instance, value: values.map(spelled) });
  }

  delete(path: string): Promise<Answer> {
    return this.ask("delete", { path });
  }
}

/** Fields as they stand in a line. */
export function wordsOf(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    list(field).map((each) => `${name}=${encodeURIComponent(each)}`),
  );
}

const list = (field: Field): readonly (string | number)[] =>
  typeof field === "object" ? field : field === undefined ? [] : [field];

const spelled = ([path, type, text]: Writing): string => `${path}|${type}|${text}`;

/** A UDP port that is free now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
