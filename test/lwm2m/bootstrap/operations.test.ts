import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { BootstrapBench, security, server } from "../../support/bootstrap-bench.ts";
import { thermometer } from "../../support/station.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const ACCOUNT = { uri: ONE, lifetime: 300, shortServerId: 101 };
const LWM2M_CBOR = 11_544;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

let bench: BootstrapBench;

const discover = async (where: string) => {
  const { code, format, text } = await bench.bs.ask("GET", { path: where, accept: Format.LinkFormat });
  return code === "2.05" && format === Format.LinkFormat ? text : code;
};
const codes = async (...asked: Promise<{ code: string }>[]) => (await Promise.all(asked)).map(({ code }) => code);

beforeEach(async () => {
  bench = new BootstrapBench({
    accounts: [ACCOUNT],
    fill: (tree, clock) => {
      thermometer(tree, clock);
      tree.onCreate(3311);
      tree.onDelete(3311);
    },
  });
  await bench.started();
  bench.client.bootstrap();
  await bench.clock.advance(10);
});

describe("Bootstrap-Discover (LwM2M Core 1.2 §6.1.7.3)", () => {
  it("shows all Objects and Instances, whose they are, and the version", async () => {
    expect(await discover("/")).toBe(
      `</>;lwm2m=1.1,</0/0>;ssid=101;uri="coap://one:5683",</0/1>,</1/0>;ssid=101,</3/0>,</3303>;ver=1.1,</3303/0>`,
    );
  });

  it("shows one Object alone", async () => {
    expect(await discover("/0")).toBe(`</>;lwm2m=1.1,</0/0>;ssid=101;uri="coap://one:5683",</0/1>`);
    expect(await discover("/1")).toBe("</>;lwm2m=1.1,</1/0>;ssid=101");
    expect(await discover("/3303")).toBe("</>;lwm2m=1.1,</3303>;ver=1.1,</3303/0>");
  });

  it("shows an Object without Instances, and nothing that nobody knows", async () => {
    expect(await discover("/2")).toBe("</>;lwm2m=1.1");
    expect(await discover("/31999")).toBe("4.04");
  });

  it("speaks of its version as LwM2M 1.0 did where that is spoken, and names no URI, for which it had no word", async () => {
    bench = await new BootstrapBench({ bootstrap: { version: "1.0" }, accounts: [ACCOUNT] }).started();
    bench.client.bootstrap();
    await bench.clock.advance(10);
    expect(await discover("/0")).toBe('lwm2m="1.0",</0/0>;ssid=101,</0/1>');
    expect(await discover("/2")).toBe('lwm2m="1.0"');
  });

  it("knows no parameters: depth is for servers that manage", async () => {
    const query = ["depth=1"];
    expect((await bench.bs.ask("GET", { path: "/", query, accept: Format.LinkFormat })).code).toBe("4.00");
  });

  it("goes no deeper than Objects", async () => {
    expect(await discover("/1/0")).toBe("4.05");
  });

  it("shows what has been written and deleted in this session", async () => {
    await bench.write("/0/5", security(5, 102, TWO));
    await bench.write("/1/5", server(5, 102));
    await bench.bs.ask("DELETE", { path: "/1/0" });
    expect(await discover("/0")).toContain(`</0/5>;ssid=102;uri="coap://two:5683"`);
    expect(await discover("/1")).toBe("</>;lwm2m=1.1,</1/5>;ssid=102");
  });
});

