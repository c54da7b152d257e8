/** `isthmus device list`: every device that is known, or those that fit a word. */

import type { Portrait } from "../../library/index.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** Rows of id, what it is, how it is heard, and what it becomes; then how many there are. */
export function renderList(portraits: readonly Portrait[], terminal: Pick<Terminal, "width">): string {
  const rows = portraits.map((each) => [each.id, whatIs(each), each.medium, objectsOf(each).join(" ")]);
  const head = ["DEFINITION", "DEVICE", "HEARD BY", "LWM2M OBJECTS"];
  const total = `${portraits.length} definition${portraits.length === 1 ? "" : "s"}\n`;
  return portraits.length === 0 ? "" : `${table([head, ...rows], terminal.width)}\n${total}`;
}

/** Those that have every word in their id, vendor, model, family, other names, medium or fields. */
export function choose(portraits: readonly Portrait[], words: readonly string[]): Portrait[] {
  const wanted = words.map((word) => word.toLowerCase());
  return portraits.filter((each) => {
    const { id, vendor, model, family, also, medium, fields } = each;
    const text = [id, vendor, model, family, ...also, medium, ...fields.map(({ name }) => name)]
      .join(" ")
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** The Objects it becomes, each once, Device first. */
export function objectsOf({ resources }: Portrait): string[] {
  const objects = resources.map(({ path }) => `/${path.split("/")[1] ?? ""}`);
  return [...new Set(["/3", ...objects])];
}

/** Vendor and model, without saying the vendor twice; the model alone of what many make. */
export function whatIs({ vendor, model }: Portrait): string {
  if (vendor === "generic") return `${model.slice(0, 1).toUpperCase()}${model.slice(1)}`;
  return model.toLowerCase().startsWith(vendor.toLowerCase()) ? model : `${vendor} ${model}`;
}
