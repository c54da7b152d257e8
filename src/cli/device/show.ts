/** `isthmus device show`: one definition, and what its device becomes in LwM2M. */

import type { Portrait, PortraitField, PortraitResource } from "../../library/index.ts";
import { table } from "../table.ts";
import { styled, type Terminal } from "../terminal.ts";
import { whatIs } from "./list.ts";

/** What `proof` says, for people. */
const PROOFS: Readonly<Record<NonNullable<Portrait["proof"]>, string>> = {
  recorded: "at least one was recorded from a device",
  published: "at least one is an example of those who describe the format",
  computed: "all are made after the published format; none was recorded from a device",
};

export function proofWords({ frames, proof }: Portrait): string {
  return `${frames.length} golden frames${proof === undefined ? "" : `; ${PROOFS[proof]}`}`;
}

export function renderShow(portrait: Portrait, terminal: Pick<Terminal, "width" | "color">): string {
  const { id, version, also, link, medium, recognised, key, endpoint, alive, fields, resources, commands, frames } =
    portrait;
  const facts = [
    ...(also.length === 0 ? [] : [["Also known as", also.join(", ")]]),
    ["Heard by", medium],
    ["Known by", recognised.join("; ") || "the configuration alone: name it there"],
    ...(key === undefined ? [] : [["Key", key]]),
    ["Endpoint", endpoint],
    ["Expected", `every ${alive.expect}; stale after ${alive.stale}, gone after ${alive.gone}`],
    ...(link === undefined ? [] : [["Format", link]]),
    ["Proven by", proofWords(portrait)],
  ];
  const head = styled(`${whatIs(portrait)}  (${id}${version === undefined ? "" : ` ${version}`})`, "bold", terminal);
  const parts = [
    `${head}\n${table(facts, terminal.width, "  ")}`,
    section("What it says", fields.map(fieldRow), terminal),
    section("What a server sees", resources.map(resourceRow), terminal),
    section(
      "What it can be told",
      commands.map(({ name, does }) => [name, does]),
      terminal,
    ),
    section(
      "Frames that prove it",
      frames.map(({ name, payload }) => [name, payload]),
      terminal,
    ),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

export function fieldRow({ name, unit, range, place }: PortraitField): string[] {
  return [name, unit ?? "", range ? `${range[0]} to ${range[1]}` : "", place];
}

/** Available Power Sources (/3/0/6), as LwM2M numbers them. */
const POWER_SOURCES = [
  "DC",
  "internal battery",
  "external battery",
  "fuel cell",
  "Power over Ethernet",
  "USB",
  "mains",
];

export function resourceRow(shown: PortraitResource): string[] {
  const { path, object, resource, unit, operations, shows, type, appears } = shown;
  const what = `${object}, ${resource}${type === undefined ? "" : ` (${type})`}`;
  const source = path.startsWith("/3/0/6") ? POWER_SOURCES[Number(shows)] : undefined;
  const words = source === undefined ? shows : `${shows}, ${source}`;
  return [path, operations, what, unit ?? "", appears ? `${words}, once heard` : words];
}

function section(
  title: string,
  rows: readonly (readonly string[])[],
  terminal: Pick<Terminal, "width" | "color">,
): string {
  return rows.length === 0 ? "" : `${styled(title, "bold", terminal)}\n${table(rows, terminal.width, "  ")}`;
}
