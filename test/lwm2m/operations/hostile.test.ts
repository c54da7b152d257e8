import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { at, R, TEST, testStation } from "../../support/test-object.ts";

/** TLV of a multiple Resource with `count` Instances of one byte each. */
function list(resource: number, count: number): Uint8Array {
  const entries: number[] = [];
  for (let id = 0; id < count; id++) entries.push(...(id < 256 ? [0x41, id] : [0x61, id >> 8, id & 0xff]), 1);
  const { length } = entries;
  return Uint8Array.from([0x98, resource, length >> 16, (length >> 8) & 0xff, length & 0xff, ...entries]);
}

const snapshot = (here: Awaited<ReturnType<typeof testStation>>) =>
  here.tree.entries(path(TEST)).map(([where, { value }]) => [where, value]);

describe("A hostile server", () => {
  it.each([300, 1_025, 10_000])("cannot fill a list with %i Instances", async (count) => {
    const here = await testStation({ parameters: { maxBody: 1_000_000 } });
    const before = snapshot(here);
    const payload = list(R.integers, count);
    const answer = await here.server.ask("PUT", { path: at(R.integers), format: Format.Tlv, payload });
    expect(answer.code).toBe("4.13");
    expect(snapshot(here)).toEqual(before);
  });

  it("cannot fill it little by little either", async () => {
    const here = await testStation();
    let refused = 0;
    for (let id = 0; id < 300; id++)
      if ((await here.server.ask("PUT", { path: at(R.integers, id), format: 0, payload: "1" })).code === "4.13")
        refused += 1;
    expect(refused).toBe(44);
    expect(here.tree.entries(at(R.integers))).toHaveLength(256);
  });

  it("cannot make a tree keep more than a megabyte", async () => {
    const here = await testStation({ parameters: { maxBody: 600_000 } });
    const put = async (id: number) => {
      const payload = new Uint8Array(500_000);
      return (await here.server.ask("PUT", { path: at(id), format: Format.Opaque, payload })).code;
    };
    expect(await put(R.rawBytes)).toBe("2.04");
    await here.server.ask("POST", { path: `/${TEST}` });
    const second = { path: path(TEST, 1, R.rawBytes), format: Format.Opaque, payload: new Uint8Array(500_000) };
    expect((await here.server.ask("PUT", second)).code).toBe("2.04");
    const third = { path: at(R.opaques, 0), format: Format.Opaque, payload: new Uint8Array(500_000) };
    expect((await here.server.ask("PUT", third)).code).toBe("4.13");
    // In the place of what is there, it fits.
    expect(await put(R.rawBytes)).toBe("2.04");
  });

  it("cannot have 65,535 Instances of an Object in one body, or one by one", async () => {
    const here = await testStation({ parameters: { maxBody: 1_000_000 } });
    const bytes: number[] = [];
    for (let id = 0; id < 65_535; id++) bytes.push(0x20, id >> 8, id & 0xff);
    const body = { path: `/${TEST}`, format: Format.Tlv, payload: Uint8Array.from(bytes) };
    expect((await here.server.ask("POST", body)).code).toBe("4.00");
    for (let i = 0; i < 20; i++) await here.server.ask("POST", { path: `/${TEST}` });
    expect(here.tree.instances().filter((instance) => instance.startsWith("/33605"))).toHaveLength(8);
  });

  it("cannot ask for more than 64 paths at once", async () => {
    const here = await testStation();
    const names = (count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, id) => ({ n: `/33605/0/3/${id}` })));
    const fetch = async (count: number) =>
      (await here.server.ask("FETCH", { path: "", format: Format.SenmlJson, payload: names(count) })).code;
    expect(await fetch(64)).toBe("2.05");
    expect(await fetch(65)).toBe("4.00");
  });

  it("gets nowhere with attributes without end", async () => {
    const here = await testStation();
    const put = async (query: readonly string[]) => (await here.server.ask("PUT", { path: at(R.integer), query })).code;
    // More options than a message may have are refused before anybody reads them.
    expect(await put(Array.from({ length: 500 }, (_, i) => `x${i}=1`))).toMatch(/^4\.0[02]$/);
    expect(await put(Array.from({ length: 500 }, () => "pmin=1"))).toMatch(/^4\.0[02]$/);
    expect(await put(Array.from({ length: 20 }, () => "pmin=1"))).toBe("4.00");
    expect(await put([`gt=${"9".repeat(250)}`])).toBe("4.00");
    expect((await here.server.ask("GET", { path: at(R.integer), accept: 40 })).text).toBe("</33605/0/12>");
  });

  it("gets nowhere with arguments without end", async () => {
    const here = await testStation({ parameters: { maxBody: 1_000_000 } });
    const payload = `0='${"x".repeat(500_000)}'`;
    expect((await here.server.ask("POST", { path: at(R.increment), payload })).code).toBe("4.00");
    const many = Array.from({ length: 2_048 }, () => "1").join(",");
    expect((await here.server.ask("POST", { path: at(R.increment), payload: many })).code).toBe("2.04");
    expect(here.tree.entries(at(R.arguments))).toHaveLength(1);
  });

  it("gets nowhere with questions about Discover", async () => {
    const here = await testStation({ account: { version: "1.2" } });
    for (const query of [
      ["depth=4"],
      ["depth=-1"],
      ["depth="],
      ["depth"],
      ["depth=1", "depth=2"],
      ["pmin=1"],
      ["x".repeat(200)],
    ])
      expect((await here.server.ask("GET", { path: "/33605", accept: 40, query })).code, query.join("&")).toBe("4.00");
  });

  it("never breaks anything with random bodies, and is always answered", async () => {
    const here = await testStation({ account: { version: "1.2" } });
    const random = new SeededRandom(42);
    const methods = ["PUT", "POST", "FETCH", "iPATCH", "DELETE"] as const;
    const wheres = ["", "/33605", "/33605/0", "/33605/0/12", "/33605/0/3", "/33605/0/3/1", "/1/0", "/3/0"];
    const formats = [0, 42, 60, 110, 112, 320, 322, 11_542, 11_543, 11_544];
    const codes = new Set<string>();
    for (let i = 0; i < 3_000; i++) {
      const payload = Uint8Array.from({ length: random.below(24) }, () => random.below(256));
      const question = {
        path: wheres[random.below(wheres.length)]!,
        format: formats[random.below(formats.length)]!,
        payload,
      };
      const answer = await here.server.ask(methods[random.below(methods.length)]!, question);
      codes.add(answer.code);
      here.server.responses.length = 0;
    }
    expect([...codes].filter((code) => code.startsWith("5"))).toEqual([]);
    expect((await here.server.ask("GET", { path: "/3/0/0" })).text).toBe("Isthmus");
  });
});