describe("Bootstrap-Read (§6.1.7.4)", () => {
  it("shows Object 1 in TLV, or in the format asked for", async () => {
    const tlv = await bench.bs.ask("GET", { path: "/1" });
    expect([tlv.code, tlv.format]).toEqual(["2.05", Format.Tlv]);
    // As in the example of §7.4.4: one Instance, numbered 0, of four Resources.
    expect(Buffer.from(tlv.payload).toString("hex")).toBe("08000dc10065c201012cc10601c10755");
    const json = await bench.bs.ask("GET", { path: "/1/0", accept: Format.SenmlJson });
    expect(JSON.parse(json.text)).toEqual([
      { bn: "/1/0/", n: "0", v: 101 },
      { n: "1", v: 300 },
      { n: "6", vb: true },
      { n: "7", vs: "U" },
    ]);
  });

  it("shows Object 2 empty where there are no rules", async () => {
    expect(await bench.bs.ask("GET", { path: "/2" })).toMatchObject({ code: "2.05", text: "" });
  });

  it("shows neither keys nor measurements", async () => {
    const ask = (where: string) => bench.bs.ask("GET", { path: where });
    expect(await codes(ask("/0"), ask("/0/1"), ask("/0/1/5"), ask("/3"), ask("/3303/0/5700"), ask("/"))).toEqual(
      Array.from({ length: 6 }, () => "4.05"),
    );
  });

  it("knows what is not there, and formats that cannot carry it", async () => {
    expect(await codes(bench.bs.ask("GET", { path: "/1/9" }))).toEqual(["4.04"]);
    expect(await codes(bench.bs.ask("GET", { path: "/1", accept: Format.Text }))).toEqual(["4.06"]);
    expect(await codes(bench.bs.ask("GET", { path: "/1", accept: 9_999 }))).toEqual(["4.06"]);
  });
});

