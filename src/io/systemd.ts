/**
 * What systemd wants to hear of a service: ready, status, alive, stopping (sd_notify(3)).
 *
 * Node cannot open a unix datagram socket, so `systemd-notify` says it for us; the unit needs NotifyAccess=all.
 */

import { execFile } from "node:child_process";
import type { Clock, Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

export interface SystemdOptions {
  /** Of which NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly pid?: number;
  /** Runs `systemd-notify` with these arguments; tests listen in. */
  readonly notify?: (args: readonly string[]) => Promise<void>;
}

/** Without systemd, all of it does nothing. Nothing of it rejects. */
export interface Systemd {
  ready(status: string): Promise<void>;
  /** One line that `systemctl status` shows. Repetitions are not sent. */
  status(text: string): Promise<void>;
  stopping(): Promise<void>;
  /**
   * Feeds the watchdog at half its time, as long as `alive` says yes: the service is restarted when it does no more.
   * Returns how to end it.
   */
  watchdog(alive: () => boolean): () => void;
}

export interface ServiceWords extends SystemdOptions {
  /** How the service is, in one line. */
  readonly words: () => string;
  /** Whether work moves. */
  readonly alive: () => boolean;
}

const STATUS_MS = 10_000;

/** Tells the service manager that we are ready, and from then on how we are. Returns how to take leave of it. */
export async function tellSystemd({ words, alive, ...options }: ServiceWords): Promise<() => Promise<void>> {
  const { environment, clock } = options;
  // Words for nobody would cost a look at every sensor.
  if (environment["NOTIFY_SOCKET"] === undefined) return () => Promise.resolve();
  const manager = systemd(options);
  await manager.ready(words());
  let timer: Timer | undefined;
  const repeat = () => {
    void manager.status(words());
    timer = clock.after(STATUS_MS, repeat);
  };
  repeat();
  const starve = manager.watchdog(alive);
  return () => {
    timer?.cancel();
    starve();
    return manager.stopping();
  };
}

export function systemd(options: SystemdOptions): Systemd {
  return options.environment["NOTIFY_SOCKET"] === undefined ? absent : new Notifier(options);
}

const absent: Systemd = {
  ready: () => Promise.resolve(),
  status: () => Promise.resolve(),
  stopping: () => Promise.resolve(),
  watchdog: () => () => undefined,
};

const MAX_STATUS = 200;

class Notifier implements Systemd {
  readonly #options: SystemdOptions;
  readonly #notify: (args: readonly string[]) => Promise<void>;
  readonly #pid: number;
  #last = "";

  constructor(options: SystemdOptions) {
    this.#options = options;
    this.#pid = options.pid ?? process.pid;
    this.#notify = options.notify ?? systemdNotify;
  }

  ready(status: string): Promise<void> {
    this.#last = oneLine(status);
    return this.#tell("--ready", `--status=${this.#last}`);
  }

  status(text: string): Promise<void> {
    const line = oneLine(text);
    if (line === this.#last) return Promise.resolve();
    this.#last = line;
    return this.#tell(`--status=${line}`);
  }

  stopping(): Promise<void> {
    return this.#tell("STOPPING=1");
  }

  watchdog(alive: () => boolean): () => void {
    const ms = this.#intervalMs();
    if (ms === undefined) return () => undefined;
    let timer: Timer | undefined;
    const feed = () => {
      // Late, not never: what is stuck now may move again, and then deserves to live.
      if (alive()) void this.#tell("WATCHDOG=1");
      timer = this.#options.clock.after(ms, feed);
    };
    feed();
    return () => timer?.cancel();
  }

  /** sd_watchdog_enabled(3): half of the time allowed, if the watchdog is meant for this process. */
  #intervalMs(): number | undefined {
    const { environment } = this.#options;
    const allowed = Number(environment["WATCHDOG_USEC"]);
    const meant = environment["WATCHDOG_PID"] ?? String(this.#pid);
    return Number.isFinite(allowed) && allowed > 0 && meant === String(this.#pid) ? allowed / 2_000 : undefined;
  }

  async #tell(...what: readonly string[]): Promise<void> {
    try {
      await this.#notify([`--pid=${this.#pid}`, ...what]);
    } catch (error) {
      this.#options.log.warn("systemd-notify", { what: what[0], error: words(error) });
    }
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_STATUS);

const NOTIFY_LIMIT_MS = 5_000;

function systemdNotify(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("systemd-notify", args, { timeout: NOTIFY_LIMIT_MS }, (error) =>
      error ? reject(new Error(words(error))) : resolve(),
    );
  });
}
