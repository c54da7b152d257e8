/** Facts about the machine we run on. What it does not tell is undefined, never a guess. */

import { createHash } from "node:crypto";
import { readFile, statfs } from "node:fs/promises";
import { arch, freemem, hostname, release, totalmem, uptime } from "node:os";

export interface MachineFacts {
  readonly hostname: string;
  /** Such as "Raspberry Pi". */
  readonly maker?: string;
  /** Such as "Raspberry Pi 4 Model B Rev 1.4". */
  readonly model?: string;
  readonly serial?: string;
  /** The same for ever on one installation, and unrelated to other programs' ids of it. 32 hex digits. */
  readonly id?: string;
  /** Such as "Debian GNU/Linux 12 (bookworm)". */
  readonly os?: string;
  readonly kernel: string;
  readonly architecture: string;
  /** Bytes. */
  readonly memory: number;
}

export interface MachineState {
  /** Bytes that programs can still get. */
  readonly freeMemory: number;
  readonly totalMemory: number;
  /** Seconds since the machine started. */
  readonly uptime: number;
  /** Degrees Celsius of the processor. */
  readonly temperature?: number;
  /** Bytes free where state is kept. */
  readonly freeDisk?: number;
}

export interface MachineOptions {
  /** Where `/proc`, `/sys` and `/etc` hang; tests bring their own. */
  readonly root?: string;
}

/** What does not change while we run. Never rejects. */
export async function machineFacts({ root = "/" }: MachineOptions = {}): Promise<MachineFacts> {
  const read = (path: string) => text(root + path);
  const model = (await read("sys/firmware/devicetree/base/model")) ?? (await read("sys/class/dmi/id/product_name"));
  const maker = (await read("sys/class/dmi/id/sys_vendor")) ?? makerOf(model);
  const serial =
    (await read("sys/firmware/devicetree/base/serial-number")) ?? (await read("sys/class/dmi/id/product_serial"));
  const machineId = await read("etc/machine-id");
  const os = osName(await read("etc/os-release"));
  return {
    hostname: hostname(),
    ...(maker !== undefined && { maker }),
    ...(model !== undefined && { model }),
    ...(serial !== undefined && { serial }),
    ...(machineId !== undefined && MACHINE_ID.test(machineId) && { id: hashed(machineId) }),
    ...(os !== undefined && { os }),
    kernel: release(),
    architecture: arch(),
    memory: totalmem(),
  };
}

/** What changes. Never rejects. */
export async function machineState(stateDir?: string, { root = "/" }: MachineOptions = {}): Promise<MachineState> {
  const meminfo = await text(`${root}proc/meminfo`);
  const thermal = Number(await text(`${root}sys/class/thermal/thermal_zone0/temp`));
  const disk = stateDir === undefined ? undefined : await statfs(stateDir).catch(() => undefined);
  return {
    freeMemory: available(meminfo) ?? freemem(),
    totalMemory: totalmem(),
    uptime: uptime(),
    ...(Number.isFinite(thermal) && thermal > 0 && { temperature: thermal / 1_000 }),
    ...(disk && { freeDisk: disk.bavail * disk.bsize }),
  };
}

/** Undefined if the file is not there, not ours to read, or says nothing. Device tree texts end in a zero byte. */
async function text(path: string): Promise<string | undefined> {
  const content = await readFile(path, "utf8").catch(() => "");
  const said = content.replaceAll("\0", "").trim();
  return said === "" || NOTHING_SAID.test(said) ? undefined : said;
}

/** What firmware says when nobody has filled in the form. */
const NOTHING_SAID = /^(?:to be filled by o\.?e\.?m\.?|default string|not specified|none|system serial number|0+)$/i;

/** The device tree has no field for the maker; on the boards that matter, the model begins with it. */
function makerOf(model: string | undefined): string | undefined {
  return model?.startsWith("Raspberry Pi") === true ? "Raspberry Pi" : undefined;
}

/** machine-id(5): it must not be shown to the world as it is, only hashed with something of ours. */
function hashed(machineId: string): string {
  return createHash("sha256").update("isthmus machine id\n").update(machineId).digest("hex").slice(0, 32);
}

/** An image that was never started says "uninitialized": all its copies would be one machine. */
const MACHINE_ID = /^[0-9a-f]{32}$/i;

/** os-release(5). */
function osName(file: string | undefined): string | undefined {
  return /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(file ?? "")?.[2];
}

/** Memory that caches hold is free for those who ask; proc(5): MemAvailable, in kB. */
function available(meminfo: string | undefined): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}
