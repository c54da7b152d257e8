import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import type { Verdict } from "../../../src/lwm2m/index.ts";
import { path, ROOT } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import type { Heard } from "../../support/fake-server.ts";
import { station } from "../../support/station.ts";
import { at, R, TEST, testModels, testStation } from "../../support/test-object.ts";

/** Names in SenML JSON, as LwM2M 1.1 and SenML-ETCH ask for them. */
const asked = (...names: readonly string[]) => ({
  path: "",
  format: Format.SenmlJson,
  payload: JSON.stringify(names.map((n) => ({ n }))),
});

function values({ format, payload }: Heard): Record<string, unknown> {
  const nodes = codecOf(format!)!.decode(payload, ROOT, (where) => testModels.resource(where));
  return Object.fromEntries(nodes.map(({ path: where, value }) => [where, value]));
}

describe("Read-Composite", () => {
  it("answers with Resources of several Objects, in the format of the question", async () => {
    const { server } = await testStation();
    const answer = await server.ask("FETCH", asked("/3/0/0", "/1/0/1", at(R.integer)));
    expect(answer).toMatchObject({ code: "2.05", format: Format.SenmlJson });
    expect(values(answer)).toEqual({ "/1/0/1": 300, "/3/0/0": "Isthmus", "/33605/0/12": 0 });
  });

  it("reads these bytes of SenML CBOR, and writes those (LwM2M Core 1.1 §6.3.8, Table 7.4.6)", async () => {
    const { server } = await testStation();
    // [{0: "/3/0/0"}, {0: "/33605/0/12"}]
    const payload = fromHex("82 a1 00 66 2f332f302f30 a1 00 6b 2f33333630352f302f3132");
    const answer = await server.ask("FETCH", { path: "", format: Format.SenmlCbor, payload });
    expect(answer).toMatchObject({ code: "2.05", format: Format.SenmlCbor });
    expect(values(answer)).toEqual({ "/3/0/0": "Isthmus", "/33605/0/12": 0 });
  });

  it("reads Objects, Instances, Resources and Resource Instances, each once though they overlap", async () => {
    const { server, tree, clock } = await testStation();
    tree.setInstances(at(R.integers), [10, 20], clock.now());
    const answer = await server.ask(
      "FETCH",
      asked("/3", "/33605/0/3", "/3/0/0", "/3/0/11/0", "/33605/0/3/1", "/33605/0/3"),
    );
    expect(values(answer)).toEqual({
      "/3/0/0": "Isthmus",
      "/3/0/11/0": 0,
      "/3/0/16": "U",
      "/33605/0/3/0": 10,
      "/33605/0/3/1": 20,
    });
    expect(values(await server.ask("FETCH", asked("/33605/0/3/1")))).toEqual({ "/33605/0/3/1": 20 });
  });

  it("reads everything that may be read at the root, and none of it is a key", async () => {
    const here = await testStation();
    here.tree.addInstance(path(0, 0));
    here.tree.set(path(0, 0, 5), "secret", here.clock.now());
    const answer = await here.server.ask("FETCH", asked("/"));
    const paths = Object.keys(values(answer));
    expect(paths).toEqual(expect.arrayContaining(["/1/0/0", "/3/0/0", "/33605/0/12"]));
    expect(paths.filter((where) => where.startsWith("/0/"))).toEqual([]);
  });

  it("E61: leaves out what is not there, what cannot be read and what may not be, and is 2.05 all the same", async () => {
    const here = await testStation();
    here.tree.addInstance(path(0, 0));
    here.tree.set(path(0, 0, 5), "secret", here.clock.now());
    const answer = await here.server.ask(
      "FETCH",
      asked("/3/0/0", "/9", "/3303/0/5700", at(R.secret), "/1/0/8", "/0/0/5", "/0", "/21"),
    );
    expect(values(answer)).toEqual({ "/3/0/0": "Isthmus" });
    expect(await here.server.ask("FETCH", asked("/9", "/3303/0/5700"))).toMatchObject({ code: "2.05", text: "[]" });
  });

  it("E59: is 4.01 if nothing but keys is asked for", async () => {
    const here = await testStation();
    here.tree.addInstance(path(0, 0));
    here.tree.set(path(0, 0, 5), "secret", here.clock.now());
    for (const names of [["/0"], ["/0/0/5", "/21"]])
      expect(await here.server.ask("FETCH", asked(...names))).toMatchObject({ code: "4.01" });
    expect(await here.server.ask("FETCH", { ...asked("/0/0/5"), observe: 0 })).toMatchObject({
      code: "4.01",
      observe: undefined,
    });
  });

  it("answers in another format if that is accepted, and refuses what cannot carry it", async () => {
    const here = await testStation({ account: { version: "1.2" } });
    const question = asked("/3/0/0", at(R.integer));
    for (const accept of [Format.SenmlJson, Format.SenmlCbor, Format.LwM2mCbor]) {
      const answer = await here.server.ask("FETCH", { ...question, accept });
      expect(answer).toMatchObject({ code: "2.05", format: accept });
      expect(values(answer)).toEqual({ "/3/0/0": "Isthmus", "/33605/0/12": 0 });
    }
    const others = [Format.Text, Format.LinkFormat, Format.Opaque, Format.Cbor, Format.Tlv, Format.Json, 9999];
    for (const accept of [...others, Format.SenmlEtchJson, Format.SenmlEtchCbor])
      expect((await here.server.ask("FETCH", { ...question, accept })).code, String(accept)).toBe("4.06");
  });

  it("reads SenML-ETCH and LwM2M CBOR since LwM2M 1.2, and answers the former in SenML (RFC 8790 §3)", async () => {
    const old = await testStation();
    const here = await testStation({ account: { version: "1.2" } });
    const cbor = fromHex("81 a1 00 66 2f332f302f30"); // [{0: "/3/0/0"}]
    const map = fromHex("a1 83 03 00 00 f6"); // {[3, 0, 0]: null}
    for (const [format, payload, answered] of [
      [Format.SenmlEtchJson, '[{"n":"/3/0/0"}]', Format.SenmlJson],
      [Format.SenmlEtchCbor, cbor, Format.SenmlCbor],
      [Format.LwM2mCbor, map, Format.LwM2mCbor],
    ] as const) {
      const answer = await here.server.ask("FETCH", { path: "", format, payload });
      expect(answer, String(format)).toMatchObject({ code: "2.05", format: answered });
      expect(values(answer)).toEqual({ "/3/0/0": "Isthmus" });
      expect((await old.server.ask("FETCH", { path: "", format, payload })).code).toBe("4.15");
    }
    expect((await old.server.ask("FETCH", { ...asked("/3/0/0"), accept: Format.LwM2mCbor })).code).toBe("4.06");
  });

  it.each([
    ["a format for something else", { format: Format.Tlv, payload: "" }, "4.15"],
    ["no format", { payload: '[{"n":"/3"}]' }, "4.15"],
    ["link-format", { format: 40, payload: "</3>" }, "4.15"],
    ["malformed JSON", { format: Format.SenmlJson, payload: '[{"n":"/3"}' }, "4.00"],
    ["no path", { format: Format.SenmlJson, payload: "[]" }, "4.00"],
    ["a name that is no path", { format: Format.SenmlJson, payload: '[{"n":"/3/x"}]' }, "4.00"],
    ["a path too deep", { format: Format.SenmlJson, payload: '[{"n":"/3/0/7/0/1"}]' }, "4.00"],
    ["a value where a name belongs", { format: Format.SenmlJson, payload: '[{"n":"/3/0/0","vs":"x"}]' }, "4.00"],
  ])("refuses %s", async (_, question, code) => {
    const { server } = await testStation();
    expect((await server.ask("FETCH", { path: "", ...question })).code).toBe(code);
  });

  it("is known to no path but the root, and there even where an older version was announced", async () => {
    const { server } = await testStation({ account: { version: "1.0" } });
    expect((await server.ask("FETCH", asked("/3/0/0"))).code).toBe("2.05");
    const newer = await testStation();
    for (const where of ["/3", "/3/0", "/3/0/0"]) {
      expect((await newer.server.ask("FETCH", { ...asked("/3/0/0"), path: where })).code).toBe("4.05");
      expect((await newer.server.ask("iPATCH", { ...asked("/3/0/0"), path: where })).code).toBe("4.05");
    }
    expect((await newer.server.ask("PATCH", asked("/3/0/0"))).code).toBe("4.05");
  });

  it("E39: gives one time for all, and none where the client says something of itself among it", async () => {
    const here = await station().registered();
    const measured = here.tree.get(path(3303, 0, 5700))!.at.ms / 1_000;
    await here.clock.advance(60_000);
    const times = async (...names: readonly string[]) => {
      const { payload } = await here.server.ask("FETCH", asked(...names));
      return codecOf(Format.SenmlJson)!
        .decode(payload, ROOT, (where) => testModels.resource(where))
        .map(({ time }) => time);
    };
    expect(await times("/3303/0/5700", "/3303/0/5701")).toEqual([measured, measured]);
    expect(await times("/3303/0/5700", "/3/0/0")).toEqual([undefined, undefined]);
  });

  it("asks those who make values when they are looked at", async () => {
    const { server, clock } = await testStation();
    const answer = await server.ask("FETCH", asked(at(R.timestamp), at(R.counter)));
    expect(values(answer)).toEqual({ "/33605/0/0": Math.floor(clock.now().ms / 1_000), "/33605/0/1": 0 });
  });
});

