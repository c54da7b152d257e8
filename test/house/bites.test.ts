/** The checks must bite: each mistake that they are there for, made on purpose in a copy of the house, fails them. */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const HOUSE = new URL("../..", import.meta.url).pathname;
const TOOLS = ["package.json", "tsconfig.json", "tsconfig.check.json", "eslint.config.js", ".dependency-cruiser.cjs"];

const SOUND = {
  "src/base/tick.ts": "/** One tick. */\nexport const TICK = 1;\n",
  "src/coap/count.ts":
    '/** Counts. */\nimport { TICK } from "../base/tick.ts";\nexport function count(to: number): number {\n  return to + TICK;\n}\n',
  "src/coap/index.ts": '/** The face. */\nexport { count } from "./count.ts";\n',
  "src/lwm2m/client.ts":
    '/** Asks through the face. */\nimport { count } from "../coap/index.ts";\nexport const three = count(2);\n',
};

const functionOf = (lines: number) =>
  `/** Long. */\nexport function long(): number {\n  let sum = 0;\n${"  sum += 1;\n".repeat(lines)}  return sum;\n}\n`;

const houses: string[] = [];

/** A small house with the real rules, the sound files, and the given ones. */
async function house(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isthmus-bites-"));
  houses.push(folder);
  for (const tool of TOOLS) await cp(join(HOUSE, tool), join(folder, tool));
  await mkdir(join(folder, "src/http/page"), { recursive: true });
  await cp(join(HOUSE, "src/http/page/tsconfig.json"), join(folder, "src/http/page/tsconfig.json"));
  await symlink(join(HOUSE, "node_modules"), join(folder, "node_modules"));
  for (const [name, text] of Object.entries({ ...SOUND, "src/http/page/page.ts": "/** Page. */\n", ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

interface Verdict {
  readonly passed: boolean;
  readonly output: string;
}

function run(cwd: string, script: string, args: readonly string[]): Promise<Verdict> {
  return new Promise((resolve) => {
    const tool = join(cwd, "node_modules", script);
    execFile(process.execPath, [tool, ...args], { cwd, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ passed: error === null, output: stdout + stderr }),
    );
  });
}

const layers = (folder: string) =>
  run(folder, "dependency-cruiser/bin/dependency-cruise.mjs", ["--config", ".dependency-cruiser.cjs", "src"]);
const lint = (folder: string) => run(folder, "eslint/bin/eslint.js", ["src"]);

afterAll(async () => {
  for (const folder of houses) await rm(folder, { recursive: true, force: true });
});

describe("the layer check", { timeout: 60_000 }, () => {
  it("lets a sound house pass", async () => {
    const { passed, output } = await layers(await house({}));
    expect(output).toContain("no dependency violations");
    expect(passed).toBe(true);
  });

  it("fails on every kind of wrong door, and names it", async () => {
    const { passed, output } = await layers(
      await house({
        // A room that the table does not open to it.
        "src/coap/spy.ts": 'import { three } from "../lwm2m/client.ts";\nexport const spied = three;\n',
        // Around the face.
        "src/lwm2m/burglar.ts": 'import { count } from "../coap/count.ts";\nexport const loot = count(1);\n',
        // The outside world from a room that must not touch it.
        "src/lwm2m/socket.ts": 'import dgram from "node:dgram";\nexport const socket = dgram.createSocket("udp4");\n',
        // A room that nobody has listed opens nothing of ours, and nobody opens the roof.
        "src/daemon.ts": "export const daemon = 1;\n",
        "src/http/lift.ts": 'import { daemon } from "../daemon.ts";\nexport const roof = daemon;\n',
      }),
    );
    expect(passed).toBe(false);
    for (const rule of ["door-of-coap", "face-of-coap", "only-io-has-drivers", "daemon-is-the-roof"])
      expect(output).toContain(rule);
  });

  it("fails on a circle that consists of types only", async () => {
    const { passed, output } = await layers(
      await house({
        "src/base/hen.ts": 'import type { Egg } from "./egg.ts";\nexport interface Hen { readonly lays: Egg }\n',
        "src/base/egg.ts": 'import type { Hen } from "./hen.ts";\nexport interface Egg { readonly becomes: Hen }\n',
      }),
    );
    expect(passed).toBe(false);
    expect(output).toContain("no-circle");
    expect(output).toMatch(/hen\.ts[\s\S]*egg\.ts/);
  });
});

describe("the linter", () => {
  let verdict: Verdict;
  let complaints: Map<string, string>;

  beforeAll(async () => {
    const folder = await house({
      "src/coap/floating.ts":
        "/** Nobody waits. */\nconst work = async (): Promise<void> => Promise.resolve();\nexport function go(): void {\n  work();\n}\n",
      "src/coap/too-long.ts": `/** Long. */\n${Array.from({ length: 400 }, (_, i) => `export const n${i} = ${i};\n`).join("")}`,
      "src/coap/long-function.ts": functionOf(60),
      "src/coap/any.ts": "/** Anything goes. */\nexport function first(list: any): unknown {\n  return list[0];\n}\n",
      "src/coap/timer.ts":
        "/** Waits by itself. */\nexport const wait = () => setTimeout(() => undefined, Date.now());\n",
      "src/coap/many.ts":
        "/** Too many. */\nexport const sum = (a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e;\n",
      "src/coap/sixty.ts": functionOf(56),
    });
    verdict = await lint(folder);
    complaints = new Map(
      verdict.output.split(/\n(?=\/)/).map((section) => [/src\/\S+/.exec(section)?.[0] ?? "", section] as const),
    );
  }, 60_000);

  it("fails", () => {
    expect(verdict.passed).toBe(false);
  });

  it.each([
    ["src/coap/floating.ts", "no-floating-promises", "a floating promise"],
    ["src/coap/too-long.ts", "max-lines", "a file of more than 400 lines"],
    ["src/coap/long-function.ts", "max-lines-per-function", "a function of more than 60 lines"],
    ["src/coap/any.ts", "no-explicit-any", "an any"],
    ["src/coap/timer.ts", "no-restricted-globals", "a timer that does not come from the clock"],
    ["src/coap/timer.ts", "no-restricted-properties", "a time of day that does not come from the clock"],
    ["src/coap/many.ts", "max-params", "five parameters"],
  ])("stops %s by %s: %s", (file, rule) => {
    expect(complaints.get(file)).toContain(rule);
  });

  it.each(["src/coap/count.ts", "src/coap/index.ts", "src/lwm2m/client.ts", "src/coap/sixty.ts"])(
    "has nothing to say about %s",
    (file) => {
      expect(complaints.has(file)).toBe(false);
    },
  );
});
