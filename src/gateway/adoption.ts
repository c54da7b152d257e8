/** Who may come in, and under which name: a sensor is adopted by the config, by a rule, or by a person. */

import type { Clock } from "../base/clock.ts";
import { nearest } from "../base/nearest.ts";
import type { Device } from "../library/index.ts";
import type { Frame } from "../sdk/adapter.ts";
import { splitSource } from "./adapters.ts";
import { readKey } from "./hearing/key.ts";
import type { Tuning } from "./hearing/tuning.ts";
import type { Roster, RosterEntry } from "./roster.ts";
import type { AdoptRequest } from "./status/status.ts";

/** A sensor named in the config. */
export interface ConfiguredSensor extends Tuning {
  /** `adapter/address`. */
  readonly source: string;
  /** Id of its definition; absent: the one that fits what is heard. */
  readonly definition?: string;
  /** Absent: minted by the definition. */
  readonly endpoint?: string;
  readonly label?: string;
}

/** The device definitions there are. */
export interface Devices {
  match(frame: Frame): Device | undefined;
  get(id: string): Device | undefined;
  devices(): Iterable<Device>;
}

export type Refusal = {
  readonly ok: false;
  /** `unknown`: no such thing is heard. `conflict`: somebody has that place or name. `invalid`: the wish makes no sense. */
  readonly why: "unknown" | "conflict" | "invalid";
  /** For people. */
  readonly reason: string;
};

export type Admission = { readonly ok: true; readonly entry: RosterEntry; readonly device: Device } | Refusal;

/** Somebody who wants in. */
export interface Applicant {
  readonly adapter: string;
  readonly address: string;
  readonly device: Device | undefined;
  /** What it said last; absent if it was never heard. */
  readonly frame?: Frame;
  readonly by: RosterEntry["by"];
}

export interface AdmissionOptions {
  readonly roster: Roster;
  readonly devices: Devices;
  readonly clock: Clock;
  /** The gateway's own endpoint name. */
  readonly ownEndpoint: string;
  readonly maxSensors: number;
}

const ENDPOINT = /^[\w.:~@+-]{1,128}$/;
const MAX_LABEL = 100;

/** Mints an entry of the roster for an applicant, or says why not. */
export function admit(applicant: Applicant, wish: AdoptRequest, options: AdmissionOptions): Admission {
  const { roster, devices, clock, ownEndpoint, maxSensors } = options;
  const { adapter, frame } = applicant;
  const device = wish.definition === undefined ? applicant.device : devices.get(wish.definition);
  if (!device) return refuseDevice(wish.definition, devices);
  const identity = frame && device.identify(frame);
  const address = wish.definition === undefined ? applicant.address : (identity?.source ?? applicant.address);
  const source = `${adapter}/${address}`;
  const endpoint = wish.endpoint ?? identity?.endpoint;
  if (endpoint === undefined) return refuse("invalid", `${source} has no name of its own: give it an endpoint name`);
  if (!ENDPOINT.test(endpoint))
    return refuse(
      "invalid",
      `"${endpoint.slice(0, 140)}" is no endpoint name: 1 to 128 letters, digits or any of . _ : ~ @ + -`,
    );
  const there = roster.get(source);
  if (there) return refuse("conflict", `${source} is already adopted as ${there.endpoint}`);
  const holder = roster.holder(endpoint);
  if (holder || endpoint === ownEndpoint)
    return refuse("conflict", `the endpoint name ${endpoint} belongs to ${holder?.source ?? "the gateway itself"}`);
  if (roster.size >= maxSensors)
    return refuse("conflict", `${maxSensors} sensors are adopted, and no more are allowed`);
  const given = wish.key === undefined ? undefined : readKey(wish.key, device.key);
  if (given && "reason" in given) return refuse("invalid", given.reason);
  const label = (wish.label ?? defaultLabel(device, address, frame)).trim().slice(0, MAX_LABEL);
  const adoptedAt = new Date(clock.now().ms).toISOString();
  const entry: RosterEntry = {
    source,
    endpoint,
    definition: device.id,
    label,
    by: applicant.by,
    adoptedAt,
    memory: given ? { key: given.key } : {},
  };
  return { ok: true, entry, device };
}

/** What the config wants of an adoption; its keys stay where they are. */
export function wishOf({ definition, endpoint, label }: ConfiguredSensor): AdoptRequest {
  return {
    ...(definition !== undefined && { definition }),
    ...(endpoint !== undefined && { endpoint }),
    ...(label !== undefined && { label }),
  };
}

/** Why something that the config says cannot be done, and what a person can do. */
export interface Hindrance {
  readonly what: string;
  readonly next: string;
}

/** Brings the roster in line with what the config says of a sensor; who is not complete must be heard first. */
export function enlist(sensor: ConfiguredSensor, options: AdmissionOptions): Hindrance | undefined {
  const { source, label, definition, endpoint } = sensor;
  const { roster } = options;
  const entry = roster.get(source);
  if (entry) {
    if (label !== undefined) entry.label = label;
    if (definition !== undefined && definition !== entry.definition) {
      roster.remove(entry, false);
      roster.add({ ...entry, definition });
    }
    if (endpoint === undefined || endpoint === entry.endpoint) return undefined;
    const what = `${source} was adopted as ${entry.endpoint}, which cannot become ${endpoint}.`;
    return { what, next: "Remove the sensor, then it is adopted under its new name." };
  }
  const place = splitSource(source);
  if (!place || definition === undefined || endpoint === undefined) return undefined;
  const admission = admit({ ...place, device: undefined, by: "config" }, wishOf(sensor), options);
  if (admission.ok) roster.add(admission.entry);
  return admission.ok
    ? undefined
    : { what: `${source} is not adopted: ${admission.reason}.`, next: "Correct it in the configuration." };
}

/** The words for a definition that there is not. */
export function unknownDefinition(id: string, devices: Devices): string {
  const meant = nearest(
    id,
    Array.from(devices.devices(), (each) => each.id),
  );
  return `there is no definition ${id}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function refuseDevice(wished: string | undefined, devices: Devices): Refusal {
  return wished === undefined
    ? refuse("invalid", "no definition fits what it says: name one")
    : refuse("invalid", unknownDefinition(wished, devices));
}

function refuse(why: Refusal["why"], reason: string): Refusal {
  return { ok: false, why, reason };
}

const LONG_ADDRESS = 12;
const SHORT_PART = 5;

/** What the device calls itself, or its model and as much of its address as tells it from its like. */
function defaultLabel(device: Device, address: string, frame: Frame | undefined): string {
  const own = frame?.payload.kind === "advert" ? frame.payload.name : undefined;
  if (own !== undefined && own.trim() !== "") return own;
  if (address.length <= LONG_ADDRESS) return `${device.model} ${address}`;
  // The end of a number tells it from others; a topic or a path ends in a word, which is told whole.
  const word = address.slice(address.lastIndexOf("/") + 1);
  const short = word !== address && word.length > 0 ? word : address.slice(-SHORT_PART);
  return `${device.model} ${short}`;
}
