import { describe, expect, it } from "vitest";
import { readVersion } from "../../src/cli/program.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const COMMANDS = ["status", "run", "lab", "config check", "config schema", "device test", "decode"];

describe("isthmus --help", () => {
  it("lists every command with what it is for", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("--help")).toBe(0);
    for (const command of ["status", "run", "lab", "config", "device", "decode"])
      expect(console.out).toMatch(new RegExp(`^  ${command}\\b.+\\w{3}`, "m"));
    expect(console.err).toBe("");
  });

  it("says what the exit codes mean and gives examples", async () => {
    const console = new FakeSurroundings();
    await console.run("--help");
    expect(console.out).toContain("Exit codes: 0 done, 1 a problem was found, 2 wrong usage, 69");
    expect(console.out).toContain("$ isthmus run --config isthmus.yaml");
  });

  it.each(COMMANDS)("of %s gives one example that starts with the command itself", async (command) => {
    const console = new FakeSurroundings();
    expect(await console.run(`${command} --help`)).toBe(0);
    expect(console.out.match(/^Example/gm)).toHaveLength(1);
    expect(console.out).toMatch(new RegExp(`\\$ .*isthmus ${command}`));
  });

  it.each(COMMANDS)("of %s fits into a hundred columns, its example excepted", async (command) => {
    const console = new FakeSurroundings();
    await console.run(`${command} --help`);
    const long = console.out.split("\n").filter((line) => line.length > 100 && !line.startsWith("  $ "));
    expect(long).toEqual([]);
  });

  it("knows the version of the package", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("--version")).toBe(0);
    expect(console.out).toBe(`${readVersion()}\n`);
    expect(readVersion()).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("wrong usage", () => {
  it("ends with 2 and one line that says what is wrong", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("run --confg x.yaml")).toBe(2);
    expect(console.err).toContain("isthmus: unknown option '--confg'");
    expect(console.err).toContain("Did you mean --config?");
  });

  it("suggests the command that was probably meant", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("devcie test")).toBe(2);
    expect(console.err).toBe('isthmus: there is no command "devcie"\n  to do    did you mean: isthmus device\n');
  });

  it("points to the list where nothing is near", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("frobnicate")).toBe(2);
    expect(console.err).toContain("isthmus --help lists them");
  });

  it("refuses a port that is none", async () => {
    for (const bad of ["70000", "-1", "http", "5683x", ""]) {
      const console = new FakeSurroundings();
      expect(await console.run(`lab --port=${bad}`)).toBe(2);
      expect(console.err).toContain("A port is a number from 0 to 65535");
    }
  });

  it("refuses a level of logging that does not exist, and names those that do", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("run --log loud")).toBe(2);
    expect(console.err).toContain("debug, info, warn, error");
  });

  it("never shows a stack trace", async () => {
    for (const line of ["run --confg", "devcie", "lab --port no", "config chekc", "--url nonsense"]) {
      const console = new FakeSurroundings();
      await console.run(line);
      expect(console.err).not.toMatch(/^\s+at /m);
      expect(console.err.length).toBeGreaterThan(0);
    }
  });
});
