/** The files of the page as a browser loads them: small, complete, and nothing from elsewhere. */

import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const folder = new URL("../../src/http/page/", import.meta.url);
const names = readdirSync(folder);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
const modules = names.filter((name) => name.endsWith(".ts"));
const assets = names.filter((name) => /\.(?:html|css|svg)$/.test(name));

describe("the page's files", () => {
  it("are under 100 kB in total, compiled", () => {
    const compiled = modules.map((name) => {
      const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true };
      return ts.transpileModule(read(name), { compilerOptions }).outputText.length;
    });
    const total = [...compiled, ...assets.map((name) => read(name).length)].reduce((sum, length) => sum + length, 0);
    expect(total).toBeLessThan(100_000);
  });

  it("ask nothing of another host", () => {
    for (const name of [...modules, ...assets]) {
      const foreign = read(name)
        .match(/(?:https?:)?\/\/[\w-]+\.[\w.-]+/g)
        ?.filter((url) => !url.endsWith("www.w3.org"));
      expect(foreign ?? [], name).toEqual([]);
    }
  });

  it("have no script, no style and no handler inside the markup, so that default-src 'self' holds", () => {
    const html = read("index.html");
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
    for (const name of modules) expect(read(name), name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|style:/);
  });

  it("name only files that are there", () => {
    const references = read("index.html") + read("style.css");
    const named = [...references.matchAll(/(?:href=|src=|url\()"([\w-]+\.\w+)"/g)].map((match) => match[1]!);
    expect(named).toContain("parts.css");
    expect(named).toContain("main.js");
    const there = [...assets, ...modules.map((name) => name.replace(/\.ts$/, ".js"))];
    for (const name of named) expect(there).toContain(name);
  });

  it("calm down for people who ask for it, and follow their choice of light and dark", () => {
    expect(read("style.css")).toContain("prefers-color-scheme: dark");
    const moving = assets.filter((name) => /animation:|transition:/.test(read(name)));
    expect(moving).toEqual(["parts.css"]);
    const [before, after] = read("parts.css").split("prefers-reduced-motion: no-preference");
    expect(before).not.toMatch(/animation:|transition:/);
    expect(after).toContain("animation:");
  });
});

describe("the colours", () => {
  const palettes = [...read("style.css").matchAll(/:root \{([^}]*--paper[^}]*)\}/g)].map(
    ([, block = ""]) =>
      new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, key, color]) => [key!, color!])),
  );

  it("stand out against what is behind them (WCAG 2 AA: 4.5 to 1), light and dark", () => {
    expect(palettes).toHaveLength(2);
    for (const palette of palettes)
      for (const [text, behind] of [
        ...["ink", "quiet", "accent", "good", "warn", "bad"].flatMap((color) => [
          [color, "paper"],
          [color, "surface"],
        ]),
        ["on-accent", "accent"],
        ["ink", "wash"],
        ["surface", "bad"],
      ] as const)
        expect(contrast(palette.get(text)!, palette.get(behind)!), `${text} on ${behind}`).toBeGreaterThanOrEqual(4.5);
  });
});

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
