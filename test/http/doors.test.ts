/** Every door of the house: what it says to whom, in words; and what every answer carries. */

import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { HttpRig, JSON_TYPE, TOKEN } from "./rig.ts";

/** Bytes in, bytes out: what no polite client would send. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

describe("each door", () => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await HttpRig.start();
  });
  afterAll(() => rig.served.close());

  it.each<[string, string, string]>([
    ["POST", "/api/status", "405: POST does nothing here (allowed: GET)"],
    ["DELETE", "/api/status", "405: DELETE does nothing here (allowed: GET)"],
    ["PUT", "/api/sensors", "405: PUT does nothing here (allowed: GET)"],
    ["POST", "/api/sensors/sim-1", "405: POST does nothing here (allowed: GET, PATCH, DELETE)"],
    ["POST", "/api/inbox", "405: POST does nothing here (allowed: GET)"],
    ["GET", "/api/inbox/radio%2Fx/adopt", "405: GET does nothing here (allowed: POST)"],
    ["POST", "/api/events", "405: POST does nothing here (allowed: GET)"],
    ["OPTIONS", "/api/status", "405: OPTIONS does nothing here (allowed: GET)"],
    ["PROPFIND", "/api/status", "405: PROPFIND does nothing here (allowed: GET)"],
    ["POST", "/", "405: a file can only be read"],
    ["GET", "/nothing", "404: there is no such page (the page is at /, the data at /api/status)"],
    ["GET", "/api", "404: there is no such page (the page is at /, the data at /api/status)"],
    ["GET", "/api/nothing", "404: there is no such thing here (see /api/status, /api/sensors, /api/inbox)"],
    ["GET", "/api/sensors/nobody", "404: no sensor is called nobody (see /api/sensors)"],
    ["GET", "/api/sensors/constructor", "404: no sensor is called constructor (see /api/sensors)"],
    ["GET", "/api/sensors/__proto__", "404: no sensor is called __proto__ (see /api/sensors)"],
    ["GET", "/api/sensors/%C3%A4", "404: no sensor is called ä (see /api/sensors)"],
    ["GET", "/api/sensors/a%2Fb", "404: no sensor is called a/b (see /api/sensors)"],
    ["GET", "/api/sensors/%F0%9F", "400: the address is badly encoded"],
    ["GET", "/api/sensors/..%2f..%2fetc%2fpasswd", "404: no sensor is called ../../etc/passwd (see /api/sensors)"],
    ["POST", "/api/inbox/radio%2F..%2F..%2Fetc/adopt", "404: nothing is heard from radio/../../etc"],
    [
      "POST",
      "/api/inbox/br%C3%BCcke%2Fzigbee2mqtt%2FK%C3%BCche/adopt",
      "404: nothing is heard from brücke/zigbee2mqtt/Küche",
    ],
    ["POST", "/api/inbox/sim%2Fsim-1/adopt", "409: sim/sim-1 is already adopted as sim-1"],
    ["DELETE", "/api/sensors/nobody", "404: no sensor is called nobody (see /api/sensors)"],
  ])("%s %s says %s", async (method, path, words) => {
    expect(await rig.refusal(path, { method })).toBe(words);
  });

  it.each<[string, Record<string, string>, string | undefined, string]>([
    ["no JSON", JSON_TYPE, "{", "400: the body is no JSON"],
    ["a list", JSON_TYPE, "[]", "400: the body must be a JSON object"],
    ["a number", JSON_TYPE, "5", "400: the body must be a JSON object"],
    [
      "a form",
      { "content-type": "application/x-www-form-urlencoded" },
      "label=x",
      "415: the body must be JSON (Content-Type: application/json)",
    ],
    ["JSON of no type", {}, '{"label":"x"}', "415: the body must be JSON (Content-Type: application/json)"],
    ["nothing", {}, undefined, '400: label or key is missing (send {"label": "Freezer 2"})'],
    ["an empty label", JSON_TYPE, '{"label":"  "}', "400: label must be a text, and not too long"],
    [
      "what it does not know",
      JSON_TYPE,
      '{"label":"x","__proto__":{}}',
      "400: unknown key __proto__ (known: label, key)",
    ],
    ["an endpoint name", JSON_TYPE, '{"endpoint":"x"}', "400: unknown key endpoint (known: label, key)"],
  ])("a rename with %s is refused", async (_, headers, body, words) => {
    const ask = { method: "PATCH", headers, ...(body !== undefined && { body }) };
    expect(await rig.refusal("/api/sensors/sim-1", ask)).toBe(words);
  });

  it("takes JSON of any capitals and with a character set", async () => {
    const headers = { "content-type": "Application/JSON; charset=utf-8" };
    const body = JSON.stringify({ label: "Kühlhaus 😀" });
    expect(await rig.json("/api/sensors/sim-1", { method: "PATCH", headers, body })).toMatchObject({
      label: "Kühlhaus 😀",
    });
  });

  it("is the same when the address is written whole, as to a proxy", async () => {
    const answer = await raw(
      rig.port,
      "GET http://127.0.0.1/api/inbox HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(["/", "/style.css", "/api/status", "/api/sensors", "/api/inbox", "/api/sensors/sim-1"])(
    "HEAD %s has the headers of GET and nothing else",
    async (path) => {
      const [get, head] = [await rig.ask(path), await rig.ask(path, { method: "HEAD" })];
      expect([head.status, head.text]).toEqual([200, ""]);
      expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
    },
  );

  it("HEAD of the events ends, and takes nobody's place", async () => {
    for (let i = 0; i < 40; i++) {
      const head = await rig.ask("/api/events", { method: "HEAD" });
      expect([head.status, head.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    }
  });

  it.each(["/", "/nothing", "/api/status", "/api/nothing", "/api/sensors/%E0"])(
    "carries what protects a browser on %s",
    async (path) => {
      const { headers } = await rig.ask(path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
      });
      expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
      expect(headers["x-powered-by"]).toBeUndefined();
      expect(headers["server"]).toBeUndefined();
    },
  );

  it("does not send a file again that the browser has", async () => {
    const first = await rig.ask("/style.css");
    const tag = first.headers.etag ?? "";
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = await rig.ask("/style.css", { headers: { "if-none-match": tag } });
    expect([again.status, again.text, again.headers["cache-control"]]).toEqual([304, "", "no-cache"]);
    expect((await rig.ask("/", { headers: { "if-none-match": tag } })).status).toBe(200);
    expect((await rig.ask("/api/status", { headers: { "if-none-match": tag } })).status).toBe(200);
  });

  it("is closed to scripts of other sites, and open to their links", async () => {
    const ask = async (path: string, mode: string) =>
      (await rig.ask(path, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": mode } })).status;
    expect(await ask("/api/events", "cors")).toBe(403);
    expect(await ask("/api/status", "no-cors")).toBe(403);
    expect(await ask("/", "navigate")).toBe(200);
  });

  it.each(["LOCALHOST", "LocalHost:80", "127.0.0.1:1"])("answers to the name %s", async (host) => {
    expect((await rig.ask("/api/status", { headers: { host } })).status).toBe(200);
  });

  it.each(["localhost.", "127.0.0.1:80:90", "127.0.0.1@evil.example", "[::1]evil", "localhost:x", "0.0.0.0"])(
    "does not answer to the name %j",
    async (host) => {
      expect((await rig.ask("/api/status", { headers: { host } })).status).toBe(421);
    },
  );

  it("says nothing in the log of somebody who leaves in the middle of a sentence", async () => {
    const head = "PATCH /api/sensors/sim-1 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    await new Promise<void>((resolve) => {
      const socket = connect(rig.port, "127.0.0.1", () => {
        socket.write(`${head}content-length: 500\r\n\r\n{"label":`, () => socket.resetAndDestroy());
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve());
    });
    expect((await rig.ask("/api/status")).status).toBe(200);
    expect(rig.log.events("error")).toEqual([]);
  });
});

describe("a token in the address", () => {
  const start = (token = TOKEN) => HttpRig.start({ token: new Secret(token, "test") });

  it("may hold what addresses have their own meaning for", async () => {
    const token = "ab+cd/ef==&x y";
    const rig = await start(token);
    expect((await rig.ask(`/?token=${encodeURIComponent(token)}`)).status).toBe(303);
    await rig.served.close();
    const plus = await start("ab+cd/ef==");
    expect((await plus.ask("/?token=ab+cd/ef==")).status).toBe(303);
    await plus.served.close();
  });

  it("leads nowhere but to this house", async () => {
    const rig = await start();
    const answer = await rig.ask(`//evil.example/?token=${encodeURIComponent(TOKEN)}`);
    expect([answer.status, answer.headers.location]).toEqual([303, "/evil.example/"]);
    await rig.served.close();
  });

  it("opens nothing but by GET, and never shows in an answer", async () => {
    const rig = await start();
    const path = `/api/sensors/sim-1?token=${encodeURIComponent(TOKEN)}`;
    expect((await rig.ask(path, { method: "DELETE" })).status).toBe(401);
    const answer = await rig.ask(path);
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
    expect(answer.headers["cache-control"]).toBe("no-store");
    await rig.served.close();
  });

  it("gives a cookie that scripts, other sites and a later start cannot use", async () => {
    const rig = await start();
    const [cookie = ""] = (await rig.ask(`/?token=${encodeURIComponent(TOKEN)}`)).headers["set-cookie"] ?? [];
    for (const flag of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"]) expect(cookie).toContain(flag);
    const pair = { cookie: cookie.split(";", 1)[0] ?? "" };
    expect((await rig.ask("/api/status", { headers: pair })).status).toBe(200);
    const foreign = { ...pair, origin: "http://evil.example" };
    expect((await rig.ask("/api/sensors/sim-1", { method: "DELETE", headers: foreign })).status).toBe(403);
    await rig.served.close();
    const later = await HttpRig.start({ token: new Secret(TOKEN, "test"), random: new SeededRandom(9) });
    expect((await later.ask("/api/status", { headers: pair })).status).toBe(401);
    await later.served.close();
  });
});
