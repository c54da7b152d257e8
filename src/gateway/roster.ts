/** Who has been adopted, on disk: endpoint names are minted once and never change. */

import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { SpokenOf } from "./kept/spoken-of.ts";
import { type Memory, memoryFromJson, memoryToJson } from "./memory.ts";

/** Where the roster is kept: one text, replaced whole or not at all. */
export interface RosterStore {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** One adopted sensor. */
export interface RosterEntry {
  /** `adapter/address`; the address is the sensor's identity, not always that of each frame. */
  readonly source: string;
  readonly endpoint: string;
  /** Id of its device definition. */
  readonly definition: string;
  /** Free text. */
  label: string;
  readonly by: "config" | "rule" | "api";
  /** ISO 8601. */
  readonly adoptedAt: string;
  readonly memory: Memory;
}

/** A state file that cannot be used; it stays as it is. */
export class RosterError extends Error {
  override readonly name = "RosterError";
}

const VERSION = 1;
/** Changes come in flocks, as when a thousand ports are bound: one write for all of them. */
const WRITE_AFTER_MS = 2_000;
/** Counts change with every press and every step: what a power cut may cost of them, against wearing out the disk. */
const COUNTS_AFTER_MS = 600_000;

export class Roster {
  /** What the gateway's own endpoint remembers. */
  readonly self: Memory;
  readonly #store: RosterStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bySource = new Map<string, RosterEntry>();
  readonly #byEndpoint = new Map<string, RosterEntry>();
  /** Removed by a person: no rule takes them in again. */
  readonly #dismissed: SpokenOf;
  /** Strangers that a person does not want to see: no rule takes them in either. */
  readonly #ignored: SpokenOf;
  #timer: Timer | undefined;
  /** For what may wait longer. */
  #later: Timer | undefined;
  #dirty = false;
  #writing: Promise<void> = Promise.resolve();

  /** @throws RosterError if what is stored cannot be understood: it must not be overwritten. */
  static async load(store: RosterStore, clock: Clock, log: Log): Promise<Roster> {
    const text = await store.read();
    return new Roster(text === undefined ? emptyContent() : parseRoster(text), store, { clock, log });
  }

  private constructor(content: Content, store: RosterStore, { clock, log }: { clock: Clock; log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.self = content.self;
    this.#dismissed = new SpokenOf(content.dismissed);
    this.#ignored = new SpokenOf(content.ignored);
    for (const entry of content.sensors) this.#put(entry);
  }

  get size(): number {
    return this.#bySource.size;
  }

  entries(): Iterable<RosterEntry> {
    return this.#bySource.values();
  }

  get(source: string): RosterEntry | undefined {
    return this.#bySource.get(source);
  }

  /** Who bears an endpoint name. */
  holder(endpoint: string): RosterEntry | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  /** Takes a sensor in. Neither its source nor its endpoint name may be there yet. */
  add(entry: RosterEntry): void {
    this.#put(entry);
    this.#dismissed.delete(entry.source);
    this.#ignored.delete(entry.source);
    this.changed();
  }

  /** Lets a sensor go; with `dismiss`, no rule will take it in again. */
  remove(entry: RosterEntry, dismiss: boolean): void {
    this.#bySource.delete(entry.source);
    this.#byEndpoint.delete(entry.endpoint);
    if (dismiss) this.#dismissed.add(entry.source);
    this.changed();
  }

  /** A person does not want to see a stranger, or does again. */
  ignore(source: string, wanted: boolean): void {
    if (wanted) this.#ignored.add(source);
    else this.#ignored.delete(source);
    this.changed();
  }

  isIgnored(source: string): boolean {
    return this.#ignored.has(source);
  }

  isDismissed(source: string): boolean {
    return this.#dismissed.has(source);
  }

  /** Something in an entry is another than before: it will be written soon. */
  changed(): void {
    this.#dirty = true;
    this.#timer ??= this.#clock.after(WRITE_AFTER_MS, () => {
      this.#timer = undefined;
      void this.flush();
    });
  }

  /** Something has been counted: written with what changes else, when all stops, and now and then. */
  counted(): void {
    this.#dirty = true;
    this.#later ??= this.#clock.after(COUNTS_AFTER_MS, () => {
      this.#later = undefined;
      void this.flush();
    });
  }

  /** Writes what has changed, and waits for it. Never rejects: a failure is logged, and tried again later. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#later?.cancel();
    this.#later = undefined;
    if (this.#dirty) {
      this.#dirty = false;
      this.#writing = this.#writing.then(() => this.#write());
    }
    return this.#writing;
  }

  async #write(): Promise<void> {
    try {
      await this.#store.write(this.#render());
    } catch (error) {
      this.#log.error("roster-not-written", { error, next: "is there space, and may this user write?" });
      this.changed();
    }
  }

  /** One sensor a line: a person can read it, and a diff shows what happened. */
  #render(): string {
    const sensors = Array.from(this.#bySource.values(), ({ memory, ...entry }) =>
      JSON.stringify({ ...entry, ...memoryToJson(memory) }),
    );
    const head = `{"version":${VERSION},"self":${JSON.stringify(memoryToJson(this.self))}`;
    const lists = `"dismissed":${JSON.stringify(this.#dismissed)},\n"ignored":${JSON.stringify(this.#ignored)}`;
    return `${head},\n${lists},\n"sensors":[\n${sensors.join(",\n")}\n]}\n`;
  }

  #put(entry: RosterEntry): void {
    this.#bySource.set(entry.source, entry);
    this.#byEndpoint.set(entry.endpoint, entry);
  }
}

interface Content {
  readonly self: Memory;
  readonly dismissed: readonly string[];
  readonly ignored: readonly string[];
  readonly sensors: readonly RosterEntry[];
}

/** Fresh each time: what endpoints remember is written into it. */
const emptyContent = (): Content => ({ self: {}, dismissed: [], ignored: [], sensors: [] });

function parseRoster(text: string): Content {
  const state = record(parseJson(text));
  if (state["version"] !== VERSION)
    throw new RosterError(
      `the roster is of version ${JSON.stringify(state["version"])}, this program reads version ${VERSION}: was a newer one here before?`,
    );
  // Rosters of older versions ignore nobody.
  const { dismissed, ignored = [], sensors } = state;
  if (!Array.isArray(dismissed) || !Array.isArray(ignored) || !Array.isArray(sensors))
    throw new RosterError("the roster lacks its lists");
  const entries = sensors.map(parseEntry);
  if (new Set(entries.map(({ source }) => source)).size < entries.length)
    throw new RosterError("the roster names a source twice");
  if (new Set(entries.map(({ endpoint }) => endpoint)).size < entries.length)
    throw new RosterError("the roster names an endpoint twice");
  return {
    self: memoryFromJson(record(state["self"])),
    dismissed: texts(dismissed),
    ignored: texts(ignored),
    sensors: entries,
  };
}

const texts = (list: readonly unknown[]) => list.filter((each) => typeof each === "string");

function parseEntry(value: unknown): RosterEntry {
  const entry = record(value);
  const text = (key: string): string => {
    const found = entry[key];
    if (typeof found !== "string") throw new RosterError(`the roster lacks "${key}" of a sensor`);
    return found;
  };
  const by = text("by");
  return {
    source: text("source"),
    endpoint: text("endpoint"),
    definition: text("definition"),
    label: text("label"),
    by: by === "config" || by === "rule" ? by : "api",
    adoptedAt: text("adoptedAt"),
    memory: memoryFromJson(entry),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RosterError(`the roster is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RosterError("the roster holds something that is no section");
  return Object.fromEntries(Object.entries(value));
}
