/** All device models that are known, and which of them a frame belongs to. */

import type { Scalar } from "../base/outcome.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Frame } from "../sdk/adapter.ts";
import { checkShape } from "./check.ts";
import { CompiledDevice, compileDevice } from "./compile.ts";
import type { Device } from "./device.ts";
import { JsonReader } from "./framing/json.ts";
import { DeviceObject } from "./mapping/ipso.ts";
import { AdvertIndex } from "./matching/advert-index.ts";
import { Remembered } from "./matching/remembered.ts";
import { put, Search } from "./matching/search.ts";
import { SerialIndex } from "./matching/serial-index.ts";
import { TopicIndex } from "./matching/topic-index.ts";
import { Fragments } from "./files/fragments.ts";
import { type DefinitionFile, type DefinitionProblem, DefinitionSource, type Head, type Sound } from "./source.ts";

export type { DefinitionFile };

export interface Loaded {
  readonly library: Library;
  readonly problems: DefinitionProblem[];
}

interface Context {
  readonly models: ObjectRegistry;
  readonly json: JsonReader;
  readonly fragments: Fragments;
}

/** What has been compiled before has nothing to complain of. */
const IGNORED = () => undefined;

/** Whether Objects that it shows itself in are others here than those it was checked with. */
function isTouched(sound: Sound, { extra }: ObjectRegistry): boolean {
  if (!extra || extra.size === 0) return false;
  return (
    extra.has(DeviceObject.id) || Object.keys(sound.whole().objects).some((key) => extra.has(Number.parseInt(key, 10)))
  );
}

export class Library {
  readonly #devices = new Map<string, CompiledDevice>();
  /** The file that each of them came from, and its group. */
  readonly #origins = new Map<string, Pick<DefinitionSource, "file" | "yields">>();
  readonly #search = new Search<CompiledDevice>();
  // An unknown frame is refused by a look-up or two: nothing of it is read for definitions that cannot be meant.
  readonly #adverts = new AdvertIndex(this.#search);
  readonly #serial = new SerialIndex(this.#search);
  readonly #topics = new TopicIndex(this.#search);
  readonly #values = new Map<string, Map<Scalar, CompiledDevice[]>>();
  /** Those that learn from messages which others are theirs. */
  readonly #learners: CompiledDevice[] = [];
  /** Those whose messages speak for several sensors. */
  readonly #dividers: CompiledDevice[] = [];
  readonly #remembered = new Remembered<CompiledDevice>();

  /** Compiles definitions. Each mistake is a problem with its place; a definition with a problem is left out, alone. */
  static load(files: readonly DefinitionFile[], models: ObjectRegistry): Loaded {
    const library = new Library();
    const sources = files.map((file) => new DefinitionSource(file));
    const fragments = new Fragments();
    const definitions = sources.filter((source) => !fragments.take(source));
    const context = { models, json: new JsonReader(), fragments };
    for (const source of definitions) library.#add(source, context);
    const problems = sources.flatMap((source) => source.problems);
    return { library, problems };
  }

  /** The device whose definition fits best; of equals the one loaded first. */
  match(frame: Frame): Device | undefined {
    const search = this.#search;
    search.begin();
    const { payload } = frame;
    switch (payload.kind) {
      case "advert":
        this.#adverts.consider(frame, payload);
        return this.#recall(frame);
      case "text":
        this.#serial.considerText(frame, payload.text);
        break;
      case "bytes":
        this.#serial.considerBytes(frame, payload.bytes);
        break;
      case "message":
        this.#topics.consider(payload);
        // By their own topics they have been considered.
        for (const each of this.#learners) if (each.owns(frame)) search.offer(each, each.match(frame));
        if (frame.source.length > payload.topic.length) search.consider(this.#dividers, frame);
        break;
      case "fields":
        for (const [name, devices] of this.#values) {
          const value = Object.hasOwn(payload.fields, name) ? payload.fields[name] : undefined;
          if (value !== undefined) search.consider(devices.get(value), frame);
        }
        break;
      case "registers":
        return payload.device === undefined ? undefined : this.#devices.get(payload.device);
      default:
    }
    return search.best;
  }

  get(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  devices(): Iterable<Device> {
    return this.#devices.values();
  }

  /** With their definitions: for those who test them. */
  compiled(): Iterable<CompiledDevice> {
    return this.#devices.values();
  }

  /** Forgets what addresses have been. */
  forget(): void {
    this.#remembered.clear();
  }

  /** The best of an advert, or what its address has been: some devices say only now and then what they are. */
  #recall(frame: Frame): Device | undefined {
    const { best, score } = this.#search;
    if (best?.matcher.scoreRemembered) {
      this.#remembered.set(frame.source, best);
      return best;
    }
    const before = this.#remembered.get(frame.source);
    return before && (before.matcher.scoreRemembered?.(frame) ?? 0) > score ? before : best;
  }

  #add(source: DefinitionSource, context: Context): void {
    if (this.#addChecked(source, context)) return;
    const whole = context.fragments.whole(source);
    if (!whole || source.problems.length > 0) return;
    const definition = checkShape(whole);
    if (!definition || this.#givesWay(definition, source)) return;
    const taken = this.#origins.get(definition.id);
    if (taken) source.complain(["id"], `"${definition.id}" is already taken`, `by ${taken.file}: rename one of them`);
    const device = compileDevice(definition, { ...context, order: this.#devices.size, complain: whole.complain });
    if (device && source.problems.length === 0) this.#index(device, source);
  }

  /** What our build has compiled without a complaint, if nothing has changed since. In any doubt the file itself is read. */
  #addChecked(source: DefinitionSource, context: Context): boolean {
    const sound = source.checked?.definition;
    if (!sound || !context.fragments.areOurs(sound.head) || isTouched(sound, context.models)) return false;
    if (this.#givesWay(sound.head, source)) return true;
    if (this.#devices.has(sound.head.id)) return false;
    this.#index(new CompiledDevice(sound, { ...context, order: this.#devices.size, complain: IGNORED }), source);
    return true;
  }

  /** Whether somebody nearer has a definition of this id. */
  #givesWay({ id }: Head, { yields }: DefinitionSource): boolean {
    const before = this.#origins.get(id);
    return before !== undefined && before.yields < yields;
  }

  #index(device: CompiledDevice, { file, yields }: DefinitionSource): void {
    this.#origins.set(device.id, { file, yields });
    this.#devices.set(device.id, device);
    this.#adverts.add(device);
    this.#serial.add(device);
    this.#topics.add(device);
    if (device.learns) this.#learners.push(device);
    if (device.head.frame.each !== undefined) this.#dividers.push(device);
    const [first] = Object.entries(device.head.match?.fields ?? {});
    if (!first) return;
    const [name, value] = first;
    const byValue = this.#values.get(name) ?? new Map<Scalar, CompiledDevice[]>();
    this.#values.set(name, byValue);
    put(byValue, value, device);
  }
}
