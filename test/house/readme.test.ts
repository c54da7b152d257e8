/** The README keeps its word: its commands exist, its configuration is good, its definition and its adapter work. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatProblem, readConfig } from "../../src/config/index.ts";
import { adapterSettings } from "../../src/daemon.ts";
import { Library, standardModels } from "../../src/library/index.ts";
import type { Frame } from "../../src/sdk/adapter.ts";
import { silentLog } from "../../src/base/log.ts";
import { oneWire } from "../examples/one-wire.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const HOUSE = new URL("../..", import.meta.url).pathname;
const read = (name: string) => readFileSync(join(HOUSE, name), "utf8");
const README = read("README.md");

/** Fenced blocks of a language, in order. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

/** Commands of shell blocks, comments and continuations cut off. */
function commands(text: string): string[] {
  return blocks(text, "sh")
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => line.replace(/\s#.*$/, "").split("&&"))
    .map((command) => command.trim())
    .filter((command) => command !== "");
}

const ALL = ["README.md", "CONTRIBUTING.md", "docs/config.md", "docs/interop.md"].flatMap((name) =>
  commands(read(name)),
);
const KEY = "000102030405060708090a0b0c0d0e0f";
const NO_SECRETS = {
  env: (name: string) => `the ${name}`,
  file: (path: string) => (path.endsWith(".key") ? KEY : `what ${path} holds`),
  credential: () => KEY,
};

function problemsOf(yaml: string): string[] {
  const { problems } = readConfig(yaml, "isthmus.yaml", { adapters: adapterSettings(), secrets: NO_SECRETS });
  return problems.map(formatProblem);
}

describe("commands in the papers", () => {
  const scripts = new Set([...read("package.json").matchAll(/^ {4}"([\w:]+)": "/gm)].map(([, name]) => name));

  it("of npm are scripts of the package", () => {
    const wanted = ALL.flatMap((command) => {
      const script = /^npm (?:run )?(test:interop|check|bench|build|format|start|test)\b/.exec(command)?.[1];
      return script === undefined ? [] : [script];
    });
    expect(wanted.length).toBeGreaterThan(8);
    for (const script of wanted) expect(scripts.has(script), script).toBe(true);
    const others = ALL.filter((command) => command.startsWith("npm ")).filter(
      (command) => !/^npm (ci|link|start|test|run (\S+))$/.test(command),
    );
    expect(others).toEqual([]);
  });

  it("of isthmus exist with these words", async () => {
    const ours = ALL.filter((command) => command.startsWith("isthmus")).map((command) => command.replace(/ <.*$/, ""));
    expect(ours.length).toBeGreaterThan(4);
    for (const command of ours) {
      const words = command
        .split(" ")
        .slice(1)
        .filter((word) => !word.startsWith("/"));
      // Everything but the help would really run.
      const name = words.filter((word) => !word.startsWith("-")).slice(0, 2);
      const console = new FakeSurroundings();
      expect(await console.run([...name, "--help"].join(" ").trim()), command).toBe(0);
      for (const option of words.filter((word) => word.startsWith("--"))) expect(console.out).toContain(option);
    }
  });

  it("that copy files name files that are there", () => {
    const copied = ALL.flatMap((command) => {
      const file = /^sudo cp (?:-r )?(\S+) /.exec(command)?.[1];
      return file === undefined ? [] : [file];
    });
    expect(copied.length).toBeGreaterThan(3);
    for (const file of copied) expect(existsSync(join(HOUSE, file)), file).toBe(true);
  });
});

describe("examples in the README", () => {
  const [config = "", definition = ""] = blocks(README, "yaml");

  it("the configuration has no problem", () => {
    expect(config).toContain("gateway:");
    expect(problemsOf(config)).toEqual([]);
  });

  it("the definition loads, and its own tests pass", () => {
    const { library, problems } = Library.load([{ name: "soil.yaml", text: definition }], standardModels());
    expect(problems).toEqual([]);
    const device = library.get("garden.soil-probe");
    expect(device?.instances).toContain("/3303/0");
  });

  it("the definition reads the line that the text speaks of", () => {
    const { library } = Library.load([{ name: "soil.yaml", text: definition }], standardModels());
    const frame: Frame = {
      source: "/dev/serial/by-id/usb-probe",
      at: { ms: 0, trusted: true },
      payload: { kind: "text", text: "SOIL,18.4,37,3012" },
    };
    const device = library.match(frame);
    expect(device?.decode(frame)?.fields.get("temperature")).toEqual({ value: 18.4, unit: "Cel" });
    expect(device?.identify(frame)?.endpoint).toBe("soil-usb-probe");
  });

  it("the adapter is the one that these tests run, word for word", () => {
    const [adapter = ""] = blocks(README, "ts");
    expect(adapter).toBe(read("test/examples/one-wire.ts").replace("../../src/sdk/adapter.ts", "../sdk/adapter.ts"));
  });

  it("every server's line in the table is good configuration", () => {
    const lines = [...README.matchAll(/^\|.*\| `(\{ uri: .*?\})` \|/gm)].map((match) => match[1] ?? "");
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) expect(problemsOf(`server: ${line}\n`)).toEqual([]);
  });
});

describe("examples in docs/config.md", () => {
  const examples = blocks(read("docs/config.md"), "yaml");

  it("there is one for every type of adapter", () => {
    for (const type of adapterSettings().keys()) expect(examples.join("\n")).toMatch(new RegExp(`type: ${type}\\b`));
  });

  it.each(examples.map((example, index) => [index + 1, example] as const))(
    "example %d has no problem",
    (_, example) => {
      // A piece of a file: the server that every whole file has is added.
      const whole = /^servers?:/m.test(example) ? example : `server: { uri: "coap://127.0.0.1" }\n${example}`;
      expect(problemsOf(whole)).toEqual([]);
    },
  );
});

describe("the adapter of the README", () => {
  const start = async (readText: (path: string) => Promise<string>) => {
    const clock = new FakeClock();
    const frames: Frame[] = [];
    const stopping = new AbortController();
    const plugin = oneWire(readText);
    const host = { signal: stopping.signal, clock, log: silentLog, emit: (frame: Frame) => void frames.push(frame) };
    const adapter = await plugin.start(host, plugin.config.parse({ path: "/sys/w1" }));
    return { clock, frames, adapter, stopping };
  };

  it("emits what it reads, every ten seconds", async () => {
    const { clock, frames, adapter } = await start(() => Promise.resolve("21500\n"));
    await clock.advance(25_000);
    expect(frames.map(({ source, payload }) => [source, payload])).toEqual(
      Array(3).fill(["/sys/w1", { kind: "text", text: "21500" }]),
    );
    expect(adapter.health()).toEqual({ state: "ok" });
    await adapter.stop();
    await clock.advance(60_000);
    expect(frames).toHaveLength(3);
  });

  it("says so when the sensor is gone, and when it is back", async () => {
    let there = false;
    const { clock, frames, adapter } = await start(() =>
      there ? Promise.resolve("1") : Promise.reject(new Error("gone")),
    );
    await clock.advance(1_000);
    expect(adapter.health()).toMatchObject({ state: "down" });
    there = true;
    await clock.advance(10_000);
    expect(adapter.health()).toEqual({ state: "ok" });
    expect(frames).toHaveLength(1);
  });
});
