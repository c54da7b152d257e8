/** devices/README.md keeps its word: its walk can be walked, and its last definition is good. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configSchema } from "../../src/adapters/modbus/config.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const HOUSE = new URL("../..", import.meta.url).pathname;
const README = readFileSync(join(HOUSE, "devices/README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "isthmus-walk-"));
cpSync(join(HOUSE, "docs/examples"), join(folder, "docs/examples"), { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const walk = README.slice(README.indexOf("## A sensor that is not known"), README.indexOf("## The parts"));
const blocks = (language: string, text = walk) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);
const commands = blocks("sh").map((block) => block.replace(/\s#.*$/m, "").trim());
const [proposed = "", whole = ""] = blocks("yaml");
const meter = README.slice(README.indexOf("## Registers of an unknown meter"), README.indexOf("## Keys"));

async function run(command: string): Promise<FakeSurroundings> {
  const console = new FakeSurroundings({ folder, width: 200 });
  expect(`${await console.run(command.replace(/^isthmus /, ""))} ${console.err}`).toBe("0 ");
  return console;
}

describe("the walk to a definition", () => {
  it("begins with a recording, whose frames are at hand", () => {
    expect(commands[0]).toMatch(/^isthmus device record --source C0:FF:EE:50:31:07 -n 9 > pool-frames\.jsonl$/);
    expect(readFileSync(join(folder, "docs/examples/pool-frames.jsonl"), "utf8").trim().split("\n")).toHaveLength(9);
  });

  it("drafts what the paper shows, and the draft tests green", async () => {
    const [, draft = "", test = "", dev = ""] = commands;
    await run(draft);
    expect(readFileSync(join(folder, "poolside.yaml"), "utf8")).toContain(proposed);
    expect((await run(test)).out).toContain("4 frames, all as expected; every field proven");
    const { out } = await run(`${dev} --once`);
    expect(out).toMatch(/temperature 26\.4 Cel +\/3\/0\/9 = 91/);
    expect(out).toContain("temperature not available");
  });

  it("ends in a definition that is proven whole", async () => {
    writeFileSync(join(folder, "poolside.yaml"), whole);
    const [promised = ""] = /1 definition.*$/m.exec(walk) ?? [];
    expect((await run(commands.at(-1) ?? "")).out).toContain(promised);
  });
});

describe("the walk to the registers of a meter", () => {
  const [settings = "", fields = ""] = blocks("yaml", meter);
  const [, draft = "", test = ""] = blocks("sh", meter).join("").split("\n");

  it("begins with settings that are good", () => {
    const { adapters } = z.object({ adapters: z.object({ bus: z.looseObject({}) }) }).parse(parse(settings));
    const { type, ...bus } = adapters.bus;
    expect(type).toBe("modbus");
    expect(configSchema.safeParse(bus).error).toBeUndefined();
  });

  it("drafts what the paper shows, and the draft tests green", async () => {
    await run(draft);
    const text = readFileSync(join(folder, "em7.yaml"), "utf8");
    for (const line of fields.trim().split("\n").slice(1)) expect(text).toContain(`${line}\n`);
    expect((await run(test)).out).toMatch(/1 definition, \d frames, all as expected; every field proven/);
    expect((await run("isthmus device show em7.yaml")).out).toContain("/3316/0/5700");
  });
});
