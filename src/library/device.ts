/** A compiled device definition, as the gateway uses it. */

import type { Scalar } from "../base/outcome.ts";
import type { Path } from "../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../model/value.ts";
import type { Command, Frame } from "../sdk/adapter.ts";
import type { FieldInfo, KeyNeed, Session } from "./codecs/codec.ts";
import type { Definition } from "./definition/definition.ts";
import type { Correction } from "./mapping/calibration.ts";
import type { Reading } from "./reading.ts";

/** A device model: what its frames look like, what they mean, and how it shows itself in LwM2M. Shared by all its sensors. */
export interface Device {
  /** Such as `ruuvi.tag.df5`. */
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  /** Milliseconds between messages as expected, and after which silence means stale and gone. */
  readonly alive: { readonly expectMs: number; readonly staleMs: number; readonly goneMs: number };
  /** Object Instances shown from the first registration on, such as `/3303/0`. */
  readonly instances: readonly Path[];
  /** Whether further Instances may appear when they are first heard: see `Mapping.updates` and `Mapping.handlers`. */
  readonly grows: boolean;
  /** Resources whose value people care about, the most important first; some may be of Instances not yet shown. */
  readonly main: readonly Path[];
  readonly writable: readonly Path[];
  readonly executable: readonly Path[];
  /** Every quantity that a reading may have; of many, the name without number or component. */
  readonly fields: ReadonlyMap<string, FieldInfo>;
  /** How often a server that says nothing of it is told of a Resource; undefined: of every change, everywhere. */
  readonly report: ReportOf | undefined;
  /** The same, where the owner of a sensor wants other figures for some fields. */
  reportWith(changes: ReportSpecs): ReportOf | undefined;
  /** Whether a Resource may be true for a moment: then one reading changes it twice (see `Mapping.updates`). */
  readonly pulses: boolean;
  /** Whether anything it says is something that happens: then a message that is heard again is no second one. */
  readonly happens: boolean;
  /** Whether a frame of it may stand for others: see `parts`. Of all others nobody needs to ask. */
  readonly divides: boolean;
  /** 0: not mine; the highest of all devices wins. */
  match(frame: Frame): number;
  /** Whether a frame from a source that is this device may be its own: what an advert does not speak of counts as shown. */
  fits(frame: Frame): boolean;
  /** Where it is said whether the device is there; undefined if nobody says so. */
  readonly told: Told | undefined;
  /**
   * Which sensor a frame belongs to: a stable key, the frame's own source unless the definition splits or replaces it,
   * and the endpoint name that adoption would mint. Undefined if the frame has no identity.
   */
  identify(frame: Frame): Identity | undefined;
  /** The key that its frames are sealed with, if they may be. */
  readonly key: KeyNeed | undefined;
  /** Other definitions of the same device that say less: where both are heard from one source, this one speaks. */
  readonly insteadOf: readonly string[];
  /**
   * The frames that one stands for: itself, unless it speaks for several sensors, or only of what later ones mean.
   * To be asked once for each frame that was heard: some definitions learn from it.
   * Parts that are named values belong to the definition that matches them, all others to this one.
   * @throws DecodeError if the frame is malformed.
   */
  parts(frame: Frame): readonly Frame[];
  /** What one sensor needs from frame to frame; undefined if nothing. @throws RangeError if a key has another length. */
  createSession(key?: Uint8Array): Session | undefined;
  /**
   * Undefined: recognised, but nothing in it for us (a heartbeat). Without a session a frame stands alone.
   * @throws DecodeError if it is malformed, SealedError if it stays closed.
   */
  decode(frame: Frame, session?: Session): Reading | undefined;
  /** What is asked of it, where it has to be asked: empty for devices that speak by themselves. */
  readonly reads: readonly RegisterRead[];
  /** A fresh mapping for one sensor: it remembers that sensor's minima and maxima. */
  createMapping(options?: MappingOptions): Mapping;
}

/** What holds at a path; undefined: every change, at once. */
export type ReportOf = (path: Path) => Report | undefined;

/** By field, as the `report` of a definition has it. */
export type ReportSpecs = NonNullable<Definition["report"]>;

