/** What a server writes, creates, deletes and sets at a client (LwM2M Core 1.2 §6.3), byte for byte. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import type { Client } from "../../src/lab/client.ts";
import type { Operations } from "../../src/lab/operations.ts";
import { type Path, path } from "../../src/model/path.ts";
import { LabBench, models } from "../support/lab-bench.ts";
import { Opt, option, options, pathOf, type RawClient } from "../support/raw-client.ts";

let bench: LabBench;
let peer: RawClient;
let ask: Operations;
let client: Client;

async function register(version = "1.1"): Promise<void> {
  await peer.register(`ep=a&lwm2m=${version}&lt=300`, "</1/0>,</3/0>,</3303/0>");
  client = bench.known("a");
}

beforeEach(async () => {
  bench = await new LabBench({ watch: false }).start();
  peer = await bench.raw();
  ask = bench.lab.operations;
  await register();
  peer.onRequest = () => ({ code: "2.04" });
});
afterEach(() => bench.stop());

const asked = () => peer.asked.at(-1)!;
const formatNumber = () => option(asked(), Opt.ContentFormat)?.reduce((sum, byte) => sum * 256 + byte, 0);
const modelOf = (at: Path) => models.resource(at);
const decoded = (base: Path) =>
  codecOf(formatNumber() ?? 0)!
    .decode(asked().payload, base, modelOf)
    .map(({ path: at, value }) => [at, value]);

const INSTANCE = path(3303, 0);

describe("a Write of an Instance", () => {
  it("replaces with PUT and updates with POST (§6.3.3)", async () => {
    const values = { "5750": "cellar", "5601": -3.5 };
    expect(await ask.writeAll(client, INSTANCE, values, { mode: "replace" })).toEqual({ code: "2.04" });
    expect([asked().code, pathOf(asked()), formatNumber()]).toEqual(["0.03", "/3303/0", 112]);
    expect(await ask.writeAll(client, INSTANCE, values, { mode: "update" })).toEqual({ code: "2.04" });
    expect(asked().code).toBe("0.02");
    expect(decoded(INSTANCE)).toEqual([
      ["/3303/0/5601", -3.5],
      ["/3303/0/5750", "cellar"],
    ]);
  });

  it.each([Format.SenmlCbor, Format.SenmlJson, Format.Tlv])("can be told in format %i", async (format) => {
    await ask.writeAll(client, path(1, 0), { "1": 600, "7": "U", "6": true }, { mode: "update", format });
    expect(formatNumber()).toBe(format);
    expect(decoded(path(1, 0))).toEqual([
      ["/1/0/1", 600],
      ["/1/0/6", true],
      ["/1/0/7", "U"],
    ]);
  });

  it("uses TLV with a client of version 1.0, which knows no SenML", async () => {
    await register("1.0");
    await ask.writeAll(client, path(1, 0), { "1": 600 }, { mode: "update" });
    expect(formatNumber()).toBe(Format.Tlv);
    expect(asked().payload.toString("hex")).toBe("c2010258");
  });

  it("carries Resource Instances, nested or written out", async () => {
    const expected = [
      ["/3/0/11/0", 1],
      ["/3/0/11/3", 2],
    ];
    await ask.writeAll(client, path(3, 0), { "11": { "3": 2, "0": 1 } }, { mode: "replace" });
    expect(decoded(path(3, 0))).toEqual(expected);
    await ask.writeAll(client, path(3, 0), { "/3/0/11/0": 1, "11/3": 2 }, { mode: "replace" });
    expect(decoded(path(3, 0))).toEqual(expected);
  });

  it("writes the Instances of one Resource alone", async () => {
    await ask.writeAll(client, path(3, 0, 11), { "0": 7 }, { mode: "update" });
    expect(pathOf(asked())).toBe("/3/0/11");
    expect(decoded(path(3, 0, 11))).toEqual([["/3/0/11/0", 7]]);
  });

  it.each([
    ["an Object", path(3303), { "0": { "5700": 1 } }],
    ["a value that does not fit", INSTANCE, { "5700": "warm" }],
    ["a key that is no number", INSTANCE, { temperature: 1 }],
    ["a path elsewhere", INSTANCE, { "/3304/0/5700": 1 }],
    ["an Instance without Resources", INSTANCE, { "/3303/0": 1 }],
    ["a number beyond all identifiers", INSTANCE, { "70000": 1 }],
  ])("refuses %s before anything is sent", async (_what, at, values) => {
    const before = peer.asked.length;
    expect(await ask.writeAll(client, at, values, { mode: "replace" })).toMatchObject({ code: "refused" });
    expect(peer.asked.length).toBe(before);
  });

  it("refuses a format that nobody knows, or that carries single values", async () => {
    for (const format of [0, 60, 9_999])
      expect(
        await ask.writeAll(client, INSTANCE, { "5750": "a", "5601": 1 }, { mode: "update", format }),
      ).toMatchObject({ code: "refused" });
  });
});

describe("a Create", () => {
  it("without a number leaves it to the client, and tells which it chose (§6.3.6)", async () => {
    peer.onRequest = () => ({
      code: "2.01",
      options: [
        [Opt.LocationPath, "3303"],
        [Opt.LocationPath, "7"],
      ],
    });
    expect(await ask.create(client, 3303, { "5750": "new" })).toEqual({ code: "2.01", location: "/3303/7" });
    expect([asked().code, pathOf(asked()), formatNumber()]).toEqual(["0.02", "/3303", Format.Tlv]);
    // Resources alone, with no Object Instance around them.
    expect(asked().payload.toString("hex")).toBe("e316766e6577");
  });

  it("with a number says which Instance it wants, in TLV and in SenML", async () => {
    for (const format of [undefined, Format.Tlv, Format.SenmlJson]) {
      await ask.create(client, 3303, { "5750": "new" }, { instance: 4, format });
      expect(decoded(path(3303))).toEqual([["/3303/4/5750", "new"]]);
    }
  });

  it("without a number cannot be told in SenML", async () => {
    expect(await ask.create(client, 3303, { "5750": "a" }, { format: 112 })).toMatchObject({ code: "refused" });
    expect(peer.asked).toEqual([]);
  });

  it("tells why a client refuses", async () => {
    peer.onRequest = () => ({ code: "4.05", payload: "there is one Device" });
    expect(await ask.create(client, 3, {})).toEqual({
      code: "4.05",
      error: "Method Not Allowed: there is one Device",
    });
  });
});

describe("a Delete", () => {
  it.each([
    ["an Instance", path(3303, 0)],
    ["a Resource Instance, since 1.2", path(3, 0, 11, 0)],
  ])("goes to %s", async (_what, at) => {
    peer.onRequest = () => ({ code: "2.02" });
    expect(await ask.delete(client, at)).toEqual({ code: "2.02" });
    expect([asked().code, pathOf(asked())]).toEqual(["0.04", at]);
  });

  it("never goes to an Object or a Resource", async () => {
    expect(await ask.delete(client, path(3303))).toMatchObject({ code: "refused" });
    expect(await ask.delete(client, path(3303, 0, 5700))).toMatchObject({ code: "refused" });
  });
});

describe("Write-Attributes", () => {
  it("is a PUT with a query and nothing else (§6.3.4)", async () => {
    const attributes = { pmin: 10, pmax: 60, gt: 25.5, st: -1, con: true, edge: 0 };
    expect(await ask.writeAttributes(client, path(3303, 0, 5700), attributes)).toEqual({ code: "2.04" });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=10", "pmax=60", "gt=25.5", "st=-1", "con=1", "edge=0"]);
    expect([asked().code, asked().payload.length, formatNumber()]).toEqual(["0.03", 0, undefined]);
  });

  it("takes an attribute away by its name alone (§7.3)", async () => {
    await ask.writeAttributes(client, INSTANCE, { pmin: null, gt: null });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin", "gt"]);
  });

  it("passes nonsense on, for a client to refuse, but nothing that breaks the query", async () => {
    await ask.writeAttributes(client, INSTANCE, { pmin: "abc", nothing: "" });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=abc", "nothing="]);
    expect(await ask.writeAttributes(client, INSTANCE, { pmin: "1&pmax=2" })).toMatchObject({ code: "refused" });
    expect(await ask.writeAttributes(client, INSTANCE, { "p=": 1 })).toMatchObject({ code: "refused" });
  });

  it("may ride on an Observe (since 1.2)", async () => {
    peer.onRequest = () => ({ options: [[Opt.Observe, 1]], payload: "21.5" });
    await ask.observe(client, path(3303, 0, 5700), { pmin: 5, con: 1 });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=5", "con=1"]);
    expect(await ask.observe(client, INSTANCE, { pmin: "&" })).toMatchObject({ code: "refused" });
  });
});

describe("Discover", () => {
  it("asks for link-format, and for a depth if one is wanted", async () => {
    peer.onRequest = () => ({ options: [[Opt.ContentFormat, 40]], payload: "</3303/0>;pmin=5,</3303/0/5700>" });
    expect(await ask.discover(client, INSTANCE)).toEqual({
      code: "2.05",
      links: [
        { target: "/3303/0", attributes: { pmin: "5" } },
        { target: "/3303/0/5700", attributes: {} },
      ],
    });
    expect(options(asked(), Opt.UriQuery)).toEqual([]);
    await ask.discover(client, INSTANCE, 1);
    expect(options(asked(), Opt.UriQuery)).toEqual(["depth=1"]);
    expect([...option(asked(), Opt.Accept)!]).toEqual([40]);
  });
});

describe("Execute", () => {
  it.each(["0", "0='x',1", "2='a b'"])("carries its arguments as text: %s", async (args) => {
    await ask.execute(client, path(3303, 0, 5605), args);
    expect([asked().code, asked().payload.toString(), formatNumber()]).toEqual(["0.02", args, 0]);
  });

  it("carries nothing without arguments, not even a format", async () => {
    await ask.execute(client, path(3303, 0, 5605));
    expect([asked().payload.length, option(asked(), Opt.ContentFormat)]).toEqual([0, undefined]);
  });
});

describe("an answer in a format that has a name and no meaning here", () => {
  it("is not taken for text", async () => {
    peer.onRequest = () => ({ options: [[Opt.ContentFormat, 50]], payload: "21.5" });
    expect(await ask.read(client, path(3303, 0, 5700))).toMatchObject({
      error: expect.stringContaining("65535") as unknown,
    });
  });
});
