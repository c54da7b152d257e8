/** `isthmus ignore`: what is not ours leaves the inbox, and comes back when we say so. */

import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A daemon that answers so, and what it was asked. */
async function daemon(status: number, answer: object): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(status).end(JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

describe("isthmus ignore", () => {
  it("asks the daemon as the page does, there and back", async () => {
    const { url, asked } = await daemon(200, {});
    const console = new FakeSurroundings();
    expect(await console.run(`ignore radio/a:b --url ${url}`)).toBe(0);
    expect(console.out).toBe("radio/a:b is ignored; --undo shows it again.\n");
    expect(await console.run(`ignore radio/a:b --undo --url ${url}`)).toBe(0);
    expect(asked).toEqual(["PUT /api/inbox/radio%2Fa%3Ab/ignored", "DELETE /api/inbox/radio%2Fa%3Ab/ignored"]);
  });

  it("says that nothing of that name is heard", async () => {
    const { url } = await daemon(404, { error: "nothing is heard from radio/a" });
    const console = new FakeSurroundings();
    expect(await console.run(`ignore radio/a --url ${url}`)).not.toBe(0);
    expect(console.err).toContain("nothing is heard from radio/a");
  });
});
