import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CommandError, complain } from "../../src/cli/command-error.ts";
import { processLog } from "../../src/cli/process-log.ts";
import { greeting, startFailure, stopWithin } from "../../src/cli/commands/run-command.ts";
import { demoConfig } from "../../src/config/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const daemon = { url: "http://127.0.0.1:8080/", servers: ["coap://127.0.0.1:5683"] };
const STATE = "/h/ann/.local/state/isthmus";

describe("the greeting", () => {
  const console = new FakeSurroundings({ env: { HOME: "/h/ann" } });

  it("of the demonstration says what runs, what to open, and how to stop", () => {
    expect(greeting({ demo: true, config: demoConfig(), daemon, stateDir: `${STATE}/demo` }, console)).toBe(
      [
        "Isthmus is running a demonstration: simulated sensors, a small LwM2M server, and a page.",
        "",
        "  Open      http://127.0.0.1:8080/",
        "  Upstream  coap://127.0.0.1:5683",
        "  State     ~/.local/state/isthmus/demo",
        "  Stop      Ctrl-C",
        "  Then      isthmus run --config isthmus.yaml   (docs/config.md)",
        "",
        "",
      ].join("\n"),
    );
  });

  it("of the real thing names its adapters", () => {
    const text = greeting({ demo: false, config: demoConfig(), daemon, stateDir: STATE }, console);
    expect(text).toMatch(/^Isthmus is running: sim\.\n/);
    expect(text).not.toContain("Then");
  });

  it("names no page where there is none", () => {
    const { servers } = daemon;
    const text = greeting({ demo: false, config: demoConfig(), daemon: { servers }, stateDir: STATE }, console);
    expect(text).not.toContain("Open");
  });

  it("is never cut, as an address with its end missing opens nothing", () => {
    const narrow = new FakeSurroundings({ width: 40 });
    const url = `http://127.0.0.1:8080/${"x".repeat(80)}`;
    const text = greeting({ demo: true, config: demoConfig(), daemon: { ...daemon, url }, stateDir: STATE }, narrow);
    expect(text).toContain(url);
  });
});

describe("a start that fails", () => {
  const told = (error: unknown) => complain(startFailure(error, STATE).complaint);

  it("because of a second instance says who is there and what to do", () => {
    const error = Object.assign(new Error("another Isthmus (process 71) already works on it"), {
      name: "SecondInstanceError",
    });
    expect(told(error)).toBe(
      `isthmus: another Isthmus (process 71) already works on it\n  where    ${STATE}\n  to do    stop it, or give this one its own folder: --state FOLDER\n`,
    );
    expect(startFailure(error, STATE).exitCode).toBe(1);
  });

  it("because of a port names the port", () => {
    const error = Object.assign(new Error("listen EADDRINUSE: address already in use 127.0.0.1:8080"), {
      code: "EADDRINUSE",
    });
    expect(told(error)).toContain("a port that is needed is taken by another program");
    expect(told(error)).toContain("127.0.0.1:8080");
  });

  it.each(["EACCES", "EROFS", "EPERM"])("because of rights (%s) says which folder", (code) => {
    const error = Object.assign(new Error(`${code}: no, mkdir`), { code });
    expect(told(error)).toContain(`where    ${STATE}`);
    expect(told(error)).toContain("--state FOLDER");
  });

  it("for any other reason still says where", () => {
    expect(told(new Error("the disk is on fire"))).toBe(`isthmus: the disk is on fire\n  where    ${STATE}\n`);
  });
});

describe("the log of a running command", () => {
  const lines = (env: NodeJS.ProcessEnv) => {
    const console = new FakeSurroundings({ env });
    const log = processLog({ surroundings: console, clock: new FakeClock(), level: "info" });
    log.info("started", { sensors: 6 });
    log.debug("detail");
    return console;
  };

  it("carries priorities for the journal, and words for people", () => {
    expect(lines({ JOURNAL_STREAM: "8:1234" }).err).toBe("<6>started sensors=6\n");
    expect(lines({}).err).toBe("info  started sensors=6\n");
  });

  it("never mixes with results", () => {
    expect(lines({}).out).toBe("");
  });
});

describe("stopping", () => {
  const never = new Promise<void>(() => undefined);
  const stops = (insisted: Promise<void> = never) => ({ insisted });
  const ending = (promise: Promise<void>) =>
    promise.then(
      () => ({ exitCode: 0, what: "" }),
      (error: unknown) =>
        error instanceof CommandError ? { exitCode: error.exitCode, what: error.complaint.what } : undefined,
    );

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("says how long it took", async () => {
    const console = new FakeSurroundings();
    const stop = () => {
      console.time += 430;
      return Promise.resolve();
    };
    expect(await ending(stopWithin({ stop }, stops(), console))).toEqual({ exitCode: 0, what: "" });
    expect(console.err).toBe("Stopped in 0.4 s.\n");
  });

  it("ends at once when somebody insists, as a shell counts it", async () => {
    const insisted = Promise.resolve();
    const ended = await ending(stopWithin({ stop: () => never }, stops(insisted), new FakeSurroundings()));
    expect(ended).toEqual({ exitCode: 130, what: "ended at once" });
  });

  it("ends anyway when the daemon cannot", async () => {
    const ended = ending(stopWithin({ stop: () => never }, stops(), new FakeSurroundings()));
    await vi.advanceTimersByTimeAsync(5_499);
    expect(await Promise.race([ended, Promise.resolve("waits")])).toBe("waits");
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({ exitCode: 1, what: expect.stringContaining("still not stopped") as string });
  });
});
