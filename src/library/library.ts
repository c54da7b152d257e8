/** All device models that are known, and which of them a frame belongs to. */

import type { Scalar } from "../base/outcome.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Frame } from "../sdk/adapter.ts";
import { checkShape } from "./check.ts";
import { type CompiledDevice, compileDevice } from "./compile.ts";
import type { Device } from "./device.ts";
import { JsonReader } from "./framing/json.ts";
import { sentenceOf } from "./matching/match.ts";
import { type DefinitionProblem, DefinitionSource } from "./source.ts";

export interface DefinitionFile {
  readonly name: string;
  readonly text: string;
}

export interface Loaded {
  readonly library: Library;
  readonly problems: DefinitionProblem[];
}

type Candidates = readonly CompiledDevice[];
const NONE: Candidates = [];

export class Library {
  readonly #devices = new Map<string, CompiledDevice>();
  // An unknown frame is refused by a look-up or two: nothing of it is read for definitions that cannot be meant.
  readonly #companies = new Map<number, CompiledDevice[]>();
  readonly #uuids = new Map<string, CompiledDevice[]>();
  readonly #sentences = new Map<string, CompiledDevice[]>();
  readonly #values = new Map<string, Map<Scalar, CompiledDevice[]>>();
  readonly #named: CompiledDevice[] = [];
  readonly #lines: CompiledDevice[] = [];
  readonly #messages: CompiledDevice[] = [];

  /** Compiles definitions. Each mistake is a problem with its place; a definition with a problem is left out, alone. */
  static load(files: readonly DefinitionFile[], models: ObjectRegistry): Loaded {
    const library = new Library();
    const json = new JsonReader();
    const problems = files.flatMap((file) => library.#add(new DefinitionSource(file.name, file.text), models, json));
    return { library, problems };
  }

  /** The device whose definition fits best; of equals the one loaded first. */
  match(frame: Frame): Device | undefined {
    let best: Device | undefined;
    let bestScore = 0;
    const consider = (candidates: Candidates) => {
      for (const device of candidates) {
        const score = device.match(frame);
        if (score > bestScore) [best, bestScore] = [device, score];
      }
    };
    this.#candidates(frame, consider);
    return best;
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

  #candidates({ payload }: Frame, consider: (candidates: Candidates) => void): void {
    switch (payload.kind) {
      case "advert":
        for (const [company] of payload.manufacturer) consider(this.#companies.get(company) ?? NONE);
        for (const uuid of payload.services.keys()) consider(this.#uuids.get(uuid) ?? NONE);
        for (const uuid of payload.serviceUuids) consider(this.#uuids.get(uuid) ?? NONE);
        if (payload.name !== undefined) consider(this.#named);
        break;
      case "text": {
        const sentence = sentenceOf(payload.text);
        if (sentence !== undefined) consider(this.#sentences.get(sentence) ?? NONE);
        // A sentence is a line as well, and a definition may know it by its form.
        consider(this.#lines);
        break;
      }
      case "message":
        consider(this.#messages);
        break;
      case "fields":
        for (const [name, devices] of this.#values) {
          const value = Object.hasOwn(payload.fields, name) ? payload.fields[name] : undefined;
          if (value !== undefined) consider(devices.get(value) ?? NONE);
        }
        break;
      default:
    }
  }

  #add(source: DefinitionSource, models: ObjectRegistry, json: JsonReader): DefinitionProblem[] {
    if (source.problems.length > 0) return source.problems;
    const definition = checkShape(source);
    if (!definition) return source.problems;
    if (this.#devices.has(definition.id)) source.complain(["id"], `"${definition.id}" is already taken`);
    const device = compileDevice(definition, { models, json, complain: source.complain });
    if (device && source.problems.length === 0) this.#index(device);
    return source.problems;
  }

  #index(device: CompiledDevice): void {
    const { companies, uuids, sentences, values, names, lines, messages } = device.matcher.keys;
    this.#devices.set(device.id, device);
    for (const company of companies) put(this.#companies, company, device);
    for (const uuid of uuids) put(this.#uuids, uuid, device);
    for (const sentence of sentences) put(this.#sentences, sentence, device);
    for (const [name, value] of values) {
      const byValue = this.#values.get(name) ?? new Map<Scalar, CompiledDevice[]>();
      this.#values.set(name, byValue);
      put(byValue, value, device);
    }
    if (names) this.#named.push(device);
    if (lines) this.#lines.push(device);
    if (messages) this.#messages.push(device);
  }
}

function put<K>(index: Map<K, CompiledDevice[]>, key: K, device: CompiledDevice): void {
  const devices = index.get(key);
  if (devices) devices.push(device);
  else index.set(key, [device]);
}