describe("Bootstrap-Write (§6.1.7.5)", () => {
  it.each([Format.Tlv, Format.SenmlCbor, Format.SenmlJson, LWM2M_CBOR])(
    "takes an Instance in format %i",
    async (format) => {
      expect((await bench.write("/0/3", security(3, 7, TWO), format)).code).toBe("2.04");
      expect((await bench.write("/1/3", server(3, 7), format)).code).toBe("2.04");
      expect((await bench.finish()).code).toBe("2.04");
      expect(bench.provisions.at(-1)?.accounts.at(-1)).toMatchObject({ uri: TWO, lifetime: 300, shortServerId: 7 });
    },
  );

  it.each([Format.Tlv, Format.SenmlCbor, Format.SenmlJson, LWM2M_CBOR])(
    "takes several Instances in format %i",
    async (format) => {
      const both = { ...server(3, 7), ...server(4, 8) };
      expect((await bench.write("/1", both, format)).code).toBe("2.04");
      expect(await discover("/1")).toBe("</>;lwm2m=1.1,</1/0>;ssid=101,</1/3>;ssid=7,</1/4>;ssid=8");
    },
  );

  it("takes a single Resource as text, in CBOR, and as opaque", async () => {
    expect((await bench.bs.ask("PUT", { path: "/1/0/1", format: Format.Text, payload: "600" })).code).toBe("2.04");
    expect((await bench.bs.ask("PUT", { path: "/1/0/3", format: Format.Cbor, payload: bytes("1864") })).code).toBe(
      "2.04",
    );
    expect((await bench.bs.ask("PUT", { path: "/0/0/3", format: Format.Opaque, payload: "id" })).code).toBe("2.04");
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.provisions[0]?.accounts[0]).toMatchObject({ lifetime: 600, defaultMaximumPeriod: 100 });
  });

  it("takes the place of an Instance: what is not given again is gone", async () => {
    await bench.write("/1/0", { ...server(0, 101), "/1/0/2": 20 });
    await bench.write("/1/0", server(0, 101, 900));
    await bench.finish();
    expect(bench.provisions[0]?.accounts[0]?.lifetime).toBe(900);
    expect(bench.provisions[0]?.accounts[0]?.defaultMinimumPeriod).toBeUndefined();
  });

  it("E73: passes over the SMS Resources that some servers always send", async () => {
    const sms = { "/0/3/6": 0, "/0/3/7": bytes("00"), "/0/3/8": bytes("00"), "/0/3/9": "0" };
    expect((await bench.write("/0/3", { ...security(3, 7, TWO), ...sms })).code).toBe("2.04");
    expect((await bench.write("/1/3", server(3, 7))).code).toBe("2.04");
    expect((await bench.finish()).code).toBe("2.04");
  });

  it.each([
    // Resource 0 = 7, 1 = 300, 7 = "U", and 26241 of an unknown type.
    ["TLV", Format.Tlv, bytes("c10007c201012cc10601c10755e3668178797a")],
    [
      "SenML JSON",
      Format.SenmlJson,
      `[{"bn":"/1/3/","n":"0","v":7},{"n":"1","v":300},{"n":"6","vb":true},{"n":"7","vs":"U"},{"n":"26241","v":1.5},{"n":"26242","vb":true},{"n":"26243","vlo":"3:0"},{"n":"26244/1","vs":"x"}]`,
    ],
  ])("E73: passes over Resources that nobody knows, in %s", async (_, format, payload) => {
    expect((await bench.bs.ask("PUT", { path: "/1/3", format, payload })).code).toBe("2.04");
    await bench.write("/0/3", security(3, 7, TWO));
    expect((await bench.finish()).code).toBe("2.04");
    expect(bench.provisions[0]?.accounts[1]).toMatchObject({ shortServerId: 7, lifetime: 300 });
  });

  it("refuses what is malformed, in words, and changes nothing", async () => {
    const put = (at: string, format: number, payload: Uint8Array | string) =>
      bench.bs.ask("PUT", { path: at, format, payload });
    const cut = await put("/1/0", Format.Tlv, bytes("c801ff"));
    expect([cut.code, cut.text]).toEqual(["4.00", expect.stringContaining("TLV")]);
    expect((await put("/1/0", Format.SenmlJson, `[{"n":"/1/0/1","vs":"long"}]`)).code).toBe("4.00");
    expect((await put("/1/0", Format.SenmlJson, `[{"n":"/3/0/1","vs":"elsewhere"}]`)).code).toBe("4.00");
    expect((await put("/1/0", 9_999, "x")).code).toBe("4.15");
    expect((await put("/1/0", Format.Text, "x")).code).toBe("4.15");
    expect((await put("/31999/0", Format.Tlv, bytes("c10001"))).code).toBe("4.04");
    expect((await put("/1/0/26241", Format.Text, "x")).code).toBe("4.04");
    expect((await put("/", Format.SenmlJson, "[]")).code).toBe("4.05");
    const { text } = await bench.bs.ask("GET", { path: "/1/0/", accept: Format.SenmlJson });
    expect(text).toContain(`"v":300`);
  });

  it("takes no more than a client may hold", async () => {
    const large = { ...security(3, 7, TWO), "/0/3/3": new Uint8Array(30_000) };
    for (const code of ["2.04", "2.04", "4.13"]) expect((await bench.write("/0/3", large)).code).toBe(code);
    await bench.write("/1/3", server(3, 7));
    expect((await bench.finish()).code).toBe("2.04");
  });

  it("knows nothing but its own five operations", async () => {
    expect(await codes(bench.bs.ask("POST", { path: "/1/0/8" }), bench.bs.ask("POST", { path: "/1" }))).toEqual([
      "4.05",
      "4.05",
    ]);
    expect((await bench.bs.ask("FETCH", { path: "/", format: Format.SenmlJson, payload: "[]" })).code).toBe("4.05");
    expect((await bench.bs.ask("iPATCH", { path: "/", format: Format.SenmlJson, payload: "[]" })).code).toBe("4.05");
    expect((await bench.bs.ask("GET", { path: "/nothing" })).code).toBe("4.04");
    for (const method of ["GET", "PUT", "POST", "DELETE"] as const)
      expect((await bench.bs.ask(method, { path: "/1/0/7/0/0" })).code, method).toBe("4.02");
    expect((await bench.bs.ask("PUT", { path: "/3/0/7/0", format: Format.Text, payload: "1" })).code).toBe("4.05");
  });
});

