import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The declarations that plugin authors compile against. */
function emitted(): string {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    noLib: true,
    types: [],
    rewriteRelativeImportExtensions: true,
    exactOptionalPropertyTypes: true,
  };
  let text = "";
  const program = ts.createProgram([`${root}src/sdk/adapter.ts`], options);
  program.emit(program.getSourceFile(`${root}src/sdk/adapter.ts`), (_file, content) => (text += content));
  return text;
}

describe("the plugin API", () => {
  it("is what test/sdk/adapter.surface.txt says: to change it, change that file too, and mind SDK_LEVEL", () => {
    expect(emitted()).toBe(readFileSync(new URL("adapter.surface.txt", import.meta.url), "utf8"));
  });

  it("stays under a hundred lines, with ten names of its own", () => {
    const source = readFileSync(`${root}src/sdk/adapter.ts`, "utf8");
    expect(source.split("\n").length).toBeLessThan(100);
    const names = source.match(/^export (?:interface|type(?! \{)|const|function) /gm) ?? [];
    expect(names.length).toBe(10);
  });
});
