/** A draft of a definition: its parts, and the YAML that a person goes on with. */

import { stringify } from "yaml";
import type { Kind } from "./quantity.ts";

/** One proposed field: how it is written, and what it probably is. */
export interface DraftField {
  readonly name: string;
  /** As it stands in the definition, such as `{ at: 6, type: i16be }`. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly kind: Kind | undefined;
  /** Whether an Object shows it; texts are not shown. */
  readonly shown?: boolean;
  /** What else it could be, for a comment behind it. */
  readonly remark?: string;
}

export interface Draft {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  /** What was seen in the frames, one line each. */
  readonly notes: readonly string[];
  /** Undefined where nothing in a frame tells the device: an adapter's settings do. */
  readonly match: unknown;
  readonly endpoint: string;
  readonly frame: Readonly<Record<string, unknown>>;
  readonly expect: string;
  readonly fields: readonly DraftField[];
  readonly tests: readonly Readonly<Record<string, unknown>>[];
}

const COMMENT_WIDTH = 110;

export function writeDraft(draft: Draft): string {
  const { id, vendor, model, notes, match, endpoint, frame, expect, fields, tests } = draft;
  const lines = [
    `# ${vendor} ${model}: drafted from recorded frames. Say here what it is, where its format is described, and`,
    "# where the frames come from; then name the fields, and put right what was guessed.",
    "#",
    ...notes.map((note) => `# ${note}`.slice(0, COMMENT_WIDTH)),
    "schema: device/v1",
    `id: ${id}`,
    "version: 0.1.0",
    `vendor: ${flow(vendor)}`,
    `model: ${flow(model)}`,
    "proof: recorded",
    "",
    ...(match === undefined ? [] : [`match:    ${flow(match)}`]),
    `identity: { ${match === undefined ? "from: source, " : ""}endpoint: ${JSON.stringify(endpoint)} }`,
    `frame:    ${flow(frame)}`,
    `alive:    { expect: ${expect}, stale: 15m, gone: 2h }`,
    "",
    "fields:",
    ...fields.map(({ name, spec, remark }) => `  ${name}: ${flow(spec)}${remark === undefined ? "" : ` # ${remark}`}`),
    "",
    "objects:",
    ...objectLines(draft),
    "",
    "tests:",
    ...tests.map(
      (test) => `  - ${stringify(test, { lineWidth: 0, collectionStyle: "any" }).trimEnd().replaceAll("\n", "\n    ")}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** Each quantity once in the Object that is made for it; a second one, and what is unknown, is a generic sensor. */
function objectLines({ vendor, model, fields }: Draft): string[] {
  const device: string[] = [`0: { const: ${flow(vendor)} }`, `1: { const: ${flow(model)} }`];
  const taken = new Map<number, number>();
  const lines: string[] = [];
  for (const { name, kind, shown = true } of fields) {
    if (!shown || name === "packet_id") continue;
    if (kind?.object === 3) device.push(kind.unit === "mV" ? `7/0: ${name}` : `9: ${name}`);
    else {
      const object = kind?.object ?? 3300;
      const instance = taken.get(object) ?? 0;
      taken.set(object, instance + 1);
      const type = kind && kind.name === name ? kind.type : name.replaceAll("_", " ");
      lines.push(`  ${object}/${instance}: { value: ${name}${type === undefined ? "" : `, type: ${flow(type)}`} }`);
    }
  }
  return [`  3/0: { ${device.join(", ")} }`, ...lines];
}

/** One line of YAML. */
function flow(value: unknown): string {
  if (typeof value === "string") return stringify(value, { lineWidth: 0 }).trimEnd();
  const text = stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true }).trimEnd();
  return text
    .replaceAll("[ ", "[")
    .replaceAll(" ]", "]")
    .replace(/(manufacturer: |address: )(\d+)/, (_, key: string, id: string) => `${key}${hexWord(Number(id))}`)
    .replace(
      /(service_data: )0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb/,
      (_, key: string, uuid: string) => `${key}0x${uuid.toUpperCase()}`,
    );
}

const hexWord = (value: number) => `0x${value.toString(16).toUpperCase().padStart(4, "0")}`;
