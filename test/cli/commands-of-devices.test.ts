import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { linesOf } from "../../src/cli/commands/decode-command.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const folder = mkdtempSync(join(tmpdir(), "isthmus-cli-devices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ruuvi's own example of data format 5. */
const RUUVI = {
  kind: "advert",
  address: "CB:B8:33:4C:88:4F",
  manufacturer_data: { "0499": "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F" },
};

const DEFINITION = `schema: device/v1
id: test.counter
vendor: Test
model: Counter
match:    { serial: { line: "^COUNT," } }
identity: { endpoint: "counter-{source}" }
frame:    { csv: { columns: [kind, count] } }
alive:    { expect: 1m, stale: 5m, gone: 1h }
fields:
  count: { column: count, type: number }
objects:
  3300/0: { 5700: count }
tests:
  - name: seven
    text: "COUNT,7"
    expect: { count: 7 }
`;

async function decoded(input: readonly string[], line = "decode"): Promise<unknown[]> {
  const console = new FakeSurroundings({ input, folder });
  expect(await console.run(line)).toBe(0);
  return console.out
    .split("\n")
    .filter((text) => text !== "")
    .map((text): unknown => JSON.parse(text));
}

describe("isthmus decode", () => {
  it("reads an advert and says what it means", async () => {
    const [reading] = await decoded([`${JSON.stringify(RUUVI)}\n`]);
    expect(reading).toMatchObject({
      definition: "ruuvi.tag.df5",
      identity: "ruuvi-cbb8334c884f",
      readings: { temperature: { value: 24.3, unit: "Cel" }, humidity: { value: 53.49, unit: "%RH" } },
    });
  });

  it("gives one line for each line, however the bytes arrive", async () => {
    const line = `${JSON.stringify(RUUVI)}\n`;
    const whole = await decoded([line + line + line]);
    const torn = await decoded(Array.from({ length: 3 * line.length }, (_, i) => line.charAt(i % line.length)));
    expect(whole).toHaveLength(3);
    expect(torn).toEqual(whole);
  });

  it("takes a last line without an end, and passes blank ones over", async () => {
    expect(await decoded(["\n\n  \n", JSON.stringify(RUUVI)])).toHaveLength(1);
  });

  it("answers nonsense with what is wrong, and goes on", async () => {
    const answers = await decoded(['{"kind":"sms"}\nnonsense\n', JSON.stringify(RUUVI)]);
    expect(answers).toHaveLength(3);
    expect(answers[0]).toMatchObject({ definition: null, error: expect.stringContaining("sms") as string });
    expect(answers[1]).toMatchObject({ definition: null, error: expect.any(String) as string });
    expect(answers[2]).toMatchObject({ definition: "ruuvi.tag.df5" });
  });

  it("knows further definitions where they are named", async () => {
    writeFileSync(join(folder, "counter.yaml"), DEFINITION);
    const line = JSON.stringify({ kind: "text", text: "COUNT,7", source: "/dev/ttyUSB0" });
    expect(await decoded([line])).toMatchObject([{ definition: null }]);
    expect(await decoded([line], "decode --devices counter.yaml")).toMatchObject([
      { definition: "test.counter", readings: { count: { value: 7 } } },
    ]);
  });

  it("says which definitions it cannot read", async () => {
    const console = new FakeSurroundings({ folder });
    expect(await console.run("decode --devices nowhere")).toBe(1);
    expect(console.err).toContain("definitions cannot be read");
    expect(console.err).not.toMatch(/^\s+at /m);
  });

  it("of nothing is nothing", async () => {
    expect(await decoded([])).toEqual([]);
  });
});

describe("the lines of an input", () => {
  async function collect(chunks: readonly Uint8Array[]): Promise<string[]> {
    async function* arriving() {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    }
    const lines: string[] = [];
    for await (const some of linesOf(arriving())) lines.push(...some);
    return lines;
  }

  it("keep characters whole that two pieces share", async () => {
    const bytes = new TextEncoder().encode("21 °C\n");
    expect(await collect([bytes.slice(0, 4), bytes.slice(4)])).toEqual(["21 °C", ""]);
  });

  it("cannot fill the memory: one without an end is cut", async () => {
    const piece = new Uint8Array(300_000).fill(0x61);
    const [line, ...rest] = await collect(Array.from({ length: 40 }, () => piece));
    expect(line).toHaveLength(1_000_001);
    expect(rest).toEqual([]);
  });
});

describe("isthmus device test", () => {
  it("finds every definition that comes with Isthmus good", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("device test")).toBe(0);
    expect(console.out).toMatch(/\d+ frames, all as expected; every field proven\n$/);
  });

  it("names the frame that means something else, and ends with 1", async () => {
    writeFileSync(join(folder, "wrong.yaml"), DEFINITION.replace("{ count: 7 }", "{ count: 8 }"));
    const console = new FakeSurroundings({ folder });
    expect(await console.run("device test wrong.yaml")).toBe(1);
    expect(console.out).toContain("FAIL test.counter: seven");
    expect(console.out).toMatch(/count.*8|8.*count/);
  });

  it("names a mistake with its place", async () => {
    writeFileSync(join(folder, "typo.yaml"), DEFINITION.replace("vendor:", "vender:"));
    const console = new FakeSurroundings({ folder });
    expect(await console.run("device test typo.yaml")).toBe(1);
    expect(console.out).toMatch(/typo\.yaml:3:1/);
    expect(console.out).toContain("vendor");
  });

  it("gives machines problems and differences", async () => {
    const console = new FakeSurroundings({ folder });
    writeFileSync(join(folder, "wrong.yaml"), DEFINITION.replace("{ count: 7 }", "{ count: 8 }"));
    expect(await console.run("device test --json wrong.yaml typo.yaml nowhere.yaml")).toBe(1);
    expect(JSON.parse(console.out)).toMatchObject([
      { tests: [{ definition: "test.counter", name: "seven" }], problems: [] },
      { problems: [{ line: 1 }, { line: 3 }] },
      { error: expect.any(String) as string },
    ]);
    const good = new FakeSurroundings();
    expect(await good.run("device test --json")).toBe(0);
  });
});
