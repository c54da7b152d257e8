/** Object 7, Connectivity Statistics: what goes over a client's own lines (LwM2M Core 1.2 Appendix E.8). */

import type { Clock, Timer } from "../../base/clock.ts";
import type { Transport } from "../../base/transport.ts";
import { path, type Path } from "../../model/path.ts";
import type { ObjectTree } from "../tree.ts";
import { tell } from "./facts.ts";

const STATISTICS = path(7, 0);
const at = (id: number): Path => path(7, 0, id);
const TX_DATA = 2;
const RX_DATA = 3;
const MAX_MESSAGE = 4;
const AVERAGE_MESSAGE = 5;
const START = at(6);
const STOP = at(7);
const PERIOD = at(8);
const KILOBYTE = 1_000;

/** Counts whole datagrams between Start and Stop; nothing is counted, and nothing costs anything, before `counted`. */
export class ConnectivityStatistics {
  readonly #tree: ObjectTree;
  readonly #clock: Clock;
  #counting = false;
  #timer: Timer | undefined;
  #sent = 0;
  #received = 0;
  #messages = 0;
  #longest = 0;

  /** Plants `/7/0`. A server starts it. */
  constructor(tree: ObjectTree, clock: Clock) {
    this.#tree = tree;
    this.#clock = clock;
    tree.addInstance(STATISTICS);
    tree.set(PERIOD, 0, clock.now());
    tree.onExecute(START, () => this.start());
    tree.onExecute(STOP, () => this.stop());
    tree.allowWrite(PERIOD);
    // Counters change with each message, the answer to a Read among them: they are looked at when somebody asks.
    tree.onRead(STATISTICS, () => this.refresh());
    this.refresh();
  }

  /** A line whose datagrams count. Give it to the client in place of its own. */
  counted(line: Transport): Transport {
    return new CountedLine(line, this);
  }

  /** Counts from nothing; for as long as the Collection Period says, if it does. */
  start(): undefined {
    this.#sent = 0;
    this.#received = 0;
    this.#messages = 0;
    this.#longest = 0;
    this.#counting = true;
    this.#timer?.cancel();
    const period = this.#tree.get(PERIOD)?.value;
    if (typeof period === "number" && period > 0) this.#timer = this.#clock.after(period * 1_000, () => this.stop());
    this.refresh();
    return undefined;
  }

  /** Counts no more; what was counted stays. */
  stop(): undefined {
    this.#counting = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.refresh();
    return undefined;
  }

  /** Brings the tree up to date, for those who observe it: now and then is enough. */
  refresh(): undefined {
    const average = this.#messages === 0 ? 0 : Math.round((this.#sent + this.#received) / this.#messages);
    tell(
      this.#tree,
      STATISTICS,
      [
        [TX_DATA, Math.floor(this.#sent / KILOBYTE)],
        [RX_DATA, Math.floor(this.#received / KILOBYTE)],
        [MAX_MESSAGE, this.#longest],
        [AVERAGE_MESSAGE, average],
      ],
      this.#clock.now(),
    );
    return undefined;
  }

  went(bytes: number): void {
    if (!this.#counting) return;
    this.#sent += bytes;
    this.#message(bytes);
  }

  came(bytes: number): void {
    if (!this.#counting) return;
    this.#received += bytes;
    this.#message(bytes);
  }

  #message(bytes: number): void {
    this.#messages += 1;
    if (bytes > this.#longest) this.#longest = bytes;
  }
}

/** The line it stands before, and a look at the length of what passes. */
class CountedLine implements Transport {
  readonly #line: Transport;
  readonly #statistics: ConnectivityStatistics;

  constructor(line: Transport, statistics: ConnectivityStatistics) {
    this.#line = line;
    this.#statistics = statistics;
  }

  get maxDatagram(): number {
    return this.#line.maxDatagram;
  }

  get bert(): boolean | undefined {
    return this.#line.bert;
  }

  get security(): Transport["security"] {
    return this.#line.security;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#line.open(signal);
  }

  send(datagram: Uint8Array): void {
    this.#statistics.went(datagram.length);
    this.#line.send(datagram);
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#line.onDatagram((datagram) => {
      this.#statistics.came(datagram.length);
      listener(datagram);
    });
  }

  onClose(listener: (reason: string) => void): void {
    this.#line.onClose(listener);
  }

  onUnreachable(listener: () => void): void {
    this.#line.onUnreachable?.(listener);
  }

  renew(): Promise<void> {
    return this.#line.renew();
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}
