/** Restarting the machine, where that is allowed: systemd decides whether this user may. */

import { execFile } from "node:child_process";
import { words } from "../base/errors.ts";

const LIMIT_MS = 10_000;

/** Asks for a restart; resolves when it has been granted. @throws Error, with the words of systemctl, if it was not. */
export function rebootMachine(run: (args: readonly string[]) => Promise<void> = systemctl): Promise<void> {
  return run(["--no-ask-password", "reboot"]);
}

function systemctl(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("systemctl", args, { timeout: LIMIT_MS }, (error) =>
      error ? reject(new Error(words(error))) : resolve(),
    );
  });
}
