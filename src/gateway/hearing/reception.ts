/** Whose word a frame is: that of an adopted sensor, of a stranger, of several at once, or of nobody. */

import { BoundedMap } from "../../base/bounded.ts";
import { DecodeError } from "../../base/bytes.ts";
import type { Device } from "../../library/index.ts";
import type { Frame } from "../../sdk/adapter.ts";
import type { Devices } from "../adoption.ts";
import type { Population } from "../population.ts";
import type { Sensor } from "../sensor.ts";
import type { Introduction } from "./stranger.ts";

/** What is counted here. */
export interface ReceptionCounters {
  frames: number;
  malformed: number;
  /** Of an adopted sensor, in a format that its definition does not read. */
  foreign: number;
  /** Messages that only say what others mean, or whether somebody is there. */
  taught: number;
  /** Strangers of one message beyond those that are listened to. */
  crowded: number;
}

export interface ReceptionOptions {
  readonly population: Population;
  readonly devices: Devices;
  readonly counters: ReceptionCounters;
  readonly hear: (sensor: Sensor, frame: Frame) => void;
  readonly meet: (who: Introduction) => void;
}

/** Sources whose frames belong to sensors of other names, with the definition that fitted last. */
const MAX_ROUTES = 10_000;
/** Strangers that one message may speak for; of those adopted, it speaks for all. */
const MAX_STRANGERS = 256;

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #routes = new BoundedMap<string, Device>(MAX_ROUTES);

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** A frame as an adapter hears it: the hot path. */
  take(adapter: string, frame: Frame): void {
    const { population, counters, hear } = this.#options;
    counters.frames += 1;
    const direct = population.at(adapter, frame.source);
    const told = population.presence.take(adapter, frame);
    if (direct && !direct.device.divides && direct.device.fits(frame)) {
      if (told) counters.taught += 1;
      else hear(direct, frame);
      return;
    }
    const device = this.#deviceOf(adapter, frame);
    if (device?.divides) this.#divide(adapter, frame, device);
    else this.#place({ adapter, frame, device, direct });
  }

  /** Whoever is heard there is looked at anew. */
  forget(source: string): void {
    this.#routes.delete(source);
  }

  /** One message for several sensors: each gets its own part of it. */
  #divide(adapter: string, frame: Frame, whole: Device): void {
    const { counters, population } = this.#options;
    let parts: readonly Frame[];
    try {
      parts = whole.parts(frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.malformed += 1;
      return;
    }
    if (parts.length === 0) {
      counters.taught += 1;
      // Topics may be somebody else's now.
      this.#routes.clear();
    }
    let strangers = 0;
    for (const part of parts) {
      const direct = population.at(adapter, part.source);
      if (!direct && ++strangers > MAX_STRANGERS) {
        counters.crowded += 1;
        continue;
      }
      const device = part === frame ? whole : direct ? direct.device : this.#deviceOf(adapter, part);
      this.#place({ adapter, frame: part, device, direct });
    }
  }

  #place({ adapter, frame, device, direct }: Placed): void {
    const { population, counters, hear, meet } = this.#options;
    if (direct?.device.fits(frame)) {
      hear(direct, frame);
      return;
    }
    const identity = device?.identify(frame);
    if (device && !identity) {
      // A line cut in the middle names none of the sensors on it: no stranger for that, and nobody's word.
      counters.malformed += 1;
      return;
    }
    const address = identity?.source ?? frame.source;
    const sensor = population.at(adapter, address) ?? this.#sibling(adapter, device, identity?.endpoint);
    if (sensor?.device.fits(frame)) {
      hear(sensor, frame);
      return;
    }
    // Somebody adopted says something besides: another format, a name. It is no stranger for that.
    const speaker = sensor ?? direct;
    if (!device && population.presence.isAbout(adapter, frame)) counters.taught += 1;
    else if (!speaker && device && saysOnlyThat(device, frame)) counters.taught += 1;
    else if (!speaker) meet({ adapter, address, device, endpoint: identity?.endpoint, frame });
    else if (device) {
      counters.foreign += 1;
      speaker.hearOther(device.id);
    } else counters[speaker.cannotRead(frame) ? "malformed" : "foreign"] += 1;
  }

  /** A device may speak under several topics: the name that its definition mints tells that it is the same. */
  #sibling(adapter: string, device: Device | undefined, endpoint: string | undefined): Sensor | undefined {
    const sensor = endpoint === undefined ? undefined : this.#options.population.get(endpoint);
    return sensor && sensor.adapter === adapter && sensor.device === device ? sensor : undefined;
  }

  /** The definition that a frame belongs to: the one that fitted its source last is asked first. */
  #deviceOf(adapter: string, frame: Frame): Device | undefined {
    const route = `${adapter}/${frame.source}`;
    const before = this.#routes.get(route);
    if (before && before.match(frame) > 0) return before;
    const device = this.#options.devices.match(frame);
    if (device) this.#routes.set(route, device);
    return device;
  }
}

interface Placed {
  readonly adapter: string;
  readonly frame: Frame;
  readonly device: Device | undefined;
  /** Who is adopted under the frame's own source. */
  readonly direct: Sensor | undefined;
}

/** Whether a part of a message is only about somebody being there: nobody is introduced by that. */
function saysOnlyThat(device: Device, frame: Frame): boolean {
  if (frame.payload.kind !== "fields" || device.told?.inside !== true) return false;
  try {
    const reading = device.decode(frame);
    return reading !== undefined && device.told.read(reading)?.alone === true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}
