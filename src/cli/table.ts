/** Rows whose columns line up, cut to the width of the terminal. */

import { cut } from "./terminal.ts";

const GAP = "  ";

/** Every column as wide as its widest cell; the last one takes what is left of the line. No blanks at line ends. */
export function table(rows: readonly (readonly string[])[], width: number, indent = ""): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)));
      return `${cut(indent + cells.join(GAP), width).trimEnd()}\n`;
    })
    .join("");
}
