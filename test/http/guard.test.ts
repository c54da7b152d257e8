/** Who may ask, what is served, and what every answer carries. */

import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { serve } from "../../src/http/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { HttpRig, TOKEN } from "./rig.ts";

const open: HttpRig[] = [];
async function start(...args: Parameters<typeof HttpRig.start>): Promise<HttpRig> {
  const rig = await HttpRig.start(...args);
  open.push(rig);
  return rig;
}
async function guarded(): Promise<HttpRig> {
  const rig = await HttpRig.withToken();
  open.push(rig);
  return rig;
}
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.served.close();
});

describe("on this machine alone", () => {
  it("names of this machine are answered, all others are not: a foreign DNS name must not become our site", async () => {
    const rig = await start();
    const status = async (host: string) => (await rig.ask("/api/status", { headers: { host } })).status;
    for (const host of ["127.0.0.1", "localhost", `localhost:${rig.port}`, "[::1]:80", "127.8.8.8:1"])
      expect(await status(host)).toBe(200);
    for (const host of [
      "evil.example",
      "evil.example:8080",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "192.168.1.5",
    ])
      expect(await status(host)).toBe(421);
  });

  it("a foreign page can change nothing", async () => {
    const rig = await start();
    const ask = (headers: Record<string, string>) => rig.ask("/api/sensors/sim-1", { method: "DELETE", headers });
    expect((await ask({ origin: "http://evil.example" })).status).toBe(403);
    expect((await ask({ origin: "null" })).status).toBe(403);
    expect((await ask({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    const { status } = await ask({ origin: `http://127.0.0.1:${rig.port}` });
    expect(status).toBe(204);
  });
});

describe("with a token", () => {
  it("nothing is answered without it", async () => {
    const rig = await guarded();
    for (const path of ["/", "/style.css", "/api/status", "/api/events", "/nothing"]) {
      const answer = await rig.ask(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers["www-authenticate"]).toContain("Bearer");
    }
    expect(await rig.refusal("/api/status")).toContain("this needs the token");
  });

  it("it is taken as Bearer, and only the right one", async () => {
    const rig = await guarded();
    const status = async (authorization: string) =>
      (await rig.ask("/api/status", { headers: { authorization } })).status;
    expect(await status(`Bearer ${TOKEN}`)).toBe(200);
    expect(await status(`bearer ${TOKEN}`)).toBe(200);
    for (const wrong of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, "Bearer", "Bearer ", ""])
      expect(await status(wrong)).toBe(401);
  });

  it("in the address becomes a cookie, and leaves the address", async () => {
    const rig = await guarded();
    const answer = await rig.ask(`/?view=x&token=${encodeURIComponent(TOKEN)}`);
    expect([answer.status, answer.headers.location]).toEqual([303, "/?view=x"]);
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^isthmus=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\//);
    expect(cookie).not.toContain(TOKEN);
    const [pair = ""] = cookie.split(";");
    expect((await rig.ask("/", { headers: { cookie: `other=1; ${pair}` } })).status).toBe(200);
    expect((await rig.ask("/", { headers: { cookie: `${pair}x` } })).status).toBe(401);
    expect((await rig.ask("/", { headers: { cookie: "isthmus=" } })).status).toBe(401);
    expect((await rig.ask("/?token=wrong")).status).toBe(401);
  });

  it("is needed wherever others can reach the port", async () => {
    const options = { listen: { host: "0.0.0.0", port: 0 }, log: new MemoryLog(), clock: new FakeClock() };
    await expect(serve(options)).rejects.toThrow("listening on 0.0.0.0 demands a token");
  });
});

describe("the files of the page", () => {
  it("are served with their types, and the page at the root", async () => {
    const rig = await start();
    const page = await rig.ask("/");
    expect([page.status, page.headers["content-type"], page.text]).toEqual([
      200,
      "text/html; charset=utf-8",
      "<!doctype html>hello",
    ]);
    expect((await rig.ask("/style.css?v=1")).headers["content-type"]).toBe("text/css; charset=utf-8");
    const head = await rig.ask("/style.css", { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.text]).toEqual([200, "6", ""]);
  });

  it("are only those that were handed in", async () => {
    const rig = await start();
    for (const path of ["/nothing.js", "/../package.json", "/%2e%2e/package.json", "/etc/passwd", "//style.css/"])
      expect((await rig.ask(path)).status).toBe(404);
    expect((await rig.ask("/style.css", { method: "POST" })).status).toBe(405);
  });

  it("may run nothing that is not ours", async () => {
    const rig = await start();
    const { headers } = await rig.ask("/");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
  });
});

describe("a guest", () => {
  const handle = {
    prefix: "/lab/",
    handle: (_: unknown, response: { end(text: string): void }) => response.end("the lab"),
  };

  it("answers everything under its prefix, behind the same guard", async () => {
    const rig = await start({ mounts: [handle] });
    const answer = await rig.ask("/lab/clients");
    expect([answer.status, answer.text]).toEqual([200, "the lab"]);
    expect(answer.headers["content-security-policy"]).toBeDefined();
    expect((await rig.ask("/lab/clients", { headers: { host: "evil.example" } })).status).toBe(421);
    expect((await rig.ask("/labyrinth")).status).toBe(404);
  });

  it("may be alone in the house", async () => {
    const served = await serve({
      listen: { host: "127.0.0.1", port: 0 },
      mounts: [handle],
      log: new MemoryLog(),
      clock: new FakeClock(),
    });
    const status = async (path: string) => (await fetch(new URL(path, served.url))).status;
    expect([await status("/lab/"), await status("/api/status"), await status("/")]).toEqual([200, 404, 404]);
    await served.close();
    await served.close();
  });
});

describe("a malformed request", () => {
  it.each([
    "GARBAGE\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET http://[ HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "GET /%00%ff HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "POST /api/status HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
  ])("is refused, and the next one is answered: %j", async (bytes) => {
    const rig = await start();
    const answer = await new Promise<string>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(rig.port, "127.0.0.1", () => socket.end(bytes));
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
    });
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
    expect((await rig.ask("/api/status")).status).toBe(200);
  });
});
