import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { codecOf, Format, type Node } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import { settle } from "../../support/fake-clock.ts";
import type { Station } from "../../support/station.ts";
import { at, plant, R, TEST, testModels, testStation } from "../../support/test-object.ts";

const tlv = (hex: string) => ({ format: Format.Tlv, payload: fromHex(hex) });
const values = (here: Station, id: number) =>
  Object.fromEntries(here.tree.entries(at(id)).map(([where, { value }]) => [where.slice(at(id).length + 1), value]));

describe("Write to what the tree keeps", () => {
  it.each<[keyof typeof R, string, ResourceValue]>([
    ["integer", "-9007199254740993", -9007199254740993n],
    ["integer", "42", 42],
    ["unsigned", "18446744073709551615", 18446744073709551615n],
    ["float", "-0.5", -0.5],
    ["boolean", "1", true],
    ["string", "", ""],
    ["string", "grüße", "grüße"],
    ["link", "3:0", { object: 3, instance: 0 }],
    ["time", "1700000000", 1_700_000_000],
    ["rawBytes", "AQI=", Uint8Array.of(1, 2)],
    ["coreLink", "</3/0>", "</3/0>"],
  ])("keeps %s %s, and shows it in every format as it was written", async (name, text, value) => {
    const here = await testStation({ account: { version: "1.2" } });
    const where = at(R[name]);
    const model = testModels.resource(where)!;
    expect((await here.server.ask("PUT", { path: where, format: Format.Text, payload: text })).code).toBe("2.04");
    expect(here.tree.get(where)?.value).toEqual(value);
    const formats = [
      Format.Text,
      Format.Cbor,
      Format.Tlv,
      Format.SenmlJson,
      Format.SenmlCbor,
      Format.Json,
      Format.LwM2mCbor,
    ];
    for (const format of formats) {
      const read = await here.server.ask("GET", { path: where, accept: format });
      expect(read, `${name} in ${format}`).toMatchObject({ code: "2.05", format });
      here.tree.delete(where);
      expect((await here.server.ask("PUT", { path: where, format, payload: read.payload })).code).toBe("2.04");
      expect(here.tree.get(where)?.value, `${name} in ${format}`).toEqual(value);
    }
    expect(model.operations).toBe("RW");
  });

  it.each<[keyof typeof R, string]>([
    ["integer", "12.5"],
    ["integer", "22.0"], // E34
    ["integer", "9223372036854775808"],
    ["integer", ""],
    ["unsigned", "-1"],
    ["float", "1,5"], // E34
    ["float", "NaN"],
    ["boolean", "true"], // E35
    ["boolean", "2"],
    ["link", "3"],
    ["link", "65536:0"],
    ["time", "2026-06-01T12:00:00Z"], // E36
    ["rawBytes", "A=A"],
    ["rawBytes", "AAA"],
    ["percent", "101"],
    ["percent", "-1"],
    ["label", ""],
    ["label", "too long!"],
    ["label", "äöüää"], // five letters, ten bytes
    ["key", "AAAAAAA="],
  ])("E34, E35, E36: refuses %s %j with 4.00, names it, and changes nothing", async (name, text) => {
    const here = await testStation();
    const before = here.tree.entries(path(TEST)).map(([where, { value }]) => [where, value]);
    const answer = await here.server.ask("PUT", { path: at(R[name]), format: Format.Text, payload: text });
    expect(answer.code).toBe("4.00");
    expect(answer.text).toContain(at(R[name]));
    expect(here.tree.entries(path(TEST)).map(([where, { value }]) => [where, value])).toEqual(before);
  });

  it("E33, E51: takes TLV on a Resource with and without the outer header, and floats of 4 and 8 bytes alone", async () => {
    const here = await testStation();
    for (const [hex, code] of [
      ["c10c05", "2.04"],
      ["0300c10c06", "2.04"],
      ["c10d07", "4.00"], // the number of another Resource
      ["0301c10c06", "4.00"], // of another Instance
      ["83004100", "4.00"],
    ] as const)
      expect((await here.server.ask("PUT", { path: at(R.integer), ...tlv(hex) })).code, hex).toBe(code);
    expect(here.tree.get(at(R.integer))?.value).toBe(6);
    expect((await here.server.ask("PUT", { path: at(R.float), ...tlv("c10e16") })).code).toBe("4.00");
    expect((await here.server.ask("PUT", { path: at(R.float), ...tlv("c40e41b00000") })).code).toBe("2.04");
    expect((await here.server.ask("PUT", { path: at(R.float), ...tlv("c8 0e 08 4036000000000000") })).code).toBe(
      "2.04",
    );
    expect(here.tree.get(at(R.float))?.value).toBe(22);
  });

  it("takes an empty value where the type has one, and none where it has not", async () => {
    const here = await testStation();
    const put = async (id: number, format: number) => (await here.server.ask("PUT", { path: at(id), format })).code;
    expect(await put(R.string, Format.Text)).toBe("2.04");
    expect(await put(R.rawBytes, Format.Text)).toBe("2.04");
    expect(await put(R.rawBytes, Format.Opaque)).toBe("2.04");
    expect(await put(R.string, Format.Opaque)).toBe("4.00");
    expect(await put(R.string, Format.Tlv)).toBe("4.00");
    expect(await put(R.integer, Format.Tlv)).toBe("4.00");
    expect(await put(R.integer, 65_000)).toBe("4.15");
  });

  it("writes what cannot be read", async () => {
    const here = await testStation();
    expect((await here.server.ask("PUT", { path: at(R.secret), format: 0, payload: "hush" })).code).toBe("2.04");
    expect(here.tree.get(at(R.secret))?.value).toBe("hush");
    expect((await here.server.ask("GET", { path: at(R.secret) })).code).toBe("4.05");
    expect((await here.server.ask("GET", { path: "/33605/0", accept: Format.SenmlJson })).text).not.toContain("hush");
  });

  it("tells an observer, and whoever saves", async () => {
    const here = await testStation();
    const stored: unknown[] = [];
    here.tree.onStored((where, value) => stored.push([where, value]));
    const token = here.server.send("GET", { path: at(R.integer), observe: 0 });
    await settle();
    await here.server.ask("PUT", { path: at(R.integer), format: 0, payload: "77" });
    expect(here.server.answers(token).map(({ text }) => text)).toEqual(["0", "77"]);
    expect(stored).toEqual([["/33605/0/12", 77]]);
  });
});

