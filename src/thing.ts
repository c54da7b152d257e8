/** A tree of Objects and the client that shows it to servers, with paths written as text. */

import type { Clock, Stamp } from "./base/clock.ts";
import type {
  Argument,
  ClientState,
  CreateOptions,
  Interest,
  Lwm2mClient,
  MaybeLater,
  objects,
  ObjectTree,
  RegistrationSnapshot,
  SendOptions,
  SendOutcome,
  Verdict,
} from "./lwm2m/index.ts";
import { cut, depth, parsePath, type Path } from "./model/path.ts";
import type { ResourceValue } from "./model/value.ts";

/** Settles when what was written is done; what it throws is an error that the server is told in words. */
export type WriteListener = (value: ResourceValue, path: Path, signal: AbortSignal) => MaybeLater<Verdict>;

export interface ThingParts {
  readonly clock: Clock;
  readonly fetchers: objects.Fetchers;
  /** Lets go of what outlives the client. Never rejects; safe to call twice. */
  readonly close: () => Promise<void>;
}

export class Thing {
  /** For all that this class does not show. */
  readonly client: Lwm2mClient;
  readonly tree: ObjectTree;
  /**
   * Fetch packages of Objects 5 and 9 by CoAP, on whatever way: for `objects.plantFirmware` and `objects.plantSoftware`.
   * Secured ones go to hosts of our servers alone, with their keys.
   */
  readonly fetchers: objects.Fetchers;
  readonly #clock: Clock;
  readonly #close: ThingParts["close"];

  constructor(client: Lwm2mClient, tree: ObjectTree, { clock, fetchers, close }: ThingParts) {
    this.client = client;
    this.tree = tree;
    this.fetchers = fetchers;
    this.#clock = clock;
    this.#close = close;
  }

  /** Registers, and stays registered until `stop`: through lost answers, restarts of servers and broken wires. */
  start(): void {
    this.client.start();
  }

  /** De-registers, and waits for the answers no longer than `limitMs` (5 s unless said otherwise). Never rejects. */
  async stop(limitMs?: number): Promise<void> {
    await this.client.stop(limitMs);
    await this.#close();
  }

  /**
   * Sets a Resource such as `/3303/0/5700`, or one Instance of a multiple Resource; its Object Instance appears with it.
   * Who observes it is told as their attributes say. `measured`: when it was, if that was not now.
   * @throws RangeError if there is no such path, or the value is not of the Resource's type.
   */
  set(path: string, value: ResourceValue, measured?: Date): void {
    const at = resourcePath(path);
    this.#show(at);
    this.tree.set(at, value, this.#stamp(measured));
  }

  /** Several Resources as one change: who observes an Instance hears of them together. @throws RangeError as `set` does. */
  setAll(values: Readonly<Record<string, ResourceValue>>, measured?: Date): void {
    const at = this.#stamp(measured);
    const updates = Object.entries(values).map(([path, value]) => ({ path: resourcePath(path), value, at }));
    for (const { path } of updates) this.#show(path);
    this.tree.setAll(updates);
  }

  /** All Instances of a multiple Resource, counted from 0; none leaves it empty. @throws RangeError as `set` does. */
  setList(path: string, values: readonly ResourceValue[]): void {
    const at = resourcePath(path);
    this.#show(at);
    this.tree.setInstances(at, values, this.#clock.now());
  }

  /** The value as it stands; undefined if there is none. */
  get(path: string): ResourceValue | undefined {
    return this.tree.get(checked(path))?.value;
  }

  /** Shows an Object Instance such as `/3303/1`, even while it has no value. */
  add(instance: string): void {
    this.tree.addInstance(checked(instance));
  }

  /** Takes away a value, or an Object Instance with all that is in it. */
  remove(path: string): void {
    const at = checked(path);
    if (depth(at) === 2) this.tree.removeInstance(at);
    else this.tree.delete(at);
  }

  /**
   * Hands what servers write at or below `path` to a device. The server is told 2.04 once it is done; the value that
   * servers read changes by `set` alone, so that it is never one that the device has not taken.
   */
  onWrite(path: string, listener: WriteListener): void {
    this.tree.onWrite(this.#shown(path), (at, value, signal) => listener(value, at, signal));
  }

  /** Does what a server executes; `args` are the arguments in order. */
  onExecute(path: string, listener: (args: readonly Argument[], signal: AbortSignal) => MaybeLater<Verdict>): void {
    this.tree.onExecute(this.#shown(path), (_, __, signal, args) => listener(args, signal));
  }

  /** Asked for a value when a server reads it. */
  onRead(path: string, listener: (signal: AbortSignal) => MaybeLater<ResourceValue | undefined>): void {
    this.tree.onRead(this.#shown(path), (_, signal) => listener(signal));
  }

  /** Lets servers write at or below a path what its model allows; the values stand in the tree. */
  allowWrite(path: string): void {
    this.tree.allowWrite(this.#shown(path));
  }

  /** Lets servers create and delete Instances of an Object. */
  allowInstances(object: number, options?: CreateOptions): void {
    this.tree.onCreate(object, undefined, options);
    this.tree.onDelete(object);
  }

  /** Called with what servers have written where `allowWrite` lets them; undefined: taken away. Returns how to stop. */
  onWritten(listener: (path: Path, value: ResourceValue | undefined) => void): () => void {
    return this.tree.onStored(listener);
  }

  /** Sends values of these paths to every server unasked. How that ended by Short Server ID; never rejects. */
  send(paths: readonly string[], options?: SendOptions): Promise<ReadonlyMap<number, SendOutcome>> {
    return this.client.send(paths.map(checked), options);
  }

  /** How often servers want a value at least and at most: the tightest periods of all who observe it. */
  interest(path: string): Interest {
    return this.client.interest(checked(path));
  }

  get state(): ClientState {
    return this.client.state;
  }

  /** One for each server, in the order of the accounts. */
  get registrations(): readonly RegistrationSnapshot[] {
    return this.client.registrations;
  }

  /** Called whenever the state of a registration changes. Returns how to stop listening. */
  onRegistration(listener: (snapshot: RegistrationSnapshot) => void): () => void {
    return this.client.onRegistration(listener);
  }

  #stamp(measured: Date | undefined): Stamp {
    return measured === undefined ? this.#clock.now() : { ms: measured.getTime(), trusted: true };
  }

  #show(path: Path): void {
    this.tree.addInstance(cut(path, 2));
  }

  /** A path of any depth from an Object on, its Instance shown where it names one. */
  #shown(text: string): Path {
    const path = checked(text);
    if (depth(path) >= 2) this.#show(path);
    return path;
  }
}

function resourcePath(text: string): Path {
  const path = checked(text);
  if (depth(path) < 3) throw new RangeError(`${text} is no Resource: /object/instance/resource is`);
  return path;
}

function checked(text: string): Path {
  const path = parsePath(text);
  if (path === undefined) throw new RangeError(`no path: ${text}`);
  return path;
}
