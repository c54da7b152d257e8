/** `isthmus device test`: golden frames run, differences named, an exit code for scripts. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { deviceTest } from "../../src/cli/device/test.ts";
import { loadDevices } from "../../src/library/index.ts";
import { changed, THERMOMETER } from "../support/definitions.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with the given definitions; returns its path. */
function folder(...texts: readonly string[]): string {
  const path = mkdtempSync(join(tmpdir(), "devices-"));
  folders.push(path);
  for (const [i, text] of texts.entries()) writeFileSync(join(path, `${i}.yaml`), text);
  return path;
}

async function run(...paths: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await deviceTest(paths, (line) => lines.push(line));
  return { code, lines };
}

describe("device test", () => {
  it("passes every definition that comes with Isthmus", async () => {
    const { code, lines } = await run();
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith("ok"))).toHaveLength([...loadDevices().library.devices()].length);
    expect(lines.at(-1)).toMatch(/^\d+ definitions, \d+ frames, all as expected; every field proven$/);
  });

  it("takes folders and single files", async () => {
    const path = folder(THERMOMETER);
    expect(await run(path)).toEqual({
      code: 0,
      lines: [
        "ok   acme.thermometer             1 frame, 2 fields",
        "1 definition, 1 frame, all as expected; every field proven",
      ],
    });
    expect((await run(join(path, "0.yaml"), path)).code).toBe(0);
  });

  it("names each field that differs, with both values", async () => {
    const path = folder(changed(["temperature: 22.9, counter: 1", "temperature: 22.8, counter: null, humidity: 40"]));
    const { code, lines } = await run(path);
    expect(code).toBe(1);
    expect(lines).toEqual([
      "FAIL acme.thermometer: a room",
      "     temperature: expected 22.8, got 22.9",
      "     counter: expected null (not available), got 1",
      "     humidity: expected 40, got nothing",
      "1 definition, 1 frame, 1 failed",
    ]);
  });

  it("names the fields that no frame gives a value", async () => {
    const { code, lines } = await run(folder(changed(["temperature: 22.9, counter: 1", "temperature: 22.9"])));
    expect(code).toBe(0);
    expect(lines).toEqual([
      "ok   acme.thermometer             1 frame, 1 of 2 fields; no frame gives counter",
      "1 definition, 1 frame, all as expected; 1 field unproven",
    ]);
  });

  it("names frames that are refused, or should have been", async () => {
    const refused = await run(folder(changed(["hex: 08F2 01 00", "hex: 08F2"])));
    expect(refused.lines).toContain("     recognised as nothing instead of acme.thermometer");
    expect(refused.lines).toContain("     refused: 2 bytes, 3 wanted");
    const passed = await run(folder(changed(["expect: { temperature: 22.9, counter: 1 }", "error: too hot"])));
    expect(passed.lines).toContain("     not refused, expected: too hot");
  });

  it("names frames that another definition would take", async () => {
    const greedy = changed(["acme.thermometer", "acme.greedy"], ["length: 4", 'length: 4, prefix: "08"']);
    const { code, lines } = await run(folder(THERMOMETER, greedy));
    expect(code).toBe(1);
    expect(lines).toContain("     recognised as acme.greedy instead of acme.thermometer");
  });

  it("names mistakes with file, line and column, and still tests the others", async () => {
    const { code, lines } = await run(folder(changed(["scale: 0.01", "scal: 0.01"]), THERMOMETER));
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/0\.yaml:12:55 unknown key "scal" \(did you mean "scale"\?\)$/);
    expect(lines.some((line) => line.startsWith("ok   acme.thermometer "))).toBe(true);
  });

  it("fails for a path that does not exist", async () => {
    const { code, lines } = await run("/no/such/folder");
    expect(code).toBe(1);
    expect(lines[0]).toContain("FAIL /no/such/folder: ENOENT");
  });
});
