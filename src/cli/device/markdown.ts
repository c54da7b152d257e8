/** The Markdown that pages of devices are made of: tables, anchors, and text that means only itself. */

/** Nothing without rows. Cells are taken as they are: `escaped` what may mean something. */
export function grid(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ["", row(head), row(head.map(() => "---")), ...rows.map(row)];
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** How a heading is linked to: small letters, digits and hyphens for blanks. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-");
}

const LONGEST = 160;

/** What Markdown would take for its own; and not longer than a table bears, unless it is said how long. */
export function escaped(text: string, longest = LONGEST): string {
  const short = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return short
    .replaceAll(/[|<>*`[\]]/g, (sign) => `\\${sign}`)
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replaceAll(/\s+/g, " ");
}
