import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { instancesIn } from "../../../src/lwm2m/bootstrap/headers.ts";
import { path } from "../../../src/model/path.ts";
import { BootstrapBench } from "../../support/bootstrap-bench.ts";
import { thermometer } from "../../support/station.ts";

const ACCOUNT = { uri: "coap://one:5683", lifetime: 300, shortServerId: 101 };
const LIGHT = 3311;
/** No Resource of it is mandatory. */
const OPTIONAL = 3442;

let bench: BootstrapBench;

const asked = async () => {
  bench.client.bootstrap();
  await bench.clock.advance(10);
};
const light = (id: number, dimmer?: number) => ({
  [`/3311/${id}/5850`]: true,
  ...(dimmer !== undefined && { [`/3311/${id}/5851`]: dimmer }),
});
const lights = () => bench.tree.instances().filter((instance) => instance.startsWith("/3311/"));

beforeEach(async () => {
  bench = new BootstrapBench({
    accounts: [ACCOUNT],
    fill: (tree, clock) => {
      thermometer(tree, clock);
      tree.onCreate(LIGHT, undefined, { limit: 2, defaults: { 5851: 30, 5750: "new" } });
      tree.onDelete(LIGHT);
      tree.onCreate(OPTIONAL);
      tree.onDelete(OPTIONAL);
    },
  });
  await bench.started();
  await asked();
});

describe("an Instance that a Bootstrap-Server creates", () => {
  it("must have what is mandatory: Finish says what is missing, and the server may mend it (§6.1.6)", async () => {
    expect((await bench.write("/3311/4", { "/3311/4/5851": 40 })).code).toBe("2.04");
    const refused = await bench.finish();
    expect(refused.code).toBe("4.06");
    expect(refused.text).toContain("/3311/4/5850");
    expect(lights()).toEqual([]);
    expect(bench.provisions).toEqual([]);
    await bench.write("/3311/4", light(4, 40));
    expect((await bench.finish()).code).toBe("2.04");
    expect(lights()).toEqual(["/3311/4"]);
    expect(bench.tree.get(path(LIGHT, 4, 5851))?.value).toBe(40);
  });

  it("begins with what such Instances usually begin with, where the server says nothing", async () => {
    await bench.write("/3311/4", light(4));
    await bench.finish();
    expect(bench.tree.get(path(LIGHT, 4, 5851))?.value).toBe(30);
    expect(bench.tree.get(path(LIGHT, 4, 5750))?.value).toBe("new");
  });

  it("is not one too many of its Object", async () => {
    for (const id of [1, 2, 3]) await bench.write(`/3311/${id}`, light(id));
    expect(await bench.finish()).toMatchObject({ code: "4.06", text: "more than 2 Instances of /3311" });
    expect((await bench.bs.ask("DELETE", { path: "/3311/2" })).code).toBe("2.02");
    expect((await bench.finish()).code).toBe("2.04");
    expect(lights()).toEqual(["/3311/1", "/3311/3"]);
  });

  it("may take the place of one that goes", async () => {
    for (const id of [1, 2]) await bench.write(`/3311/${id}`, light(id));
    await bench.finish();
    await asked();
    await bench.bs.ask("DELETE", { path: "/3311" });
    for (const id of [2, 7]) await bench.write(`/3311/${id}`, light(id, 60 + id));
    expect((await bench.finish()).code).toBe("2.04");
    expect(lights()).toEqual(["/3311/2", "/3311/7"]);
    expect(bench.tree.get(path(LIGHT, 2, 5851))?.value).toBe(62);
  });

  it("has nothing left of the one that it replaces (§6.1.7.6)", async () => {
    await bench.write("/3311/1", { ...light(1, 40), "/3311/1/5852": 9 });
    await bench.finish();
    expect(bench.tree.get(path(LIGHT, 1, 5852))?.value).toBe(9);
    await asked();
    await bench.bs.ask("DELETE", { path: "/" });
    await bench.provide(101, ACCOUNT.uri);
    await bench.write("/3311/1", light(1));
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.get(path(LIGHT, 1, 5852))).toBeUndefined();
    expect(bench.tree.get(path(LIGHT, 1, 5851))?.value).toBe(30);
  });
});