describe("Observe-Composite", () => {
  it("answers as Read-Composite does, and tells all of it when some of it changes", async () => {
    const here = await testStation();
    const token = here.server.send("FETCH", { ...asked("/3/0/0", at(R.integer), "/9/0/1"), observe: 0 });
    await settle();
    await here.server.ask("PUT", { path: at(R.integer), format: 0, payload: "5" });
    const told = here.server.answers(token);
    expect(told.map(({ code, observe }) => [code, observe !== undefined])).toEqual([
      ["2.05", true],
      ["2.05", true],
    ]);
    expect(told.map(values)).toEqual([
      { "/3/0/0": "Isthmus", "/33605/0/12": 0 },
      { "/3/0/0": "Isthmus", "/33605/0/12": 5 },
    ]);
  });

  it("is cancelled by the same question with Observe 1", async () => {
    const here = await testStation();
    const question = { ...asked("/3/0/0", at(R.integer)), token: Uint8Array.of(7, 7) };
    await here.server.ask("FETCH", { ...question, observe: 0 });
    expect(here.client.registration.observations).toBe(1);
    expect(await here.server.ask("FETCH", { ...question, observe: 1 })).toMatchObject({
      code: "2.05",
      observe: undefined,
    });
    expect(here.client.registration.observations).toBe(0);
  });
});

