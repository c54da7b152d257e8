/** `isthmus inbox`: what is heard, for people, and nothing that would steer their terminal. */

import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { FakeSurroundings } from "../support/fake-surroundings.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function said(body: unknown, words = ""): Promise<{ code: number; out: string; err: string }> {
  const server = createServer((_, response) => response.end(JSON.stringify(body)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const console = new FakeSurroundings();
  const code = await console.run(`inbox --url http://127.0.0.1:${address.port} ${words}`.trim());
  return { code, out: console.out, err: console.err };
}

describe("isthmus inbox", () => {
  it("lists what can be adopted, and what nobody can read as it is", async () => {
    const { out, code } = await said([
      { source: "radio/a", definition: "ruuvi.tag.df5", name: "Ruuvi 884F", rssi: -60 },
      { source: "radio/b", definition: "victron.instant", key: { needed: true, where: "In VictronConnect." } },
      { source: "radio/c", raw: ["company 0xFFFE, 3 bytes: 01 02 03", "services 0x180F"] },
    ]);
    expect(code).toBe(0);
    expect(out).toBe(`radio/a  ruuvi.tag.df5, Ruuvi 884F, -60 dBm
radio/b  victron.instant
    needs a key. In VictronConnect.
radio/c  no definition fits
    company 0xFFFE, 3 bytes: 01 02 03
    services 0x180F
`);
  });

  it("says what to do next: adopt what is known, record what is not", async () => {
    const known = { source: "radio/a", definition: "ruuvi.tag.df5" };
    expect((await said([known])).err).toBe("\nNext:\n  isthmus adopt radio/a\n");
    const sealed = { ...known, key: { needed: true, where: "In VictronConnect." } };
    expect((await said([{ source: "broker/it's <b>" }, sealed])).err).toBe(`
Next:
  isthmus adopt radio/a --key FILE
  isthmus device record --source 'it'\\''s <b>' > frames.jsonl
  isthmus device new frames.jsonl
`);
    expect((await said([])).err).toBe("");
  });

  it("leaves out who is ignored, and says so", async () => {
    const heard = [
      { source: "radio/a", definition: "ruuvi.tag.df5" },
      { source: "radio/b", ignored: true },
    ];
    const { out, err } = await said(heard);
    expect(out).toBe("radio/a  ruuvi.tag.df5\n");
    expect(err).toContain("1 ignored, not shown: isthmus inbox --all\n");
    expect((await said(heard, "--all")).out).toContain("radio/b  no definition fits, ignored\n");
    expect((await said([{ source: "radio/b", ignored: true }])).out).toBe("Nothing is heard that is not adopted.\n");
  });

  it("says that there is nothing", async () => {
    expect((await said([])).out).toBe("Nothing is heard that is not adopted.\n");
  });

  it("prints the whole for machines", async () => {
    expect(JSON.parse((await said([{ source: "radio/a" }], "--json")).out)).toEqual([{ source: "radio/a" }]);
  });

  it("lets no stranger steer the terminal", async () => {
    const { out } = await said([{ source: "radio/\u001b[2J", name: "\u0007x", raw: ["\u001b]0;y\u0007", 7] }]);
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    const turned = await said([{ source: "radio/a", name: "\u202egnp.exe" }]);
    expect(turned.out).toContain("no definition fits,  gnp.exe");
  });

  it("knows who is not Isthmus", async () => {
    expect((await said({ hello: 1 })).code).toBe(69);
    expect((await said(["x", null, { source: 5 }])).out).toContain("?  no definition fits");
  });
});
