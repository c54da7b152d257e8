/** The table of docs/conformance.md that the tests of security write: it says what they have proved, and nothing more. */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { allProofs, type Proof } from "./support/security/proofs.ts";
import { peersIn, tableOf, unproved, withTable } from "./support/security/table.ts";

const DOCUMENT = fileURLToPath(new URL("../../docs/conformance.md", import.meta.url));
const writing = process.env["INTEROP_TABLE"] === "write";
const isWhole = process.env["CI"] !== undefined;

const proof = (more: Partial<Proof>): Proof => ({
  peer: "a server",
  client: "built-in",
  mode: "PSK",
  suite: "TLS_PSK_WITH_AES_128_CCM_8",
  aspect: "data",
  finding: "yes",
  ...more,
});
const empty = "before\n<!-- interop: begin, written by the tests -->\n<!-- interop: end -->\nafter\n";

describe("a table of proofs", () => {
  const proofs = [
    proof({}),
    proof({ aspect: "cid", finding: "none" }),
    proof({ mode: "RPK", suite: "another", aspect: "loss" }),
  ];
  const written = withTable(empty, tableOf(proofs));

  it("has a row for each server, client, mode and suite, and stands between its marks", () => {
    expect(written).toContain(
      "| a server | built-in | PSK | TLS_PSK_WITH_AES_128_CCM_8 | yes | none | – | – | – | – | – |",
    );
    expect(written).toContain("| a server | built-in | RPK | another | – | – | – | – | – | yes | – |");
    expect(written.startsWith("before\n")).toBe(true);
    expect(written.endsWith("\nafter\n")).toBe(true);
    expect(withTable(written, tableOf(proofs))).toBe(written);
  });

  it("claims too much where a cell was not proved, and only there", () => {
    expect(unproved(written, proofs, true)).toEqual([]);
    expect(unproved(written, proofs.slice(0, 2), true)).toEqual(["a server, built-in, RPK, another: loss yes"]);
    expect(unproved(written, [...proofs, proof({ aspect: "cid" })], true)).toEqual([]);
  });

  it("is silent of servers that took no part, unless all of them should have", () => {
    const elsewhere = [proof({ peer: "another server" })];
    expect(unproved(written, elsewhere, false)).toEqual([]);
    expect(unproved(written, elsewhere, true)).toHaveLength(3);
  });

  it("is missed where its marks are", () => {
    expect(() => withTable("no marks", "")).toThrow("marks");
  });
});

describe("docs/conformance.md", () => {
  const proofs = allProofs();
  let document: string;
  beforeAll(async () => {
    document = await readFile(DOCUMENT, "utf8");
  });

  it.runIf(writing)("is written from what this run has proved", async () => {
    await writeFile(DOCUMENT, withTable(document, tableOf(proofs)));
  });

  it.skipIf(writing)("claims nothing of other people's servers that this run has not proved", () => {
    const absent = [...peersIn(document)].filter((peer) => !proofs.some((each) => each.peer === peer));
    if (absent.length > 0) console.warn(`Not held against this run, which was without: ${absent.join(", ")}`);
    expect(unproved(document, proofs, isWhole)).toEqual([]);
  });
});