describe("what a Bootstrap-Server writes to other Objects", () => {
  it("holds from Finish on, and not before", async () => {
    const name = (payload: string) => bench.bs.ask("PUT", { path: "/3303/0/5750", format: Format.Text, payload });
    expect((await name("kitchen")).code).toBe("2.04");
    expect(bench.tree.get(path(3303, 0, 5750))).toBeUndefined();
    await bench.finish();
    expect(bench.tree.get(path(3303, 0, 5750))?.value).toBe("kitchen");
  });

  it("is forgotten with the session that fails", async () => {
    await bench.bs.ask("PUT", { path: "/3303/0/5750", format: Format.Text, payload: "kitchen" });
    await bench.clock.advance(400_000);
    await bench.finish();
    expect(bench.tree.get(path(3303, 0, 5750))).toBeUndefined();
  });

  it("creates Instances where servers may, and removes them", async () => {
    expect((await bench.write("/3311/4", { "/3311/4/5850": true, "/3311/4/5851": 40 })).code).toBe("2.04");
    expect(await discover("/3311")).toBe("</>;lwm2m=1.1,</3311/4>");
    await bench.finish();
    expect(bench.tree.get(path(3311, 4, 5851))?.value).toBe(40);
    bench.client.bootstrap();
    await bench.clock.advance(10);
    expect((await bench.bs.ask("DELETE", { path: "/3311/4" })).code).toBe("2.02");
    expect(bench.tree.hasInstance(path(3311, 4))).toBe(true);
    await bench.finish();
    expect(bench.tree.hasInstance(path(3311, 4))).toBe(false);
  });

  it("never changes what was measured", async () => {
    expect((await bench.bs.ask("PUT", { path: "/3303/0/5700", format: Format.Text, payload: "99" })).code).toBe("4.05");
    expect((await bench.write("/3303/0", { "/3303/0/5700": 99, "/3303/0/5750": "kitchen" })).code).toBe("2.04");
    await bench.finish();
    expect(bench.tree.get(path(3303, 0, 5700))?.value).toBe(22);
    expect(bench.tree.get(path(3303, 0, 5750))?.value).toBe("kitchen");
  });

  it("must be in range", async () => {
    expect((await bench.write("/3311/4", { "/3311/4/5850": true, "/3311/4/5851": 140 })).code).toBe("4.00");
  });

  it("makes no device obey", async () => {
    bench.tree.onWrite(path(3303, 0, 5750), () => ({ status: "done" }));
    expect((await bench.bs.ask("PUT", { path: "/3303/0/5750", format: Format.Text, payload: "x" })).code).toBe("4.05");
  });
});

describe("Bootstrap-Delete (§6.1.7.6)", () => {
  it("E73: keeps the account of the Bootstrap-Server and the Device", async () => {
    expect((await bench.bs.ask("DELETE", { path: "/" })).code).toBe("2.02");
    expect(await discover("/")).toBe("</>;lwm2m=1.1,</0/1>,</3/0>,</3303>;ver=1.1,</3303/0>");
    await bench.provide(7, TWO);
    await bench.finish();
    expect(bench.provisions[0]?.bootstrap?.uri).toBe("coap://bs:5783");
    expect(bench.provisions[0]?.accounts.map(({ uri }) => uri)).toEqual([TWO]);
  });

  it("E73: Delete /0 keeps it too, and so does Delete of its very Instance", async () => {
    const remove = (where: string) => bench.bs.ask("DELETE", { path: where });
    expect(await codes(remove("/0"), remove("/0/1"), remove("/3"), remove("/3/0"))).toEqual([
      "2.02",
      "2.02",
      "2.02",
      "2.02",
    ]);
    expect(await discover("/0")).toBe("</>;lwm2m=1.1,</0/1>");
    expect(await discover("/3")).toBe("</>;lwm2m=1.1,</3/0>");
  });

  it("takes a server away", async () => {
    await bench.provide(7, TWO);
    expect((await bench.bs.ask("DELETE", { path: "/1/0" })).code).toBe("2.02");
    expect((await bench.bs.ask("DELETE", { path: "/0/0" })).code).toBe("2.02");
    await bench.finish();
    await bench.clock.advance(10);
    expect(bench.server(ONE).log.at(-1)).toMatch(/^DELETE \/rd/);
    expect(bench.client.registrations.map((each) => each.server)).toEqual([TWO]);
  });

  it("does not mind what is not there", async () => {
    expect((await bench.bs.ask("DELETE", { path: "/1/77" })).code).toBe("2.02");
  });

  it("leaves parts of the device alone, and Resources", async () => {
    expect((await bench.bs.ask("DELETE", { path: "/3303/0" })).code).toBe("4.05");
    expect((await bench.bs.ask("DELETE", { path: "/1/0/2" })).code).toBe("4.00");
  });
});
