/** The sensors as devices behind the gateway's own endpoint: Object 25, and what is asked below their prefixes. */

import type { Clock } from "../base/clock.ts";
import { type EndDevices, objects, type ObjectTree } from "../lwm2m/index.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Memory } from "./memory.ts";

/** How servers find sensors: each as an endpoint of its own, below prefixes of the gateway's endpoint, or both ways. */
export type GatewayMode = "endpoints" | "object25" | "both";

/** As much of a sensor as is needed here. */
export interface Neighbour {
  readonly endpoint: string;
  readonly tree: ObjectTree;
  readonly entry: { readonly memory: Memory };
}

/** Instances that there may be (LwM2M Core 1.2 §7.2.1), counted from 1. */
const MAX_NUMBER = 65_534;
/**
 * Where sensors are endpoints of their own, the list is there for whoever looks. No longer than this, the gateway's own
 * Register stays one datagram, which every server reads, and no sensor that comes or goes makes it send a long one.
 */
const COURTESY = 64;

export class Neighbours implements EndDevices {
  readonly #object: objects.GatewayObject;
  readonly #byNumber = new Map<number, Neighbour>();
  /** Not shown yet, or not as they are now: an Update for a whole flock is enough. */
  readonly #unshown = new Set<number>();
  readonly #shown = new Set<number>();
  readonly #most: number;
  #highest = 0;
  /** Whether anything has changed since the last time. */
  #news = false;

  constructor(tree: ObjectTree, models: ObjectRegistry, { clock, mode }: { clock: Clock; mode: GatewayMode }) {
    this.#most = mode === "endpoints" ? COURTESY : MAX_NUMBER;
    this.#object = new objects.GatewayObject(tree, models, clock);
  }

  /** Takes a sensor in, under the number it had before or a new one; whether that is to be remembered. */
  join(sensor: Neighbour): boolean {
    const { memory } = sensor.entry;
    const before = memory.device;
    const number = before !== undefined && !this.#byNumber.has(before) ? before : this.#free();
    if (number === undefined) return false;
    memory.device = number;
    this.#highest = Math.max(this.#highest, number);
    this.#byNumber.set(number, sensor);
    this.#note(number);
    return number !== before;
  }

  /** What is observed of it ends with 4.04, once its own endpoint has taken its leave (OMA-TS-LWM2M_Gateway 1.1). */
  leave({ entry, tree }: Neighbour, gone: Promise<unknown>): void {
    const number = entry.memory.device;
    if (number === undefined || this.#byNumber.get(number)?.tree !== tree) return;
    this.#byNumber.delete(number);
    this.#note(number);
    void gone.then(() => {
      for (const instance of tree.instances()) tree.removeInstance(instance);
    });
  }

  /** It has other Instances than before. */
  changed({ entry }: Neighbour): void {
    if (entry.memory.device !== undefined) this.#note(entry.memory.device);
  }

  /** Shows in Object 25 what has changed since the last time; what finds no room, once there is some. */
  settle(): void {
    if (!this.#news) return;
    this.#news = false;
    for (const number of [...this.#unshown].sort((a, b) => a - b)) {
      const sensor = this.#byNumber.get(number);
      if (sensor === undefined) this.#hide(number);
      else if (this.#shown.has(number) || this.#shown.size < this.#most) this.#show(number, sensor);
    }
  }

  #note(number: number): void {
    this.#unshown.add(number);
    this.#news = true;
  }

  #hide(number: number): void {
    this.#object.hide(number);
    this.#shown.delete(number);
    this.#unshown.delete(number);
  }

  #show(number: number, { endpoint, tree }: Neighbour): void {
    this.#object.show({ number, id: endpoint, tree });
    this.#shown.add(number);
    this.#unshown.delete(number);
  }

  treeAt(prefix: string): ObjectTree | undefined {
    const number = objects.numberOfPrefix(prefix);
    return number === undefined ? undefined : this.#byNumber.get(number)?.tree;
  }

  /** Above all others, so that nobody is mistaken for who was there before; the gaps, once that is no longer possible. */
  #free(): number | undefined {
    if (this.#highest < MAX_NUMBER) return this.#highest + 1;
    for (let number = 1; number <= MAX_NUMBER; number++) if (!this.#byNumber.has(number)) return number;
    return undefined;
  }
}
