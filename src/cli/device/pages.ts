/** The pages of docs/devices: one for each family, made from the same files that the gateway runs on. */

import { anchor, escaped, grid } from "./markdown.ts";
import { indexPage } from "./page-index.ts";
import { headingOf, MADE, type Paged } from "./paged.ts";
import { fieldRow, proofWords, resourceRow } from "./show.ts";

export interface Page {
  /** Such as `ruuvi.md`. */
  readonly file: string;
  readonly text: string;
}

const MOST_FRAMES = 12;
const MOST_MAKERS = 4;

/** A page for each folder of definitions and one that lists them all. Same in, same out. */
export function devicePages(portraits: readonly Paged[]): Page[] {
  const folders = [...new Set(portraits.map(({ folder }) => folder))].sort();
  const pages = folders.map((folder) => {
    const own = portraits.filter((each) => each.folder === folder);
    return { file: `${folder}.md`, text: familyPage(folder, own) };
  });
  return [{ file: "README.md", text: indexPage(portraits) }, ...pages];
}

function familyPage(folder: string, portraits: readonly Paged[]): string {
  const contents = portraits.map(headingOf).map((heading) => `- [${escaped(heading)}](#${anchor(heading)})`);
  const lines = [MADE, "", `# ${titleOf(folder, portraits)}`, ""];
  if (portraits.length > 1) lines.push(...contents, "");
  lines.push("What the words mean: [how to read a page](README.md#how-to-read-a-page).", "");
  return [...lines, ...portraits.flatMap(section)].join("\n").trimEnd().concat("\n");
}

/** The makers, then what they call this; or what many makers call it. */
function titleOf(folder: string, portraits: readonly Paged[]): string {
  const families = [...new Set(portraits.map(({ family }) => family))].filter((family) => family !== "generic");
  const vendors = [...new Set(portraits.map(({ vendor }) => vendor))].filter((vendor) => vendor !== "generic");
  const nested = portraits.every(({ file }) => file.split("/").length > 2);
  const known = new Set(vendors);
  const names = vendors.length <= MOST_MAKERS ? vendors.join(", ") : "";
  const kinds = families.filter((family) => !known.has(family) || names === "").join(", ");
  const parts = [names, kinds, nested ? (folder.split("-").at(-1) ?? "") : ""].filter((part) => part !== "");
  return parts.length === 0 ? folder : parts.join(": ");
}

function section(portrait: Paged): string[] {
  const { comment, recognised, fields, resources, commands, frames } = portrait;
  const known =
    recognised.length === 0
      ? ["Recognised by nothing in its frames: the configuration names its definition."]
      : ["Recognised by:", "", ...recognised.map((each) => `- ${escaped(each)}`)];
  const proofs = frames
    .slice(0, MOST_FRAMES)
    .map(({ name, payload, expect, instead }) =>
      [name, payload, instead ?? meaning(expect)].map((cell) => escaped(cell)),
    );
  const more = frames.length - proofs.length;
  return [
    `## ${escaped(headingOf(portrait))}`,
    "",
    escaped(comment, Number.POSITIVE_INFINITY),
    ...grid(["", ""], facts(portrait)),
    "",
    ...configured(portrait),
    ...known,
    ...grid(["Field", "Unit", "Range", "Where"], cells(fields.map(fieldRow))),
    ...grid(["Resource", "Server may", "What", "Unit", "Shows"], cells(resources.map(resourceRow))),
    ...grid(["Command", "Does"], cells(commands.map(({ name, does }) => [name, does]))),
    ...grid(["Golden frame", "Payload", "Means"], proofs),
    ...(more > 0 ? ["", `And ${more} more in its file.`] : []),
    "",
  ];
}

const cells = (rows: readonly (readonly string[])[]) => rows.map((row) => row.map((cell) => escaped(cell)));

function facts(portrait: Paged): string[][] {
  const { id, also, medium, link, key, endpoint, alive, file } = portrait;
  const heard = `every ${alive.expect}; silent for ${alive.stale} its values are stale, for ${alive.gone} it is gone`;
  return [
    ["Definition", `\`${id}\`, in [devices/${file}](../../devices/${file})`],
    ...(also.length === 0 ? [] : [["Also known as", escaped(also.join(", "))]]),
    ["Comes by", medium],
    ["Heard", heard],
    ["Endpoint name", `\`${endpoint}\``],
    ...(key === undefined ? [] : [["Key", escaped(key, Number.POSITIVE_INFINITY)]]),
    ["Proven by", proofWords(portrait)],
    ...(link === undefined ? [] : [["Format", `<${link}>`]]),
  ];
}

/** What the configuration says to have it; nothing where that depends on more than the definition knows. */
function configured({ id, medium, topics }: Paged): string[] {
  const text = (lines: readonly string[]) => ["```yaml", ...lines, "```", ""];
  if (medium === "Bluetooth")
    return text([
      "adapters: { radio: { type: ble } }",
      `adopt: [{ definition: ${id} }]   # or one by one, on the page`,
    ]);
  if (medium === "Modbus")
    return text([
      "adapters:   # path, speed, parity and unit as the device is set; or host: for Modbus TCP",
      `  bus: { type: modbus, path: /dev/serial/by-id/usb-rs485, baud: 9600, devices: [{ unit: 1, definition: ${id} }] }`,
      "adopt: [{ adapter: bus }]",
    ]);
  if (medium === "plugin") return text(["adapters: { demo: { type: simulator } }"]);
  if (medium !== "MQTT") return [];
  const filters = topics.map((topic) => `"${topic}"`).join(", ");
  return text([
    `adapters: { broker: { type: mqtt, url: "mqtt://127.0.0.1:1883", topics: [${filters}] } }`,
    `adopt: [{ definition: ${id} }]`,
  ]);
}

function meaning(expect: Readonly<Record<string, unknown>>): string {
  return Object.entries(expect)
    .map(([name, value]) => `${name} ${value === null ? "not available" : JSON.stringify(value)}`)
    .join(", ");
}
