/** Several places at once (LwM2M Core 1.2 §6.3.8, §6.3.9, §6.4.4): FETCH and iPATCH, byte for byte. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import type { Client } from "../../src/lab/client.ts";
import type { Composite } from "../../src/lab/composite.ts";
import { type Path, path, ROOT } from "../../src/model/path.ts";
import { LabBench, models } from "../support/lab-bench.ts";
import { type Draft, Opt, option, options, type RawClient, Type } from "../support/raw-client.ts";

let bench: LabBench;
let peer: RawClient;
let composite: Composite;
let client: Client;

beforeEach(async () => {
  bench = await new LabBench({ watch: false }).start();
  peer = await bench.raw();
  composite = bench.lab.operations.composite;
  await peer.register("ep=a&lwm2m=1.2&lt=300", "</3/0>,</3303/0>,</3304/0>");
  client = bench.known("a");
});
afterEach(() => bench.stop());

const VALUE = path(3303, 0, 5700);
const HUMIDITY = path(3304, 0, 5700);
const PATHS = [path(3, 0), VALUE];
const asked = () => peer.asked.at(-1)!;

const both = (temperature: number, humidity: number, format: number = Format.SenmlCbor): Draft => ({
  options: [[Opt.ContentFormat, format]],
  payload: codecOf(format)!.encode(
    [
      { path: VALUE, type: "float", value: temperature },
      { path: HUMIDITY, type: "float", value: humidity },
    ],
    ROOT,
  ),
});
const observed = (sequence: number, draft: Draft): Draft => ({
  ...draft,
  options: [...(draft.options ?? []), [Opt.Observe, sequence]],
});
const field = (bytes: Buffer | undefined) => bytes?.reduce((sum, byte) => sum * 256 + byte, 0);

describe("a Read-Composite", () => {
  it("names its paths in SenML CBOR, as records without value", async () => {
    peer.onRequest = () => both(21.5, 40);
    const result = await composite.read(client, PATHS);
    expect(result).toMatchObject({
      code: "2.05",
      values: { [VALUE]: { value: 21.5, name: "Temperature" }, [HUMIDITY]: { value: 40, name: "Humidity" } },
    });
    expect([asked().code, options(asked(), Opt.UriPath)]).toEqual(["0.05", []]);
    expect([field(option(asked(), Opt.ContentFormat)), field(option(asked(), Opt.Accept))]).toEqual([112, 112]);
    expect(asked().payload.toString("hex")).toBe(
      `82a10064${Buffer.from("/3/0").toString("hex")}a1006c${Buffer.from("/3303/0/5700").toString("hex")}`,
    );
  });

  it("names them in SenML JSON if that is wanted", async () => {
    peer.onRequest = () => both(21.5, 40, Format.SenmlJson);
    expect(await composite.read(client, PATHS, { format: 110 })).toMatchObject({
      values: { [VALUE]: { value: 21.5 } },
    });
    expect(asked().payload.toString()).toBe('[{"n":"/3/0"},{"n":"/3303/0/5700"}]');
    expect([field(option(asked(), Opt.ContentFormat)), field(option(asked(), Opt.Accept))]).toEqual([110, 110]);
  });

  it("may name them in one format and ask for another", async () => {
    peer.onRequest = () => both(21.5, 40);
    await composite.read(client, PATHS, { format: 112, pathsFormat: 110 });
    expect([field(option(asked(), Opt.ContentFormat)), field(option(asked(), Opt.Accept))]).toEqual([110, 112]);
  });

  it.each([
    [320, '[{"n":"/3/0"}]'],
    [322, "\x81\xa1\x00\x64/3/0"],
  ])("may name them in SenML-ETCH %i, which looks the same (RFC 8790)", async (pathsFormat, expected) => {
    peer.onRequest = () => both(21.5, 40);
    await composite.read(client, [path(3, 0)], { pathsFormat });
    expect(asked().payload.toString("latin1")).toBe(expected);
    expect([field(option(asked(), Opt.ContentFormat)), field(option(asked(), Opt.Accept))]).toEqual([pathsFormat, 112]);
  });

  it("writes long lists and long paths with the right lengths (RFC 8949 §3)", async () => {
    peer.onRequest = () => both(1, 2);
    const many = Array.from({ length: 30 }, (_, i) => path(33_000, 65_000, 57_000, 60_000 + i));
    await composite.read(client, many);
    expect(asked().payload.subarray(0, 6).toString("hex")).toBe("981ea1007818");
    expect(asked().payload.length).toBe(2 + 30 * 28);
  });

  it("with more paths than a message holds goes out in blocks (RFC 7959 §2.9)", async () => {
    peer.onRequest = (request) =>
      request.payload.length === 1_024
        ? { code: "2.31", options: [[Opt.Block1, option(request, Opt.Block1)!]] }
        : both(1, 2);
    const many = Array.from({ length: 100 }, (_, i) => path(3303, i, 5700));
    expect(await composite.read(client, many)).toMatchObject({ values: { [VALUE]: { value: 1 } } });
    expect(peer.asked.map(({ payload }) => payload.length)).toEqual([1_024, 2 + 10 * 15 + 90 * 16 - 1_024]);
  });

  it("of the root is a Read of everything", async () => {
    peer.onRequest = () => both(1, 2);
    expect(await composite.read(client, [ROOT])).toMatchObject({ code: "2.05" });
    expect(asked().payload.toString("hex")).toBe("81a100612f");
  });

  it("of nothing, or of far too much, is refused", async () => {
    expect(await composite.read(client, [])).toMatchObject({ code: "refused" });
    const many = Array.from({ length: 300 }, (_, i) => path(3303, i));
    expect(await composite.read(client, many)).toMatchObject({ code: "refused" });
    expect(peer.asked).toEqual([]);
  });

  it("that a client does not know is told with its code", async () => {
    peer.onRequest = () => ({ code: "4.05" });
    expect(await composite.read(client, PATHS)).toEqual({ code: "4.05", error: "Method Not Allowed" });
  });
});

describe("a Write-Composite", () => {
  it("is an iPATCH of values all over the client (§6.3.9)", async () => {
    peer.onRequest = () => ({ code: "2.04" });
    const values = { "/3303/0": { "5750": "cellar" }, "/1/0/1": 60 };
    expect(await composite.write(client, values)).toEqual({ code: "2.04" });
    expect([asked().code, options(asked(), Opt.UriPath)]).toEqual(["0.07", []]);
    const nodes = codecOf(112)!.decode(asked().payload, ROOT, (at: Path) => models.resource(at));
    expect(nodes.map(({ path: at, value }) => [at, value])).toEqual([
      ["/1/0/1", 60],
      ["/3303/0/5750", "cellar"],
    ]);
  });

  it("goes in SenML JSON too, and never in TLV, which has no root", async () => {
    peer.onRequest = () => ({ code: "2.04" });
    await composite.write(client, { "/1/0/1": 60 }, 110);
    expect(field(option(asked(), Opt.ContentFormat))).toBe(110);
    expect(await composite.write(client, { "/1/0/1": 60 }, 11_542)).toMatchObject({ code: "refused" });
  });

  it.each([
    [320, 110],
    [322, 112],
  ])("goes in SenML-ETCH %i as it would in %i", async (format, plain) => {
    peer.onRequest = () => ({ code: "2.04" });
    await composite.write(client, { "/1/0/1": 60 }, format);
    await composite.write(client, { "/1/0/1": 60 }, plain);
    const [etch, senml] = peer.asked;
    expect(etch!.payload).toEqual(senml!.payload);
    expect([field(option(etch!, Opt.ContentFormat)), field(option(senml!, Opt.ContentFormat))]).toEqual([
      format,
      plain,
    ]);
  });

  it("refuses what does not fit before anything is sent", async () => {
    expect(await composite.write(client, { "/1/0/1": "soon" })).toMatchObject({ code: "refused" });
    expect(await composite.write(client, { "/1/0": 1 })).toMatchObject({ code: "refused" });
    expect(await composite.write(client, { kitchen: 1 })).toMatchObject({ code: "refused" });
    expect(peer.asked).toEqual([]);
  });
});

describe("an Observe-Composite", () => {
  const shown = () => bench.lab.clients()[0]!;
  const valueOf = (value: number) => bench.event("value", ({ values }) => values[HUMIDITY]?.value === value);

  it("is one observation of several paths, and delivers them together", async () => {
    peer.onRequest = () => observed(1, both(20, 40));
    expect(await composite.observe(client, [HUMIDITY, VALUE])).toMatchObject({ code: "2.05" });
    expect(option(asked(), Opt.Observe)).toEqual(Buffer.alloc(0));
    expect(shown().observations).toEqual(["/3303/0/5700,/3304/0/5700"]);
    const { token } = asked();
    peer.send({ type: Type.Non, code: "2.05", id: 7, token, ...observed(2, both(21, 41)) });
    const event = await valueOf(41);
    expect(event.values[VALUE]?.value).toBe(21);
  });

  it("may carry attributes of its own (since 1.2)", async () => {
    peer.onRequest = () => observed(1, both(20, 40));
    await composite.observe(client, [VALUE], { attributes: { pmin: 5 } });
    expect(options(asked(), Opt.UriQuery)).toEqual(["pmin=5"]);
    expect(await composite.observe(client, [VALUE], { attributes: { pmin: "&" } })).toMatchObject({ code: "refused" });
  });

  it("is cancelled by FETCH with Observe=1, its token and its paths", async () => {
    peer.onRequest = () => observed(1, both(20, 40));
    await composite.observe(client, [VALUE, HUMIDITY]);
    const begun = asked();
    peer.onRequest = () => both(20, 40);
    expect(await composite.cancel(client, [HUMIDITY, VALUE])).toMatchObject({ code: "2.05" });
    expect([asked().code, asked().token, asked().payload]).toEqual(["0.05", begun.token, begun.payload]);
    expect([...option(asked(), Opt.Observe)!]).toEqual([1]);
    expect(shown().observations).toEqual([]);
    expect(await composite.cancel(client, [HUMIDITY, VALUE])).toMatchObject({ code: "4.04" });
  });

  it("is kept while an Update leaves one of its paths, and dropped with the last", async () => {
    await bench.stop();
    bench = await new LabBench().start();
    peer = await bench.raw();
    composite = bench.lab.operations.composite;
    peer.onRequest = ({ code }) => (code === "0.05" ? observed(1, both(20, 40)) : { code: "4.04" });
    const location = options(await peer.register("ep=a&lwm2m=1.1", "</3303/0>,</3304/0>"), Opt.LocationPath);
    await composite.observe(bench.known("a"), [VALUE, HUMIDITY]);
    const update = (links: string) =>
      peer.exchange({
        code: "0.02",
        options: [...location.map((s) => [Opt.UriPath, s] as const), [Opt.ContentFormat, 40]],
        payload: links,
      });
    await update("</3304/0>");
    expect(shown().observations).toEqual(["/3303/0/5700,/3304/0/5700"]);
    await update("</3305/0>");
    expect(shown().observations).toEqual([]);
  });

  it("that the client does not take up is an error, though the values count", async () => {
    peer.onRequest = () => both(20, 40);
    expect(await composite.observe(client, [VALUE])).toEqual({
      code: "2.05",
      error: "the client answered, but does not observe",
    });
    expect(shown().values[VALUE]?.value).toBe(20);
  });

  it("that is refused with 4.04 leaves nothing behind in the agent", async () => {
    peer.onRequest = () => ({ code: "4.04" });
    for (let round = 0; round < 3; round++)
      expect(await composite.observe(client, [VALUE])).toMatchObject({ code: "4.04" });
    const { token } = asked();
    peer.onRequest = undefined;
    const reset = await peer.exchange({ type: Type.Con, code: "2.05", token, ...observed(2, both(1, 2)) });
    expect(reset.type).toBe(Type.Rst);
  });
});
