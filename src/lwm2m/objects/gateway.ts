/** Object 25, LwM2M Gateway: the devices behind a client, and under which prefix each is found (OMA-TS-LWM2M_Gateway 1.1). */

import type { Clock } from "../../base/clock.ts";
import { writeLinks } from "../../content/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { idAt, path } from "../../model/path.ts";
import { versionAttribute } from "../servers/links.ts";
import type { ObjectTree } from "../tree.ts";
import { tell } from "./facts.ts";

/** A device behind the gateway. */
export interface IotDevice {
  /** Its number: of its Instance, and in its prefix. It stays the same as long as servers may remember it. */
  readonly number: number;
  /** Unique, such as an endpoint name (/25/x/0). */
  readonly id: string;
  readonly tree: ObjectTree;
}

const ORIGINAL_VERSION = "1.0";
const LAST_CORE_OBJECT = 7;
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** `d01`: never a number alone, since that would be the path of an Object. */
export function prefixOf(number: number): string {
  return `d${String(number).padStart(2, "0")}`;
}

/** The number of the device that a prefix stands for; undefined: it stands for none. */
export function numberOfPrefix(prefix: string): number | undefined {
  if (!/^d\d{2,5}$/.test(prefix)) return undefined;
  const number = Number(prefix.slice(1));
  return prefixOf(number) === prefix ? number : undefined;
}

export class GatewayObject {
  readonly #tree: ObjectTree;
  readonly #models: ObjectRegistry;
  readonly #clock: Clock;
  /** Devices of one kind have the same links, and share the text. */
  readonly #texts = new Map<string, string>();

  constructor(tree: ObjectTree, models: ObjectRegistry, clock: Clock) {
    this.#tree = tree;
    this.#models = models;
    this.#clock = clock;
  }

  /** Shows a device, or what has become of it. */
  show({ number, id, tree }: IotDevice): void {
    const facts = [
      [0, id],
      [1, prefixOf(number)],
      [3, this.#links(tree)],
    ] as const;
    tell(this.#tree, path(25, number), facts, this.#clock.now());
  }

  hide(number: number): void {
    this.#tree.removeInstance(path(25, number));
  }

  /** As a Register would list them, without prefix (IoT Device Objects, /25/x/3). */
  #links(tree: ObjectTree): string {
    const key = tree.instances().join();
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    let previous: number | undefined;
    const links = tree.instances().flatMap((instance) => {
      const object = idAt(instance, 0) ?? 0;
      const link = { target: instance, attributes: NO_ATTRIBUTES };
      const version = object === previous ? ORIGINAL_VERSION : this.#version(object);
      previous = object;
      return version === ORIGINAL_VERSION
        ? [link]
        : [{ target: path(object), attributes: versionAttribute(version) }, link];
    });
    const text = writeLinks(links);
    this.#texts.set(key, text);
    return text;
  }

  /** Of those that come with the enabler, the version is that of 1.0: it is there in every version of LwM2M. */
  #version(object: number): string {
    return object <= LAST_CORE_OBJECT ? ORIGINAL_VERSION : (this.#models.object(object)?.version ?? ORIGINAL_VERSION);
  }
}
