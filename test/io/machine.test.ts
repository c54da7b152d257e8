import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLines } from "../../src/io/lines-file.ts";
import { machineFacts, machineState } from "../../src/io/machine.ts";

let root: string;
beforeEach(async () => {
  root = `${await mkdtemp(join(tmpdir(), "isthmus-machine-"))}/`;
});
afterEach(async () => rm(root, { recursive: true }));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(root + path), { recursive: true });
  await writeFile(root + path, content);
}

describe("a Raspberry Pi", () => {
  beforeEach(async () => {
    await put("sys/firmware/devicetree/base/model", "Raspberry Pi 4 Model B Rev 1.4\0");
    await put("sys/firmware/devicetree/base/serial-number", "10000000a1b2c3d4\0");
    await put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    await put("etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n');
    await put("proc/meminfo", "MemTotal:        3885396 kB\nMemFree:  100 kB\nMemAvailable:    2873112 kB\n");
    await put("sys/class/thermal/thermal_zone0/temp", "48312\n");
  });

  it("tells maker, model, serial number and system", async () => {
    expect(await machineFacts({ root })).toMatchObject({
      maker: "Raspberry Pi",
      model: "Raspberry Pi 4 Model B Rev 1.4",
      serial: "10000000a1b2c3d4",
      os: "Debian GNU/Linux 12 (bookworm)",
    });
  });

  it("has an id that is always the same and is not the machine's own", async () => {
    const { id } = await machineFacts({ root });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toContain("0123456789abcdef");
    expect((await machineFacts({ root })).id).toBe(id);
    await put("etc/machine-id", "fedcba9876543210fedcba9876543210\n");
    expect((await machineFacts({ root })).id).not.toBe(id);
  });

  it("tells what memory can still be had, and how warm it is", async () => {
    expect(await machineState(root, { root })).toMatchObject({ freeMemory: 2_873_112 * 1_024, temperature: 48.312 });
    expect((await machineState(root, { root })).freeDisk).toBeGreaterThan(0);
  });
});

describe("a machine that says little", () => {
  it("has no facts made up for it", async () => {
    const facts = await machineFacts({ root });
    for (const absent of ["maker", "model", "serial", "id", "os"]) expect(facts).not.toHaveProperty(absent);
    expect(facts.memory).toBeGreaterThan(0);
    const state = await machineState(undefined, { root });
    expect(state).not.toHaveProperty("temperature");
    expect(state).not.toHaveProperty("freeDisk");
    expect(state.freeMemory).toBeGreaterThan(0);
  });

  it("is not believed when its firmware repeats the form's own words", async () => {
    await put("sys/class/dmi/id/product_name", "To Be Filled By O.E.M.\n");
    await put("sys/class/dmi/id/sys_vendor", "Default string\n");
    await put("sys/class/dmi/id/product_serial", "00000000\n");
    const facts = await machineFacts({ root });
    for (const absent of ["maker", "model", "serial"]) expect(facts).not.toHaveProperty(absent);
  });

  it("may be a PC", async () => {
    await put("sys/class/dmi/id/product_name", "OptiPlex 3050\n");
    await put("sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
    expect(await machineFacts({ root })).toMatchObject({ maker: "Dell Inc.", model: "OptiPlex 3050" });
  });

  it("may live where no state folder is", async () => {
    expect(await machineState(`${root}nowhere`, { root })).not.toHaveProperty("freeDisk");
  });
});

describe("reading lines of a file", () => {
  const all = async (path: string) => {
    const lines: string[] = [];
    for await (const line of readLines(path)) lines.push(line);
    return lines;
  };

  it("gives each, the last one too, in UTF-8 across the edges of chunks", async () => {
    const long = "°".repeat(70_000);
    await put("x.jsonl", `one\r\n${long}\n\nlast`);
    expect(await all(`${root}x.jsonl`)).toEqual(["one", long, "", "last"]);
  });

  it("fails if there is no such file", async () => {
    await expect(all(`${root}nowhere`)).rejects.toThrow(/ENOENT/);
  });
});
