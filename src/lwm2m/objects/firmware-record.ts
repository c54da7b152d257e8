/** All that Object 5 knows, as one value: what is saved before anything is done, and shown to servers. */

import type { Stamp } from "../../base/clock.ts";
import { child, type Path, path } from "../../model/path.ts";
import type { ResourceUpdate, ResourceValue } from "../../model/value.ts";
import type { Known } from "./fetcher.ts";
import { FIRMWARE_IDLE, type FirmwarePhase, type FirmwareState } from "./firmware-states.ts";
import { numberOf, savedFields, savedText, textOf } from "./saved.ts";

export const FIRMWARE = path(5, 0);
const at = (id: number): Path => path(5, 0, id);
export const PACKAGE = at(0);
export const PACKAGE_URI = at(1);
export const UPDATE = at(2);
const STATE = at(3);
const UPDATE_RESULT = at(5);
const NAME = at(6);
const VERSION = at(7);
export const PROTOCOLS = at(8);
export const DELIVERY_METHOD = at(9);
export const CANCEL = at(10);
export const SEVERITY = at(11);
const CHANGED_AT = at(12);
export const MAXIMUM_DEFER = at(13);

const PHASES: readonly FirmwarePhase[] = ["idle", "downloading", "downloaded", "updating"];
const MAX_RESULT = 11;
/** /5/0/11: mandatory, unless the server says otherwise. */
const MANDATORY = 1;
/** Names longer than their Resources may be are cut. */
const MAX_NAME = 255;

export interface FirmwareRecord {
  readonly state: FirmwareState;
  /** What the server wrote last; "": nothing. */
  readonly uri: string;
  readonly known: Known;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly severity: number;
  /** Seconds; undefined: for as long as somebody likes. */
  readonly maximumDefer?: number | undefined;
  /** Milliseconds since 1970 when it was first put off. */
  readonly deferredAt?: number | undefined;
  /** Milliseconds since 1970 of the last change of state. */
  readonly changedAt?: number | undefined;
}

const FRESH: FirmwareRecord = { state: FIRMWARE_IDLE, uri: "", known: {}, severity: MANDATORY };

export function firmwareText({ state, known, ...rest }: FirmwareRecord): string {
  return savedText({ ...rest, ...state, ...known });
}

/** What was saved, or a fresh record. */
export function firmwareRecord(text: string | undefined): FirmwareRecord {
  const fields = savedFields(text);
  const phase = PHASES.find((each) => each === fields["phase"]);
  const result = numberOf(fields["result"]) ?? 0;
  if (phase === undefined || result < 0 || result > MAX_RESULT) return FRESH;
  const [tag, total] = [textOf(fields["tag"]), numberOf(fields["total"])];
  const severity = numberOf(fields["severity"]) ?? MANDATORY;
  return {
    state: { phase, result },
    uri: textOf(fields["uri"]) ?? "",
    known: { ...(tag !== undefined && { tag }), ...(total !== undefined && { total }) },
    name: textOf(fields["name"]),
    version: textOf(fields["version"]),
    severity: severity >= 0 && severity <= 2 ? severity : MANDATORY,
    maximumDefer: numberOf(fields["maximumDefer"]),
    deferredAt: numberOf(fields["deferredAt"]),
    changedAt: numberOf(fields["changedAt"]),
  };
}

/** What servers see of it; undefined: the Resource is not there. */
export function firmwareValues(record: FirmwareRecord): readonly (readonly [Path, ResourceValue | undefined])[] {
  const { state, changedAt } = record;
  return [
    // "Device updates this resource before making any change to the State" (/5/0/12).
    [CHANGED_AT, changedAt === undefined ? undefined : Math.floor(changedAt / 1_000)],
    [STATE, PHASES.indexOf(state.phase)],
    [UPDATE_RESULT, state.result],
    [PACKAGE_URI, record.uri],
    [NAME, record.name?.slice(0, MAX_NAME)],
    [VERSION, record.version?.slice(0, MAX_NAME)],
    [SEVERITY, record.severity],
    [MAXIMUM_DEFER, record.maximumDefer],
  ];
}

/** Values for a Resource of several Instances, from 0. */
export function listed(resource: Path, values: readonly ResourceValue[], now: Stamp): ResourceUpdate[] {
  return values.map((value, index) => ({ path: child(resource, index), value, at: now }));
}
