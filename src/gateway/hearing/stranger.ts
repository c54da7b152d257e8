/** Somebody who is heard and not adopted: what it says, and the best guess of what it is. */

import { DecodeError } from "../../base/bytes.ts";
import type { Stamp } from "../../base/clock.ts";
import { type Device, type Quantity, SealedError } from "../../library/index.ts";
import { cut, type Path } from "../../model/path.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { InboxEntry } from "../status/status.ts";
import type { AssignedNumbers } from "./assigned.ts";
import { digitsOf } from "./key.ts";
import { rawLines } from "./raw.ts";

/** Who speaks, as far as one frame tells. */
export interface Introduction {
  readonly adapter: string;
  /** Identity within the adapter. */
  readonly address: string;
  /** The definition that fits; absent if nobody can read it. */
  readonly device: Device | undefined;
  /** The endpoint name that adoption would mint. */
  readonly endpoint: string | undefined;
  readonly frame: Frame;
}

/** What it would be, if this definition is the right one. */
interface Guess {
  readonly device: Device;
  endpoint: string | undefined;
  frame: Frame;
  readonly readings: Map<string, Quantity | undefined>;
  /** Quantities that had a value. */
  told: number;
  /** Something of it stayed closed. */
  sealed: boolean;
  /** Object Instances that a server would see, and how many quantities had a value when that was found out. */
  shown: { readonly told: number; readonly objects: readonly Path[] } | undefined;
}

/** Formats that one device is heard in. */
const MAX_GUESSES = 4;
const MAX_READINGS = 64;

export class Stranger {
  readonly adapter: string;
  readonly address: string;
  /** `adapter/address`. */
  readonly source: string;
  readonly firstAt: Stamp;
  heard = 0;
  /** By the clock that never jumps. */
  lastMs = 0;
  /** A person does not want to see it. */
  ignored = false;
  /** Why a rule that fits could not adopt it. */
  refused: string | undefined;
  /** What it said last, readable or not. */
  #last: Frame;
  /** The best first. */
  readonly #guesses: Guess[] = [];

  constructor({ adapter, address, frame }: Introduction) {
    this.adapter = adapter;
    this.address = address;
    this.source = `${adapter}/${address}`;
    this.firstAt = frame.at;
    this.#last = frame;
  }

  /** The best guess; undefined if nobody can read it. */
  get device(): Device | undefined {
    return this.#guesses[0]?.device;
  }

  get endpoint(): string | undefined {
    return this.#guesses[0]?.endpoint;
  }

  /** The last frame of the best guess. */
  get frame(): Frame {
    return this.#guesses[0]?.frame ?? this.#last;
  }

  get rssi(): number | undefined {
    return this.#last.rssi;
  }

  /** The last frame that a definition reads; of another than the best guess, if that was heard as well. */
  frameFor(definition: string | undefined): Frame {
    return this.#guesses.find(({ device }) => device.id === definition)?.frame ?? this.frame;
  }

  /** Returns whether it could be read. */
  hear({ device, endpoint, frame }: Introduction, now: number): boolean {
    this.heard += 1;
    this.lastMs = now;
    this.#last = frame;
    if (!device) return true;
    const guess = this.#guessOf(device, frame);
    if (!guess) return true;
    guess.frame = frame;
    guess.endpoint = endpoint;
    const readable = decode(guess);
    const [best] = this.#guesses;
    if (best && best !== guess && saysMore(guess, best)) {
      this.#guesses.splice(this.#guesses.indexOf(guess), 1);
      this.#guesses.unshift(guess);
    }
    return readable;
  }

  /** `names`: of companies and services, for what nobody can read. */
  describe(names?: AssignedNumbers): InboxEntry {
    const { source, heard, firstAt } = this;
    const [best, ...others] = this.#guesses;
    const { payload, rssi, at } = this.#last;
    const name = payload.kind === "advert" ? payload.name : undefined;
    return {
      source,
      ...(name !== undefined && { name }),
      ...(best && ofGuess(best)),
      ...(others.length > 0 && { also: others.map(({ device }) => device.id) }),
      readings: Object.fromEntries(Array.from(best?.readings ?? [], ([field, quantity]) => [field, quantity ?? null])),
      ...(!best && { raw: rawLines(this.#last, names) }),
      ...(rssi !== undefined && { rssi }),
      ...(this.ignored && { ignored: true }),
      heard,
      firstHeardAt: new Date(firstAt.ms).toISOString(),
      lastHeardAt: new Date(at.ms).toISOString(),
    };
  }

  #guessOf(device: Device, frame: Frame): Guess | undefined {
    const known = this.#guesses.find((each) => each.device === device);
    if (known || this.#guesses.length >= MAX_GUESSES) return known;
    const guess: Guess = {
      device,
      endpoint: undefined,
      frame,
      readings: new Map(),
      told: 0,
      sealed: false,
      shown: undefined,
    };
    this.#guesses.push(guess);
    return guess;
  }
}

function ofGuess(guess: Guess): Partial<InboxEntry> {
  const { device, endpoint, sealed } = guess;
  const { id, vendor, model, key } = device;
  return {
    ...{ definition: id, maker: vendor, model, objects: objectsOf(guess) },
    ...(endpoint !== undefined && { endpoint }),
    ...(key && { key: { needed: sealed || !key.optional, where: key.where, digits: digitsOf(key) } }),
  };
}

/** What a device that shows Instances as it is heard would show of what was heard so far. */
function objectsOf(guess: Guess): readonly Path[] {
  const { device, frame, readings, told, shown } = guess;
  if (!device.grows) return device.instances;
  if (shown?.told === told) return shown.objects;
  const heard = device.createMapping().updates({ at: frame.at, fields: readings });
  const objects = [...new Set([...device.instances, ...heard.map((update) => cut(update.path, 2))])];
  guess.shown = { told, objects };
  return objects;
}

/** One device in two formats: the definition that claims the other one speaks, else the one that tells more. */
function saysMore(a: Guess, b: Guess): boolean {
  if (a.device.insteadOf.includes(b.device.id)) return true;
  if (b.device.insteadOf.includes(a.device.id)) return false;
  return a.told > b.told;
}

/** Returns whether the frame was sound; one that is sealed is. */
function decode(guess: Guess): boolean {
  const { device, frame, readings } = guess;
  try {
    for (const [name, quantity] of device.decode(frame)?.fields ?? []) {
      // Of other fields' use, and no measurement.
      if (name.startsWith("_")) continue;
      if (!readings.has(name) && readings.size >= MAX_READINGS) continue;
      if (quantity && !readings.get(name)) guess.told += 1;
      if (!quantity && readings.get(name)) guess.told -= 1;
      readings.set(name, quantity);
    }
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (!(error instanceof SealedError)) return false;
    guess.sealed = true;
    return true;
  }
}
