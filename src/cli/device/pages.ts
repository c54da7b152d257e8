/** The pages of docs/devices: one for each family, made from the same files that the gateway runs on. */

import type { Portrait } from "../../library/index.ts";
import { objectsOf, whatIs } from "./list.ts";
import { fieldRow, resourceRow } from "./show.ts";

export interface Page {
  /** Such as `ruuvi.md`. */
  readonly file: string;
  readonly text: string;
}

const MADE = "<!-- Made by `isthmus device pages`: change the definition, not this page. -->";
const MOST_FRAMES = 12;

/** A page for each folder of definitions and one that lists them all. Same in, same out. */
export function devicePages(portraits: readonly (Portrait & { readonly folder: string })[]): Page[] {
  const folders = [...new Set(portraits.map(({ folder }) => folder))].sort();
  const pages = folders.map((folder) => {
    const own = portraits.filter((each) => each.folder === folder);
    return { file: `${folder}.md`, text: familyPage(own) };
  });
  return [{ file: "README.md", text: index(portraits) }, ...pages];
}

function index(portraits: readonly (Portrait & { readonly folder: string })[]): string {
  const media = ["Bluetooth", "serial", "Modbus", "MQTT", "plugin"] as const;
  const lines = [MADE, "", "# Devices that Isthmus knows", ""];
  const counts = media.map((medium) => [medium, portraits.filter((each) => each.medium === medium)] as const);
  const frames = portraits.reduce((sum, each) => sum + each.frames.length, 0);
  lines.push(
    `${portraits.length} definitions, proven by ${frames} golden frames. How to add one: [devices/README.md](../../devices/README.md).`,
  );
  for (const [medium, some] of counts) {
    if (some.length === 0) continue;
    lines.push(
      "",
      `## ${medium}: ${some.length}`,
      "",
      "| Device | Definition | Says | LwM2M Objects |",
      "| --- | --- | --- | --- |",
    );
    for (const each of some.toSorted((a, b) => (whatIs(a).toLowerCase() < whatIs(b).toLowerCase() ? -1 : 1))) {
      const says = each.fields.map(({ name }) => name);
      const shown = says.length > 8 ? `${says.slice(0, 8).join(", ")}, ...` : says.join(", ");
      lines.push(
        row([whatIs(each), `[${each.id}](${each.folder}.md#${anchor(each.id)})`, shown, objectsOf(each).join(" ")]),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function familyPage(portraits: readonly Portrait[]): string {
  const families = [...new Set(portraits.map(({ family }) => family))];
  return [MADE, "", `# ${families.join(", ")}`, "", ...portraits.flatMap(section)].join("\n").trimEnd().concat("\n");
}

function section(portrait: Portrait): string[] {
  const { id, link, medium, recognised, key, endpoint, alive, fields, resources, commands, frames } = portrait;
  const lines = [
    `## ${id}`,
    "",
    `**${escaped(whatIs(portrait))}**, heard by ${medium}. Endpoint name: \`${endpoint}\`.`,
    `Expected every ${alive.expect}; stale after ${alive.stale}, gone after ${alive.gone}.`,
  ];
  if (link !== undefined) lines.push(`Format: <${link}>.`);
  if (recognised.length > 0) lines.push("", "Recognised by:", "", ...recognised.map((each) => `- ${escaped(each)}`));
  if (key !== undefined) lines.push("", `Key: ${escaped(key)}`);
  lines.push(...grid(["Field", "Unit", "Range", "Where"], fields.map(fieldRow)));
  lines.push(...grid(["Resource", "", "What", "Unit", "Shows"], resources.map(resourceRow)));
  lines.push(
    ...grid(
      ["Command", "Does"],
      commands.map(({ name, does }) => [name, does]),
    ),
  );
  const proofs = frames
    .slice(0, MOST_FRAMES)
    .map(({ name, payload, expect, instead }) => [name, payload, instead ?? meaning(expect)]);
  lines.push(...grid(["Golden frame", "Payload", "Means"], proofs), "");
  return lines;
}

function meaning(expect: Readonly<Record<string, unknown>>): string {
  return Object.entries(expect)
    .map(([name, value]) => `${name} ${value === null ? "not available" : JSON.stringify(value)}`)
    .join(", ");
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return ["", row(head), row(head.map(() => "---")), ...rows.map((cells) => row(cells.map(escaped)))];
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const anchor = (id: string) => id.replaceAll(".", "");

const LONGEST = 160;

/** What Markdown would take for its own, and what would make a table too wide. */
function escaped(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return short.replaceAll(/[|<>*_`[\]]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, " ");
}
