/** The machine, looked at now and then: what changes is never older than a few seconds, and nobody waits for it. */

import type { Clock, Timer } from "../base/clock.ts";
import { type MachineFacts, machineFacts, type MachineOptions, machineState, type MachineState } from "./machine.ts";

export interface MachineWatchOptions extends MachineOptions {
  /** The folder whose disk counts. */
  readonly stateDir: string;
  readonly clock: Clock;
}

const LOOK_MS = 10_000;

export class MachineWatch {
  readonly facts: MachineFacts;
  readonly #options: MachineWatchOptions;
  #state: MachineState;
  #timer: Timer | undefined;
  #stopped = false;

  static async start(options: MachineWatchOptions): Promise<MachineWatch> {
    return new MachineWatch(options, await machineFacts(options), await machineState(options.stateDir, options));
  }

  private constructor(options: MachineWatchOptions, facts: MachineFacts, state: MachineState) {
    this.#options = options;
    this.facts = facts;
    this.#state = state;
    this.#wait();
  }

  get state(): MachineState {
    return this.#state;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      void machineState(this.#options.stateDir, this.#options).then((state) => {
        this.#state = state;
        this.#wait();
      });
    });
  }
}
