/** Every operation of LwM2M through the lab's HTTP API, as a shell would ask for it. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf } from "../../src/content/index.ts";
import { type Path, path, ROOT } from "../../src/model/path.ts";
import { LabBench, models } from "../support/lab-bench.ts";
import { type Draft, Opt, option, options, pathOf, type RawClient, type RawMessage } from "../support/raw-client.ts";

let bench: LabBench;
let client: RawClient;

beforeEach(async () => {
  bench = await new LabBench({ watch: false }).start();
  await bench.serve();
  client = await bench.raw();
  await client.register("ep=urn:dev:1&lwm2m=1.2&lt=300", "</1/0>,</3/0>,</3303/0>");
  client.onRequest = () => ({ code: "2.04" });
});
afterEach(() => bench.stop());

const CLIENT = `clients/${encodeURIComponent("urn:dev:1")}`;
const asked = () => client.asked.at(-1)!;
const field = (message: RawMessage, number: number) =>
  option(message, number)?.reduce((sum, byte) => sum * 256 + byte, 0);
const model = (at: Path) => models.resource(at);
const written = (base: Path) =>
  codecOf(field(asked(), Opt.ContentFormat) ?? 0)!
    .decode(asked().payload, base, model)
    .map(({ path: at, value }) => [at, value]);
const temperature = (more: Draft = {}): Draft => ({
  options: [[Opt.ContentFormat, 112], ...(more.options ?? [])],
  payload: codecOf(112)!.encode([{ path: path(3303, 0, 5700), type: "float", value: 21.5 }], ROOT),
});
const ok = { status: 200, json: { code: "2.04" } };

describe("writing by HTTP", () => {
  it("replaces an Instance by PUT, and updates it by POST", async () => {
    const values = { values: { "5750": "cellar", "5601": -1.5 } };
    expect(await bench.call("PUT", `${CLIENT}/3303/0`, values)).toEqual(ok);
    expect(asked().code).toBe("0.03");
    expect(await bench.call("POST", `${CLIENT}/3303/0?format=11542`, values)).toEqual(ok);
    expect([asked().code, field(asked(), Opt.ContentFormat)]).toEqual(["0.02", 11_542]);
    expect(written(path(3303, 0))).toEqual([
      ["/3303/0/5601", -1.5],
      ["/3303/0/5750", "cellar"],
    ]);
  });

  it("writes one value to a Resource, and Instances of a Resource", async () => {
    expect(await bench.call("PUT", `${CLIENT}/3303/0/5750`, { value: "cellar" })).toEqual(ok);
    expect(asked().payload.toString()).toBe("cellar");
    expect(await bench.call("PUT", `${CLIENT}/3/0/11`, { values: { "0": 1, "1": 2 } })).toEqual(ok);
    expect(written(path(3, 0, 11))).toEqual([
      ["/3/0/11/0", 1],
      ["/3/0/11/1", 2],
    ]);
    expect(await bench.call("POST", `${CLIENT}/3/0/11`, { values: { "0": 1 } })).toEqual(ok);
    expect(asked().code).toBe("0.02");
  });

  it("creates an Instance, and says where it is", async () => {
    const created = [
      [Opt.LocationPath, "3303"],
      [Opt.LocationPath, "5"],
    ] as const;
    client.onRequest = () => ({ code: "2.01", options: created });
    expect(await bench.call("POST", `${CLIENT}/3303?instance=5`, { values: { "5750": "x" } })).toEqual({
      status: 200,
      json: { code: "2.01", location: "/3303/5" },
    });
    expect(written(path(3303))).toEqual([["/3303/5/5750", "x"]]);
    expect(await bench.call("POST", `${CLIENT}/3303`, { values: {} })).toMatchObject({ status: 200 });
    expect(asked().payload).toHaveLength(0);
  });

  it("deletes a Resource Instance", async () => {
    client.onRequest = () => ({ code: "2.02" });
    expect(await bench.call("DELETE", `${CLIENT}/3/0/11/1`)).toMatchObject({ json: { code: "2.02" } });
    expect([asked().code, pathOf(asked())]).toEqual(["0.04", "/3/0/11/1"]);
  });

  it("sets attributes and takes them away", async () => {
    expect(await bench.call("PUT", `${CLIENT}/3303/0/5700/attributes`, { pmin: 5, gt: null })).toEqual(ok);
    expect([pathOf(asked()), options(asked(), Opt.UriQuery)]).toEqual(["/3303/0/5700", ["pmin=5", "gt"]]);
  });

  it("executes with arguments that look like anything but values", async () => {
    expect(await bench.call("POST", `${CLIENT}/3/0/4`, "0='{}'")).toEqual(ok);
    expect(asked().payload.toString()).toBe("0='{}'");
  });
});

describe("looking by HTTP", () => {
  it("discovers with a depth", async () => {
    client.onRequest = () => ({ options: [[Opt.ContentFormat, 40]], payload: "</3303/0>" });
    expect(await bench.call("GET", `${CLIENT}/3303?discover=1`)).toMatchObject({
      json: { links: [{ target: "/3303/0" }] },
    });
    expect(options(asked(), Opt.UriQuery)).toEqual(["depth=1"]);
    expect(await bench.call("GET", `${CLIENT}/3303?discover=9`)).toMatchObject({ status: 400 });
  });

  it("observes with attributes in the query", async () => {
    client.onRequest = () => temperature({ options: [[Opt.Observe, 1]] });
    expect(await bench.call("POST", `${CLIENT}/3303/0/observe?pmin=5&con=1`)).toMatchObject({ status: 200 });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=5", "con=1"]);
  });

  it("reads several places at once", async () => {
    client.onRequest = () => temperature();
    expect(await bench.call("GET", `${CLIENT}/composite?paths=/3303/0,/3/0/0`)).toMatchObject({
      status: 200,
      json: { values: { "/3303/0/5700": { value: 21.5 } } },
    });
    expect([asked().code, options(asked(), Opt.UriPath)]).toEqual(["0.05", []]);
  });

  it("writes several places at once, all or none", async () => {
    const values = { "/3303/0": { "5750": "a" }, "/1/0/1": 60 };
    expect(await bench.call("PUT", `${CLIENT}/composite`, { values })).toEqual(ok);
    expect(asked().code).toBe("0.07");
    expect(written(ROOT)).toEqual([
      ["/1/0/1", 60],
      ["/3303/0/5750", "a"],
    ]);
  });

  it("observes several places at once, and cancels", async () => {
    client.onRequest = () => temperature({ options: [[Opt.Observe, 1]] });
    const paths = "paths=/3303/0,/3/0/0";
    expect(await bench.call("POST", `${CLIENT}/composite/observe?${paths}&pmin=1`)).toMatchObject({ status: 200 });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=1"]);
    expect((await bench.call("GET", CLIENT)).json).toMatchObject({ observations: ["/3/0/0,/3303/0"] });
    expect(await bench.call("DELETE", `${CLIENT}/composite/observe?${paths}`)).toMatchObject({ status: 200 });
    expect((await bench.call("GET", CLIENT)).json).toMatchObject({ observations: [], queue: false, awake: true });
  });
});

describe("what makes no sense by HTTP", () => {
  it.each([
    ["PUT", "3303", { values: { "0": { "5700": 1 } } }, 405],
    ["POST", "3303/0", undefined, 400],
    ["POST", "3303", "hello", 400],
    ["POST", "3303?instance=70000", { values: {} }, 400],
    ["PUT", "3303/0", { values: { "5700": "warm" } }, 400],
    ["PUT", "3303/0", { values: [1] }, 400],
    ["PUT", "3303/0", { values: { "5700": null } }, 400],
    ["GET", "3303/0/attributes", undefined, 405],
    ["PUT", "3303/0/attributes", [1], 400],
    ["PUT", "3303/0/attributes", { pmin: { of: 1 } }, 400],
    ["PUT", "3303/0/attributes", { pmin: "1&pmax=1" }, 400],
    ["GET", "composite", undefined, 400],
    ["GET", "composite?paths=kitchen", undefined, 400],
    ["POST", "composite?paths=/3", undefined, 405],
    ["PUT", "composite", { value: 1 }, 400],
    ["PUT", "composite", { values: { "/1/0/1": "soon" } }, 400],
    ["GET", "composite/observe?paths=/3", undefined, 405],
    ["DELETE", "composite/observe?paths=/3", undefined, 404],
    ["GET", "composite/3", undefined, 404],
    ["GET", "3303/0?format=65535", undefined, 400],
    ["GET", "3303/0?format=99999999", undefined, 400],
  ])("is refused before anything is sent: %s %s", async (method, what, body, status) => {
    const answer = await bench.call(method, `${CLIENT}/${what}`, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toHaveProperty("error");
    expect(client.asked).toEqual([]);
  });
});

describe("the bootstrap server by HTTP", () => {
  const PLAN = { delete: ["/1"], write: { "/1/0": { "0": 101, "1": 300 } } };
  const steps = [
    { operation: "delete", path: "/1", code: "2.04" },
    { operation: "write", path: "/1/0", code: "2.04" },
    { operation: "finish", path: "/", code: "2.04" },
  ];

  it("takes a plan for all, and for one, and shows who has one", async () => {
    expect(await bench.call("GET", "bootstrap")).toEqual({ status: 200, json: { plans: [], results: [] } });
    expect(await bench.call("PUT", "bootstrap", PLAN)).toEqual({ status: 200, json: { endpoint: "*" } });
    expect(await bench.call("PUT", "bootstrap/kitchen", {})).toEqual({ status: 200, json: { endpoint: "kitchen" } });
    expect(await bench.call("GET", "bootstrap")).toMatchObject({ json: { plans: ["*", "kitchen"] } });
    expect(await bench.call("DELETE", "bootstrap/kitchen")).toMatchObject({ status: 200 });
    expect(await bench.call("DELETE", "bootstrap")).toMatchObject({ status: 200 });
    expect(await bench.call("DELETE", "bootstrap")).toMatchObject({ status: 404 });
  });

  it("shows how a bootstrap went, and no secrets", async () => {
    await bench.call("PUT", "bootstrap", { ...PLAN, write: { ...PLAN.write, "/0/1": { "5": "c0ffee" } } });
    await client.exchange({
      code: "0.02",
      options: [
        [Opt.UriPath, "bs"],
        [Opt.UriQuery, "ep=kitchen"],
      ],
    });
    await bench.event("bootstrap");
    const { json } = await bench.call("GET", "bootstrap");
    expect(json).toMatchObject({ results: [{ endpoint: "kitchen", state: "finished", initiated: "client" }] });
    expect(JSON.stringify(json)).not.toContain("c0ffee");
    expect(await bench.call("GET", "bootstrap/kitchen")).toMatchObject({ status: 200, json: { state: "finished" } });
    expect(await bench.call("GET", "bootstrap/cellar")).toMatchObject({ status: 404 });
  });

  it("begins by itself, with a client that is registered or at an address", async () => {
    await bench.call("PUT", "bootstrap", PLAN);
    expect(await bench.call("POST", `bootstrap/${encodeURIComponent("urn:dev:1")}/start`)).toMatchObject({
      status: 200,
      json: { initiated: "server", state: "finished", steps },
    });
    const address = `127.0.0.1:${client.port}`;
    expect(await bench.call("POST", "bootstrap/kitchen/start", { address })).toMatchObject({
      json: { endpoint: "kitchen", address, steps },
    });
  });

  it.each([
    ["PUT", "bootstrap", "no JSON", 400],
    ["PUT", "bootstrap", { reboot: true }, 400],
    ["PUT", "bootstrap/a", { write: { "/1/0": { "1": "soon" } } }, 400],
    ["POST", "bootstrap/a", {}, 405],
    ["GET", "bootstrap/a/start", undefined, 404],
    ["POST", "bootstrap/a/stop", {}, 404],
    ["POST", "bootstrap/a/start/now", {}, 404],
    ["POST", "bootstrap/a/start", {}, 409],
    ["POST", "bootstrap/a/start", { address: "kitchen" }, 400],
    ["POST", "bootstrap/a/start", { address: "127.0.0.1:0" }, 400],
    ["POST", "bootstrap/a/start", { address: "127.0.0.1:99999" }, 400],
    ["POST", "bootstrap/a/start", { address: 7 }, 400],
  ])("refuses %s %s %j", async (method, what, body, status) => {
    const answer = await bench.call(method, what, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toHaveProperty("error");
  });

  it("tells of each bootstrap as an event, and of each Send that it was one", async () => {
    const stop = new AbortController();
    const response = await fetch(`${bench.url}/lab/events`, { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await bench.call("PUT", "bootstrap", {});
    await bench.call("POST", `bootstrap/${encodeURIComponent("urn:dev:1")}/start`);
    const sent = codecOf(110)!.encode(
      [{ path: path(3303, 0, 5700), type: "float", value: 1, time: 1_780_000_000 }],
      ROOT,
    );
    await client.exchange({
      code: "0.02",
      options: [
        [Opt.UriPath, "dp"],
        [Opt.ContentFormat, 110],
      ],
      payload: sent,
    });
    let text = "";
    while (!text.includes("event: value")) text += (await reader.read()).value ?? "";
    expect(text).toMatch(/event: bootstrap\ndata: \{"endpoint":"urn:dev:1".*"state":"finished"/);
    expect(/event: value\ndata: (.*)\n/.exec(text)?.[1]).toBe(
      '{"endpoint":"urn:dev:1","values":{"/3303/0/5700":{"value":1,"name":"Temperature","time":"2026-05-28T20:26:40.000Z"}},"sent":true}',
    );
    stop.abort();
  });
});
