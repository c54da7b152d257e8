/** Where the daemon keeps what must outlive it: `--state`, or systemd's folder, or the user's. */

import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface StateFolderOptions {
  /** `--state`, as given. */
  readonly chosen?: string | undefined;
  /** The demo does not mix its sensors with real ones. */
  readonly demo: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
}

export function stateFolder({ chosen, demo, env, folder }: StateFolderOptions): string {
  if (chosen !== undefined) return resolve(folder, chosen);
  // systemd.exec(5): several folders are separated by colons; the unit names one.
  const fromSystemd = env["STATE_DIRECTORY"]?.split(":")[0];
  // XDG Base Directory Specification: relative paths are invalid and ignored.
  const xdg = env["XDG_STATE_HOME"];
  const userState = xdg?.startsWith("/") === true ? xdg : join(env["HOME"] ?? homedir(), ".local", "state");
  const base = fromSystemd !== undefined && fromSystemd !== "" ? fromSystemd : join(userState, "isthmus");
  return demo ? join(base, "demo") : base;
}

/** As people write it: the home folder is a tilde. */
export function friendlyPath(path: string, env: NodeJS.ProcessEnv): string {
  const home = env["HOME"] ?? homedir();
  return home.length > 1 && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
