/**
 * Fetches Leshan's released libraries with Maven and compiles the small servers beside this file against them, once: both
 * are kept in `.cache/leshan` until one of those sources changes.
 */

import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { output, program } from "./programs.ts";

/** A release and the program that shows it to tests. */
export interface Release {
  /** Names the Maven file. */
  readonly name: "device-server" | "bootstrap-server" | "old-server";
  /** The class with `main`; the others are compiled with it. */
  readonly main: string;
  readonly sources: readonly string[];
  readonly version: string;
}

export const DEVICE_SERVER: Release = {
  name: "device-server",
  main: "DeviceServer",
  sources: ["Wire", "Nodes", "Secured", "DeviceServer"],
  version: "2.0.0-M18",
};
export const BOOTSTRAP_SERVER: Release = {
  name: "bootstrap-server",
  main: "BootstrapServer",
  sources: ["Wire", "Nodes", "BootstrapServer"],
  version: "2.0.0-M15",
};
export const OLD_SERVER: Release = {
  name: "old-server",
  main: "OldServer",
  sources: ["Wire", "OldServer"],
  version: "1.5.0",
};

const SOURCES = fileURLToPath(new URL("leshan/", import.meta.url));
const CACHE = fileURLToPath(new URL("../../../.cache/leshan/", import.meta.url));
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/** The class path to start a release with. @throws Error that says what is missing. */
export async function classPath(release: Release): Promise<string> {
  const folder = join(CACHE, await fingerprint(release));
  try {
    await access(folder);
  } catch {
    await build(release, folder);
  }
  return [join(folder, "jars", "*"), join(folder, "classes")].join(delimiter);
}

/**
 * Why the tests of Leshan cannot run here, or undefined if they can. Fetches and compiles first, so that no test waits for it.
 * @throws Error with that reason where `CI` is set: there, nothing may be skipped.
 */
export async function missing(...releases: readonly Release[]): Promise<string | undefined> {
  try {
    program("java");
    for (const release of releases) await classPath(release);
    return undefined;
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    console.warn(`Leshan's tests are skipped: ${why}`);
    return why;
  }
}

async function fingerprint({ name, sources }: Release): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [`${name}.xml`, ...sources.map((source) => `${source}.java`)])
    hash.update(await readFile(join(SOURCES, file)));
  return `${name}-${hash.digest("hex").slice(0, 16)}`;
}

async function build({ name, sources }: Release, folder: string): Promise<void> {
  const fresh = `${folder}.${process.pid}`;
  const jars = join(fresh, "jars");
  await mkdir(join(fresh, "classes"), { recursive: true });
  try {
    const copy = ["-B", "-q", "-f", join(SOURCES, `${name}.xml`), COPY, `-DoutputDirectory=${jars}`];
    // A download that broke once is remembered as broken, unless Maven is told to look again.
    await run("mvn", copy).catch(() => run("mvn", ["-U", ...copy]));
    const files = sources.map((source) => join(SOURCES, `${source}.java`));
    await run("javac", ["-nowarn", "-cp", join(jars, "*"), "-d", join(fresh, "classes"), ...files]);
    await writeFile(join(fresh, "made-from"), `${name}\n`);
    // Another test may have been as quick: then its result serves as well.
    await rename(fresh, folder).catch(() => access(folder));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const { code, text } = await output(program(name), args);
  if (code !== 0) throw new Error(`${name} failed: ${text.trim().split("\n").slice(0, 5).join(" | ")}`);
}
