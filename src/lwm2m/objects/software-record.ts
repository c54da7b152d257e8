/** All that one Instance of Object 9 knows, as one value: saved before anything is done about it. */

import type { Known } from "./fetcher.ts";
import { numberOf, savedFields, savedText, textOf } from "./saved.ts";
import { SOFTWARE_INITIAL, type SoftwarePhase, type SoftwareState, UPDATE_STATES } from "./software-states.ts";

export interface SoftwareRecord {
  readonly state: SoftwareState;
  /** What the server wrote last; "": nothing. */
  readonly uri: string;
  readonly known: Known;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

const MAX_RESULT = 200;

export function softwareText({ state, known, ...rest }: SoftwareRecord): string {
  return savedText({ ...rest, ...state, ...known });
}

/** What was saved, or a fresh record. */
export function softwareRecord(text: string | undefined): SoftwareRecord {
  const fields = savedFields(text);
  const phase = textOf(fields["phase"]);
  const result = numberOf(fields["result"]) ?? 0;
  if (!isPhase(phase) || result < 0 || result > MAX_RESULT) return { state: SOFTWARE_INITIAL, uri: "", known: {} };
  const [tag, total] = [textOf(fields["tag"]), numberOf(fields["total"])];
  return {
    state: { phase, result, active: fields["active"] === true },
    uri: textOf(fields["uri"]) ?? "",
    known: { ...(tag !== undefined && { tag }), ...(total !== undefined && { total }) },
    name: textOf(fields["name"]),
    version: textOf(fields["version"]),
  };
}

function isPhase(text: string | undefined): text is SoftwarePhase {
  return text !== undefined && Object.hasOwn(UPDATE_STATES, text);
}
