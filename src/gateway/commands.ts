/** One Write or Execute from a server: one command to one device, and one honest outcome. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Outcome, Scalar } from "../base/outcome.ts";
import type { Mapping, PlannedCommand, Reading } from "../library/index.ts";
import type { ObjectTree } from "../lwm2m/index.ts";
import type { Path } from "../model/path.ts";
import type { ResourceValue } from "../model/value.ts";
import type { Command } from "../sdk/adapter.ts";

/** A Write (with `value`) or an Execute (with `args`). */
export interface Order {
  readonly path: Path;
  readonly value?: ResourceValue;
  readonly args?: string;
}

export interface CommandOptions {
  /** The adapter's address of the device. */
  readonly address: string;
  readonly mapping: Mapping;
  readonly tree: ObjectTree;
  readonly clock: Clock;
  readonly log: Log;
  readonly send: (command: Command, signal: AbortSignal) => Promise<Outcome>;
}

type DeviceCommand = Extract<PlannedCommand, { kind: "device" }>;
type Confirmation = NonNullable<DeviceCommand["confirm"]>;

interface Expected {
  readonly field: string;
  readonly equals: Scalar;
  confirm(): void;
}

/** Commands to one device that may wait for their turn. */
const MAX_WAITING = 8;
/** Nobody is kept waiting longer, whatever stands in the queue: a server asks again long before. */
const MAX_TOTAL_MS = 30_000;
const TIMEOUT: Outcome = { status: "timeout" };

/**
 * Commands to one device: one at a time, since a device's word carries nothing to tell two answers apart.
 *
 * The tree is never changed here but by what the gateway itself does (a reset of minima): the device's confirmation comes
 * as a frame like any other, and changes the tree on its way.
 */
export class Commands {
  readonly #options: CommandOptions;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #expected: Expected | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  /** Settles within half a minute. Never rejects. */
  async run(order: Order, signal: AbortSignal): Promise<Outcome> {
    const { clock, tree, log, address } = this.#options;
    const planned = this.#plan(order);
    if ("status" in planned) return planned;
    if (planned.kind === "local") {
      tree.setAll(planned.updates);
      return { status: "done" };
    }
    if (this.#waiting >= MAX_WAITING) return { status: "rejected", reason: "busy: too many commands are waiting" };
    this.#waiting += 1;
    const deadline = clock.monotonic() + MAX_TOTAL_MS;
    const mine = this.#tail.then(() => this.#perform(planned, deadline, signal));
    this.#tail = mine.catch(() => undefined);
    try {
      const outcome = await mine;
      log.info("command", { address, path: order.path, ...outcome });
      return outcome;
    } catch (error) {
      log.error("command-failed", { address, path: order.path, error });
      return { status: "rejected", reason: "the gateway could not carry it out" };
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Every reading passes here: the one that confirms is among them. */
  heard(reading: Reading): void {
    const expected = this.#expected;
    if (!expected) return;
    const quantity = reading.fields.get(expected.field);
    if (quantity && sameScalar(quantity.value, expected.equals)) expected.confirm();
  }

  #plan({ path, value, args }: Order): PlannedCommand | Outcome {
    const { mapping, address, clock } = this.#options;
    const request = {
      path,
      source: address,
      at: clock.now(),
      ...(value !== undefined && { value }),
      ...(args !== undefined && { args }),
    };
    try {
      return mapping.command(request) ?? { status: "rejected", reason: "this device has no such command" };
    } catch (error) {
      if (error instanceof RangeError) return { status: "rejected", reason: error.message };
      throw error;
    }
  }

  async #perform({ command, confirm }: DeviceCommand, deadline: number, signal: AbortSignal): Promise<Outcome> {
    const { clock, send } = this.#options;
    const left = deadline - clock.monotonic();
    if (signal.aborted || left <= 0) return TIMEOUT;
    const life = new AbortController();
    const end = () => life.abort();
    const timer = clock.after(left, end);
    signal.addEventListener("abort", end, { once: true });
    // Some devices answer before the adapter knows that it has spoken: who waits must wait already.
    const confirmed = confirm && this.#expect(confirm, life.signal);
    try {
      const outcome = await Promise.race([send(command, life.signal), ended(life.signal)]);
      if (outcome.status !== "done" || !confirm || !confirmed) return outcome;
      const late = clock.after(confirm.withinMs, end);
      const result = await confirmed;
      late.cancel();
      return result;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", end);
      this.#expected = undefined;
    }
  }

  #expect({ field, equals }: Confirmation, signal: AbortSignal): Promise<Outcome> {
    const heard = new Promise<Outcome>((resolve) => {
      this.#expected = { field, equals, confirm: () => resolve({ status: "done", readBack: equals }) };
    });
    return Promise.race([heard, ended(signal)]);
  }
}

function ended(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(TIMEOUT), { once: true }));
}

/** Devices round: a set-point of 21.3 may come back as 21.299999. */
function sameScalar(a: Scalar, b: Scalar): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));
}
