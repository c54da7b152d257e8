import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { codecOf, Format, readLinks } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { at, R, TEST, testModels, testStation } from "../../support/test-object.ts";

/** Every format that carries more than one value. */
const STRUCTURED = [Format.Tlv, Format.SenmlJson, Format.SenmlCbor, Format.Json, Format.LwM2mCbor] as const;
const SINGLE = [Format.Text, Format.Cbor, ...STRUCTURED] as const;

describe("A client with an Object of every type, at a strict server", () => {
  it("E27: names the format of every answer with a body", async () => {
    const { server } = await testStation({ account: { version: "1.2" } });
    for (const accept of [undefined, ...SINGLE])
      for (const where of [
        at(R.counter),
        at(R.string),
        at(R.link),
        ...(accept === Format.Text || accept === Format.Cbor ? [] : [at()]),
      ]) {
        const answer = await server.ask("GET", { path: where, ...(accept !== undefined && { accept }) });
        expect(answer.code, `${where} in ${accept}`).toBe("2.05");
        expect(answer.format, `${where} in ${accept}`).toBe(accept ?? (where === at() ? Format.Tlv : Format.Text));
      }
  });

  it("E28: answers 4.06 to a format that is unknown, that only asks, or that cannot carry what is there", async () => {
    const { server } = await testStation({ account: { version: "1.2" } });
    for (const accept of [1, 41, 50, 65_000, Format.SenmlEtchJson, Format.SenmlEtchCbor])
      expect((await server.ask("GET", { path: at(R.counter), accept })).code, String(accept)).toBe("4.06");
    for (const accept of [Format.Text, Format.Cbor, Format.Opaque])
      for (const where of ["/33605", at(), at(R.integers)])
        expect((await server.ask("GET", { path: where, accept })).code, `${where} in ${accept}`).toBe("4.06");
  });

  it("E29: answers in text or TLV where no format is asked for, and raw bytes as they are", async () => {
    const { server } = await testStation();
    expect(await server.ask("GET", { path: at(R.float) })).toMatchObject({ format: Format.Text, text: "0.0" });
    expect(await server.ask("GET", { path: at(R.rawBytes) })).toMatchObject({ format: Format.Opaque });
    expect(await server.ask("GET", { path: at() })).toMatchObject({ format: Format.Tlv });
    expect(await server.ask("GET", { path: "/33605" })).toMatchObject({ format: Format.Tlv });
  });

  it("E33: writes whole floats as IEEE 754 in TLV", async () => {
    const { server } = await testStation();
    await server.ask("PUT", { path: at(R.float), format: 0, payload: "22" });
    expect((await server.ask("GET", { path: at(R.float), accept: Format.Tlv })).payload).toEqual(
      fromHex("c40e41b00000"),
    );
  });

  it("E37: gives raw bytes for opaque values alone", async () => {
    const { server } = await testStation();
    expect(await server.ask("GET", { path: at(R.rawBytes), accept: Format.Opaque })).toMatchObject({
      code: "2.05",
      format: Format.Opaque,
    });
    for (const id of [R.string, R.integer, R.boolean, R.float, R.link])
      expect((await server.ask("GET", { path: at(id), accept: Format.Opaque })).code).toBe("4.06");
  });

  it("E40: answers each operation with its own code", async () => {
    const { server } = await testStation({ account: { version: "1.2" } });
    const codes = [
      (await server.ask("POST", { path: "/33605", format: Format.Tlv, payload: fromHex("0005") })).code,
      (await server.ask("GET", { path: "/33605/5" })).code,
      (await server.ask("GET", { path: "/33605/5", accept: 40 })).code,
      (await server.ask("GET", { path: "/33605/5/12", observe: 0 })).code,
      (await server.ask("PUT", { path: "/33605/5/12", format: 0, payload: "1" })).code,
      (await server.ask("PUT", { path: "/33605/5/12", query: ["pmin=1"] })).code,
      (await server.ask("POST", { path: "/33605/5", format: Format.Tlv })).code,
      (await server.ask("POST", { path: "/33605/5/2" })).code,
      (await server.ask("FETCH", { path: "", format: Format.SenmlJson, payload: '[{"n":"/33605/5"}]' })).code,
      (await server.ask("iPATCH", { path: "", format: Format.SenmlJson, payload: "[]" })).code,
      (await server.ask("DELETE", { path: "/33605/5" })).code,
    ];
    expect(codes).toEqual(["2.01", "2.05", "2.05", "2.05", "2.04", "2.04", "2.04", "2.04", "2.05", "2.04", "2.02"]);
  });

  it("E41: discovers in link-format that every parser reads: no blanks, no quotes, format 40", async () => {
    const { server } = await testStation({ account: { version: "1.2" } });
    await server.ask("PUT", { path: at(R.float), query: ["pmin=1", "pmax=10", "gt=1.5", "lt=-1.5", "st=0.5"] });
    for (const where of ["/33605", at(), at(R.float), at(R.integers), "/3", "/1/0"]) {
      const answer = await server.ask("GET", { path: where, accept: 40 });
      expect(answer, where).toMatchObject({ code: "2.05", format: 40 });
      expect(answer.text, where).not.toMatch(/[\s"]/);
      expect(readLinks(answer.text)[0]?.target).toBe(where);
    }
  });

  it("E57: keeps attributes for numbers off what is none, and off Objects and Instances", async () => {
    const { server } = await testStation();
    const put = async (where: string, query: string) => (await server.ask("PUT", { path: where, query: [query] })).code;
    for (const id of [R.integer, R.float, R.time, R.unsigned, R.integers])
      expect(await put(at(id), "gt=1")).toBe("2.04");
    for (const id of [R.string, R.boolean, R.link, R.rawBytes]) expect(await put(at(id), "gt=1")).toBe("4.00");
    for (const where of ["/33605", at()]) expect(await put(where, "st=1")).toBe("4.00");
  });

  it("E60: leaves out of an Instance what cannot be read, in every format", async () => {
    const here = await testStation();
    here.tree.set(at(R.secret), "hush", here.clock.now());
    for (const accept of STRUCTURED) {
      const answer = await here.server.ask("GET", { path: at(), accept });
      const nodes = codecOf(accept)!.decode(answer.payload, at(), (where) => testModels.resource(where));
      const found = nodes.map(({ path: where }) => where);
      expect(found, String(accept)).toContain(at(R.counter));
      expect(found.filter((where) => where === at(R.secret) || where === at(R.increment))).toEqual([]);
    }
    expect((await here.server.ask("GET", { path: at(R.secret) })).code).toBe("4.05");
    expect((await here.server.ask("GET", { path: at(R.increment) })).code).toBe("4.05");
  });

  it("counts when executed, and shows the arguments it was given as a list", async () => {
    const here = await testStation();
    const list = async () => {
      const answer = await here.server.ask("GET", { path: at(R.arguments) });
      const nodes = codecOf(Format.Tlv)!.decode(answer.payload, at(R.arguments), (where) => testModels.resource(where));
      return nodes.map(({ path: where, value }) => [where, value]);
    };
    expect(await list()).toEqual([]);
    const payload = `7,1='',2='1',3='12345',9='${"0".repeat(512)}'`;
    expect((await here.server.ask("POST", { path: at(R.increment), payload })).code).toBe("2.04");
    expect((await here.server.ask("GET", { path: at(R.counter) })).text).toBe("1");
    expect(await list()).toEqual([
      ["/33605/0/4/1", ""],
      ["/33605/0/4/2", "1"],
      ["/33605/0/4/3", "12345"],
      ["/33605/0/4/7", ""],
      ["/33605/0/4/9", "0".repeat(512)],
    ]);
    expect((await here.server.ask("POST", { path: at(R.fillIntegers), payload: "1='x'" })).code).toBe("4.00");
    expect((await here.server.ask("POST", { path: at(R.fillIntegers), payload: "0='5',2='7'" })).code).toBe("2.04");
    expect((await here.server.ask("GET", { path: at(R.integers, 2) })).text).toBe("7");
  });

  it("observes an Instance, a list and one of its Instances", async () => {
    const here = await testStation();
    here.tree.setInstances(at(R.integers), [1, 2], here.clock.now());
    const tokens = [at(), at(R.integers), at(R.integers, 1)].map((where) =>
      here.server.send("GET", { path: where, observe: 0 }),
    );
    await settle();
    await here.server.ask("PUT", { path: at(R.integers, 1), format: 0, payload: "20" });
    await here.server.ask("PUT", { path: at(R.integers, 0), format: 0, payload: "10" });
    expect(tokens.map((token) => here.server.answers(token).length)).toEqual([3, 3, 2]);
  });

  it("goes on observing a list that is empty, and ends when it is gone", async () => {
    const here = await testStation();
    here.tree.setInstances(at(R.integers), [1], here.clock.now());
    const token = here.server.send("GET", { path: at(R.integers), observe: 0 });
    await settle();
    await here.server.ask("PUT", { path: at(R.integers), format: Format.Tlv, payload: fromHex("8003") });
    await here.server.ask("PUT", { path: at(R.integers, 4), format: 0, payload: "9" });
    here.tree.delete(at(R.integers));
    expect(here.server.answers(token).map(({ code, payload }) => [code, toHex(payload)])).toEqual([
      ["2.05", "8303410001"],
      ["2.05", "8003"],
      ["2.05", "8303410409"],
      ["4.04", ""],
    ]);
  });

  it("is written as it was read, whole, in every format", async () => {
    const here = await testStation({ account: { version: "1.2" } });
    here.tree.setInstances(at(R.strings), ["a", "ä", ""], here.clock.now());
    here.tree.set(at(R.unsigned), 2n ** 64n - 1n, here.clock.now());
    here.tree.set(at(R.double), 0.1, here.clock.now());
    const writable = (): unknown[] =>
      here.tree
        .entries(at())
        .filter(([where]) => testModels.resource(where)?.operations === "RW")
        .map(([where, { value }]) => [where, value]);
    const before = writable();
    for (const format of STRUCTURED) {
      const { payload } = await here.server.ask("GET", { path: at(), accept: format });
      const nodes = codecOf(format)!.decode(payload, at(), (where) => testModels.resource(where));
      const body = codecOf(format)!.encode(
        nodes.filter(({ path: where }) => testModels.resource(where)?.operations === "RW"),
        at(),
      );
      await here.server.ask("PUT", { path: at(), format: Format.Tlv });
      expect(writable()).toHaveLength(1);
      expect((await here.server.ask("PUT", { path: at(), format, payload: body })).code, String(format)).toBe("2.04");
      expect(writable(), String(format)).toEqual(before);
    }
  });

  it("reads SenML names cut anywhere between base and rest, and refuses those that lead elsewhere", async () => {
    const here = await testStation();
    const where = at(R.integer);
    const put = async (to: string, records: unknown) =>
      (await here.server.ask("PUT", { path: to, format: Format.SenmlJson, payload: JSON.stringify(records) })).code;
    for (let cut = 0; cut <= where.length; cut++)
      expect(
        await put(where, [
          { ...(cut > 0 && { bn: where.slice(0, cut) }), ...(cut < where.length && { n: where.slice(cut) }), v: cut },
        ]),
      ).toBe("2.04");
    await here.server.ask("POST", { path: `/${TEST}` });
    for (const record of [
      { bn: "/2048", n: where, v: 1 },
      { bn: "/33605/0", n: where, v: 1 },
      { bn: "/133777", n: where, v: 1 },
      { bn: "/33605/1/", n: "12", v: 1 },
      { n: "/33605/0", v: 1 },
      { n: at(R.integers), v: 1 },
      { n: where, v: null },
    ]) {
      expect(await put(where, [record]), JSON.stringify(record)).toBe("4.00");
      expect(await put(at(), [record]), JSON.stringify(record)).toBe("4.00");
    }
    expect(here.tree.get(path(TEST, 1, R.integer))?.value).toBe(0);
  });
});
