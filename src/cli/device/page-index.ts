/** The first page of docs/devices: brands, what the words mean, and every device that is known. */

import { objectsOf, whatIs } from "./list.ts";
import { anchor, escaped, grid } from "./markdown.ts";
import { headingOf, MADE, type Paged } from "./paged.ts";

const MEDIA = ["Bluetooth", "serial", "Modbus", "MQTT", "plugin"] as const;
const MOST_FIELDS = 6;

export function indexPage(portraits: readonly Paged[]): string {
  const frames = portraits.reduce((sum, each) => sum + each.frames.length, 0);
  const proven = (proof: Paged["proof"]) => portraits.filter((each) => each.proof === proof).length;
  const lines = [
    MADE,
    "",
    "# Devices that Isthmus knows",
    "",
    `${portraits.length} definitions with ${frames} golden frames. ${proven("recorded")} definitions are proven by frames recorded from devices,`,
    `${proven("published")} by examples of those who describe the format, ${proven("computed")} by frames made after the published format alone;`,
    `${proven(undefined)} are of the simulator. \`isthmus device list <words>\` searches them. What is not here is added by one file:`,
    "[devices/README.md](../../devices/README.md).",
    "",
    "## Brands",
    "",
    brands(portraits),
    "",
    ...LEGEND,
  ];
  for (const medium of MEDIA) lines.push(...mediumSection(medium, portraits));
  return `${lines.join("\n")}\n`;
}

/** Every maker once, and every other name, with the pages that know of it. */
function brands(portraits: readonly Paged[]): string {
  const pages = new Map<string, Set<string>>();
  for (const { vendor, also, folder } of portraits)
    for (const name of [vendor, ...also]) pages.set(name, (pages.get(name) ?? new Set()).add(folder));
  const sorted = [...pages].filter(([vendor]) => vendor !== "generic").sort(([a], [b]) => byName(a, b));
  return sorted
    .map(([vendor, folders]) => {
      const [first = "", ...others] = [...folders].sort();
      const more = others.map((folder, i) => `[${i + 2}](${folder}.md)`);
      return [`[${escaped(vendor)}](${first}.md)`, ...more].join(" ");
    })
    .join(" · ");
}

/** Not by the machine's language: same in, same out. */
function byName(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

function mediumSection(medium: Paged["medium"], portraits: readonly Paged[]): string[] {
  const some = portraits.filter((each) => each.medium === medium);
  if (some.length === 0) return [];
  const rows = some
    .toSorted((a, b) => byName(whatIs(a), whatIs(b)))
    .map((each) => [
      `[${escaped(whatIs(each))}](${each.folder}.md#${anchor(headingOf(each))})`,
      `\`${each.id}\``,
      escaped(inShort(each)),
      escaped(saysWords(each)),
      objectsOf(each).join(" "),
      each.proof ?? "",
    ]);
  const head = ["Device", "Definition", "What it is", "Says", "LwM2M Objects", "Proof"];
  return [`## ${medium}: ${some.length}`, ...grid(head, rows), ""];
}

function saysWords({ fields }: Paged): string {
  const names = fields.map(({ name }) => name);
  return names.length > MOST_FIELDS ? `${names.slice(0, MOST_FIELDS).join(", ")}, ...` : names.join(", ");
}

/** The beginning of its comment, before bytes are spoken of; and whether it needs a key. */
function inShort({ comment, key }: Paged): string {
  const [sentence = ""] = comment.split(/[.;] |: (?=\d|[a-z]+ data|company|service|Instant|input|an iBeacon)/);
  const needs = key === undefined ? "" : key.startsWith("if ") ? "; a key if it is encrypted" : "; needs its key";
  return sentence.replace(/[.:]$/, "") + needs;
}

const LEGEND = [
  "## How to read a page",
  "",
  "**Heard** says how often the device speaks by itself, and how long it may be silent. After the shorter time its values are",
  "*stale*: they stay, with quality 3 (Resource 6042) where the Object has it. After the longer one it is *gone*: quality 1,",
  "and error code 8 in its Device Object (/3/0/11). It stays registered, and comes back with its next message. `alive` at a",
  "sensor in the [configuration](../config.md#sensors) sets other times.",
  "",
  "**Proof** says how far the definition is proven. *recorded*: at least one golden frame was recorded from a device, and comes",
  "from the project that the definition names for it.",
  "*published*: at least one is an example of those who describe the format. *computed*: all are made after the published",
  "format, and no device has been heard. Golden frames are tests that run with every change. Whatever the proof, frames for",
  "the limits (frost, the ends of a range, what is not available) are mostly made after the format.",
  "",
  "**Key**: what the device seals its messages with. It is given when the device is adopted, or in the configuration.",
  "",
  "**Resource** is what an LwM2M server reads: R, W and E say whether it may read, write or execute it. `*` stands for as",
  "many Instances as are heard; *once heard* means that the Instance appears when there is something to show. A sensor",
  "Object has beside its value, as far as the Object knows them, the unit (5701), the least and the greatest value measured",
  "(5601, 5602), what it can measure (5603, 5604), the time of measurement (5518) and the quality (6042).",
  "Bytes are counted from 0, after the company identifier or the service's UUID.",
  "",
] as const;
