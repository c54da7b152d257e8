/** The unit and its companions, read by systemd's own tools. */

import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { output, program } from "./support/programs.ts";

const SYSTEMD = new URL("../../systemd", import.meta.url).pathname;

let folder: string;
let unit: string;
let text: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-systemd-"));
  unit = join(folder, "isthmus.service");
  text = await readFile(join(SYSTEMD, "isthmus.service"), "utf8");
  // `verify` wants programs that exist; where Node lies differs from machine to machine.
  await writeFile(unit, text.replace(/^ExecStart=node /m, `ExecStart=${process.execPath} `));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const values = (key: string): string[] =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map((match) => match[1] ?? "");

describe("isthmus.service", () => {
  it("is clean to systemd-analyze verify", async () => {
    const { text: said, code } = await output(program("systemd-analyze"), ["verify", unit]);
    expect(said).toBe("");
    expect(code).toBe(0);
  });

  it("is exposed no more than 1.5 of 10", async () => {
    const args = ["security", "--offline=true", "--threshold=15", "--no-pager", unit];
    const { text: said, code } = await output(program("systemd-analyze"), args);
    const exposure = Number(/Overall exposure level for isthmus\.service: ([\d.]+)/.exec(said)?.[1]);
    expect(exposure).toBeLessThanOrEqual(1.5);
    expect(code).toBe(0);
  });

  it("tells systemd when it is ready and that it lives", () => {
    expect(values("Type")).toEqual(["notify"]);
    expect(values("NotifyAccess")).toEqual(["all"]);
    expect(values("WatchdogSec")).toEqual(["30"]);
  });

  it("comes back whatever happens, except where only a person can help", () => {
    expect(values("Restart")).toEqual(["always"]);
    expect(values("RestartPreventExitStatus")).toEqual(["2 78"]);
    expect(values("StartLimitBurst")).toHaveLength(1);
  });

  it("has its own user, no capability, room for many sockets and a bound on memory", () => {
    expect(values("User")).toEqual(["isthmus"]);
    expect(values("CapabilityBoundingSet")).toEqual([""]);
    expect(values("AmbientCapabilities")).toEqual([""]);
    expect(values("LimitNOFILE")).toEqual(["65536"]);
    expect(values("MemoryMax")).toEqual(["512M"]);
    expect(values("StateDirectory")).toEqual(["isthmus"]);
  });

  it("does not forbid what V8 needs", () => {
    expect(values("MemoryDenyWriteExecute")).toEqual([]);
  });

  it("gives the daemon longer to stop than it needs to de-register", () => {
    expect(Number(values("TimeoutStopSec")[0])).toBeGreaterThan(5);
  });
});

describe("bluetooth.conf", () => {
  it("adds the two capabilities that raw HCI needs, and verifies as well", async () => {
    const dropIns = join(folder, "isthmus.service.d");
    await mkdir(dropIns);
    await cp(join(SYSTEMD, "isthmus.service.d/bluetooth.conf"), join(dropIns, "bluetooth.conf"));
    const { text: said, code } = await output(program("systemd-analyze"), ["verify", unit]);
    expect(said).toBe("");
    expect(code).toBe(0);
    const dropIn = await readFile(join(dropIns, "bluetooth.conf"), "utf8");
    expect(dropIn).toMatch(/^AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN$/m);
    expect(dropIn).toMatch(/^RestrictAddressFamilies=AF_BLUETOOTH$/m);
  });
});

describe("the companions", () => {
  it("sysusers makes the user and puts it among those who may open serial ports", async () => {
    const root = join(folder, "root");
    await mkdir(join(root, "etc"), { recursive: true });
    const { code } = await output(program("systemd-sysusers"), [`--root=${root}`, join(SYSTEMD, "sysusers.conf")]);
    expect(code).toBe(0);
    expect(await readFile(join(root, "etc/passwd"), "utf8")).toMatch(
      /^isthmus:x:\d+:\d+:[^:]*:\/var\/lib\/isthmus:.*nologin$/m,
    );
    expect(await readFile(join(root, "etc/group"), "utf8")).toMatch(/^dialout:x:\d+:isthmus$/m);
  });

  it("tmpfiles makes folders that others cannot read", async () => {
    const root = join(folder, "root");
    const { code } = await output(program("systemd-tmpfiles"), [
      "--create",
      `--root=${root}`,
      join(SYSTEMD, "tmpfiles.conf"),
    ]);
    expect(code).toBe(0);
    expect((await stat(join(root, "etc/isthmus"))).mode & 0o777).toBe(0o750);
    expect((await stat(join(root, "var/lib/isthmus"))).mode & 0o777).toBe(0o700);
  });

  it("udev rules jump only to labels that exist, and quote every value", async () => {
    const rules = await readFile(join(SYSTEMD, "99-isthmus.rules"), "utf8");
    const labels = [...rules.matchAll(/LABEL="(\w+)"/g)].map((match) => match[1]);
    const jumps = [...rules.matchAll(/GOTO="(\w+)"/g)].map((match) => match[1]);
    expect(jumps.length).toBeGreaterThan(0);
    for (const jump of jumps) expect(labels).toContain(jump);
    for (const line of rules.split("\n").filter((line) => line !== "" && !line.startsWith("#")))
      for (const part of line.split(/, /)) expect(part).toMatch(/^[A-Z]+(\{\w+\})?(==|!=|=|\+=)"[^"]*"$/);
  });
});
