import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { codecOf, Format, type Node } from "../../../src/content/index.ts";
import type { Verdict } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station } from "../../support/station.ts";
import { at, BEGINNING, plant, R, TEST, testModels, testStation } from "../../support/test-object.ts";

const OBJECT = `/${TEST}`;
const location = (message: { options: readonly { number: number; value: Uint8Array }[] }) =>
  message.options.filter(({ number }) => number === 8).map(({ value }) => Buffer.from(value).toString());

describe("An Object without Instances", () => {
  it("of which servers may create some is announced, found and empty (LwM2M Core 1.1 §6.2.1)", async () => {
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3, 0));
        tree.addInstance(path(3303, 0));
        tree.onCreate(10);
        tree.onCreate(0);
      },
    });
    here.client.start();
    await settle();
    const links = "</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</10>;ver=1.1,</3303>;ver=1.1,</3303/0>";
    expect(here.server.requests[0]?.text).toBe(links);
    expect(await here.server.ask("GET", { path: "/10" })).toMatchObject({ code: "2.05", text: "" });
    expect(await here.server.ask("GET", { path: "/10", accept: 40 })).toMatchObject({ text: "</10>;ver=1.1" });
    expect((await here.server.ask("GET", { path: "/10/0" })).code).toBe("4.04");
    expect((await here.server.ask("GET", { path: "/11" })).code).toBe("4.04");
    expect((await here.server.ask("GET", { path: "/0" })).code).toBe("4.01");
  });
});

