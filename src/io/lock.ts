/** A lock file that says who holds it: one process per state folder, and no stale lock after a kill or a power cut. */

import { link, open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, isMissing } from "../base/errors.ts";

/** Which process: a pid alone is not enough, because numbers are used again after a restart. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; absent where /proc is. */
  readonly started?: string;
  readonly boot?: string;
}

export type LockResult =
  | { readonly status: "locked"; release(): Promise<void> }
  | { readonly status: "held"; readonly pid: number };

/** What tells processes apart; tests hand in others. */
export interface ProcessTable {
  readonly pid: number;
  /** Undefined: no such process. The text differs between two processes that got the same number one after the other. */
  started(pid: number): Promise<string | undefined>;
  boot(): Promise<string | undefined>;
}

export const LOCK_NAME = "lock";

/** Takes the lock of `folder`, or says which living process has it. @throws Error if the folder cannot be written. */
export async function lockFolder(folder: string, processes: ProcessTable = procfs): Promise<LockResult> {
  const path = join(folder, LOCK_NAME);
  const mine = `${JSON.stringify(await self(processes))}\n`;
  const draft = join(folder, `${LOCK_NAME}.${processes.pid}`);
  await writeDraft(draft, mine);
  try {
    // Two tries: the second after a stale lock has been cleared away.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await linked(draft, path)) return { status: "locked", release: () => release(path, mine) };
      const found = await textOf(path);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      if (holder && (await lives(holder, processes))) return { status: "held", pid: holder.pid };
      await clearAway(path, found, `${draft}.stale`);
    }
    return { status: "held", pid: parseHolder((await textOf(path)) ?? "")?.pid ?? 0 };
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

async function self(processes: ProcessTable): Promise<Holder> {
  const started = await processes.started(processes.pid);
  const boot = await processes.boot();
  return { pid: processes.pid, ...(started !== undefined && { started }), ...(boot !== undefined && { boot }) };
}

async function writeDraft(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A link appears with its content, or not at all: nobody ever sees a lock without a holder. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves a stale lock out of the way, and puts it back if a quicker process has just replaced it by its own. */
async function clearAway(path: string, judged: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if ((await textOf(aside)) !== judged) await linked(aside, path);
  await unlink(aside);
}

async function release(path: string, mine: string): Promise<void> {
  if ((await textOf(path).catch(() => undefined)) === mine) await unlink(path).catch(() => undefined);
}

async function lives(holder: Holder, processes: ProcessTable): Promise<boolean> {
  if (holder.boot !== undefined && holder.boot !== (await processes.boot())) return false;
  const started = await processes.started(holder.pid);
  return started !== undefined && (holder.started === undefined || holder.started === started);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !isPid(value.pid)) return undefined;
    return {
      pid: value.pid,
      ...("started" in value && typeof value.started === "string" && { started: value.started }),
      ...("boot" in value && typeof value.boot === "string" && { boot: value.boot }),
    };
  } catch {
    return undefined;
  }
}

/** 0 and negative numbers name groups of processes (kill(2)), and some group always lives. */
const isPid = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Linux says it in /proc; elsewhere a signal that does nothing tells whether the process lives. */
const procfs: ProcessTable = {
  pid: process.pid,
  async started(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    // proc(5): the name, in parentheses, may hold anything; the start time is the 20th field after it, the state the first.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie runs no more: in a container nobody may ever wait for it, and its number stays taken.
    if (fields) return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    return signalled(pid) ? "alive" : undefined;
  },
  async boot() {
    const id = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined);
    return id?.trim();
  },
};

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
