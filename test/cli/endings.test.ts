/** How commands end: with which number, in how many lines, and with nothing said that should not be. */

import { createSocket } from "node:dgram";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandError, complain, reasonOf, systemCode } from "../../src/cli/command-error.ts";
import { terminal } from "../../src/cli/terminal.ts";
import { type FakeOptions, FakeSurroundings } from "../support/fake-surroundings.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "isthmus-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function ended(line: string, options: FakeOptions = {}) {
  const console = new FakeSurroundings({ folder, ...options });
  const code = await console.run(line);
  return { code, out: console.out, err: console.err };
}
const file = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);

const SOUND = 'server: { uri: "coap://127.0.0.1:9" }\nadapters: { sim: { type: simulator, sensors: 1 } }\n';
const STACK = /\n\s+at .+:\d+:\d+/;

describe("the number at the end", () => {
  it.each<[string, number]>([
    ["--help", 0],
    ["--version", 0],
    ["-V", 0],
    ["config schema", 0],
    ["device test --help", 0],
    ["--nonsense", 2],
    ["status --nonsense", 2],
    ["run extra-word", 2],
    ["decode extra-word", 2],
    ["lab --port", 2],
    ["config", 2],
    ["config chek", 2],
    ["device", 2],
    ["status --url", 2],
    ["decode --devices /nowhere/at/all", 1],
    ["device test /nowhere/at/all", 1],
    ["config check /nowhere/at/all.yaml", 78],
    ["config check .", 78],
    ["run --config /nowhere/at/all.yaml", 78],
  ])("of `isthmus %s` is %i, without a stack", async (line, code) => {
    const { code: got, out, err } = await ended(line);
    expect([got, out + err]).toEqual([code, expect.not.stringMatching(STACK)]);
    if (code !== 0) expect(err.length + out.length).toBeGreaterThan(0);
  });

  it.each<[string, string, number]>([
    ["a sound file", SOUND, 0],
    ["an adapter with a mistake", SOUND.replace("sensors", "sensor"), 78],
    ["a server with a mistake", SOUND.replace("coap:", "http:"), 78],
    ["an empty file", "", 78],
    ["no YAML", "{", 78],
  ])("of a check of %s is right", async (_, text, code) => {
    await file("isthmus.yaml", text);
    expect((await ended("config check")).code).toBe(code);
    expect((await ended("config check --json")).code).toBe(code);
  });
});

describe("a check of a configuration", () => {
  it("names a file that is no UTF-8, with the place", async () => {
    await file(
      "isthmus.yaml",
      Buffer.concat([Buffer.from(`${SOUND}gateway: { endpoint: "K`), Buffer.from([0xfc]), Buffer.from('che" }\n')]),
    );
    const { code, out } = await ended("config check");
    expect(code).toBe(78);
    expect(out).toContain("isthmus.yaml:3:24  a character that is no text stands here");
    expect(out).toContain("save the file as UTF-8");
  });

  it("never shows a secret: not of the environment, not of a file, not in plain text", async () => {
    await file("secret", "sesame-of-a-file\n");
    await file(
      "isthmus.yaml",
      `${SOUND.replace("sensors: 1", "sensor: 1")}http: { listen: "0.0.0.0:1", token: !env T, lisen: 1 }\nlog: { level: lod, token: sesame-in-plain-text }\ngateway: { endpoint: !file secret }\n`,
    );
    for (const line of ["config check", "config check --json", "run --config isthmus.yaml"]) {
      const { code, out, err } = await ended(line, { env: { T: "sesame-of-the-env" } });
      expect(code).toBe(78);
      expect(out + err).not.toContain("sesame");
      expect(out + err).toContain("isthmus.yaml");
    }
  });

  it("finds secrets beside the file, not beside the caller", async () => {
    await file("secret", "long enough for a token\n");
    await file("isthmus.yaml", `${SOUND}http: { listen: "0.0.0.0:1", token: !file secret }\n`);
    const { code, err } = await ended(`config check ${join(folder, "isthmus.yaml")}`, { folder: "/" });
    expect([code, err]).toEqual([0, ""]);
  });

  it("tells machines every problem with its place, as JSON and nothing else", async () => {
    await file("isthmus.yaml", SOUND.replace("sensors", "sensrs"));
    const { out, err } = await ended("config check --json");
    expect(JSON.parse(out)).toMatchObject([
      { file: "isthmus.yaml", line: 2, path: "adapters.sim.sensrs", message: "unknown key", fatal: false },
    ]);
    expect(err).toBe("");
  });
});