describe("Create", () => {
  it("E64: chooses a number where the server names none, tells it, and tells the server of the Instance by Update", async () => {
    const here = await station({ fill: plant, client: { models: testModels } }).registered();
    const answer = await here.server.ask("POST", { path: OBJECT });
    expect(answer).toMatchObject({ code: "2.01", text: "", format: undefined });
    expect(location(answer.message)).toEqual(["33605", "0"]);
    const second = await here.server.ask("POST", { path: OBJECT, format: Format.Tlv, payload: fromHex("c10c07") });
    expect(location(second.message)).toEqual(["33605", "1"]);
    expect(here.tree.get(path(TEST, 1, R.integer))?.value).toBe(7);
    await here.clock.advance(1_000);
    expect(here.server.requests.map(({ path: to, text }) => [to, text])).toEqual([
      ["/rd/r1", expect.stringContaining("</33605/0>,</33605/1>")],
    ]);
  });

  it("E64: takes the number that an Object Instance in TLV carries, of 8 or 16 bits, even without a value", async () => {
    const here = await testStation();
    for (const [hex, id] of [
      ["0307c10c2a", "7"], // Instance 7, 3 bytes: Resource 12, one byte, 42
      ["23012cc10c2a", "300"],
      ["0009", "9"],
    ] as const) {
      const answer = await here.server.ask("POST", { path: OBJECT, format: Format.Tlv, payload: fromHex(hex) });
      expect(answer.code, hex).toBe("2.01");
      expect(location(answer.message)).toEqual(["33605", id]);
    }
    expect(here.tree.get(path(TEST, 7, R.integer))?.value).toBe(42);
    expect(here.tree.get(path(TEST, 300, R.integer))?.value).toBe(42);
    expect(here.tree.get(path(TEST, 9, R.integer))?.value).toBe(0);
  });

  it("takes SenML JSON, SenML CBOR, LwM2M CBOR and the JSON of LwM2M 1.0", async () => {
    const here = await testStation();
    let id = 1;
    for (const format of [Format.SenmlJson, Format.SenmlCbor, Format.LwM2mCbor, Format.Json]) {
      const nodes: Node[] = [
        { path: path(TEST, id, R.counter), type: "integer", value: id },
        { path: path(TEST, id, R.string), type: "string", value: "new" },
        { path: path(TEST, id, R.strings, 3), type: "string", value: "three" },
      ];
      const payload = codecOf(format)!.encode(nodes, path(TEST));
      const answer = await here.server.ask("POST", { path: OBJECT, format, payload });
      expect(answer.code, String(format)).toBe("2.01");
      expect(location(answer.message)).toEqual(["33605", String(id)]);
      for (const node of nodes) expect(here.tree.get(node.path)?.value).toEqual(node.value);
      id += 1;
    }
  });

  it("is seen by Read and Discover at once, with the values that it begins with", async () => {
    const here = await testStation();
    const read = await here.server.ask("GET", { path: "/33605/0", accept: Format.SenmlJson });
    expect(JSON.parse(read.text)).toHaveLength(11);
    expect((await here.server.ask("GET", { path: at(R.counter) })).text).toBe("0");
    expect((await here.server.ask("GET", { path: OBJECT, accept: 40 })).text).toMatch(/^<\/33605>,<\/33605\/0>,/);
  });

  it.each([
    ["an Instance that is there", Format.Tlv, "0300c10c2a", "4.00", /there already/],
    ["two Instances at once", Format.Tlv, "0305c10c2a0306c10c2a", "4.00", /6/],
    ["the number that is none", Format.Tlv, "20ffff", "4.00", /65535/],
    ["malformed TLV", Format.Tlv, "c30c01", "4.00", /TLV/],
    ["a value of the wrong type", Format.Tlv, "c30d010203", "4.00", /33605\/1\/13/],
    ["a value out of its range", Format.Tlv, "c11e65", "4.00", /0 to 100/],
    ["something to execute", Format.Tlv, "c10231", "4.05", /executed/],
    ["one value twice", Format.Tlv, "c10c01c10c02", "4.00", /./],
    ["plain text", Format.Text, "31", "4.00", /cannot carry/],
    ["a body without a format", undefined, "31", "4.00", /cannot carry/],
    ["a format that is none", 9999, "31", "4.15", /9999/],
    ["another Object", Format.SenmlJson, toHex(Buffer.from('[{"n":"/3/0/14","vs":"x"}]')), "4.00", /33605/],
    [
      "two Instances in SenML",
      Format.SenmlJson,
      toHex(Buffer.from('[{"bn":"/33605/","n":"5/12","v":1},{"n":"6/12","v":1}]')),
      "4.00",
      /more than one/,
    ],
  ])("refuses %s, and creates nothing", async (_, format, hex, code, words) => {
    const here = await testStation();
    const before = here.tree.instances();
    const answer = await here.server.ask("POST", {
      path: OBJECT,
      payload: fromHex(hex),
      ...(format !== undefined && { format }),
    });
    expect(answer.code).toBe(code);
    expect(answer.text).toMatch(words);
    expect(here.tree.instances()).toEqual(before);
    await here.clock.advance(1_000);
    expect(here.server.requests).toEqual([]);
  });

  it("ignores optional Resources that nobody knows (LwM2M Core 1.1 §8.2.3)", async () => {
    const here = await testStation();
    // Resource 12: 42; Resource 200: "hello"; a list 201 is more than can be ignored.
    expect(
      (
        await here.server.ask("POST", {
          path: OBJECT,
          format: Format.Tlv,
          payload: fromHex("c10c2a" + "c5c868656c6c6f"),
        })
      ).code,
    ).toBe("2.01");
    expect(here.tree.entries(path(TEST, 1)).map(([where]) => where)).not.toContain("/33605/1/200");
  });

  it("wants every mandatory Resource that a server can write, unless the client begins with one", async () => {
    const rest = Object.fromEntries(Object.entries(BEGINNING).filter(([id]) => id !== String(R.counter)));
    const here = await station({
      fill: (tree) => tree.onCreate(TEST, undefined, { defaults: rest }),
      client: { models: testModels },
    }).registered();
    expect(await here.server.ask("POST", { path: OBJECT })).toMatchObject({
      code: "4.00",
      text: "/33605/0/1 counter is missing",
    });
    expect(here.tree.instances()).toEqual(["/3/0"]);
    expect((await here.server.ask("POST", { path: OBJECT, format: Format.Tlv, payload: fromHex("c10105") })).code).toBe(
      "2.01",
    );
  });

  it("takes a mandatory Resource that only the client writes if it is given, and ignores an optional one", async () => {
    const here = await station({ fill: (tree) => tree.onCreate(TEST), client: { models: testModels } }).registered();
    // 0 Timestamp: mandatory, read-only; 1 Counter; 5 Bytes: optional, read-only.
    const payload = fromHex("c10007" + "c10105" + "c105ff");
    expect((await here.server.ask("POST", { path: OBJECT, format: Format.Tlv, payload })).code).toBe("2.01");
    expect(here.tree.entries(at()).map(([where]) => where)).toEqual(["/33605/0/0", "/33605/0/1"]);
  });

  it("asks whoever wants to be asked, with the values, before anything is there", async () => {
    let settleIt: (verdict: Verdict) => void = () => undefined;
    const asked: unknown[] = [];
    const here = await station({
      fill: (tree) =>
        tree.onCreate(TEST, (instance, values) => {
          asked.push(instance, values, tree.hasInstance(instance));
          return new Promise<Verdict>((resolve) => (settleIt = resolve));
        }),
      client: { models: testModels },
    }).registered();
    const create = () => here.server.send("POST", { path: OBJECT, format: Format.Tlv, payload: fromHex("c10105") });
    const token = create();
    await settle();
    expect(asked).toEqual(["/33605/0", [{ path: "/33605/0/1", value: 5 }], false]);
    expect(here.server.answers(token)).toEqual([]);
    settleIt({ status: "rejected", reason: "no room in the cabinet" });
    await settle();
    expect(here.server.answers(token)).toMatchObject([{ code: "4.00", text: "no room in the cabinet" }]);
    expect(here.tree.hasInstance(at())).toBe(false);
    const again = create();
    await settle();
    settleIt({ status: "done" });
    await settle();
    expect(here.server.answers(again)).toMatchObject([{ code: "2.01" }]);
    expect(here.tree.get(at(R.counter))?.value).toBe(5);
  });

  it("has a limit to how many there may be, and to one where the Object has one Instance only", async () => {
    const here = await testStation();
    for (let i = 0; i < 7; i++) expect((await here.server.ask("POST", { path: OBJECT })).code).toBe("2.01");
    expect(await here.server.ask("POST", { path: OBJECT })).toMatchObject({
      code: "4.00",
      text: "no more than 8 Instances",
    });
    // Object 6, Location, has one.
    here.tree.onCreate(6, undefined, { defaults: { 0: 52.5, 1: 13.4, 5: 0 } });
    expect((await here.server.ask("POST", { path: "/6", format: Format.Tlv, payload: fromHex("0001") })).code).toBe(
      "4.00",
    );
    expect((await here.server.ask("POST", { path: "/6", format: Format.Tlv, payload: fromHex("0000") })).code).toBe(
      "2.01",
    );
    expect((await here.server.ask("POST", { path: "/6" })).code).toBe("4.00");
  });

  it("tells whoever saves what it begins with", async () => {
    const here = await testStation();
    const stored: unknown[] = [];
    here.tree.onStored((where, value) => stored.push([where, value]));
    await here.server.ask("POST", { path: OBJECT, format: Format.Tlv, payload: fromHex("0305c10105") });
    expect(stored).toContainEqual(["/33605/5/1", 5]);
    expect(stored).toContainEqual(["/33605/5/12", 0]);
  });

  it("is refused where the client does not offer it: 4.05, and 4.04 where there is no such Object", async () => {
    const { server } = await testStation();
    expect((await server.ask("POST", { path: "/3", format: Format.Tlv })).code).toBe("4.05");
    expect((await server.ask("POST", { path: "/1", format: Format.Tlv })).code).toBe("4.05");
    expect((await server.ask("POST", { path: "/3303", format: Format.Tlv })).code).toBe("4.04");
    expect((await server.ask("POST", { path: "/0", format: Format.Tlv })).code).toBe("4.01");
    expect((await server.ask("POST", { path: "/" })).code).toBe("4.00");
    expect((await server.ask("POST", { path: "/33605/0/12/0" })).code).toBe("4.05");
  });
});