describe("Write-Composite", () => {
  const json = (records: readonly object[], format: number = Format.SenmlJson) => ({
    path: "",
    format,
    payload: JSON.stringify(records),
  });

  it("writes Resources of several Objects at once, Resource Instances among them, new or not", async () => {
    const here = await testStation();
    here.tree.setInstances(at(R.integers), [1, 2], here.clock.now());
    const changes: string[][] = [];
    here.tree.onDifference((paths) => changes.push([...paths]));
    const answer = await here.server.ask(
      "iPATCH",
      json([
        { n: at(R.integer), v: 42 },
        { n: at(R.string), vs: "test" },
        { n: "/3/0/14", vs: "+02:00" },
        { n: at(R.integers, 1), v: 20 },
        { n: at(R.integers, 5), v: 50 },
      ]),
    );
    expect(answer).toMatchObject({ code: "2.04", text: "" });
    const read = await here.server.ask("FETCH", asked(at(R.integer), at(R.string), "/3/0/14", at(R.integers)));
    expect(values(read)).toEqual({
      "/3/0/14": "+02:00",
      "/33605/0/3/0": 1,
      "/33605/0/3/1": 20,
      "/33605/0/3/5": 50,
      "/33605/0/12": 42,
      "/33605/0/15": "test",
    });
    expect(changes).toHaveLength(1);
  });

  it("E62: does all of it or nothing, across Instances and Objects", async () => {
    const here = await testStation();
    await here.server.ask("POST", { path: `/${TEST}` });
    const good = { n: "/33605/0/12", v: 7 };
    for (const [record, code] of [
      [{ n: "/33605/1/30", v: 101 }, "4.00"], // out of range
      [{ n: "/33605/1/12", vs: "7" }, "4.00"], // of another type
      [{ n: "/33605/1/5", vd: "AA" }, "4.05"], // read-only
      [{ n: "/3/0/9", v: 5 }, "4.05"],
      [{ n: "/3/0/4", vs: "" }, "4.05"], // executed
      [{ n: "/33605/2/12", v: 5 }, "4.04"], // no such Instance
      [{ n: "/33605/1/200", v: 5 }, "4.04"],
      [{ n: "/0/0/0", vs: "coap://elsewhere" }, "4.01"],
      [{ n: "/33605/1", v: 5 }, "4.00"],
      [{ n: "/33605/1/3", v: 5 }, "4.00"], // a list
      [{ n: "/33605/0/12", v: 8 }, "4.00"], // twice
      [{ n: "/1/0/1", v: 0 }, "4.00"],
    ] as const) {
      const answer = await here.server.ask("iPATCH", json([good, record]));
      expect(answer.code, JSON.stringify(record)).toBe(code);
      expect(here.tree.get(path(TEST, 0, R.integer))?.value).toBe(0);
    }
    expect(here.client.registration.lifetime).toBe(300);
    expect((await here.server.ask("iPATCH", json([good, { n: "/1/0/1", v: 90 }]))).code).toBe("2.04");
    expect(here.client.registration.lifetime).toBe(90);
    expect(here.tree.get(path(TEST, 0, R.integer))?.value).toBe(7);
  });

  it("tells devices one after the other, and says honestly what was done when one refuses", async () => {
    const here = await testStation();
    const told: string[] = [];
    const device = (verdict: Verdict) => (where: string) => {
      told.push(where);
      return Promise.resolve(verdict);
    };
    here.tree.onWrite(at(R.boolean), device(undefined));
    here.tree.onWrite(at(R.float), device({ status: "timeout" }));
    here.tree.onWrite(at(R.double), device({ status: "done" }));
    const records = [
      { n: at(R.boolean), vb: true },
      { n: at(R.integer), v: 3 },
      { n: at(R.float), v: 1 },
      { n: at(R.double), v: 2 },
    ];
    const answer = await here.server.ask("iPATCH", json(records));
    expect(answer).toMatchObject({
      code: "5.04",
      text: "/33605/0/14: no answer from the device; written before: /33605/0/13",
    });
    expect(told).toEqual([at(R.boolean), at(R.float)]);
    expect(here.tree.get(at(R.integer))?.value).toBe(0);
  });

  it("removes Resource Instances that SenML-ETCH and LwM2M CBOR name with null, since LwM2M 1.2 (RFC 8790 §3.2)", async () => {
    const here = await testStation({ account: { version: "1.2" } });
    here.tree.setInstances(at(R.integers), [1, 2, 3], here.clock.now());
    const etch = json(
      [
        { n: at(R.integers, 0), v: null },
        { n: at(R.integers, 1), v: 20 },
      ],
      Format.SenmlEtchJson,
    );
    expect((await here.server.ask("iPATCH", etch)).code).toBe("2.04");
    expect(here.tree.entries(at(R.integers)).map(([where, { value }]) => [where, value])).toEqual([
      ["/33605/0/3/1", 20],
      ["/33605/0/3/2", 3],
    ]);
    const payload = fromHex("a1 84 198345 00 03 02 f6"); // {[33605, 0, 3, 2]: null}
    expect((await here.server.ask("iPATCH", { path: "", format: Format.LwM2mCbor, payload })).code).toBe("2.04");
    expect(here.tree.entries(at(R.integers))).toHaveLength(1);
    const readOnly = json(
      [
        { n: at(R.integers, 1), v: null },
        { n: at(R.arguments, 0), vs: null },
      ],
      Format.SenmlEtchJson,
    );
    expect((await here.server.ask("iPATCH", readOnly)).code).toBe("4.05");
    expect(here.tree.entries(at(R.integers))).toHaveLength(1);
  });

  it.each([
    ["plain text", { format: Format.Text, payload: "nothing" }, "4.15"],
    ["TLV", { format: Format.Tlv, payload: "" }, "4.15"],
    ["no format", { payload: "[]" }, "4.15"],
    ["SenML-ETCH before LwM2M 1.2", { format: Format.SenmlEtchJson, payload: "[]" }, "4.15"],
    ["malformed JSON", { format: Format.SenmlJson, payload: "[{]" }, "4.00"],
    ["null in plain SenML", { format: Format.SenmlJson, payload: `[{"n":"${at(R.integer)}","v":null}]` }, "4.00"],
  ])("refuses %s", async (_, question, code) => {
    const { server } = await testStation();
    expect((await server.ask("iPATCH", { path: "", ...question })).code).toBe(code);
  });
});