describe("a run that cannot begin", () => {
  it("because of its configuration says which mistakes, and how to check", async () => {
    await file("isthmus.yaml", SOUND.replace("coap:", "http:"));
    const { code, out, err } = await ended("run --config isthmus.yaml");
    expect([code, out]).toEqual([78, ""]);
    expect(err).toContain("isthmus.yaml:1:16  server.uri: expected coap://host:port");
    expect(err).toMatch(
      /isthmus: the configuration is not good enough to start with\n {2}where {4}isthmus\.yaml\n {2}to do {4}mend it, then: isthmus config check isthmus\.yaml\n$/,
    );
  });

  it("because the lab's port is taken says so in three lines", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    await file("isthmus.yaml", `lab: { port: ${port} }\n`);
    const { code, err } = await ended("run --config isthmus.yaml --state state");
    socket.close();
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(3);
    expect(err).toMatch(
      new RegExp(`^isthmus: a port that is needed is taken by another program\n.*:${port}\n  to do    stop`),
    );
  });

  it("because the state folder cannot be made says which", async () => {
    await file("isthmus.yaml", SOUND);
    await file("state", "a file");
    const { code, err } = await ended("run --config isthmus.yaml --state state");
    expect(code).toBe(1);
    expect(err).toContain(`where    ${join(folder, "state")}`);
    expect(err).not.toMatch(STACK);
  });

  it("as a lab, because its page's port is taken, lets the CoAP port go again", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, err } = await ended(`lab --port 0 --http ${port}`);
    await new Promise((resolve) => taken.close(resolve));
    expect(code).toBe(1);
    expect(err).toContain("choose others: isthmus lab --port");
  });
});

describe("a run", () => {
  it("ends with 0 when it is asked to stop, and says how long it took", async () => {
    await file(
      "isthmus.yaml",
      "lab: { port: 0 }\nhttp: { listen: '127.0.0.1:0' }\nadapters: { sim: { type: simulator, sensors: 1 } }\n".replace(
        "port: 0",
        "port: 0",
      ),
    );
    const console = new FakeSurroundings({ folder });
    const end = console.run("run --config isthmus.yaml --state state");
    // Who asks before it has begun is heard as well.
    console.process.emit("SIGTERM");
    expect(await end).toBe(0);
    expect(console.out).toMatch(/^Isthmus is running: sim\.\n/);
    expect(console.err).toContain("Stopped in ");
    expect(console.process.listenerCount("SIGTERM")).toBe(0);
  });
});