describe("Write to an Instance", () => {
  const nodes: Node[] = [
    { path: at(R.counter), type: "integer", value: 5 },
    { path: at(R.boolean), type: "boolean", value: true },
    { path: at(R.strings, 2), type: "string", value: "two" },
  ];

  it.each([Format.Tlv, Format.SenmlJson, Format.SenmlCbor, Format.Json, Format.LwM2mCbor])(
    "by PUT in format %i replaces it: what is optional and not named goes, what only the client writes stays",
    async (format) => {
      const here = await testStation();
      here.tree.set(at(R.string), "old", here.clock.now());
      here.tree.setInstances(at(R.strings), ["zero", "one"], here.clock.now());
      here.tree.setInstances(at(R.integers), [1, 2], here.clock.now());
      const changes: string[][] = [];
      here.tree.onDifference((paths) => changes.push([...paths]));
      const payload = codecOf(format)!.encode(nodes, at());
      expect((await here.server.ask("PUT", { path: "/33605/0", format, payload })).code).toBe("2.04");
      const left = here.tree.entries(at()).map(([where, { value }]) => [where, value]);
      expect(Object.fromEntries(left)).toEqual({
        "/33605/0/1": 5,
        "/33605/0/5": new Uint8Array(0), // read-only
        "/33605/0/13": true,
        "/33605/0/22/2": "two",
      });
      // One Write, one change.
      expect(changes).toHaveLength(1);
      expect((await here.server.ask("GET", { path: at(R.integers) })).code).toBe("4.04");
    },
  );

  it("by PUT keeps a mandatory Resource that is not named: nothing else could be in its place", async () => {
    const here = await testStation();
    expect((await here.server.ask("PUT", { path: "/33605/0", ...tlv("") })).code).toBe("2.04");
    expect(here.tree.entries(at()).map(([where]) => where)).toEqual(["/33605/0/1", "/33605/0/5"]);
  });

  it.each([Format.Tlv, Format.SenmlJson, Format.SenmlCbor, Format.Json, Format.LwM2mCbor])(
    "by POST in format %i updates it: what is not named stays, Resource Instances beside it too",
    async (format) => {
      const here = await testStation();
      here.tree.set(at(R.string), "old", here.clock.now());
      here.tree.setInstances(at(R.strings), ["zero", "one"], here.clock.now());
      const payload = codecOf(format)!.encode(nodes, at());
      expect((await here.server.ask("POST", { path: "/33605/0", format, payload })).code).toBe("2.04");
      expect(here.tree.get(at(R.string))?.value).toBe("old");
      expect(here.tree.get(at(R.counter))?.value).toBe(5);
      expect(values(here, R.strings)).toEqual({ 0: "zero", 1: "one", 2: "two" });
    },
  );

  it.each([
    ["E63: one is read-only", "c10c05" + "c10501", "4.05", "/33605/0/5"],
    ["E63: one is executed", "c10c05" + "c10231", "4.05", "/33605/0/2"],
    ["one is out of range", "c10c05" + "c11e65", "4.00", "/33605/0/30"],
    ["one is of the wrong type", "c10c05" + "c20d0101", "4.00", "/33605/0/13"],
    ["one is unknown", "c10c05" + "c1c801", "4.04", "/33605/0/200"],
    ["one comes twice", "c10c05" + "c10c06", "4.00", "/33605/0/12"],
    ["a single Resource comes as a list", "830c410007", "4.00", "/33605/0/12"],
    ["a list comes as a single Resource", "c10307", "4.00", "/33605/0/3"],
    ["the bytes end too soon", "c10c05" + "c40d01", "4.00", "TLV"],
  ])("E62: does nothing if %s", async (_, hex, code, words) => {
    const here = await testStation();
    for (const method of ["PUT", "POST"] as const) {
      const answer = await here.server.ask(method, { path: "/33605/0", ...tlv(hex) });
      expect(answer.code).toBe(code);
      expect(answer.text).toContain(words);
      expect(here.tree.get(at(R.integer))?.value).toBe(0);
      expect(here.tree.get(at(R.string))?.value).toBe("");
    }
  });

  it("E62: keeps nothing if a device does not do its part, and says what was done already", async () => {
    const here = await testStation({
      fill: (tree, clock) => {
        plant(tree, clock);
        tree.onWrite(at(R.boolean), () => ({ status: "done" }));
        tree.onWrite(at(R.float), () => Promise.resolve({ status: "rejected", reason: "jammed" }));
      },
    });
    const answer = await here.server.ask("POST", { path: "/33605/0", ...tlv("c10c05" + "c10d01" + "c40e41b00000") });
    expect(answer).toMatchObject({ code: "4.00", text: "/33605/0/14: jammed; written before: /33605/0/13" });
    expect(here.tree.get(at(R.integer))?.value).toBe(0);
  });

  it("stores nothing in an Instance that went while a device was thinking", async () => {
    let confirm: () => void = () => undefined;
    const here = await testStation({
      fill: (tree, clock) => {
        plant(tree, clock);
        tree.onWrite(at(R.boolean), () => new Promise((resolve) => (confirm = () => resolve(undefined))));
      },
    });
    here.server.send("POST", { path: "/33605/0", ...tlv("c10c05" + "c10d01") });
    await settle();
    here.tree.removeInstance(at());
    confirm();
    await settle();
    expect(here.tree.entries(path(TEST))).toEqual([]);
  });
});