describe("an Instance that is written without Resources", () => {
  const EMPTY = { format: Format.Tlv, payload: new Uint8Array(0) };

  it("is there all the same, where nothing is mandatory (§6.1.7.5)", async () => {
    expect((await bench.bs.ask("PUT", { path: "/3311/8", ...EMPTY })).code).toBe("2.04");
    const { text } = await bench.bs.ask("GET", { path: "/3311", accept: Format.LinkFormat });
    expect(text).toContain("</3311/8>");
    expect((await bench.finish()).code).toBe("4.06");
    await bench.bs.ask("DELETE", { path: "/3311/8" });
    expect((await bench.bs.ask("PUT", { path: "/3442/8", ...EMPTY })).code).toBe("2.04");
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.instances()).toContain("/3442/8");
    expect(bench.tree.instances()).not.toContain("/3311/8");
  });

  it("may come with others of its Object, as a list in TLV (§7.4.4)", async () => {
    const payload = new Uint8Array([0x00, 1, 0x00, 2, 0x20, 0x01, 0x2c]);
    expect((await bench.bs.ask("PUT", { path: "/3442", format: Format.Tlv, payload })).code).toBe("2.04");
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.instances().filter((at) => at.startsWith("/3442/"))).toEqual(["/3442/1", "/3442/2", "/3442/300"]);
  });

  it.each([
    ["", []],
    ["0001", ["/3311/1"]],
    ["0001 03 02 c1050a 0003", ["/3311/1", "/3311/2", "/3311/3"]],
    ["08 02 03 c1050a 20 012c", ["/3311/2", "/3311/300"]],
    ["10 02 0003 c1050a 18 07 000000 0001", ["/3311/2", "/3311/7", "/3311/1"]],
    ["20 ffff", []],
    ["0001 c1050a", ["/3311/1"]],
    ["0001 08", ["/3311/1"]],
  ])("is found in %s: %s", (hex, found) => {
    expect(instancesIn(path(LIGHT), Buffer.from(hex.replaceAll(" ", ""), "hex"))).toEqual(found);
  });

  it("is nothing where servers cannot create any, and no more of one that is there", async () => {
    expect((await bench.bs.ask("PUT", { path: "/3303/7", ...EMPTY })).code).toBe("2.04");
    await bench.write("/3311/1", light(1, 40));
    await bench.bs.ask("PUT", { path: "/3303/0", ...EMPTY });
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.instances()).toEqual(["/3/0", "/3303/0", "/3311/1"]);
    expect(bench.tree.get(path(3303, 0, 5700))?.value).toBe(22);
  });

  it("is refused where there are thousands", async () => {
    const codes = new Map<string, number>();
    for (let id = 0; id < 1_010; id++) {
      const { code } = await bench.bs.ask("PUT", { path: `/3442/${id}`, ...EMPTY });
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes]).toEqual([
      ["2.04", 1_000],
      ["4.13", 10],
    ]);
  });
});

describe("an Instance that is there", () => {
  it("is changed where a server could have made it", async () => {
    await bench.write("/3311/1", light(1, 40));
    await bench.finish();
    await asked();
    await bench.bs.ask("PUT", { path: "/3311/1/5851", format: Format.Text, payload: "70" });
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.get(path(LIGHT, 1, 5851))?.value).toBe(70);
    expect(bench.tree.get(path(LIGHT, 1, 5850))?.value).toBe(true);
  });

  it("is given what the server writes, and need not be complete", async () => {
    await bench.bs.ask("PUT", { path: "/3303/0/5750", format: Format.Text, payload: "kitchen" });
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.tree.get(path(3303, 0, 5750))?.value).toBe("kitchen");
    expect(bench.tree.get(path(3303, 0, 5700))?.value).toBe(22);
  });
});
