/** Machines of every kind, as their files describe them: a board, a computer, a container, an image never started. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLines } from "../../src/io/lines-file.ts";
import { machineFacts, machineState } from "../../src/io/machine.ts";
import { rebootMachine } from "../../src/io/reboot.ts";

let root: string;
beforeEach(async () => {
  root = `${await mkdtemp(join(tmpdir(), "isthmus-machines-"))}/`;
});
afterEach(() => rm(root, { recursive: true }));

async function files(content: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, text);
  }
}

const BOARD = "sys/firmware/devicetree/base";
const FIRMWARE = "sys/class/dmi/id";

describe("the facts of a machine", () => {
  it("of another board have no maker made up, but its model", async () => {
    await files({ [`${BOARD}/model`]: "Radxa ROCK 3A\0", [`${BOARD}/serial-number`]: "abc\0" });
    const facts = await machineFacts({ root });
    expect(facts).toMatchObject({ model: "Radxa ROCK 3A", serial: "abc" });
    expect(facts).not.toHaveProperty("maker");
  });

  it("of a container are those of its system alone", async () => {
    await files({ "etc/os-release": "NAME=Alpine\nPRETTY_NAME='Alpine Linux v3.20'\n", "etc/machine-id": "\n" });
    const facts = await machineFacts({ root });
    expect(facts.os).toBe("Alpine Linux v3.20");
    for (const absent of ["maker", "model", "serial", "id"]) expect(facts).not.toHaveProperty(absent);
  });

  it.each(["uninitialized", "", "0".repeat(32), "not an id", "0123456789abcdef", `${"a".repeat(32)}b`])(
    "have no id where /etc/machine-id says %j: copies of an image would be one machine",
    async (id) => {
      await files({ "etc/machine-id": `${id}\n` });
      expect(await machineFacts({ root })).not.toHaveProperty("id");
    },
  );

  it("have the id of an installation, whatever the case it is written in or what stands around it", async () => {
    await files({ "etc/machine-id": "  0123456789abcdef0123456789abcdef\n" });
    const { id } = await machineFacts({ root });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ["PRETTY_NAME=Debian\n", "Debian"],
    ["PRETTY_NAME=\"Debian '12'\"\n", "Debian '12'"],
    ['ID=x\nPRETTY_NAME=""\n', ""],
    ["NAME=only\n", undefined],
    ["# PRETTY_NAME=no\n", undefined],
  ])("name the system as os-release does: %j", async (content, os) => {
    await files({ "etc/os-release": content });
    expect((await machineFacts({ root })).os).toBe(os);
  });

  it.each(["None", "Not Specified", "System Serial Number", "to be filled by O.E.M.", "default string", "000000"])(
    "are not what a form says that nobody has filled in: %s",
    async (text) => {
      await files({ [`${FIRMWARE}/product_serial`]: text, [`${FIRMWARE}/product_name`]: text });
      const facts = await machineFacts({ root });
      expect([facts.serial, facts.model]).toEqual([undefined, undefined]);
    },
  );

  it("are there although files are folders, or bytes", async () => {
    await mkdir(`${root}etc/machine-id`, { recursive: true });
    await files({ [`${BOARD}/model`]: Uint8Array.of(0, 0, 0), "etc/os-release": Uint8Array.of(0xff, 0xfe, 0) });
    const facts = await machineFacts({ root });
    for (const absent of ["id", "model", "os"]) expect(facts).not.toHaveProperty(absent);
    expect(facts.kernel).not.toBe("");
    expect(facts.architecture).not.toBe("");
  });
});

describe("the state of a machine", () => {
  it.each([
    ["0\n", undefined],
    ["-1000\n", undefined],
    ["hot\n", undefined],
    ["61250\n", 61.25],
  ])("has the temperature that %j tells: %s", async (text, temperature) => {
    await files({ "sys/class/thermal/thermal_zone0/temp": text });
    expect((await machineState(undefined, { root })).temperature).toBe(temperature);
  });

  it("has the system's own figure of free memory where /proc tells none", async () => {
    await files({ "proc/meminfo": "MemFree: 100 kB\nMemAvailable: lots\n" });
    const { freeMemory, totalMemory, uptime } = await machineState(undefined, { root });
    expect(freeMemory).toBeGreaterThan(102_400);
    expect(totalMemory).toBeGreaterThanOrEqual(freeMemory);
    expect(uptime).toBeGreaterThan(0);
  });
});

describe("restarting the machine", () => {
  it("asks without waiting for a password, and says why it was refused", async () => {
    const asked: (readonly string[])[] = [];
    await rebootMachine((args) => {
      asked.push(args);
      return Promise.resolve();
    });
    expect(asked).toEqual([["--no-ask-password", "reboot"]]);
    await expect(rebootMachine(() => Promise.reject(new Error("Access denied")))).rejects.toThrow("Access denied");
  });
});

describe("a file of lines", () => {
  const all = async (content: string | Uint8Array) => {
    await files({ "x.jsonl": content });
    const lines: string[] = [];
    for await (const line of readLines(`${root}x.jsonl`)) lines.push(line);
    return lines;
  };

  it.each([
    ["", []],
    ["\n", [""]],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\n\nb", ["a", "", "b"]],
    ["a\r\nb\r", ["a", "b"]],
  ])("%j has these lines: %j", async (content, lines) => {
    expect(await all(content)).toEqual(lines);
  });

  it("without an end in sight is not kept in memory, and the lines after it are read", async () => {
    const lines = await all(`${"x".repeat(3_000_000)}\nnext\n`);
    expect(lines).toEqual(["next"]);
  });

  it("of a hundred thousand lines gives each of them", async () => {
    const lines = await all(Array.from({ length: 100_000 }, (_, i) => `{"n":${i}}`).join("\n"));
    expect(lines).toHaveLength(100_000);
    expect(lines[54_321]).toBe('{"n":54321}');
  });

  it("with bytes that are no UTF-8 shows them as what cannot be read, and goes on", async () => {
    expect(await all(Uint8Array.of(0xff, 10, 98, 10))).toEqual(["\ufffd", "b"]);
  });

  it("can be left in the middle", async () => {
    await files({ "x.jsonl": "a\nb\nc\n" });
    for await (const line of readLines(`${root}x.jsonl`)) {
      expect(line).toBe("a");
      break;
    }
  });
});
