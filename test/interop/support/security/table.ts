/** The table of secured interoperation in docs/conformance.md: made of proofs, and held against them. */

import { ASPECTS, type Aspect, type Finding, type Proof } from "./proofs.ts";

export const BEGIN = "<!-- interop: begin, written by the tests -->";
export const END = "<!-- interop: end -->";

const HEADINGS: Readonly<Record<Aspect, string>> = {
  data: "Data",
  cid: "CID",
  nat: "Port changed",
  resumed: "Resumed",
  restart: "Server restarted",
  loss: "30 % lost",
  words: "Wrong key named",
};
const NOT_TRIED = "–";
const KEYS = ["peer", "client", "mode", "suite"] as const;

type Row = Pick<Proof, (typeof KEYS)[number]> & { readonly cells: ReadonlyMap<Aspect, string> };

/** A row for each server, client, mode and suite, sorted. What was found once is not undone by what was not there. */
export function tableOf(proofs: readonly Proof[]): string {
  const rows = new Map<string, Map<Aspect, Finding>>();
  for (const proof of proofs) {
    const key = KEYS.map((name) => proof[name]).join(" | ");
    const cells = rows.get(key) ?? new Map<Aspect, Finding>();
    if (cells.get(proof.aspect) !== "yes") cells.set(proof.aspect, proof.finding);
    rows.set(key, cells);
  }
  const head = ["Server", "Client", "Mode", "Cipher suite", ...ASPECTS.map((aspect) => HEADINGS[aspect])];
  const body = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, cells]) => `| ${[key, ...ASPECTS.map((aspect) => cells.get(aspect) ?? NOT_TRIED)].join(" | ")} |`);
  return [`| ${head.join(" | ")} |`, `|${"---|".repeat(head.length)}`, ...body].join("\n");
}

/** The document with another table between its markers. @throws Error if they are not there. */
export function withTable(document: string, table: string): string {
  const { before, after } = split(document);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/**
 * Cells of the document that say more than was proved. Of servers that took no part in the run, or not with that
 * client, nothing is said, unless `whole` says that all of them should have.
 */
export function unproved(document: string, proofs: readonly Proof[], whole: boolean): string[] {
  const took = new Set(proofs.map(({ peer, client }) => `${client} at ${peer}`));
  const found = new Set(proofs.map((proof) => `${nameOf(proof)}: ${proof.aspect} ${proof.finding}`));
  const claims = rowsOf(document).filter(({ peer, client }) => whole || took.has(`${client} at ${peer}`));
  return claims.flatMap((row) =>
    [...row.cells].flatMap(([aspect, cell]) => {
      const claim = `${nameOf(row)}: ${aspect} ${cell}`;
      // That a server has a thing which the table denies is no claim too many.
      const holds =
        cell === NOT_TRIED || found.has(claim) || (cell === "none" && found.has(claim.replace(/none$/, "yes")));
      return holds ? [] : [claim];
    }),
  );
}

/** Servers in the table, as documents name them. */
export function peersIn(document: string): Set<string> {
  return new Set(rowsOf(document).map(({ peer }) => peer));
}

function rowsOf(document: string): Row[] {
  const lines = split(document).between.split("\n");
  const rows = lines.filter((line) => line.startsWith("| ")).slice(1);
  return rows.map((line) => {
    const [, peer = "", client = "", mode = "", suite = "", ...cells] = line.split("|").map((cell) => cell.trim());
    const found = ASPECTS.map((aspect, i) => [aspect, cells[i] ?? ""] as const);
    return {
      peer,
      client: clientOf(client),
      mode: modeOf(mode),
      suite,
      cells: new Map(found),
    };
  });
}

const clientOf = (text: string): Proof["client"] => (text === "OpenSSL" || text === "Node" ? text : "built-in");

const modeOf = (text: string): Proof["mode"] => (text === "PSK" || text === "RPK" ? text : "X.509");

const nameOf = (of: Pick<Proof, (typeof KEYS)[number]>): string => KEYS.map((name) => of[name]).join(", ");

function split(document: string): { before: string; between: string; after: string } {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("docs/conformance.md has lost the marks of its table");
  return {
    before: document.slice(0, begin),
    between: document.slice(begin + BEGIN.length, end),
    after: document.slice(end + END.length),
  };
}
