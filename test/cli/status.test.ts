import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { readSnapshot } from "../../src/cli/snapshot.ts";
import { renderStatus } from "../../src/cli/commands/status-command.ts";
import type { GatewayStatus } from "../../src/gateway/status/status.ts";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const STATUS: GatewayStatus = {
  name: "isthmus-lab",
  version: "0.1.0",
  startedAt: "2026-06-01T11:48:00Z",
  uptimeSeconds: 720,
  clockTrusted: true,
  summary: "All 6 sensors live, server answered 3 s ago",
  problems: [],
  sensors: { waiting: 0, live: 6, stale: 0, gone: 0, total: 6 },
  sealed: 0,
  inbox: 2,
  adapters: [
    { name: "sim", type: "simulator", health: "ok", frames: 100 },
    { name: "radio", type: "ble", health: "down", reason: "no adapter hci0", frames: 0 },
  ],
  servers: [{ uri: "coap://127.0.0.1:5683", registered: 7, endpoints: 7, lastAnswerAt: "2026-06-01T11:59:57Z" }],
  storage: { kept: 0, bytes: 0, budgetBytes: 33_554_432, dropped: 0 },
  memoryBytes: 84_000_000,
  counters: {},
};

const servers: Server[] = [];

async function daemon(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

const answering =
  (body: unknown, code = 200): RequestListener =>
  (_request, response) =>
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe("isthmus alone", () => {
  it("tells the state in five lines, then three next steps", async () => {
    const url = await daemon(answering(STATUS));
    const console = new FakeSurroundings();
    expect(await console.run(`--url ${url}`)).toBe(0);
    expect(console.out.split("\n\n")[0]).toBe(
      [
        "isthmus-lab: All 6 sensors live, server answered 3 s ago",
        "  Running   for 12 min, 84 MB, version 0.1.0",
        "  Sensors   6 live, 2 in the inbox",
        "  Adapters  sim ok; radio down (no adapter hci0)",
        "  Upstream  coap://127.0.0.1:5683, 7 of 7 endpoints registered, answered 3 s ago",
      ].join("\n"),
    );
    const [, next] = console.out.split("\n\n");
    expect(next).toMatch(/^Next:\n(?: {2}\S.+\n){3}$/);
    expect(next).toContain("  isthmus inbox ");
  });

  it("says of each server, in a line of its own, who sleeps, who is given up and what is kept", async () => {
    const two = [
      { uri: "coap://a", registered: 5, endpoints: 7, asleep: 5, givenUp: 2, kept: 1_200 },
      { uri: "coap://b", registered: 7, endpoints: 7, kept: 1, lastAnswerAt: "2026-06-01T11:59:57Z" },
    ];
    const url = await daemon(answering({ ...STATUS, servers: two }));
    const console = new FakeSurroundings();
    await console.run(`--url ${url}`);
    expect(console.out.split("\n").slice(4, 6)).toEqual([
      "  Upstream  coap://a, 5 of 7 endpoints registered, 2 given up, 5 asleep, 1200 kept, no answer yet",
      "            coap://b, 7 of 7 endpoints registered, 1 kept, answered 3 s ago",
    ]);
  });

  it("is the same as `isthmus status`", async () => {
    const url = await daemon(answering(STATUS));
    const short = new FakeSurroundings();
    const long = new FakeSurroundings();
    await short.run(`--url ${url}`);
    await long.run(`status --url ${url}`);
    expect(long.out).toBe(short.out);
  });

  it("takes the address from the environment", async () => {
    const console = new FakeSurroundings();
    process.env["ISTHMUS_URL"] = await daemon(answering(STATUS));
    try {
      expect(await console.run("")).toBe(0);
    } finally {
      delete process.env["ISTHMUS_URL"];
    }
  });

  it("gives machines the whole status", async () => {
    const url = await daemon(answering(STATUS));
    const console = new FakeSurroundings();
    expect(await console.run(`--json --url ${url}`)).toBe(0);
    expect(JSON.parse(console.out)).toEqual(STATUS);
  });

  it("names each problem with its cure", () => {
    const snapshot = readSnapshot({
      ...STATUS,
      problems: [{ what: "Radio hci0 is down", since: STATUS.startedAt, next: "Plug it in" }],
    });
    const text = snapshot && renderStatus(snapshot, { color: false, width: 80 }, 0);
    expect(text).toContain("  ! Radio hci0 is down\n    Plug it in\n");
  });

  it("shows its token to a daemon that wants one", async () => {
    const seen: (string | undefined)[] = [];
    const url = await daemon((request, response) => {
      seen.push(request.headers.authorization);
      answering(STATUS)(request, response);
    });
    await new FakeSurroundings({ env: { ISTHMUS_TOKEN: "open sesame" } }).run(`--url ${url}`);
    await new FakeSurroundings().run(`--url ${url}`);
    expect(seen).toEqual(["Bearer open sesame", undefined]);
  });
});

describe("isthmus without a daemon", () => {
  it("says plainly that none is running, what to do, and ends with 69", async () => {
    const url = await daemon(answering(STATUS));
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    const console = new FakeSurroundings();
    expect(await console.run(`--url ${url}`)).toBe(69);
    expect(console.err).toContain(`isthmus: no daemon is running: nothing is listening there (${url})\n`);
    expect(console.err).toMatch(
      /Next:\n {2}isthmus run {2}.+\n {2}isthmus config check .+\n {2}isthmus run --config .+\n$/,
    );
    expect(console.out).toBe("");
  });

  it("tells a stranger on the port from a daemon", async () => {
    for (const answer of [answering({ hello: 1 }), answering(STATUS, 404), answering([])]) {
      const console = new FakeSurroundings();
      expect(await console.run(`--url ${await daemon(answer)}`)).toBe(69);
      expect(console.err).toContain("not Isthmus");
    }
  });

  it("does not take a page for an answer", async () => {
    const url = await daemon((_request, response) => response.end("<html>"));
    const console = new FakeSurroundings();
    expect(await console.run(`--url ${url}`)).toBe(69);
    expect(console.err).toContain("not Isthmus");
  });

  it("asks for the token where the daemon refuses", async () => {
    const console = new FakeSurroundings();
    expect(await console.run(`--url ${await daemon(answering({}, 401))}`)).toBe(69);
    expect(console.err).toContain("set ISTHMUS_TOKEN");
  });

  it("refuses an address that is none", async () => {
    for (const url of ["localhost:8080", "ftp://x", "nonsense"]) {
      const console = new FakeSurroundings();
      expect(await console.run(`--url ${url}`)).toBe(2);
      expect(console.err).toContain("is no web address");
    }
  });
});

describe("the status of a stranger", () => {
  it("is not taken for ours", () => {
    for (const value of [null, 7, "x", [], {}, { version: 1, summary: "x" }, { version: "1" }])
      expect(readSnapshot(value)).toBeUndefined();
  });

  it("with pieces missing counts them as nothing", () => {
    const snapshot = readSnapshot({
      version: "9",
      summary: "well",
      adapters: [7, {}],
      servers: "x",
      sensors: { live: "6" },
    });
    expect(snapshot?.sensors.live).toBe(0);
    expect(snapshot?.adapters).toEqual([
      { name: "?", health: "?" },
      { name: "?", health: "?" },
    ]);
    expect(snapshot?.servers).toEqual([]);
  });

  it("cannot steer the terminal", () => {
    expect(readSnapshot({ version: "1", summary: "\u001b[2Jgone" })?.summary).toBe(" [2Jgone");
  });
});