describe("Write to a multiple Resource", () => {
  const filled = async () => {
    const here = await testStation();
    here.tree.setInstances(at(R.integers), [10, 20, 30], here.clock.now());
    return here;
  };

  it("by PUT replaces all of its Instances", async () => {
    const here = await filled();
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("860341020c41044d") })).code).toBe("2.04");
    expect(values(here, R.integers)).toEqual({ 2: 12, 4: 77 });
    expect(here.tree.entries(at(R.integers))).toHaveLength(2);
  });

  it("by POST adds to them and changes them", async () => {
    const here = await filled();
    expect((await here.server.ask("POST", { path: at(R.integers), ...tlv("860341020c41044d") })).code).toBe("2.04");
    expect(values(here, R.integers)).toEqual({ 0: 10, 1: 20, 2: 12, 4: 77 });
  });

  it("by PUT of none empties it; it is there all the same", async () => {
    const here = await filled();
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("8003") })).code).toBe("2.04");
    expect(await here.server.ask("GET", { path: at(R.integers) })).toMatchObject({
      code: "2.05",
      payload: fromHex("8003"),
    });
    expect(await here.server.ask("GET", { path: at(R.integers), accept: Format.SenmlJson })).toMatchObject({
      code: "2.05",
      text: "[]",
    });
    expect((await here.server.ask("GET", { path: at(R.integers), accept: 40 })).text).toBe("</33605/0/3>;dim=0");
    expect((await here.server.ask("GET", { path: at(R.integers), accept: Format.Text })).code).toBe("4.06");
    await here.server.ask("PUT", { path: at(R.integers), ...tlv("8303410009") });
    expect((await here.server.ask("GET", { path: at(R.integers), accept: 40 })).text).toBe(
      "</33605/0/3>;dim=1,</33605/0/3/0>",
    );
  });

  it("writes one Resource Instance alone, new or not", async () => {
    const here = await filled();
    expect((await here.server.ask("PUT", { path: at(R.integers, 1), format: 0, payload: "21" })).code).toBe("2.04");
    expect((await here.server.ask("PUT", { path: at(R.integers, 7), ...tlv("41074d") })).code).toBe("2.04");
    expect(values(here, R.integers)).toEqual({ 0: 10, 1: 21, 2: 30, 7: 77 });
    expect(await here.server.ask("GET", { path: at(R.integers, 7) })).toMatchObject({
      code: "2.05",
      format: 0,
      text: "77",
    });
    expect((await here.server.ask("PUT", { path: at(R.integer, 0), format: 0, payload: "1" })).code).toBe("4.04");
  });

  it("E65: knows no Resource Instances by path in LwM2M 1.0, but lists", async () => {
    const here = await testStation({ account: { version: "1.0" } });
    expect((await here.server.ask("PUT", { path: at(R.integers, 0), format: 0, payload: "1" })).code).toBe("4.00");
    expect((await here.server.ask("PUT", { path: at(R.integers, 0), query: ["pmin=1"] })).code).toBe("4.00");
    expect((await here.server.ask("GET", { path: at(R.integers, 0), observe: 0 })).code).toBe("4.00");
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("860341020c41044d") })).code).toBe("2.04");
    expect((await here.server.ask("GET", { path: at(R.integers), accept: 40 })).text).toBe("</33605/0/3>;dim=2");
  });

  it("takes a single value that was set for it as its first Instance", async () => {
    const here = await testStation();
    here.tree.set(at(R.integers), 9, here.clock.now());
    expect((await here.server.ask("POST", { path: at(R.integers), ...tlv("830341020c") })).code).toBe("2.04");
    expect(values(here, R.integers)).toEqual({ 0: 9, 2: 12 });
    here.tree.setInstances(at(R.integers), [], here.clock.now());
    here.tree.set(at(R.integers), 9, here.clock.now());
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("830341020c") })).code).toBe("2.04");
    expect(values(here, R.integers)).toEqual({ 2: 12 });
  });

  it("goes to a device one Instance at a time, and cannot be emptied there", async () => {
    const told: unknown[] = [];
    const here = await testStation({
      fill: (tree, clock) => {
        plant(tree, clock);
        tree.onWrite(at(R.integers), (where, value) => {
          told.push([where, value]);
          return undefined;
        });
      },
    });
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("860341020c41044d") })).code).toBe("2.04");
    expect(told).toEqual([
      ["/33605/0/3/2", 12],
      ["/33605/0/3/4", 77],
    ]);
    expect((await here.server.ask("PUT", { path: at(R.integers), ...tlv("8003") })).code).toBe("4.05");
  });
});