/** What is one sensor's own. */
export interface MappingOptions {
  /** By field. */
  readonly corrections?: ReadonlyMap<string, Correction>;
  /** Where counts stood before a restart; taken over, and counted on. */
  readonly counts?: Map<Path, number>;
}

/** What is said of a device: it is there, or it is not. That alone makes no value fresh. */
export type Saying = "here" | "gone";

/** See `alive.told` in a definition. */
export interface Told {
  /** Whether a reading may say it. */
  readonly inside: boolean;
  /** The topics under which it is said of what is heard there. */
  topics(source: string): readonly string[];
  /** What a message under one of its topics, of whatever device, says; undefined: nothing of this. */
  says(topic: string, body: Uint8Array): Saying | undefined;
  /** The same of a reading; `alone`: it says nothing else. */
  read(reading: Reading): { readonly saying: Saying; readonly alone: boolean } | undefined;
}

/** One request to a Modbus device, and how often it is made. */
export interface RegisterRead {
  /** Function code: 1 coils, 2 inputs, 3 holding registers, 4 input registers. */
  readonly fc: number;
  readonly address: number;
  /** Registers, or coils. */
  readonly count: number;
  readonly everySeconds: number;
}

/** Named as the attributes of LwM2M, whose defaults they are. */
export interface Report {
  /** Seconds between two notifications, at least. */
  readonly pmin?: number;
  /** Seconds after which a value is told again. */
  readonly pmax?: number;
  /** The change that counts, in the unit of the Resource. */
  readonly st?: number;
}

export interface Identity {
  readonly source: string;
  readonly endpoint: string;
}

export interface Mapping {
  /** Resources with fixed values, there from the first registration on (time: that of adoption). */
  readonly constants: readonly { readonly path: Path; readonly value: ResourceValue }[];
  /**
   * Units converted, minima and maxima kept, timestamps and quality added. Absent quantities change nothing but quality.
   * An update may speak of an Instance that is not among `Device.instances`: it was heard for the first time, is to be
   * shown from now on, and brings its constants along (see `handlers`). What is true for a moment is there twice: true,
   * and behind all else false. Of what was said some time ago (`past`), nothing happens now: no press, no count.
   */
  updates(reading: Reading, past?: boolean): ResourceUpdate[];
  /** How often things have happened, by Resource: changed by `updates`. Undefined where nothing is counted. */
  readonly counts: Map<Path, number> | undefined;
  /** What the server is told of silence: quality 6042 and error code 3/0/11 (research: stale 3, gone 1). */
  silence(liveness: "stale" | "gone", at: ResourceUpdate["at"]): ResourceUpdate[];
  /** The command that a Write or Execute means; undefined: the device cannot. Throws RangeError if the value is out of range. */
  command(request: MappedRequest): PlannedCommand | undefined;
  /**
   * Instances that appeared before a restart, with the names under which they were first heard (see `heardAs`): those
   * that the definition still knows are shown again, with these constants. To be called before the first reading.
   */
  restore(appeared: Iterable<readonly [Path, string]>): Restored;
  /** The name of the quantity that made an Instance appear; undefined if none did. */
  heardAs(instance: Path): string | undefined;
  /** What a server may write and execute in an Instance that appeared after the first registration. */
  handlers(instance: Path): { readonly writable: readonly Path[]; readonly executable: readonly Path[] };
}

export interface Restored {
  readonly instances: readonly Path[];
  readonly constants: Mapping["constants"];
}

/** A Write (with `value`) or an Execute (with `args`) on a Resource. */
export interface MappedRequest {
  readonly path: Path;
  readonly value?: ResourceValue;
  readonly args?: string;
  /** The name that made its Instance appear, if one did. */
  readonly heardAs?: string | undefined;
  /** The adapter's address of the sensor, for the command's template. */
  readonly source: string;
  readonly at: ResourceUpdate["at"];
}

export type PlannedCommand =
  /** To be sent to the device, and confirmed as said. */
  | {
      readonly kind: "device";
      readonly command: Command;
      /** The command counts as done when this field is heard with this value within this time. */
      readonly confirm?: { readonly field: string; readonly equals: Scalar; readonly withinMs: number };
    }
  /** Done in the gateway: the updates are its effect (5605 Reset Min and Max). */
  | { readonly kind: "local"; readonly updates: readonly ResourceUpdate[] };
