/** One bootstrap of one client: the steps of its plan, one after another, and what came of each. */

import { DecodeError } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { failure, type OperationResult, refusal, TIMEOUT_MS, undecodable } from "../asking.ts";
import { iso } from "../client.ts";
import { discoveredLinks } from "../links.ts";
import { type Dialect, decodeValues } from "../values.ts";
import type { Peer, Wire, WireAnswer } from "../wire.ts";
import type { PlannedStep } from "./plan.ts";
import type { BootstrapResult, BootstrapStep } from "./result.ts";

export interface SessionOptions {
  readonly endpoint: string;
  readonly peer: Peer;
  readonly initiated: BootstrapResult["initiated"];
  readonly preferredFormat?: number;
  readonly clock: Clock;
  readonly dialect: Dialect;
  readonly onEnd: (result: BootstrapResult) => void;
}

export class Session {
  readonly options: SessionOptions;
  readonly #startedAt: string;
  readonly #began: number;
  readonly #steps: BootstrapStep[] = [];
  #ended: number | undefined;
  #state: BootstrapResult["state"] = "running";

  constructor(options: SessionOptions) {
    this.options = options;
    this.#startedAt = iso(options.clock.now().ms);
    this.#began = options.clock.monotonic();
  }

  get running(): boolean {
    return this.#state === "running";
  }

  get result(): BootstrapResult {
    const { endpoint, peer, initiated, preferredFormat, clock } = this.options;
    return {
      endpoint,
      address: peer.address.includes(":") ? `[${peer.address}]:${peer.port}` : `${peer.address}:${peer.port}`,
      initiated,
      ...(preferredFormat !== undefined && { preferredFormat }),
      startedAt: this.#startedAt,
      duration: Math.round((this.#ended ?? clock.monotonic()) - this.#began),
      state: this.#state,
      steps: this.#steps,
    };
  }

  /** Ends when all steps are done, the client refused one, or the client began anew. */
  async run(wire: Pick<Wire, "request">, steps: readonly PlannedStep[], carryOn: boolean): Promise<void> {
    let refused = false;
    for (const step of steps) {
      const began = this.options.clock.monotonic();
      const answer = await wire.request(this.options.peer, { ...step.ask, timeoutMs: TIMEOUT_MS });
      if (!this.running) return;
      const done = this.#outcome(step, answer);
      this.#note({ operation: step.operation, path: step.path, ...done }, began);
      // What a Finish does not accept is no bootstrap, whoever carries on (LwM2M Core 1.2 §6.1.7.7).
      refused ||= "error" in done && (!carryOn || step.operation === "finish" || answer.status !== "answered");
      if (refused) break;
    }
    this.end(refused ? "failed" : "finished");
  }

  /** The client fetched everything by itself. */
  packed(code: string): void {
    this.#note({ operation: "pack", path: "/", code }, this.options.clock.monotonic());
    this.end("finished");
  }

  /** What is under way is not waited for. */
  end(state: Exclude<BootstrapResult["state"], "running">): void {
    if (!this.running) return;
    this.#state = state;
    this.#ended = this.options.clock.monotonic();
    this.options.onEnd(this.result);
  }

  #note(step: Omit<BootstrapStep, "duration">, began: number): void {
    this.#steps.push({ ...step, duration: Math.round(this.options.clock.monotonic() - began) });
  }

  #outcome(step: PlannedStep, answer: WireAnswer): Omit<BootstrapStep, "operation" | "path" | "duration"> {
    if (answer.status !== "answered") return failed(failure(answer));
    const { code, payload, format } = answer;
    if (!code.startsWith("2.")) return failed(refusal(answer));
    try {
      if (step.operation === "discover") return { code, links: discoveredLinks(payload) };
      if (step.operation !== "read") return { code };
      const at = { path: step.path, format, now: this.options.clock.now().ms };
      const values = Object.entries(decodeValues(payload, at, this.options.dialect));
      return { code, values: Object.fromEntries(values.map(([path, { value }]) => [path, value])) };
    } catch (error) {
      if (error instanceof DecodeError) return failed(undecodable(code, error));
      throw error;
    }
  }
}

function failed(result: OperationResult): { code: string; error: string } {
  return { code: result.code, error: "error" in result ? result.error : "failed" };
}
