/** What is loaded, and so held in memory, before anybody has asked for it: by the imports that do not wait. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const HOUSE = new URL("../../", import.meta.url);
/** From `import` or `export` to its module, over lines; what is of types alone goes when it is compiled. */
const IMPORT = /^(?:import|export)\s+(?!type\s)(?:[\w*{][^;"]*?from\s+)?"(?<from>[^"]+)"/gm;

/** All that these files bring with them: files of ours, and packages. */
function loadedBy(...files: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(files);
  // A set hands out what is added on the way.
  for (const file of loaded) {
    if (!file.startsWith("src/")) continue;
    const text = readFileSync(new URL(file, HOUSE), "utf8");
    for (const { groups } of text.matchAll(IMPORT)) loaded.add(resolved(groups?.["from"] ?? "", file));
  }
  return loaded;
}

const resolved = (name: string, from: string) =>
  name.startsWith(".") ? new URL(name, new URL(from, HOUSE)).href.slice(HOUSE.href.length) : name;

const packages = (loaded: ReadonlySet<string>) =>
  [...loaded].filter((name) => !name.startsWith("src/") && !name.startsWith("node:")).sort();

const rooms = (loaded: ReadonlySet<string>) =>
  new Set([...loaded].flatMap((name) => /^src\/(?<room>[\w-]+)\//.exec(name)?.groups?.["room"] ?? []));

describe("a small computer", () => {
  it("loads for a gateway no lab, no page, and no package that only some gateways need", () => {
    const loaded = loadedBy("src/cli/main.ts", "src/cli/config-file.ts", "src/daemon.ts");
    expect(packages(loaded)).toEqual(["commander", "yaml", "zod"]);
    expect([...rooms(loaded)].sort()).toEqual(
      ["adapters", "base", "cli", "coap", "config", "content", "dial", "dtls", "gateway", "host", "io"].concat([
        "library",
        "lwm2m",
        "model",
        "oscore",
        "sdk",
      ]),
    );
    expect([...loaded].filter((name) => name === "src/model/ddf.ts" || name === "src/lab-server.ts")).toEqual([]);
  });

  it("loads for the line of a command, before the command runs, what reads the line and nothing else", () => {
    const loaded = loadedBy("src/cli/main.ts");
    expect(packages(loaded)).toEqual(["commander"]);
    expect([...rooms(loaded)].sort()).toEqual(["base", "cli"]);
  });

  it("loads for clients without a gateway no definitions and nothing that checks them", () => {
    const loaded = loadedBy("src/lwm2m/index.ts", "src/dial/index.ts");
    expect(packages(loaded)).toEqual([]);
    expect(rooms(loaded).has("library")).toBe(false);
  });

  it("loads where something asks for a lab all that a lab needs, which this test must see", () => {
    const loaded = loadedBy("src/lab-server.ts");
    expect(packages(loaded)).toEqual(["coap"]);
    expect(rooms(loaded).has("lab")).toBe(true);
  });
});
