/** Two thousand requests that nobody would send on purpose, over real sockets. */

import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { Lab } from "../../src/lab/index.ts";
import { models } from "../gateway/rig.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { HttpRig } from "./rig.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", ""];
const PIECES = [
  "api",
  "status",
  "sensors",
  "inbox",
  "events",
  "adopt",
  "sim-1",
  "gw",
  "radio%2FCB:B8:33:4C:88:4F",
  "lab",
]
  .concat([
    "clients",
    "3303",
    "0",
    "5700",
    "..",
    "%2e%2e",
    ".",
    "",
    "%",
    "%00",
    "%ff",
    "%E0%A4%A",
    "ä",
    "a b",
    "__proto__",
  ])
  .concat([
    "constructor",
    "x".repeat(3_000),
    "?",
    "?token=x",
    "?discover",
    "?format=112",
    "#",
    "//",
    "\\",
    "[",
    "@",
    ":80",
  ]);
const HEADERS = ["host: localhost", "host: localhost", "host: localhost", "host: evil.example", "host:", "accept: */*"]
  .concat([
    "content-type: application/json",
    "content-type: application/json",
    "content-type: \u00ff",
    "expect: 100-continue",
  ])
  .concat([
    "transfer-encoding: chunked",
    "content-length: 0",
    "content-length: 5",
    "content-length: 99999999",
    "content-length: -1",
  ])
  .concat([
    "origin: null",
    "origin: http://localhost",
    "cookie: isthmus=; isthmus",
    "authorization: Bearer",
    "upgrade: websocket",
  ])
  .concat([
    "connection: upgrade",
    "connection: keep-alive",
    "if-none-match: *",
    "no colon here",
    "\u0000: x",
    "range: bytes=0-",
  ]);
const BODIES = [
  "",
  "{}",
  '{"label":"x"}',
  '{"label":',
  "[]",
  "null",
  '{"__proto__":{"a":1}}',
  '{"endpoint":"../../x"}',
  "5\r\nhello\r\n0\r\n\r\n",
].concat([
  "\u0000\u0001\u0002",
  '{"value":1e999}',
  "9".repeat(70_000),
  '{"label":"'.padEnd(70_000, "x"),
  "ffffffffff\r\nx",
]);

function randomRequest(random: SeededRandom): Buffer {
  if (random.below(20) === 0) return Buffer.from(random.bytes(random.below(300)));
  const pieces = Array.from({ length: random.below(6) }, () => random.pick(PIECES));
  const prefix = random.pick(["/", "/api/", "/api/", "/lab/clients/", "http://x/", "*", ""]);
  const headers = Array.from({ length: random.below(6) }, () => random.pick(HEADERS));
  const host = random.below(4) > 0 ? ["host: localhost"] : [];
  const line = `${random.pick(METHODS)} ${prefix}${pieces.join("/")} ${random.pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9", ""])}`;
  const text = `${[line, ...host, ...headers].join("\r\n")}\r\n\r\n${random.pick(BODIES)}`;
  return Buffer.from(random.below(30) === 0 ? text.slice(0, random.below(text.length)) : text, "latin1");
}

/** What comes back until the other side has no more to say; events and open requests are cut off. */
function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      // A stream of events would never end.
      if (chunk.includes("event-stream")) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

describe("two thousand random requests", () => {
  it("never end the server, never show how it is built, and leave it as it was", async () => {
    const clock = new FakeClock();
    const lab = new Lab({ models, clock, log: new MemoryLog(), port: 0 });
    const mount = { prefix: "/lab/", handle: lab.handle.bind(lab) };
    const rig = await HttpRig.start({ mounts: [mount] });
    const random = new SeededRandom(5);
    const statuses = new Map<string, number>();
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => send(rig.port, randomRequest(random))));
      for (const answer of answers) {
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? "none";
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (/\bat .+:\d+:\d+|node:internal|\/src\/|Error:/.test(answer))
          throw new Error(`this says too much: ${answer}`);
      }
    }
    expect(statuses.get("500")).toBeUndefined();
    for (const status of ["200", "400", "404", "405", "421"]) expect(statuses.get(status)).toBeGreaterThan(5);
    expect(rig.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(await rig.json("/api/status")).toMatchObject({ name: "gw" });
    await rig.served.close();
  });
});
