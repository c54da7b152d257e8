/** `isthmus device dev`: frames decoded by a definition that is being written, beside what a server would see. */

import { DecodeError } from "../../base/bytes.ts";
import { type Frame, type Quantity, testDefinitions } from "../../library/index.ts";
import { readFrameLine } from "../frame-line.ts";
import { table } from "../table.ts";
import { styled, type Terminal } from "../terminal.ts";
import type { Own } from "./own.ts";
import { describe } from "./test.ts";

const MOST_FRAMES = 5;
/** 2026-01-01 UTC, for frames that do not say when they were heard. */
const AT = { ms: 1_767_225_600_000, trusted: true };

type Shown = Pick<Terminal, "width" | "color">;

/** What is wrong with the definitions, what their golden frames give, and what the newest of the given frames mean. */
export function renderDev(own: Own, lines: readonly string[], terminal: Shown): string {
  const problems = own.problems.map((problem) => `  ${styled("!", "red", terminal)} ${describe(problem)}\n`);
  const parts = problems.length > 0 ? [`${styled("Mistakes", "bold", terminal)}\n${problems.join("")}`] : [];
  if (own.ids.size > 0) parts.push(tests(own, terminal));
  for (const line of lines.filter((each) => each.trim() !== "").slice(-MOST_FRAMES))
    parts.push(renderFrame(own, line, terminal));
  return parts.join("\n");
}

function tests({ library, ids }: Own, terminal: Shown): string {
  const results = [...testDefinitions(library, ids)];
  const failed = results.filter(({ differences }) => differences.length > 0);
  const head = `${results.length} golden frames, ${failed.length === 0 ? "all as expected" : `${failed.length} failed`}`;
  const lines = failed.flatMap(({ name, differences }) => [name, ...differences.map((each) => `  ${each}`)]);
  return `${styled(head, failed.length === 0 ? "green" : "red", terminal)}\n${lines.map((each) => `  ${each}\n`).join("")}`;
}

/** One frame: whose it is, its fields on the left, the Resources they change on the right. */
export function renderFrame({ library, ids }: Own, line: string, terminal: Shown): string {
  try {
    const { frame } = readFrameLine(line);
    const device = library.match(frame);
    const title = `${frame.source === "" ? frame.payload.kind : frame.source}: ${device?.id ?? "nobody knows it"}`;
    const head = styled(title, device && ids.has(device.id) ? "bold" : "yellow", terminal);
    if (!device) return `${head}\n`;
    const stamped: Frame = frame.at.ms > 0 ? frame : { ...frame, at: AT };
    const reading = device.decode(stamped, device.createSession());
    if (!reading) return `${head}\n  nothing in it for us\n`;
    const fields = [...reading.fields].map(([name, quantity]) => `${name} ${shown(quantity)}`);
    const updates = device
      .createMapping()
      .updates(reading)
      .map(({ path, value }) => `${path} = ${typeof value === "object" ? "..." : value}`);
    const rows = Array.from({ length: Math.max(fields.length, updates.length) }, (_, i) => [
      fields[i] ?? "",
      updates[i] ?? "",
    ]);
    return `${head}\n${table(rows, terminal.width, "  ")}`;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `${styled(line.slice(0, 60), "yellow", terminal)}\n  ${error.message}\n`;
  }
}

function shown(quantity: Quantity | undefined): string {
  if (!quantity) return "not available";
  return quantity.unit === undefined ? String(quantity.value) : `${String(quantity.value)} ${quantity.unit}`;
}
