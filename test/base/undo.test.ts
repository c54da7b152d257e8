/** What was started is stopped in the reverse order. */

import { describe, expect, it } from "vitest";
import { Undo } from "../../src/base/undo.ts";
import { MemoryLog } from "../support/memory-log.ts";

describe("undoing what was started", () => {
  it("goes backwards, one step after the other", async () => {
    const done: string[] = [];
    const undo = new Undo(new MemoryLog());
    for (const name of ["first", "second", "third"])
      undo.add(name, async () => {
        await Promise.resolve();
        done.push(name);
      });
    await undo.all();
    expect(done).toEqual(["third", "second", "first"]);
  });

  it("happens once, however often it is asked for", async () => {
    let times = 0;
    const undo = new Undo(new MemoryLog());
    undo.add("only", () => Promise.resolve((times += 1)));
    await Promise.all([undo.all(), undo.all()]);
    await undo.all();
    expect(times).toBe(1);
  });

  it("goes on after a step that fails, and says which one did", async () => {
    const log = new MemoryLog();
    const undo = new Undo(log);
    let stopped = false;
    undo.add("socket", () => Promise.resolve((stopped = true)));
    undo.add("disk", () => Promise.reject(new Error("full")));
    await undo.all();
    expect(stopped).toBe(true);
    expect(log.lines).toMatchObject([{ level: "error", event: "stop-failed", fields: { part: "disk" } }]);
  });
});
