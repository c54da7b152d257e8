import { describe, expect, it } from "vitest";
import { SessionStore } from "../../src/dtls/sessions.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { MemoryStore } from "../gateway/rig.ts";
import { session } from "./support/fake-association.ts";

const SERVER = "coaps://server:5684";
const DAY = 24 * 3_600_000;

function store(file = new MemoryStore(), clock = new FakeClock()) {
  const log = new MemoryLog();
  return { file, clock, log, sessions: new SessionStore({ clock, log, file }) };
}

/** What a process finds that starts with this text. */
async function found(text: string | undefined) {
  const after = store(new MemoryStore(text));
  await after.sessions.load();
  return after;
}

describe("kept sessions", () => {
  it("are there again after a restart, each for its own server and endpoint", async () => {
    const { file, sessions } = store();
    sessions.set(SERVER, "a", session(1));
    sessions.set(SERVER, "b", { ...session(2), extendedMasterSecret: false, credentials: "schlüssel" });
    await sessions.close();
    const after = await found(file.text);
    expect(after.sessions.size).toBe(2);
    expect(after.sessions.get(SERVER, "a")).toEqual(session(1));
    expect(after.sessions.get(SERVER, "b")).toEqual({
      ...session(2),
      extendedMasterSecret: false,
      credentials: "schlüssel",
    });
    expect(after.sessions.get(SERVER, "c")).toBeUndefined();
    expect(after.sessions.get("coaps://other:5684", "a")).toBeUndefined();
  });

  it("are written together, some time after the first has changed", async () => {
    const { file, clock, sessions } = store();
    for (let n = 0; n < 100; n++) {
      sessions.set(SERVER, `e${n}`, session());
      await clock.advance(100);
    }
    expect(file.writes).toBe(0);
    await clock.advance(60_000);
    expect(file.writes).toBe(1);
    await sessions.close();
    expect(file.writes).toBe(1);
  });

  it("are not offered any more when they are a day old (RFC 5246 §F.1.4)", async () => {
    const { file, clock, sessions } = store();
    sessions.set(SERVER, "a", session());
    await clock.advance(DAY - 1_000);
    expect(sessions.get(SERVER, "a")).toBeDefined();
    await clock.advance(2_000);
    expect(sessions.get(SERVER, "a")).toBeUndefined();
    await clock.advance(60_000);
    expect(file.text).not.toContain("server");
  });

  it("are offered while nobody can say how old they are", async () => {
    const { clock, sessions } = store();
    sessions.set(SERVER, "a", session());
    clock.trusted = false;
    clock.jump(400 * DAY);
    expect(sessions.get(SERVER, "a")).toBeDefined();
  });

  it("have an end: those not used for longest go first", () => {
    const { sessions } = store();
    for (let n = 0; n < 20_010; n++) {
      sessions.set(SERVER, `e${n}`, session(n & 127));
      sessions.get(SERVER, "e0");
    }
    expect(sessions.size).toBe(20_000);
    expect(sessions.get(SERVER, "e0")).toBeDefined();
    expect(sessions.get(SERVER, "e5")).toBeUndefined();
  });

  it("may be gone or damaged: then all shake hands in full", async () => {
    const good = JSON.stringify({ version: 1, sessions: {} });
    const packed = "A".repeat(40);
    const texts = [
      undefined,
      "",
      "{",
      "[]",
      "null",
      "7",
      good.replace("1", "2"),
      '{"version":1}',
      '{"version":1,"sessions":null}',
      '{"version":1,"sessions":{"a b":7,"c d":"","e f":"***"}}',
      JSON.stringify({ version: 1, sessions: { [`${SERVER} a`]: packed, [`${SERVER} b`]: packed.repeat(9) } }),
    ];
    for (const text of texts) {
      const { sessions } = await found(text);
      expect([text, sessions.size]).toEqual([text, 0]);
    }
  });

  it("that cannot be written are no harm, and nothing of them is said in the log", async () => {
    const { file, clock, log, sessions } = store();
    file.fails = true;
    sessions.set(SERVER, "a", session());
    await clock.advance(60_000);
    expect(log.events("warn")).toEqual(["sessions-not-kept"]);
    expect(JSON.stringify(log.lines)).not.toContain(
      Buffer.from(session().masterSecret).toString("base64").slice(4, 20),
    );
    expect(sessions.get(SERVER, "a")).toBeDefined();
    file.fails = false;
    sessions.delete(SERVER, "a");
    sessions.delete(SERVER, "a");
    await sessions.close();
    expect(file.writes).toBe(1);
    expect(sessions.get(SERVER, "a")).toBeUndefined();
  });

  it("live in memory alone where there is no file", async () => {
    const sessions = new SessionStore({ clock: new FakeClock(), log: new MemoryLog() });
    await sessions.load();
    sessions.set(SERVER, "a", session());
    expect(sessions.get(SERVER, "a")).toEqual(session());
    await sessions.close();
  });
});
