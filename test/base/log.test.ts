import { describe, expect, it } from "vitest";
import { lineLog, type LineLogOptions } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { FakeClock } from "../support/fake-clock.ts";

function logTo(lines: string[], clock = new FakeClock(), options: Partial<LineLogOptions> = {}) {
  return lineLog({ write: (line) => lines.push(line), clock, level: "info", style: "journal", ...options });
}

describe("the log", () => {
  it("writes one line with the priority that journald reads", () => {
    const lines: string[] = [];
    logTo(lines).with({ endpoint: "ruuvi-1" }).warn("refused", { code: "4.03", reason: "unknown endpoint", tries: 2 });
    expect(lines).toEqual(['<4>refused endpoint=ruuvi-1 code=4.03 reason="unknown endpoint" tries=2\n']);
  });

  it("keeps a value with line breaks on one line", () => {
    const lines: string[] = [];
    logTo(lines).info("heard", { text: "a\n<0>forged", error: new Error("b\nc") });
    expect(lines.join("").match(/\n/g)).toHaveLength(1);
  });

  it("leaves out what is below its level, and fields that are undefined", () => {
    const lines: string[] = [];
    const log = logTo(lines);
    log.debug("noise");
    log.info("said", { a: undefined, b: 1 });
    expect(lines).toEqual(["<6>said b=1\n"]);
  });

  it("counts a repeated warning instead of repeating it", async () => {
    const lines: string[] = [];
    const clock = new FakeClock();
    const log = logTo(lines, clock);
    for (let i = 0; i < 1_000; i++) log.warn("port gone", { path: "/dev/x" });
    expect(lines).toHaveLength(1);
    await clock.advance(61_000);
    log.warn("port gone", { path: "/dev/x" });
    expect(lines[1]).toContain("repeated=999");
  });

  it("never shows a secret, however it is logged", () => {
    const lines: string[] = [];
    const secret = new Secret("hunter2", "!env PASSWORD");
    logTo(lines).info("connected", { password: secret, options: { password: secret }, text: String(secret) });
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines.join("")).toContain("!env PASSWORD");
    expect(secret.reveal()).toBe("hunter2");
  });
});
