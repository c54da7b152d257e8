/** State on disk that survives power cuts: replaced whole, checked when read, with older generations to fall back on. */

import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Log, silentLog } from "../base/log.ts";
import { isMissing, words } from "../base/errors.ts";
import { LOCK_NAME, lockFolder, type ProcessTable } from "./lock.ts";

/** How many generations of a file are kept: the newest and two older ones. */
export const GENERATIONS = 3;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** First line of every file of state: what follows has this SHA-256. */
const HEADER = "isthmus-state 1 sha256=";

/**
 * Replaces a file whole: after a crash at any moment there is the old content or the new one, never a mixture.
 * @throws Error of the file system: no space, no permission.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = await writeDraft(path, content);
  await orDropped(draft, () => rename(draft, path));
  await syncFolder(dirname(path));
}

export type OpenResult =
  | { readonly status: "open"; readonly folder: StateFolder }
  /** Another process works on this folder. */
  | { readonly status: "held"; readonly pid: number };

export interface StateFolderOptions {
  readonly log?: Log;
  readonly processes?: ProcessTable;
}

/** A folder of named texts, owned by this process alone. */
export class StateFolder {
  readonly path: string;
  readonly #log: Log;
  readonly #release: () => Promise<void>;
  readonly #queues = new Map<string, Queue>();
  #closed = false;

  private constructor(path: string, log: Log, release: () => Promise<void>) {
    this.path = path;
    this.#log = log;
    this.#release = release;
  }

  /** Makes the folder if need be, private to its owner, and locks it. @throws Error if it cannot be written. */
  static async open(path: string, options: StateFolderOptions = {}): Promise<OpenResult> {
    const log = options.log ?? silentLog;
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    // The owner may be another (a mount, a container): then its mode is not ours to set.
    await chmod(path, FOLDER_MODE).catch((error: unknown) => log.warn("state-folder-mode", { path, error }));
    const lock = await lockFolder(path, options.processes);
    if (lock.status === "held") return lock;
    await sweep(path);
    return { status: "open", folder: new StateFolder(path, log, () => lock.release()) };
  }

  /** The newest intact generation, or undefined if there is none. Damage is logged, with what was used instead. */
  async read(name: string): Promise<string | undefined> {
    const path = this.#pathOf(name);
    for (let generation = 0; generation < GENERATIONS; generation++) {
      const file = generationPath(path, generation);
      const found = await readChecked(file);
      if (found.status === "damaged") this.#log.error("state-damaged", { file, reason: found.reason });
      if (found.status !== "intact") continue;
      if (generation > 0) this.#log.warn("state-recovered", { name, from: file });
      return found.text;
    }
    return undefined;
  }

  /**
   * Stores a text under a name; the one before becomes an older generation. Writes to one name follow each other, and
   * of those that wait only the newest is carried out. Settles when this text, or a newer one, is safe on the disk.
   */
  write(name: string, text: string): Promise<void> {
    const path = this.#pathOf(name);
    // The folder may be another process's by now.
    if (this.#closed) return Promise.reject(new Error(`${this.path} is closed`));
    const queue = this.#queues.get(name);
    if (queue === undefined) {
      const fresh: Queue = { running: Promise.resolve(), waiting: undefined };
      this.#queues.set(name, fresh);
      fresh.running = this.#store(path, text).finally(() => {
        if (fresh.waiting === undefined) this.#queues.delete(name);
      });
      return fresh.running;
    }
    if (queue.waiting !== undefined) {
      queue.waiting.text = text;
      return queue.waiting.done;
    }
    const waiting: Waiting = { text, done: Promise.resolve() };
    waiting.done = queue.running
      .catch(() => undefined)
      .then(() => {
        this.#queues.delete(name);
        return this.write(name, waiting.text);
      });
    queue.waiting = waiting;
    return waiting.done;
  }

  /** Waits for what is being written, then lets others have the folder. Safe to call twice; never rejects. */
  async close(): Promise<void> {
    while (this.#queues.size > 0)
      for (const queue of [...this.#queues.values()])
        await (queue.waiting?.done ?? queue.running).catch(() => undefined);
    this.#closed = true;
    await this.#release();
  }

  async #store(path: string, text: string): Promise<void> {
    const draft = await writeDraft(path, seal(text));
    await orDropped(draft, async () => {
      for (let generation = GENERATIONS - 1; generation > 0; generation--)
        await renameIfThere(generationPath(path, generation - 1), generationPath(path, generation));
      await rename(draft, path);
    });
    await syncFolder(dirname(path));
  }

  #pathOf(name: string): string {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name) || name === LOCK_NAME)
      throw new RangeError(`no name for a file of state: "${name}"`);
    return join(this.path, name);
  }
}

interface Queue {
  running: Promise<void>;
  waiting: Waiting | undefined;
}

interface Waiting {
  text: string;
  done: Promise<void>;
}

type Checked =
  | { readonly status: "intact"; readonly text: string }
  | { readonly status: "damaged"; readonly reason: string }
  | { readonly status: "missing" };

async function readChecked(path: string): Promise<Checked> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    return isMissing(error) ? { status: "missing" } : { status: "damaged", reason: words(error) };
  }
  const end = content.indexOf("\n");
  if (end < 0 || !content.startsWith(HEADER)) return { status: "damaged", reason: "no header" };
  const text = content.slice(end + 1);
  return content.slice(HEADER.length, end) === checksum(text)
    ? { status: "intact", text }
    : { status: "damaged", reason: "checksum differs" };
}

const seal = (text: string): string => `${HEADER}${checksum(text)}\n${text}`;
const checksum = (text: string): string => createHash("sha256").update(text).digest("hex");
const generationPath = (path: string, generation: number): string =>
  generation === 0 ? path : `${path}.${generation}`;

/** Drafts that a crash has left; nobody will ever finish them. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^\..+\.tmp$/.test(name)) await unlink(join(folder, name)).catch(() => undefined);
}

/** The content, safe on the disk, under a name that nobody reads. */
async function writeDraft(path: string, content: string | Uint8Array): Promise<string> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const file = await open(draft, "wx", FILE_MODE);
  await orDropped(draft, async () => {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  });
  return draft;
}

/** What fails leaves no draft behind: a disk that is full must not be filled further by every try. */
async function orDropped(draft: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A rename is safe only when the folder that holds the name is (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
