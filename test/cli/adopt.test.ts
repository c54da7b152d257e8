/** `isthmus adopt`: what the page does, from a terminal; keys come from files and standard input alone. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const KEY = "231d39c1d7cc1ab1aee224cd096db932";
const servers: Server[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Asked {
  method?: string | undefined;
  url?: string | undefined;
  type?: string | undefined;
  token?: string | undefined;
  body: string;
}

/** A daemon that answers so, and what it was asked. */
async function daemon(status: number, answer: unknown): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ method, url, type: headers["content-type"], token: headers.authorization, body });
      response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

const ADOPTED = { endpoint: "ruuvi-freezer", label: "Freezer" };

describe("isthmus adopt", () => {
  it("asks the daemon as the page does, and says under which name the sensor registers", async () => {
    const { url, asked } = await daemon(201, ADOPTED);
    const console = new FakeSurroundings({ env: { ISTHMUS_TOKEN: "let-me-in" } });
    const words = `adopt radio/CB:B8:33:4C:88:4F --label Freezer --endpoint ruuvi-freezer --url ${url}`;
    expect(await console.run(words)).toBe(0);
    expect(console.out).toBe("Freezer is adopted as ruuvi-freezer.\n");
    expect(console.err).toBe("");
    expect(asked).toEqual([
      {
        method: "POST",
        url: "/api/inbox/radio%2FCB%3AB8%3A33%3A4C%3A88%3A4F/adopt",
        type: "application/json",
        token: "Bearer let-me-in",
        body: JSON.stringify({ label: "Freezer", endpoint: "ruuvi-freezer" }),
      },
    ]);
  });

  it("takes a key from a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-adopt-"));
    folders.push(folder);
    writeFileSync(join(folder, "cellar.key"), `${KEY}\n`);
    const { url, asked } = await daemon(201, ADOPTED);
    const console = new FakeSurroundings({ folder });
    expect(await console.run(`adopt radio/a --key cellar.key --url ${url}`)).toBe(0);
    expect(asked[0]?.body).toBe(JSON.stringify({ key: KEY }));
    expect(await console.run(`adopt radio/a --key other.key --url ${url}`)).toBe(1);
    expect(console.err).toContain("the key cannot be read");
  });

  it("takes a key as it is typed, and asks for it", async () => {
    const { url, asked } = await daemon(201, ADOPTED);
    const console = new FakeSurroundings({ input: ["\n", `${KEY}\nmore\n`] });
    expect(await console.run(`adopt radio/a --key - --url ${url}`)).toBe(0);
    expect(asked[0]?.body).toBe(JSON.stringify({ key: KEY }));
    expect(console.err).toBe("Key: ");
    const silent = new FakeSurroundings({ input: [] });
    expect(await silent.run(`adopt radio/a --key - --url ${url}`)).toBe(1);
    expect(silent.err).toContain("there is no key");
  });

  it.each([KEY, KEY.toUpperCase(), "23:1D:39:C1:D7:CC:1A:B1:AE:E2:24:CD:09:6D:B9:32"])(
    "refuses a key on the command line, and does not repeat it: %s",
    async (key) => {
      const { url, asked } = await daemon(201, ADOPTED);
      const console = new FakeSurroundings();
      expect(await console.run(`adopt radio/a --key ${key} --url ${url}`)).toBe(2);
      expect(console.err).toContain("--key -");
      expect(console.err).not.toContain(key);
      expect(asked).toEqual([]);
    },
  );

  it.each([
    ["missing", "until you enter its key"],
    ["wrong", "does not open"],
  ])("says where to find a key that is %s", async (state, words) => {
    const { url } = await daemon(201, { ...ADOPTED, key: { state, where: "In VictronConnect." } });
    const console = new FakeSurroundings();
    expect(await console.run(`adopt radio/a --url ${url}`)).toBe(0);
    expect(console.err).toContain(words);
    expect(console.err).toContain("In VictronConnect.");
  });

  it("gives machines the sensor whole", async () => {
    const { url } = await daemon(201, ADOPTED);
    const console = new FakeSurroundings();
    await console.run(`adopt radio/a --json --url ${url}`);
    expect(JSON.parse(console.out)).toEqual(ADOPTED);
  });

  it("ends with 1 and the daemon's words if it refuses, without what would steer a terminal", async () => {
    const { url } = await daemon(409, { error: "radio/a is\u001b[2J already \u202eadopted", next: "rename it" });
    const console = new FakeSurroundings();
    expect(await console.run(`adopt radio/a --url ${url}`)).toBe(1);
    expect(console.err).toBe("isthmus: radio/a is [2J already  adopted\n  to do    rename it\n");
  });

  it.each([
    ["something else", 200, "<html>"],
    ["a fault without words", 500, { error: 5 }],
    ["a page that is not there", 404, []],
  ])("knows %s from Isthmus", async (_what, status, answer) => {
    const { url } = await daemon(status, answer);
    const console = new FakeSurroundings();
    expect(await console.run(`adopt radio/a --url ${url}`)).toBe(69);
    expect(console.err).toContain("it is not Isthmus");
  });

  it("says that no daemon runs, and that a source is needed", async () => {
    const console = new FakeSurroundings();
    expect(await console.run("adopt radio/a --url http://127.0.0.1:1")).toBe(69);
    expect(await console.run("adopt")).toBe(2);
  });
});