describe("colour", () => {
  const stream = (isTTY: boolean) => ({ write: () => true, isTTY });
  it.each<[boolean, NodeJS.ProcessEnv, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("on a terminal %s with %j: %s", (isTTY, env, color) => {
    expect(terminal(stream(isTTY), stream(isTTY), env).color).toBe(color);
  });

  it("does not get into any help", async () => {
    for (const line of ["--help", "run --help", "decode --help"])
      expect((await ended(line, { color: true })).out).not.toContain("\u001b");
  });
});

describe("words for what went wrong", () => {
  it("are one line, whatever was thrown", () => {
    for (const thrown of [
      new Error("a\nb"),
      "text",
      5,
      undefined,
      null,
      { a: 1 },
      new AggregateError([new Error("x")]),
      new CommandError({ what: "y" }),
    ])
      expect(reasonOf(thrown)).not.toContain("\n");
    expect(reasonOf(new Error("outer", { cause: new Error("inner") }))).toBe("outer: inner");
    expect(systemCode(new AggregateError([Object.assign(new Error("x"), { code: "ENOENT" })]))).toBe("ENOENT");
  });

  it("have a place and a next step where there is one", () => {
    expect(complain({ what: "a" })).toBe("isthmus: a\n");
    expect(complain({ what: "a", where: "b", next: "c" })).toBe("isthmus: a\n  where    b\n  to do    c\n");
  });
});

describe("isthmus decode, line by line", () => {
  const DF5 = "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F";
  const decode = async (...lines: readonly unknown[]) => {
    const input = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`);
    const { code, out } = await ended("decode", { input });
    expect(code).toBe(0);
    return out
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  };

  it("answers each kind with definition, identity and readings", async () => {
    const advert = {
      kind: "advert",
      address: "CB:B8:33:4C:88:4F",
      local_name: null,
      manufacturer_data: { "0499": DF5 },
      service_data: {},
      service_uuids: [],
      rssi: -60,
    };
    expect(await decode(advert)).toMatchObject([
      {
        definition: "ruuvi.tag.df5",
        identity: "ruuvi-cbb8334c884f",
        readings: { temperature: { value: 24.3, unit: "Cel" }, humidity: { unit: "%RH" } },
      },
    ]);
    const unknown = { definition: null, identity: null, readings: {} };
    expect(
      await decode(
        { kind: "text", text: "hello" },
        { kind: "bytes", hex: "00 01 ff" },
        { kind: "message", topic: "nobody/knows", payload: "x" },
        { kind: "registers", definition: null, values: { "4:0x0000": "43663333" } },
      ),
    ).toEqual([unknown, unknown, unknown, unknown]);
  });

  it("answers what is wrong with its error, and goes on with the next", async () => {
    const answers = await decode(
      "{",
      "[]",
      "5",
      { kind: "advert", manufacturer_data: { "0499": "xyz" } },
      { kind: "bytes" },
      { kind: "bytes", hex: "0" },
      { kind: "message", topic: "a" },
      { kind: "registers", definition: "no.such", values: {} },
      { kind: "riddle" },
      { kind: "advert", manufacturer_data: { "0499": DF5 } },
    );
    expect(answers.map((each) => (typeof each === "object" && each && "error" in each ? each.error : "none"))).toEqual([
      "no JSON",
      "a line is one JSON object",
      "a line is one JSON object",
      expect.stringContaining('not hex: "xyz"'),
      '"hex" is missing',
      'not hex: "0"',
      '"payload" is missing',
      'no definition "no.such"',
      expect.stringContaining('unknown kind "riddle"'),
      "none",
    ]);
  });

  it("shows null for what the device called not available", async () => {
    const none = "058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF";
    expect(await decode({ kind: "advert", manufacturer_data: { "0499": none } })).toMatchObject([
      { definition: "ruuvi.tag.df5", readings: { temperature: null, humidity: null } },
    ]);
  });

  it("takes lines in any pieces, with Windows ends, blank ones between, and a last one without an end", async () => {
    const line = JSON.stringify({ kind: "text", text: "Küche" });
    const { out } = await ended("decode", { input: Array.from(`${line}\r\n\r\n\n${line}`) });
    expect(out.trimEnd().split("\n")).toHaveLength(2);
    expect((await ended("decode", { input: [] })).out).toBe("");
  });
});

describe("a reader who is slow", () => {
  it("is waited for, so that nothing piles up", async () => {
    let drain = (): void => undefined;
    const out = {
      writableNeedDrain: true,
      write: () => true,
      once: (_: "drain", listener: () => void) => (drain = listener),
    };
    let waited = false;
    const ready = terminal(out, out, {})
      .drained()
      .then(() => (waited = true));
    await Promise.resolve();
    expect(waited).toBe(false);
    drain();
    await ready;
    expect(waited).toBe(true);
    out.writableNeedDrain = false;
    await terminal(out, out, {}).drained();
  });
});
